"""One model on its way to this machine, and what is told of that. Phase 7."""

from __future__ import annotations

import asyncio
import threading
import time

import msgspec

from rbee.hive.models.download import Fetching
from rbee.hive.models.model_plan import HubFile
from rbee.http.operation import Operation
from rbee.wire import narration
from rbee.wire.errors import RbeeError
from rbee.wire.messages.events import Progress
from rbee.wire.model_ref import ModelRef

#: Seconds between two lines that tell the percentage.
_BETWEEN_PERCENTS = 2.0


class Provision(Operation):
    """One model on its way; `newest`: also where one is here already."""

    def __init__(self, ref: ModelRef, newest: bool) -> None:
        super().__init__("hive")
        self.ref = ref
        self.newest = newest
        self.stopped = threading.Event()
        #: Whether it waits until others have been fetched.
        self.is_in_line = False

    def cancel(self, why: RbeeError | None = None) -> None:
        """Has it stop; what has arrived is kept."""
        self.stopped.set()
        if self.is_in_line:
            super().cancel(why)

    def wait_in_line(self, before: int, host: str) -> None:
        """Tells that others are fetched first."""
        self.say(narration.MODEL_IN_LINE, host=host or "all hubs", before=before)


class ProgressTeller(msgspec.Struct):
    """Turns byte counts into `progress` events, and into a line of narration now and then.

    `base` of the `total` bytes were here before.
    """

    _provision: Provision
    _total: int
    _base: int
    _since: float = msgspec.field(default_factory=time.monotonic)
    _narrated_at: float = 0.0

    def watch(self, file: HubFile, before: int) -> Fetching:
        """What is told of in a thread: one file, with so many bytes of others before it."""
        soon = asyncio.get_running_loop().call_soon_threadsafe
        return Fetching(
            file.size,
            lambda done: soon(self._tell, before + done),
            lambda why, done: soon(self._trouble, why, before + done),
            self._provision.stopped,
        )

    def _tell(self, done: int) -> None:
        now = time.monotonic()
        if done <= self._base:
            self._since = now  # what is already here is being read again
        rate = max(0, done - self._base) / max(now - self._since, 1e-3)
        self._provision.progress(Progress("download", done, self._total, round(rate)))
        if now - self._narrated_at >= _BETWEEN_PERCENTS:
            self._narrated_at = now
            percent = done * 100 // self._total
            self._provision.say(narration.MODEL_PERCENT, percent=percent, rate=narration.size(rate))

    def _trouble(self, why: str, done: int) -> None:
        self._provision.say(narration.MODEL_TROUBLE, why=why, done=narration.size(done))
