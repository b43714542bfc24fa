"""The memory of this machine's devices, and who has been promised how much of it. Phase 6.

Whether a model fits follows from its header, what each device of a placement has free, and what
has been promised. Who starts a worker asks and promises under one lock, so that two workers are
never promised the same memory.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from rbee.hive.devices import GIB, gpus_here, ram_here
from rbee.hive.models.fit import (
    Need,
    gpu_budget,
    largest_context,
    largest_fitting,
    ram_budget,
    ram_needed,
    worker_need,
)
from rbee.hive.models.gguf import GgufHeader
from rbee.hive.models.pooling import default_context
from rbee.hive.models.provisioner import Provisioner
from rbee.process.tasks import DEVICES, in_thread
from rbee.wire.errors import RbeeError, invalid
from rbee.wire.messages.devices import Gpu
from rbee.wire.model_ref import ModelRef
from rbee.wire.narration import device_name, size
from rbee.wire.placement import Part, Placement
from rbee.wire.settings import Settings

_MIB = 1024 * 1024
_CPU = "cpu"


class Fit(NamedTuple):
    """What a model needs on each device of a placement, how many jobs it takes at once there, and
    its headers."""

    needs: Mapping[str, Need]
    slots: int
    headers: Sequence[GgufHeader]


@dataclasses.dataclass(frozen=True, eq=False)
class Promise:
    """Memory that is kept for one worker: bytes, by device of this hive."""

    of: Mapping[str, int]

    @property
    def total(self) -> int:
        """All of it, in bytes."""
        return sum(self.of.values())


class _Room(NamedTuple):
    """A device that a part of a model may lie on, None for the CPU, and its free bytes."""

    part: Part
    gpu: Gpu | None
    free: int


class Capacity:
    """The memory of this machine's devices, and what of it has been promised."""

    def __init__(self, settings: Settings, models: Provisioner) -> None:
        self._settings = settings
        self._models = models
        self._promised: set[Promise] = set()
        #: Held by whoever is to promise what he has asked about.
        self.promising = asyncio.Lock()

    def promise(self, fit: Fit) -> Promise:
        """Keeps what a model needs, until it is given back."""
        promise = Promise({device: need.total for device, need in fit.needs.items()})
        self._promised.add(promise)
        return promise

    def give_back(self, promise: Promise) -> None:
        """The worker that it was kept for is no more."""
        self._promised.discard(promise)

    async def gpu(self, device: str) -> Gpu | None:
        """The GPU called `device` as it is now; None for the CPU. Raises `invalid_request`."""
        if device == _CPU:
            return None
        gpus = await in_thread(DEVICES, gpus_here)
        for gpu in gpus:
            if gpu.id == device:
                return gpu
        known = ", ".join([_CPU, *(gpu.id for gpu in gpus)])
        raise invalid(f"this hive has no device {device}", f"devices: {known}", device=device)

    async def gpu_of(self, backend: str) -> Gpu | None:
        """The first GPU of this machine that a backend is for; None where there is none."""
        gpus = await in_thread(DEVICES, gpus_here)
        return next((gpu for gpu in gpus if gpu.backend == backend), None)

    async def check(
        self,
        placement: Placement,
        ref: ModelRef,
        ctx: int = 0,
        slots: int = 0,
        unused: Collection[Promise] = (),
    ) -> Fit:
        """How a model fits in a placement on this machine, as it is or with what is `unused`.

        With `slots` where there is room for as many (0: as in the settings), else with fewer; what
        is unused goes for the first of them only.
        Raises `insufficient_vram` or `insufficient_ram` with need, free, what is short and what
        workers hold that do not idle, in bytes, and with a smaller quant of the same repository
        where one would fit.
        """
        rooms = await self._rooms(placement)
        headers = await self._models.headers(ref)
        context = self.context(headers[0], ctx)
        for count in range(slots or self._settings.slots, 0, -1):
            needs = {
                part.device: worker_need(headers, context, count, gpu is not None).of(part.share)
                for part, gpu, _ in rooms
            }
            if all(self._lacks(room, needs) <= 0 for room in rooms):
                return Fit(needs, count, headers)
        for room in rooms:
            idle = _kept(room.part.device, unused)
            room = room._replace(free=room.free + idle)
            if self._lacks(room, needs) > 0:
                error = await self._short(room, ref, headers, context, needs[room.part.device])
                error.details["in_use_bytes"] = _kept(room.part.device, self._promised) - idle
                raise error
        return Fit(needs, 1, headers)

    async def has_room(self, placement: Placement, fit: Fit) -> bool:
        """Whether there is room for a model as things are now."""
        return all(self._lacks(room, fit.needs) <= 0 for room in await self._rooms(placement))

    def context(self, header: GgufHeader, asked: int) -> int:
        """The context of a worker, in tokens; `asked`: 0 where nobody has asked for one."""
        return asked or self._settings.context or default_context(header)

    def _needed(self, need: Need, gpu: Gpu | None) -> int:
        if gpu:
            return need.total
        prompts = self._settings.prompt_cache_mib * _MIB
        return ram_needed(need, self._settings.ram_factor) + prompts

    async def _rooms(self, placement: Placement) -> list[_Room]:
        gpus = [await self.gpu(part.device) for part in placement.parts]
        return [
            _Room(part, gpu, self._free(part.device, gpu))
            for part, gpu in zip(placement.parts, gpus, strict=True)
        ]

    def _lacks(self, room: _Room, needs: Mapping[str, Need]) -> int:
        """By how many bytes a device is too small for its part; 0 or less: it is not."""
        return self._needed(needs[room.part.device], room.gpu) - room.free

    def _free(self, device: str, gpu: Gpu | None) -> int:
        reserved = _kept(device, self._promised)
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

    async def _short(
        self, room: _Room, ref: ModelRef, headers: Sequence[GgufHeader], context: int, need: Need
    ) -> RbeeError:
        """The error of a device without room, with what would fit there."""
        device, free = room.part.device, room.free
        needed = self._needed(need, room.gpu)
        smaller = await self._smaller(ref, need, free)
        shorter = largest_context(
            headers,
            context,
            lambda other: self._needed(other.of(room.part.share), room.gpu) <= free,
            room.gpu is not None,
        )
        if smaller:
            suggestion = f"--model HF:{ref.repo}:{smaller} would fit"
        elif shorter:
            suggestion = f"a context of {shorter} tokens would fit: --ctx {shorter}"
        else:
            suggestion = "take a smaller model, a shorter context (--ctx), or another device"
        return RbeeError(
            "insufficient_ram" if device == _CPU else "insufficient_vram",
            f"{ref} needs {size(needed)} on {device_name(device)}, {size(free)} are free,"
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

    async def _smaller(self, ref: ModelRef, need: Need, free: int) -> str:
        if ref.source != "hf":
            return ""
        plan = await self._models.plan(ref)
        return largest_fitting(plan.quants, need.overhead, free)


def _kept(device: str, promises: Collection[Promise]) -> int:
    """The bytes of a device that are promised in all."""
    return sum(promise.of.get(device, 0) for promise in promises)
