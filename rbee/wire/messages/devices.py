"""What a machine computes on."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from rbee.wire.messages.basics import LARGEST_CONTEXT, Answer, NonEmpty, Request
from rbee.wire.routes import NONE, Route

Backend = Literal["cuda", "metal", "cpu"]


class Cpu(msgspec.Struct, kw_only=True, gc=False):
    """The processor; `ram_gb` and `ram_free_gb` in GiB."""

    name: str
    cores: int
    ram_gb: float
    ram_free_gb: float = 0.0


class Gpu(msgspec.Struct, kw_only=True, omit_defaults=True, gc=False):
    """One GPU; sizes in GiB. `simulated` marks one that exists on paper only."""

    id: str
    name: str
    vram_gb: float
    vram_free_gb: float
    backend: Literal["cuda", "metal"] = "cuda"
    simulated: bool = False


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
    alone. `hive_id`: where it is another machine than the one that was asked."""

    device: str
    need_bytes: int
    free_bytes: int
    layers: int = 0
    experts: bool = False
    hive_id: str = ""


class FoundRoom(Answer, kw_only=True):
    """There is room for a model, and for so many jobs at once; `estimate`: as far as is known.
    `sees`: it can be shown pictures."""

    parts: list[PartRoom]
    slots: int
    context: int
    estimate: bool
    sees: bool = False


DEVICES = Route("GET", "/devices", NONE, Devices)
CAPACITY = Route("GET", "/capacity", AskRoom, FoundRoom)
