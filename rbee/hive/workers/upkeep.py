"""What is due for a worker, and when: given up, ended because it is stuck, or because it idles.

A worker is judged as a whole, and by what it says of its engine, never by what one caller gets.
Pure; the supervisor carries it out.
"""

from __future__ import annotations

import enum
from typing import NamedTuple

from rbee.wire.messages.workers import WorkerState
from rbee.wire.settings import Settings


class Measure(enum.Enum):
    """What to do with a worker once its time has come."""

    GIVE_UP = "it loads, and makes no progress"
    KILL = "it sends no heartbeats"
    END_STUCK = "its engine does nothing at all although jobs wait for it"
    UNLOAD = "nobody needs it"


class Due(NamedTuple):
    """A measure and the moment it is due, on the clock of `last_report` (seconds)."""

    measure: Measure
    at: float


def next_due(
    state: WorkerState,
    last_report: float,
    worked_at: float,
    unloads_at: float | None,
    settings: Settings,
) -> Due | None:
    """The first thing that becomes due while nothing else happens; None: only its end counts.

    `last_report` is when the worker was last heard, `worked_at` when its engine last did anything
    or had nothing to do, `unloads_at` when it will have idled for as long as it may. An engine is
    stuck when the worker itself says so: what comes after its last report, nobody knows.
    """
    if state is WorkerState.LOADING:
        return Due(Measure.GIVE_UP, worked_at + settings.load_stall)
    serving = state in (WorkerState.READY, WorkerState.BUSY)
    if not serving:
        return None
    silent = settings.heartbeat_interval * settings.heartbeats_missed
    if last_report - worked_at >= settings.token_stall:
        return Due(Measure.END_STUCK, last_report)
    killed = Due(Measure.KILL, last_report + silent)
    if unloads_at is None:
        return killed
    return min(killed, Due(Measure.UNLOAD, unloads_at), key=lambda due: due.at)
