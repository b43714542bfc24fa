"""What this machine has: its processor by psutil and py-cpuinfo, its GPUs by NVML, by the kernel
and by what the engine lists.

Phase 4.1, asked for by `GET /devices`. Simulated GPUs, described in the JSON file that
RBEE_SIMULATE_GPUS names, take the place of real ones and are reported as simulated.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import platform
import subprocess
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import psutil

from rbee.hive import ram_speed
from rbee.hive.cards import GIB, Card, bus_of, kernel_cards, listed
from rbee.hive.control_groups import limits_of_this_process, room_in_a_program
from rbee.hive.processors import sysctl, usable_cores
from rbee.process import apart
from rbee.process.tasks import DEVICES, in_own_thread, in_thread
from rbee.wire.errors import RbeeError, invalid
from rbee.wire.messages.devices import Cpu, Devices, Gpu, GpuBackend
from rbee.wire.messages.workers import EngineDevice

#: What Metal lets one process keep on the GPU, as a share of the memory it shares with the CPU
#: (Apple's recommendedMaxWorkingSetSize is about this).
_METAL_SHARE = 0.75


class Ram(NamedTuple):
    """Bytes of RAM that this process may use: all of it, and what is left."""

    total: int
    free: int


class _SimulatedGpu(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    vram_gb: float
    id: str = ""
    vram_free_gb: float | None = None
    backend: GpuBackend = "cuda"
    gb_per_second: float = 0.0


class Detector(msgspec.Struct):
    """Looks at this machine anew each time, but for the processor's name and how fast it reads
    its RAM, which are kept in `folder`.

    Both are found out once, `query_after` seconds after the first look, and `on_name` is called,
    in the event loop, when that is done.
    """

    gpus: Gpus
    _folder: Path
    _query_after: float
    _on_name: Callable[[], None]
    _found_name: str = ""
    _quick_name: str = ""
    _ram_speed: float = 0.0
    _later: asyncio.TimerHandle | None = None
    _query: subprocess.Popen[bytes] | None = None

    async def detect(self, models: int, workers: int) -> Devices:
        """The devices, with the counts of models and workers that the hive knows."""
        gpus = await self.gpus.now()
        ram = ram_here()
        cpu = Cpu(
            name=self.processor(),
            cores=usable_cores(),
            ram_gb=round(ram.total / GIB, 1),
            ram_free_gb=round(ram.free / GIB, 1),
            gb_per_second=self.ram_speed(),
            load=processor_load(),
        )
        if self._later is None and not (cpu.gb_per_second and self._cpu_name_file.exists()):
            later = asyncio.get_running_loop().call_later
            self._later = later(self._query_after, self._find_out)
        return Devices(cpu=cpu, gpus=gpus, models=models, workers=workers)

    def close(self) -> None:
        """Ends the query for the processor's name, where it still runs."""
        if self._query is not None and self._query.poll() is None:
            self._query.terminate()

    def processor(self) -> str:
        """The name that py-cpuinfo found earlier; until then what the system says by itself."""
        if not self._found_name:
            try:
                self._found_name = self._cpu_name_file.read_text().strip()
            except FileNotFoundError:
                self._quick_name = self._quick_name or name_at_once()
        return self._found_name or self._quick_name

    def ram_speed(self) -> float:
        """GB that this machine reads of its RAM per second, as measured earlier; 0: not yet."""
        self._ram_speed = self._ram_speed or ram_speed.kept_in(self._ram_speed_file, machine_here)
        return self._ram_speed

    @property
    def _cpu_name_file(self) -> Path:
        return self._folder / "cpu-name"

    @property
    def _ram_speed_file(self) -> Path:
        return self._folder / "ram-speed.json"

    def _find_out(self) -> None:
        """Has the RAM measured, and py-cpuinfo asked, once for all runs."""
        self._query = subprocess.Popen(
            apart.command_of(
                "rbee.hive.cpu_name", str(self._cpu_name_file), str(self._ram_speed_file)
            ),
            cwd=apart.FOLDER,
            env=apart.environment_of(os.environ),
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        ended = in_own_thread(self._query.wait, name="cpu-name")
        ended.add_done_callback(lambda _: self._on_name())


def name_at_once() -> str:
    """The processor's name as the system itself keeps it, without a query."""
    if sys.platform == "darwin":
        return sysctl("machdep.cpu.brand_string") or platform.machine()
    with contextlib.suppress(OSError), open("/proc/cpuinfo", encoding="utf-8") as lines:
        for line in lines:
            key, _, value = line.partition(":")
            if key.strip().lower() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()


def machine_here() -> str:
    """What this machine is known by, where a home that comes to another one is to notice."""
    gib = ram_here().total >> 30
    return f"{name_at_once()}, {usable_cores()} cores, {gib} GiB"


def ram_here() -> Ram:
    """The RAM of this machine, within what a control group leaves of it, and a program may have."""
    memory = psutil.virtual_memory()
    limits = limits_of_this_process()
    total = min(memory.total, limits.memory or memory.total)
    left = [memory.available, limits.memory_free, room_in_a_program()]
    return Ram(total, min(each for each in left if each is not None))


def processor_load() -> float | None:
    """The share of the time in which this machine's cores have computed since somebody last asked,
    0 to 1; None: the system does not tell."""
    try:
        return round(psutil.cpu_percent() / 100, 3)
    except (OSError, RuntimeError):  # /proc/stat is hidden in some containers
        return None


class Gpus(NamedTuple):
    """The GPUs of this machine. `ask` has the engine in use list its devices, which takes a moment;
    `known` is what it has listed already, None where nobody has asked."""

    ask: Callable[[], Awaitable[Sequence[EngineDevice]]]
    known: Callable[[], Sequence[EngineDevice] | None]

    async def now(self) -> list[Gpu]:
        """All of them, as they are now. None is fine.

        The engine is waited for where there is a card whose maker does not tell what can be done
        with it. Raises `invalid_request` where RBEE_SIMULATE_GPUS names no readable description.
        """
        found = await in_thread(DEVICES, _gpus_or_cards)
        if not isinstance(found, _Cards):
            return found
        engine = self.known()
        if engine is None and any(card.backend != "cuda" for card in found.cards):
            with contextlib.suppress(RbeeError):  # whoever wants a worker with that engine is told
                engine = await self.ask()
        return listed(found.cards, engine, os.environ)


class _Cards(NamedTuple):
    cards: list[Card]


def _gpus_or_cards() -> list[Gpu] | _Cards:
    """The GPUs, where no engine has to be asked about them; blocking."""
    description = os.environ.get("RBEE_SIMULATE_GPUS")
    if description:
        return _simulated(Path(description))
    if sys.platform == "darwin":
        return _metal()
    return _Cards([*_nvidia(), *kernel_cards()])


def _simulated(path: Path) -> list[Gpu]:
    try:
        described = msgspec.json.decode(path.read_bytes(), type=list[_SimulatedGpu])
    except (OSError, msgspec.MsgspecError) as error:
        raise invalid(
            f"RBEE_SIMULATE_GPUS={path}: {error}",
            'write a list such as [{"name": "RTX 3090", "vram_gb": 24}], or unset the variable',
        ) from None
    return [
        Gpu(
            id=gpu.id or f"gpu{index}",
            name=gpu.name,
            vram_gb=gpu.vram_gb,
            vram_free_gb=gpu.vram_gb if gpu.vram_free_gb is None else gpu.vram_free_gb,
            backend=gpu.backend,
            simulated=True,
            gb_per_second=gpu.gb_per_second,
        )
        for index, gpu in enumerate(described)
    ]


def _nvidia() -> list[Card]:
    try:
        ctypes.CDLL("libnvidia-ml.so.1")
    except OSError:
        return []  # found out in a millisecond, where importing pynvml takes twenty
    import pynvml

    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return []  # the library is there, but no driver answers
    try:
        return [_nvidia_card(index) for index in range(pynvml.nvmlDeviceGetCount())]
    finally:
        pynvml.nvmlShutdown()


def _nvidia_card(index: int) -> Card:
    import pynvml

    handle = pynvml.nvmlDeviceGetHandleByIndex(index)
    memory = pynvml.nvmlDeviceGetMemoryInfo(handle)
    try:
        bus = pynvml.nvmlDeviceGetPciInfo(handle).busId
        uuid = str(pynvml.nvmlDeviceGetUUID(handle))
    except pynvml.NVMLError:
        bus = uuid = ""
    return Card(
        "cuda",
        bus_of(bus.decode("ascii", "replace") if isinstance(bus, bytes) else bus),
        str(pynvml.nvmlDeviceGetName(handle)).removeprefix("NVIDIA GeForce "),
        int(memory.total),
        int(memory.free),
        _nvidia_speed(handle),
        uuid,
        _nvidia_load(handle),
    )


def _nvidia_speed(handle: Any) -> float:
    """GB per second between a card and its memory at best; 0: its driver does not say.

    An RTX 3090 tells 9,751 MHz and 384 bits, which are read twice in a period: 936 GB/s.
    """
    import pynvml

    try:
        mhz = pynvml.nvmlDeviceGetMaxClockInfo(handle, pynvml.NVML_CLOCK_MEM)
        bits = pynvml.nvmlDeviceGetMemoryBusWidth(handle)
    except pynvml.NVMLError:
        return 0.0
    return float(round(mhz * 1e6 * 2 * bits / 8 / 1e9, 1))


def _nvidia_load(handle: Any) -> float | None:
    """The share of the driver's last period, a second at most, in which a card has computed."""
    import pynvml

    try:
        return float(pynvml.nvmlDeviceGetUtilizationRates(handle).gpu) / 100
    except pynvml.NVMLError:
        return None


def _metal() -> list[Gpu]:
    if platform.machine() != "arm64":
        return []
    memory = ram_here()
    return [
        Gpu(
            id="gpu0",
            name=sysctl("machdep.cpu.brand_string") or "Apple GPU",
            vram_gb=round(memory.total * _METAL_SHARE / GIB, 2),
            vram_free_gb=round(min(memory.free, memory.total * _METAL_SHARE) / GIB, 2),
            backend="metal",
        )
    ]
