"""Hives: listed, removed, and what they tell."""

from __future__ import annotations

from typing import NamedTuple

from rbee.http.serving import serves
from rbee.process.tasks import DATABASE, in_thread
from rbee.queen.catalog import HiveCatalog, HiveRow
from rbee.queen.dispatcher import Dispatcher
from rbee.queen.hives import Hives
from rbee.queen.jobs import JobBoard
from rbee.queen.news import News
from rbee.queen.registry import Registry
from rbee.queen.state import Broken
from rbee.queen.troubles import is_deadly
from rbee.wire.errors import RbeeError
from rbee.wire.messages.basics import Named
from rbee.wire.messages.devices import DegradedDevice
from rbee.wire.messages.hives import (
    HEARTBEAT,
    HIVES,
    REMOVE_HIVE,
    Heartbeat,
    HeartbeatAnswer,
    HiveList,
    HiveStatus,
    HiveView,
)


class HiveHandlers(NamedTuple):
    """The machines, as the catalog and their heartbeats tell of them."""

    hives: Hives
    catalog: HiveCatalog
    registry: Registry
    jobs: JobBoard
    dispatcher: Dispatcher
    news: News

    @serves(REMOVE_HIVE)
    async def remove(self, wanted: Named) -> None:
        """Puts a machine to sleep and forgets it; 409 while it works."""
        jobs = sum(job.hive_id == wanted.id for job in self.jobs.under_way())
        if jobs:
            raise RbeeError(
                "hive_busy",
                f"hive {wanted.id} works for {jobs} job" + "s" * (jobs > 1),
                "wait until it has finished; rbee-keeper ps lists the jobs",
            )
        await self.hives.remove(wanted.id, self.news.say)

    @serves(HIVES)
    async def listed(self) -> HiveList:
        """Lists the machines, with what is known of each and which devices are degraded."""
        rows = await in_thread(DATABASE, self.catalog.list)
        return HiveList(hives=[self._view(row) for row in rows])

    @serves(HEARTBEAT)
    async def heard(self, beat: Heartbeat) -> HeartbeatAnswer:
        """Hears what a hive tells of itself and its workers; 404 where it is unknown."""
        if not self.registry.beat(beat):
            raise RbeeError(
                "hive_not_found",
                f"this queen does not know hive {beat.hive_id}",
                f"rbee-keeper add-hive {beat.hive_id}",
            )
        for news in beat.news:
            self.news.narrate(news)
        for gone in beat.failures:
            error = RbeeError.from_body(gone.error)
            if is_deadly(error):
                broken = Broken(beat.hive_id, gone.device, gone.model_ref, gone.template)
                self.dispatcher.failed(broken, error)
        await self.hives.note_processor(beat.hive_id, beat.processor)
        return HeartbeatAnswer()

    def _view(self, row: HiveRow) -> HiveView:
        hive = self.registry.hives.get(row.hive_id)
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
            degraded=self._degraded(row.hive_id),
        )

    def _degraded(self, hive_id: str) -> list[DegradedDevice]:
        return [
            DegradedDevice(device=device, model_ref=ref, why=known.why, until_ms=known.until_ms)
            for (on, device, ref, _), known in self.dispatcher.state.degraded.items()
            if on == hive_id and on in self.registry.hives
        ]
