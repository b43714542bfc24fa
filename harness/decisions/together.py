"""When what inferences tell goes on its way, in this process, with a clock moved by hand."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable, Sequence
from typing import Any, cast

from rbee.worker.trips import Trips


class _ByHand:
    """An event loop that carries out what is due until the moment it is moved to (seconds)."""

    def __init__(self) -> None:
        self.now = 0.0
        self._due: list[tuple[float, int, Callable[..., object], tuple[Any, ...]]] = []
        self._count = 0

    def call_soon_threadsafe(self, callback: Callable[..., object], *args: Any) -> None:
        self.call_later(0.0, callback, *args)

    def call_later(self, delay: float, callback: Callable[..., object], *args: Any) -> None:
        self._count += 1
        heapq.heappush(self._due, (self.now + delay, self._count, callback, args))

    def move_to(self, moment: float) -> None:
        """Carries out what is due until then."""
        while self._due and self._due[0][0] <= moment:
            self.now, _, callback, args = heapq.heappop(self._due)
            callback(*args)
        self.now = moment


def went_at(told: Sequence[int]) -> list[int]:
    """When what inferences of a worker tell at these moments goes on its way (milliseconds)."""
    loop, trips = _ByHand(), Trips()
    gone: list[int] = []
    for moment in told:
        loop.move_to(moment / 1000)
        trips.soon(
            cast(asyncio.AbstractEventLoop, loop), lambda: gone.append(round(loop.now * 1000))
        )
    loop.move_to(loop.now + 1)
    return gone
