"""What is told over and over is told once a while, and counted. Pure but for its own memory."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable

#: So many different things are kept apart; of more, the one told longest ago is forgotten.
_KEPT = 256


class Repeats:
    """Who is to be told what: each thing at most once in `every` seconds."""

    def __init__(self, every: float) -> None:
        self.every = every
        #: When each was told last, and how often it was not since.
        self._told: OrderedDict[Hashable, tuple[float, int]] = OrderedDict()

    def is_told(self, what: Hashable, now: float) -> bool:
        """Whether to tell it at `now` (seconds of any clock); else it is counted."""
        known = self._told.get(what)
        if known is not None and now - known[0] < self.every:
            self._told[what] = (known[0], known[1] + 1)
            return False
        self._told[what] = (now, 0 if known is None else known[1])
        self._told.move_to_end(what)
        if len(self._told) > _KEPT:
            self._told.popitem(last=False)
        return True

    def untold(self, now: float) -> list[tuple[Hashable, int]]:
        """What was not told in the time that is over by `now`, and how often; it begins anew."""
        over = [(what, at[1]) for what, at in self._told.items() if now - at[0] >= self.every]
        for what, _ in over:
            del self._told[what]
        return [(what, times) for what, times in over if times]
