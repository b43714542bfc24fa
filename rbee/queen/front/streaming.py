"""How one job is told: as a stream of events, or gathered for an answer in one piece."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Protocol

from aiohttp import web

from rbee.http.events import STREAM_HEADERS, Event
from rbee.queen.front.answering import Stream, Work, check, finish, send, warning_of
from rbee.wire.errors import RbeeError
from rbee.wire.messages.basics import encode
from rbee.wire.messages.events import Done, Token
from rbee.wire.settings import Settings

#: The events that an answer is made of.
_ANSWERS = ("token", "tokens", "vector")


class Telling(Protocol):
    """What is told of a job, as whole events of a stream."""

    def take(self, event: Event) -> list[bytes]:
        """What an event of the job is worth. Raises the error in which the job ended."""

    def wait(self) -> list[bytes]:
        """What tells that it takes its time."""

    def end(self) -> list[bytes]:
        """What comes behind everything."""

    def fail(self, error: RbeeError) -> list[bytes]:
        """What tells that the stream breaks off."""


def event(name: str, data: object) -> bytes:
    """An event of a stream that has a name."""
    return b"event: %s\ndata: %s\n\n" % (name.encode(), encode(data))


async def stream(
    request: web.Request,
    telling: Telling,
    work: Work,
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
    request: web.Request, response: Stream, telling: Telling, work: Work, settings: Settings
) -> None:
    loop = asyncio.get_running_loop()
    patient_until = due = loop.time() + settings.stream_patience
    pending: list[bytes] = []
    try:
        async with contextlib.aclosing(work.told(patient_until)) as told:
            async for news, is_last in told:
                for _, each in news:
                    response.headers.update({} if response.prepared else warning_of(each))
                    pending += telling.take(each)
                now = loop.time()
                if not pending and now >= due:
                    pending += telling.wait()
                if pending:
                    due = max(patient_until, now + settings.stream_comment)
                    if not is_last:
                        await send(request, response, pending)
        pending += telling.end()
    except RbeeError as error:
        if not response.prepared:
            raise
        pending += telling.fail(work.asker.told(error))
    await finish(request, response, pending)


async def gathered(work: Work, headers: dict[str, str]) -> tuple[list[Token], Done]:
    """The tokens of a job and how it ended; what it warns of goes into `headers`."""
    events, done = await events_of(work, headers)
    return [each.read(Token) for each in events if each.name == "token"], done


async def events_of(work: Work, headers: dict[str, str]) -> tuple[list[Event], Done]:
    """What a job answers, as it is told, and how it ended."""
    events: list[Event] = []
    done = Done()
    async with contextlib.aclosing(work.told()) as told:
        async for news, _ in told:
            for _, each in news:
                headers.update(warning_of(each))
                if each.name in _ANSWERS:
                    events.append(each)
                elif each.name == "done":
                    done = each.read(Done)
                else:
                    check(each)
    return events, done
