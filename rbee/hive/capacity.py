"""Whether a model fits on a device, and starting it there. Phases 6 and 9.

The answer comes from the model's header, what the device has free, and what this hive's own
workers have been promised. The question and the start it allows are asked under one lock, so
that two workers are never promised the same memory.
"""

from __future__ import annotations

import asyncio
from typing import NamedTuple

import msgspec

from rbee.hive.devices import GIB, gpus_here, ram_here
from rbee.hive.models.catalog import ModelRow
from rbee.hive.models.fit import (
    Need,
    gpu_budget,
    largest_context,
    largest_fitting,
    memory_limit,
    ram_budget,
    ram_needed,
    worker_need,
)
from rbee.hive.models.gguf import GgufHeader
from rbee.hive.models.pooling import batch_of, default_context, pooling_of
from rbee.hive.models.provisioner import Provisioner, bundled_path
from rbee.hive.processors import engine_threads, usable_cores
from rbee.hive.workers.registry import Worker
from rbee.hive.workers.supervisor import Supervisor
from rbee.process.content import content_id
from rbee.process.tasks import DEVICES, in_thread
from rbee.wire.addresses import host_of
from rbee.wire.errors import RbeeError
from rbee.wire.messages.devices import Backend, Gpu
from rbee.wire.messages.inference import template_name
from rbee.wire.messages.orders import RequestBounds, WorkerOrders
from rbee.wire.messages.workers import StartWorker
from rbee.wire.model_ref import ModelRef
from rbee.wire.narration import device_name, size
from rbee.wire.settings import Settings

_MIB = 1024 * 1024
_CPU = "cpu"
#: Engines that cannot batch.
_ONE_AT_A_TIME = ("ctransformers",)


class Fit(NamedTuple):
    """What a model needs on a device, how many jobs it takes at once there, and its headers."""

    need: Need
    slots: int
    headers: tuple[GgufHeader, ...]


