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

import re
from collections.abc import Iterable
from typing import Any

import msgspec

from rbee.wire.errors import RbeeError, invalid
from rbee.wire.messages.inference import ChatMessage, InferRequest

#: How most models' marks begin.
_ANY_MARK = "<|"
#: What many models have around a text, whether they were tuned to chat or not.
_AROUND_TEXTS = ("<s>", "</s>")
_MARKS = re.compile(r"</?[\w|]{1,40}>|\[/?[A-Z_]{2,20}\]")
#: The most that stands around a message, and in what tells a model to call (tokens).
_MARKS_AROUND, _CALL_TOLD = 32, 1024
#: What ends an answer in a dialogue, as it is the user's turn again.
_USERS_TURN = "\nUser:"
_SPEAKERS = {"user": "User", "assistant": "Assistant", "tool": "Tool"}


def messages_of(request: InferRequest, *, with_thoughts: bool = False) -> list[dict[str, Any]]:
    """``{"role", "content"}`` of each message, and what it says of calls in OpenAI's form.

    A prompt is one message of the user. `with_thoughts`: the template wants earlier ones back.
    """
    asked = request.messages or [ChatMessage(role="user", content=request.prompt or "")]
    return [_for_template(message, with_thoughts) for message in asked]


def asks_field(request: InferRequest) -> str:
    """The field of a request that holds what is asked."""
    return "prompt" if request.messages is None else "messages"


def options_of(request: InferRequest, names: Iterable[str]) -> dict[str, Any]:
    """Those of these fields of a request that it has a word about."""
    options = {name: getattr(request, name) for name in names}
    return {name: value for name, value in options.items() if value is not None}


def plain_text_of(request: InferRequest) -> str:
    """What a model without a chat template goes on with."""
    if request.messages is None:
        return request.prompt or ""
    lines = [_written(message) for message in request.messages]
    if not request.is_prefilled():
        lines.append(f"{_SPEAKERS['assistant']}:")
    return "\n".join(lines)


def stops_of(request: InferRequest, *, tuned_to_chat: bool) -> list[str]:
    """The texts before which the answer ends."""
    in_dialogue = request.messages is not None and not tuned_to_chat
    return [*(request.stop or []), *([_USERS_TURN] if in_dialogue else [])]


def marks_of_turns(template: str) -> frozenset[str]:
    """What a chat template sets between messages, such as ``<|im_start|>``: tokens by themselves,
    for which an engine searches a text again behind each that it has found."""
    return frozenset(_MARKS.findall(template)) | {_ANY_MARK, *_AROUND_TEXTS}


def too_many_marks(texts: Iterable[str], marks: Iterable[str], context: int) -> int:
    """How many marks there are in these texts, each at least one token, where the context is too
    small for that; 0 where it is not. To count them is quick, and to read 80,000 takes 20 s."""
    marks = [mark for mark in marks if mark == _ANY_MARK or _ANY_MARK not in mark]
    found = sum(text.count(mark) for text in texts for mark in marks)
    return found if found > context else 0


def texts_of(request: InferRequest) -> list[str]:
    """All texts of what an answer is asked for."""
    return [request.prompt or "", *(message.content for message in request.messages or ())]


def most_tokens(request: InferRequest, template: str) -> int:
    """More tokens than the prompt of a request can be: no tokenizer makes more of a text than it
    has bytes. What a chat template adds is its own text, and marks around each message; functions
    it sets out in lines, or they are told a second time. What is a token of a picture it does not
    know."""
    written = len(msgspec.json.encode(_without_pictures(request)))
    again = 2 * written + _CALL_TOLD if request.functions else 0
    return written + again + len(template.encode()) + _MARKS_AROUND * len(request.messages or ())


def _without_pictures(request: InferRequest) -> InferRequest:
    if not request.pictures:
        return request
    messages = [msgspec.structs.replace(each, pictures=[]) for each in request.messages or ()]
    return msgspec.structs.replace(request, messages=messages)


def does_not_fit(request: InferRequest, tokens: int, context: int) -> RbeeError:
    """The refusal of what leaves no room for an answer; its details hold both counts."""
    asked = "prompt" if request.messages is None else "conversation"
    return invalid(
        f"the {asked} does not fit: it is {tokens} tokens, the context holds {context}",
        f"send a shorter {asked}",
        field=asks_field(request),
        tokens=tokens,
        context=context,
    )


def answer_does_not_fit(request: InferRequest, tokens: int, context: int) -> RbeeError:
    """The refusal of an answer that is to be whole or none, behind a prompt of so many tokens."""
    both = tokens + (request.max_tokens or 0)
    return invalid(
        f"prompt and answer do not fit: they are {both} tokens, the context holds {context}",
        "ask for a shorter answer (max_tokens)",
        field="max_tokens",
        tokens=tokens,
        context=context,
    )


def text_does_not_fit(number: int, tokens: int, most: int) -> RbeeError:
    """The refusal of an input, counted from 0, of which no vector can be made."""
    return invalid(
        f"text {number + 1} does not fit: it is {tokens} tokens, the model takes {most} at once",
        "cut it into shorter texts",
        field="inputs",
        number=number,
        tokens=tokens,
        context=most,
    )


def tokens_unknown(number: int) -> RbeeError:
    """The refusal of an input, counted from 0, of numbers that are no tokens of this model."""
    return invalid(
        f"the numbers of text {number + 1} are no tokens of this model",
        "send the text itself: each model has tokens of its own",
        field="inputs",
        number=number,
    )


def _for_template(message: ChatMessage, with_thoughts: bool) -> dict[str, Any]:
    values: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.pictures:
        from rbee.worker.engines.pictures import content_of  # late: few messages have any

        values["content"] = content_of(message)
    if message.name:
        values["name"] = message.name
    if with_thoughts and message.thought:
        values["reasoning_content"] = message.thought
    if message.tool_calls:
        values["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": call.arguments},
            }
            for call in message.tool_calls
        ]
    if message.tool_call_id:
        values["tool_call_id"] = message.tool_call_id
    return values


def _written(message: ChatMessage) -> str:
    if message.role == "system":
        return f"{message.content}\n"
    return f"{_SPEAKERS[message.role]}: {message.content.strip()}"
