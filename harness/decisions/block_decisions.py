"""What Anthropic's words mean to the queen, asked in this process."""

from __future__ import annotations

import json
import re
from typing import Any

from aiohttp.test_utils import make_mocked_request

from harness.decisions.answer_pieces import changed, events_of, sent_by
from harness.decisions.item_decisions import in_words_of
from rbee.queen.anthropic.errors import failure
from rbee.queen.anthropic.mapping import Answering
from rbee.queen.anthropic.messages import MESSAGES
from rbee.queen.anthropic.requests import MessagesRequest
from rbee.queen.anthropic.telling import MessageTelling
from rbee.queen.front.blocks import blocks_of
from rbee.queen.front.fields import read
from rbee.wire.errors import RbeeError
from rbee.wire.messages.basics import encode
from rbee.wire.messages.events import Done, Token

_HELLO = [{"role": "user", "content": "hello"}]
_TOOLS = [
    {"name": "weather", "input_schema": {"type": "object"}, "cache_control": {"type": "ephemeral"}},
    {"type": "custom", "name": "time", "input_schema": {"type": "object"}},
    {"type": "web_search_20250305", "name": "web_search", "max_uses": 5},
]


def job_of(more: str) -> str:
    """What is asked of a worker for a greeting that says this besides."""
    try:
        return changed(_understood({}).job, _understood(json.loads(f"{{{more}}}")).job)
    except RbeeError as error:
        return _refused(error)


def tools_of(more: str) -> str:
    """Which tools the model may call, or must, and what is left out."""
    said = {"tools": _TOOLS, **json.loads(f"{{{more}}}")}
    said["messages"] = [*_HELLO, *said.pop("then", [])]
    try:
        answering = _understood(said)
    except RbeeError as error:
        return _refused(error)
    job = answering.job
    names = ", ".join(each.name for each in job.functions) or "nothing"
    one = "one of " if job.parallel_calls is False else ""
    out = ", ".join(answering.tools.left_out)
    return f"{'must' if job.must_call else 'may'} call {one}{names}; {out} left out"


def schema_of(said: str) -> str:
    """The schema of a tool, as the model is held to it; that of a strict one stays as it is."""
    tool = {"name": "note", "input_schema": json.loads(f"{{{said}}}")}
    strict = _understood({"tools": [{**tool, "strict": True}]}).job.functions[0].parameters
    assert strict == tool["input_schema"], strict
    return json.dumps(_understood({"tools": [tool]}).job.functions[0].parameters)


def messages_of(conversation: str, *, refuse_unknown: bool = False) -> str:
    """The messages of a job, each in a word or two."""
    messages = []
    for each in conversation.split(" / "):
        role, _, blocks = each.partition(" ")
        content = [_block(*block.split(" ", 1)) for block in blocks.split(", ")]
        messages.append({"role": role, "content": content})
    try:
        answering = _understood({"messages": messages}, refuse_unknown=refuse_unknown)
    except RbeeError as error:
        return _refused(error)
    unread = ", ".join(answering.unread)
    return in_words_of(answering.job.messages or []) + (f"; {unread} left out" if unread else "")


def events_told(pieces: str) -> str:
    """The events of a stream, in words."""
    told = sent_by(MessageTelling(_understood({"tools": _TOOLS}), "msg_1", "req_1"), pieces)
    numbers = [each["index"] for each in told if each["type"] == "content_block_start"]
    assert numbers == list(range(len(numbers))), told
    return ", ".join(_event(each) for each in told)


def message_told(pieces: str) -> str:
    """The blocks of an answer in one piece, and why it ended, in words."""
    pieces = re.sub(r"(\S) (\d+) times", lambda found: found[1] * int(found[2]), pieces)
    events = [event for event in events_of(pieces) if event is not None]
    tokens = [event.read(Token) for event in events if event.name == "token"]
    answering = _understood({"tools": _TOOLS})
    message = answering.message("msg_1", blocks_of(tokens), events[-1].read(Done))
    return ", ".join(
        [*map(_content, json.loads(encode(message.content))), message.stop_reason or ""]
    )


def error_told(code: str, details: str) -> str:
    """How an error is answered: its status, its type, and how its message begins."""
    request = make_mocked_request("POST", MESSAGES.path)
    answer = failure(request, RbeeError(code, "it failed", "", json.loads(details)))
    body = json.loads(str(answer.text))
    assert body["type"] == "error" and body["request_id"] == answer.headers["request-id"], body
    message = body["error"]["message"].partition(";")[0]
    return f"{answer.status} {body['error']['type']}: {message}"


def _understood(said: dict[str, Any], *, refuse_unknown: bool = False) -> Answering:
    least = {"model": "minillama", "max_tokens": 100, "messages": _HELLO}
    asked = read(encode({**least, **said}), MessagesRequest)
    return Answering(asked, "minillama", "minillama", refuse_unknown=refuse_unknown)


def _refused(error: RbeeError) -> str:
    return f"refused: {error.details.get('field') or error.message}"


def _block(kind: str, said: str) -> dict[str, Any]:
    if kind == "thinking":
        return {"type": kind, "thinking": said, "signature": "x"}
    if kind == "redacted_thinking":
        return {"type": kind, "data": said}
    if kind == "tool_use":
        return {"type": kind, "id": f"toolu_{said}", "name": said, "input": {}}
    if kind == "tool_result":
        content = [{"type": "text", "text": said}]
        return {"type": kind, "tool_use_id": "toolu_1", "content": content}
    if kind in ("tool_addition", "tool_removal"):
        return {"type": kind, "tool": {"type": "tool_reference", "name": said}}
    if kind == "document":
        source = {"type": "text", "media_type": "text/plain", "data": said}
        return {"type": kind, "source": source}
    if kind == "document_of_blocks":
        blocks = [{"type": "text", "text": said}]
        return {"type": "document", "source": {"type": "content", "content": blocks}}
    if kind == "search_result":
        content = [{"type": "text", "text": said}]
        return {"type": kind, "title": "a title", "source": "a place", "content": content}
    if kind in ("server_tool_use", "mcp_tool_use"):
        return {"type": kind, "id": "srvtoolu_1", "name": said, "input": {}}
    if kind in ("web_search_tool_result", "mcp_tool_result"):
        found = {"type": "web_search_result", "title": said, "encrypted_content": "x"}
        content = [found if kind.startswith("web") else {"type": "text", "text": said}]
        return {"type": kind, "tool_use_id": "srvtoolu_1", "content": content}
    if kind == "deep_tool_result":
        nested: list[Any] = []
        for _ in range(int(said)):
            nested = [nested]
        return {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": nested}
    if kind == "container_upload":
        return {"type": kind, "file_id": said}
    if kind == "image":
        return {"type": kind, "source": {"type": "url", "url": said}}
    return {"type": kind, "text": said, "cache_control": {"type": "ephemeral"}}


def _content(block: dict[str, Any]) -> str:
    said = block.get("text") or block.get("thinking") or block.get("name")
    called = f" {json.dumps(block['input'])}" if "input" in block else ""
    return f"{block['type']} {said}{called}"


def _event(told: dict[str, Any]) -> str:
    kind, delta = told["type"], told.get("delta", {})
    if kind == "content_block_start":
        return f"+{told['content_block']['type']}"
    if kind == "content_block_delta":
        words = ("text", "thinking", "partial_json")
        return str(next((delta[word] for word in words if word in delta), "signature"))
    if kind == "message_delta":
        return str(delta["stop_reason"])
    names = {"message_start": "start", "content_block_stop": "-", "message_stop": "stop"}
    return str(names.get(kind, kind))
