"""Prompts that an engine is given at once, in this process: how many it begins together."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable

from rbee.wire.errors import invalid
from rbee.worker.engines.admission import Admission, most_unbegun

#: Far longer than a thread takes to be given what it waits for, and as long as it needs (seconds).
_SOON, _NOW = 10.0, 0.02


class Batches:
    """An engine that begins together all that it has been given."""

    def __init__(self, slots: int, prompts: int) -> None:
        self._admission = Admission(most_unbegun(slots))
        self._most = most_unbegun(slots)
        self._left = prompts
        self._changed = threading.Condition()
        self._with_engine = 0
        self._batch = 0

    def together(self) -> list[int]:
        """How many prompts are begun, batch by batch."""
        threads = [threading.Thread(target=self._ask, daemon=True) for _ in range(self._left)]
        for thread in threads:
            thread.start()
        batches = []
        while self._left:
            batches.append(self._next_batch(min(self._most, self._left)))
        for thread in threads:
            thread.join(_SOON)
        return batches

    def _next_batch(self, expected: int) -> int:
        with self._changed:
            self._changed.wait_for(lambda: self._with_engine >= expected, _SOON)
            # None that has to wait outside comes in while nothing is begun.
            self._changed.wait_for(lambda: self._with_engine > expected, _NOW)
            together, self._with_engine = self._with_engine, 0
            self._left -= together
            self._batch += 1
            self._changed.notify_all()
        return together

    def _ask(self) -> None:
        with self._admission.entered(threading.Event()) as sign, self._changed:
            self._with_engine += 1
            mine = self._batch
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._batch > mine, _SOON)
            sign()
            self._changed.wait_for(lambda: self._left == 0, _SOON)


def lets_in_behind(do: str, slots: int, *, called_off: bool = False) -> bool:
    """Whether a prompt is let in behind as many as may lie unread that ``are refused``, ``hang`` or
    ``hang beside one that runs``; also one that is `called_off`."""
    admission, let_in, over = Admission(most_unbegun(slots)), threading.Event(), threading.Event()
    cancelled = threading.Event()

    def hang() -> None:
        with admission.entered(threading.Event()):
            over.wait(_SOON)

    def run() -> None:
        with admission.entered(threading.Event()) as sign:
            while not over.wait(_NOW / 20):
                sign()

    def ask() -> None:
        with admission.entered(cancelled):
            let_in.set()

    def begin(work: Callable[[], None]) -> None:
        threading.Thread(target=work, daemon=True).start()

    if do.endswith("runs"):
        begin(run)
    if do == "are refused":
        for _ in range(most_unbegun(slots)):
            with contextlib.suppress(Exception), admission.entered(threading.Event()):
                raise invalid("refused", "")
    else:
        for _ in range(most_unbegun(slots)):
            begin(hang)
    if called_off:
        cancelled.set()
    begin(ask)
    try:
        return let_in.wait(_SOON)
    finally:
        over.set()
