"""What answers the queen's routes, but for operations, keys, and her own life."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import NamedTuple

from aiohttp import web
from msgspec.structs import asdict

from rbee.http.serving import serves, serves_http
from rbee.process.deadline import timeout
from rbee.queen.catalog import HiveRow
from rbee.queen.decisions import is_wanted
from rbee.queen.dispatcher import Dispatcher
from rbee.queen.front.models import refs_of
from rbee.queen.front.offer import Known
from rbee.queen.hives import Hives
from rbee.queen.jobs import Job, JobBoard, speeds
from rbee.queen.measures import JobMetrics
from rbee.queen.names import Names
from rbee.queen.news import News
from rbee.queen.registry import Registry
from rbee.queen.state import Broken, Hive, is_ready
from rbee.queen.troubles import is_deadly
from rbee.wire.errors import RbeeError, no_such
from rbee.wire.messages.basics import Named, Unreachable
from rbee.wire.messages.devices import (
    CLUSTER_DEVICES,
    DEVICES,
    DegradedDevice,
    DeviceList,
    HiveDevices,
)
from rbee.wire.messages.events import METRICS
from rbee.wire.messages.hives import (
    HEARTBEAT,
    HIVES,
    REMOVE_HIVE,
    SUSPENDING,
    Heartbeat,
    HeartbeatAnswer,
    HiveList,
    HiveStatus,
    HiveView,
    Suspending,
)
from rbee.wire.messages.jobs import (
    CANCEL_JOB,
    JOB,
    JOB_EVENTS,
    JOBS,
    SUBMIT_JOB,
    JobAccepted,
    JobList,
    JobRequest,
    JobView,
)
from rbee.wire.messages.models import (
    CLUSTER_MODELS,
    MODELS,
    REMOVE_CLUSTER_MODEL,
    REMOVE_MODEL,
    ClusterModelList,
    ClusterModelView,
    ModelRemoved,
    NamedModel,
    RemoveModel,
)
from rbee.wire.messages.workers import (
    STOP_WORKER,
    WORKERS,
    WorkerBeat,
    WorkerList,
    WorkerView,
)
from rbee.wire.settings import Settings


class QueenHandlers(NamedTuple):
    """Jobs, hives, workers and models. `begin` takes a job in, and sets to work on it."""

    begin: Callable[[JobRequest], Job]
    jobs: JobBoard
    dispatcher: Dispatcher
    hives: Hives
    registry: Registry
    news: News
    measures: JobMetrics
    settings: Settings
    names: Names

    @serves(SUBMIT_JOB)
    async def submit_job(self, wanted: JobRequest) -> JobAccepted:
        """Hands in a job, whose work begins whoever listens."""
        job = self.begin(await self.names.meant(wanted))
        return JobAccepted(job_id=job.job_id, events_url=JOB_EVENTS.target(Named(id=job.job_id)))

    @serves(JOBS)
    async def list_jobs(self) -> JobList:
        """Lists the jobs, newest first."""
        places = self.dispatcher.claims.places()
        return JobList(jobs=[job.view(places.get(job.job_id)) for job in self.jobs.newest_first()])

    @serves(JOB)
    async def show_job(self, wanted: Named) -> JobView:
        """Tells of one job: state, place, counts."""
        job = self.jobs.get(wanted.id)
        return job.view(self.dispatcher.claims.places().get(job.job_id))

    @serves(JOB_EVENTS)
    async def follow_job(self, wanted: Named) -> Job:
        """Tells the story of a job from its beginning; `Last-Event-ID` resumes."""
        return self.jobs.get(wanted.id)

    @serves(CANCEL_JOB)
    async def cancel_job(self, wanted: Named) -> None:
        """Cancels a job, and answers when it is over."""
        await self.jobs.get(wanted.id).call_off()

    @serves_http(METRICS)
    async def numbers(self, request: web.Request) -> web.Response:
        """Tells numbers of jobs, workers and machines, in the text that Prometheus reads."""
        from rbee.queen import metrics

        text = metrics.exposition(self.measures, self.dispatcher.claims.state, self.news.counts)
        return web.Response(body=text, headers={"Content-Type": metrics.CONTENT_TYPE})

    @serves(REMOVE_HIVE)
    async def remove_hive(self, wanted: Named) -> None:
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
    async def list_hives(self) -> HiveList:
        """Lists the machines, with what is known of each and which devices are degraded."""
        return HiveList(hives=[self._view(row) for row in await self.hives.directory.listed()])

    @serves(CLUSTER_DEVICES)
    async def list_devices(self) -> DeviceList:
        """Lists what the machines that answer have, with what is free of it, and what computes,
        now; `unreachable` names those that do not answer."""
        answers, unreachable = await self.hives.peers.ask_each(DEVICES, None)
        hives = [HiveDevices(hive_id=hive.hive_id, devices=found) for hive, found in answers]
        return DeviceList(hives=hives, unreachable=unreachable)

    @serves(HEARTBEAT)
    async def heard(self, beat: Heartbeat) -> HeartbeatAnswer:
        """Hears what a hive tells of itself and its workers; 404 where it is unknown."""
        if not self.registry.beat(beat):
            raise RbeeError(
                "hive_not_found",
                f"this queen does not know hive {beat.hive_id}",
                f"rbee-keeper add-hive {beat.hive_id}",
            )
        self.hives.heard(beat.hive_id)
        for news in beat.news:
            self.news.narrate(news)
        for gone in beat.failures:
            error = RbeeError.from_body(gone.error)
            if is_deadly(error):
                broken = Broken(beat.hive_id, gone.device, gone.model_ref, gone.template)
                self.dispatcher.claims.failed(broken, error)
        told = beat.processor, beat.ram_gb_per_second
        devices = self.registry.processor(beat.hive_id, *told)
        if devices is not None:
            await self.hives.directory.describe(beat.hive_id, devices)
        return HeartbeatAnswer()

    @serves(SUSPENDING)
    async def suspending(self, told: Suspending) -> None:
        """Hears from a hive that its machine is suspended next; 409 where a job wants it."""
        if is_wanted(self.dispatcher.claims.state, told.hive_id):
            what = f"a job wants hive {told.hive_id}"
            raise RbeeError("hive_busy", what, "wait until it has finished")
        await self.hives.suspends(told.hive_id, told.models, self.news.say)

    @serves(WORKERS)
    async def list_workers(self) -> WorkerList:
        """Lists the workers of all hives."""
        workers = self.registry.workers()
        fast = speeds(self.jobs.newest_first())
        views = (
            WorkerView.of(worker, hive_id, tokens_per_second=fast.get(worker.worker_id, 0.0))
            for hive_id, worker in workers
        )
        return WorkerList(workers=list(views))

    @serves(STOP_WORKER)
    async def stop_worker(self, wanted: Named) -> None:
        """Stops a worker, and answers when it is gone."""
        for hive in list(self.registry.hives.values()):
            if wanted.id in hive.workers:
                await self.hives.peers.hive(hive).call(STOP_WORKER, wanted)
                await self._forgotten(hive.hive_id, wanted.id)
                return
        known = [worker.worker_id for _, worker in self.registry.workers()]
        raise no_such("worker", wanted.id, known, "rbee-keeper ps lists the workers")

    async def unload(self, ref: str) -> None:
        """Has each worker that holds this model unload it once nobody uses it; no name's
        `keep_loaded` is overruled. Returns when those are gone that nobody uses."""
        holding = [
            (hive, worker)
            for hive in self.registry.hives.values()
            for worker in hive.workers.values()
            if ref in refs_of(worker) and is_ready(worker) and not worker.kept
        ]

        # Who works for a job tells so a little later.
        used = {claim.worker_id for claim in self.dispatcher.claims.state.claims.values()}

        async def let_go(hive: Hive, worker: WorkerBeat) -> None:
            telling = self.dispatcher.idling.let(hive.hive_id, worker.worker_id, 0)
            if telling is not None:
                await asyncio.shield(telling)
            if worker.slots_free == worker.slots and worker.worker_id not in used:
                await self._forgotten(hive.hive_id, worker.worker_id)

        await asyncio.gather(*(let_go(hive, worker) for hive, worker in holding))

    @serves(CLUSTER_MODELS)
    async def list_models(self) -> ClusterModelList:
        """Lists the models of all hives that answer; `unreachable` names those that do not."""
        models, unreachable = await self._models_everywhere()
        return ClusterModelList(models=models, unreachable=unreachable)

    @serves(REMOVE_CLUSTER_MODEL)
    async def remove_model(self, wanted: RemoveModel) -> ModelRemoved | None:
        """Removes a model from a hive; 204 where no other name leads to its files."""
        ref = await self.names.ref_of(wanted.ref)
        hive = self.registry.hives.get(wanted.node)
        if hive is None:
            await self.hives.directory.require(wanted.node)
            asleep = wanted.node in self.registry.asleep
            how = f"rbee-keeper wake {wanted.node}" if asleep else "rbee-keeper up"
            raise RbeeError("hive_not_found", f"hive {wanted.node} is not awake", how)
        removed = await self.hives.peers.hive(hive).call(REMOVE_MODEL, NamedModel(ref=ref))
        return removed if removed.kept_for else None

    async def known(self, awake: bool = False) -> Known:
        """The models on the hives that answer, the workers with the hive of each, and the hives
        that do not answer; with `awake` those that sleep are woken first, as for a job."""
        if awake:
            await self.hives.awake(None, lambda line, **facts: None)
        models, unreachable = await self._models_everywhere()
        idling = self.dispatcher.idling
        workers = [(hive_id, idling.of(worker)) for hive_id, worker in self.registry.workers()]
        return models, workers, unreachable

    async def _models_everywhere(self) -> tuple[list[ClusterModelView], list[Unreachable]]:
        answers, unreachable = await self.hives.peers.ask_each(MODELS, None)
        models = [
            ClusterModelView(hive_id=hive.hive_id, **asdict(model))
            for hive, answer in answers
            for model in answer.models
        ]
        for each in self.registry.asleep.values():
            known = (asdict(model) for model in each.models.values())
            models += [
                ClusterModelView(hive_id=each.hive_id, **{**model, "status": "asleep"})
                for model in known
            ]
        return models, unreachable

    def _view(self, row: HiveRow) -> HiveView:
        hive = self.registry.hives.get(row.hive_id)
        degraded = self.dispatcher.claims.state.degraded.items() if hive else ()
        why = None if hive else self.hives.why_off(row.hive_id)
        return HiveView(
            hive_id=row.hive_id,
            host=row.host,
            port=row.port,
            status=HiveStatus.ONLINE if hive else HiveStatus.OFFLINE,
            url=hive.url if hive else None,
            devices=(hive.devices if hive else None) or row.devices,
            workers=len(hive.workers) if hive else 0,
            last_heartbeat_ms=hive.last_beat_ms if hive else None,
            degraded=[
                DegradedDevice(device=device, model_ref=ref, why=known.why, until_ms=known.until_ms)
                for (on, device, ref, _), known in degraded
                if on == row.hive_id
            ],
            wakes=row.wake is not None,
            why_off=why.message if why else "",
            advice=why.suggestion if why else "",
        )

    async def _forgotten(self, hive_id: str, worker_id: str) -> None:
        """Waits until the heartbeat has come that no longer tells of a worker."""
        with contextlib.suppress(asyncio.TimeoutError):
            async with timeout(self.settings.stop_request):
                await self.registry.until(lambda: self.registry.worker(hive_id, worker_id) is None)
