"""How long workers may idle, where jobs say so: what their hives are told of that."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import NamedTuple

import msgspec

from rbee.process.deadline import timeout
from rbee.process.tasks import begin
from rbee.queen.registry import Registry
from rbee.queen.state import Hive
from rbee.wire.errors import RbeeError
from rbee.wire.messages.workers import KeepWorker, WorkerBeat

#: Tells a hive. Raises `RbeeError` where it cannot be told.
Tell = Callable[[Hive, KeepWorker], Awaitable[object]]


class _Telling(NamedTuple):
    """What a hive is being told of a worker."""

    seconds: float | None
    task: asyncio.Task[None]


class Idling:
    """Tells hives for how long workers may idle, and knows that until their heartbeats tell it."""

    def __init__(self, registry: Registry, patience: float, tell: Tell) -> None:
        """A hive has `patience` seconds to answer, and to tell it with a heartbeat."""
        self._registry = registry
        self._patience = patience
        self._tell = tell
        #: What hives are told last, and have not told themselves yet, by the id of the worker.
        self._telling: dict[str, _Telling] = {}

    def of(self, worker: WorkerBeat) -> WorkerBeat:
        """A worker with the seconds that it may idle as they are said by now."""
        telling = self._telling.get(worker.worker_id)
        if telling is None:
            return worker
        return msgspec.structs.replace(worker, may_idle_s=telling.seconds, unloads_at_ms=0)

    def let(self, hive_id: str, worker_id: str, seconds: float | None) -> asyncio.Task[None] | None:
        """Has a worker stay loaded for so long when it idles, None: as any other.

        The task is over when its hive has told that, or cannot be told; None: there is nothing new
        to tell it.
        """
        before = self._telling.get(worker_id)
        worker = self._registry.worker(hive_id, worker_id)
        if worker is None or self.of(worker).may_idle_s == seconds:
            return before and before.task
        task = begin(self._until_told(hive_id, worker_id, seconds, before))
        self._telling[worker_id] = _Telling(seconds, task)
        return task

    async def _until_told(
        self, hive_id: str, worker_id: str, seconds: float | None, before: _Telling | None
    ) -> None:
        own = self._telling[worker_id]
        if before is not None:
            await asyncio.wait([before.task])

        def is_known() -> bool:
            worker = self._registry.worker(hive_id, worker_id)
            return worker is None or worker.may_idle_s == seconds

        try:
            # Else something newer is told instead.
            if self._telling[worker_id] is own:
                wanted = KeepWorker(id=worker_id, may_idle_s=seconds, usual=seconds is None)
                with contextlib.suppress(RbeeError, asyncio.TimeoutError):
                    async with timeout(self._patience):
                        await self._tell(self._registry.living(hive_id), wanted)
                        await self._registry.until(is_known)
        finally:
            if self._telling[worker_id] is own:
                del self._telling[worker_id]
