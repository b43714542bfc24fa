"""What a trick is, how one is carried out, and what is told of it."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import time
from collections.abc import Callable, Iterable
from typing import NamedTuple

#: Who is nobody in particular on any system.
NOBODY = 65534
_PATIENCE_S = 30.0
_SHOWN = 76


class Trick(NamedTuple):
    """Something to try: `attempt` returns what was had, or raises what it was refused with.

    `holds` judges what was seen: ``refused: ...``, or what was had, as text.
    """

    what: str
    attempt: Callable[[], object]
    holds: Callable[[str], bool] = lambda seen: seen.startswith("refused")


class TrickOutcome(NamedTuple):
    """What came of a trick."""

    whom: str
    what: str
    seen: str
    held: bool
    seconds: float

    @property
    def told(self) -> str:
        """A row of the table."""
        seen = self.seen if len(self.seen) <= _SHOWN else self.seen[: _SHOWN - 3] + "..."
        verdict = "held" if self.held else "NOT HELD"
        return f"{verdict:8}  {self.whom:14}  {self.what:62}  {ascii(seen)[1:-1]}"


def carry_out(whom: str, tricks: Iterable[Trick], *, uid: int | None = None) -> list[TrickOutcome]:
    """Tries one after the other, each told as it ends; with `uid` as that user of the machine."""
    outcomes = []
    for trick in tricks:
        began = time.monotonic()
        seen = _seen(trick.attempt) if uid is None else _as_user(uid, trick.attempt)
        took = time.monotonic() - began
        outcomes.append(TrickOutcome(whom, trick.what, seen, trick.holds(seen), took))
        print(outcomes[-1].told, flush=True)
    return outcomes


def _seen(attempt: Callable[[], object]) -> str:
    try:
        return str(attempt())
    except (OSError, ValueError, LookupError, AssertionError) as error:
        return f"refused: {type(error).__name__}: {error}"


def _as_user(uid: int, attempt: Callable[[], object]) -> str:
    """The same in a copy of this process, which has become somebody else for good."""
    reads, writes = os.pipe()
    pid = os.fork()
    if pid == 0:
        with contextlib.suppress(BaseException):
            os.close(reads)
            os.setgroups([])
            os.setgid(uid)
            os.setuid(uid)
            os.write(writes, json.dumps(_seen(attempt)[:4000]).encode())
        os._exit(0)
    os.close(writes)
    told = b""
    end = time.monotonic() + _PATIENCE_S
    with open(reads, "rb", 0) as pipe:
        while select.select([pipe], [], [], max(0.0, end - time.monotonic()))[0]:
            if not (piece := pipe.read(65536)):
                break
            told += piece
        else:
            os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return str(json.loads(told)) if told else f"nothing came of it within {_PATIENCE_S:g} s"
