"""When what inferences have to tell goes on its way. Phase 11.2.

Each trip costs three processes more than the tokens do that travel with it, and takes that time
from an engine that works on all cores. So what comes soon after a trip waits for the next one, that
of all inferences together.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

#: Between two trips (seconds), and where they are for more than so many inferences: an eye can
#: follow twenty a second, and a trip takes the longer the more it is for.
TOGETHER, OF_MANY, MANY = 1 / 20, 1 / 10, 2


class Trips:
    """Those of one worker, whose event loop tells."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[Callable[[], None]] = []
        #: Whether a trip is on its way that takes along what waits.
        self._goes = False

    def soon(self, loop: asyncio.AbstractEventLoop, tell: Callable[[], None]) -> None:
        """Has the event loop `tell` with the next trip. From any thread.

        That begins now, unless there was one less than `TOGETHER` ago, or `OF_MANY`.
        """
        with self._lock:
            self._waiting.append(tell)
            if self._goes:
                return
            self._goes = True
        loop.call_soon_threadsafe(self._go, loop)

    def _go(self, loop: asyncio.AbstractEventLoop) -> None:
        # Runs again after each trip, so that not each token has to wake the loop.
        with self._lock:
            waiting, self._waiting = self._waiting, []
            self._goes = bool(waiting)
        if waiting:
            loop.call_later(OF_MANY if len(waiting) > MANY else TOGETHER, self._go, loop)
        for tell in waiting:
            tell()
