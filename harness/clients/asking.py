"""What the programs have in common: what they ask with, and how they tell what they got."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Literal

from pydantic import BaseModel

from harness.clients import NOTHING


class Mood(BaseModel):
    """The form that an answer is to have."""

    mood: Literal["happy", "sad"]
    reasons: int


def leave_when_told(*asks: Callable[[], Coroutine[Any, Any, object]]) -> str:
    """Asks for all of these at once, and leaves them when the next line comes on stdin."""

    async def ask_and_leave() -> str:
        asked = [asyncio.create_task(ask()) for ask in asks]
        await asyncio.to_thread(sys.stdin.readline)
        left = [each for each in asked if each.cancel()]
        await asyncio.gather(*asked, return_exceptions=True)
        return f"{len(left)} left"

    return asyncio.run(ask_and_leave())


def serve(asked: Mapping[str, Callable[[], object]]) -> None:
    """Asks for each name that comes on stdin, and tells what it got; `NOTHING` where that failed.

    How it failed is on stderr, in words that change with each version of the package. Ends the
    program when stdin does.
    """
    for line in sys.stdin:
        name = line.strip()
        try:
            got = asked[name]()
        except Exception as error:
            print(f"{name}: {error!r}", file=sys.stderr, flush=True)
            got = NOTHING
        print(f"{got}\t{name}", flush=True)
    # Python would take some 400,000 objects apart first, and litellm wait 5 s for a log of its own.
    os._exit(0)
