"""From Anthropic's requests to jobs, and from what jobs tell to Anthropic's answers. Pure."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

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
    TextBlock,
    ThinkingBlock,
    Tool,
    ToolChange,
    ToolReference,
    ToolResultBlock,
    ToolUseBlock,
)
from rbee.queen.front.blocks import Block, Blocks
from rbee.queen.front.fields import taken
from rbee.queen.front.pictures import Said
from rbee.queen.front.prefilled import as_prefilled
from rbee.queen.front.tools import left_out, loosened
from rbee.wire.errors import RbeeError, invalid
from rbee.wire.limits import MOST_TOKENS
from rbee.wire.messages.basics import encode
from rbee.wire.messages.events import Done
from rbee.wire.messages.inference import ChatMessage, ToolCall, ToolFunction
from rbee.wire.messages.jobs import JobRequest

PREFIX = "msg_"
#: Between blocks of text that are one text to a model.
_BETWEEN = "\n\n"
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
        self.job = _job(asked, ref, self.tools)

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
        if block.is_cut_off():
            return TextContent(text=f"{block.name}{block.text}")  # no object comes of it
        arguments = msgspec.json.decode(block.text or "{}", type=dict[str, Any])
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


def messages_of(asked: CountRequest) -> list[ChatMessage]:
    """The conversation of a request. Raises `invalid_request` by the path of a block."""
    messages = []
    system = _texts(asked.system or "", "system").text
    if system:
        messages.append(ChatMessage(role="system", content=system))
    for at, message in enumerate(asked.messages):
        messages += list(_messages(message, f"messages[{at}]"))
    return messages


def _job(asked: CountRequest, ref: str, tools: Tools) -> JobRequest:
    config = asked.output_config
    form = (config.format if config else None) or asked.output_format
    if form is not None and tools.must_call:
        raise _wrong("output_config.format", "does not go with a call that is demanded")
    messages = as_prefilled(messages_of(asked), functools.partial(_wrong, "messages"))
    if messages[-1].role == "assistant" and tools.must_call:
        raise _wrong("tool_choice", "demands a call, and messages ends with the model's words")
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


def _messages(asked: AnthropicMessage, path: str) -> Iterable[ChatMessage]:
    """A message of a conversation, before it what tools have answered."""
    if isinstance(asked.content, str):
        return [ChatMessage(role=asked.role, content=asked.content)]
    messages: list[ChatMessage] = []
    said = Said(_BETWEEN)
    thoughts: list[str] = []
    calls: list[ToolCall] = []
    is_said, is_told = True, False
    for at, block in enumerate(asked.content):
        where = f"{path}.content[{at}]"
        kind = block.get("type")
        if kind == "thinking" and asked.role == "assistant":
            thoughts.append(taken(block, ThinkingBlock, where).thinking)
        elif kind == "redacted_thinking" and asked.role == "assistant":
            continue  # nobody but whoever has made it can read it
        elif kind in _CHANGES and asked.role == "system":
            is_said = False  # it is about the tools; see `Tools`
        elif kind == "tool_use" and asked.role == "assistant":
            called = taken(block, ToolUseBlock, where)
            arguments = encode(called.input).decode()
            calls.append(ToolCall(id=called.id, name=called.name, arguments=arguments))
        elif kind == "tool_result" and asked.role == "user":
            answer = taken(block, ToolResultBlock, where)
            result = _texts(answer.content or "", f"{where}.content", shows=True)
            text = result.text or ("error" if answer.is_error else "")
            messages.append(
                ChatMessage(
                    role="tool",
                    content=text,
                    pictures=result.pictures,
                    tool_call_id=answer.tool_use_id,
                )
            )
        else:
            _take_in(said, block, where, shows=asked.role == "user")
            is_told = True
    if is_told or thoughts or calls or (is_said and not messages):
        messages.append(
            ChatMessage(
                role=asked.role,
                content=said.text,
                pictures=said.pictures,
                thought="".join(thoughts),
                tool_calls=calls,
            )
        )
    return messages


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
    source = block.get("source")
    if kind == "document" and isinstance(source, dict) and source.get("type") == "text":
        document = taken(block, DocumentBlock, path)
        parts = (document.title, document.context, document.source.data)
        return _BETWEEN.join(part for part in parts if part)
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
