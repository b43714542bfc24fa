"""A stream of events that any number of readers can follow, each from where it likes.

An event is kept as what it is and becomes bytes where it is told.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import AsyncGenerator, Sequence
from typing import Any, TypeVar

import msgspec

from rbee.wire import sse
from rbee.wire.messages.basics import decode, encode
from rbee.wire.narration import Narration

T = TypeVar("T")

#: Of every answer that is a stream of events.
STREAM_HEADERS = {
    "Content-Type": sse.CONTENT_TYPE,
    "Cache-Control": "no-cache",
    "X-Accel-Buffering": "no",
}

#: Events are joined into pieces of at least this many bytes. A reader that stalls costs this much
#: memory; the rest waits in the log, once for all readers.
_LONG_PIECE = 64 * 1024
#: How many `progress` events of a stream are kept.
_PROGRESS_KEPT = 64
#: The events that end a stream.
_ENDS = ("done", "error", "cancelled")
#: What an event takes besides its data (bytes), be it kept or told.
_AROUND = 40


class Event(msgspec.Struct, gc=False):
    """What was told: its name, and its data as a message, or as the JSON in which a peer sent it.

    `size` are the bytes that it takes.
    """

    name: str
    data: Any
    size: int

    def read(self, kind: type[T]) -> T:
        """Its data as a `kind`. Raises `invalid_request` for what a peer sent that is none."""
        return self.data if isinstance(self.data, kind) else decode(self.data, kind)

    def encoded(self, number: int) -> bytes:
        """Its bytes as number `number` of a stream; the end of one has what ends it behind it."""
        data = self.data if isinstance(self.data, bytes) else encode(self.data)
        frame = sse.frame(number, self.name, data)
        return frame + sse.DONE_FRAME if self.name in _ENDS else frame


class EventLog:
    """Events in the order they happened, numbered from 1, kept for readers that come later.

    Exactly one of `done`, `error` and `cancelled` ends it. With `keep`, only that many of the
    newest events are kept.
    """

    def __init__(self, keep: int | None = None) -> None:
        self._keep = keep
        #: Those that are kept; None stands for one that says nothing any more.
        self._events: list[Event | None] = []
        #: The number of the newest.
        self.last_id = 0
        #: The bytes of the events that are kept.
        self.size = 0
        #: The numbers of the latest events of progress.
        self._progress: deque[int] = deque()
        #: Whether the one that ends the stream is out.
        self.closed = False
        self._waiting: list[asyncio.Future[bool]] = []
        self.readers = 0
        self._born = time.monotonic()
        self._was_read = False
        #: Set while nobody reads.
        self.unread = asyncio.Event()
        self.unread.set()

    def reader_came(self) -> None:
        """Somebody begins to read."""
        self.readers += 1
        self._was_read = True
        self.unread.clear()

    def reader_left(self) -> None:
        """Somebody has stopped reading."""
        self.readers -= 1
        if self.readers == 0:
            self.unread.set()

    def is_wanted(self, grace: float) -> bool:
        """Whether somebody reads, or may come yet: nobody has, within its first `grace` seconds."""
        young = not self._was_read and time.monotonic() - self._born < grace
        return self.readers > 0 or young

    def emit(self, name: str, message: Any) -> None:
        """Adds an event that does not end the stream; a peer's has its data as they came."""
        self._append(_event(name, message))

    def _thin_out(self) -> None:
        """Drops older events of progress, of which only the newest says something. Their places are
        kept, so that all other events keep their numbers."""
        self._progress.append(self.last_id)
        if len(self._progress) > _PROGRESS_KEPT:
            at = self._progress.popleft() - 1 - (self.last_id - len(self._events))
            if at >= 0:
                self._let_go(self._events[at])
                self._events[at] = None

    def finish(self, name: str, message: Any) -> None:
        """Adds the event that ends the stream: `done`, `error` or `cancelled`."""
        assert not self.closed, "a stream has exactly one terminal event"
        event = _event(name, message)
        self.closed = True
        self._append(event)

    def forget(self, instead: Narration | None = None) -> None:
        """Lets go of what was told so far, but for the end; `instead` stands in its place."""
        self._keep_newest(1 if self.closed else 0)
        if instead is not None and self.closed and self.last_id > 1:
            event = _event("narration", instead)
            self._events.insert(0, event)
            self.size += event.size

    def _append(self, event: Event) -> None:
        self._events.append(event)
        self.last_id += 1
        self.size += event.size
        if event.name == "progress":
            self._thin_out()
        if self._keep is not None:
            self._keep_newest(self._keep)
        if self._waiting:
            for waiter in self._waiting:
                if not waiter.done():
                    waiter.set_result(True)
            self._waiting.clear()

    def _keep_newest(self, count: int) -> None:
        surplus = len(self._events) - count
        if surplus > 0:
            for event in self._events[:surplus]:
                self._let_go(event)
            del self._events[:surplus]

    def _let_go(self, event: Event | None) -> None:
        self.size -= event.size if event is not None else 0

    def notify(self, waiter: asyncio.Future[bool]) -> None:
        """Sets the result of `waiter` with the next event, unless it has one by then."""
        self._waiting = [each for each in self._waiting if not each.done()]
        self._waiting.append(waiter)

    async def follow(
        self, after: int = 0, comment_every: float = 15.0
    ) -> AsyncGenerator[bytes, None]:
        """The bytes of the events after number `after`, what is pending joined into pieces.

        A comment comes when nothing else does for `comment_every` seconds. Ends after the
        terminal event.
        """
        with contextlib.closing(LogWatch([self])) as watch:
            while True:
                pending = self.after(after)
                if pending:
                    after = pending[-1][0]
                    yield b"".join([event.encoded(number) for number, event in pending])
                elif self.closed:
                    return
                elif not await watch.news(comment_every):
                    yield sse.COMMENT

    def kept(self) -> list[Event]:
        """The events that are kept, in their order."""
        return [event for event in self._events if event is not None]

    def after(self, number: int) -> list[tuple[int, Event]]:
        """The events behind event `number` that are kept, as many as go into one piece, each with
        its number; none: there are none yet."""
        first = self.last_id - len(self._events) + 1
        piece: list[tuple[int, Event]] = []
        size = 0
        for at in range(max(number + 1 - first, 0), len(self._events)):
            event = self._events[at]
            if event is None:
                continue
            piece.append((first + at, event))
            size += event.size
            if size >= _LONG_PIECE:
                break
        return piece


