"""A JSON schema as a grammar: what holds a model to answers of one form.

Written in GBNF, llama.cpp's notation; see its ``grammars/README.md``. The engine's own conversion
depends on the model's chat template and vocabulary and fails for some; a grammar works with all.
An object has the properties that the schema names, in their order, and any where it names none.
"""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, NamedTuple, TypedDict

import msgspec

from rbee.wire.errors import RbeeError, invalid, nested_too_deep
from rbee.worker.engines.schema_cost import (
    BYTES,
    DEPTH,
    PARTS,
    PROPERTIES,
    REPEAT,
    REPEATS,
    RULES,
    VALUES,
    Count,
    Ways,
    require_few_ways,
    short,
    too_much,
)

_BASICS = {
    "ws": '" "?',
    "char": r'[^"\\\x7F\x00-\x1F] | "\\" (["\\bfnrt/] | "u" [0-9a-fA-F]{4})',
    "string": r'"\"" char* "\""',
    "integer": '"-"? ("0" | [1-9] [0-9]{0,15})',
    "number": 'integer ("." [0-9]{1,16})? ([eE] [-+]? [0-9]{1,3})?',
    "boolean": '"true" | "false"',
    "null": '"null"',
    "any": "string | number | boolean | null | anyobject | anyarray",
    "anyobject": '"{" (string ":" ws any ("," ws string ":" ws any)*)? "}"',
    "anyarray": '"[" (any ("," ws any)*)? "]"',
}
#: The characters that the values of each type begin with; a digit stands for all numbers.
_BEGINS = {
    "string": '"',
    "integer": "0",
    "number": "0",
    "boolean": "tf",
    "null": "n",
    "any": '"0tfn{[',
}
#: How deep the tree of an `enum` is made, before what is left is written down one by one.
_DEEPEST_TREE = 32
#: Keywords that say something to people, or nothing about the form.
_REMARKS = frozenset(
    [
        *("title", "description", "default", "examples", "format", "deprecated", "readOnly"),
        *("writeOnly", "strict", "$schema", "$id", "$comment", "$defs", "definitions"),
        "discriminator",
    ]
)
#: Those that decide the form, before the type does.
_KEYWORDS = ("$ref", "const", "enum", "allOf", "anyOf", "oneOf")
#: What is understood beside remarks, by what decides the form.
_WITH = {
    "$ref": (),
    "const": ("type",),
    "enum": ("type",),
    "allOf": (),
    "anyOf": (),
    "oneOf": (),
    "object": ("type", "properties", "required", "additionalProperties"),
    "array": ("type", "items", "minItems", "maxItems"),
    "string": ("type", "minLength", "maxLength"),
}
_Count = Annotated[int, msgspec.Meta(ge=0)]
_Some = Annotated[list[Any], msgspec.Meta(min_length=1)]
#: The values that keywords have.
_Keywords = TypedDict(
    "_Keywords",
    {
        "$ref": str,
        "type": str | Annotated[list[str], msgspec.Meta(min_length=1)],
        "enum": _Some,
        "allOf": _Some,
        "anyOf": _Some,
        "oneOf": _Some,
        "properties": dict[str, Any],
        "required": list[str],
        "minItems": _Count,
        "maxItems": _Count,
        "minLength": _Count,
        "maxLength": _Count,
    },
    total=False,
)


def grammar_of(schema: Mapping[str, Any], field: str = "json_schema") -> str:
    """The grammar whose texts are the JSON values that fit `schema`.

    Raises `invalid_request` that names a keyword which is not understood, or a bound of
    `schema_cost` that the schema goes beyond, where in it, and the `field` that it came in.
    """
    return _bounded(_Grammar(schema, Count()), field)


def check_cost(schemas: Iterable[Mapping[str, Any]], field: str = "json_schema") -> None:
    """Raises where schemas cost too much for an engine that makes a grammar of its own of them.

    That takes each value of an `enum` for a way of its own, and goes over what it does not know.
    """
    count = Count()
    for schema in schemas:
        _bounded(_Grammar(schema, count, of_engine=True), field)


