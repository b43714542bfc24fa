"""The memory of this machine's devices, and who has been promised how much of it. Phase 6.

Whether a model fits follows from its header, what each device of a placement has free, and what
has been promised. Who starts a worker asks and promises under one lock, so that two workers are
never promised the same memory.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import msgspec

from rbee.hive.cards import GIB, names_by, names_of
from rbee.hive.devices import Gpus, ram_here
from rbee.hive.models.fit import (
    Need,
    gpu_budget,
    largest_context,
    largest_fitting,
    ram_budget,
    ram_needed,
    ram_room,
    worker_need,
)
from rbee.hive.models.gguf.header import GgufHeader
from rbee.hive.models.parts import Cut, beside_ram, hidden_bytes, logits_bytes
from rbee.hive.models.pooling import batch_of, default_context
from rbee.hive.models.provisioner import Provisioner
from rbee.wire.errors import RbeeError, invalid
from rbee.wire.messages.devices import Gpu, PartRoom
from rbee.wire.messages.sides import FreeDevice, OtherDevice
from rbee.wire.messages.workers import EngineDevice, EngineFacts
from rbee.wire.model_ref import ModelRef
from rbee.wire.narration import device_name, size
from rbee.wire.placement import CPU, Part, Placement
from rbee.wire.settings import Settings

_MIB = 1024 * 1024


class Fit(NamedTuple):
    """What a model needs on each device of a placement, how many jobs of `context` tokens it takes
    at once there, and its headers.

    `parts` tells the same with what is free. `left` are the bytes that have no room on the GPUs and
    no RAM beside them.
    """

    needs: Mapping[str, Need]
    parts: Sequence[PartRoom]
    slots: int
    context: int
    headers: Sequence[GgufHeader]
    left: int = 0

    @property
    def need(self) -> Need:
        """What it needs in all."""
        return Need.sum(self.needs.values())

    @property
    def batch(self) -> int:
        """How many tokens are worked through at once there."""
        on_cpu = all(part.device == CPU for part in self.parts)
        return batch_of(self.headers, self.context, on_cpu=on_cpu)

    @property
    def on_gpus(self) -> int:
        """How many layers of a model in parts are on GPUs with all that they have."""
        aside = sum(part.layers for part in self.parts if part.experts)
        return sum(part.layers for part in self.parts if part.device != CPU) - aside

    def placed(self, hive_id: str) -> Placement:
        """Where the model is: of one in parts, with what lies on which device."""
        return Placement(
            tuple(
                Part(
                    part.hive_id or hive_id,
                    part.device,
                    part.layers,
                    part.need_bytes if part.hive_id else self.needs[part.device].total,
                    part.experts,
                )
                if len(self.parts) > 1
                else Part(hive_id, part.device)
                for part in self.parts
            )
        )


class Promise(msgspec.Struct, frozen=True, eq=False):
    """Memory that is kept for one worker: bytes, by device of this hive."""

    of: Mapping[str, int]

    @property
    def total(self) -> int:
        """All of it, in bytes."""
        return sum(self.of.values())


class _Device(NamedTuple):
    """A device that a part of a model may lie on, its GPU, None for the CPU, and its free bytes."""

    device: str
    gpu: Gpu | None
    free: int


class Capacity:
    """The memory of this machine's devices, and what of it has been promised."""

    def __init__(self, settings: Settings, models: Provisioner, gpus: Gpus) -> None:
        self._settings = settings
        self._models = models
        self._gpus_of_machine = gpus
        self._promised: set[Promise] = set()
        #: Held from asking whether a model fits until its memory is promised; otherwise two workers
        #: could be promised the same memory.
        self.promising = asyncio.Lock()

    def promise(self, fit: Fit) -> Promise:
        """Keeps what a model needs, until it is given back."""
        return self.keep({device: need.total for device, need in fit.needs.items()})

    def keep(self, needed: Mapping[str, int]) -> Promise:
        """Keeps so many bytes, by device, until they are given back."""
        promise = Promise(needed)
        self._promised.add(promise)
        return promise

    def give_back(self, promise: Promise) -> None:
        """Frees the memory of a worker that has ended."""
        self._promised.discard(promise)

    async def gpu(self, device: str) -> Gpu | None:
        """The GPU called `device` as it is now; None for the CPU. Raises `invalid_request`."""
        return next(iter(await self._gpus([device])), None)

    async def _gpus(self, devices: Collection[str]) -> list[Gpu]:
        """The GPUs among some devices, in the order of the machine. Raises `invalid_request`."""
        if set(devices) == {CPU}:
            return []
        gpus = await self._gpus_of_machine.now()
        known = [CPU, *(gpu.id for gpu in gpus)]
        for device in devices:
            if device not in known:
                what, fix = f"this hive has no device {device}", f"devices: {', '.join(known)}"
                raise invalid(what, fix, device=device)
        return [gpu for gpu in gpus if gpu.id in devices]

    async def engine_places(
        self, devices: Collection[str], listed: Sequence[EngineDevice]
    ) -> dict[str, int]:
        """The places of some GPUs among those that an engine has `listed`."""
        if not listed or set(devices) == {CPU}:
            return {}
        names = names_by(listed, await self._gpus_of_machine.now())
        order = [device.name for device in listed]
        return {each: order.index(names[each]) for each in devices if each in names}

    async def engine_names(self, devices: Sequence[str], facts: EngineFacts) -> list[str]:
        """What an engine calls some devices; empty: the processor, which computes for simulated
        GPUs, too. Raises `backend_unavailable` where it has no use of one."""
        gpus = await self._gpus_of_machine.now() if await self._gpus(devices) else []
        return names_of(devices, gpus, facts)

    async def gpu_of(self, backend: str) -> Gpu | None:
        """The first GPU of this machine that a backend is for; None where there is none."""
        gpus = await self._gpus_of_machine.now()
        return next((gpu for gpu in gpus if gpu.backend == backend), None)

    async def check(
        self,
        placement: Placement,
        ref: ModelRef,
        ctx: int = 0,
        slots: int = 0,
        unused: Collection[Promise] = (),
        draft: Sequence[GgufHeader] = (),
    ) -> Fit:
        """How a model fits in a placement on this machine, as it is or with what is `unused`; on
        one device beside a `draft`, where there is one.

        With `slots` where there is room for as many (0: as in the settings), else with fewer; what
        is unused goes for the first of them only. Of a model that is in RAM, too, as many layers
        lie on GPUs as can.
        Raises `insufficient_vram` or `insufficient_ram` with need, free, what is short and what
        workers hold that do not idle, in bytes, and with a smaller quant of the same repository
        where one would fit.
        """
        rooms = await self._rooms(placement)
        headers = await self._models.headers(ref)
        context = self.context(headers[0], ctx)
        fits = []
        for count in range(slots or self._settings.slots, 0, -1):
            fit = self._fit(rooms, headers, context, count, draft)
            if self._has_room(rooms, fit):
                if len(rooms) == 1:
                    return fit
                fits.append(fit)
        # Fewer slots are given, and unused workers ended, before a layer is left in RAM.
        best = max(fits, key=lambda fit: fit.on_gpus, default=None)
        eased = [room._replace(free=room.free + _kept(room.device, unused)) for room in rooms]
        fit = self._fit(eased, headers, context, 1, draft)
        has_room = self._has_room(eased, fit)
        if best is not None and (not has_room or best.on_gpus >= fit.on_gpus):
            return best
        if not has_room:
            if len(rooms) == 1:
                error = await self._short(eased[0], ref, headers, context, fit.need)
            else:
                error = self._short_in_all(eased, ref, fit)
            short = eased if len(eased) == 1 else _lacking(eased, fit)
            error.details["in_use_bytes"] = sum(
                _kept(room.device, self._promised) - _kept(room.device, unused) for room in short
            )
            raise error
        return fit

    async def spread(
        self,
        placement: Placement,
        ref: ModelRef,
        ctx: int,
        others: Sequence[OtherDevice],
        unused: Collection[Promise] = (),
    ) -> Fit:
        """How a model fits in a placement on this machine together with devices of `others`.

        Raises `insufficient_vram` or `insufficient_ram` with what each of them has, and what is
        short, in bytes.
        """
        rooms = await self._rooms(placement)
        rooms = [room._replace(free=room.free + _kept(room.device, unused)) for room in rooms]
        headers = await self._models.headers(ref)
        context = self.context(headers[0], ctx)
        for slots in range(self._settings.slots, 0, -1):
            fit = self._over(rooms, others, headers, context, slots)
            if self._has_room(rooms, fit):
                return fit
        raise _no_room_in_all(ref, fit, placement.head.hive_id)

    async def as_dealt(
        self, placement: Placement, ref: ModelRef, ctx: int, slots: int
    ) -> tuple[Fit, bool]:
        """What a model takes in a placement on several machines that says how much lies where, and
        whether there is room for it on this one."""
        rooms = await self._rooms(Placement(placement.own))
        headers = await self._models.headers(ref)
        context = self.context(headers[0], ctx)
        elsewhere = [part for parts in placement.others.values() for part in parts]
        others = [
            OtherDevice(hive_id=part.hive_id, device=part.device, free_bytes=part.bytes)
            for part in elsewhere
        ]
        on = {part.device: part.layers for part in placement.own}
        gpus = [on[room.device] for room in rooms if room.gpu is not None]
        layers = [*([on[CPU]] if CPU in on else []), *(part.layers for part in elsewhere), *gpus]
        fit = self._over(rooms, others, headers, context, slots, layers)
        return fit, self._has_room(rooms, fit)

    async def free_for_parts(
        self, listed: Sequence[EngineDevice], unused: Collection[Promise] = ()
    ) -> list[FreeDevice]:
        """What a part of a model may take of each device here, with what is `unused`: the GPUs that
        an engine which has `listed` these has a use of, then the RAM."""
        gpus = await self._gpus_of_machine.now()
        names = names_by(listed, gpus)
        gpus = [gpu for gpu in gpus if gpu.simulated or gpu.id in names]
        free = [(gpu.id, self._free(gpu.id, gpu) + _kept(gpu.id, unused)) for gpu in gpus]
        free.append((CPU, self._for_part(self._free(CPU, None) + _kept(CPU, unused))))
        return [FreeDevice(device=device, free_bytes=count) for device, count in free]

    def _for_part(self, free: int) -> int:
        """The bytes of RAM that a part of a model may take where `free` are free."""
        return ram_room(free, self._settings.ram_factor)

    def _over(
        self,
        rooms: Sequence[_Device],
        others: Sequence[OtherDevice],
        headers: Sequence[GgufHeader],
        context: int,
        slots: int,
        layers: Sequence[int] = (),
    ) -> Fit:
        """What a model takes here and on `others`; `layers`, where they are dealt out already.

        The engine has them in this order: RAM here, the others, the GPUs here.
        """
        ram, gpus = (
            [room for room in rooms if (room.gpu is not None) is wanted] for wanted in (False, True)
        )
        slow = [True] * len(ram) + [other.device == CPU for other in others] + [False] * len(gpus)
        cut = Cut(headers, context, slots, on_cpu=all(slow))
        prompts = self._settings.prompt_cache_mib * _MIB
        free = [self._for_part(max(0, room.free - prompts)) for room in ram]
        free += [other.free_bytes for other in others] + [room.free for room in gpus]
        layers = layers or cut.over(free, slow, len(ram))
        spread = cut.parts(layers[len(ram) :])
        needs = [spread.host] * len(ram) + list(spread.needs)
        passing = 2 * hidden_bytes(headers[0])
        names = [*(("", room.device) for room in ram)]
        names += [(other.hive_id, other.device) for other in others]
        names += [("", room.device) for room in gpus]
        parts = [
            PartRoom(
                device=device,
                need_bytes=need.total,
                free_bytes=has,
                layers=count,
                hive_id=hive_id,
                token_bytes=need.read_for_a_token(slots),
                link_bytes=passing if hive_id and count else 0,
                loading_bytes=need.weights if hive_id else 0,
            )
            for (hive_id, device), need, has, count in zip(names, needs, free, layers)
        ]
        last = next((part for part in reversed(parts) if part.layers), None)
        if last is not None and last.hive_id:
            last.link_bytes += logits_bytes(headers[0])
        here = [*parts[len(ram) + len(others) :], *parts[: len(ram)]]
        there = [part for part in parts if part.hive_id]
        left = cut.lacking(layers)
        if not left:
            there = [part for part in there if part.layers]
            # The token embeddings are in RAM in any case, where that is to be used.
            here = [part for part in here if part.layers or part.device == CPU] or here[:1]
        own = {device: need for (hive_id, device), need in zip(names, needs) if not hive_id}
        return Fit(own, [*here, *there], slots, context, headers, left)

    async def has_room(self, placement: Placement, fit: Fit) -> bool:
        """Whether there is room for a model as things are now."""
        return self._has_room(await self._rooms(placement), fit)

    def context(self, header: GgufHeader, asked: int) -> int:
        """The context of a worker, in tokens; `asked`: 0 where nobody has asked for one."""
        return asked or self._settings.context or default_context(header)

    def _needed(self, need: Need, gpu: Gpu | None) -> int:
        if gpu:
            return need.total
        prompts = self._settings.prompt_cache_mib * _MIB
        return ram_needed(need, self._settings.ram_factor) + prompts

    async def _rooms(self, placement: Placement) -> list[_Device]:
        """The devices of a placement: the GPUs in the order of the machine, and then the CPU."""
        wanted = [part.device for part in placement.parts]
        rooms = [_Device(gpu.id, gpu, self._free(gpu.id, gpu)) for gpu in await self._gpus(wanted)]
        return rooms + [_Device(CPU, None, self._free(CPU, None))] * (CPU in wanted)

    def _fit(
        self,
        rooms: Sequence[_Device],
        headers: Sequence[GgufHeader],
        context: int,
        slots: int,
        draft: Sequence[GgufHeader],
    ) -> Fit:
        """What a model takes on a device, or on several: as much as there is room for on GPUs."""
        layers, left, lean = [0], 0, 0
        if len(rooms) == 1:
            on_gpu = rooms[0].gpu is not None
            batch = batch_of(headers, context, on_cpu=not on_gpu)
            needs = [worker_need(headers, context, slots, on_gpu, batch)]
            if draft:
                needs = [needs[0].beside(worker_need(draft, context, slots, on_gpu, batch))]
        else:
            cut = Cut(headers, context, slots)
            free = [room.free for room in rooms if room.gpu is not None]
            is_beside_ram = len(free) < len(rooms)
            spread = beside_ram(headers, context, slots, free) if is_beside_ram else cut.fill(free)
            needs, layers = [*spread.needs, spread.host], [*spread.layers, spread.left]
            lean = spread.lean
            if not any(spread.layers):
                left = max(1, cut.least - max(free))
            elif spread.left and not is_beside_ram:
                left = spread.host.weights + spread.host.kv - cut.embedding
        parts = [
            PartRoom(
                device=room.device,
                need_bytes=self._needed(need, room.gpu),
                free_bytes=room.free,
                layers=count or (lean if room.gpu is None else 0),
                experts=bool(lean) and room.gpu is None,
                token_bytes=need.read_for_a_token(slots),
            )
            for room, need, count in zip(rooms, needs, layers)
        ]
        by_device = {room.device: need for room, need in zip(rooms, needs)}
        return Fit(by_device, parts, slots, context, headers, left)

    def _has_room(self, rooms: Sequence[_Device], fit: Fit) -> bool:
        return not fit.left and all(
            self._needed(fit.needs[room.device], room.gpu) <= room.free for room in rooms
        )

    def _free(self, device: str, gpu: Gpu | None) -> int:
        reserved = _kept(device, self._promised)
        if gpu is None:
            ram = ram_here()
            return ram_budget(total_bytes=ram.total, free_bytes=ram.free, reserved_bytes=reserved)
        free = round(gpu.vram_free_gb * GIB) - (reserved if gpu.simulated or gpu.told_once else 0)
        return gpu_budget(
            total_bytes=round(gpu.vram_gb * GIB),
            free_bytes=free,
            reserved_bytes=reserved,
            margin_bytes=self._settings.vram_margin_mib * _MIB,
        )

    async def _short(
        self, room: _Device, ref: ModelRef, headers: Sequence[GgufHeader], context: int, need: Need
    ) -> RbeeError:
        """The error of a device without room, with what would fit there."""
        device, free = room.device, room.free
        needed = self._needed(need, room.gpu)
        smaller = await self._smaller(ref, need, free)
        shorter = largest_context(
            headers,
            context,
            lambda other: self._needed(other, room.gpu) <= free,
            room.gpu is not None,
        )
        if smaller:
            suggestion = f"--model HF:{ref.repo}:{smaller} would fit"
        elif shorter:
            suggestion = f"a context of {shorter} tokens would fit: --ctx {shorter}"
        else:
            suggestion = "take a smaller model, a shorter context (--ctx), or another device"
        error = _no_room(ref, device, needed, free, need, suggestion)
        error.details.update({"smaller_quant": smaller} if smaller else {})
        error.details.update({"shorter_context": shorter} if shorter else {})
        return error

    def _short_in_all(self, rooms: Sequence[_Device], ref: ModelRef, fit: Fit) -> RbeeError:
        """The error of devices that have no room for a model together."""
        lacking = _lacking(rooms, fit)
        free = sum(room.free for room in lacking)
        needed = free + fit.left
        if not fit.left:
            needed = self._needed(fit.needs[CPU], None)
        suggestion = "take a smaller model or a shorter context (--ctx)"
        error = _no_room(ref, _devices(lacking), needed, free, fit.need, suggestion)
        parts = [msgspec.to_builtins(one) for one in fit.parts]
        error.details.update(device=_devices(rooms), parts=parts)
        return error

    async def _smaller(self, ref: ModelRef, need: Need, free: int) -> str:
        if ref.source != "hf":
            return ""
        plan = await self._models.plan(ref)
        return largest_fitting(plan.quants, need.overhead, free)


