"""A stream of events that any number of readers can follow, each from where it likes."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import deque
from collections.abc import AsyncIterator, Sequence
from typing import Any

from aiohttp import web

from rbee.http.heads import number_of
from rbee.wire import sse
from rbee.wire.errors import ErrorBody, unforeseen
from rbee.wire.messages.basics import Nothing
from rbee.wire.narration import Narration

#: Of every answer that is a stream of events.
STREAM_HEADERS = {
    "Content-Type": sse.CONTENT_TYPE,
    "Cache-Control": "no-cache",
    "X-Accel-Buffering": "no",
}

#: A piece ends with the frame that makes it so long (bytes). A reader who does not take it costs
#: this much memory; the rest waits in the log, once for all readers.
_LONG_PIECE = 64 * 1024
#: How a frame begins that tells how far something is, and how many of a story are kept of them.
_PROGRESS = b"event: progress\n"
_PROGRESS_KEPT = 64


class EventLog:
    """Events in the order they happened, numbered from 1, kept for readers that come later.

    Exactly one of `done`, `error` and `cancelled` ends it; only the code that finished the work
    calls one of them. With `keep`, only that many of the newest events are kept.
    """

    def __init__(self, keep: int | None = None) -> None:
        self._frames: deque[bytes] = deque(maxlen=keep)
        self._count = 0
        #: The bytes of the frames that are kept.
        self.size = 0
        #: Where the latest frames of progress are, by number.
        self._progress: deque[int] = deque()
        self._closed = False
        self._waiting: list[asyncio.Future[bool]] = []
        self.readers = 0
        self._born = time.monotonic()
        self._was_read = False
        #: Set while nobody reads.
        self.unread = asyncio.Event()
        self.unread.set()

    @property
    def closed(self) -> bool:
        """Whether the terminal event is out."""
        return self._closed

    @property
    def last_id(self) -> int:
        """The number of the newest event."""
        return self._count

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

    def narrate(self, narration: Narration) -> None:
        """Adds a line of narration."""
        self.emit("narration", narration)

    def emit(self, event: str, data: Any) -> None:
        """Adds an event that does not end the stream."""
        self.forward(sse.body(event, data))

    def forward(self, body: bytes) -> None:
        """Adds a frame that a peer wrote, as it came but for its id."""
        self._append(b"id: %d\n%s" % (self._count + 1, body))
        if body.startswith(_PROGRESS):
            self._thin_out()

    def _thin_out(self) -> None:
        """How far it was says nothing once it is further: of that the newest alone is kept.

        Such a frame becomes an empty one, so that all others keep their numbers.
        """
        self._progress.append(self._count)
        if len(self._progress) > _PROGRESS_KEPT:
            at = self._progress.popleft() - 1 - (self._count - len(self._frames))
            if at >= 0:
                self.size -= len(self._frames[at])
                self._frames[at] = b""

    def done(self, data: Any) -> None:
        """Ends the stream: the work is done."""
        self._finish("done", data)

    def error(self, body: ErrorBody) -> None:
        """Ends the stream: the work failed."""
        self._finish("error", body)

    def cancelled(self) -> None:
        """Ends the stream: somebody asked for the work to be dropped."""
        self._finish("cancelled", Nothing())

    def end_with(self, ended: BaseException | None, role: str) -> None:
        """Ends the stream, where that is still to be done, as the work of `role` behind it ended:
        nobody waits for what will not come."""
        if self._closed:
            return
        if ended is None or isinstance(ended, asyncio.CancelledError):
            self.cancelled()
        else:
            self.error(unforeseen(ended, role).body())

    def forget(self, instead: Narration | None = None) -> None:
        """Lets go of what was told so far, but for the end; `instead` stands in its place."""
        while len(self._frames) > self._closed:
            self.size -= len(self._frames.popleft())
        if instead is not None and self._closed and self._count > 1:
            told = b"id: %d\n%s" % (self._count - 1, sse.body("narration", instead))
            self._frames.appendleft(told)
            self.size += len(told)

    def _finish(self, event: str, data: Any) -> None:
        assert not self._closed, "a stream has exactly one terminal event"
        frame = b"id: %d\n%s%s" % (self._count + 1, sse.body(event, data), sse.DONE_FRAME)
        self._closed = True
        self._append(frame)

    def _append(self, frame: bytes) -> None:
        if len(self._frames) == self._frames.maxlen:
            self.size -= len(self._frames[0])
        self._frames.append(frame)
        self._count += 1
        self.size += len(frame)
        if self._waiting:
            for waiter in self._waiting:
                if not waiter.done():
                    waiter.set_result(True)
            self._waiting.clear()

    async def follow(self, after: int = 0, comment_every: float = 15.0) -> AsyncIterator[bytes]:
        """The frames after number `after`, what is pending joined into pieces.

        A comment comes when nothing else does for `comment_every` seconds. Ends after the
        terminal event.
        """
        while True:
            pending, after = self.after(after)
            if pending:
                yield pending
            elif self._closed:
                return
            elif not await change_of([self], comment_every):
                yield sse.COMMENT

    def after(self, number: int) -> tuple[bytes, int]:
        """The frames behind event `number` that are kept, as many as go into one piece, and the
        number of the last of them; empty: there are none."""
        first_kept = self._count - len(self._frames)
        start = max(number, first_kept) - first_kept
        if start == len(self._frames) - 1:
            return self._frames[-1], self._count
        piece: list[bytes] = []
        size = 0
        for frame in itertools.islice(self._frames, start, None):
            piece.append(frame)
            size += len(frame)
            if size >= _LONG_PIECE:
                break
        return b"".join(piece), first_kept + start + len(piece)


async def change_of(logs: Sequence[EventLog], longest: float) -> bool:
    """Waits until one of the logs has a new event; False after `longest` seconds without."""
    loop = asyncio.get_running_loop()
    waiter: asyncio.Future[bool] = loop.create_future()
    for log in logs:
        log._waiting.append(waiter)
    timer = loop.call_later(longest, _give_up, waiter)
    try:
        return await waiter
    finally:
        timer.cancel()
        for log in logs:
            if waiter in log._waiting:
                log._waiting.remove(waiter)


def _give_up(waiter: asyncio.Future[bool]) -> None:
    if not waiter.done():
        waiter.set_result(False)


async def respond(
    request: web.Request,
    log: EventLog,
    *,
    comment_every: float,
    after: int = 0,
) -> web.StreamResponse:
    """Answers a GET with the events of `log`; a ``Last-Event-ID`` header resumes behind it.

    `after` is where a reader without that header begins.
    """
    last = number_of(request.headers.get("Last-Event-ID", ""))
    response = web.StreamResponse(headers=STREAM_HEADERS)
    log.reader_came()
    try:
        await response.prepare(request)
        follow = log.follow(after if last is None else last, comment_every)
        async for piece in follow:
            await response.write(piece)
        await response.write_eof()
    except ConnectionError:
        pass  # the reader left; the events are still there for when it comes back
    finally:
        log.reader_left()
    return response
