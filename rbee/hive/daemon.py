"""A hive's life and its routes. Phases 3.2 to 10, 12.3.

What comes in: requests of the queen and heartbeats of the workers. What goes out: heartbeats.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import urllib.parse
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import aiohttp
from aiohttp import web

from rbee.hive.capacity import Capacity
from rbee.hive.devices import Detector
from rbee.hive.heartbeat import HeartbeatSender
from rbee.hive.models import hub
from rbee.hive.models.catalog import ModelCatalog, ModelRow
from rbee.hive.models.provisioner import FILES, Provisioner
from rbee.hive.news import News
from rbee.hive.workers.catalog import WorkerCatalog
from rbee.hive.workers.kinds import Kinds, Spare
from rbee.hive.workers.starter import Starter
from rbee.hive.workers.supervisor import Supervisor
from rbee.http.client import Peer, open_session
from rbee.http.heads import number_of
from rbee.http.server import Answer, Route, Server, caller_of, leave, read_body
from rbee.process import listening, logs, own_folder
from rbee.process.content import content_id
from rbee.process.database import open_database
from rbee.process.deadline import timeout
from rbee.process.home import Home
from rbee.process.lifeline import Lifeline
from rbee.process.tasks import DATABASE, DISK, End, in_thread, spawn
from rbee.wire import addresses, narration, proof
from rbee.wire.errors import RbeeError
from rbee.wire.messages.basics import LARGEST_CONTEXT, Health
from rbee.wire.messages.devices import Devices
from rbee.wire.messages.hives import Adopt
from rbee.wire.messages.models import (
    ModelList,
    ModelRemoved,
    ModelView,
    ProvisionModel,
    ProvisionStarted,
)
from rbee.wire.messages.orders import HiveOrders
from rbee.wire.messages.workers import (
    ProvisionWorker,
    StartWorker,
    WorkerKindView,
    WorkerList,
    WorkerReport,
    WorkerStarted,
)
from rbee.wire.model_ref import ModelRef, parse_model_ref
from rbee.wire.narration import say
from rbee.wire.placement import Placement
from rbee.wire.settings import Settings


class Catalogs(NamedTuple):
    """What this hive remembers, in ``hive.db``.

    `set_aside` is the new name of a corrupt database found in its place, or empty.
    """

    models: ModelCatalog
    workers: WorkerCatalog
    set_aside: str

    @classmethod
    def open(cls, home: Home, settings: Settings) -> Catalogs:
        """Both, made where they are missing; blocks. Raises as `open_database` does."""
        engine, set_aside = open_database(home.database("hive.db"), settings.database_busy)
        models, workers = ModelCatalog(engine), WorkerCatalog(engine)
        # SQLAlchemy compiles a query when it is first asked: now, while nobody waits for it.
        models.list()
        models.find("")
        workers.find("", "")
        return cls(models, workers, set_aside)


async def live(
    orders: HiveOrders,
    home: Home,
    settings: Settings,
    catalogs: Catalogs,
    lifeline: Lifeline | None,
    spare: Spare | None,
) -> None:
    """Serves until told to leave, then ends this process."""
    logs.begin(home.log("hive", orders.hive_id), settings.log_mib)
    async with open_session(settings) as session:
        try:
            hive = _Hive(orders, home, settings, catalogs, session, spare)
            await hive.server.serve()
        except RbeeError as error:
            if lifeline is None:
                raise
            lifeline.failed(error.body())
            leave(1)
        server = hive.server
        listening.note(home, "hive", server.url, server.instance, orders.hive_id)
        if lifeline is not None:
            if catalogs.set_aside:
                name = Path(catalogs.set_aside).name
                lifeline.narrate(say(narration.HIVE_CATALOG_ASIDE, {"name": name}))
            lifeline.ready(hive.server.url, hive.server.instance)
        await hive.serve(lifeline)
        await hive.sleep()
        listening.forget(home, "hive", hive.server.instance)
    leave()


class _Hive:
    """The parts of this process, and the routes that lead to them."""

    def __init__(
        self,
        orders: HiveOrders,
        home: Home,
        settings: Settings,
        catalogs: Catalogs,
        session: aiohttp.ClientSession,
        spare: Spare | None,
    ) -> None:
        self.orders = orders
        self.settings = settings
        self.session = session
        self.server = Server(
            "hive",
            proof.Credential(orders.token, proof.hive_name(orders.hive_id)),
            self._routes(),
            settings=settings,
            secret_of=lambda name: self.workers.secret_of(name),
        )
        self.server.bind(orders.host, orders.port)
        self.detector = Detector(
            home.path / "cpu-name", settings.processor_query_after, self._changed
        )
        self.catalog = catalogs.models
        self.news = News()
        self.models = Provisioner(home.models, self.catalog, settings, self._led, self._in_use)
        self.capacity = Capacity(settings, self.models)
        self.kinds = Kinds(home, settings, catalogs.workers, spare)
        self.workers = Supervisor(
            home, settings, session, self.kinds, self.capacity, self._changed, self.news
        )
        self.starter = Starter(orders, settings, self.capacity, self.kinds, self.workers)
        self.heartbeat: HeartbeatSender | None = None
        self.queen_instance = orders.queen_instance

    async def serve(self, lifeline: Lifeline | None) -> None:
        """Beats until somebody asks this hive to leave."""
        server = self.server
        server.stop_on_signals()
        self.heartbeat = HeartbeatSender(
            self._queen_at(self.orders.queen_url),
            self.orders.hive_id,
            server.url,
            lambda: [worker.beat() for worker in self.workers.workers.values()],
            self.settings.heartbeat_interval,
            self.news,
            self.detector.processor,
            self.settings.connect_timeout,
        )
        beats = spawn(self.heartbeat.run(), "heartbeats", self._heart_stopped)
        left = in_thread(DISK, own_folder.remove_left, "worker")
        spawn(left, "tidying up after workers", lambda ended: None)
        if lifeline is None or self.orders.on_lease:
            self._live_on_lease()
        else:
            lifeline.watch(server.ask_to_stop, self._live_on_lease)
        await server.stopping.wait()
        self.heartbeat.stop()
        await asyncio.wait([beats], timeout=self.settings.stop_request)

    async def sleep(self) -> None:
        """Phase 12.2: stops the workers and the downloads, then the server."""
        await asyncio.gather(self.workers.stop_all(), self.models.close())
        self.detector.close()
        await self.server.close()

    def _live_on_lease(self) -> None:
        """From now on no parent holds this hive, but the queen's answers to its heartbeats do."""

        async def until_lease_ends() -> None:
            assert self.heartbeat is not None
            await self.heartbeat.lease_ended(self.settings.lease)
            self.server.ask_to_stop()

        self.lease = spawn(until_lease_ends(), "lease", self._heart_stopped)

    def _heart_stopped(self, ended: End) -> None:
        """Without a heart, or anything that ends it, a hive is not to live on."""
        if ended is not None and not isinstance(ended, asyncio.CancelledError):
            self.server.ask_to_stop()

    def _changed(self) -> None:
        if self.heartbeat is not None:
            self.heartbeat.changed()
        self.models.tidy_soon()

    def _led(self, ref: str, paths: Sequence[str]) -> None:
        """A name leads to these files from now on."""
        with contextlib.suppress(OSError):  # gone again: whoever asks for them is told
            self.workers.led(ref, content_id(paths))
        self._changed()

    def _in_use(self) -> set[str]:
        """The files that workers have loaded."""
        return {path for each in self.workers.workers.values() for path in each.orders.model_paths}

    def _routes(self) -> list[Route]:
        return [
            Route("GET", addresses.DEVICES, self._devices),
            Route("GET", addresses.CAPACITY, self._capacity),
            Route("POST", addresses.MODELS_PROVISION, self._provision_model, 202),
            Route("GET", addresses.MODELS_PROVISION + "/{id}/events", self._provision_events),
            Route("GET", addresses.MODELS, self._models),
            Route("GET", addresses.MODELS + "/{ref:.+}", self._model),
            Route("DELETE", addresses.MODELS + "/{ref:.+}", self._remove_model),
            Route("POST", addresses.WORKERS_PROVISION, self._provision_worker),
            Route("POST", addresses.WORKERS_START, self._start_worker, 202),
            Route("GET", addresses.WORKERS, self._workers),
            Route("GET", addresses.WORKERS + "/{id}/events", self._worker_events),
            Route("DELETE", addresses.WORKERS + "/{id}", self._stop_worker),
            Route("POST", addresses.HEARTBEAT_WORKERS, self._worker_heartbeat, named=True),
            Route("POST", addresses.ADOPT, self._adopt),
        ]

    async def _devices(self, request: web.Request) -> Devices:
        models = await in_thread(DATABASE, self.catalog.list)
        return await self.detector.detect(len(models), len(self.workers.workers))

    async def _capacity(self, request: web.Request) -> Answer:
        query = request.query
        ref = parse_model_ref(_required(query.get("model"), "model"))
        ctx = query.get("ctx", "")
        tokens = number_of(ctx)
        if ctx and (tokens is None or tokens > LARGEST_CONTEXT):
            raise RbeeError("invalid_request", f"ctx={ctx} is no number of tokens", "ctx=4096")
        device = _required(query.get("device"), "device")
        with hub.asked_with(request.headers.get(addresses.HUB_TOKEN_HEADER)):
            placement = Placement.on(self.orders.hive_id, device)
            await self.starter.check(placement, ref, int(ctx or 0))
        return None

    async def _provision_model(self, request: web.Request) -> ProvisionStarted:
        wanted = await read_body(request, ProvisionModel)
        with hub.asked_with(request.headers.get(addresses.HUB_TOKEN_HEADER)):
            provision = self.models.provision(parse_model_ref(wanted.model_ref), wanted.newest)
        url = f"{addresses.MODELS_PROVISION}/{provision.id}/events"
        return ProvisionStarted(provision_id=provision.id, events_url=url)

    async def _provision_events(self, request: web.Request) -> Answer:
        provision = self.models.provisions.get(request.match_info["id"])
        return await provision.respond(request, self.settings.stream_comment)

    async def _models(self, request: web.Request) -> ModelList:
        rows = await in_thread(DATABASE, self.catalog.list)
        return ModelList(models=await in_thread(FILES, lambda: list(map(_model_view, rows))))

    async def _model(self, request: web.Request) -> ModelView:
        ref = parse_model_ref(urllib.parse.unquote(request.match_info["ref"]))
        # With `lead` the hub is asked what a new name means, and nothing is fetched.
        look = self.models.lead if request.query.get("lead") == "true" else self.models.find
        row = _here(ref, await look(ref))
        # Of a file of somebody's own, which may lie on a disk that answers no more, in a thread.
        elsewhere = ref.source == "file"
        view = await in_thread(FILES, _model_view, row) if elsewhere else _model_view(row)
        view.workers = [worker.worker_id for worker in self.workers.led(str(ref), view.content)]
        return view

    async def _remove_model(self, request: web.Request) -> Answer:
        ref = parse_model_ref(urllib.parse.unquote(request.match_info["ref"]))
        for worker in self.workers.workers.values():
            if str(ref) in worker.names:
                raise RbeeError(
                    "model_in_use",
                    f"{worker.worker_id} has {ref} loaded",
                    f"rbee-keeper stop {worker.worker_id}",
                )
        others = await self.models.remove(ref)
        return ModelRemoved(kept_for=others)

    async def _provision_worker(self, request: web.Request) -> WorkerKindView:
        wanted = await read_body(request, ProvisionWorker)
        backend = wanted.kind.partition("-")[0]
        if wanted.device is None and backend != "cpu":
            gpu = await self.capacity.gpu_of(backend)
        else:
            gpu = await self.capacity.gpu(wanted.device or "cpu")
        engine = wanted.engine or self.settings.engine
        return await self.kinds.provision(backend, engine, gpu)

    async def _start_worker(self, request: web.Request) -> WorkerStarted:
        wanted = await read_body(request, StartWorker)
        ref = parse_model_ref(wanted.model_ref)
        row = _here(ref, await self.models.find(ref))
        worker = await self.starter.start(wanted, ref, row, self.server.url)
        for name in [str(ref), *await self.models.names_of(worker.orders.model_paths)]:
            self.workers.led(name, worker.orders.content)
        await in_thread(DATABASE, self.catalog.touch, str(ref))
        return WorkerStarted(
            worker_id=worker.worker_id,
            url=worker.url,
            port=worker.port,
            events_url=f"{addresses.WORKERS}/{worker.worker_id}/events",
        )

    async def _workers(self, request: web.Request) -> WorkerList:
        return WorkerList(workers=[worker.view() for worker in self.workers.workers.values()])

    async def _worker_events(self, request: web.Request) -> Answer:
        start = self.workers.starts.get(request.match_info["id"])
        return await start.respond(request, self.settings.stream_comment)

    async def _stop_worker(self, request: web.Request) -> Answer:
        worker = self.workers.get(request.match_info["id"])
        await asyncio.shield(self.workers.stop(worker))
        return None

    async def _worker_heartbeat(self, request: web.Request) -> Answer:
        report = await read_body(request, WorkerReport)
        if caller_of(request) not in ("", proof.worker_name(report.worker_id)):
            raise RbeeError(
                "unauthorized",
                f"{caller_of(request)} cannot speak for {report.worker_id}",
                "each worker has a secret of its own",
            )
        self.workers.told(report)
        return None

    async def _adopt(self, request: web.Request) -> Answer:
        """A queen that was started anew takes this hive over, unless its own one still lives."""
        wanted = await read_body(request, Adopt)
        assert self.heartbeat is not None, "routes are served once the heart beats"
        if wanted.hive_id != self.orders.hive_id:
            raise RbeeError(
                "hive_exists",
                f"this machine is hive {self.orders.hive_id} already, not {wanted.hive_id}",
                f"rbee-keeper remove-hive {wanted.hive_id}",
            )
        owner = self.heartbeat.queen
        same_queen = bool(wanted.instance) and wanted.instance == self.queen_instance
        patience = self.settings.connect_timeout
        strange = not same_queen and not addresses.same(owner.url, wanted.queen_url)
        if strange and await _is_another(owner, wanted, patience):
            raise RbeeError(
                "hive_exists",
                f"this hive belongs to the queen at {owner.url}",
                "use that queen, or end her first",
                {"queen_url": owner.url},
            )
        self.queen_instance = wanted.instance
        self.heartbeat.report_to(self._queen_at(wanted.queen_url))
        return None

    def _queen_at(self, url: str) -> Peer:
        # On another machine than hers a loopback address is the end of a tunnel.
        forwarded = self.orders.on_lease and addresses.is_loopback(addresses.host_of(url))
        name = proof.hive_name(self.orders.hive_id)
        credential = proof.Credential(self.orders.token, name, True, forwarded)
        return Peer(self.session, url, credential, "queen", "queen_unreachable")


