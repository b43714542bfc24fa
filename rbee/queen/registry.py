"""The cluster as it is now: which hives live, what they have, which workers they run. RAM.

Written by heartbeats and by who has had a worker started; rebuilt from heartbeats after a
restart. Whoever waits for a change waits on `changed`, never on a clock.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping
from typing import Any, TypeVar

import msgspec

from rbee.process.tasks import begin
from rbee.queen.hearers import Say
from rbee.queen.state import Hive
from rbee.wire import narration
from rbee.wire.errors import RbeeError
from rbee.wire.messages.devices import Devices
from rbee.wire.messages.hives import Heartbeat
from rbee.wire.messages.models import ModelView
from rbee.wire.messages.workers import WorkerBeat

T = TypeVar("T")
#: How many other names of files are known. A hive tells of them, and one that somebody else has
#: taken over may tell of any number.
_MOST_NAMES = 4096


class Registry:
    """The hives that live, by id."""

    def __init__(self, silence: float, say: Say) -> None:
        """A hive that is silent for `silence` seconds is offline; `say` hears what happens."""
        self.hives: dict[str, Hive] = {}
        #: The machines that are suspended and can be woken.
        self.asleep: dict[str, Hive] = {}
        #: The machines that take long to wake.
        self.waking: set[str] = set()
        #: By each name of a model that has several: the one name that stands for all of them.
        self.names: dict[str, str] = {}
        #: How many descriptions of their devices hives have sent, or brought back with them.
        self.described_so_far = 0
        self._silence = silence
        self._say = say
        self._offline: dict[str, Hive] = {}
        #: Hives whose end has been narrated.
        self._missed: set[str] = set()
        #: Hives that are being woken, with the heartbeat that was faster than the news of it.
        self._expected: dict[str, Heartbeat | None] = {}
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._changed = asyncio.Event()
        self._listeners: list[Callable[[], None]] = []
        #: Its own event: every job waits for it, and heartbeats must not wake all of them.
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
        self.asleep.pop(hive_id, None)
        self._tell_return(hive_id)
        self._expect_beat(hive_id)
        early = self._expected.get(hive_id)
        if early is not None:
            self.beat(early)
        self._notify()
        return hive

    def moved(self, hive_id: str, url: str) -> Hive:
        """A hive, silent or not, is reached at `url` from now on. Raises `hive_unreachable`."""
        hive = self._offline.get(hive_id) or self.living(hive_id)
        hive.url = url
        self._say(narration.HIVE_TUNNEL_AGAIN, hive_id=hive_id)
        return hive

    def beat(self, beat: Heartbeat) -> bool:
        """Takes over a heartbeat; a hive that was offline is back. False: nobody knows it."""
        back = self._offline.pop(beat.hive_id, None)
        slept = self.asleep.get(beat.hive_id)
        if back is None and slept is not None and slept.looked_at is None:
            back = self.asleep.pop(beat.hive_id)
        hive = self.hives.get(beat.hive_id) or back
        if hive is None:
            if beat.hive_id not in self._expected:
                return False
            self._expected[beat.hive_id] = beat
            return True
        self.hives[beat.hive_id] = hive
        self.described_so_far += back is not None
        self._tell_return(beat.hive_id)
        self._expect_beat(beat.hive_id)
        hive.workers = {worker.worker_id: worker for worker in beat.workers}
        self._note_names(hive)
        hive.beats += 1
        hive.round_trip = beat.round_trip or hive.round_trip
        hive.last_beat = time.monotonic()
        hive.last_beat_ms = narration.now_ms()
        self._notify()
        return True

    def _tell_return(self, hive_id: str) -> None:
        if hive_id in self._missed:
            self._missed.discard(hive_id)
            self._say(narration.HIVE_ONLINE, hive_id=hive_id)

    def described(self, hive_id: str, devices: Devices) -> None:
        """Notes the devices that a hive has told."""
        hive = self.living(hive_id)
        self.waking.discard(hive_id)
        hive.devices = devices
        hive.devices_at = time.monotonic()
        self.described_so_far += 1
        self._notify()

    def processor(self, hive_id: str, name: str, gb_per_second: float) -> Devices | None:
        """A hive has told what its processor is called, and how fast that reads; empty and 0: not
        yet. What the hive has then; None: nothing of that is new."""
        hive = self.hives.get(hive_id)
        if hive is None or hive.devices is None:
            return None
        cpu = hive.devices.cpu
        before = cpu.name, cpu.gb_per_second
        cpu.name, cpu.gb_per_second = name or cpu.name, gb_per_second or cpu.gb_per_second
        return hive.devices if (cpu.name, cpu.gb_per_second) != before else None

    def worker_started(self, hive_id: str, worker: WorkerBeat) -> None:
        """Phase 9.3: a worker has been started; heartbeats will tell the rest."""
        self.living(hive_id).workers.setdefault(worker.worker_id, worker)
        self._notify()

    def named(self, hive_id: str, worker_ids: list[str], model_ref: str) -> None:
        """A hive has told which of its workers hold what a name leads to."""
        hive = self.living(hive_id)
        for worker_id in worker_ids:
            worker = hive.workers.get(worker_id)
            if worker is not None and model_ref not in (worker.names or ()):
                names = (*(worker.names or (worker.model_ref,)), model_ref)
                hive.workers[worker_id] = msgspec.structs.replace(worker, names=names)
        self._note_names(hive)
        self._notify()

    def _note_names(self, hive: Hive) -> None:
        for worker in hive.workers.values():
            if worker.names is not None and len(worker.names) > 1:
                first = min(worker.names)
                self.names.update(dict.fromkeys(worker.names, first))
        while len(self.names) > _MOST_NAMES:
            del self.names[next(iter(self.names))]

    def workers(self) -> list[tuple[str, WorkerBeat]]:
        """All workers, with the hive of each."""
        hives = self.hives.values()
        return [(hive.hive_id, worker) for hive in hives for worker in hive.workers.values()]

    def gone(self, hive_id: str) -> None:
        """A hive has left or was lost, and its workers with it."""
        self._offline.pop(hive_id, None)
        if self.hives.pop(hive_id, None) is not None:
            self._notify()

    def ended(self, hive_id: str) -> None:
        """A hive has ended that nobody put to sleep."""
        if hive_id in self.hives:
            self._missed.add(hive_id)
            self._say(narration.HIVE_GONE, hive_id=hive_id)
        self.gone(hive_id)

    def suspended(self, hive_id: str, models: Mapping[str, ModelView]) -> None:
        """A hive has said that its machine is suspended now: it is neither silent nor gone, and is
        back with its next heartbeat. Raises `hive_unreachable` for one that does not live."""
        hive = self.living(hive_id)
        if hive.devices is not None:
            self.asleep[hive_id] = hive
            hive.models, hive.looked_at = models, None
        self._timers.pop(hive_id).cancel()
        self._missed.add(hive_id)
        self.gone(hive_id)

    def found_asleep(self, asleep: Hive) -> None:
        """A machine that can be woken does not answer."""
        self.asleep[asleep.hive_id] = asleep
        self._notify()

    def wakes_not(self, hive_id: str) -> None:
        """A machine could not be woken, or is forgotten: it is no place for anything now."""
        if self.asleep.pop(hive_id, None) is not None:
            self._notify()

    def takes_long(self, hive_id: str) -> None:
        """A machine is being woken, which takes long; it is gone on without."""
        self.waking.add(hive_id)

    def wakes_no_more(self, hive_id: str) -> None:
        """A machine that took long to wake has woken, or is none that will."""
        if hive_id in self.waking:
            self.waking.discard(hive_id)
            self._notify()

    def silent(self) -> list[str]:
        """The hives that have fallen silent."""
        return list(self._offline)

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

    def on_change(self, listener: Callable[[], None]) -> None:
        """Has `listener` called after each change."""
        self._listeners.append(listener)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Returns once `condition` holds; it is looked at after each change."""
        while not condition():
            await self._changed.wait()

    async def until_lost(self, hive_id: str) -> None:
        """Returns once a hive has fallen silent, or has ended."""
        await self.until(lambda: hive_id not in self.hives)

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
            silence.result()  # raises where the watching task itself failed
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
        while not self.is_offline(hive_id()):
            await self._silenced.wait()

    def _expect_beat(self, hive_id: str) -> None:
        timer = self._timers.pop(hive_id, None)
        if timer is not None:
            timer.cancel()
        loop = asyncio.get_running_loop()
        self._timers[hive_id] = loop.call_later(self._silence, self.lost, hive_id)

    def lost(self, hive_id: str) -> None:
        """A hive has fallen silent: it is offline, until it beats again."""
        hive = self.hives.pop(hive_id, None)
        if hive is not None:
            self._offline[hive_id] = hive
            self._missed.add(hive_id)
            missed = round(time.monotonic() - hive.last_beat, 1)
            self._say(narration.HIVE_OFFLINE, hive_id=hive_id, silent=narration.seconds(missed))
            self._silenced.set()
            self._silenced = asyncio.Event()
            self._notify()

    def _notify(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
        for listener in self._listeners:
            listener()
