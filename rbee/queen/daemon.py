"""A queen's life and her routes. Phases 1.2 to 12.

What comes in: requests of clients and heartbeats of hives. Jobs are walked by `dispatcher`.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import gc
import urllib.parse
from pathlib import Path
from signal import SIGKILL

import aiohttp
import msgspec
from aiohttp import web

from rbee.http.client import Peer, open_session
from rbee.http.events import EventLog, respond
from rbee.http.server import Answer, Route, Server, caller_of, leave, read_body
from rbee.process import journal, listening, logs
from rbee.process.child import Child
from rbee.process.deadline import timeout
from rbee.process.home import Home
from rbee.process.lifeline import Lifeline
from rbee.process.tasks import DATABASE, begin, in_thread, spawn
from rbee.queen.catalog import HiveCatalog, HiveRow, KeyCatalog, open_catalog
from rbee.queen.dispatcher import Dispatcher
from rbee.queen.hive_directory import id_of
from rbee.queen.hives import Hives
from rbee.queen.jobs import Job, JobBoard
from rbee.queen.keys import Keys
from rbee.queen.openai.routes import Caller, Known, OpenAI
from rbee.queen.operations import Operations
from rbee.queen.registry import Registry
from rbee.queen.state import LOCAL, Broken
from rbee.queen.tracked_task import TrackedTask
from rbee.queen.troubles import is_deadly
from rbee.wire import addresses, narration, proof
from rbee.wire.errors import RbeeError, no_such
from rbee.wire.messages.basics import Health, Nothing, ShutdownBegun, Unreachable
from rbee.wire.messages.devices import DegradedDevice
from rbee.wire.messages.events import Done
from rbee.wire.messages.hives import (
    AddHive,
    Heartbeat,
    HeartbeatAnswer,
    HiveAddStarted,
    HiveList,
    HiveStatus,
    HiveView,
    WakeHives,
)
from rbee.wire.messages.jobs import JobAccepted, JobList, JobRequest, JobView
from rbee.wire.messages.keys import AddKey, KeyList, NewKey
from rbee.wire.messages.models import (
    ClusterModelList,
    ClusterModelView,
    ModelList,
    ModelRemoved,
    PullModel,
)
from rbee.wire.messages.operations import OperationStarted
from rbee.wire.messages.orders import QueenOrders
from rbee.wire.messages.workers import WorkerBeat, WorkerList, WorkerView
from rbee.wire.model_ref import parse_model_ref
from rbee.wire.narration import Line, Narration, say
from rbee.wire.settings import Settings

#: How many events that belong to no job are kept for readers that come back.
_CLUSTER_EVENTS_KEPT = 1000


#: How long a queen that may be there already has to answer (seconds).
_SECOND_LOOK = 1.0


def run(
    orders: QueenOrders,
    home: Home,
    settings: Settings,
    lifeline: Lifeline | None,
    spare: Child | None,
) -> None:
    """Serves until told to leave, then ends this process."""
    asyncio.run(_live(orders, home, settings, lifeline, spare))


async def _live(
    orders: QueenOrders,
    home: Home,
    settings: Settings,
    lifeline: Lifeline | None,
    spare: Child | None,
) -> None:
    logs.begin(home.log("queen"), settings.log_mib)
    async with open_session(settings) as session:
        try:
            await _refuse_a_second(home, orders.token, session)
            queen = _Queen(orders, home, settings, session, spare)
            await queen.server.serve()
        except RbeeError as error:
            if lifeline is None:
                raise
            lifeline.failed(error.body())
            if spare is not None:
                spare.signal(SIGKILL)
            leave(1)
        listening.note(home, "queen", queen.server.url, queen.server.instance)
        if lifeline is not None:
            if queen.catalog_set_aside:
                name = Path(queen.catalog_set_aside).name
                lifeline.narrate(say(narration.QUEEN_CATALOG_ASIDE, {"name": name}))
            lifeline.ready(queen.server.url, queen.server.instance)
        # What is there by now stays; else each full collection would look through all of it.
        gc.freeze()
        await queen.serve(lifeline)
        await queen.sleep()
        listening.forget(home, "queen", queen.server.instance)
    leave()


async def _refuse_a_second(home: Home, token: str, session: aiohttp.ClientSession) -> None:
    """Raises `port_in_use` where this home has a queen already, on whatever port."""
    known = listening.noted(home, "queen")
    if known is None:
        return
    health = None
    with contextlib.suppress(RbeeError, asyncio.TimeoutError):  # whoever is there is none of ours
        async with timeout(_SECOND_LOOK):
            peer = Peer(session, known.url, proof.Credential(token), "queen")
            health = await peer.get(addresses.HEALTH, Health)
    if health is not None and health.instance == known.instance and health.status == "ok":
        raise RbeeError(
            "port_in_use",
            f"the queen of {home.path} is awake already, at {known.url}",
            "use her, or end her with rbee-keeper down",
            {"url": known.url},
        )


class _Queen:
    """The parts of this process, and the routes that lead to them."""

    def __init__(
        self,
        orders: QueenOrders,
        home: Home,
        settings: Settings,
        session: aiohttp.ClientSession,
        spare: Child | None,
    ) -> None:
        self.settings = settings
        self.openai = OpenAI(
            settings,
            self._begin_for,
            self._known_models,
            self._loaded,
            lambda: self.keys,
        )
        self.server = Server(
            "queen",
            proof.Credential(orders.token),
            self._routes(),
            self._on_shutdown,
            lambda header: self.keys.recognise(header),
            settings,
            functools.partial(_secret_of_hive, orders.token),
        )
        self.server.before_each_answer(self.openai.allow_origin)
        # Before the catalog is opened: of two queens that start together, one has the port.
        self.server.bind(orders.host, orders.port)
        self.events = EventLog(keep=_CLUSTER_EVENTS_KEPT)
        self.jobs = JobBoard(
            settings.jobs_kept,
            settings.jobs_kept_for,
            settings.jobs_kept_mib * 2**20,
            settings.jobs_asked_mib * 2**20,
        )
        self.registry = Registry(
            settings.heartbeat_interval * settings.heartbeats_missed,
            self._say,
        )
        database = open_catalog(
            orders.database or home.database("queen.db"), settings.database_busy
        )
        self.catalog_set_aside = database.set_aside
        self.catalog = HiveCatalog(database.engine)
        self.keys = Keys(KeyCatalog(database.engine))
        self.hives = Hives(
            home,
            settings,
            orders.token,
            self.catalog,
            self.registry,
            session,
            lambda: self.server.url,
            self.server.serve_also_on,
            self.server.serve_no_more_on,
            spare,
            lambda: self.server.instance,
        )
        self.operations = Operations(self.hives, self.catalog)
        self.dispatcher = Dispatcher(self.hives, self.registry, settings, self._say)
        self.cascade = True
        self.kept = False

    async def serve(self, lifeline: Lifeline | None) -> None:
        """Answers until somebody asks this queen to leave."""
        self.server.stop_on_signals()
        if lifeline is not None:
            lifeline.watch(self._keeper_gone, self._stay)
        # What cannot be read now is read when it is wanted, and told to whoever wants it.
        spawn(self.hives.members.read_ahead(), "reading the catalog", lambda ended: None)
        await self.server.stopping.wait()

    async def sleep(self) -> None:
        """Phase 12: jobs, workers, hives, herself."""
        await self._end_jobs()
        self.dispatcher.close()
        self.server.status = "leaving"
        if not self.cascade:
            self.hives.stay()
        else:
            self._say(narration.STOP_WORKERS)
            await self.hives.stop_workers()
            self._say(narration.STOP_HIVES)
            await self.hives.sleep(self._say)
        self._say(narration.GOODBYE)
        self.events.finish("done", Nothing())
        await self.server.close()

    def _routes(self) -> list[Route]:
        return [
            Route("GET", addresses.EVENTS, self._cluster_events),
            Route("POST", addresses.STAY, self._asked_to_stay),
            Route("POST", addresses.JOBS, self._submit, 202),
            Route("GET", addresses.JOBS, self._jobs),
            Route("GET", addresses.JOBS + "/{id}", self._job),
            Route("GET", addresses.JOBS + "/{id}/events", self._job_events),
            Route("DELETE", addresses.JOBS + "/{id}", self._cancel),
            Route("POST", addresses.ADD_HIVE, self._add_hive, 202),
            Route("GET", addresses.HIVES, self._hives),
            Route("DELETE", addresses.HIVES + "/{id}", self._remove_hive),
            Route("POST", addresses.HIVES_WAKE, self._wake_hives, 202),
            Route("GET", addresses.OPERATIONS + "/{id}/events", self._operation_events),
            Route("DELETE", addresses.OPERATIONS + "/{id}", self._cancel_operation),
            Route("GET", addresses.WORKERS, self._workers),
            Route("DELETE", addresses.WORKERS + "/{id}", self._stop_worker),
            Route("GET", addresses.MODELS, self._models),
            Route("POST", addresses.MODELS_PROVISION, self._pull_model, 202),
            Route("DELETE", addresses.MODELS + "/{ref:.+}", self._remove_model),
            Route("POST", addresses.HEARTBEAT, self._heartbeat, named=True),
            Route("POST", addresses.KEYS, self._add_key),
            Route("GET", addresses.KEYS, self._keys),
            Route("DELETE", addresses.KEYS + "/{name}", self._remove_key),
            *self.openai.routes(),
        ]

    async def _submit(self, request: web.Request) -> JobAccepted:
        wanted = await read_body(request, JobRequest)
        wanted.model_ref = str(parse_model_ref(wanted.model_ref))
        job = self._begin(wanted)
        return JobAccepted(job_id=job.job_id, events_url=f"{addresses.JOBS}/{job.job_id}/events")

    def _begin(self, wanted: JobRequest, key: str = "") -> Job:
        """Takes a job of the caller with `key` in, and sets to work on it. Raises `queue_full`."""
        return self._begun(Job(wanted, key, unread_for=self.settings.reader_grace))

    def _begin_for(self, wanted: JobRequest, caller: Caller | None) -> Job:
        """The same for a program; `caller` is the holder of a key, and what that may have."""
        if caller is None:
            return self._begin(wanted)
        grace = self.settings.reader_grace
        return self._begun(Job(wanted, caller.key, caller.holders, caller.may_fetch, grace))

    def _begun(self, job: Job) -> Job:
        self._refuse_if_sleepy()
        self.jobs.require_room(job)
        self.dispatcher.join(job)
        self.jobs.add(job)
        task = job.begin(self._work(job), f"job {job.job_id}")
        task.add_done_callback(lambda _: self.dispatcher.leave(job))
        return job

    async def _work(self, job: Job) -> Done:
        """What comes of a job. Raises the error in which it ends."""
        try:
            async with timeout(job.request.deadline_s):
                return await self.dispatcher.run(job)
        except asyncio.TimeoutError:
            raise _deadline(job) from None
        except RbeeError as error:
            raise self.hives.typed_from_here(job.hive_id or "", error) from None

    async def _jobs(self, request: web.Request) -> JobList:
        places = self.dispatcher.places()
        return JobList(jobs=[job.view(places.get(job.job_id)) for job in self.jobs.newest_first()])

    async def _job(self, request: web.Request) -> JobView:
        job = self.jobs.get(request.match_info["id"])
        return job.view(self.dispatcher.places().get(job.job_id))

    async def _job_events(self, request: web.Request) -> Answer:
        job = self.jobs.get(request.match_info["id"])
        return await job.respond(request, self.settings.stream_comment)

    async def _cancel(self, request: web.Request) -> Answer:
        await self.jobs.get(request.match_info["id"]).call_off()
        return None

    async def _add_hive(self, request: web.Request) -> HiveAddStarted:
        wanted = await read_body(request, AddHive)
        self._refuse_if_sleepy()
        hive_id = id_of(wanted)
        wanted = await self.hives.members.decided(hive_id, wanted)
        operation = self.operations.add(hive_id, wanted)
        return HiveAddStarted(
            hive_id=hive_id,
            operation_id=operation.id,
            events_url=_begun(operation).events_url,
        )

    async def _remove_hive(self, request: web.Request) -> Answer:
        hive_id = request.match_info["id"]
        jobs = sum(job.hive_id == hive_id for job in self.jobs.under_way())
        if jobs:
            raise RbeeError(
                "hive_busy",
                f"hive {hive_id} works for {jobs} job" + "s" * (jobs > 1),
                "wait until it has finished; rbee-keeper ps lists the jobs",
            )
        await self.hives.remove(hive_id, self._say)
        return None

    async def _hives(self, request: web.Request) -> HiveList:
        rows = await in_thread(DATABASE, self.catalog.list)
        return HiveList(hives=[self._hive_view(row) for row in rows])

    def _hive_view(self, row: HiveRow) -> HiveView:
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

    async def _workers(self, request: web.Request) -> WorkerList:
        return WorkerList(
            workers=[
                WorkerView.of(worker, hive.hive_id)
                for hive in self.registry.hives.values()
                for worker in hive.workers.values()
            ]
        )

    async def _models(self, request: web.Request) -> ClusterModelList:
        models, unreachable = await self._all_models()
        return ClusterModelList(models=models, unreachable=unreachable)

    async def _all_models(self) -> tuple[list[ClusterModelView], list[Unreachable]]:
        """The models on the hives that answer, and the hives that do not."""
        answers, unreachable = await self.hives.ask_each(addresses.MODELS, ModelList)
        models = [
            ClusterModelView(hive_id=hive.hive_id, **msgspec.structs.asdict(model))
            for hive, answer in answers
            for model in answer.models
        ]
        return models, unreachable

    async def _known_models(self, awake: bool = False) -> Known:
        """The models on the hives that answer, the workers with the hive of each, and the hives
        that do not answer; with `awake` those that sleep are woken first, as for a job."""
        if awake:
            await self.hives.awake(None, lambda line, **facts: None)
        models, unreachable = await self._all_models()
        return models, self._loaded(), unreachable

    def _loaded(self) -> list[tuple[str, WorkerBeat]]:
        """The workers with the hive of each."""
        hives = self.registry.hives.values()
        return [(hive.hive_id, worker) for hive in hives for worker in hive.workers.values()]

    def _refuse_if_sleepy(self) -> None:
        if self.server.status != "ok":
            raise RbeeError("queue_full", "the queen is going to sleep", "try again in a moment")

    async def _add_key(self, request: web.Request) -> NewKey:
        wanted = await read_body(request, AddKey)
        return await self.keys.add(wanted)

    async def _keys(self, request: web.Request) -> KeyList:
        return await self.keys.list()

    async def _remove_key(self, request: web.Request) -> Answer:
        await self.keys.remove(request.match_info["name"])
        return None

    async def _wake_hives(self, request: web.Request) -> OperationStarted:
        wanted = await read_body(request, WakeHives)
        self._refuse_if_sleepy()
        return _begun(self.operations.wake(wanted.node))

    async def _pull_model(self, request: web.Request) -> OperationStarted:
        wanted = await read_body(request, PullModel)
        ref = str(parse_model_ref(wanted.model_ref))
        self._refuse_if_sleepy()
        return _begun(self.operations.pull(ref, wanted.node, wanted.hub_token))

    async def _operation_events(self, request: web.Request) -> Answer:
        operation = self.operations.board.get(request.match_info["id"])
        return await operation.respond(request, self.settings.stream_comment)

    async def _cancel_operation(self, request: web.Request) -> Answer:
        await self.operations.board.get(request.match_info["id"]).call_off()
        return None

    async def _remove_model(self, request: web.Request) -> Answer:
        ref = parse_model_ref(urllib.parse.unquote(request.match_info["ref"]))
        node = request.query.get("node", LOCAL)
        hive = self.registry.hives.get(node)
        if hive is None:
            await self.hives.members.require(node)
            raise RbeeError("hive_not_found", f"hive {node} is not awake", "rbee-keeper up")
        removed = await self.hives.peer(hive).remove(addresses.model_path(str(ref)), ModelRemoved)
        return removed if removed.kept_for else None

    async def _stop_worker(self, request: web.Request) -> Answer:
        worker_id = request.match_info["id"]
        for hive in list(self.registry.hives.values()):
            if worker_id in hive.workers:
                await self.hives.peer(hive).delete(f"{addresses.WORKERS}/{worker_id}")
                await self._forgotten(hive.hive_id, worker_id)
                return None
        known = [each for hive in self.registry.hives.values() for each in hive.workers]
        raise no_such("worker", worker_id, known, "rbee-keeper ps lists the workers")

    async def _forgotten(self, hive_id: str, worker_id: str) -> None:
        """Waits until the heartbeat has come that no longer tells of a worker."""

        def gone() -> bool:
            return self.registry.worker(hive_id, worker_id) is None

        with contextlib.suppress(asyncio.TimeoutError):
            async with timeout(self.settings.stop_request):
                await self.registry.until(gone)

    async def _heartbeat(self, request: web.Request) -> HeartbeatAnswer:
        beat = await read_body(request, Heartbeat)
        own = proof.hive_name(beat.hive_id)
        if caller_of(request) not in ("", own):
            raise RbeeError(
                "unauthorized",
                f"{caller_of(request)} cannot speak for hive {beat.hive_id}",
                "each hive has a secret of its own",
            )
        if not self.registry.beat(beat):
            raise RbeeError(
                "hive_not_found",
                f"this queen does not know hive {beat.hive_id}",
                f"rbee-keeper add-hive {beat.hive_id}",
            )
        for news in beat.news:
            self._narrate(news)
        for gone in beat.failures:
            error = RbeeError.from_body(gone.error)
            if is_deadly(error):
                broken = Broken(beat.hive_id, gone.device, gone.model_ref, gone.template)
                self.dispatcher.failed(broken, error)
        await self.hives.note_processor(beat.hive_id, beat.processor)
        return HeartbeatAnswer()

    async def _cluster_events(self, request: web.Request) -> Answer:
        return await respond(
            request,
            self.events,
            comment_every=self.settings.stream_comment,
            after=self.events.last_id,
        )

    def _on_shutdown(self, request: web.Request) -> ShutdownBegun:
        if self.kept and request.query.get("unless") == "kept":
            return ShutdownBegun(jobs=0, kept=True)
        self.cascade = request.query.get("cascade", "true") != "false"
        self.server.ask_to_stop()
        if request.query.get("now") == "true":
            self.server.impatient.set()
            return ShutdownBegun(jobs=len(self._under_way()))
        return ShutdownBegun(jobs=len(self._wanted()))

    async def _end_jobs(self) -> None:
        """Waits for the work that somebody wants, unless a signal came; cancels the rest.

        Until then new work is taken in. What nobody reads any more belongs to a keeper that is
        gone.
        """
        impatient = begin(self.server.impatient.wait())
        while (wanted := self._wanted()) and not impatient.done():
            read = [each.events for each in wanted if each.events.readers]
            events = [impatient, *(begin(each.unread.wait()) for each in read[:1])]
            await asyncio.wait(
                events,
                timeout=None if read else self.settings.reader_grace,
                return_when=asyncio.FIRST_COMPLETED,
            )
            for event in events[1:]:
                event.cancel()
        impatient.cancel()
        ending = [begin(each.call_off()) for each in self._under_way()]
        if ending:
            await asyncio.wait(ending, timeout=self.settings.stop_request)

    def _under_way(self) -> list[TrackedTask]:
        return [*self.jobs.under_way(), *self.operations.board.under_way()]

    def _wanted(self) -> list[TrackedTask]:
        grace = self.settings.reader_grace
        return [each for each in self._under_way() if each.events.is_wanted(grace)]

    def _keeper_gone(self) -> None:
        """The keeper that woke her has ended; what somebody asked to stay does."""
        if not self.kept:
            self.server.ask_to_stop()

    async def _asked_to_stay(self, request: web.Request) -> Answer:
        self._refuse_if_sleepy()
        self._stay()
        await self.hives.have_heard()
        return None

    def _stay(self) -> None:
        self.kept = True
        self.hives.stay()
        self._say(narration.KEEP_WARM)

    def _say(self, line: Line, **facts: object) -> None:
        self._narrate(say(line, facts))

    def _narrate(self, narration: Narration) -> None:
        """Tells what belongs to no job, on ``/events`` and in the log."""
        if not self.events.closed:
            self.events.narrate(narration)
        journal.write(narration)


def _begun(operation: TrackedTask) -> OperationStarted:
    url = f"{addresses.OPERATIONS}/{operation.id}/events"
    return OperationStarted(operation_id=operation.id, events_url=url)


def _secret_of_hive(token: str, name: str) -> str | None:
    """The secret of a hive, by its name; see `proof.hive_name`."""
    hive_id = name.removeprefix(proof.hive_name(""))
    return proof.hive_secret(token, hive_id) if hive_id != name else None


def _deadline(job: Job) -> RbeeError:
    return RbeeError(
        "deadline_exceeded",
        f"the job was not done within {job.request.deadline_s:g} s",
        "allow more time with --deadline, or fewer tokens with --max-tokens",
        {"deadline_s": job.request.deadline_s},
    )
