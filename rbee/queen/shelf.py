"""The stories that are over, kept for whoever reads them later, as long as there is room.

How many are kept, and for how long, others decide; this bounds their bytes. What is let go of first
is a pure decision: what was over first. A story that is being read stays until it has been.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rbee.queen.tracked_task import TrackedTask


class Over(NamedTuple):
    """A story that is over: what it is called, its bytes, and whether somebody reads it now."""

    task_id: str
    size: int
    is_read: bool = False


def too_many(over: Sequence[Over], most: int) -> list[str]:
    """Whose events go, so that the rest of `over`, oldest first, is `most` bytes or less."""
    surplus = sum(each.size for each in over) - most
    going = []
    for each in over:
        if surplus <= 0:
            break
        if not each.is_read:
            going.append(each.task_id)
            surplus -= each.size
    return going


class Shelf:
    """The stories that are over and still told in full, oldest first."""

    def __init__(self, most: int) -> None:
        """`most` bytes of events are kept."""
        self._most = most
        self._stories: dict[str, TrackedTask] = {}
        #: At least the bytes of all these: some may have let go of theirs by themselves.
        self._size = 0

    def put(self, story: TrackedTask) -> None:
        """A story is over; others are let go of where there is no room for it."""
        self._stories[story.task_id] = story
        self._size += story.events.size
        if self._size <= self._most:
            return
        over = [
            Over(each.task_id, each.events.size, each.events.readers > 0)
            for each in self._stories.values()
        ]
        self._size = sum(each.size for each in over)
        for task_id in too_many(over, self._most):
            gone = self._stories[task_id]
            self.take(gone)
            gone.let_go()

    def take(self, story: TrackedTask) -> None:
        """A story is not to be told any more."""
        if self._stories.pop(story.task_id, None) is not None:
            self._size -= story.events.size
