"""Why a worker ended, and what is done about it. Pure."""

from __future__ import annotations

import enum
import signal
from collections.abc import Sequence
from typing import NamedTuple

#: How long a worker that was restarted has to serve until it counts as sound (seconds).
_SOUND_AFTER = 30.0


class Cause(enum.Enum):
    """What ended a worker that nobody had asked to end."""

    ITSELF = "it crashed, or was ended by a signal that its hive or a person sent"
    PERHAPS_MEMORY = "a SIGKILL that its hive did not send"
    MEMORY = "the kernel, for want of memory"


class Ended(NamedTuple):
    """What is known when a worker has ended: its exit status, negative for a signal.

    `was_loading`: it had not been ready since it was started last; `may_restart`: it has not been
    started again as often as is allowed; `loads_died`: how often its engine has crashed before
    while it loaded what it cannot do without; `draft`, `projector`: what it still would load.
    """

    status: int
    cause: Cause
    may_restart: bool
    was_loading: bool
    loads_died: int = 0
    on_cpu: bool = False
    draft: bool = False
    projector: bool = False


class Then(enum.Enum):
    """What is done about it."""

    AGAIN = "it is started again"
    WITHOUT_DRAFT = "it is started again without its draft"
    WITHOUT_PROJECTOR = "it is started again without what shows it pictures"
    WITHOUT_TEMPLATE = "it is started again without its chat template, the part that is a program"
    OUT_OF_MEMORY = "it is given up: the same again would end the same"
    DEADLY = "it is given up: its engine dies of this model, on any processor"
    TOO_OFTEN = "it is given up: it has been started again as often as is allowed"


def then(ended: Ended) -> Then:
    """What is done about a worker that has ended, though nobody asked it to."""
    if ended.cause is Cause.MEMORY:
        return Then.OUT_OF_MEMORY
    if not ended.may_restart:
        return Then.TOO_OFTEN
    if not ended.was_loading or not crashed(ended.status):
        return Then.AGAIN
    if ended.draft:
        return Then.WITHOUT_DRAFT
    if ended.projector:
        return Then.WITHOUT_PROJECTOR
    return Then.DEADLY if ended.loads_died and ended.on_cpu else Then.WITHOUT_TEMPLATE


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
