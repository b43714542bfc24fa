"""The graphics cards of a machine as one list: what its drivers, the kernel and the engine tell.

What the engine in use lists is the truth about what it can use, in its order. NVML and the kernel
add how much memory is free now, and the cards that the engine leaves out since it is built for
another maker. Pure, but for `kernel_cards`, which reads what the kernel tells.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from rbee.hive.kernel_files import number_of, text_of
from rbee.wire.errors import RbeeError
from rbee.wire.messages.devices import Gpu, GpuBackend
from rbee.wire.messages.workers import EngineDevice, EngineFacts

#: Bytes in the unit of every size called `_gb`: a GiB.
GIB = 1024**3
#: Who makes cards that no NVML tells of, by the number on the bus, and by which backend llama.cpp
#: has a wheel for them.
_MAKERS: Mapping[str, tuple[GpuBackend, str]] = {
    "0x1002": ("rocm", "AMD"),
    "0x8086": ("vulkan", "Intel"),
}
#: By which variables a maker's own driver is told which cards to leave out, in their order.
_VISIBLE = {
    "cuda": ("CUDA_VISIBLE_DEVICES",),
    "rocm": ("ROCR_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES"),
}
#: By this an engine reaches the cards of any maker.
_ANY = "vulkan"
#: A card with less memory than this is a part of a processor, and no use without an engine (GiB).
_LEAST_GB = 1.0


class Card(NamedTuple):
    """A card that is there; sizes in bytes, 0 where nobody tells them.

    `backend` is what its maker has for it, `bus` its address (``0000:03:00.0``). `load` is as in
    `Gpu`.
    """

    backend: GpuBackend
    bus: str
    name: str
    total: int = 0
    free: int = 0
    gb_per_second: float = 0.0
    uuid: str = ""
    load: float | None = None


def kernel_cards(root: Path = Path("/sys")) -> list[Card]:
    """The cards that Linux tells of below `root`, but NVIDIA's, of which it tells little."""
    folder = root / "class" / "drm"
    try:
        names = sorted(name for name in os.listdir(folder) if name[4:].isdigit())
    except OSError:
        return []
    found = [_kernel_card(folder / name / "device") for name in names if name.startswith("card")]
    return [card for card in found if card is not None]


def _kernel_card(device: Path) -> Card | None:
    backend, maker = _MAKERS.get(text_of(device / "vendor"), (None, ""))
    if backend is None:
        return None
    total = number_of(device / "mem_info_vram_total") or 0
    free = max(0, total - (number_of(device / "mem_info_vram_used") or 0))
    name = text_of(device / "product_name") or f"{maker} GPU {text_of(device / 'device')}".strip()
    bus, number = os.path.basename(os.path.realpath(device)), text_of(device / "unique_id")
    # ROCm calls a card by this number where it is told which to see.
    uuid = f"GPU-{number}" if number else ""
    busy = text_of(device / "gpu_busy_percent")
    load = int(busy) / 100 if busy.isdecimal() else None
    return Card(backend, bus, name, total, free, uuid=uuid, load=load)


def bus_of(address: str) -> str:
    """An address on the bus as the kernel writes it: NVML's has eight digits first."""
    domain, _, rest = address.strip().lower().partition(":")
    return f"{domain[-4:].rjust(4, '0')}:{rest}" if rest else ""


def listed(
    cards: Sequence[Card], engine: Sequence[EngineDevice] | None, environ: Mapping[str, str]
) -> list[Gpu]:
    """All of them, in the engine's order, behind them those that it has no use of; `engine` is
    what it lists, None where it has not been asked.

    They are numbered as the drivers and the kernel do. Where no engine says which are to be seen,
    the variables of the environment do.
    """
    left = list(engine or ())
    reached = {device.backend for device in left}
    unknown = [
        card for card in cards if card.backend not in reached and _ANY not in reached and card.total
    ]
    hidden = {card for card in unknown if card.total < _LEAST_GB * GIB}
    for backend, variables in _VISIBLE.items():
        shown = [card for card in unknown if card.backend == backend]
        for variable in variables:
            shown = visible(shown, environ.get(variable))
        hidden.update(card for card in unknown if card.backend == backend and card not in shown)
        order = {card: place for place, card in enumerate(shown)}
        cards = _reordered(cards, order)
    found: list[tuple[Card | None, EngineDevice | None]] = []
    for card in cards:
        device = _same(card, left)
        if device is not None:
            left.remove(device)
        elif card not in unknown or card in hidden:
            continue
        found.append((card, device))
    found += [(None, device) for device in left]
    gpus = [_gpu(f"gpu{number}", *pair) for number, pair in enumerate(found)]
    names = [device.name for device in engine or ()]
    return sorted(
        gpus, key=lambda gpu: names.index(gpu.engine_name) if gpu.engine_name else len(names)
    )


