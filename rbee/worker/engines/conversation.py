"""What an engine is asked, as the messages that a model's chat template is applied to.

A model without a template was not tuned to chat. A `prompt` goes to it as it is; `messages` are
written out for it as a dialogue, one speaker a line, and its answer ends where it would begin to
speak for the user::

    Be brief.

    User: hello
    Assistant: Hello! How can I help you today?
    User: tell me a story
    Assistant:
"""

from __future__ import annotations

from rbee.wire.errors import RbeeError
from rbee.wire.messages import ChatMessage, InferRequest

#: What ends an answer in a dialogue, as it is the user's turn again.
_USERS_TURN = "\nUser:"
_SPEAKERS = {"user": "User", "assistant": "Assistant"}


def messages_of(request: InferRequest) -> list[dict[str, str]]:
    """``{"role", "content"}`` of each message; a prompt is one message of the user."""
    asked = request.messages or [ChatMessage(role="user", content=request.prompt or "")]
    return [{"role": message.role, "content": message.content} for message in asked]


def plain_text_of(request: InferRequest) -> str:
    """What a model without a chat template goes on with."""
    if request.messages is None:
        return request.prompt or ""
    lines = [_written(message) for message in request.messages]
    return "\n".join([*lines, f"{_SPEAKERS['assistant']}:"])


def stops_of(request: InferRequest, *, tuned_to_chat: bool) -> list[str]:
    """The texts before which the answer ends."""
    in_dialogue = request.messages is not None and not tuned_to_chat
    return [*(request.stop or []), *([_USERS_TURN] if in_dialogue else [])]


def does_not_fit(request: InferRequest, tokens: int, context: int) -> RbeeError:
    """The refusal of what leaves no room for an answer; `tokens` and `context` are its details."""
    asked = "prompt" if request.messages is None else "conversation"
    return RbeeError(
        "invalid_request",
        f"the {asked} does not fit: it is {tokens} tokens, the context holds {context}",
        f"send a shorter {asked}, or ask for a larger context with --ctx",
        {"tokens": tokens, "context": context},
    )


def _written(message: ChatMessage) -> str:
    if message.role == "system":
        return f"{message.content}\n"
    return f"{_SPEAKERS[message.role]}: {message.content.strip()}"
