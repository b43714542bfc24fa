"""The events of one streamed answer in Anthropic's words."""

from __future__ import annotations

from collections.abc import Iterator

from rbee.queen.anthropic.errors import failed
from rbee.queen.anthropic.mapping import Answering, signature_of, stop_reason_of, usage_of
from rbee.queen.anthropic.messages import (
    Content,
    Message,
    MessageDelta,
    MessageEvent,
    TextContent,
    ThinkingContent,
    ToolUseContent,
)
from rbee.queen.front.blocks import Block, Change
from rbee.queen.front.streaming import TellingBlocks, event
from rbee.wire.errors import RbeeError
from rbee.wire.messages.events import Done

_PING = event("ping", MessageEvent(type="ping"))


class MessageTelling(TellingBlocks):
    """See `front.streaming.Telling`. `mark` is what the answer can be spoken of by."""

    def __init__(self, answering: Answering, message_id: str, mark: str) -> None:
        super().__init__()
        self._answering = answering
        self._id = message_id
        self._mark = mark
        #: The number of the block that is told now; those of which nothing is told have none.
        self._index = -1

    def wait(self, is_due: bool) -> list[bytes]:
        """See `front.streaming.Telling`."""
        return [*self.begin(), _PING] if is_due else []

    def end(self) -> list[bytes]:
        """See `front.streaming.Telling`."""
        done = self.done or Done()
        ended = MessageDelta(
            stop_reason=stop_reason_of(done), stop_sequence=done.stopped_by or None
        )
        return [
            *self.begin(),
            *self.changed(self.blocks.close()),
            _event(MessageEvent(type="message_delta", delta=ended, usage=usage_of(done))),
            _event(MessageEvent(type="message_stop")),
        ]

    def fail(self, error: RbeeError) -> list[bytes]:
        """See `front.streaming.Telling`."""
        return [event("error", failed(error, self._mark))]

    def beginning(self) -> list[bytes]:
        """See `TellingBlocks`."""
        # How much was read is known in the end, and told then.
        message = Message(
            id=self._id, model=self._answering.model, content=[], usage=usage_of(Done())
        )
        return [_event(MessageEvent(type="message_start", message=message))]

    def changed(self, changes: list[Change]) -> list[bytes]:
        """See `TellingBlocks`. Not everybody is told thoughts."""
        events = []
        for change in changes:
            if change.block.kind != "thought" or self._answering.tells_thoughts:
                events += list(self._events(change))
        return events

    def _events(self, change: Change) -> Iterator[bytes]:
        block = change.block
        if change.what == "opened":
            self._index += 1
            start = MessageEvent(
                type="content_block_start", index=self._index, content_block=_begun(block)
            )
            yield _event(start)
        elif change.what == "grown":
            yield self._delta(_grown(block, change.piece))
        else:
            if block.kind == "thought":
                signature = signature_of(self._id)
                yield self._delta(MessageDelta(type="signature_delta", signature=signature))
            yield _event(MessageEvent(type="content_block_stop", index=self._index))

    def _delta(self, delta: MessageDelta) -> bytes:
        return _event(MessageEvent(type="content_block_delta", index=self._index, delta=delta))


def _begun(block: Block) -> Content:
    if block.kind == "thought":
        return ThinkingContent(thinking="", signature="")
    if block.kind == "text":
        return TextContent(text="")
    return ToolUseContent(id=block.id, name=block.name, input={})


def _grown(block: Block, piece: str) -> MessageDelta:
    if block.kind == "thought":
        return MessageDelta(type="thinking_delta", thinking=piece)
    if block.kind == "text":
        return MessageDelta(type="text_delta", text=piece)
    return MessageDelta(type="input_json_delta", partial_json=piece)


def _event(data: MessageEvent) -> bytes:
    return event(data.type, data)
