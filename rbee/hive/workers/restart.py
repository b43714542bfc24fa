"""Why a worker ended, and whether it is started again. Pure."""

from __future__ import annotations

import enum
import signal
from collections.abc import Sequence

#: How long a worker that was restarted has to serve until it counts as sound (seconds).
_SOUND_AFTER = 30.0


class Cause(enum.Enum):
    """What ended a worker that nobody had asked to end."""

    ITSELF = "it crashed, or was ended by a signal that its hive or a person sent"
    PERHAPS_MEMORY = "a SIGKILL that its hive did not send"
    MEMORY = "the kernel, for want of memory"


def cause_of(status: int, *, killed_by_hive: bool, memory_kills: int) -> Cause:
    """Why a worker ended with this exit status, negative for a signal.

    `memory_kills` is how many processes the kernel has killed for want of memory where the worker
    ran, since the worker was last heard: a worker that is killed at that moment was one of them.
    """
    if status != -signal.SIGKILL or killed_by_hive:
        return Cause.ITSELF
    return Cause.MEMORY if memory_kills > 0 else Cause.PERHAPS_MEMORY


def restart_delay(restarts: int, delays: Sequence[float]) -> float | None:
    """Seconds to wait before restart number `restarts` + 1; None: no more, it has failed.

    `delays` has one entry for each restart that is allowed.
    """
    return delays[restarts] if restarts < len(delays) else None


def crashed(status: int) -> bool:
    """Whether a program ended of what it did itself: nobody sends it these signals."""
    deadly = (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL)
    return -status in deadly


def begins_anew(ready_for: float) -> bool:
    """Whether a worker that was ready for so many seconds died of something new: what was counted
    before counts no more, and callers who share it are not given up for what others asked."""
    return ready_for >= _SOUND_AFTER


def how_it_ended(status: int) -> str:
    """An exit status for people: ``signal 9``, ``exit status 1``."""
    return f"signal {-status}" if status < 0 else f"exit status {status}"
