"""A JSON schema as a grammar: what holds a model to answers of one form.

Written in GBNF, llama.cpp's notation; see its ``grammars/README.md``. The engine's own conversion
depends on the model's chat template and vocabulary and fails for some; a grammar works with all.
An object has the properties that the schema names, in their order, and any where it names none.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, TypedDict

import msgspec

from rbee.wire.errors import RbeeError, nested_too_deep

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
_PLAIN = ("integer", "number", "boolean", "null")
#: Keywords that say something to people, or nothing about the form.
_REMARKS = frozenset(
    [
        *("title", "description", "default", "examples", "format", "deprecated", "readOnly"),
        *("writeOnly", "strict", "$schema", "$id", "$comment", "$defs", "definitions"),
        "discriminator",
    ]
)
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


def grammar_of(schema: Mapping[str, Any]) -> str:
    """The grammar whose texts are the JSON values that fit `schema`.

    Raises `invalid_request` that names a keyword which is not understood, and where it stands.
    """
    try:
        return _Grammar(schema).text()
    except RecursionError:
        raise nested_too_deep("the JSON schema") from None


class _Grammar:
    """The rules for one schema; each has a name, and a body that may use other names."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._schema = schema
        self._rules: dict[str, str] = {"root": "", **_BASICS}
        self._references: dict[str, str] = {}

    def text(self) -> str:
        """Every rule, one a line."""
        self._rules["root"] = self._value(self._schema, "$")
        return "\n".join(f"{name} ::= {body}" for name, body in self._rules.items())

    def _value(self, schema: Any, path: str) -> str:
        """The body that one value has; `path` is where its schema stands."""
        if schema is True or schema == {}:
            return "any"
        if not isinstance(schema, Mapping):
            raise _unknown(path, f"{json.dumps(schema)}")
        try:
            msgspec.convert(schema, _Keywords)
        except msgspec.ValidationError as error:
            raise _unknown(path, f"a wrong value ({error})") from None
        if isinstance(schema.get("type"), list):
            ways = [self._value({**schema, "type": one}, path) for one in schema["type"]]
            return self._new(" | ".join(ways))
        kind = _kind(schema, path)
        for keyword in schema:
            if keyword not in (kind, *_WITH.get(kind, ("type",))) and keyword not in _REMARKS:
                raise _unknown(path, f"`{keyword}`")
        if kind == "$ref":
            return self._reference(schema["$ref"], path)
        if kind in ("const", "enum"):
            values = [schema["const"]] if kind == "const" else schema["enum"]
            return self._new(" | ".join(map(_literal, values)))
        if kind == "allOf" and len(schema[kind]) > 1:
            raise _unknown(path, "`allOf` of several")
        if kind in ("allOf", "anyOf", "oneOf"):
            ways = [self._value(one, f"{path}.{kind}[{i}]") for i, one in enumerate(schema[kind])]
            return self._new(" | ".join(ways))
        if kind == "object":
            return self._object(schema, path)
        if kind == "array":
            item = self._value(schema.get("items", True), f"{path}.items")
            return self._list(item, *_bounds(schema, "minItems", "maxItems", path))
        if kind == "string" and {"minLength", "maxLength"} & set(schema):
            least, most = _bounds(schema, "minLength", "maxLength", path)
            return self._new(rf'"\"" char{{{least},{"" if most is None else most}}} "\""')
        return kind

    def _reference(self, pointer: str, path: str) -> str:
        if pointer not in self._references:
            self._references[pointer] = self._new("")
            schema: Any = self._schema
            try:
                for step in pointer.removeprefix("#").strip("/").split("/"):
                    schema = schema[step.replace("~1", "/").replace("~0", "~")] if step else schema
            except (KeyError, TypeError):
                raise _unknown(path, f"$ref {pointer!r}") from None
            self._rules[self._references[pointer]] = self._value(schema, pointer)
        return self._references[pointer]

    def _object(self, schema: Mapping[str, Any], path: str) -> str:
        properties: Mapping[str, Any] = schema.get("properties", {})
        others = schema.get("additionalProperties", True)
        if not properties and others is not False:
            other = self._value(others, f"{path}.additionalProperties")
            member = f'string ":" ws {other}'
            return self._new(f'"{{" ({member} ("," ws {member})*)? "}}"')
        members = [
            (
                f'{_literal(name)} ":" ws {self._value(one, f"{path}.properties.{name}")}',
                name in schema.get("required", ()),
            )
            for name, one in properties.items()
        ]
        # What may stand from a member on: where none is written yet, and behind a comma.
        first, later = '""', '""'
        for member, required in reversed(members):
            here, behind = f"{member} {later}", f'"," ws {member} {later}'
            first = self._new(here if required else f"{here} | {first}")
            later = self._new(behind if required else f"{behind} | {later}")
        return self._new(f'"{{" {first} "}}"')

    def _list(self, item: str, least: int, most: int | None) -> str:
        more = f"{{{max(least - 1, 0)},{'' if most is None else max(most - 1, 0)}}}"
        filled = f'{item} ("," ws {item}){more}'
        body = '""' if most == 0 else filled if least else f"({filled})?"
        return self._new(f'"[" {body} "]"')

    def _new(self, body: str) -> str:
        name = f"r{len(self._rules)}"
        self._rules[name] = body
        return name


def _kind(schema: Mapping[str, Any], path: str) -> str:
    """The keyword, or the type, that decides the form."""
    for keyword in ("$ref", "const", "enum", "allOf", "anyOf", "oneOf"):
        if keyword in schema:
            return keyword
    named = schema.get("type", "object" if "properties" in schema else "any")
    if named not in ("any", "object", "array", "string", *_PLAIN):
        raise _unknown(path, f"type {named!r}")
    return str(named)


def _bounds(schema: Mapping[str, Any], least: str, most: str, path: str) -> tuple[int, int | None]:
    """How many there are at least and at most; llama.cpp would never end where nothing fits."""
    bounds = schema.get(least, 0), schema.get(most)
    if bounds[1] is not None and bounds[0] > bounds[1]:
        raise _unknown(path, f"`{least}` above `{most}`")
    return bounds


def _literal(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _unknown(path: str, what: str) -> RbeeError:
    return RbeeError(
        "invalid_request",
        f"the JSON schema has {what} at {path}, which cannot be enforced",
        "leave it out, and check the answer for it",
        {"field": "json_schema"},
    )
