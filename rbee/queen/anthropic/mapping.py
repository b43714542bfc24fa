"""From Anthropic's requests to jobs, and from what jobs tell to Anthropic's answers. Pure."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from typing import Any, Literal

from rbee.queen.anthropic import elsewhere
from rbee.queen.anthropic.messages import (
    Content,
    Message,
    MessageUsage,
    StopReason,
    TextContent,
    ThinkingContent,
    ToolUseContent,
)
from rbee.queen.anthropic.requests import (
    AnthropicMessage,
    CountRequest,
    DocumentBlock,
    ImageBlock,
    MessagesRequest,
    SearchResultBlock,
    ServerToolResultBlock,
    ServerToolUseBlock,
    TextBlock,
    ThinkingBlock,
    Tool,
    ToolChange,
    ToolReference,
    ToolResultBlock,
    ToolUseBlock,
)
from rbee.queen.front.blocks import Block, Blocks, whole_members
from rbee.queen.front.fields import taken
from rbee.queen.front.pictures import Said
from rbee.queen.front.prefilled import as_prefilled
from rbee.queen.front.tools import Understood, left_out, loosened
from rbee.wire.errors import RbeeError, invalid
from rbee.wire.limits import MOST_TOKENS
from rbee.wire.messages.basics import encode
from rbee.wire.messages.events import Done
from rbee.wire.messages.inference import ChatMessage, Picture, ToolCall, ToolFunction
from rbee.wire.messages.jobs import JobRequest

PREFIX = "msg_"
#: Between blocks of text that are one text to a model.
_BETWEEN = "\n\n"
#: Where the text of a document is that can be read.
_READ_SOURCES = ("text", "content")
#: Blocks of messages of `system` that are about tools.
_CHANGES = ("tool_addition", "tool_removal")


class Tools:
    """The functions that a model may call, and the types of tools that are left out."""

    def __init__(self, asked: CountRequest, *, refuse_unknown: bool) -> None:
        """Raises what the request gets wrong."""
        self.left_out: list[str] = []
        self._refuse_unknown = refuse_unknown
        offered: list[Tool] = []
        for at, tool in enumerate(asked.tools or ()):
            offered += self._taken(tool, f"tools[{at}]")
        for path, change in _changes(asked):
            changed = change.tool
            if change.type == "tool_removal":
                offered = [each for each in offered if each.name != changed.name]
            elif changed.definition is not None:
                offered += self._taken(changed.definition, f"{path}.tool.definition")
        for at, _ in enumerate(asked.mcp_servers or ()):
            named = left_out("mcp_servers", f"mcp_servers[{at}]", refuse_unknown=refuse_unknown)
            self.left_out += [named] if named not in self.left_out else []
        choice = asked.tool_choice
        kind = choice.type if choice else "auto"
        if choice is not None and kind == "tool":
            offered = [tool for tool in offered if tool.name == choice.name]
        self.must_call = kind in ("any", "tool")
        if self.must_call and not offered:
            raise _wrong("tool_choice", "demands a call, and there is no such tool")
        self.functions = [] if kind == "none" else [_function(tool) for tool in offered]
        one = choice is not None and choice.disable_parallel_tool_use
        self.parallel_calls = False if one else None

    def _taken(self, tool: dict[str, Any], path: str) -> list[Tool]:
        """A tool, or nothing where it is left out."""
        kind = tool.get("type") or "custom"
        if kind == "custom":
            return [taken(tool, Tool, path)]
        self.left_out.append(left_out(kind, path, refuse_unknown=self._refuse_unknown))
        return []


class Answering:
    """One request, understood, and its answer. `model` is what the asker calls the model."""

    def __init__(self, asked: CountRequest, ref: str, model: str, *, refuse_unknown: bool) -> None:
        """Raises what the request gets wrong."""
        self.model = model
        self.tools = Tools(asked, refuse_unknown=refuse_unknown)
        thinking = asked.thinking
        self.tells_thoughts = thinking is None or thinking.display != "omitted"
        said = conversation_of(asked, refuse_unknown=refuse_unknown)
        #: The types of the blocks that the model is told nothing of.
        self.unread: Sequence[str] = said.left_out
        self.job = _job(asked, ref, self.tools, said.messages)

    def message(self, message_id: str, blocks: Blocks, done: Done) -> Message:
        """The answer in one piece."""
        whole = [self.content(block, message_id) for block in blocks.all]
        return Message(
            id=message_id,
            model=self.model,
            content=[each for each in whole if each is not None],
            usage=usage_of(done),
            stop_reason=stop_reason_of(done),
            stop_sequence=done.stopped_by or None,
        )

    def content(self, block: Block, message_id: str) -> Content | None:
        """What is told of a block; None: nothing."""
        if block.kind == "thought":
            thinking = ThinkingContent(thinking=block.text, signature=signature_of(message_id))
            return thinking if self.tells_thoughts else None
        if block.kind == "text":
            return TextContent(text=block.text)
        arguments = whole_members(block.text)
        return ToolUseContent(id=block.id, name=block.name, input=arguments)


def signature_of(message_id: str) -> str:
    """What stands for the signature of a thought: nobody checks it here."""
    return message_id.removeprefix(PREFIX)


def usage_of(done: Done) -> MessageUsage:
    """The counts of tokens."""
    return MessageUsage(input_tokens=done.tokens_in, output_tokens=done.tokens_out)


def stop_reason_of(done: Done) -> StopReason:
    """Why an answer ended."""
    if done.stopped_by:
        return "stop_sequence"
    if done.finish_reason == "tool_calls":
        return "tool_use"
    if done.finish_reason == "stop":
        return "end_turn"
    return "model_context_window_exceeded" if done.context_full else "max_tokens"


def conversation_of(asked: CountRequest, *, refuse_unknown: bool = False) -> Understood:
    """The conversation of a request. Raises `invalid_request` by the path of a block, with
    `refuse_unknown` also for one that would be left out."""
    messages: list[ChatMessage] = []
    unread: list[str] = []
    system = _texts(asked.system or "", "system").text
    if system:
        messages.append(ChatMessage(role="system", content=system))
    for at, message in enumerate(asked.messages):
        told = _messages(message, f"messages[{at}]", refuse_unknown=refuse_unknown)
        messages += told.messages
        unread += told.left_out
    return Understood(messages, list(dict.fromkeys(unread)))


def _job(asked: CountRequest, ref: str, tools: Tools, said: list[ChatMessage]) -> JobRequest:
    config = asked.output_config
    form = (config.format if config else None) or asked.output_format
    if form is not None and tools.must_call:
        raise _wrong("output_config.format", "does not go with a call that is demanded")
    messages = as_prefilled(
        said,
        functools.partial(_wrong, "messages"),
        must_call=tools.must_call,
        is_json=form is not None,
    )
    thinks = asked.thinking.type if asked.thinking else ""
    effort = config.effort if config else None
    return JobRequest(
        model_ref=ref,
        messages=messages,
        functions=tools.functions,
        must_call=tools.must_call,
        parallel_calls=tools.parallel_calls,
        json_schema=form.schema if form else None,
        think={"enabled": True, "disabled": False}.get(thinks),
        thought_tokens=asked.thinking.budget_tokens if asked.thinking else None,
        template_values={"reasoning_effort": effort} if effort else {},
        **(_sampled(asked) if isinstance(asked, MessagesRequest) else {}),
    )


def _sampled(asked: MessagesRequest) -> dict[str, Any]:
    """How the answer is written."""
    return {
        "max_tokens": min(asked.max_tokens, MOST_TOKENS) if asked.max_tokens else None,
        "temperature": asked.temperature,
        # A `top_p` of 0 leaves the likeliest token alone, which is `top_k` 1.
        "top_p": asked.top_p or None,
        "top_k": 1 if asked.top_p == 0 else asked.top_k,
        "stop": [text for text in asked.stop_sequences or () if text] or None,
    }


class _Turn:
    """One message of a conversation, which becomes several: what tools have answered is told by
    messages of their own."""

    def __init__(self, role: Literal["user", "assistant", "system"]) -> None:
        self.role = role
        self.messages: list[ChatMessage] = []
        self.said = Said(_BETWEEN)
        #: The types of the blocks that a model is told nothing of.
        self.left_out: list[str] = []
        self._thoughts: list[str] = []
        self._calls: list[ToolCall] = []
        #: Calls that a server has to answer, by their ids, each with the type and the path of its
        #: block.
        self._asked: dict[str, tuple[ToolCall, str, str]] = {}
        self._is_told = False

    def tells(self) -> None:
        """There is something to say, if it be nothing."""
        self._is_told = True

    def think(self, thought: str) -> None:
        """The model thinks."""
        self._thoughts.append(thought)

    def call(self, called: ToolUseBlock) -> None:
        """The model calls a tool."""
        self._calls.append(_call(called))

    def call_server(self, called: ServerToolUseBlock, kind: str, path: str) -> None:
        """The model calls a tool of a server, by a block of this type at this path."""
        self._asked[called.id] = _call(called), kind, path

    def answered(self, call_id: str, text: str, pictures: Sequence[Picture] = ()) -> None:
        """A tool has answered."""
        self.messages.append(
            ChatMessage(role="tool", content=text, pictures=[*pictures], tool_call_id=call_id)
        )

    def answered_by_server(self, call_id: str, text: str) -> bool:
        """The same of a tool of a server; False: it was not called."""
        asked = self._asked.pop(call_id, None)
        if asked is None:
            return False
        self._calls.append(asked[0])
        self._close()
        self.answered(call_id, text)
        return True

    def end(self, *, refuse_unknown: bool) -> list[ChatMessage]:
        """All of it, without the calls that no server has answered. Raises `invalid_request` where
        there are such, and what is unknown is refused."""
        for _, kind, path in self._asked.values():
            self.left_out.append(left_out(kind, path, "item", refuse_unknown=refuse_unknown))
        if self._is_told or self._thoughts or self._calls:
            self._close()
        return self.messages

    def _close(self) -> None:
        self.messages.append(
            ChatMessage(
                role=self.role,
                content=self.said.text,
                pictures=self.said.pictures,
                thought="".join(self._thoughts),
                tool_calls=self._calls,
            )
        )
        self.said, self._thoughts, self._calls = Said(_BETWEEN), [], []
        self._is_told = False


def _messages(asked: AnthropicMessage, path: str, *, refuse_unknown: bool) -> Understood:
    """What a message says, and what tools have answered in it."""
    if isinstance(asked.content, str):
        return Understood([ChatMessage(role=asked.role, content=asked.content)], [])
    turn, is_models = _Turn(asked.role), asked.role == "assistant"
    is_said = True
    for at, block in enumerate(asked.content):
        where = f"{path}.content[{at}]"
        kind = str(block.get("type"))
        if kind == "thinking" and is_models:
            turn.think(taken(block, ThinkingBlock, where).thinking)
        elif kind == "redacted_thinking" and is_models:
            continue  # nobody but whoever has made it can read it
        elif kind in _CHANGES and asked.role == "system":
            is_said = False  # it is about the tools; see `Tools`
        elif kind == "tool_use" and is_models:
            turn.call(taken(block, ToolUseBlock, where))
        elif kind in elsewhere.CALLS and is_models:
            turn.call_server(taken(block, ServerToolUseBlock, where), kind, where)
        elif kind.endswith(elsewhere.ANSWER) and is_models:
            told = taken(block, ServerToolResultBlock, where)
            if not turn.answered_by_server(told.tool_use_id, elsewhere.readable(told.content)):
                turn.left_out.append(left_out(kind, where, "item", refuse_unknown=refuse_unknown))
        elif kind == "tool_result" and asked.role == "user":
            answer = taken(block, ToolResultBlock, where)
            result = _texts(answer.content or "", f"{where}.content", shows=True)
            text = result.text or ("error" if answer.is_error else "")
            turn.answered(answer.tool_use_id, text, result.pictures)
        elif kind == elsewhere.UPLOAD:
            turn.left_out.append(left_out(kind, where, "item", refuse_unknown=refuse_unknown))
        else:
            _take_in(turn.said, block, where, shows=asked.role == "user")
            turn.tells()
    messages = turn.end(refuse_unknown=refuse_unknown)
    if is_said and not messages:
        messages = [ChatMessage(role=asked.role, content="")]
    return Understood(messages, turn.left_out)


def _call(called: ToolUseBlock | ServerToolUseBlock) -> ToolCall:
    arguments = encode(called.input).decode()
    return ToolCall(id=called.id, name=called.name, arguments=arguments)


def _changes(asked: CountRequest) -> Iterator[tuple[str, ToolChange]]:
    """The tools that come and go in the course of a conversation."""
    for number, message in enumerate(asked.messages):
        if message.role != "system" or isinstance(message.content, str):
            continue
        for at, block in enumerate(message.content):
            if block.get("type") in _CHANGES:
                path = f"messages[{number}].content[{at}]"
                yield path, taken(block, ToolChange, path)


def _texts(content: str | Sequence[dict[str, Any]], path: str, *, shows: bool = False) -> Said:
    """What a text, or blocks of it, say, and where it `shows` pictures, those."""
    said = Said(_BETWEEN)
    if isinstance(content, str):
        said.say(content)
        return said
    for at, block in enumerate(content):
        _take_in(said, block, f"{path}[{at}]", shows=shows)
    return said


def _take_in(said: Said, block: dict[str, Any], path: str, *, shows: bool) -> None:
    """Takes a block in: a text, or where it `shows` any, a picture."""
    if block.get("type") != "image" or not shows:
        said.say(_text(block, path))
        return
    source = block.get("source")
    if isinstance(source, dict) and source.get("type") == "url" and "url" in source:
        said.show_at(str(source["url"]), path)
    else:
        said.show(taken(block, ImageBlock, path).source.data, path)


def _text(block: dict[str, Any], path: str) -> str:
    """What a block says. Raises where that is no text."""
    kind = block.get("type")
    if kind == "text":
        return taken(block, TextBlock, path).text
    if kind == "tool_reference":
        return taken(block, ToolReference, path).tool_name
    if kind == "search_result":
        found = taken(block, SearchResultBlock, path)
        parts = (found.title, found.source, _texts(found.content, f"{path}.content").text)
        return _BETWEEN.join(part for part in parts if part)
    source = block.get("source")
    if kind == "document" and isinstance(source, dict) and source.get("type") in _READ_SOURCES:
        document = taken(block, DocumentBlock, path)
        said = document.source.data
        if said is None:
            said = _texts(document.source.content or "", f"{path}.source.content").text
        parts = (document.title or "", document.context or "", said)
        return _BETWEEN.join(part for part in parts if part)
    if kind == "document" and isinstance(source, dict):
        said = source.get("media_type") or source.get("type")
        raise _wrong(path, f"is a document of the kind {said!r}, and texts alone are read")
    raise _wrong(path, f"is of the type {kind!r}, which is not understood here")


def _function(tool: Tool) -> ToolFunction:
    schema = tool.input_schema if tool.strict else loosened(tool.input_schema)
    return ToolFunction(
        name=tool.name,
        description=tool.description or "",
        parameters=schema,
        strict=bool(tool.strict),
    )


def _wrong(field: str, what: str) -> RbeeError:
    return invalid(f"`{field}` {what}", f"change {field}", field=field)
