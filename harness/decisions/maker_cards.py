"""Cards of several makers on paper, and what a hive makes of them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import cast

from rbee.hive.cards import GIB, Card, kernel_cards, listed, names_of
from rbee.wire.errors import RbeeError
from rbee.wire.messages.devices import Gpu, GpuBackend
from rbee.wire.messages.workers import EngineDevice, EngineFacts

_BACKENDS = {"CUDA": "cuda", "ROCm": "rocm", "Vulkan": "vulkan", "SYCL": "sycl", "MTL": "metal"}


def told_by_kernel(bus: str, files: Iterable[Mapping[str, str]]) -> str:
    """What is told of a card with these files, as ``rocm 0000:03:00.0 23 of 24 GiB free``."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        device = root / "devices" / "pci0000:00" / bus
        device.mkdir(parents=True)
        for row in files:
            if row["text"]:
                (device / row["file"]).write_text(row["text"] + "\n")
        for name in ("card0", "card0-HDMI-A-1", "renderD128"):
            link = root / "class" / "drm" / name / "device"
            link.parent.mkdir(parents=True)
            link.symlink_to(device)
        return ", ".join(map(_told, kernel_cards(root))) or "nothing"


def _told(card: Card) -> str:
    memory = f"{card.free // GIB} of {card.total // GIB:.0f} GiB free"
    number = f", {card.uuid}" if card.uuid else ""
    return f"{card.backend} {card.bus} {memory if card.total else 'unknown'}{number}"


def devices(cards: str, engine: str, **environ: str) -> list[Gpu]:
    """The one list of ``cuda 01 24`` (bus, GiB) and others, and ``CUDA0 01 24 integrated``; that of
    ``a Mac`` is made without its engine."""
    if cards == "a Mac":
        return [Gpu(id="gpu0", name="Apple", vram_gb=24, vram_free_gb=24, backend="metal")]
    asked = None if engine == "not asked" else [_device(*each) for each in _words(engine)]
    return listed([_card(*each) for each in _words(cards)], asked, environ)


def told_to_side(gpus: Sequence[Gpu], engine: str, parts: str) -> str:
    """What a side is told that computes on some of these: names of the engine, or the error."""
    listed_ = [_device(*each) for each in _words(engine)]
    facts = EngineFacts(engine="llamacpp", can=(), install={}, devices=listed_)
    try:
        names = names_of(parts.split(", "), gpus, facts)
    except RbeeError as error:
        return error.code
    return ", ".join(name or "the processor" for name in names)


def in_short(gpus: Iterable[Gpu]) -> str:
    """``gpu0 cuda CUDA0``, with what the engine calls it, if it does."""
    told = (f"{gpu.id} {gpu.backend} {gpu.engine_name}".strip() for gpu in gpus)
    return ", ".join(told) or "none"


def _words(cards: str) -> list[list[str]]:
    return [each.split() for each in cards.split(", ") if each not in ("none", "nothing")]


def _card(backend: str, bus: str, gib: str) -> Card:
    total = int(float(gib) * GIB)
    return Card(cast(GpuBackend, backend), bus, bus, total, total, uuid=f"GPU-{bus}-9")


def _device(name: str, bus: str, gib: str, *integrated: str) -> EngineDevice:
    return EngineDevice(
        name=name,
        description="",
        backend=cast(GpuBackend, _BACKENDS[name.rstrip("0123456789")]),
        total_bytes=int(gib) * GIB,
        free_bytes=int(gib) * GIB,
        bus=bus.replace("-", ""),
        integrated=bool(integrated),
    )
