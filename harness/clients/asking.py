"""What the programs have in common: what they ask with, and how they tell what they got."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Callable, Coroutine, Mapping
from typing import Annotated, Any, Literal, NoReturn

from pydantic import BaseModel, Field

from harness.clients import NOTHING, OVER


class Mood(BaseModel):
    """The form that an answer is to have."""

    mood: Literal["happy", "sad"]
    reasons: int


class Weather(BaseModel):
    """What is in a place."""

    sky: Literal["clear", "grey"]
    degrees: Annotated[int, Field(ge=-9, le=40)]


class Place(BaseModel):
    """What is on a journey."""

    city: Literal["Rome", "Paris"]
    weather: Weather | None


class Journey(BaseModel):
    """A form of forms, as their schemas refer to each other."""

    first: Place
    others: Annotated[list[Place], Field(min_length=1, max_length=2)]

    def told(self) -> str:
        """What it is, where all of it is what it has to be."""
        places = [self.first, *self.others]
        assert all(isinstance(each, Place) for each in places), self
        return f"a journey of {type(self.others[0]).__name__}s"


def leave_when_told(*asks: Callable[[], Coroutine[Any, Any, object]]) -> str:
    """Asks for all of these at once, and leaves them when the next line comes on stdin."""

    async def ask_and_leave() -> str:
        asked = [asyncio.create_task(ask()) for ask in asks]
        await asyncio.to_thread(_read_line)
        left = [each for each in asked if each.cancel()]
        await asyncio.gather(*asked, return_exceptions=True)
        return f"{len(left)} left"

    return asyncio.run(ask_and_leave())


def serve(asked: Mapping[str, Callable[[], object]]) -> NoReturn:
    """Serves one scenario after the other, each in a copy of this program; ends with stdin.

    The environment of a scenario comes as a line of JSON. Then comes what it asks for, a number and
    a name a line, up to `OVER`. Each is answered by a line with what was got, `NOTHING` where it
    failed, and the number. How it failed is on stderr, in words that change with each version of
    the package.
    """
    status = 0
    while not status and (line := _read_line()):
        copy = os.fork()
        if not copy:
            os.environ.update(json.loads(line))
            _serve(asked)
        status = os.waitstatus_to_exitcode(os.waitpid(copy, 0)[1])
    # Python would take some 400,000 objects apart first, and litellm wait 5 s for a log of its own.
    os._exit(status)


def _serve(asked: Mapping[str, Callable[[], object]]) -> NoReturn:
    name, got = "", ""
    while name != OVER:
        number, _, name = _read_line().partition("\t")
        try:
            got = "" if name == OVER else str(asked[name]())
        except Exception as error:
            print(f"{name}: {error!r}", file=sys.stderr, flush=True)
            got = NOTHING
        print(f"{got}\t{number}", flush=True)
    os._exit(0)


def _read_line() -> str:
    """The next line of stdin, and nothing of those behind it: a copy may have to read them."""
    line = b""
    while not line.endswith(b"\n") and (byte := os.read(sys.stdin.fileno(), 1)):
        line += byte
    return line.decode().rstrip("\n")
