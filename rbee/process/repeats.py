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
        self._last: OrderedDict[Hashable, tuple[float, int]] = OrderedDict()

    def may_tell(self, what: Hashable, now: float) -> bool:
        """Whether to tell it at `now` (seconds of any clock); else it is counted."""
        known = self._last.get(what)
        if known is not None and now - known[0] < self.every:
            self._last[what] = (known[0], known[1] + 1)
            return False
        self._last[what] = (now, 0 if known is None else known[1])
        self._last.move_to_end(what)
        if len(self._last) > _KEPT:
            self._last.popitem(last=False)
        return True

    def take_counts(self, now: float) -> list[tuple[Hashable, int]]:
        """What was not told in the time that is over by `now`, and how often; it begins anew."""
        over = [(what, at[1]) for what, at in self._last.items() if now - at[0] >= self.every]
        for what, _ in over:
            del self._last[what]
        return [(what, times) for what, times in over if times]
