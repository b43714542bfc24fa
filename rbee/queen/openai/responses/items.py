"""From the items of ``/v1/responses`` to messages and back. Pure.

What a model does in one turn is several items: thoughts, words, calls. To a chat template it is one
message.
"""

from __future__ import annotations

import base64
import binascii
import functools
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from msgspec import UNSET
from msgspec.structs import replace

from rbee.queen.front.blocks import Block
from rbee.queen.front.fields import taken
from rbee.queen.front.pictures import Said
from rbee.queen.front.tools import Understood, left_out
from rbee.queen.openai.chat_messages import check_arguments
from rbee.queen.openai.responses.elsewhere import (
    UNREADABLE,
    AnsweredElsewhere,
    CalledElsewhere,
    told_of,
)
from rbee.queen.openai.responses.messages import (
    CustomCall,
    FunctionCall,
    Item,
    OutputMessage,
    OutputText,
    ReasoningOutput,
    ReasoningText,
    Status,
    SummaryText,
)
from rbee.queen.openai.responses.requests import (
    CallItem,
    ContentPart,
    MessageItem,
    OutputItem,
    ReasoningItem,
    ReferenceItem,
)
from rbee.queen.openai.responses.tools import Meant, arguments_of, text_of
from rbee.wire.errors import RbeeError, invalid
from rbee.wire.limits import LARGEST_BODY
from rbee.wire.messages.inference import ChatMessage, Picture, ToolCall

_TEXTS = ("input_text", "output_text", "text", "refusal")
_REFERENCE = "item_reference"
_ITEM_ID = re.compile(r"(?:msg|rs|fc)_(?P<of>.+)_(?P<index>\d{1,9})")
_KNOWN = "messages, reasoning, calls of functions and custom tools, and what came of them"


#: Finds the blocks of an answer by what stands of it in the ids of its items; None: it is not kept.
Refer = Callable[[str], Sequence[Block] | None]


def conversation_of(
    asked: str | Sequence[dict[str, Any]],
    refer: Refer = lambda of: None,
    *,
    refuse_unknown: bool = False,
) -> Understood:
    """The conversation that these items are. Raises `invalid_request` by the path of an item, with
    `refuse_unknown` also for one that would be left out, and `payload_too_large` where references
    bring more than a body may hold."""
    if isinstance(asked, str):
        return Understood([ChatMessage(role="user", content=asked)], [])
    turns = _Turns()
    referred = _Referred(refer)
    unread: list[str] = []
    for at, item in enumerate(asked):
        path = f"input[{at}]"
        kind = item.get("type") or ("message" if "role" in item or "id" not in item else _REFERENCE)
        if kind == "message":
            said = taken(item, MessageItem, path)
            content = _said(said.content, f"{path}.content")
            if content.pictures and said.role != "user":
                raise _strange(content.pictures[0].called, "a picture that is not the user's")
            turns.say(said.role, content.text, content.pictures)
        elif kind == "reasoning":
            turns.think(_thought(taken(item, ReasoningItem, path)))
        elif kind in ("function_call", "custom_tool_call"):
            turns.call(_call(taken(item, CallItem, path), path))
        elif kind in ("function_call_output", "custom_tool_call_output"):
            answer = taken(item, OutputItem, path)
            content = _said(answer.output, f"{path}.output")
            turns.answer(answer.call_id, content.text, content.pictures)
        elif kind == _REFERENCE:
            turns.tell(referred.block(taken(item, ReferenceItem, path).id, path))
        elif kind in UNREADABLE:
            unread.append(left_out(kind, path, "item", refuse_unknown=refuse_unknown))
        elif told := told_of(item, path):
            turns.tell_of(told, path)
        else:
            raise invalid(
                f"`{path}` is of a type that is not understood here", f"send {_KNOWN}", field=path
            )
    return Understood(turns.messages, list(dict.fromkeys(unread)))