def _reordered(cards: Sequence[Card], order: Mapping[Card, int]) -> list[Card]:
    """The cards that have a place among themselves in that order, where any of them stood."""
    moved = iter(sorted((card for card in cards if card in order), key=order.__getitem__))
    return [next(moved) if card in order else card for card in cards]


def visible(cards: Sequence[Card], value: str | None) -> list[Card]:
    """The cards of one maker that a variable such as CUDA_VISIBLE_DEVICES leaves, in its order.

    Its words are numbers or beginnings of UUIDs; those after one that means no card count for
    nothing. Where it is about parts of cards (MIG), all are left.
    """
    words = None if value is None else [word.strip() for word in value.split(",")]
    if words is None or any(word.startswith("MIG-") for word in words):
        return list(cards)
    found: list[Card] = []
    for word in words:
        if word.isdecimal():
            meant = cards[int(word) : int(word) + 1]
        else:
            meant = [card for card in cards if word and card.uuid.startswith(word)][:1]
        if not meant:
            break
        found += meant
    return found


def _same(card: Card, devices: Sequence[EngineDevice]) -> EngineDevice | None:
    """What the engine calls a card: by its address, else the next one of its backend."""
    for device in devices:
        if card.bus and device.bus == card.bus:
            return device
    return next(
        (
            device
            for device in devices
            if device.backend == card.backend and not (card.bus and device.bus)
        ),
        None,
    )


def names_by(listed: Sequence[EngineDevice], gpus: Sequence[Gpu]) -> dict[str, str]:
    """What an engine that has `listed` these calls each of all GPUs of a machine; those that it has
    no use of are left out.

    A GPU whose name there was not known when it was looked for is the next one of its backend.
    """
    left = {device.name: device for device in listed}
    names = {gpu.id: gpu.engine_name for gpu in gpus if left.pop(gpu.engine_name, None)}
    for gpu in gpus:
        name = next((each for each, its in left.items() if its.backend == gpu.backend), "")
        if name and not (gpu.id in names or gpu.engine_name or gpu.simulated):
            names[gpu.id] = name
            del left[name]
    return names


def names_of(devices: Sequence[str], gpus: Sequence[Gpu], facts: EngineFacts) -> list[str]:
    """What an engine calls some devices among these GPUs and the processor, in their order; empty:
    the processor, which computes for simulated GPUs, too.

    Raises `backend_unavailable` with the command that would help where it has no use of one.
    """
    names = names_by(facts.devices, gpus)
    for gpu in gpus:
        if gpu.id in devices and not gpu.simulated and gpu.id not in names:
            raise RbeeError(
                "backend_unavailable",
                f"engine {facts.engine} {facts.version} has no use of {gpu.id} ({gpu.backend})",
                facts.install.get(gpu.backend, "take another engine, or another device"),
                {"device": gpu.id},
            )
    return [names.get(each, "") for each in devices]


def _gpu(device_id: str, card: Card | None, device: EngineDevice | None) -> Gpu:
    if card is None:
        assert device is not None, "somebody tells of it"
        card = Card(device.backend, device.bus, device.description)
    gpu = Gpu(
        id=device_id,
        name=card.name,
        vram_gb=round(card.total / GIB, 2),
        vram_free_gb=round(card.free / GIB, 2),
        backend=card.backend,
        gb_per_second=card.gb_per_second,
        load=card.load,
    )
    if device is None:
        return gpu
    seen = msgspec.structs.replace(
        gpu, backend=device.backend, engine_name=device.name, integrated=device.integrated
    )
    if card.backend != "cuda" and device.description:
        seen.name = device.description
    # What shares the memory of the processor has as much of it as the engine may take.
    if not card.total or device.integrated:
        seen.vram_gb = round(device.total_bytes / GIB, 2)
        seen.vram_free_gb = round(device.free_bytes / GIB, 2)
        seen.told_once = True
    return seen
