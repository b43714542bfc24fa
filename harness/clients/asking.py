"""What the programs have in common: what they ask with, and how they tell what they got."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import select
import socket
import sys
import tempfile
from collections.abc import Callable, Coroutine, Mapping
from typing import Annotated, Any, Literal, NoReturn

from pydantic import BaseModel, Field

from harness.clients import NOTHING, OVER, PLACE, TYPED


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


class Typed:
    """A command that is typed in shells, each time run by a copy of this program: `typed.main` is
    what stands there for it."""

    def __init__(self, name: str, main: Callable[[], int | None]) -> None:
        self._name = name
        self._main = main
        #: What a scenario asks for: where `typed.main` finds this program, and then its service.
        self.asked = {PLACE: self._place, TYPED: self._run_each}

    def _place(self) -> str:
        self._listener = socket.socket(socket.AF_UNIX)
        place = os.path.join(tempfile.mkdtemp(), self._name)
        self._listener.bind(place)
        self._listener.listen()
        return place

    def _run_each(self) -> None:
        """Until the next line comes on stdin, which is left there."""
        place = self._listener.getsockname()
        while select.select([sys.stdin, self._listener], [], [])[0] == [self._listener]:
            with self._listener.accept()[0] as typed:
                self._run(typed)
        os.unlink(place)
        os.rmdir(os.path.dirname(place))

    def _run(self, typed: socket.socket) -> None:
        _, streams, _, _ = socket.recv_fds(typed, 1, 3)
        with typed.makefile("rw") as told:
            arguments, folder, environment = json.loads(told.readline())
            copy = os.fork()
            if not copy:
                for number, stream in enumerate(streams):
                    os.dup2(stream, number)
                os.chdir(folder)
                os.environ.update(environment)
                sys.argv = [self._name, *arguments]
                sys.exit(self._main())
            for stream in streams:
                os.close(stream)
            print(copy, file=told, flush=True)
            status = os.waitstatus_to_exitcode(os.waitpid(copy, 0)[1])
            print(status if status >= 0 else 128 - status, file=told, flush=True)


def serve(asked: Mapping[str, Callable[[], object]]) -> NoReturn:
    """Serves one scenario after the other, each in a copy of this program; ends with stdin.

    The environment of a scenario comes as a line of JSON. Then comes what it asks for, a number and
    a name a line, up to `OVER`. Each is answered by a line with what was got, `NOTHING` where it
    failed, and the number. How it failed is on stderr, in words that change with each version of
    the package.
    """
    gc.freeze()  # what was imported stays, and is one for all copies as long as none looks at it
    gc.enable()
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
