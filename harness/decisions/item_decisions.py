"""What the words of ``/v1/responses`` mean to the queen, asked in this process."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from harness.decisions.answer_pieces import changed, sent_by
from rbee.queen.front.blocks import Block
from rbee.queen.front.fields import read
from rbee.queen.jobs import Job
from rbee.queen.openai.errors import failed
from rbee.queen.openai.responses.items import pack
from rbee.queen.openai.responses.kept import Kept
from rbee.queen.openai.responses.mapping import Answering, in_words
from rbee.queen.openai.responses.requests import ResponseRequest
from rbee.queen.openai.responses.telling import ResponseTelling
from rbee.wire.errors import RbeeError
from rbee.wire.messages.basics import encode
from rbee.wire.messages.inference import ChatMessage
from rbee.wire.messages.jobs import JobRequest

_TOOLS = [
    {"type": "function", "name": "weather", "parameters": {"type": "object"}, "strict": True},
    {"type": "function", "name": "time", "parameters": {"type": "object"}, "strict": True},
    {"type": "custom", "name": "note"},
    {"type": "web_search", "search_context_size": "low"},
]


def job_of(more: str) -> str:
    """What is asked of a worker for a greeting that says this besides."""
    try:
        return changed(_understood({}).job(), _understood(json.loads(f"{{{more}}}")).job())
    except RbeeError as error:
        return _refused(error)


def tools_of(more: str) -> str:
    """Which tools the model may call, or must, and what is left out."""
    try:
        answering = _understood({"tools": _TOOLS, **json.loads(f"{{{more}}}")})
        job = answering.job()
    except RbeeError as error:
        return _refused(error)
    names = ", ".join(each.name for each in job.functions) or "nothing"
    out = ", ".join(answering.tools.left_out)
    return f"{'must' if job.must_call else 'may'} call {names}; {out} left out"


def messages_of(items: str) -> str:
    """The messages that items are, each in a word or two."""
    try:
        asked = [_item(*each.split(": ", 1)) for each in _repeated(items).split(" / ")]
        answering = _understood({"input": asked})
        messages = answering.job().messages or []
    except RbeeError as error:
        return _refused(error)
    unread = ", ".join(answering.unread)
    return in_words_of(messages) + (f"; {unread} left out" if unread else "")


def in_words_of(messages: Iterable[ChatMessage]) -> str:
    """A conversation in words: ``user time? / assistant (a thought) well calls time``."""
    told = []
    for each in messages:
        words = [each.role, f"({each.thought})" if each.thought else "", each.content]
        if each.tool_calls:
            words.append("calls " + ", ".join(call.name for call in each.tool_calls))
        told.append(" ".join(word for word in words if word))
    return " / ".join(told).replace("\n\n", "+")


def events_told(pieces: str) -> str:
    """The events of a stream, in words."""
    told = sent_by(ResponseTelling(_understood({"tools": _TOOLS}), "1", 0), pieces)
    assert [each["sequence_number"] for each in told] == list(range(len(told))), told
    return ", ".join(_event(each) for each in told)


def kept(sizes: str) -> str:
    """The sizes of what is kept of responses of these, where there is room for 100 bytes."""
    store = Kept(100)
    jobs = []
    for size in sizes.split(", "):
        answering = _understood({})
        answering.size = int(size)
        jobs.append(Job(JobRequest(model_ref="minillama", prompt="x")))
        store.keep(jobs[-1], answering)
    found = [store.of(job, "") for job in jobs]
    return ", ".join(str(each.size) for each in found if each is not None) or "none"


def _understood(said: dict[str, Any]) -> Answering:
    asked = read(encode({"model": "minillama", "input": "hello", **said}), ResponseRequest)
    kept = {"1": [Block("text", 0, text="hi"), Block("text", 1, text="long" * 10_000)]}

    def once(of: str) -> list[Block] | None:
        return kept.pop(of, None)  # so that who looks it up again is refused

    return Answering(asked, "minillama", [], once, refuse_unknown=False)


def _repeated(items: str) -> str:
    return re.sub(r"(\d+) times (.*?)(?= / |$)", lambda f: " / ".join([f[2]] * int(f[1])), items)


def _refused(error: RbeeError) -> str:
    return f"refused: {failed(in_words(error)).error.param or error.message}"


def _item(kind: str, said: str) -> dict[str, Any]:
    if kind == "reasoning":
        part = {"type": "reasoning_text", "text": said}
        return {"type": kind, "id": "rs_1", "summary": [], "content": [part]}
    if kind == "packed":
        return {"type": "reasoning", "summary": [], "encrypted_content": pack(said)}
    if kind == "call":
        return {"type": "function_call", "call_id": said, "name": said, "arguments": "{}"}
    if kind == "custom":
        return {"type": "custom_tool_call", "call_id": said, "name": said, "input": "x"}
    if kind == "output":
        return {"type": "function_call_output", "call_id": "x", "output": said}
    if kind == "mcp":
        called = {"server_label": "clock", "name": "time", "arguments": "{}"}
        return {"type": "mcp_call", "id": "mcp_1", "output": said, **called}
    if kind == "code":
        outputs = [{"type": "logs", "logs": said}]
        return {"type": "code_interpreter_call", "id": "ci_1", "code": "1+1", "outputs": outputs}
    if kind == "files":
        found = {"queries": ["who"], "results": [{"text": said}]}
        return {"type": "file_search_call", "id": "fs_1", **found}
    if kind == "shell":
        return {"type": "shell_call", "call_id": "c_1", "action": {"commands": [said]}}
    if kind == "shell output":
        output = [{"stdout": said}]
        return {"type": "shell_call_output", "call_id": "c_1", "output": output}
    if kind == "compaction":
        return {"type": kind, "encrypted_content": said}
    if kind == "reference":
        return {"type": "item_reference", "id": said}
    if kind == "bare reference":
        return {"id": said}
    if kind == "search":
        return {"type": "web_search_call", "id": said, "status": "completed"}
    part = {"type": "output_text" if kind == "assistant" else "input_text", "text": said}
    return {"type": "message", "role": kind, "content": [part]}


def _event(told: dict[str, Any]) -> str:
    kind = told["type"].removeprefix("response.")
    if kind == "output_item.added":
        return f"+{told['item']['type']}"
    if kind == "output_item.done":
        return str(told["item"]["type"])
    if kind.endswith(".delta"):
        return str(told["delta"])
    if kind in ("output_text.done", "reasoning_text.done"):
        return f"text {told['text']}"
    if kind == "function_call_arguments.done":
        return f"arguments {told['arguments']}"
    if kind == "custom_tool_call_input.done":
        return f"input {told['input']}"
    words: dict[str, str] = {"content_part.added": "+part", "content_part.done": "part"}
    return words.get(kind, str(kind))
