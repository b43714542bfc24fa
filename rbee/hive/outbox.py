"""What happens on this machine that belongs to no job, until the queen has heard of it. RAM.

Each line goes into the hive's log at once, and to the queen with the next heartbeat that she
answers; she tells it to whoever reads her ``/events``.
"""

from __future__ import annotations

from collections import deque
from typing import TypeVar

from rbee.process import journal
from rbee.wire.messages.workers import WorkerFailure
from rbee.wire.narration import Narration

T = TypeVar("T")

#: How many lines wait for a queen who does not answer; the oldest give way.
_KEPT = 100


class Outbox:
    """Lines for people, and workers that were given up, in the order in which it happened."""

    def __init__(self) -> None:
        self._lines: deque[Narration] = deque(maxlen=_KEPT)
        self._failures: deque[WorkerFailure] = deque(maxlen=_KEPT)

    def narrate(self, line: Narration) -> None:
        """Adds a line for the queen."""
        journal.write(line)
        self._lines.append(line)

    def failed(self, failure: WorkerFailure) -> None:
        """Adds the failure of a worker for the queen."""
        self._failures.append(failure)

    def unheard(self) -> tuple[list[Narration], list[WorkerFailure]]:
        """The lines and failures that the queen has not answered to yet."""
        return list(self._lines), list(self._failures)

    def heard(self, lines: list[Narration], failures: list[WorkerFailure]) -> None:
        """Drops what the queen has answered to."""
        _drop(self._lines, lines)
        _drop(self._failures, failures)


def _drop(kept: deque[T], answered: list[T]) -> None:
    for each in answered:
        if kept and kept[0] is each:  # else it gave way to newer ones meanwhile
            kept.popleft()
