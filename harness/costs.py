"""What a request may cost, asked in this process: no engine and no model are needed."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, NamedTuple

from rbee.wire.errors import RbeeError
from rbee.worker.engines.json_grammar import check_cost, grammar_of

#: How long the answer to a form may take, be it a grammar or a refusal (seconds of this thread).
LIMIT_S = 0.5

Schema = dict[str, Any]


class Verdict(NamedTuple):
    """What becomes of a form: where it is refused and why (empty: it is taken), and after how
    many seconds of computing."""

    path: str
    why: str
    seconds: float


def _object(properties: Schema, *required: str, **more: Any) -> Schema:
    return {"type": "object", "properties": properties, "required": list(required), **more}


def _nested(times: int, around: Callable[[Schema], Schema]) -> Schema:
    schema: Schema = {"type": "string"}
    for _ in range(times):
        schema = around(schema)
    return schema


def _strings(count: int, longest: int, needed: bool = True) -> Schema:
    names = [f"p{number}" for number in range(count)]
    return _object(
        {name: {"type": "string", "maxLength": longest} for name in names},
        *(names if needed else ()),
    )


_TYPES = ["object", "array", "string", "number", "integer", "boolean", "null"]
_NODE = {"$ref": "#/$defs/node"}


def _recursive(*alternatives: Schema) -> Schema:
    return {"$defs": {"node": {"anyOf": list(alternatives)}}, **_NODE}


def _kinds(count: int) -> Schema:
    kinds = [
        _object({"kind": {"const": f"kind {number}"}, "size": {"type": "integer"}}, "kind")
        for number in range(count)
    ]
    return {"anyOf": kinds}


_FORMS: dict[str, Schema] = {
    "ten-fold type lists 30 deep": _nested(
        30, lambda inner: {"type": ["object"] * 10, "properties": {"a": inner}}
    ),
    "seven-fold type lists 15 deep": _nested(
        15, lambda inner: {"type": _TYPES, "properties": {"a": inner}, "items": inner}
    ),
    "type lists of two, 3 deep": _nested(
        3, lambda inner: {"type": ["object", "null"], "properties": {"a": inner}}
    ),
    "alternatives in pairs 30 deep": _nested(30, lambda inner: {"anyOf": [inner, inner]}),
    "20,000 values": {"enum": [f"value {number}" for number in range(20_000)]},
    "1,000 values": {"enum": [f"value {number}" for number in range(1000)]},
    "500 values that begin differently": {"enum": [chr(0x4E00 + each) for each in range(500)]},
    "4,000 bounded strings": _strings(4000, 100),
    "900 strings of up to 500": _strings(900, 500),
    "900 strings of up to 20": _strings(900, 20),
    "200 properties that may be left out": _strings(200, 20, needed=False),
    "100 properties that may be left out": _strings(100, 20, needed=False),
    "a list of up to a million": {"type": "array", "maxItems": 1_000_000},
    "a list of lists of lists of up to 100": _nested(
        3, lambda inner: {"type": "array", "maxItems": 100, "items": inner}
    ),
    "objects 40 deep": _nested(40, lambda inner: _object({"a": inner}, "a")),
    "a name of a million letters": _object({"a" * 1_000_000: {"type": "string"}}),
    "100 kinds of objects with a kind each": _kinds(100),
    "200 kinds of objects with a kind each": _kinds(200),
    "a tree of two kinds that nothing tells apart": _recursive(
        _object({"left": _NODE, "note": {"type": "string"}}),
        _object({"left": _NODE, "size": {"type": "integer"}}),
    ),
    "a tree of two kinds that begin with their kind": _recursive(
        _object({"kind": {"const": "sum"}, "left": _NODE, "right": _NODE}, "kind"),
        _object({"kind": {"const": "leaf"}, "size": {"type": "integer"}}, "kind"),
    ),
    "a list that ends with null": _recursive(
        _object({"value": {"type": "string"}, "next": _NODE}, "value", "next"), {"type": "null"}
    ),
    "a name for itself": {"$ref": "#"},
    "names that lead to one another": _recursive(_NODE, {"type": "string"}),
}


def of_form(form: str) -> Verdict:
    """What becomes of a form that an answer is to have."""
    return _judged(lambda: grammar_of(_FORMS[form]))


def of_arguments(form: str) -> Verdict:
    """What becomes of a form that the arguments of a call have, where the engine enforces it."""
    return _judged(lambda: check_cost([_FORMS[form]]))


def _judged(judge: Callable[[], object]) -> Verdict:
    began = time.thread_time()
    try:
        judge()
    except RbeeError as error:
        assert error.code == "invalid_request", error.code
        assert error.details["field"] == "json_schema", error.details
        taken = time.thread_time() - began
        return Verdict(str(error.details.get("path", "$")), error.message, taken)
    return Verdict("", "", time.thread_time() - began)
