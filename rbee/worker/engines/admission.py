"""How many prompts lie with an engine that it has not begun to read. Phase 11.

An engine reads together all that it has when it begins a batch, and nobody has a first token before
that batch is read. Where all callers come at once, so many begin together as are let in here, and
the others wait outside for the next batch.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator


def most_unbegun(slots: int) -> int:
    """How many prompts may lie unread with an engine of so many slots: half of them, so that of
    four callers none waits for all four, and many on a GPU are still read together. Pure."""
    return max(1, slots // 2)


class Admission:
    """For at most `most` prompts at a time."""

    def __init__(self, most: int) -> None:
        self._places = threading.Semaphore(most)

    @contextlib.contextmanager
    def entered(self) -> Iterator[Callable[[], None]]:
        """Blocks until there is a place. What it yields gives the place back, once, when the engine
        has begun with the prompt; so does leaving."""
        self._places.acquire()
        held = [self._places]

        def begun() -> None:
            if held:
                held.pop().release()

        try:
            yield begun
        finally:
            begun()