class _Referred:
    """What items of one request refer to. An answer is looked up once, as all of it is read."""

    def __init__(self, refer: Refer) -> None:
        self._blocks_of = functools.cache(refer)
        #: The characters that were brought so far.
        self._brought = 0

    def block(self, item_id: str, path: str) -> Block:
        """The block that an item at this path refers to. Raises `invalid_request` where it is not
        kept, and `payload_too_large` where it is too much beside those before it."""
        of, at = place_of(item_id) or ("", 0)
        blocks = self._blocks_of(of)
        if blocks is None or at >= len(blocks):
            raise _unkept(path)
        self._brought += len(blocks[at].text)
        if self._brought > LARGEST_BODY:
            raise RbeeError(
                "payload_too_large",
                f"what is referred to up to `{path}` has more than {LARGEST_BODY} characters",
                "refer to less, or go on with `previous_response_id`",
                {"field": path, "limit": LARGEST_BODY},
            )
        return blocks[at]


class _Turns:
    """Makes one message of what the model did in one turn."""

    def __init__(self) -> None:
        self.messages: list[ChatMessage] = []
        #: Thought, and not yet followed by anything.
        self._thought = ""

    def say(self, role: str, text: str, pictures: Sequence[Picture] = ()) -> None:
        """Somebody says something."""
        if role == "assistant":
            before = self._turn()
            both = f"{before.content}\n\n{text}" if before.content else text
            self.messages[-1] = replace(before, content=both)
        else:
            self._thought = ""
            speaker: Any = "system" if role == "developer" else role
            self.messages.append(ChatMessage(role=speaker, content=text, pictures=[*pictures]))

    def think(self, thought: str) -> None:
        """The model thinks, before what it does next."""
        self._thought += thought

    def call(self, call: ToolCall) -> None:
        """The model calls a tool."""
        before = self._turn()
        self.messages[-1] = replace(before, tool_calls=[*before.tool_calls, call])

    def answer(self, call_id: str, text: str, pictures: Sequence[Picture] = ()) -> None:
        """A tool answers."""
        self.messages.append(
            ChatMessage(role="tool", content=text, pictures=[*pictures], tool_call_id=call_id)
        )

    def tell(self, block: Block) -> None:
        """The model does what it has done in a block of an answer."""
        if block.kind == "thought":
            self.think(block.text)
        elif block.kind == "text":
            self.say("assistant", block.text)
        elif not block.is_cut_off():
            self.call(ToolCall(id=block.id, name=block.name, arguments=block.text or "{}"))

    def tell_of(self, told: CalledElsewhere | AnsweredElsewhere, path: str) -> None:
        """A tool of another server was called, or has answered."""
        if isinstance(told, CalledElsewhere):
            arguments = told.arguments or "{}"
            check_arguments(arguments, f"{path}.arguments")
            self.call(ToolCall(id=told.call_id, name=told.name, arguments=arguments))
        if told.answer is not None:
            self.answer(told.call_id, told.answer)

    def _turn(self) -> ChatMessage:
        """The model's message that what it does now belongs to, which is the last one."""
        if not self.messages or self.messages[-1].role != "assistant":
            self.messages.append(ChatMessage(role="assistant", content=""))
        thought, self._thought = self._thought, ""
        turn = self.messages[-1]
        return replace(turn, thought=turn.thought + thought)


def message_of(blocks: Iterable[Block]) -> ChatMessage:
    """What the model has done in a turn, as one message."""
    turns = _Turns()
    for block in blocks:
        turns.tell(block)
    return turns.messages[-1] if turns.messages else ChatMessage(role="assistant", content="")


