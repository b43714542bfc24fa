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

#: What comes before the arguments, with the name.
_BEGINNING = re.compile(r'\s*\{\s*"name"\s*:\s*("(?:[^"\\]|\\.)*")\s*,\s*"arguments"\s*:\s*(?=\{)')
#: Where the arguments stand in the schema of a call.
_ARGUMENTS = re.compile(r"\$\.anyOf\[(\d+)\]\.properties\.arguments")
_LED_FROM = re.compile(r"#/anyOf/\d+/properties/arguments")


def schema_of_call(functions: list[ToolFunction]) -> dict[str, Any]:
    """The JSON schema of a call of one of these; references lead to where they then stand. Raises
    for one that takes no object."""
    for number, each in enumerate(functions):
        _require_object(each.parameters, f"$[{number}].parameters")
    return {
        "anyOf": [
            {
                "type": "object",
                "properties": {
                    "name": {"const": each.name},
                    "arguments": {
                        **_led_from(each.parameters, f"#/anyOf/{number}/properties/arguments"),
                        "type": "object",
                    },
                },
                "required": ["name", "arguments"],
            }
            for number, each in enumerate(functions)
        ]
    }


def _require_object(parameters: dict[str, Any], path: str) -> None:
    """Raises for arguments that are to be something else."""
    from rbee.worker.engines.schema_cost import short, unknown  # late: few are wrong

    types = parameters.get("type", "object")
    if types != "object" and not (isinstance(types, list) and "object" in types):
        what = f"arguments of the type {short(str(types))!r}"
        raise in_functions(unknown(f"{path}.type", what))


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
            _require_object(each.parameters, path)
            parameters = engine_schema(each.parameters, path, strict=each.strict)
            check_cost(parameters, path, count)
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
    error.message = _ARGUMENTS.sub(r"$[\1].parameters", _LED_FROM.sub("#", error.message))
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


class CallInPieces:
    """Tells a call of that form while it is being written."""

    def __init__(self) -> None:
        self._written = ""
        self._has_begun = False
        #: Whether its arguments are told to their end.
        self.is_whole = False
        #: How many braces of the arguments are open; whether a text is, and what is next escaped.
        self._open, self._in_text, self._escaped = 0, False, False

    def take(self, text: str) -> CallPiece | None:
        """What is to be told of it, now that this much more is written; None: nothing."""
        if self._has_begun:
            arguments = self._arguments_in(text)
            return CallPiece(index=0, arguments=arguments) if arguments else None
        self._written += text
        begun = _BEGINNING.match(self._written)
        if begun is None:
            return None
        self._has_begun = True
        arguments = self._arguments_in(self._written[begun.end() :])
        return _begun(json.loads(begun[1], strict=False), arguments)

    def end(self) -> CallPiece | None:
        """What is left to tell of it, now that nothing more comes: one that is in another order."""
        if self._has_begun:
            return None
        call = call_of(self._written)
        self._has_begun = self.is_whole = call is not None
        return call

    def _arguments_in(self, text: str) -> str:
        """What of the text belongs to the arguments: all up to the brace that ends them."""
        if self.is_whole:
            return ""
        for at, character in enumerate(text):
            if self._escaped:
                self._escaped = False
            elif self._in_text:
                self._escaped = character == "\\"
                self._in_text = character != '"'
            elif character == '"':
                self._in_text = True
            elif character in "{}":
                self._open += 1 if character == "{" else -1
                if self._open == 0:
                    self.is_whole = True
                    return text[: at + 1]
        return text


def _begun(name: str, arguments: str) -> CallPiece:
    return CallPiece(index=0, id=f"call_{secrets.token_hex(12)}", name=name, arguments=arguments)


def call_of(text: str) -> CallPiece | None:
    """The call that an answer of that form makes; None where it is none."""
    try:
        call = json.loads(text)
        name, arguments = call["name"], json.dumps(call["arguments"], ensure_ascii=False)
    except (ValueError, LookupError, TypeError, RecursionError):
        return None
    return _begun(str(name), arguments)
