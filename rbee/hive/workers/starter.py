"""Starting a worker where there is room for it, or finding one that will do. Phase 9."""

from __future__ import annotations

import msgspec

from rbee.hive.capacity import Capacity, Fit
from rbee.hive.models.catalog import ModelRow
from rbee.hive.models.fit import memory_limit
from rbee.hive.models.pooling import batch_of, longest_request, pooling_of
from rbee.hive.models.provisioner import bundled_path
from rbee.hive.processors import engine_threads, usable_cores
from rbee.hive.workers.kinds import Kinds
from rbee.hive.workers.supervisor import Supervisor
from rbee.hive.workers.worker import Worker
from rbee.process.content import content_id
from rbee.wire.addresses import host_of
from rbee.wire.errors import invalid
from rbee.wire.messages.inference import template_name
from rbee.wire.messages.orders import HiveOrders, WorkerOrders, WorkerSettings
from rbee.wire.messages.workers import StartWorker
from rbee.wire.model_ref import ModelRef
from rbee.wire.placement import CPU, Placement
from rbee.wire.settings import Settings


class Starter(msgspec.Struct):
    """Starts the workers of this hive."""

    _hive: HiveOrders
    _settings: Settings
    _capacity: Capacity
    _kinds: Kinds
    _workers: Supervisor

    async def check(self, placement: Placement, ref: ModelRef, ctx: int = 0, slots: int = 0) -> Fit:
        """How a model fits in a placement, where there is room for it or unused workers make it.

        Raises as `Capacity.check` does.
        """
        unused = [worker.promise for worker in self._unused(placement)]
        return await self._capacity.check(placement, ref, ctx, slots, unused)

    async def start(self, wanted: StartWorker, ref: ModelRef, row: ModelRow, url: str) -> Worker:
        """Starts a worker where there is room; unused workers in the way are unloaded.

        `url` is this hive's. Raises as `check`, `Kinds.able` and the supervisor do, and
        `invalid_request` for a placement that is not on this machine.
        """
        placement = wanted.placed(self._hive.hive_id)
        if {part.hive_id for part in placement.parts} != {self._hive.hive_id}:
            raise invalid(
                f"{self._hive.hive_id} starts workers on its own devices, not on"
                f" {placement.devices} of others",
                "name devices of this hive",
            )
        engine = wanted.engine or self._settings.engine
        devices = [part.device for part in placement.parts]
        gpu = await self._capacity.gpu(next((each for each in devices if each != CPU), CPU))
        simulated = gpu is not None and gpu.simulated
        backend = gpu.backend if gpu else "cpu"
        facts = await self._kinds.able(engine, backend, simulated=simulated, parts=len(devices))
        content = content_id(row.paths)
        async with self._capacity.promising:
            if wanted.share:
                for worker in self._workers.holding(content):
                    if _will_do(worker, wanted, placement, engine):
                        return worker
            settings = self._settings
            slots = wanted.slots or settings.slots
            most = min(facts.slots or slots, slots)
            fit = await self.check(placement, ref, wanted.ctx or 0, most)
            unloaded = await self._make_room(placement, fit)
            if unloaded is not None:  # for more than the first, or for none: some may be in use
                fit = await self.check(placement, ref, wanted.ctx or 0, most)
            need, header, context = fit.need, fit.headers[0], fit.context
            threads = settings.engine_threads or facts.threads
            threads = threads or engine_threads(usable_cores(), need.weights)
            orders = WorkerOrders(
                host=settings.worker_host or host_of(url),
                port=settings.worker_port if wanted.port_hint is None else wanted.port_hint,
                token=self._hive.token,
                worker_id="",
                hive_url=url,
                model_ref=str(ref),
                model_paths=row.paths,
                placement=fit.placed(self._hive.hive_id),
                backend=backend,
                context=context,
                slots=fit.slots,
                threads=threads,
                settings=msgspec.convert(settings, WorkerSettings, from_attributes=True),
                chat_template=wanted.chat_template
                or str(header.metadata.get("tokenizer.chat_template", "")),
                template=template_name(wanted.chat_template),
                trial_model=str(bundled_path()),
                memory_limit=memory_limit(need, settings, on_gpu=gpu is not None, threads=threads),
                pooling=pooling_of(header),
                batch=batch_of(header, context),
                simulated=simulated,
                content=content,
                vectors_up_to=wanted.vectors_up_to,
                longest=longest_request(header, context, fit.slots) if facts.shares else context,
                trained=header.context_length,
            )
            return await self._workers.start(facts, orders, fit, unloaded or [])

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
        devices = {part.device for part in placement.parts}
        unused = [
            worker
            for worker in self._workers.workers.values()
            if devices & worker.promise.of.keys() and worker.is_unused
        ]
        return sorted(unused, key=lambda worker: worker.idle_since or 0.0)


def _will_do(worker: Worker, wanted: StartWorker, placement: Placement, engine: str) -> bool:
    """Whether a worker that holds what is wanted is as good as one that would be started."""
    return (
        worker.orders.placement.devices == placement.devices
        and worker.facts.engine == engine
        and (wanted.ctx or 0) <= worker.orders.longest
        and worker.orders.vectors_up_to == wanted.vectors_up_to
        and worker.orders.template == template_name(wanted.chat_template)
    )
