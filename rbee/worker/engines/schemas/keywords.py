"""The keywords of JSON schemas, and the values that they have."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from typing import Annotated, Any, TypedDict

import msgspec

from rbee.wire.errors import nearest
from rbee.worker.engines.schema_cost import short, unknown

#: Keywords that say something to people or to programs, and nothing about the form.
_REMARKS = frozenset(
    [
        *("title", "description", "default", "examples", "example", "deprecated", "readOnly"),
        *("writeOnly", "strict", "$id", "$comment", "$defs", "definitions", "discriminator"),
        *("$anchor", "$dynamicAnchor", "contentEncoding", "contentMediaType", "contentSchema"),
    ]
)
#: Where in a schema msgspec finds a wrong value; what stands under a name is not looked into.
_WHERE = re.compile(r"at `\$((?:\.[^.\[`]+)*)")
#: From what likeness on a keyword is taken for a known one, misspelt.
_MISSPELT = 0.85
_DIALECTS = ("https://json-schema.org/", "http://json-schema.org/")
#: What says something of the values of one type alone.
OF_TYPE = {
    "number": frozenset(
        ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"]
    ),
    "string": frozenset(["minLength", "maxLength", "pattern", "format"]),
    "array": frozenset(
        [
            *("items", "prefixItems", "additionalItems", "minItems", "maxItems"),
            *("contains", "minContains", "maxContains", "uniqueItems"),
        ]
    ),
    "object": frozenset(
        [
            *("properties", "patternProperties", "additionalProperties", "required"),
            *("propertyNames", "minProperties", "maxProperties"),
        ]
    ),
}
#: 2.0 is a whole number, too.
_Count = Annotated[int, msgspec.Meta(ge=0)] | Annotated[float, msgspec.Meta(ge=0, multiple_of=1)]
_Some = Annotated[list[Any], msgspec.Meta(min_length=1)]
_Names = dict[str, list[str]]
_Inner = dict[str, Any] | bool
#: The values that keywords have.
_Keywords = TypedDict(
    "_Keywords",
    {
        "$ref": str,
        "$dynamicRef": str,
        "$schema": str,
        "$id": str,
        "type": str | Annotated[list[str], msgspec.Meta(min_length=1)],
        "enum": _Some,
        "allOf": _Some,
        "anyOf": _Some,
        "oneOf": _Some,
        "format": str,
        "pattern": str,
        "minLength": _Count,
        "maxLength": _Count,
        "minimum": float,
        "maximum": float,
        "exclusiveMinimum": float,
        "exclusiveMaximum": float,
        "multipleOf": Annotated[float, msgspec.Meta(gt=0)],
        "prefixItems": _Some,
        "minItems": _Count,
        "maxItems": _Count,
        "minContains": _Count,
        "maxContains": _Count,
        "uniqueItems": bool,
        "properties": dict[str, Any],
        "patternProperties": dict[str, Any],
        "required": list[str],
        "minProperties": _Count,
        "maxProperties": _Count,
        "not": _Inner,
        "if": _Inner,
        "then": _Inner,
        "else": _Inner,
        "contains": _Inner,
        "propertyNames": _Inner,
        "additionalItems": _Inner,
        "additionalProperties": _Inner,
        "unevaluatedItems": _Inner,
        "unevaluatedProperties": _Inner,
        "items": dict[str, Any] | bool | list[Any],
        "dependentRequired": _Names,
        "dependentSchemas": dict[str, _Inner],
        "dependencies": dict[str, dict[str, Any] | bool | list[str]],
    },
    total=False,
)
#: What says something about the form, in this draft, in earlier ones or in OpenAPI.
_KNOWN = frozenset(_Keywords.__annotations__) | frozenset(
    ["const", "nullable", "$recursiveRef", "extends", "disallow", "divisibleBy"]
)
#: Longer ones are nobody's slip of the finger (characters).
_LONGEST_WORD = 32


def require_dialect(schema: Mapping[str, Any], path: str) -> None:
    """Raises for a schema that says to be in words of somebody's own; see `check_values`."""
    if not schema.get("$schema", _DIALECTS[0]).startswith(_DIALECTS):
        raise unknown(f"{path}.$schema", "a `$schema` of its own")


def is_remark(keyword: str) -> bool:
    """Whether a keyword says nothing about the form: what JSON Schema does not know is one of
    somebody's own, unless it is nearly one that it knows."""
    if keyword in _REMARKS or keyword.startswith("x-"):
        return True
    return keyword not in _KNOWN and not _meant_by(keyword)


@functools.lru_cache(maxsize=1024)
def _meant_by(keyword: str) -> str:
    """The keyword that is nearly this one; empty: none is."""
    return nearest(keyword, _KNOWN, _MISSPELT) if len(keyword) <= _LONGEST_WORD else ""


def require_remark(keyword: str, path: str) -> None:
    """Raises for a keyword that says something about the form."""
    if is_remark(keyword):
        return
    meant = "" if keyword in _KNOWN else _meant_by(keyword)
    asks = f" (is `{meant}` meant?)" if meant else ""
    raise unknown(f"{path}.{short(keyword)}", f"`{short(keyword)}`{asks}")


def check_values(schema: Mapping[str, Any], path: str) -> None:
    """Raises where a keyword has a value that it cannot have."""
    try:
        msgspec.convert(schema, _Keywords)
    except msgspec.ValidationError as error:
        said = str(error)
        where = _WHERE.search(said)
        path += where[1] if where else ""
        raise unknown(path, f"a wrong value ({short(said)})") from None
