"""Which downloads may go on side by side. Phase 7.

A slow one keeps its thread for hours. So no host is given all of them: who fetches from another one
never waits for a host that is slow.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence

import msgspec


def next_of(
    waiting: Sequence[str], running: Mapping[str, int], most: int, of_one: int
) -> int | None:
    """Which of those that wait, by their hosts, begins now: the first whose host has less than
    `of_one` running, where all together have less than `most`; None: nobody does."""
    if sum(running.values()) >= most:
        return None
    hosts = [host for host, count in running.items() if count >= of_one]
    return next((i for i, host in enumerate(waiting) if host not in hosts), None)


class Turns(msgspec.Struct):
    """Who downloads now, and who waits for a turn."""

    _most: int
    _of_one: int
    _running: Counter[str] = msgspec.field(default_factory=Counter)
    _waiting: list[tuple[str, asyncio.Future[None]]] = []

    @contextlib.asynccontextmanager
    async def turn(self, host: str, on_wait: Callable[[int, str], object]) -> AsyncIterator[None]:
        """A turn to download from a host. Where it has to be waited for, `on_wait` is told how
        many are before it, and whom for: the host, or empty for all together."""
        mine: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((host, mine))
        self._deal()
        try:
            if not mine.done():
                full = self._running[host] >= self._of_one
                on_wait(len(self._waiting) - 1, host if full else "")
            await mine
            yield
        finally:
            if mine.done() and not mine.cancelled():
                self._running[host] -= 1
                self._running += Counter()  # drops those that are at 0
            else:
                self._waiting.remove((host, mine))
            self._deal()

    def _deal(self) -> None:
        hosts = [host for host, _ in self._waiting]
        while (i := next_of(hosts, self._running, self._most, self._of_one)) is not None:
            host, turn = self._waiting.pop(i)
            del hosts[i]
            self._running[host] += 1
            turn.set_result(None)
