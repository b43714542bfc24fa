"""The cluster as it is now: which hives live, what they have, which workers they run. RAM.

Written by heartbeats and by the flow that started a worker; rebuilt from heartbeats after a
restart. Whoever waits for a change waits on `changed`, never on a clock.
"""

from __future__ import annotations

import asyncio
import collections
import contextlib
import dataclasses
import time
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, TypeVar

from rbee.process.sabotage import sabotaged
from rbee.process.tasks import begin
from rbee.wire.errors import RbeeError
from rbee.wire.messages import Devices, Heartbeat, WorkerBeat, WorkerState

T = TypeVar("T")


@dataclasses.dataclass(slots=True)
class Hive:
    """A hive that lives.

    `url` is where the queen reaches it, by a tunnel or not. `devices` is None until it was asked,
    at `devices_at`; `beats` counts its heartbeats. Times are monotonic seconds.
    """

    hive_id: str
    host: str
    url: str
    tunnelled: bool = False
    devices: Devices | None = None
    devices_at: float = 0.0
    workers: dict[str, WorkerBeat] = dataclasses.field(default_factory=dict)
    degraded: set[str] = dataclasses.field(default_factory=set)
    beats: int = 0
    last_beat: float = 0.0
    last_beat_ms: int = 0


class Registry:
    """The hives that live, by id."""

    def __init__(self, silence: float, on_offline: Callable[[str], None]) -> None:
        """A hive that is silent for `silence` seconds is offline; `on_offline` hears its id."""
        self.hives: dict[str, Hive] = {}
        self._silence = silence
        self._on_offline = on_offline
        self._offline: dict[str, Hive] = {}
        #: Hives that are being woken, with the heartbeat that was faster than the news of it.
        self._expected: dict[str, Heartbeat | None] = {}
        self._timers: dict[str, asyncio.TimerHandle] = {}
        #: Slots that jobs of this queen hold, by worker; written for the queues alone.
        self.claimed: collections.Counter[str] = collections.Counter()
        self._changed = asyncio.Event()
        self._listeners: list[Callable[[], None]] = []
        #: Apart from the other changes: every job waits for it, and heartbeats are many.
        self._silenced = asyncio.Event()

    @contextlib.contextmanager
    def expecting(self, hive_id: str) -> Iterator[None]:
        """A hive is being woken: its first heartbeat may come before it counts as woken."""
        self._expected[hive_id] = None
        try:
            yield
        finally:
            del self._expected[hive_id]

    def woken(self, hive_id: str, host: str, url: str, tunnelled: bool = False) -> Hive:
        """A hive has reported ready; it counts as alive from here on."""
        hive = Hive(hive_id, host, url, tunnelled, last_beat=time.monotonic())
        self.hives[hive_id] = hive
        self._offline.pop(hive_id, None)
        self._expect_beat(hive_id)
        early = self._expected.get(hive_id)
        if early is not None:
            self.beat(early)
        self._notify()
        return hive

    def beat(self, beat: Heartbeat) -> bool:
        """Takes over a heartbeat; a hive that was offline is back. False: nobody knows it."""
        back = self._offline.pop(beat.hive_id, None)
        hive = self.hives.get(beat.hive_id) or (None if sabotaged("queen:never-rejoin") else back)
        if hive is None:
            if beat.hive_id not in self._expected:
                return False
            self._expected[beat.hive_id] = beat
            return True
        self.hives[beat.hive_id] = hive
        self._expect_beat(beat.hive_id)
        if not hive.tunnelled:
            hive.url = beat.url
        hive.workers = {worker.worker_id: worker for worker in beat.workers}
        hive.beats += 1
        hive.last_beat = time.monotonic()
        hive.last_beat_ms = time.time_ns() // 1_000_000
        self._notify()
        return True

    def described(self, hive_id: str, devices: Devices) -> None:
        """A hive has told what it has."""
        hive = self.living(hive_id)
        hive.devices = devices
        hive.devices_at = 0.0 if sabotaged("queen:always-ask") else time.monotonic()
        self._notify()

    def worker_started(self, hive_id: str, worker: WorkerBeat) -> None:
        """Phase 9.3: the flow has had a worker started; its heartbeats will tell the rest."""
        self.living(hive_id).workers.setdefault(worker.worker_id, worker)
        self._notify()

    def gone(self, hive_id: str) -> None:
        """A hive has left or was lost, and its workers with it."""
        self._offline.pop(hive_id, None)
        if self.hives.pop(hive_id, None) is not None:
            self._notify()

    def degraded(self, hive_id: str, device: str) -> None:
        """Workers keep dying on a device; nothing is placed there until the hive is woken anew."""
        hive = self.hives.get(hive_id)
        if hive is not None:
            hive.degraded.add(device)

    def is_offline(self, hive_id: str) -> bool:
        """Whether a hive has fallen silent. One that has ended is neither alive nor offline."""
        return hive_id in self._offline

    def worker(self, hive_id: str, worker_id: str) -> WorkerBeat | None:
        """A worker as its hive last told of it."""
        hive = self.hives.get(hive_id)
        return hive.workers.get(worker_id) if hive is not None else None

    def living(self, hive_id: str) -> Hive:
        """A hive that lives. Raises `hive_unreachable` where it died in the meantime."""
        try:
            return self.hives[hive_id]
        except KeyError:
            raise RbeeError(
                "hive_unreachable", f"hive {hive_id} is gone", f"rbee-keeper logs hive-{hive_id}"
            ) from None

    def claim(self, worker_id: str) -> None:
        """A job takes a slot of a worker; nobody else gets it until it is released."""
        self.claimed[worker_id] += 1

    def release(self, worker_id: str) -> None:
        """A job gives its slot back; who waits for one is woken."""
        self.claimed[worker_id] -= 1
        if not self.claimed[worker_id]:
            del self.claimed[worker_id]
        self._notify()

    def on_change(self, listener: Callable[[], None]) -> None:
        """Has `listener` called after each change."""
        self._listeners.append(listener)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Returns once `condition` holds; it is looked at after each change."""
        while not condition():
            await self._changed.wait()

    async def unless_offline(self, hive_id: Callable[[], str], work: Coroutine[Any, Any, T]) -> T:
        """What `work` gives, unless the hive that it waits for falls silent first.

        `hive_id` tells which one that is now; empty: none. Raises `hive_unreachable`, with the
        work cancelled, and what the work raises.
        """
        doing = begin(work)
        silence = begin(self._until_offline(hive_id))
        try:
            await asyncio.wait([doing, silence], return_when=asyncio.FIRST_COMPLETED)
            if doing.done():
                return doing.result()
            silence.result()  # raises where it is no silence, but the watch that failed
        finally:
            silence.cancel()
            if not doing.done():
                doing.cancel()
            await asyncio.gather(doing, return_exceptions=True)
        raise RbeeError(
            "hive_unreachable",
            f"hive {hive_id()} has fallen silent",
            "look whether that machine and its network are on; rbee-keeper hives tells",
        )

    async def _until_offline(self, hive_id: Callable[[], str]) -> None:
        while not self.is_offline(hive_id()) or sabotaged("queen:wait-for-the-silent"):
            await self._silenced.wait()

    def _expect_beat(self, hive_id: str) -> None:
        timer = self._timers.pop(hive_id, None)
        if timer is not None:
            timer.cancel()
        loop = asyncio.get_running_loop()
        self._timers[hive_id] = loop.call_later(self._silence, self.lost, hive_id)

    def lost(self, hive_id: str) -> None:
        """A hive has fallen silent: it is offline, until it beats again."""
        if sabotaged("queen:never-offline"):
            return
        hive = self.hives.pop(hive_id, None)
        if hive is not None:
            self._offline[hive_id] = hive
            self._on_offline(hive_id)
            self._silenced.set()
            self._silenced = asyncio.Event()
            self._notify()

    def _notify(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
        for listener in self._listeners:
            listener()


def is_ready(worker: WorkerBeat | None) -> bool:
    """Whether a worker can take requests (it may be busy with others)."""
    return worker is not None and worker.state in (WorkerState.READY, WorkerState.BUSY)