def _event(name: str, data: Any) -> Event:
    encoded = data if isinstance(data, bytes) else encode(data)
    return Event(name, data, len(encoded) + _AROUND)


class LogWatch:
    """Waits for new events of some logs, again and again."""

    def __init__(self, logs: Sequence[EventLog]) -> None:
        self._logs = logs
        self._loop = asyncio.get_running_loop()
        self._waiter: asyncio.Future[bool] = self._loop.create_future()
        self._until = 0.0
        self._timer: asyncio.TimerHandle | None = None

    async def news(self, longest: float) -> bool:
        """Waits until one of the logs has a new event; False after `longest` seconds without."""
        self._until = self._loop.time() + longest
        if self._timer is None or self._timer.when() > self._until:
            self.close()
            self._timer = self._loop.call_at(self._until, self._look)
        self._waiter = self._loop.create_future()
        for log in self._logs:
            log.notify(self._waiter)
        return await self._waiter

    def close(self) -> None:
        """Nobody waits any more."""
        if self._timer is not None:
            self._timer.cancel()

    def _look(self) -> None:
        self._timer = None
        if self._waiter.done():
            return
        if self._loop.time() >= self._until:
            self._waiter.set_result(False)
        else:
            self._timer = self._loop.call_at(self._until, self._look)
