"""A job that is handed in while signals come."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Sequence
from types import SimpleNamespace
from typing import Any, NamedTuple, cast

from rbee.keeper.awake import AwakeQueen
from rbee.keeper.command import Terminated
from rbee.keeper.job import JobRun
from rbee.keeper.screen import Screen
from rbee.wire.messages.jobs import SUBMIT_JOB, JobAccepted, JobRequest


class Ending(NamedTuple):
    """How a command ended: the jobs that it has cancelled, whether as one that is interrupted, and
    whether the signals are taken as before."""

    cancelled: Sequence[str]
    is_interrupted: bool
    is_as_before: bool


class _Queen:
    """Takes a job in, and meanwhile signals come."""

    def __init__(self, signals: Sequence[signal.Signals]) -> None:
        self._signals = signals
        self.cancelled: list[str] = []

    def call(self, route: object, wanted: Any) -> JobAccepted | None:
        if route is not SUBMIT_JOB:
            self.cancelled.append(wanted.id)
            return None
        for each in self._signals:
            signal.raise_signal(each)
        return JobAccepted(job_id="job", events_url="/jobs/job/events")

    def events(self, path: str) -> Iterator[Any]:
        raise AssertionError(f"{path} is read, as if nothing had come")

    def close(self) -> None:
        """There is no connection."""


def interrupted(signals: Sequence[str]) -> Ending:
    """A command hands a job in, and these signals come before the queen has answered."""

    def terminate(*_: object) -> None:
        raise Terminated

    queen = _Queen([signal.Signals[each] for each in signals])
    run = JobRun(Screen(quiet=True), cast(AwakeQueen, SimpleNamespace(client=queen)))
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    before_term = signal.signal(signal.SIGTERM, terminate)
    try:
        is_interrupted = False
        try:
            run.run(JobRequest(model_ref="bundled", prompt="hello"))
        except KeyboardInterrupt:
            is_interrupted = True
        taken = (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM))
        is_as_before = taken == (signal.default_int_handler, terminate)
        return Ending(queen.cancelled, is_interrupted, is_as_before)
    finally:
        signal.signal(signal.SIGINT, before)
        signal.signal(signal.SIGTERM, before_term)
