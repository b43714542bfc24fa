"""What answers a hive's routes, but for those of her own life."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import secrets
import shlex
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from aiohttp import web

from rbee.hive.capacity import Capacity, Fit
from rbee.hive.devices import Detector
from rbee.hive.models import hub
from rbee.hive.models.catalog import ModelCatalog, ModelRow
from rbee.hive.models.provisioner import FILES, Provisioner
from rbee.hive.suspension import SYSTEM, Suspension
from rbee.hive.workers.drafts import Drafts
from rbee.hive.workers.kinds import Kinds
from rbee.hive.workers.starter import Starter
from rbee.hive.workers.supervisor import Supervisor
from rbee.http.operation import Operation
from rbee.http.serving import serves, serves_http
from rbee.process import suspending
from rbee.process.content import content_id
from rbee.process.tasks import DATABASE, in_thread
from rbee.wire import addresses
from rbee.wire.errors import RbeeError
from rbee.wire.messages.basics import Named
from rbee.wire.messages.devices import CAPACITY, DEVICES, AskRoom, Devices, FoundRoom
from rbee.wire.messages.hives import (
    POWER,
    SUSPEND_AT_END,
    SUSPEND_WHEN_IDLE,
    EndOfPower,
    Power,
)
from rbee.wire.messages.models import (
    MODEL,
    MODELS,
    PROVISION_EVENTS,
    PROVISION_MODEL,
    REMOVE_MODEL,
    FindModel,
    Makes,
    ModelList,
    ModelRemoved,
    ModelView,
    NamedModel,
    ProvisionModel,
    ProvisionStarted,
)
from rbee.wire.messages.sides import (
    SAMPLE,
    SIDE_STREAM,
    SIDES_HERE,
    SPREAD_ROOM,
    START_SIDE,
    STOP_SIDE,
    WORKER_STREAM,
    AskSample,
    AskSides,
    AskSpread,
    PartOfWorker,
    Sample,
    SidesHere,
    SideStarted,
    StartSide,
)
from rbee.wire.messages.workers import (
    KEEP_WORKER,
    PROVISION_WORKER,
    START_WORKER,
    STOP_WORKER,
    WORKER_EVENTS,
    WORKER_HEARTBEAT,
    WORKERS,
    KeepWorker,
    ProvisionWorker,
    StartWorker,
    WorkerKindView,
    WorkerList,
    WorkerReport,
    WorkerStarted,
)
from rbee.wire.model_ref import ModelRef, parse_model_ref
from rbee.wire.placement import Placement
from rbee.wire.settings import Settings

if TYPE_CHECKING:
    from rbee.hive.workers.sides import Sides

#: So many letters of a sample are drawn, and then repeated: further apart than what packs bytes on
#: their way looks back (32 KiB for OpenSSH).
_NEVER_TWICE = 128 * 1024


class HiveHandlers(NamedTuple):
    """Devices, models, workers and sides of a machine, and its power.

    `sides` are what computes for workers of other hives, made when they are first wanted; `changed`
    has the queen hear of a change.
    """

    hive_id: str
    url: str
    settings: Settings
    kinds: Kinds
    detector: Detector
    catalog: ModelCatalog
    models: Provisioner
    capacity: Capacity
    workers: Supervisor
    sides: Callable[[], Sides]
    drafts: Drafts
    starter: Starter
    suspension: Suspension
    changed: Callable[[], None]

    @serves(DEVICES)
    async def devices(self) -> Devices:
        """Tells of processor and GPUs, with the numbers of models and workers."""
        models = await in_thread(DATABASE, self.catalog.list)
        return await self.detector.detect(len(models), len(self.workers.workers))

    @serves_http(CAPACITY)
    async def room(self, request: web.Request, wanted: AskRoom) -> FoundRoom:
        """Tells what a model takes where there is room for it; by 409 what is needed, free and
        short."""
        placement = Placement.on(self.hive_id, wanted.device)
        with _hub_token_of(request):
            fit = await self.starter.check(placement, parse_model_ref(wanted.model), wanted.ctx)
        return _found(fit)

    @serves_http(SPREAD_ROOM)
    async def spread_room(self, request: web.Request, wanted: AskSpread) -> FoundRoom:
        """Tells what a model takes here and on devices of others, where there is room for it; by
        409 what each of them has, and what is short."""
        with _hub_token_of(request):
            return _found(await self.starter.spread(wanted, parse_model_ref(wanted.model)))

    @serves(SIDES_HERE)
    async def sides_here(self, wanted: AskSides) -> SidesHere:
        """Tells what its devices have for parts of models whose head is elsewhere."""
        return await self.starter.here(wanted)

    @serves(SAMPLE)
    async def sample(self, wanted: AskSample) -> Sample:
        """Sends what the way from here is measured by, before weights pass it."""
        once = secrets.token_hex(min(wanted.count, _NEVER_TWICE) // 2 + 1)
        return Sample(text=(once * (wanted.count // len(once) + 1))[: wanted.count])

    @serves(START_SIDE)
    async def start_side(self, wanted: StartSide) -> SideStarted:
        """Starts what computes a part of a model for a worker of another hive."""
        side = await self.starter.start_side(wanted)
        return SideStarted(side_id=side.side_id)

    @serves(STOP_SIDE)
    async def stop_side(self, wanted: Named) -> None:
        """Ends a side, and answers when it is gone."""
        await self.sides().stop(wanted.id)

    @serves_http(SIDE_STREAM)
    async def carry_side(self, request: web.Request, wanted: Named) -> None:
        """Becomes, itself, the stream to a side."""
        await self.sides().carry(wanted.id, request)

    @serves_http(WORKER_STREAM)
    async def carry_worker(self, request: web.Request, wanted: PartOfWorker) -> None:
        """Becomes, itself, the stream from a worker to its parts on another hive."""
        await self.workers.carry(wanted, request)

    @serves_http(PROVISION_MODEL)
    async def provision_model(
        self, request: web.Request, wanted: ProvisionModel
    ) -> ProvisionStarted:
        """Fetches a model; two requests share one download."""
        with _hub_token_of(request):
            provision = self.models.provision(parse_model_ref(wanted.model_ref), wanted.newest)
        if provision.task is not None:
            provision.task.add_done_callback(lambda _: self.suspension.changed())
        self.suspension.changed()
        url = PROVISION_EVENTS.target(Named(id=provision.id))
        return ProvisionStarted(provision_id=provision.id, events_url=url)

    @serves(PROVISION_EVENTS)
    async def follow_provision(self, wanted: Named) -> Operation:
        """Tells the story of a model that is fetched: size, progress, end."""
        return self.models.provisions.get(wanted.id)

    @serves(MODELS)
    async def models_here(self) -> ModelList:
        """Lists the models on its disk."""
        rows = await in_thread(DATABASE, self.catalog.list)
        return ModelList(models=await in_thread(FILES, lambda: list(map(_whole_view, rows))))

    @serves(MODEL)
    async def model(self, wanted: FindModel) -> ModelView:
        """Tells of a model on its disk, 404 where it is not there."""
        ref = parse_model_ref(wanted.ref)
        # With `lead` the hub is asked what a new name means, and nothing is fetched.
        look = self.models.lead if wanted.lead else self.models.find
        try:
            row = _here(ref, await look(ref))
        except RbeeError as error:
            if ref.source == "file" and error.code in ("model_not_found", "model_invalid"):
                self.workers.led(str(ref), "")  # to nothing that any worker holds
            raise
        # In a thread: the file may lie on a network disk that does not answer.
        elsewhere = ref.source == "file"
        view = await in_thread(FILES, _model_view, row) if elsewhere else _model_view(row)
        view.workers = [worker.worker_id for worker in self.workers.led(str(ref), view.content)]
        return view

    @serves(REMOVE_MODEL)
    async def remove_model(self, wanted: NamedModel) -> ModelRemoved:
        """Removes a model; 409 while a worker has it loaded."""
        ref = parse_model_ref(wanted.ref)
        for worker in self.workers.workers.values():
            if str(ref) in worker.names:
                raise RbeeError(
                    "model_in_use",
                    f"{worker.worker_id} has {ref} loaded",
                    f"rbee-keeper stop {worker.worker_id}",
                )
        return ModelRemoved(kept_for=await self.models.remove(ref))

    @serves(PROVISION_WORKER)
    async def provision_worker(self, wanted: ProvisionWorker) -> WorkerKindView:
        """Tells of a kind of worker, or why this machine cannot run it."""
        backend = wanted.kind.partition("-")[0]
        if wanted.device is None and backend != "cpu":
            gpu = await self.capacity.gpu_of(backend)
        else:
            gpu = await self.capacity.gpu(wanted.device or "cpu")
        engine = wanted.engine or self.settings.engine
        return await self.kinds.provision(backend, engine, gpu, wanted.parts)

    @serves(START_WORKER)
    async def start_worker(self, wanted: StartWorker) -> WorkerStarted:
        """Starts a worker, and answers while it loads."""
        ref = parse_model_ref(wanted.model_ref)
        row = _here(ref, await self.models.find(ref))
        worker = await self.starter.start(wanted, ref, row, self.url)
        for name in [str(ref), *await self.models.names_of(worker.orders.model_paths)]:
            self.workers.led(name, worker.orders.content)
        await in_thread(DATABASE, self.catalog.touch, str(ref))
        return WorkerStarted(
            worker_id=worker.worker_id,
            url=worker.url,
            port=worker.port,
            placement=worker.orders.placement,
            events_url=WORKER_EVENTS.target(Named(id=worker.worker_id)),
        )

    @serves(WORKERS)
    async def workers_here(self) -> WorkerList:
        """Lists its workers, as it keeps them alive."""
        return WorkerList(
            workers=[
                worker.view(self.settings.idle_worker) for worker in self.workers.workers.values()
            ]
        )

    @serves(WORKER_EVENTS)
    async def follow_worker(self, wanted: Named) -> Operation:
        """Tells the story of a worker's start."""
        return self.workers.starts.get(wanted.id)

    @serves(KEEP_WORKER)
    async def keep_worker(self, wanted: KeepWorker) -> None:
        """Has a worker stay loaded when it idles: for `may_idle_s` seconds, with `usual` as others
        do, or else until its room is wanted."""
        worker = self.workers.get(wanted.id)
        if wanted.may_idle_s is None and not wanted.usual:
            worker.kept = True
        else:
            worker.may_idle(wanted.may_idle_s)
        self.changed()

    @serves(STOP_WORKER)
    async def stop_worker(self, wanted: Named) -> None:
        """Stops a worker, and answers when it is gone."""
        worker = self.workers.get(wanted.id)
        await asyncio.shield(self.workers.stop(worker))

    @serves(WORKER_HEARTBEAT)
    async def heard(self, report: WorkerReport) -> None:
        """Hears what a worker tells of itself; the first `ready` is its ready callback."""
        worker, placed = self.workers.get(report.worker_id), report.placed
        was_measured = worker.draft_gain
        self.workers.take_report(report)
        if placed is not None and placed.draft_gain not in (0.0, was_measured):
            await self.drafts.measured(worker, placed.draft_gain)

    @serves(POWER)
    async def power(self) -> Power:
        """Tells how its machine is woken from suspension, and how it is suspended."""
        from rbee.hive.network_cards import power_of  # late: asked when a machine is added

        power = await in_thread(SYSTEM, power_of)
        found = await in_thread(SYSTEM, suspending.find_suspend_command)
        power.suspends = shlex.join(found.command)
        power.suspend_why, power.suspend_fix = found.why, found.fix
        return power

    @serves(SUSPEND_WHEN_IDLE)
    async def suspend_when_idle(self) -> None:
        """Has its machine, which was woken from suspension, suspended when nobody needs it."""
        self.suspension.when_idle()

    @serves(SUSPEND_AT_END)
    async def suspend_at_end(self) -> EndOfPower:
        """Has its machine suspended when this hive has ended, by the same rule, and tells whether
        that will be."""
        return await self.suspension.end()


