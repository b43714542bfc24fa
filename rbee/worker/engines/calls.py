"""A call that a model must make: how it is told, held to its form, and understood.

The form is one JSON object, ``{"name": ..., "arguments": {...}}``, which most models that were
taught to call have seen, and to which a grammar holds all the others.
"""

from __future__ import annotations

import json
import secrets
from typing import Any

import msgspec

from rbee.wire.messages.events import CallPiece
from rbee.wire.messages.inference import ChatMessage, InferRequest, ToolFunction


def schema_of_call(functions: list[ToolFunction]) -> dict[str, Any]:
    """The JSON schema of a call of one of these."""
    return {
        "anyOf": [
            {
                "type": "object",
                "properties": {
                    "name": {"const": each.name},
                    "arguments": {"type": "object", **each.parameters},
                },
                "required": ["name", "arguments"],
            }
            for each in functions
        ]
    }


def told_to_call(request: InferRequest) -> InferRequest:
    """The request with what may be called written into its last message, as plain words."""
    functions = msgspec.json.encode(request.functions).decode()
    told = f"Call one of these functions, with a JSON object of its name and arguments: {functions}"
    *before, last = request.messages or [ChatMessage(role="user", content=request.prompt or "")]
    asked = msgspec.structs.replace(last, content=f"{last.content}\n\n{told}")
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
