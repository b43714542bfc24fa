"""What ollama's words mean to the queen, asked in this process."""

from __future__ import annotations

import json
import struct
from typing import Any

import msgspec

from rbee.queen.front.models import model_ref_of
from rbee.queen.front.vectors import shortened
from rbee.queen.ollama.mapping import (
    Calls,
    Chat,
    Form,
    Generate,
    Took,
    ended_of,
    messages_of,
)
from rbee.queen.ollama.messages import OllamaChat, OllamaGenerate, OllamaMessage
from rbee.queen.ollama.names import meant, spelled
from rbee.wire.errors import RbeeError
from rbee.wire.messages.basics import decode
from rbee.wire.messages.events import CallPiece, Done, floats_of

_HELLO = {"messages": [{"role": "user", "content": "hello"}]}
_PLAIN = {"prompt": "hello"}


def job_of_chat(more: str) -> str:
    """What is asked of a worker for a greeting that says this besides; see `_job_of`."""
    return _job_of(OllamaChat, Chat, _HELLO, more)


def job_of_prompt(more: str) -> str:
    """The same of a request to generate."""
    return _job_of(OllamaGenerate, Generate, _PLAIN, more)


def idle_of_chat(said: str) -> str:
    """How long a model stays loaded (s) behind a chat whose `keep_alive` is this JSON."""
    became = _job_of(OllamaChat, Chat, _HELLO, f'"keep_alive": {said}')
    return became.removeprefix('"may_idle_s": ')


def _job_of(request: type[Any], form: type[Form], plain: dict[str, Any], more: str) -> str:
    """The fields of the job that differ from those of `plain` alone, as JSON; or what is refused
    by its name."""
    said = json.loads(f"{{{more}}}")

    def fields(body: dict[str, Any]) -> dict[str, Any]:
        asked = decode(json.dumps({"model": "minillama", **body}).encode(), request)
        understood = form(asked)  # type: ignore[call-arg]
        if understood.unloads():
            return {}
        found: dict[str, Any] = msgspec.to_builtins(understood.job("minillama"))
        return found

    before = fields(plain)
    try:
        after = fields({**plain, **said})
    except RbeeError as error:
        return f"refused: {error.details.get('field') or error.message}"
    if not after:
        return "the model is unloaded"
    changed = {name: value for name, value in after.items() if before.get(name) != value}
    return json.dumps(changed)[1:-1] or "nothing"


def model_of(name: str) -> str:
    """The model that a name means, or the code of the error that it is answered with."""
    try:
        return model_ref_of(meant(name))
    except RbeeError as error:
        return error.code


def name_of(model: str) -> str:
    """What a model is called in ollama's list; it leads to that model."""
    name = spelled(model)
    assert model_of(name) == model, name
    return name


def answered_calls(conversation: str) -> str:
    """The ids of the calls that tools answer in a conversation.

    It is written as ``call NAME``, ``answer``, ``answer NAME`` and ``answer #ID``; calls are
    numbered in their order.
    """
    messages = [OllamaMessage(role="user", content="hello")]
    for count, word in enumerate(conversation.split(", ")):
        what, _, name = word.partition(" ")
        if what == "call":
            called = {"id": f"#{count}", "function": {"name": name, "arguments": {}}}
            body: dict[str, Any] = {"role": "assistant", "tool_calls": [called]}
        elif name.startswith("#"):
            body = {"role": "tool", "content": "x", "tool_call_id": name}
        else:
            body = {"role": "tool", "content": "x", "tool_name": name or None}
        messages.append(msgspec.convert(body, OllamaMessage))
    told = messages_of(messages)
    return ", ".join(each.tool_call_id for each in told if each.role == "tool")


def calls_told(pieces: str) -> str:
    """What is told of calls that come in these pieces, cut at ``/``, each with its number first.

    After each piece what is whole by then, at the end the rest; ``-`` where that is nothing.
    """
    calls = Calls()
    told = []
    for piece in pieces.split(" / "):
        number, name, arguments = (*piece.split(" ", 2), "")[:3]
        part = CallPiece(index=int(number), name=name.strip("."), arguments=arguments)
        told.append(_in_words("", calls.take([part])))
    told.append(_in_words(*calls.close()))
    return " / ".join(told)


def _in_words(text: str, calls: list[Any]) -> str:
    named = [f"{call.function.name} {json.dumps(call.function.arguments)}" for call in calls]
    return ", ".join([*named, *([f"text {text}"] if text else [])]) or "-"


def ending_of(reason: str, ttft_ms: float, duration_ms: float, total_ms: float) -> str:
    """How an answer ended, and the milliseconds that loading, reading and writing took."""
    reasons: Any = reason
    done = Done(finish_reason=reasons, ttft_ms=ttft_ms, duration_ms=duration_ms)
    ended = ended_of(Took(done, total_ms))
    spent = [ended[f"{name}_duration"] / 1e6 for name in ("load", "prompt_eval", "eval")]
    return f"{ended['done_reason']}: " + ", ".join(f"{each:.0f}" for each in spent)


def vector_of(numbers: str, dimensions: int) -> str:
    """A vector of these numbers where so many are wanted."""
    given = [float(number) for number in numbers.split(", ")]
    packed = struct.pack(f"<{len(given)}f", *given)
    return ", ".join(f"{number:.1f}" for number in floats_of(shortened(packed, dimensions)))
