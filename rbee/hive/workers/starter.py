"""Starting a worker where there is room for it, or finding one that will do. Phase 9."""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from rbee.hive.capacity import Capacity, Fit, Promise
from rbee.hive.models.catalog import ModelRow
from rbee.hive.models.fit import Need, memory_limit
from rbee.hive.models.gguf.header import GgufHeader
from rbee.hive.models.local import bundled_path
from rbee.hive.models.pooling import longest_request, pooling_of
from rbee.hive.processors import engine_threads, usable_cores
from rbee.hive.workers.drafts import Draft, Drafts
from rbee.hive.workers.kinds import Kinds
from rbee.hive.workers.supervisor import Supervisor
from rbee.hive.workers.worker import Worker
from rbee.process.content import content_id
from rbee.wire import narration
from rbee.wire.addresses import host_of
from rbee.wire.errors import RbeeError, invalid
from rbee.wire.messages.devices import Backend, Gpu
from rbee.wire.messages.inference import template_name
from rbee.wire.messages.orders import HiveOrders, WorkerOrders, WorkerSettings
from rbee.wire.messages.sides import AskSides, AskSpread, SideOrders, SidesHere, StartSide
from rbee.wire.messages.workers import EngineFacts, StartWorker
from rbee.wire.model_ref import ModelRef
from rbee.wire.narration import device_name, say, size
from rbee.wire.placement import CPU, Placement
from rbee.wire.settings import Settings

if TYPE_CHECKING:
    from rbee.hive.workers.sides import Side, Sides, SocketPair


class _Begun(NamedTuple):
    """A worker that is to be started, and what is known of it before there is room.

    `gpu` is the first of its placement on this machine, None where it has none; `content` is what
    lies at the paths of `row`, and `places` are those of its GPUs among those of the engine.
    """

    wanted: StartWorker
    ref: ModelRef
    row: ModelRow
    url: str
    placement: Placement
    gpu: Gpu | None
    facts: EngineFacts
    content: str
    places: dict[str, int]

    @property
    def is_simulated(self) -> bool:
        """Whether its GPU exists on paper only."""
        return self.gpu is not None and self.gpu.simulated

    @property
    def backend(self) -> Backend:
        """What its engine computes with."""
        return self.gpu.backend if self.gpu else "cpu"


