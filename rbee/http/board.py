"""The operations of a program: those under way, and for a while those that are over.

Whoever comes late, or comes back, is told what happened. How many are kept is bounded, for how
long, and in how many bytes: what was over first is let go of first.
"""

from __future__ import annotations

import functools
import math
import time
from collections.abc import Callable, Collection, Sequence
from typing import Generic, NamedTuple, TypeVar

from rbee.http.operation import Operation
from rbee.wire import narration
from rbee.wire.errors import RbeeError
from rbee.wire.narration import say

T = TypeVar("T", bound=Operation)


class Over(NamedTuple):
    """An operation that is over: what it is called, its bytes, and whether somebody reads it."""

    operation_id: str
    size: int
    is_read: bool = False


def too_many(over: Sequence[Over], most: int) -> list[str]:
    """Whose events go, so that the rest of `over`, oldest first, is `most` bytes or less.

    What is being read stays until it has been.
    """
    surplus = sum(each.size for each in over) - most
    going = []
    for each in over:
        if surplus <= 0:
            break
        if not each.is_read:
            going.append(each.operation_id)
            surplus -= each.size
    return going


class Board(Generic[T]):
    """The operations of one kind."""

    def __init__(
        self,
        missing: Callable[[str, Collection[str]], RbeeError],
        kept: int,
        kept_for: float = math.inf,
        kept_bytes: int | None = None,
    ) -> None:
        """`missing` is the error for an id that none of these has. Of those that are over the last
        `kept` are kept, for `kept_for` seconds each, and `kept_bytes` of what they told."""
        self._missing = missing
        self._kept = kept
        self._kept_for = kept_for
        self._kept_bytes = kept_bytes
        self._all: dict[str, T] = {}
        #: Those that are over, by their ids and oldest first; and of these the ones that are still
        #: told in full, with at least the bytes of them: some may have let go of theirs.
        self._over: dict[str, T] = {}
        self._full: dict[str, T] = {}
        self._size = 0

    def add(self, operation: T) -> None:
        """Takes one in, which is over some time."""
        self._all[operation.id] = operation
        operation.when_over = functools.partial(self._is_over, operation)
        self._forget_old()

    def get(self, operation_id: str) -> T:
        """One by its id. Raises that there is none."""
        found = self.find(operation_id)
        if found is None:
            raise self._missing(operation_id, self._all)
        return found

    def find(self, operation_id: str) -> T | None:
        """One by its id, where there is one."""
        self._forget_old()
        return self._all.get(operation_id)

    def under_way(self) -> list[T]:
        """Those that are not over, oldest first."""
        return [each for each in self._all.values() if not each.is_over]

    def newest_first(self) -> list[T]:
        """All that are kept."""
        self._forget_old()
        return list(reversed(self._all.values()))

    def remove(self, operation: T) -> None:
        """Forgets an operation."""
        self._all.pop(operation.id, None)
        self._over.pop(operation.id, None)
        if self._full.pop(operation.id, None) is not None:
            self._size -= operation.events.size

    def _is_over(self, operation: T) -> None:
        if operation.id in self._all:
            self._over[operation.id] = self._full[operation.id] = operation
            self._size += operation.events.size
            self._forget_old()
            self._make_room()

    def _forget_old(self) -> None:
        oldest = time.time() * 1000 - self._kept_for * 1000
        for operation in list(self._over.values()):
            ended = operation.finished_at_ms or 0
            if len(self._over) <= self._kept and ended >= oldest:
                break  # those behind it ended later
            self.remove(operation)

    def _make_room(self) -> None:
        if self._kept_bytes is None or self._size <= self._kept_bytes:
            return
        over = [
            Over(each.id, each.events.size, each.events.readers > 0) for each in self._full.values()
        ]
        self._size = sum(each.size for each in over)
        for operation_id in too_many(over, self._kept_bytes):
            gone = self._full.pop(operation_id)
            self._size -= gone.events.size
            size = narration.size(gone.events.size)
            gone.events.forget(say(narration.EVENTS_GONE, {"size": size}, gone.mark))
