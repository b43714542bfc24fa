"""What llama.cpp makes of a JSON schema where it has a grammar of its own: of functions that may be
called, of an answer that was begun, and of models with a format of their own (gpt-oss).

It goes over what it does not know, so that an answer would not be held to it. What is to be held to
is refused by its path; what it would fail on otherwise is left out. Its converter is
``common/json-schema-to-grammar.cpp``, which reads what ``common/json-schema.cpp`` does.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from rbee.wire.errors import nested_too_deep
from rbee.worker.engines.schema_cost import (
    BEGINS,
    BYTES,
    DEPTH,
    PARTS,
    PROPERTIES,
    REPEATS,
    VALUES,
    Count,
    Ways,
    longest_choice,
    require_few_ways,
    short,
    too_much,
    unknown,
)
from rbee.worker.engines.schemas.combining import TYPES
from rbee.worker.engines.schemas.formats import FORMATS, NOT_HELD
from rbee.worker.engines.schemas.keywords import (
    OF_TYPE,
    check_values,
    is_remark,
    require_dialect,
)
from rbee.worker.engines.schemas.places import Places
from rbee.worker.engines.schemas.reading import Reader

_Made = TypeVar("_Made")
_KEYWORDS = ("$ref", "const", "enum", "allOf", "anyOf", "oneOf")
#: The keywords that it enforces, by the keyword or type that decides the form.
_HELD = {
    "$ref": (),
    "const": ("type",),
    "enum": ("type",),
    "allOf": (),
    "anyOf": (),
    "oneOf": (),
    "object": ("type", "properties", "required", "additionalProperties"),
    "array": ("type", "items", "minItems", "maxItems"),
    "string": ("type", "minLength", "maxLength", "pattern", "format"),
    "integer": ("type", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"),
}
#: The most repetitions that it counts: it takes {0,2001} for any number.
_REPEATED = 2000
_COUNTS = ("minLength", "maxLength", "minItems", "maxItems")
#: The patterns that it reads as they are meant: nothing but plain characters, classes of these,
#: groups and how often they come.
_PLAIN_PATTERN = re.compile(
    r"\^(?:[\w :@,/=<>~!#%&;-]|\[[\w .:@,/+-]+\]|\\[.+*?(){}|/\[\]-]|[()|*+?]"
    r"|\{\d{1,3}(?:,\d{0,3})?\})*\$",
    re.ASCII,
)
_MANY = re.compile(r"\{\d*,?\d{4,}")
_SHORTHANDS = {r"\d": "0-9", r"\w": "A-Za-z0-9_"}
_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "number": (int, float),
    "object": (dict,),
    "array": (list,),
    "boolean": (bool,),
    "null": (type(None),),
}


def engine_schema(schema: Mapping[str, Any], path: str, *, strict: bool) -> dict[str, Any]:
    """The schema as the engine is given it. `strict`: raises where it would not be held to, with
    the path of the keyword; else that is left out where the engine would fail on it."""
    return _guarded(lambda: _Rewriting(schema, strict).whole(path))


def check_cost(schema: Mapping[str, Any], path: str, count: Count | None = None) -> None:
    """Raises where a schema costs too much for an engine that makes its own grammar of it.

    It makes an alternative of each value of an `enum`, and ignores what it does not know.
    """
    _guarded(lambda: _Cost(schema, path, count or Count()).check())


def _guarded(work: Callable[[], _Made]) -> _Made:
    try:
        return work()
    except RecursionError:
        raise nested_too_deep("the JSON schema") from None


class _Rewriting:
    def __init__(self, root: Mapping[str, Any], strict: bool) -> None:
        self._root, self._path = root, "$"
        self._strict = strict
        self._reader = Reader(root, Count()) if strict else None
        self._places = Places(root)
        #: The names of what is led to by no pointer, and the schemas that these are.
        self._names: dict[int, str] = {}
        self._named: dict[str, Any] = {}

    def whole(self, path: str) -> dict[str, Any]:
        """All of it, rewritten."""
        self._path = path
        made = self.schema(self._root, path, 1)
        if self._named:
            made["$defs"] = {**made.get("$defs", {}), **self._named}
        return made

    def schema(self, schema: Any, path: str, depth: int) -> dict[str, Any]:
        """One of its schemas, rewritten."""
        if depth > DEPTH.most:
            raise too_much(DEPTH, path)
        if schema is True:
            return {}
        if not isinstance(schema, Mapping):
            self._is_not_held(path, f"`{short(str(schema))}`")
            return {}
        made = dict(schema)
        if made.pop("nullable", False) is True:
            return self.schema({"anyOf": [made, {"type": "null"}]}, path, depth)
        alone = made.get("allOf")
        if (
            isinstance(alone, list)
            and len(alone) == 1
            and isinstance(alone[0], Mapping)
            and all(is_remark(each) for each in made if each != "allOf")
        ):
            del made["allOf"]
            of_all = self.schema(alone[0], f"{path}.allOf[0]", depth + 1)
            return {**of_all, **self.schema(made, path, depth)}
        _require_readable(made, path)
        if self._strict:
            check_values(made, path)
        made = {name: each for name, each in made.items() if not _is_of_another_type(name, made)}
        if isinstance(made.get("$ref"), str):
            made["$ref"] = self._pointer(made["$ref"], path)
        kind = _kind(made)
        self._check(made, kind, path)
        self._texts(made, path)
        for keyword in _COUNTS:
            if isinstance(made.get(keyword), int) and made[keyword] > _REPEATED:
                self._is_not_held(f"{path}.{keyword}", f"`{keyword}` above {_REPEATED}")
                del made[keyword]
        for keyword in ("items", "additionalProperties"):
            if isinstance(made.get(keyword), Mapping) or (
                keyword == "items" and isinstance(made.get(keyword), bool)
            ):
                made[keyword] = self.schema(made[keyword], f"{path}.{keyword}", depth + 1)
        for keyword in ("properties", "$defs", "definitions"):
            inner = made.get(keyword)
            if isinstance(inner, Mapping):
                made[keyword] = {
                    name: self.schema(each, f"{path}.{keyword}.{short(name)}", depth + 1)
                    for name, each in inner.items()
                }
        for keyword in ("allOf", "anyOf", "oneOf", "prefixItems", "items"):
            several = made.get(keyword)
            if isinstance(several, list):
                made[keyword] = [
                    self.schema(each, f"{path}.{keyword}[{number}]", depth + 1)
                    for number, each in enumerate(several)
                ]
        return made

    def _pointer(self, reference: str, path: str) -> str:
        """A reference as the engine reads it, which knows pointers alone."""
        if reference.startswith("#/"):
            return reference
        here = self._places.at({}, path, self._places.root.base, 1)
        target = self._places.led_to(reference, here)
        name = self._names.get(id(target.schema))
        if name is None:
            taken = self._root.get("$defs")
            name = f"to{len(self._names)}"
            while isinstance(taken, Mapping) and name in taken:
                name += "_"
            self._names[id(target.schema)] = name
            there = self._path + target.path.removeprefix("$")
            self._named[name] = self.schema(target.schema, there, 1)
        return f"#/$defs/{name}"

    def _is_not_held(self, path: str, what: str) -> None:
        if self._strict:
            raise unknown(path, what)

    def _check(self, schema: Mapping[str, Any], kind: str, path: str) -> None:
        """Raises for a keyword that would not be enforced, if `strict`."""
        if not self._strict:
            return
        types = [kind] if kind in _KEYWORDS else _types(schema) or [kind]
        require_dialect(schema, path)
        held = {name for each in types for name in _HELD.get(str(each), ("type",))}
        for keyword in schema:
            if keyword not in (kind, "$schema", *held) and not is_remark(keyword):
                raise unknown(f"{path}.{short(keyword)}", f"`{short(keyword)}` beside {kind}")
        if kind == "allOf" or (kind == "oneOf" and not self._are_apart(schema["oneOf"], path)):
            raise unknown(f"{path}.{kind}", f"`{kind}`")
        if "object" in types:
            if schema.get("properties") and schema.get("additionalProperties", False) is not False:
                # Its rule for the names of others begins with any character, a line's end even.
                raise unknown(
                    f"{path}.additionalProperties", "`additionalProperties` beside `properties`"
                )
            missing = [
                each
                for each in schema.get("required", ())
                if each not in schema.get("properties", {})
            ]
            if missing:
                raise unknown(
                    f"{path}.required",
                    f"`required` of {short(missing[0])!r}, which it does not name,",
                )
        if "integer" in types and (
            {"minimum", "exclusiveMinimum"} <= set(schema)
            or {"maximum", "exclusiveMaximum"} <= set(schema)
        ):
            raise unknown(path, "two bounds of a kind")
        if kind in ("const", "enum") and _types(schema):
            values = [schema["const"]] if kind == "const" else schema["enum"]
            if not all(_is_of(each, _types(schema)) for each in values):
                raise unknown(f"{path}.{kind}", "values of another type")

    def _are_apart(self, ways: Sequence[Any], path: str) -> bool:
        """Whether nothing fits two of these, so that the first that fits is the one."""
        assert self._reader is not None
        reader = self._reader
        values = [reader.value(reader.places.part(each, path)) for each in ways]
        pairs = itertools.combinations(values, 2)
        return all(reader.is_empty(reader.both(one, other)) for one, other in pairs)

    def _texts(self, schema: dict[str, Any], path: str) -> None:
        """`pattern` and `format` in words that the engine knows, or left out."""
        name, keyword = schema.get("format"), "pattern"
        if isinstance(name, str) and name in NOT_HELD:
            self._is_not_held(f"{path}.format", f"the format {name!r}")
        if self._strict and keyword not in schema and isinstance(name, str) and name in FORMATS:
            keyword = "format"
            schema["pattern"] = FORMATS[name][0].replace("(?!0000)", "")
        if "pattern" not in schema:
            return
        pattern = schema["pattern"]
        plain = _plain(pattern) if isinstance(pattern, str) else None
        if plain is None or {"minLength", "maxLength"} & set(schema):
            self._is_not_held(f"{path}.{keyword}", f"`{keyword}` {short(str(schema[keyword]))!r}")
            if not isinstance(pattern, str) or _MANY.search(pattern):
                del schema["pattern"]  # it fails on these; of others it takes any text
        else:
            schema["pattern"] = plain


def _plain(pattern: str) -> str | None:
    """The same texts in a pattern that llama.cpp reads; None where that is not sure."""
    plain = pattern.replace("(?:", "(")
    in_class = False
    made = []
    at = depth = 0
    while at < len(plain):
        two, one = plain[at : at + 2], plain[at]
        if two in _SHORTHANDS:
            made.append(_SHORTHANDS[two] if in_class else f"[{_SHORTHANDS[two]}]")
        elif one == "\\":
            made.append(two)
        else:
            in_class = one != "]" if in_class else one == "["
            if not in_class:
                depth += (one == "(") - (one == ")")
            if one == "|" and not in_class and depth == 0:
                return None  # an anchor belongs to one side of it
            two = one
            made.append(one)
        at += len(two)
    whole = "".join(made)
    return whole if _PLAIN_PATTERN.fullmatch(whole) else None


class _Cost:
    """The ways of a schema as the engine makes a grammar of it."""

    def __init__(self, schema: Mapping[str, Any], path: str, count: Count) -> None:
        self._schema, self._path, self._count = schema, path, count
        self._references: dict[str, Ways] = {}
        self._to_follow: list[tuple[str, str]] = []

    def check(self) -> None:
        root = self._ways(self._schema, self._path, 1)
        while self._to_follow:
            pointer, path = self._to_follow.pop()
            self._follow(pointer, path)
        require_few_ways(root)

    def _ways(self, schema: Any, path: str, depth: int) -> Ways:
        self._count.add(PARTS, 1, path)
        if depth > DEPTH.most:
            raise too_much(DEPTH, path)
        if not isinstance(schema, Mapping):
            return self._of("any")
        types = schema.get("type")
        if isinstance(types, list):
            of_types = [self._ways({**schema, "type": one}, path, depth + 1) for one in types]
            return Ways(any_of=of_types or [self._of("any")], path=path)
        kind = _kind(schema)
        if kind == "$ref":
            return self._reference(str(schema["$ref"]), path)
        if kind in ("const", "enum"):
            return self._values([schema["const"]] if kind == "const" else schema["enum"], path)
        if kind in ("allOf", "anyOf", "oneOf") and isinstance(schema[kind], list):
            ways = [
                self._ways(one, f"{path}.{kind}[{i}]", depth + 1)
                for i, one in enumerate(schema[kind])
            ]
            return Ways(any_of=ways or [self._of("any")], path=path)
        for keyword in _COUNTS:
            if isinstance(schema.get(keyword), int):
                self._count.add(REPEATS, max(0, schema[keyword]), f"{path}.{keyword}")
        if kind == "object":
            return self._object(schema, path, depth)
        if kind == "array":
            item = self._ways(schema.get("items", True), f"{path}.items", depth + 1)
            return Ways("[", open_later=2, parts=[item], path=path)
        return self._of(kind)

    def _of(self, kind: str) -> Ways:
        begins = BEGINS.get(kind, BEGINS["any"])
        return Ways(begins, len(begins))

    def _values(self, values: Any, path: str) -> Ways:
        if not isinstance(values, list):
            return self._of("any")
        self._count.add(VALUES, len(values), path)
        texts = [json.dumps(each) for each in values]
        self._count.add(BYTES, sum(map(len, texts)), path)
        return Ways('"0tfn{[', len(texts), path=path)

    def _reference(self, pointer: str, path: str) -> Ways:
        if pointer not in self._references:
            self._references[pointer] = Ways(any_of=[Ways()], path=short(pointer))
            self._to_follow.append((pointer, path))
        return self._references[pointer]

    def _follow(self, pointer: str, path: str) -> None:
        schema: Any = self._schema
        try:
            for step in pointer.removeprefix("#").strip("/").split("/"):
                schema = schema[step.replace("~1", "/").replace("~0", "~")] if step else schema
        except (LookupError, TypeError):
            raise unknown(
                f"{path}.$ref", f"$ref {short(pointer)!r}, which leads to nothing in it,"
            ) from None
        self._references[pointer].any_of = [self._ways(schema, short(pointer), 1)]

    def _object(self, schema: Mapping[str, Any], path: str, depth: int) -> Ways:
        properties = schema.get("properties")
        if not isinstance(properties, Mapping):
            other = self._ways(
                schema.get("additionalProperties", True), f"{path}.additionalProperties", depth + 1
            )
            return Ways("{", open_later=2, parts=[other], path=path)
        self._count.add(PROPERTIES, len(properties), path)
        self._count.add(BYTES, sum(map(len, properties)), path)
        parts = [
            self._ways(one, f"{path}.properties.{short(name)}", depth + 1)
            for name, one in properties.items()
        ]
        required = schema.get("required")
        needed = required if isinstance(required, list) else ()
        choice = longest_choice([name in needed for name in properties])
        return Ways("{", open_later=choice, parts=parts, path=path)


def _require_readable(schema: Mapping[str, Any], path: str) -> None:
    """Raises for what the engine reads nothing further behind."""
    for each in _types(schema):
        if each not in TYPES:
            raise unknown(f"{path}.type", f"type {short(each)!r}")
    if not isinstance(schema.get("properties", {}), Mapping):
        raise unknown(f"{path}.properties", "`properties` that are no object")
    if "enum" in schema and not (isinstance(schema["enum"], list) and schema["enum"]):
        raise unknown(f"{path}.enum", "an `enum` without values")


def _types(schema: Mapping[str, Any]) -> list[str]:
    """The types that are said."""
    said = schema.get("type")
    return [each for each in (said if isinstance(said, list) else [said]) if isinstance(each, str)]


def _is_of_another_type(keyword: str, schema: Mapping[str, Any]) -> bool:
    """Whether a keyword says something of values alone that the types leave out."""
    types = {"number" if each == "integer" else each for each in _types(schema)}
    of = {kind for kind, names in OF_TYPE.items() if keyword in names}
    return bool(types and of) and not types & of


def _is_of(value: Any, types: Sequence[str]) -> bool:
    """Whether a value is of one of these types."""
    if isinstance(value, bool):
        return "boolean" in types
    if "integer" in types and isinstance(value, (int, float)) and value == int(value):
        return True
    return any(isinstance(value, _TYPES.get(each, ())) for each in types)


def _kind(schema: Mapping[str, Any]) -> str:
    """The keyword, or the type, that decides the form."""
    for keyword in _KEYWORDS:
        if keyword in schema:
            return keyword
    return str(schema.get("type", "object" if "properties" in schema else "any"))
