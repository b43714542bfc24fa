"""A conversation that ends with the beginning of an answer, which the model goes on with. Pure."""

from __future__ import annotations

from collections.abc import Callable

from rbee.wire.errors import RbeeError
from rbee.wire.messages.inference import ChatMessage

#: How the beginnings of JSON begin that somebody writes for a model.
_JSON = ("{", "[", '"')


def as_prefilled(
    messages: list[ChatMessage],
    wrong: Callable[[str], RbeeError],
    *,
    must_call: bool = False,
    is_json: bool = False,
) -> list[ChatMessage]:
    """The conversation without an empty message of the model at its end.

    Where a call is demanded, or JSON and its last words begin none, it is asked anew: no chat
    template ends a turn of the model but by one of the user, who then says nothing. Raises `wrong`,
    told in words, for an end that cannot be gone on with, and for no message.
    """
    if not messages:
        raise wrong("says nothing")
    last = messages[-1]
    if last.role != "assistant":
        return messages
    if last.tool_calls:
        raise wrong("ends with calls of the model; send what came of them")
    if not last.content and len(messages) > 1:
        return as_prefilled(messages[:-1], wrong, must_call=must_call, is_json=is_json)
    if len(messages) > 1 and messages[-2].role == "assistant":
        raise wrong("ends with two messages of the model; make one of them")
    if must_call or (is_json and not last.content.lstrip().startswith(_JSON)):
        return [*messages, ChatMessage(role="user", content="")]
    return messages