def _bounded(grammar: _Grammar, field: str) -> str:
    try:
        return grammar.text()
    except (RecursionError, RbeeError) as raised:
        error = raised if isinstance(raised, RbeeError) else nested_too_deep("the JSON schema")
        error.details["field"] = field
        raise error from None


class _Value(NamedTuple):
    """What stands in a rule for one value, and how that may go on."""

    text: str
    ways: Ways


class _Grammar:
    """The rules for one schema; each has a name, and a body that may use other names.

    `of_engine`: an engine makes its own, and this is to know what that costs.
    """

    def __init__(self, schema: Mapping[str, Any], count: Count, of_engine: bool = False) -> None:
        self._schema = schema
        self._lenient = of_engine
        self._rules: dict[str, str] = {"root": "", **_BASICS}
        self._named: dict[str, str] = {}
        self._references: dict[str, _Value] = {}
        self._to_follow: list[tuple[str, str]] = []
        self._count = count
        self._basics = {name: Ways(begins, len(begins)) for name, begins in _BEGINS.items()}

    def text(self) -> str:
        """Every rule, one a line."""
        root = self._value(self._schema, "$", 1)
        self._rules["root"] = root.text
        while self._to_follow:
            pointer, path = self._to_follow.pop()
            self._follow(pointer, path)
        require_few_ways(root.ways)
        return "\n".join(f"{name} ::= {body}" for name, body in self._rules.items())

    def _value(self, schema: Any, path: str, depth: int) -> _Value:
        """What stands for one value; `path` is where its schema stands."""
        self._count.add(PARTS, 1, path)
        if depth > DEPTH.most:
            raise too_much(DEPTH, path)
        if schema is True or schema == {}:
            return self._basic("any")
        if not isinstance(schema, Mapping):
            return self._not_understood(path, short(_json(schema)))
        try:
            msgspec.convert(schema, _Keywords)
        except msgspec.ValidationError as error:
            return self._not_understood(path, f"a wrong value ({short(str(error))})")
        if isinstance(schema.get("type"), list):
            types = schema["type"]
            if len({*types}) < len(types):
                raise _unknown(path, "a `type` twice")
            of_types = [self._value(each, path, depth + 1) for each in _by_type(schema, types)]
            return self._any_of(of_types, path)
        kind = _kind(schema)
        if (kind in _KEYWORDS and kind not in schema) or (
            kind not in _WITH and kind not in _BEGINS
        ):  # the name of a keyword is none of a type
            return self._not_understood(path, f"type {short(kind)!r}")
        for keyword in schema:
            if keyword not in (kind, *_WITH.get(kind, ("type",))) and keyword not in _REMARKS:
                self._not_understood(path, f"`{short(keyword)}`")
        if kind == "$ref":
            return self._reference(schema["$ref"], path)
        if kind in ("const", "enum"):
            return self._one_of([schema["const"]] if kind == "const" else schema["enum"], path)
        if kind == "allOf" and len(schema[kind]) > 1:
            self._not_understood(path, "`allOf` of several")
        if kind in ("allOf", "anyOf", "oneOf"):
            ways = [
                self._value(one, f"{path}.{kind}[{i}]", depth + 1)
                for i, one in enumerate(schema[kind])
            ]
            return self._any_of(ways, path)
        if kind == "object":
            return self._object(schema, path, depth)
        if kind == "array":
            item = self._value(schema.get("items", True), f"{path}.items", depth + 1)
            return self._list(item, *self._bounds(schema, "minItems", "maxItems", path), path)
        if kind == "string" and {"minLength", "maxLength"} & set(schema):
            least, most = self._bounds(schema, "minLength", "maxLength", path)
            body = rf'"\"" char{{{least},{"" if most is None else most}}} "\""'
            return _Value(self._new(body, path), Ways('"', open_later=2, path=path))
        return self._basic(kind)

    def _basic(self, name: str) -> _Value:
        return _Value(name, self._basics[name])

    def _not_understood(self, path: str, what: str) -> _Value:
        """Anything, where an engine may understand it. Raises where it is for us to enforce."""
        if self._lenient:
            return self._basic("any")
        raise _unknown(path, what)

    def _any_of(self, values: list[_Value], path: str) -> _Value:
        """One of several; those that are written alike are one."""
        alike = {value.text: value for value in values}
        if len(alike) == 1:
            return values[0]
        ways = Ways(any_of=[value.ways for value in alike.values()], path=path)
        return _Value(self._new(" | ".join(alike), path), ways)

    def _one_of(self, values: list[Any], path: str) -> _Value:
        self._count.add(VALUES, len(values), path)
        texts = sorted({_json(value) for value in values})
        begins = "".join(sorted({_kind_of(text[0]) for text in texts}))
        if self._lenient:
            self._count.add(BYTES, sum(len(text.encode(errors="replace")) for text in texts), path)
            ways = Ways(begins, len(texts), path=path)
            return _Value(self._new(" | ".join(map(literal, texts)), path), ways)
        text, most, first = self._told_apart(texts, 0, path, 0)
        return _Value(text, Ways(begins, first, most, path=path))

    def _told_apart(
        self, texts: list[str], done: int, path: str, depth: int
    ) -> tuple[str, int, int]:
        """What stands for one of these texts, which are alike in the first `done` characters, as a
        tree of what they begin with; the most ways that are open in it, and those at first.

        So an engine has one way open for all that go on alike.
        """
        if len(texts) == 1:
            return literal(texts[0][done:]), 1, 1
        # What the first and the last of a sorted list have in common, all have.
        alike = len(os.path.commonprefix([texts[0], texts[-1]]))  # noqa: RUF071 -- of characters
        branches: list[str] = []
        most = count = 0
        groups = itertools.groupby(texts, lambda text: text[alike : alike + 1])
        for _, group in groups:
            inner = list(group)
            count += 1 if depth < _DEEPEST_TREE else len(inner)
            if depth < _DEEPEST_TREE:
                branch, open_, _ = self._told_apart(inner, alike, path, depth + 1)
                branches.append(branch)
                most = max(most, open_)
            else:
                branches += [literal(text[alike:]) for text in inner]
        rule = self._new(" | ".join(branches), path)
        if alike > done:
            return f"{literal(texts[0][done:alike])} {rule}", max(most, count), 1
        return rule, max(most, count), count

    def _reference(self, pointer: str, path: str) -> _Value:
        if pointer not in self._references:
            name = self._new("", path)
            # What it leads to is known once that has been followed; it may contain itself.
            ways = Ways(any_of=[Ways()], path=short(pointer))
            self._references[pointer] = _Value(name, ways)
            self._to_follow.append((pointer, path))
        return self._references[pointer]

    def _follow(self, pointer: str, path: str) -> None:
        reference = self._references[pointer]
        schema: Any = self._schema
        try:
            for step in pointer.removeprefix("#").strip("/").split("/"):
                schema = schema[step.replace("~1", "/").replace("~0", "~")] if step else schema
        except (KeyError, TypeError):
            value = self._not_understood(path, f"$ref {short(pointer)!r}")
        else:
            value = self._value(schema, short(pointer), 1)
        self._rules[reference.text] = value.text
        self._count.add(BYTES, len(value.text.encode(errors="replace")), short(pointer))
        reference.ways.any_of = [value.ways]

    def _object(self, schema: Mapping[str, Any], path: str, depth: int) -> _Value:
        properties: Mapping[str, Any] = schema.get("properties", {})
        others = schema.get("additionalProperties", True)
        if not properties and others is not False:
            other = self._value(others, f"{path}.additionalProperties", depth + 1)
            member = f'string ":" ws {other.text}'
            body = f'"{{" ({member} ("," ws {member})*)? "}}"'
            ways = Ways("{", open_later=2, parts=[other.ways], path=path)
            return _Value(self._new(body, path), ways)
        self._count.add(PROPERTIES, len(properties), path)
        needed = set(schema.get("required", ()))
        values = {
            name: self._value(one, f"{path}.properties.{short(name)}", depth + 1)
            for name, one in properties.items()
        }
        members = [
            (f'{literal(_json(name))} ":" ws {value.text}', name in needed)
            for name, value in values.items()
        ]
        # What may stand from a member on: where none is written yet, and behind a comma.
        first, later = '""', '""'
        for member, required in reversed(members):
            here, behind = f"{member} {later}", f'"," ws {member} {later}'
            first = self._new(here if required else f"{here} | {first}", path)
            later = self._new(behind if required else f"{behind} | {later}", path)
        ways = Ways(
            "{",
            open_later=_longest_choice([required for _, required in members]),
            parts=[value.ways for value in values.values()],
            tag=_tag(properties, needed),
            path=path,
        )
        return _Value(self._new(f'"{{" {first} "}}"', path), ways)

    def _list(self, item: _Value, least: int, most: int | None, path: str) -> _Value:
        more = f"{{{max(least - 1, 0)},{'' if most is None else max(most - 1, 0)}}}"
        filled = f'{item.text} ("," ws {item.text}){more}'
        body = '""' if most == 0 else filled if least else f"({filled})?"
        ways = Ways("[", open_later=2, parts=[item.ways], path=path)
        return _Value(self._new(f'"[" {body} "]"', path), ways)

    def _bounds(
        self, schema: Mapping[str, Any], least: str, most: str, path: str
    ) -> tuple[int, int | None]:
        """How many there are at least and at most; llama.cpp would never end where nothing fits."""
        bounds = schema.get(least, 0), schema.get(most)
        if bounds[1] is not None and bounds[0] > bounds[1]:
            raise _unknown(path, f"`{least}` above `{most}`")
        highest = max(bounds[0], bounds[1] or 0)
        if highest > REPEAT.most:
            raise too_much(REPEAT, f"{path}.{most if bounds[1] else least}")
        self._count.add(REPEATS, highest, path)
        return bounds

    def _new(self, body: str, path: str) -> str:
        """The name of a rule; rules that say the same are one."""
        name = self._named.get(body) if body else None
        if name is None:
            self._count.add(RULES, 1, path)
            self._count.add(BYTES, len(body.encode(errors="replace")), path)
            name = f"r{len(self._rules)}"
            self._rules[name] = body
            self._named[body] = name
        return name