class Shape:
    """How blocks are told as items: their ids, what tools are called, and how thoughts are told."""

    def __init__(
        self, of: str, meant: dict[str, Meant], *, as_summary: bool, packed: bool, likely: bool
    ) -> None:
        """`of` stands in each id; `as_summary`: a thought is told as its summary; `packed`: also
        for who sends it back; `likely`: with how likely each token of a text was."""
        self._of = of
        self._meant = meant
        self.as_summary = as_summary
        self._packed = packed
        self.likely = likely

    def meant(self, block: Block) -> Meant:
        """What the client calls the tool that a block calls."""
        return self._meant.get(block.name, Meant("function", block.name))

    def id_of(self, block: Block) -> str:
        """What the item of a block is called."""
        prefix = {"thought": "rs", "text": "msg", "call": "fc"}[block.kind]
        return f"{prefix}_{self._of}_{block.index}"

    def begun(self, block: Block) -> Item:
        """The item of a block as it begins: with nothing in it."""
        empty = Block(block.kind, block.index, block.id, block.name)
        item = self.item(empty, "in_progress")
        if isinstance(item, OutputMessage):
            item.content = []
        elif isinstance(item, ReasoningOutput):
            item.summary, item.content, item.encrypted_content = [], UNSET, UNSET
        return item

    def item(self, block: Block, status: Status = "completed") -> Item:
        """The item of a block."""
        item_id = self.id_of(block)
        if block.kind == "text":
            return OutputMessage(id=item_id, content=[self.text(block)], status=status)
        if block.kind == "thought":
            return ReasoningOutput(
                id=item_id,
                status=status,
                summary=[SummaryText(text=block.text)] if self.as_summary else [],
                content=UNSET if self.as_summary else [ReasoningText(text=block.text)],
                encrypted_content=pack(block.text) if self._packed else UNSET,
            )
        meant = self.meant(block)
        named: dict[str, Any] = {
            "id": item_id,
            "call_id": block.id,
            "name": meant.name,
            "status": status,
            "namespace": meant.namespace or UNSET,
        }
        if meant.type == "custom":
            return CustomCall(**named, input=text_of(block.text))
        return FunctionCall(**named, arguments=block.text)

    def text(self, block: Block) -> OutputText:
        """The content of a message."""
        return OutputText(text=block.text, logprobs=block.logprobs if self.likely else [])


def place_of(item_id: str) -> tuple[str, int] | None:
    """What an id of `Shape.id_of` names: the answer that it is of, and the number of its block."""
    found = _ITEM_ID.fullmatch(item_id)
    return (found["of"], int(found["index"])) if found else None


def pack(thought: str) -> str:
    """A thought as clients carry it that show none: opaque to them, and no secret."""
    return base64.b64encode(thought.encode()).decode()


def _unpacked(packed: str) -> str:
    """The thought that was packed; empty for what somebody else has packed."""
    try:
        return base64.b64decode(packed, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return ""


def _thought(item: ReasoningItem) -> str:
    content = "".join(part.text for part in item.content or ())
    summary = "\n\n".join(part.text for part in item.summary or ())
    return content or _unpacked(item.encrypted_content or "") or summary


def _call(item: CallItem, path: str) -> ToolCall:
    name = Meant("", item.name, item.namespace or "").function_name
    if item.type == "custom_tool_call":
        return ToolCall(id=item.call_id, name=name, arguments=arguments_of(item.input))
    check_arguments(item.arguments, f"{path}.arguments")
    return ToolCall(id=item.call_id, name=name, arguments=item.arguments)


def _said(content: str | Sequence[ContentPart], path: str) -> Said:
    said = Said()
    if isinstance(content, str):
        said.say(content)
        return said
    for at, part in enumerate(content):
        where = f"{path}[{at}]"
        if part.type in _TEXTS:
            said.say(part.text or part.refusal)
        elif part.type != "input_image":
            raise _strange(
                where, f"of the type {part.type!r}, and text and pictures are understood"
            )
        elif part.image_url is None:
            raise _strange(where, "a picture that is not here; send it as `image_url`")
        else:
            said.show_at(part.image_url, where)
    return said


def _unkept(path: str) -> RbeeError:
    what = f"`{path}` is a reference to an item that is not kept here"
    return invalid(what, "send the item itself", field=path)


def _strange(path: str, what: str) -> RbeeError:
    return invalid(f"`{path}` is {what}", "send text, or the user's pictures", field=path)
