"""Workers: listed and stopped."""

from __future__ import annotations

import asyncio
import contextlib
from typing import NamedTuple

from rbee.http.serving import serves
from rbee.process.deadline import timeout
from rbee.queen.hives import Hives
from rbee.queen.registry import Registry
from rbee.wire.errors import no_such
from rbee.wire.messages.basics import Named
from rbee.wire.messages.workers import STOP_WORKER, WORKERS, WorkerList, WorkerView
from rbee.wire.settings import Settings


class WorkerHandlers(NamedTuple):
    """The workers of all hives."""

    hives: Hives
    registry: Registry
    settings: Settings

    @serves(WORKERS)
    async def listed(self) -> WorkerList:
        """Lists the workers of all hives."""
        workers = self.registry.workers()
        return WorkerList(workers=[WorkerView.of(worker, hive_id) for hive_id, worker in workers])

    @serves(STOP_WORKER)
    async def stop(self, wanted: Named) -> None:
        """Stops a worker, and answers when it is gone."""
        for hive in list(self.registry.hives.values()):
            if wanted.id in hive.workers:
                await self.hives.peer(hive).call(STOP_WORKER, wanted)
                await self._forgotten(hive.hive_id, wanted.id)
                return
        known = [worker.worker_id for _, worker in self.registry.workers()]
        raise no_such("worker", wanted.id, known, "rbee-keeper ps lists the workers")

    async def _forgotten(self, hive_id: str, worker_id: str) -> None:
        """Waits until the heartbeat has come that no longer tells of a worker."""

        def gone() -> bool:
            return self.registry.worker(hive_id, worker_id) is None

        with contextlib.suppress(asyncio.TimeoutError):
            async with timeout(self.settings.stop_request):
                await self.registry.until(gone)