def _hub_token_of(request: web.Request) -> contextlib.AbstractContextManager[None]:
    """The hub is asked with the token of whoever asks for this, where there is one."""
    return hub.asked_with(request.headers.get(addresses.HUB_TOKEN_HEADER))


def _found(fit: Fit) -> FoundRoom:
    return FoundRoom(
        parts=list(fit.parts),
        slots=fit.slots,
        context=fit.context,
        estimate=fit.need.is_estimate,
        sees=any(header.is_projector for header in fit.headers),
    )


def _here(ref: ModelRef, row: ModelRow | None) -> ModelRow:
    if row is None:
        what, fix = f"{ref} is not on this hive", f"rbee-keeper pull {ref}"
        raise RbeeError("model_not_found", what, fix)
    return row


def _whole_view(row: ModelRow) -> ModelView:
    view = _model_view(row)
    view.makes = _makes(row.path, view.content) if view.content else ""
    return view


@functools.lru_cache(maxsize=1024)
def _makes(path: str, content: str) -> Makes:
    """What comes of the file at a path, as long as it is the same."""
    from rbee.hive.models.gguf.header import header_of_file  # late: of lists of models alone
    from rbee.hive.models.pooling import makes

    try:
        return makes(header_of_file(path))
    except RbeeError:
        return ""


def _model_view(row: ModelRow) -> ModelView:
    content, size, status = "", row.size_bytes, row.status
    try:
        content, size = content_id(row.paths), sum(map(os.path.getsize, row.paths))
    except OSError:
        status = "missing"
    return ModelView(
        content=content,
        model_ref=row.ref,
        path=row.path,
        size_bytes=size,
        quant=row.quant or None,
        architecture=row.architecture or None,
        context_length=row.context_length,
        status=status,
        sees=bool(row.projector),
    )
