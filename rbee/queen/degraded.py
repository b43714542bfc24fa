"""Devices on which the workers of a model keep dying: for a while its last choice."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from rbee.queen.hearers import Say
from rbee.queen.state import Broken, Degraded, State, is_ready
from rbee.queen.troubles import of_degraded
from rbee.wire import narration
from rbee.wire.errors import RbeeError

#: The most entries of one hive. A hive that somebody else has taken over may report any number.
_MOST_OF_A_HIVE = 256


class Degrading:
    """Writes `State.degraded`."""

    def __init__(
        self, state: State, say: Say, lasts: float, is_known: Callable[[str], bool]
    ) -> None:
        """A device is degraded for `lasts` seconds; `is_known` tells of a hive whether it may come
        back as it was. `say` hears what happens."""
        self._state = state
        self._say = say
        self._lasts = lasts
        self._is_known = is_known
        self._timers: dict[Broken, asyncio.TimerHandle] = {}

    def add(self, broken: Broken, error: RbeeError) -> RbeeError:
        """Workers of a model kept dying on a device, which heals by time, or by a worker that gets
        ready there. Returns the error that says so."""
        known = self._state.degraded.get(broken)
        if known is not None and known.why == error.message:
            return known.error  # a job and a heartbeat report the same worker
        if broken.hive_id not in self._state.hives:
            return error
        self._forget(broken)
        known_there = [each for each in self._state.degraded if each.hive_id == broken.hive_id]
        if len(known_there) >= _MOST_OF_A_HIVE:
            self._healed(known_there[0])
        heal = asyncio.get_running_loop().call_later(self._lasts, self._healed, broken)
        self._timers[broken] = heal
        until = time.time() + self._lasts
        at = time.strftime("%H:%M:%S", time.localtime(until))
        explained = of_degraded(error, broken.hive_id, broken.device, at)
        now = time.monotonic()
        self._state.degraded[broken] = Degraded(error.message, explained, now, round(until * 1000))
        self._say_of(narration.DEGRADED, broken)
        return explained

    def refresh(self) -> None:
        """After a change: forgets devices that serve again, and hives that have left."""
        for broken in list(self._state.degraded):
            hive = self._state.hives.get(broken.hive_id)
            if hive is None and not self._is_known(broken.hive_id):
                self._forget(broken)
            workers = hive.workers.values() if hive is not None else ()
            if any(
                is_ready(worker)
                and (worker.device, worker.model_ref, worker.template) == broken[1:]
                for worker in workers
            ):
                self._healed(broken)

    def _healed(self, broken: Broken) -> None:
        self._forget(broken)
        self._say_of(narration.HEALED, broken)

    def _forget(self, broken: Broken) -> None:
        if self._state.degraded.pop(broken, None) is not None:
            self._timers.pop(broken).cancel()

    def _say_of(self, line: narration.Line, broken: Broken) -> None:
        device = narration.device_name(broken.device)
        self._say(line, model_ref=broken.model_ref, device=device, hive_id=broken.hive_id)
