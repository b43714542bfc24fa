"""How one job is told: as a stream of events, or gathered for an answer in one piece."""

from __future__ import annotations

import abc
import asyncio
import contextlib
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from aiohttp import web

from rbee.http.events import STREAM_HEADERS, Event
from rbee.queen.front.answering import RequestWork, Stream, check, finish, send, warn
from rbee.queen.front.blocks import Blocks, Change
from rbee.wire.errors import RbeeError
from rbee.wire.messages.basics import encode
from rbee.wire.messages.events import Done, Token, Tokens, Vector
from rbee.wire.settings import Settings


class Telling(Protocol):
    """What is told of the tasks of a request, as whole pieces of a stream."""

    def take(self, index: int, event: Event) -> list[bytes]:
        """What an event of a task is worth. Raises the error in which the task ended."""

    def wait(self, is_due: bool) -> list[bytes]:
        """What tells that it takes its time; `is_due`: nothing was told for long."""

    def end(self) -> list[bytes]:
        """The last pieces of the stream."""

    def fail(self, error: RbeeError) -> list[bytes]:
        """What tells that the stream breaks off."""


class TellingBlocks(abc.ABC):
    """What each `Telling` does that tells one job in blocks."""

    def __init__(self) -> None:
        self.blocks = Blocks()
        #: How the job ended, once it has.
        self.done: Done | None = None
        self.is_begun = False

    def take(self, _index: int, event: Event) -> list[bytes]:
        """See `Telling`."""
        if event.name == "token":
            return [*self.begin(), *self.changed(self.blocks.take(event.read(Token)))]
        if event.name == "done":
            self.done = event.read(Done)
        else:
            check(event)
        return []

    def begin(self) -> list[bytes]:
        """What comes before everything, where it has not come yet."""
        if self.is_begun:
            return []
        self.is_begun = True
        return self.beginning()

    @abc.abstractmethod
    def beginning(self) -> list[bytes]:
        """What comes before everything."""

    @abc.abstractmethod
    def changed(self, changes: list[Change]) -> list[bytes]:
        """What changes of the blocks are worth."""


class Silence:
    """When a stream has told nothing for long: `patience` after its beginning, and `every` so
    often behind that (seconds; `now` is the time of the loop)."""

    def __init__(self, now: float, patience: float, every: float) -> None:
        self.patient_until = self._due = now + patience
        self._every = every

    def filled(self, now: float, wait: Callable[[bool], list[bytes]]) -> list[bytes]:
        """What `Telling.wait` tells where nothing else is told."""
        return wait(now >= self._due) if now >= self.patient_until else []

    def ends(self, now: float) -> None:
        """Something is told."""
        self._due = max(self.patient_until, now + self._every)


class Gathered(NamedTuple):
    """All that a job has told: its tokens or its packed vectors, how it ended, and the tokens that
    its text is, where that was asked."""

    tokens: Sequence[Token]
    done: Done
    vectors: Sequence[bytes]
    read: Tokens


def event(name: str, data: object) -> bytes:
    """An event of a stream that has a name."""
    return b"event: %s\ndata: %s\n\n" % (name.encode(), encode(data))


async def stream(
    request: web.Request,
    telling: Telling,
    work: RequestWork,
    settings: Settings,
    headers: dict[str, str] | None = None,
) -> web.StreamResponse:
    """Answers with what is told. Until there is something, or patience ends, a failure still has
    a status of its own."""
    response = Stream(headers={**STREAM_HEADERS, **(headers or {})})
    with contextlib.suppress(ConnectionError):  # the reader has left, and its job ends with it
        await _tell(request, response, telling, work, settings)
    return response


async def _tell(
    request: web.Request, response: Stream, telling: Telling, work: RequestWork, settings: Settings
) -> None:
    loop = asyncio.get_running_loop()
    silence = Silence(loop.time(), settings.stream_patience, settings.stream_comment)
    pending: list[bytes] = []
    try:
        async with contextlib.aclosing(work.events(silence.patient_until)) as events:
            async for news, is_last in events:
                for index, each in news:
                    if not response.prepared:
                        warn(response.headers, each)
                    pending += telling.take(index, each)
                now = loop.time()
                if not pending:
                    pending += silence.filled(now, telling.wait)
                if pending:
                    silence.ends(now)
                    if not is_last:
                        await send(request, response, pending)
        pending += telling.end()
    except RbeeError as error:
        if not response.prepared:
            raise
        pending += telling.fail(work.asker.worded(error))
    await finish(request, response, pending)


async def gathered(
    work: RequestWork,
    headers: dict[str, str],
    check_length: Callable[[bytes], None] = lambda first: None,
) -> list[Gathered]:
    """What each job has told when all are over; what they warn of goes into `headers`.

    `check_length` raises for the first vector of a job before others are made for nothing.
    """
    tokens: list[list[Token]] = [[] for _ in work.tasks]
    vectors: list[list[bytes]] = [[] for _ in work.tasks]
    read = [Tokens([], [], 0) for _ in work.tasks]
    ends = [Done() for _ in work.tasks]
    async with contextlib.aclosing(work.events()) as events:
        async for news, _ in events:
            for index, each in news:
                warn(headers, each)
                if each.name == "token":
                    tokens[index].append(each.read(Token))
                elif each.name == "vector":
                    vector = each.read(Vector).v
                    if not vectors[index]:
                        check_length(vector)
                    vectors[index].append(vector)
                elif each.name == "tokens":
                    read[index] = each.read(Tokens)
                elif each.name == "done":
                    ends[index] = each.read(Done)
                else:
                    check(each)
    return list(map(Gathered, tokens, ends, vectors, read))