class Starter(msgspec.Struct):
    """Starts the workers of this hive."""

    _hive: HiveOrders
    _settings: Settings
    _capacity: Capacity
    _kinds: Kinds
    _workers: Supervisor
    _sides: Callable[[], Sides]
    _drafts: Drafts

    async def check(
        self,
        placement: Placement,
        ref: ModelRef,
        ctx: int = 0,
        slots: int = 0,
        draft: Sequence[GgufHeader] = (),
    ) -> Fit:
        """How a model fits in a placement, where there is room for it or unused workers make it.

        Raises as `Capacity.check` does.
        """
        unused = [worker.promise for worker in self._unused(placement)]
        return await self._capacity.check(placement, ref, ctx, slots, unused, draft)

    async def spread(self, wanted: AskSpread, ref: ModelRef) -> Fit:
        """How a model fits on devices here together with those of others.

        Raises as `Capacity.spread` and `Kinds.speaks` do.
        """
        placement = Placement.on(self._hive.hive_id, wanted.device)
        unused = [worker.promise for worker in self._unused(placement)]
        if wanted.idle:
            unused.append(Promise({each.device: each.free_bytes for each in wanted.idle}))
        return await self._capacity.spread(placement, ref, wanted.ctx, wanted.others, unused)

    async def here(self, wanted: AskSides) -> SidesHere:
        """What is here for parts of others' models, where unused workers make room. Raises
        `backend_unavailable`."""
        facts = await self._kinds.speaks(wanted.engine or self._settings.engine)
        unused = [worker.promise for worker in self._workers.workers.values() if worker.is_unused]
        free = await self._capacity.free_for_parts(facts.devices, unused)
        return SidesHere(rpc=facts.rpc, devices=free)

    async def start_side(self, wanted: StartSide) -> Side:
        """Starts a side where there is room; unused workers in the way are unloaded. Raises
        `insufficient_ram`, and as `Kinds.speaks` and `Capacity.engine_names` do."""
        engine, settings = wanted.engine or self._settings.engine, self._settings
        devices = [part.device for part in wanted.parts]
        facts = await self._kinds.speaks(engine)
        names = await self._capacity.engine_names(devices, facts)
        placement = Placement.on(self._hive.hive_id, "+".join(devices))
        async with self._capacity.promising:
            for worker in [*self._unused(placement), None]:
                free = {
                    each.device: each.free_bytes
                    for each in await self._capacity.free_for_parts(facts.devices)
                }
                short = [part for part in wanted.parts if part.bytes > free.get(part.device, 0)]
                if not short or worker is None:
                    break
                await self._workers.unload(worker)
            if short:
                device, missing = short[0].device, short[0].bytes - free.get(short[0].device, 0)
                raise RbeeError(
                    "insufficient_ram" if device == CPU else "insufficient_vram",
                    f"{device_name(device)} has {size(missing)} too little for a part of a model",
                    "try again in a moment",
                    {"short_bytes": missing},
                )
            need = Need(sum(part.bytes for part in wanted.parts), 0, 0, 0, is_estimate=False)
            threads = self._threads(facts, need)
            orders = SideOrders(
                side_id="",
                devices=names,
                stream=-1,
                threads=threads,
                log="",
                memory_limit=memory_limit(
                    need, settings, on_gpu=set(devices) != {CPU}, threads=threads
                ),
                confine_workers=settings.confine_workers,
            )
            return await self._sides().start(wanted.parts, orders, engine)

    async def start(self, wanted: StartWorker, ref: ModelRef, row: ModelRow, url: str) -> Worker:
        """Starts a worker where there is room; unused workers in the way are unloaded.

        `url` is this hive's. Raises as `check`, `Kinds.able` and the supervisor do, and
        `invalid_request` for a placement that is not on this machine.
        """
        placement = wanted.placed(self._hive.hive_id)
        if placement.head.hive_id != self._hive.hive_id:
            raise invalid(
                f"{self._hive.hive_id} starts workers on its own devices, not on"
                f" {placement.devices} of others",
                "name devices of this hive",
            )
        engine = wanted.engine or self._settings.engine
        devices = [part.device for part in placement.own]
        gpu = await self._capacity.gpu(next((each for each in devices if each != CPU), CPU))
        facts = await self._kinds.able(
            engine,
            gpu.backend if gpu else "cpu",
            simulated=gpu is not None and gpu.simulated,
            parts=len(devices),
        )
        content = content_id(row.paths)
        places = await self._capacity.engine_places(devices, facts.devices)
        draft = await self._drafts.of(wanted, placement, row, facts)
        begun = _Begun(wanted, ref, row, url, placement, gpu, facts, content, places)
        async with self._capacity.promising:
            if wanted.share:
                for worker in self._workers.holding(content):
                    if _will_do(worker, wanted, placement, engine):
                        return worker
            fit, unloaded, draft = await self._with_room(begun, draft)
            orders = self._orders(begun, fit, draft)
            streams = _streams_to(placement.others)
            orders.streams = [stream.theirs.fileno() for stream in streams.values()]
            worker = await self._workers.start(facts, orders, fit, unloaded, streams)
            if draft.why:
                told = {"draft": draft.ref, "why": draft.why}
                worker.start.narrate(say(narration.DRAFT_LEFT_OUT, told))
            return worker

    async def _with_room(self, begun: _Begun, draft: Draft) -> tuple[Fit, list[str], Draft]:
        """How its model fits, the workers that were unloaded for it, and the draft, or that without
        which there is room. Raises as `check` does."""
        wanted, ref, placement, facts = begun.wanted, begun.ref, begun.placement, begun.facts
        slots = wanted.slots or self._settings.slots
        most = min(facts.slots or slots, slots)
        if placement.others:
            await self._kinds.speaks(facts.engine)
            return *await self._as_dealt(placement, ref, wanted), draft
        if draft.headers and not await self._have_room(placement, ref, wanted, draft):
            draft = draft.left_out("there is no room for it beside the model")
        ask = functools.partial(self.check, placement, ref, wanted.ctx or 0, most, draft.headers)
        fit = await ask()
        unloaded = await self._make_room(placement, fit)
        if unloaded is None:
            return fit, [], draft
        # For more than the first, or for none: some may be in use.
        return await ask(), unloaded, draft

    def _orders(self, begun: _Begun, fit: Fit, draft: Draft) -> WorkerOrders:
        wanted, facts, settings = begun.wanted, begun.facts, self._settings
        need, header, context = fit.need, fit.headers[0], fit.context
        threads = self._threads(facts, need)
        on_gpu = begun.gpu is not None
        return WorkerOrders(
            host=settings.worker_host or host_of(begun.url),
            port=settings.worker_port if wanted.port_hint is None else wanted.port_hint,
            token=self._hive.token,
            worker_id="",
            hive_url=begun.url,
            model_ref=str(begun.ref),
            model_paths=begun.row.paths,
            placement=fit.placed(self._hive.hive_id),
            backend=begun.backend,
            context=context,
            slots=fit.slots,
            threads=threads,
            settings=msgspec.convert(settings, WorkerSettings, from_attributes=True),
            chat_template=wanted.chat_template
            or str(header.metadata.get("tokenizer.chat_template", "")),
            template=template_name(wanted.chat_template),
            trial_model=str(bundled_path()),
            memory_limit=memory_limit(
                need, settings, on_gpu=on_gpu, threads=threads, slots=fit.slots
            ),
            pooling=pooling_of(header),
            batch=fit.batch,
            simulated=begun.is_simulated,
            content=begun.content,
            vectors_up_to=wanted.vectors_up_to,
            longest=longest_request(header, context, fit.slots) if facts.shares else context,
            trained=header.context_length,
            projector=begun.row.projector if "pictures" in facts.can else "",
            engine_places={} if begun.is_simulated else begun.places,
            draft=draft.ref,
            draft_paths=list(draft.paths),
            draft_gain=draft.gain,
        )

    def _threads(self, facts: EngineFacts, need: Need) -> int:
        threads = self._settings.engine_threads or facts.threads
        return threads or engine_threads(usable_cores(), need.weights)

    async def _have_room(
        self, placement: Placement, ref: ModelRef, wanted: StartWorker, draft: Draft
    ) -> bool:
        """Whether a model has a slot beside its draft."""
        try:
            await self.check(placement, ref, wanted.ctx or 0, 1, draft.headers)
        except RbeeError as error:
            if error.code not in ("insufficient_vram", "insufficient_ram"):
                raise
            return False
        return True

    async def _as_dealt(
        self, placement: Placement, ref: ModelRef, wanted: StartWorker
    ) -> tuple[Fit, list[str]]:
        """What a model takes that is dealt out over machines, and who has made room for it."""
        ask = functools.partial(self._capacity.as_dealt, placement, ref, wanted.ctx or 0)
        unloaded: list[str] = []
        for worker in [*self._unused(placement), None]:
            fit, has_room = await ask(wanted.slots or 1)
            if has_room:
                return fit, unloaded
            if worker is not None and await self._workers.unload(worker):
                unloaded.append(worker.worker_id)
        device = "+".join(part.device for part in placement.own)
        raise RbeeError(
            "insufficient_ram" if CPU in device else "insufficient_vram",
            f"{device_name(device)} has too little room by now for its part of {ref}",
            "try again in a moment",
        )

    async def _make_room(self, placement: Placement, fit: Fit) -> list[str] | None:
        """Unloads unused workers that are in the way, least recently used first, until it fits.

        None: there is room as it is.
        """
        if await self._capacity.has_room(placement, fit):
            return None
        unloaded: list[str] = []
        for worker in self._unused(placement):
            if await self._capacity.has_room(placement, fit):
                break
            if await self._workers.unload(worker):
                unloaded.append(worker.worker_id)
        return unloaded

    def _unused(self, placement: Placement) -> list[Worker]:
        """The workers on these devices that nobody uses, least recently used first."""
        devices = {part.device for part in placement.own}
        unused = [
            worker
            for worker in self._workers.workers.values()
            if devices & worker.promise.of.keys() and worker.is_unused
        ]
        return sorted(unused, key=lambda worker: worker.idle_since or 0.0)


def _streams_to(others: Collection[str]) -> dict[str, SocketPair]:
    """A stream to each of some hives, until now to nowhere."""
    if not others:
        return {}
    from rbee.hive.workers.sides import SocketPair  # late: few models lie on several machines

    return {hive_id: SocketPair.new() for hive_id in others}


def _will_do(worker: Worker, wanted: StartWorker, placement: Placement, engine: str) -> bool:
    """Whether a worker that holds what is wanted is as good as one that would be started."""
    return (
        worker.orders.placement.devices == placement.devices
        and worker.facts.engine == engine
        and (wanted.ctx or 0) <= worker.orders.longest
        and worker.orders.vectors_up_to == wanted.vectors_up_to
        and worker.orders.template == template_name(wanted.chat_template)
    )
