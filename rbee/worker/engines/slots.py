"""In which of its slots an engine reads a prompt, so that what they have read is used again.

An engine that chooses by itself takes the slot that has most in common with a prompt, and throws
away what else it has, however much that is. And one whose prompt has stopped for a moment
(`rbee.worker.engines.turns`) would lose what is read of it to the next one.
"""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from typing import NamedTuple

#: Bytes of a text that are a token, roughly: enough to tell long from short.
BYTES_OF_TOKEN = 4
#: What of a text is remembered (bytes).
_REMEMBERED = 2**20
#: How many texts are remembered of an engine that has a cache beside its slots.
_LATELY = 16


class SlotMemory(NamedTuple):
    """What a slot has read, and how many prompts were answered since, in any slot."""

    text: bytes = b""
    since: int = 0


def slot_for(text: bytes, free: Sequence[SlotMemory]) -> int:
    """The place, among free slots, of the one in which a prompt costs least to read: itself, and
    what it displaces there, which is the less likely to be wanted again the longer it was not
    used. Pure."""

    def cost(place: int) -> tuple[float, int]:
        kept = free[place]
        common = in_common(text, kept.text)
        displaced = (len(kept.text) - common) / (1 + kept.since)
        return len(text) - common + displaced, -kept.since

    return min(range(len(free)), key=cost)


def in_common(one: bytes, other: bytes) -> int:
    """How many bytes two texts begin alike. Pure."""
    least, most = 0, min(len(one), len(other))
    while least < most:
        middle = (least + most + 1) // 2
        if one[least:middle] == other[least:middle]:
            least = middle
        else:
            most = middle - 1
    return least


class Slots:
    """The slots of one engine, by their numbers, and who has which.

    One that `engine_chooses` has a cache beside them, and may find there what any of them has read.
    """

    def __init__(self, count: int, *, engine_chooses: bool = False) -> None:
        self._engine_chooses = engine_chooses
        self._lately: deque[bytes] = deque(maxlen=_LATELY if engine_chooses else 0)
        self._texts = [b""] * count
        #: When each was last used: the number of the answer.
        self._used = [0] * count
        self._answers = 0
        self._taken: set[int] = set()
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def taken(self, text: bytes) -> Iterator[Slot]:
        """A slot for a prompt, until it is answered. Never blocks: an engine that has none left
        chooses by itself."""
        text = text[:_REMEMBERED]
        with self._lock:
            number = None if self._engine_chooses else self._choose(text)
            kept = [*self._lately]
            if number is not None:
                kept = [self._texts[number]]
                self._taken.add(number)
        known = max((in_common(text, each) for each in kept), default=0)
        slot = Slot(number, len(text) - known, text)
        try:
            yield slot
        finally:
            with self._lock:
                if slot.is_read:
                    self._lately.append(slot.text[:_REMEMBERED])
                if number is not None:
                    self._answers += 1
                    self._used[number] = self._answers
                    if slot.is_read:
                        self._texts[number] = slot.text[:_REMEMBERED]
                    self._taken.discard(number)

    def _choose(self, text: bytes) -> int | None:
        free = [each for each in range(len(self._texts)) if each not in self._taken]
        kept = [SlotMemory(self._texts[each], self._answers - self._used[each]) for each in free]
        return free[slot_for(text, kept)] if free else None


class Slot:
    """One that is taken: its `number`, None where the engine chooses, and about how many tokens of
    the prompt it has not read before. What is written behind it is added to its `text`."""

    def __init__(self, number: int | None, unread: int, text: bytes) -> None:
        self.number = number
        self.unread = unread // BYTES_OF_TOKEN
        self.text = text
        #: Whether the engine has read of it: else the slot has what it had.
        self.is_read = False