def _here(ref: ModelRef, row: ModelRow | None) -> ModelRow:
    if row is None:
        what, fix = f"{ref} is not on this hive", f"rbee-keeper pull {ref}"
        raise RbeeError("model_not_found", what, fix)
    return row


def _model_view(row: ModelRow) -> ModelView:
    paths = [file.path for file in row.files]
    content, size, status = "", row.size_bytes, row.status
    try:
        content, size = content_id(paths), sum(map(os.path.getsize, paths))
    except OSError:
        status = "missing"
    return ModelView(
        content=content,
        model_ref=row.ref,
        path=row.path,
        size_bytes=size,
        quant=row.quant or None,
        architecture=row.architecture or None,
        status=status,
    )


async def _is_another(owner: Peer, wanted: Adopt, patience: float) -> bool:
    """Whether the queen of this hive lives and is another one than she who wants it."""
    try:
        async with timeout(patience):
            health = await owner.get(addresses.HEALTH, Health)
    except (RbeeError, asyncio.TimeoutError):
        return False
    return health.instance != wanted.instance


def _required(value: str | None, name: str) -> str:
    if not value:
        raise RbeeError(
            "invalid_request",
            f"the query names no {name}",
            "GET /capacity?device=gpu0&model=HF:owner/repo",
        )
    return value