def _kept(device: str, promises: Collection[Promise]) -> int:
    """The bytes of a device that are promised in all."""
    return sum(promise.of.get(device, 0) for promise in promises)


def _lacking(rooms: Sequence[_Device], fit: Fit) -> list[_Device]:
    """Which of several devices are too small for a model: the GPUs, or the RAM beside them."""
    return [room for room in rooms if (room.gpu is not None) == bool(fit.left)]


def _no_room_in_all(ref: ModelRef, fit: Fit, here: str) -> RbeeError:
    """The error of machines that are too small for a model together."""
    free = sum(part.free_bytes for part in fit.parts)
    short = fit.left or max(1, sum(part.need_bytes for part in fit.parts) - free)
    has = dict.fromkeys((part.hive_id for part in fit.parts), 0)
    for part in fit.parts:
        has[part.hive_id] += part.free_bytes
    each = ", ".join(f"{size(count)} on {hive or here}" for hive, count in has.items())
    return _lack(
        f"{ref} has too little room on {len(has)} machines together: {each} are free, and"
        f" {size(short)} more would be needed",
        "add a machine, or take a smaller model or a shorter context (--ctx)",
        any(part.device == CPU for part in fit.parts),
        free + short,
        free,
        fit.need,
        parts=[msgspec.to_builtins(part) for part in fit.parts],
    )


def _devices(rooms: Sequence[_Device]) -> str:
    return "+".join(room.device for room in rooms)


def _no_room(
    ref: ModelRef, device: str, needed: int, free: int, need: Need, suggestion: str
) -> RbeeError:
    return _lack(
        f"{ref} needs {size(needed)} on {device_name(device)}, {size(free)} are free,"
        f" {size(needed - free)} too little" + (" (estimate)" if need.is_estimate else ""),
        suggestion,
        device == CPU,
        needed,
        free,
        need,
        device=device,
    )


def _lack(
    what: str, suggestion: str, in_ram: bool, needed: int, free: int, need: Need, **details: object
) -> RbeeError:
    sizes = {"need_bytes": needed, "free_bytes": free, "short_bytes": needed - free}
    details = {**details, **sizes, "estimate": need.is_estimate}
    code = "insufficient_ram" if in_ram else "insufficient_vram"
    return RbeeError(code, what, suggestion, details)
