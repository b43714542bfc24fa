"""A call that a model must make: how the model is told of it, held to its form, and how it is read.

The form is one JSON object, ``{"name": ..., "arguments": {...}}``, which most models that were
taught to call have seen, and to which a grammar holds all the others.
"""

from __future__ import annotations

import json
import re
import secrets
from typing import Any

import msgspec

from rbee.wire.errors import RbeeError, nested_too_deep
from rbee.wire.messages.events import CallPiece
from rbee.wire.messages.inference import ChatMessage, InferRequest, ToolFunction

#: Where the arguments stand in the schema of a call.
_ARGUMENTS = re.compile(r"\$\.anyOf\[(\d+)\]\.properties\.arguments")


def schema_of_call(functions: list[ToolFunction]) -> dict[str, Any]:
    """The JSON schema of a call of one of these; references lead to where they then stand."""
    return {
        "anyOf": [
            {
                "type": "object",
                "properties": {
                    "name": {"const": each.name},
                    "arguments": {
                        "type": "object",
                        **_led_from(each.parameters, f"#/anyOf/{number}/properties/arguments"),
                    },
                },
                "required": ["name", "arguments"],
            }
            for number, each in enumerate(functions)
        ]
    }


def _led_from(schema: dict[str, Any], place: str) -> dict[str, Any]:
    """A schema whose references into itself start from `place`."""

    def moved(part: Any) -> Any:
        if isinstance(part, list):
            return [moved(each) for each in part]
        if not isinstance(part, dict) or "$id" in part:
            return part
        return {
            name: place + each[1:]
            if name == "$ref" and isinstance(each, str) and (each == "#" or each[:2] == "#/")
            else each
            if name in ("const", "enum", "default", "examples")
            else moved(each)
            for name, each in part.items()
        }

    try:
        return {**moved(schema)}
    except RecursionError:
        raise nested_too_deep("the JSON schema of a function") from None


def functions_for_engine(functions: list[ToolFunction]) -> list[dict[str, Any]]:
    """What an engine that makes a grammar of functions itself is told of them.

    Raises for those that would cost too much, and for a `strict` one that it does not hold to.
    """
    # late: of what few ask for
    from rbee.worker.engines.engine_schemas import check_cost, engine_schema
    from rbee.worker.engines.schema_cost import Count

    count = Count()
    given = []
    for number, each in enumerate(functions):
        path = f"$[{number}].parameters"
        try:
            check_cost(each.parameters, path, count)
            parameters = engine_schema(each.parameters, path, strict=each.strict)
        except RbeeError as error:
            raise in_functions(error) from None
        given.append(_plain(msgspec.structs.replace(each, parameters=parameters)))
    return given


def _plain(function: ToolFunction) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(function)
    plain.pop("strict", None)
    return plain


def in_functions(error: RbeeError) -> RbeeError:
    """An error about the schema of a call, with its path in the functions."""
    error.details.setdefault("field", "functions")
    error.message = _ARGUMENTS.sub(r"$[\1].parameters", error.message)
    if isinstance(path := error.details.get("path"), str):
        error.details["path"] = _ARGUMENTS.sub(r"$[\1].parameters", path)
    return error


def with_call_instruction(request: InferRequest) -> InferRequest:
    """The request with what may be called written into its last message, as plain words."""
    functions = msgspec.json.encode([_plain(each) for each in request.functions]).decode()
    rule = f"Call one of these functions, with a JSON object of its name and arguments: {functions}"
    *before, last = request.messages or [ChatMessage(role="user", content=request.prompt or "")]
    asked = msgspec.structs.replace(last, content=f"{last.content}\n\n{rule}")
    return msgspec.structs.replace(
        request, prompt=None, messages=[*before, asked], functions=[], must_call=False
    )


def call_of(text: str) -> CallPiece | None:
    """The call that an answer of that form makes; None where a stop text has cut it off."""
    try:
        call = json.loads(text)
        name, arguments = call["name"], json.dumps(call["arguments"], ensure_ascii=False)
    except (ValueError, LookupError, TypeError, RecursionError):
        return None
    return CallPiece(
        index=0, id=f"call_{secrets.token_hex(12)}", name=str(name), arguments=arguments
    )
