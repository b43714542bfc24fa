"""Whether the engine of a worker works, and for whom. Pure: one look comes in after the other.

Output alone is no measure: a long prompt is read for minutes before the first token, one batch of
it may take longer than anybody wants to wait for a token, and an input of which a vector is wanted
says nothing until it is read. So each of these is a sign of life of the engine: a batch of a prompt
that is read, a token or a vector that is made, a request that is over, and CPU time that its
threads use. (A GPU's driver spins on the CPU, or the engine reports its next batch.)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from rbee.process.cpu_use import uses_cpu


class Snapshot(NamedTuple):
    """An engine at one moment.

    `done` is what it has done for each request that runs, in tokens read and made, or vectors;
    `total` what it has done for all, those that are over among them; `cpu` the seconds of CPU time
    of its threads. All of them only grow.
    """

    at: float
    done: Mapping[str, int]
    total: int
    cpu: float


class _Mark(NamedTuple):
    """When a request last got on, and what the engine had done for all by then."""

    at: float
    done: int
    total: int


def has_worked(before: Snapshot, now: Snapshot) -> bool:
    """Whether the engine has done anything between two looks.

    A request that is new is no sign: one that hangs can still be asked for more. One that came and
    went in between is.
    """
    if now.total != before.total or any(
        now.done.get(request) != done for request, done in before.done.items()
    ):
        return True
    return uses_cpu(now.cpu - before.cpu, now.at - before.at)


def is_left_out(silent: float, others: int, stall: float, room: int) -> bool:
    """Whether an engine that works has forgotten one of its requests.

    Requests take turns, so one that is silent may just wait. It is forgotten once it has been
    silent for `stall` seconds and the engine has done as much for the others meanwhile as fits into
    all slots together (`room` tokens): whatever was before it is over by then.
    """
    return silent >= stall and others >= room


class Life:
    """What was seen of an engine so far."""

    def __init__(self) -> None:
        self._worked: Snapshot | None = None
        self._marks: dict[str, _Mark] = {}
        self._now = Snapshot(0.0, {}, 0, 0.0)

    def observe(self, now: Snapshot) -> None:
        """Takes over what is seen now."""
        if self._worked is None or not self._worked.done or has_worked(self._worked, now):
            self._worked = now
        elif not now.done.keys() <= self._worked.done.keys():
            # New requests are added, so that their next step counts as a sign of life.
            self._worked = self._worked._replace(done={**now.done, **self._worked.done})
        marks = self._marks
        self._marks = {
            request: marks[request]
            if request in marks and marks[request].done == done
            else _Mark(now.at, done, now.total)
            for request, done in now.done.items()
        }
        self._now = now

    @property
    def idle(self) -> float:
        """Seconds for which the engine has done nothing although it was asked to."""
        return 0.0 if self._worked is None else self._now.at - self._worked.at

    def waiting(self, seconds: float) -> list[str]:
        """The requests that have waited for their turn for so long, while others had theirs."""
        return [
            request
            for request, mark in self._marks.items()
            if mark.done == 0 and self._now.at - mark.at >= seconds and self._now.total > mark.total
        ]

    def left_out(self, stall: float, room: int) -> list[str]:
        """The requests that the engine has forgotten over others."""
        return [
            request
            for request, mark in self._marks.items()
            if is_left_out(self._now.at - mark.at, self._now.total - mark.total, stall, room)
        ]
