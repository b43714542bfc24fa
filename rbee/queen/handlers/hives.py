"""Hives: added, listed, woken, removed, and what they tell."""

from __future__ import annotations

from collections.abc import Callable

from rbee.http.serving import serves
from rbee.process.tasks import DATABASE, in_thread
from rbee.queen.catalog import HiveCatalog, HiveRow
from rbee.queen.handlers.operations import begun
from rbee.queen.hive_directory import id_of
from rbee.queen.hives import Hives
from rbee.queen.jobs import JobBoard
from rbee.queen.news import News
from rbee.queen.operations import Operations
from rbee.queen.registry import Hive, Registry
from rbee.queen.troubles import is_deadly
from rbee.wire.errors import RbeeError
from rbee.wire.messages.basics import Named
from rbee.wire.messages.devices import DegradedDevice
from rbee.wire.messages.hives import (
    ADD_HIVE,
    HEARTBEAT,
    HIVES,
    REMOVE_HIVE,
    WAKE_HIVES,
    AddHive,
    Heartbeat,
    HeartbeatAnswer,
    HiveAddStarted,
    HiveList,
    HiveStatus,
    HiveView,
    WakeHives,
)
from rbee.wire.messages.operations import OperationStarted


class HiveHandlers:
    """`require_awake` raises where the queen is going to sleep."""

    def __init__(
        self,
        hives: Hives,
        catalog: HiveCatalog,
        registry: Registry,
        jobs: JobBoard,
        operations: Operations,
        news: News,
        require_awake: Callable[[], None],
    ) -> None:
        self._hives = hives
        self._catalog = catalog
        self._registry = registry
        self._jobs = jobs
        self._operations = operations
        self._news = news
        self._require_awake = require_awake

    @serves(ADD_HIVE)
    async def add(self, wanted: AddHive) -> HiveAddStarted:
        """Raises `invalid_request` for what cannot be a hive, before anything is tried."""
        self._require_awake()
        hive_id = id_of(wanted)
        wanted = await self._hives.members.decided(hive_id, wanted)
        operation = begun(self._operations.add(hive_id, wanted))
        return HiveAddStarted(
            hive_id=hive_id,
            operation_id=operation.operation_id,
            events_url=operation.events_url,
        )

    @serves(REMOVE_HIVE)
    async def remove(self, wanted: Named) -> None:
        """Raises `hive_busy` where it works."""
        jobs = sum(job.hive_id == wanted.id for job in self._jobs.running())
        if jobs:
            raise RbeeError(
                "hive_busy",
                f"hive {wanted.id} works for {jobs} job" + "s" * (jobs > 1),
                "wait until it has finished; rbee-keeper ps lists the jobs",
            )
        await self._hives.remove(wanted.id, self._news.say)

    @serves(HIVES)
    async def listed(self) -> HiveList:
        """The catalog joined with what is known live."""
        rows = await in_thread(DATABASE, self._catalog.list)
        return HiveList(hives=[self._view(row) for row in rows])

    @serves(WAKE_HIVES)
    async def wake(self, wanted: WakeHives) -> OperationStarted:
        """Wakes one, or all."""
        self._require_awake()
        return begun(self._operations.wake(wanted.node))

    @serves(HEARTBEAT)
    async def heard(self, beat: Heartbeat) -> HeartbeatAnswer:
        """Raises `hive_not_found` for one that is unknown, and is to be asked to report anew."""
        if not self._registry.beat(beat):
            raise RbeeError(
                "hive_not_found",
                f"this queen does not know hive {beat.hive_id}",
                f"rbee-keeper add-hive {beat.hive_id}",
            )
        for news in beat.news:
            self._news.narrate(news)
        for gone in beat.failures:
            error = RbeeError.from_body(gone.error)
            if is_deadly(error):
                self._registry.failed(
                    beat.hive_id, gone.device, gone.model_ref, error, gone.template
                )
        await self._hives.note_processor(beat.hive_id, beat.processor)
        return HeartbeatAnswer()

    def _view(self, row: HiveRow) -> HiveView:
        hive = self._registry.hives.get(row.hive_id)
        devices = (hive.devices if hive else None) or row.devices
        return HiveView(
            hive_id=row.hive_id,
            host=row.host,
            port=row.port,
            status=HiveStatus.ONLINE if hive else HiveStatus.OFFLINE,
            url=hive.url if hive else None,
            devices=devices,
            workers=len(hive.workers) if hive else 0,
            last_heartbeat_ms=hive.last_beat_ms if hive else None,
            degraded=_degraded(hive) if hive else [],
        )


def _degraded(hive: Hive) -> list[DegradedDevice]:
    return [
        DegradedDevice(device=device, model_ref=ref, why=known.why, until_ms=known.until_ms)
        for (device, ref, _), known in hive.degraded.items()
    ]
