"""What takes long, in any role: one life for all of it.

An operation has an id, tells events to whoever reads them, can be called off, is dropped when
nobody is left who reads, and ends exactly once: done, failed or cancelled.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

from aiohttp import web

from rbee.http.client import Peer
from rbee.http.events import STREAM_HEADERS, EventLog
from rbee.http.heads import number_of
from rbee.process.tasks import End, spawn
from rbee.wire import sse
from rbee.wire.errors import ErrorBody, RbeeError, unforeseen
from rbee.wire.messages.basics import Nothing, decode
from rbee.wire.messages.events import Progress
from rbee.wire.narration import Line, Narration, now_ms, say
from rbee.wire.routes import Events

#: The events that an operation passes on from another one that is part of it.
_PASSED_ON = ("narration", "progress", "token", "tokens", "vector")

#: The most that is kept of what a peer sends about its part, unless said otherwise (bytes).
_MOST_KEPT = 4 * 1024 * 1024


class Operation(Events):
    """One of them; the roles say what is done in it.

    `role` is what errors call the program that it runs in. A task does its work (`begin`), or what
    others report does, who then say how it ended.
    """

    #: How long it goes on when its last reader has left (seconds); None: it needs none.
    unread_for: float | None = 0.0

    #: What its lines and its error say that they belong to.
    mark = ""

    def __init__(self, role: str, operation_id: str = "") -> None:
        self.id = operation_id or secrets.token_hex(8)
        self.events = EventLog()
        self.task: asyncio.Task[Any] | None = None
        self.created_at_ms = now_ms()
        self.finished_at_ms: int | None = None
        #: The event in which it ended; empty: it has not.
        self.end = ""
        #: The error that it was cancelled with; None where somebody wished it cancelled.
        self.revoked: RbeeError | None = None
        #: Called once it is over.
        self.when_over: Callable[[], object] = lambda: None
        self._role = role

    @property
    def is_over(self) -> bool:
        """Whether its end has been told."""
        return self.events.closed

    def begin(self, work: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
        """Sets to work; the task that does it.

        What the work returns is the data of `done`. That it raises an error, or is cancelled, is
        the end as well.
        """
        self.task = spawn(work, name, self._ended)
        return self.task

    def say(self, line: Line, **facts: object) -> None:
        """Narrates, unless it is over."""
        self.narrate(say(line, facts, self.mark))

    def narrate(self, narration: Narration) -> None:
        """Tells a line, unless it is over."""
        self.emit("narration", narration)

    def progress(self, progress: Progress) -> None:
        """Tells how far it is, unless it is over."""
        self.emit("progress", progress)

    def emit(self, name: str, message: Any) -> None:
        """Tells an event that does not end it, unless it is over."""
        if not self.is_over:
            self.events.emit(name, message)

    def forward(self, name: str, data: bytes) -> None:
        """Tells what a peer has told, as it came."""
        self.events.emit(name, data)

    async def relay(
        self,
        peer: Peer,
        stream: AsyncIterator[list[sse.Frame]],
        after_first: Line | None = None,
        most: int = _MOST_KEPT,
    ) -> tuple[str, bytes]:
        """Passes on what a peer tells of its part in this; the event in which that ended, and its
        data. The event is empty where the peer left without one.

        `after_first` is said behind the first line. Raises the error in which it ended, and that
        the peer says too much where more than `most` bytes of it would be kept.
        """
        end = "", b""
        room = self.events.size + most
        async for frames in stream:
            if self.events.size > room:
                raise peer.says_too_much(most)
            for _, event, data in frames:
                if event in _PASSED_ON:
                    self.forward(event, data)
                    if after_first is not None:
                        self.say(after_first)
                        after_first = None
                elif event == "error":
                    raise RbeeError.from_body(decode(data, ErrorBody))
                elif event in ("done", "cancelled"):
                    end = event, data  # what ends the stream leaves its connection usable
        return end

    def cancel(self, why: RbeeError | None = None) -> None:
        """Has its work stop; with `why` it fails by that. What is over is left alone."""
        if self.is_over:
            return
        self.revoked = self.revoked or why
        if self.task is not None:
            self.task.cancel()
        else:
            self._ended(asyncio.CancelledError())

    async def call_off(self) -> None:
        """Cancels it, and returns once its work has stopped."""
        self.cancel()
        if self.task is not None:
            await asyncio.wait([self.task])

    def succeed(self, message: Any = None) -> None:
        """Ends it, unless it is over: the work is done."""
        self._end("done", Nothing() if message is None else message)

    def fail(self, error: RbeeError) -> None:
        """Ends it, unless it is over, with an error."""
        self._end("error", error.body(self.mark))

    async def respond(self, request: web.Request, comment_every: float) -> web.StreamResponse:
        """Answers a request with its events; a ``Last-Event-ID`` header resumes behind one."""
        last = number_of(request.headers.get("Last-Event-ID", ""))
        begin = self.read_from() if last is None else last
        response = web.StreamResponse(headers=STREAM_HEADERS)
        self.events.reader_came()
        try:
            await response.prepare(request)
            async with contextlib.aclosing(self.events.follow(begin, comment_every)) as pieces:
                async for piece in pieces:
                    if piece.endswith(sse.DONE_FRAME):
                        # With the end of the body, so that the reader can reuse the connection.
                        await response.write_eof(piece)
                    else:
                        await response.write(piece)
            await response.write_eof()
        except ConnectionError:
            pass  # the reader left; the events are still there for when it comes back
        finally:
            self.events.reader_left()
            self.reader_left()
        return response

    def read_from(self) -> int:
        """The number of the event behind which a reader begins who has not read any."""
        return 0

    def reader_left(self) -> None:
        """Drops it where nobody reads any more, nor comes back in time."""
        if self.events.readers or self.is_over or self.unread_for is None:
            return
        if self.unread_for:
            asyncio.get_running_loop().call_later(self.unread_for, self._drop_unread)
        else:
            self.cancel()

    def _drop_unread(self) -> None:
        if not self.events.readers:
            self.cancel()

    def _ended(self, ended: End) -> None:
        # A task keeps its error, and that keeps all that the work has held.
        task, self.task = self.task, None
        if task is not None and ended is None:
            self.succeed(task.result())
        elif ended is not None and not isinstance(ended, asyncio.CancelledError):
            self.fail(unforeseen(ended, self._role))
        elif self.revoked is not None:
            self.fail(self.revoked)
        else:
            self._end("cancelled", Nothing())

    def _end(self, event: str, message: Any) -> None:
        if not self.is_over:
            self.end, self.finished_at_ms = event, now_ms()
            self.events.finish(event, message)
            self.when_over()