def _by_type(schema: Mapping[str, Any], types: list[str]) -> list[Mapping[str, Any]]:
    """The schema of each type in a list, with what says something about that type alone."""
    of_some = {keyword for one in types for keyword in _WITH.get(one, ())} - {"type"}
    return [
        {
            keyword: value
            for keyword, value in schema.items()
            if keyword not in of_some or keyword in _WITH.get(one, ())
        }
        | {"type": one}
        for one in types
    ]


def _tag(properties: Mapping[str, Any], needed: set[str]) -> tuple[str, str | None] | None:
    """The property that the text of an object has to begin with, and the constant that it has."""
    name = next(iter(properties), None)
    if name is None or name not in needed:
        return None
    value = properties[name] if isinstance(properties[name], Mapping) else {}
    constants = [value["const"]] if "const" in value else value.get("enum", ())
    return name, _json(constants[0]) if len(constants) == 1 else None


def _longest_choice(required: list[bool]) -> int:
    """Among how many properties an object goes on at most: those that may be left out, in a row,
    and the one behind them."""
    written = "".join("!" if each else "?" for each in required)
    return 1 + max(map(len, written.split("!")))


def _kind(schema: Mapping[str, Any]) -> str:
    """The keyword, or the type, that decides the form."""
    for keyword in _KEYWORDS:
        if keyword in schema:
            return keyword
    return str(schema.get("type", "object" if "properties" in schema else "any"))


def _kind_of(character: str) -> str:
    """What stands for the first character of a value: all digits are alike, and a sign too."""
    return "0" if character in "-123456789" else character


def _json(value: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=False)
    except ValueError:  # Python writes no number of more than 4300 digits
        raise _unknown("$", "a number of thousands of digits") from None


def literal(text: str) -> str:
    """A text in GBNF."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _unknown(path: str, what: str) -> RbeeError:
    wrong = f"the JSON schema has {what} at {path}, which cannot be enforced"
    return invalid(wrong, "leave it out, and check the answer for it")