class Capacity:
    """The memory of this machine's devices, and who has been promised how much."""

    def __init__(self, settings: Settings, models: Provisioner, workers: Supervisor) -> None:
        self._settings = settings
        self._models = models
        self._workers = workers
        self._promising = asyncio.Lock()

    async def gpu(self, device: str) -> Gpu | None:
        """The GPU called `device` as it is now; None for the CPU. Raises `invalid_request`."""
        if device == _CPU:
            return None
        gpus = await in_thread(DEVICES, gpus_here)
        for gpu in gpus:
            if gpu.id == device:
                return gpu
        raise RbeeError(
            "invalid_request",
            f"this hive has no device {device}",
            f"devices: {', '.join([_CPU, *(gpu.id for gpu in gpus)])}",
            {"device": device},
        )

    async def gpu_of(self, backend: str) -> Gpu | None:
        """The first GPU of this machine that a backend is for; None where there is none."""
        gpus = await in_thread(DEVICES, gpus_here)
        return next((gpu for gpu in gpus if gpu.backend == backend), None)

    async def check(self, device: str, ref: ModelRef, ctx: int = 0, slots: int = 0) -> Fit:
        """How the model fits on `device`, where there is room for it or idle workers make it.

        With `slots` where there is room for as many (0: as in the settings), else with fewer; an
        idle worker goes for the first of them only.
        Raises `insufficient_vram` or `insufficient_ram` with need, free and what is short in
        bytes, and with a smaller quant of the same repository where one would fit.
        """
        gpu = await self.gpu(device)
        headers = await self._models.headers(ref)
        context = self._context(headers[0], ctx)
        free = self._free(device, gpu)
        for count in range(slots or self._settings.slots, 0, -1):
            need = worker_need(headers, context, count, gpu is not None)
            if self._needed(need, gpu) <= free:
                return Fit(need, count, headers)
        needed = self._needed(need, gpu)
        free += sum(worker.reserved_bytes for worker in self._idle(device))
        if needed > free:
            smaller = await self._smaller(ref, need, free)
            shorter = largest_context(
                headers, context, lambda other: self._needed(other, gpu) <= free, gpu is not None
            )
            raise self._short(device, ref, need, needed, free, smaller, shorter)
        return Fit(need, 1, headers)

    async def start(
        self, wanted: StartWorker, ref: ModelRef, row: ModelRow, token: str, hive_url: str
    ) -> Worker:
        """Starts a worker on a device that has room; idle workers in the way are unloaded.

        Raises as `check` and the supervisor do.
        """
        engine = wanted.engine or self._settings.engine
        on = await self.gpu(wanted.device)
        simulated = on is not None and on.simulated
        await self._workers.able(engine, on.backend if on else "cpu", simulated=simulated)
        content = content_id([file.path for file in row.files])
        async with self._promising:
            if wanted.share:
                for worker in self._workers.holding(content):
                    if _will_do(worker, wanted, engine):
                        return worker
            most = 1 if engine in _ONE_AT_A_TIME else 0
            need, slots, headers = await self.check(wanted.device, ref, wanted.ctx or 0, most)
            context = self._context(headers[0], wanted.ctx or 0)
            unloaded = await self._make_room(wanted.device, need)
            if unloaded is not None:  # for more than the first, or for none: some may be in use
                need, slots, _ = await self.check(wanted.device, ref, wanted.ctx or 0, most)
            gpu = await self.gpu(wanted.device)
            settings = self._settings
            backend: Backend = gpu.backend if gpu else "cpu"
            threads = settings.engine_threads or _threads(engine, need)
            orders = WorkerOrders(
                host=settings.worker_host or host_of(hive_url),
                port=settings.worker_port if wanted.port_hint is None else wanted.port_hint,
                token=token,
                worker_id="",
                hive_url=hive_url,
                model_ref=str(ref),
                model_paths=[file.path for file in row.files],
                device=wanted.device,
                backend=backend,
                context=context,
                slots=slots,
                threads=threads,
                prompt_cache_mib=settings.prompt_cache_mib,
                heartbeat_interval=settings.heartbeat_interval,
                token_stall=settings.token_stall,
                log_mib=settings.log_mib,
                bounds=msgspec.convert(settings, RequestBounds, from_attributes=True),
                chat_template=wanted.chat_template
                or str(headers[0].metadata.get("tokenizer.chat_template", "")),
                template=template_name(wanted.chat_template),
                trial_model=str(bundled_path()),
                memory_limit=self._limit(need, threads, on_gpu=gpu is not None),
                confined=settings.confine_workers,
                pooling=pooling_of(headers[0]),
                batch=batch_of(headers[0], context),
                simulated=gpu is not None and gpu.simulated,
                content=content,
                vectors_up_to=wanted.vectors_up_to,
            )
            return await self._workers.start(engine, orders, need.total, unloaded or [])

    def _limit(self, need: Need, threads: int, *, on_gpu: bool) -> int:
        settings = self._settings
        if not settings.worker_margin_mib:
            return 0
        return memory_limit(
            need,
            on_gpu=on_gpu,
            threads=threads,
            factor=settings.ram_factor,
            prompt_cache=settings.prompt_cache_mib * _MIB,
            margin=settings.worker_margin_mib * _MIB,
        )

    async def _make_room(self, device: str, need: Need) -> list[str] | None:
        """Unloads idle workers of a device, least recently used first, until `need` fits.

        None: there is room as it is.
        """
        gpu = await self.gpu(device)
        if self._needed(need, gpu) <= self._free(device, gpu):
            return None
        unloaded: list[str] = []
        for worker in self._idle(device):
            if self._needed(need, gpu) <= self._free(device, gpu):
                break
            if await self._workers.unload(worker):
                unloaded.append(worker.worker_id)
            gpu = await self.gpu(device)
        return unloaded

    def _idle(self, device: str) -> list[Worker]:
        """The workers of a device that nobody uses, least recently used first."""
        idle = [
            worker
            for worker in self._workers.workers.values()
            if worker.orders.device == device and worker.is_unused
        ]
        return sorted(idle, key=lambda worker: worker.idle_since or 0.0)

    def _needed(self, need: Need, gpu: Gpu | None) -> int:
        if gpu:
            return need.total
        prompts = self._settings.prompt_cache_mib * _MIB
        return ram_needed(need, self._settings.ram_factor) + prompts

    def _context(self, header: GgufHeader, asked: int) -> int:
        return asked or self._settings.context or default_context(header)

    def _free(self, device: str, gpu: Gpu | None) -> int:
        mine = [each for each in self._workers.workers.values() if each.orders.device == device]
        reserved = sum(worker.reserved_bytes for worker in mine)
        if gpu is None:
            ram = ram_here()
            return ram_budget(total_bytes=ram.total, free_bytes=ram.free, reserved_bytes=reserved)
        free = round(gpu.vram_free_gb * GIB) - (reserved if gpu.simulated else 0)
        return gpu_budget(
            total_bytes=round(gpu.vram_gb * GIB),
            free_bytes=free,
            reserved_bytes=reserved,
            margin_bytes=self._settings.vram_margin_mib * _MIB,
        )

    async def _smaller(self, ref: ModelRef, need: Need, free: int) -> str:
        if ref.source != "hf":
            return ""
        plan = await self._models.plan(ref)
        return largest_fitting(plan.quants, need.overhead, free)

    def _short(
        self,
        device: str,
        ref: ModelRef,
        need: Need,
        needed: int,
        free: int,
        smaller: str,
        shorter: int,
    ) -> RbeeError:
        name = device_name(device)
        if smaller:
            suggestion = f"--model HF:{ref.repo}:{smaller} would fit"
        elif shorter:
            suggestion = f"a context of {shorter} tokens would fit: --ctx {shorter}"
        else:
            suggestion = "take a smaller model, a shorter context (--ctx), or another device"
        return RbeeError(
            "insufficient_ram" if device == _CPU else "insufficient_vram",
            f"{ref} needs {size(needed)} on {name}, {size(free)} are free,"
            f" {size(needed - free)} too little" + (" (estimate)" if need.is_estimate else ""),
            suggestion,
            {
                "device": device,
                "need_bytes": needed,
                "free_bytes": free,
                "short_bytes": needed - free,
                "estimate": need.is_estimate,
                **({"smaller_quant": smaller} if smaller else {}),
                **({"shorter_context": shorter} if shorter else {}),
            },
        )


def _will_do(worker: Worker, wanted: StartWorker, engine: str) -> bool:
    """Whether a worker that holds what is wanted is as good as one that would be started."""
    return (
        worker.orders.device == wanted.device
        and worker.engine == engine
        and (wanted.ctx or 0) <= worker.orders.context
        and worker.orders.vectors_up_to == wanted.vectors_up_to
        and worker.orders.template == template_name(wanted.chat_template)
    )


def _threads(engine: str, need: Need) -> int:
    """Threads of an engine that is to run as fast as it can here."""
    if engine in _ONE_AT_A_TIME:
        return 1  # of 2023: two threads of its collapse after a pause
    return engine_threads(usable_cores(), need.weights)
