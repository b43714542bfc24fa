"""A conversation that ends with the beginning of an answer, which the model goes on with. Pure."""

from __future__ import annotations

from collections.abc import Callable

from rbee.wire.errors import RbeeError
from rbee.wire.messages.inference import ChatMessage


def as_prefilled(
    messages: list[ChatMessage], wrong: Callable[[str], RbeeError]
) -> list[ChatMessage]:
    """The conversation without an empty message of the model at its end.

    Raises `wrong`, told in words, for an end that cannot be gone on with, and for no message.
    """
    if not messages:
        raise wrong("says nothing")
    last = messages[-1]
    if last.role != "assistant":
        return messages
    if last.tool_calls:
        raise wrong("ends with calls of the model; send what came of them")
    if not last.content and len(messages) > 1:
        return as_prefilled(messages[:-1], wrong)
    if len(messages) > 1 and messages[-2].role == "assistant":
        raise wrong("ends with two messages of the model; make one of them")
    return messages
