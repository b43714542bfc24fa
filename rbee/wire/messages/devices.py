"""What a machine computes on."""

from typing import Annotated, Literal

import msgspec

from rbee.wire.messages.basics import LARGEST_CONTEXT, Answer, NonEmpty, Request, Unreachable
from rbee.wire.routes import NONE, Route

GpuBackend = Literal["cuda", "metal", "rocm", "vulkan", "sycl"]
Backend = Literal["cuda", "metal", "rocm", "vulkan", "sycl", "cpu"]


class Cpu(msgspec.Struct, kw_only=True, gc=False):
    """The processor; `ram_gb` and `ram_free_gb` in GiB. `gb_per_second` of its RAM can be read, in
    10^9 bytes; 0: nobody has measured it. `load` is as in `Gpu`."""

    name: str
    cores: int
    ram_gb: float
    ram_free_gb: float = 0.0
    gb_per_second: float = 0.0
    load: float | None = None


class Gpu(msgspec.Struct, kw_only=True, omit_defaults=True, gc=False):
    """One GPU; sizes in GiB. `simulated` marks one that exists on paper only. `gb_per_second` of
    its memory can be read by its driver's word, in 10^9 bytes; 0: that is not known.

    `engine_name` is what the engine in use calls it; empty: that has no use of it, or was not asked
    yet. `integrated`: its memory is the processor's. `told_once`: what is free of it is known from
    before any worker ran, and from nobody since. `load` is the share of the time in which it
    computes, 0 to 1; None: nobody tells.
    """

    id: str
    name: str
    vram_gb: float
    vram_free_gb: float
    backend: GpuBackend = "cuda"
    simulated: bool = False
    gb_per_second: float = 0.0
    engine_name: str = ""
    integrated: bool = False
    told_once: bool = False
    load: float | None = None

    @property
    def has_own_memory(self) -> bool:
        """Whether its memory is not the RAM of the machine."""
        return self.backend != "metal" and not self.integrated


class Devices(Answer, kw_only=True):
    """What a machine has, and how many models and workers are on it."""

    cpu: Cpu
    gpus: list[Gpu]
    models: int = 0
    workers: int = 0


class DegradedDevice(msgspec.Struct, kw_only=True):
    """A device that is the last choice for a model until `until_ms` (since 1970): workers kept
    dying on it. `why` is what came of the last of them."""

    device: str
    model_ref: str
    why: str
    until_ms: int


class AskRoom(Request, kw_only=True):
    """Whether a device, or several (``gpu0+gpu1``), have room for a model with a context of `ctx`
    tokens (0: its own)."""

    device: NonEmpty
    model: NonEmpty
    ctx: Annotated[int, msgspec.Meta(ge=0, le=LARGEST_CONTEXT)] = 0


class PartRoom(msgspec.Struct, kw_only=True):
    """What a part of a model needs of a device, and what that has free, in bytes. `layers` of the
    model would lie there; 0: all, where there is no other part. `experts`: of those the experts
    alone. `hive_id`: where it is another machine than the one that was asked. For each token
    `token_bytes` of the part are read, and `link_bytes` pass between the machines, as
    `loading_bytes` do when the model is loaded."""

    device: str
    need_bytes: int
    free_bytes: int
    layers: int = 0
    experts: bool = False
    hive_id: str = ""
    token_bytes: int = 0
    link_bytes: int = 0
    loading_bytes: int = 0


class FoundRoom(Answer, kw_only=True):
    """There is room for a model, and for so many jobs at once; `estimate`: as far as is known.
    `sees`: it can be shown pictures."""

    parts: list[PartRoom]
    slots: int
    context: int
    estimate: bool
    sees: bool = False


class HiveDevices(Answer, kw_only=True):
    """What the machine of a hive has, as it was when she was asked; `done` of adding a hive."""

    hive_id: str
    devices: Devices


class DeviceList(Answer, kw_only=True):
    """The devices of all hives that live."""

    hives: list[HiveDevices]
    unreachable: list[Unreachable] = []


# Of a hive.
DEVICES = Route("GET", "/devices", NONE, Devices)
CAPACITY = Route("GET", "/capacity", AskRoom, FoundRoom)

# Of the queen.
CLUSTER_DEVICES = Route("GET", "/devices", NONE, DeviceList, on_page=True)
