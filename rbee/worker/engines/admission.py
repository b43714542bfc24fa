"""How many prompts lie with an engine that it has not begun to read. Phase 11.

An engine reads together all that it has when it begins a batch, and nobody has a first token before
that batch is read. Where all callers come at once, so many begin together as are let in here, and
the others wait outside for the next batch. Nobody waits for a prompt that the engine does not take:
those let in count no more once it does nothing else, or has gone on with others without them.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator

#: How long an engine that does nothing else may leave a prompt that it has (seconds): it takes one
#: within milliseconds.
_IDLE_S = 0.25
#: How often it may tell of others, for each that may be let in, without a prompt having begun.
_PASSED_OVER = 16


def most_unbegun(slots: int) -> int:
    """How many prompts may lie unread with an engine of so many slots: half of them, so that of
    four callers none waits for all four, and many on a GPU are still read together. Pure."""
    return max(1, slots // 2)


class Admission:
    """For at most `most` prompts at a time."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._changed = threading.Condition()
        #: What is let in and not begun, with the number of signs of the engine by then.
        self._unbegun: dict[object, int] = {}
        #: How many are begun and not over, and how often the engine has told of any of them.
        self._begun = 0
        self._signs = 0

    @contextlib.contextmanager
    def entered(self, cancelled: threading.Event) -> Iterator[Callable[[], None]]:
        """Blocks until there is a place, or somebody cancels. What it yields is to be called with
        each sign that the engine gives of this prompt: by the first of them it has begun."""
        mine = object()
        with self._changed:
            self._wait(cancelled)
            self._unbegun[mine] = self._signs
        has_begun = False

        def sign() -> None:
            nonlocal has_begun
            with self._changed:
                self._signs += 1
                if not has_begun:
                    has_begun = True
                    self._unbegun.pop(mine, None)
                    self._begun += 1
                    self._changed.notify_all()

        try:
            yield sign
        finally:
            with self._changed:
                self._unbegun.pop(mine, None)
                self._begun -= has_begun
                self._changed.notify_all()

    def _wait(self, cancelled: threading.Event) -> None:
        while not cancelled.is_set():
            passed = self._signs - _PASSED_OVER * self._most
            if sum(since > passed for since in self._unbegun.values()) < self._most:
                return
            if not self._changed.wait(_IDLE_S) and not self._begun:
                return
