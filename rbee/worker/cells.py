"""What of a context that slots share is promised to whom, in tokens.

llama.cpp drops every request it works on once a cache that they share is full. So each of them
holds what it may fill before it begins, and waits where others hold that: in the order in which
they came, so that a large one has its turn, too. An answer of which nobody has said how long it may
be holds the share of its slot, and takes more as it goes on, as long as there is some that nobody
holds.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable

#: An answer of unknown length holds this many cells beyond those that it has filled, and takes more
#: in steps of this size: an engine may be that far ahead of what it has reported.
AHEAD, STEP = 128, 512
#: An answer that gets no more cells ends this many before the last.
SLACK = 32


class Cells:
    """The cells of a context, and who waits for some. For the event loop, unless said otherwise."""

    def __init__(self, total: int) -> None:
        self._free = total
        self._lock = threading.Lock()
        self._queue: deque[tuple[int, asyncio.Future[None]]] = deque()

    @contextlib.asynccontextmanager
    async def held(self, count: int, on_wait: Callable[[], None]) -> AsyncIterator[Reservation]:
        """A hold of `count` cells, which may grow, and is given back at the end. `on_wait` is
        called where it has to wait for them."""
        hold = Reservation(self, count)
        if self._queue or not self.take(count):
            on_wait()
            turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._queue.append((count, turn))
            try:
                await turn
            except asyncio.CancelledError:
                if turn.done() and not turn.cancelled():
                    self._give_back(count)
                else:
                    self._queue.remove((count, turn))
                    self._let_in()
                raise
        try:
            yield hold
        finally:
            self._give_back(hold.size)

    def take(self, count: int) -> bool:
        """Takes `count` cells if as many are free. Can be called in any thread."""
        with self._lock:
            if self._free < count:
                return False
            self._free -= count
            return True

    def _give_back(self, count: int) -> None:
        with self._lock:
            self._free += count
        self._let_in()

    def _let_in(self) -> None:
        # A waiter that is being cancelled removes itself, and then lets in those behind it.
        while self._queue and not self._queue[0][1].cancelled() and self.take(self._queue[0][0]):
            self._queue.popleft()[1].set_result(None)


class Reservation:
    """The cells that one request holds."""

    def __init__(self, cells: Cells, size: int) -> None:
        self._cells = cells
        self.size = size

    def lasts(self, filled: int, most: int) -> bool:
        """Whether an answer that has filled `filled` cells may go on, of `most`; takes more cells
        where it needs them. Can be called in any thread."""
        while self.size < min(most, filled + AHEAD):
            more = min(STEP, most - self.size)
            if not self._cells.take(more):
                return filled < self.size - SLACK
            self.size += more
        return filled < most
