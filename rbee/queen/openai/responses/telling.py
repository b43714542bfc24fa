"""The events of one streamed answer of ``/v1/responses``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rbee.queen.front.blocks import Block, Blocks, Change
from rbee.queen.front.streaming import TellingBlocks, event
from rbee.queen.openai.errors import failed
from rbee.queen.openai.responses.mapping import Answering, failure_of, in_words
from rbee.queen.openai.responses.messages import (
    OutputText,
    ReasoningText,
    Response,
    ResponseEvent,
    SummaryText,
)
from rbee.queen.openai.responses.tools import text_of
from rbee.wire.errors import RbeeError
from rbee.wire.narration import now_ms


class ResponseTelling(TellingBlocks):
    """See `front.streaming.Telling`."""

    def __init__(self, answering: Answering, job_id: str, began_ms: int) -> None:
        super().__init__()
        self._answering = answering
        self._job_id = job_id
        self._began_ms = began_ms
        self._shape = answering.shape(job_id)
        self._number = 0

    def wait(self, is_due: bool) -> list[bytes]:
        """The first events; and then that it goes on, since comments keep no client waiting that
        counts events."""
        if not is_due:
            return []
        if not self.is_begun:
            return self.begin()
        waiting = self._answering.response(self._job_id, self._began_ms, Blocks())
        return [self._event("response.in_progress", response=waiting)]

    def end(self) -> list[bytes]:
        """See `front.streaming.Telling`."""
        pieces = [*self.begin(), *self.changed(self.blocks.close())]
        whole = self._so_far()
        return [*pieces, self._event(f"response.{whole.status}", response=whole)]

    def fail(self, error: RbeeError) -> list[bytes]:
        """See `front.streaming.Telling`. Some clients read the first of the two, some the other."""
        why = failed(in_words(error)).error
        whole = self._answering.response(
            self._job_id, self._began_ms, self.blocks, failed=failure_of(why), status="failed"
        )
        return [
            *self.begin(),
            self._event("response.failed", response=whole),
            self._event("error", code=why.code, message=why.message, param=why.param),
        ]

    def beginning(self) -> list[bytes]:
        """See `TellingBlocks`."""
        begun = self._so_far()
        return [self._event(f"response.{each}", response=begun) for each in _BEGIN]

    def _so_far(self) -> Response:
        return self._answering.response(
            self._job_id, self._began_ms, self.blocks, self.done, ended_ms=now_ms()
        )

    def _event(self, kind: str, **fields: Any) -> bytes:
        number, self._number = self._number, self._number + 1
        return event(kind, ResponseEvent(type=kind, sequence_number=number, **fields))

    def changed(self, changes: list[Change]) -> list[bytes]:
        """See `TellingBlocks`."""
        return [each for change in changes for each in self._events(change)]

    def _events(self, change: Change) -> Iterator[bytes]:
        block = change.block
        at: dict[str, Any] = {"output_index": block.index}
        of: dict[str, Any] = {**at, "item_id": self._shape.id_of(block)}
        if change.what == "opened":
            begun = self._shape.begun(block)
            yield self._event("response.output_item.added", **at, item=begun)
            yield from self._part(block, of, "added", OutputText(text=""), "")
        elif change.what == "grown":
            yield from self._grown(change, of)
        else:
            yield from self._closed(block, of)
            item = self._shape.item(block)
            yield self._event("response.output_item.done", **at, item=item)

    def _part(
        self, block: Block, of: dict[str, Any], what: str, text: OutputText, thought: str
    ) -> Iterator[bytes]:
        """The one part that a message, and a thought, has."""
        if block.kind == "text":
            yield self._event(f"response.content_part.{what}", **of, content_index=0, part=text)
        elif block.kind == "thought" and self._shape.as_summary:
            yield self._event(
                f"response.reasoning_summary_part.{what}",
                **of,
                summary_index=0,
                part=SummaryText(text=thought),
            )
        elif block.kind == "thought":
            part = ReasoningText(text=thought)
            yield self._event(f"response.content_part.{what}", **of, content_index=0, part=part)

    def _grown(self, change: Change, of: dict[str, Any]) -> Iterator[bytes]:
        kind, at = self._kind(change.block)
        if kind == "custom_tool_call_input":
            return  # what is in it is known once it is whole
        if kind == "output_text":
            at["logprobs"] = list(change.logprobs) if self._shape.likely else []
        yield self._event(f"response.{kind}.delta", **of, **at, delta=change.piece)

    def _closed(self, block: Block, of: dict[str, Any]) -> Iterator[bytes]:
        kind, at = self._kind(block)
        if kind == "function_call_arguments":
            name = self._shape.meant(block).name
            yield self._event(f"response.{kind}.done", **of, name=name, arguments=block.text)
        elif kind == "custom_tool_call_input":
            text = text_of(block.text)
            yield self._event(f"response.{kind}.delta", **of, delta=text)
            yield self._event(f"response.{kind}.done", **of, input=text)
        else:
            whole = self._shape.text(block)
            if kind == "output_text":
                at["logprobs"] = whole.logprobs
            yield self._event(f"response.{kind}.done", **of, **at, text=block.text)
            yield from self._part(block, of, "done", whole, block.text)

    def _kind(self, block: Block) -> tuple[str, dict[str, Any]]:
        """What the events of a block are called, and where in it they are."""
        if block.kind == "text":
            return "output_text", {"content_index": 0}
        if block.kind == "thought" and self._shape.as_summary:
            return "reasoning_summary_text", {"summary_index": 0}
        if block.kind == "thought":
            return "reasoning_text", {"content_index": 0}
        if self._shape.meant(block).type == "custom":
            return "custom_tool_call_input", {}
        return "function_call_arguments", {}


#: How a stream begins.
_BEGIN = ("created", "in_progress")
