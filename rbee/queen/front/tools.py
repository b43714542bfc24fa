"""What the doors do alike with tools. Pure."""

from __future__ import annotations

import re
from typing import Any, Literal, NamedTuple

from rbee.wire.errors import invalid, nested_too_deep
from rbee.wire.messages.inference import ChatMessage

#: The characters that are not repeated of a type that a caller has sent.
_PLAIN = re.compile(r"[^\w.-]", re.ASCII)
_LONGEST = 40
#: How often a grammar repeats one part: llama.cpp's parser of grammars refuses more.
_REPEATED = 2000
_COUNTS = ("minLength", "maxLength", "minItems", "maxItems")
#: Keywords whose values are no schemas.
_VALUES = ("const", "enum", "default", "examples")


class Understood(NamedTuple):
    """What was said, and the types of what a model is told nothing of."""

    messages: list[ChatMessage]
    left_out: list[str]


def left_out(
    kind: object, path: str, what: Literal["tool", "item"] = "tool", *, refuse_unknown: bool
) -> str:
    """The type of a tool that no model here can be given, or of an item of a conversation that is
    about one, as it may be shown. Raises `invalid_request` with `refuse_unknown`."""
    shown = _PLAIN.sub("?", str(kind))[:_LONGEST]
    if refuse_unknown:
        instead = "offer functions" if what == "tool" else "leave it out yourself"
        raise invalid(
            f"`{path}` is of the type {shown}, which no model here can be given",
            f"{instead}, or let it be left out (refuse_unknown_tools)",
            field=path,
        )
    return shown


def loosened(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of a tool that is not strict, without the counts that no engine holds a call to.

    Programs bound what they take, a script of 512 KiB, where no answer is ever that long.
    """
    try:
        made: dict[str, Any] = _loosened(schema)
        return made
    except RecursionError:
        raise nested_too_deep("the JSON schema of a tool") from None


def _loosened(part: Any) -> Any:
    if isinstance(part, list):
        return [_loosened(each) for each in part]
    if not isinstance(part, dict):
        return part
    return {
        name: each if name in _VALUES else _loosened(each)
        for name, each in part.items()
        if not (name in _COUNTS and isinstance(each, int) and each > _REPEATED)
    }
