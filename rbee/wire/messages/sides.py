"""Parts of a model whose head, the worker that answers, is on another machine.

A side is a process that computes for one head, on devices of its hive. It is promised memory like a
worker, and ends with the stream that leads to its head.
"""

from typing import Annotated

import msgspec

from rbee.wire.messages.basics import LARGEST_CONTEXT, Answer, Name, Named, NonEmpty, Request
from rbee.wire.messages.devices import FoundRoom
from rbee.wire.routes import NONE, Route

_Bytes = Annotated[int, msgspec.Meta(ge=0)]
#: What a connection becomes that carries a side's stream, in a word that aiohttp lets through.
PROTOCOL = "tcp"
#: The most that is sent to measure a way (bytes).
LONGEST_SAMPLE = 4 * 1024 * 1024


class AskSides(Request, kw_only=True):
    """What a machine has for parts of others' models; `engine`: None is its own choice."""

    engine: Name | None = None


class FreeDevice(Request, kw_only=True):
    """A device, and how many bytes a part of a model may take there."""

    device: NonEmpty
    free_bytes: _Bytes


class SidesHere(Answer, kw_only=True):
    """What a machine has for parts: the GPUs in their order, and then its RAM.

    `rpc` is the version of what the two ends of a stream speak, and has to be the same on both.
    """

    rpc: str
    devices: list[FreeDevice]


class OtherDevice(FreeDevice, kw_only=True):
    """A device of another machine."""

    hive_id: Name


class AskSpread(Request, kw_only=True):
    """Whether the `device` of a hive, or several (``gpu0+cpu``), have room for a model together
    with `others`, which are at the ends of streams, in their order. What is `idle` on its devices
    counts as free, too: parts of models of other hives that would leave."""

    device: NonEmpty
    model: NonEmpty
    others: Annotated[list[OtherDevice], msgspec.Meta(min_length=1)]
    idle: list[FreeDevice] = []
    ctx: Annotated[int, msgspec.Meta(ge=0, le=LARGEST_CONTEXT)] = 0


class SidePart(Request, kw_only=True):
    """A device of a side, and the bytes that are promised to it there."""

    device: NonEmpty
    bytes: _Bytes


class AskSample(Request, kw_only=True):
    """So many bytes, to measure the way that they come by."""

    count: Annotated[int, msgspec.Meta(ge=1, le=LONGEST_SAMPLE)]


class Sample(Answer, kw_only=True):
    """As many letters as were asked for, which cannot be said in fewer."""

    text: str


class StartSide(Request, kw_only=True):
    """A side on some devices of a hive, in the order in which its head counts them."""

    parts: Annotated[list[SidePart], msgspec.Meta(min_length=1)]
    engine: Name | None = None


class SideStarted(Answer, kw_only=True):
    """A side that waits for its stream."""

    side_id: str


class PartOfWorker(Request, kw_only=True):
    """The stream from a worker to its parts on another machine."""

    id: str
    hive_id: Name


class SideOrders(Request, kw_only=True):
    """How a side is to compute: on `devices`, with so many `threads`, for the one at the other end
    of its descriptor `stream`.

    A device is what its engine calls it, empty for the processor; they stand in the order in which
    the head counts them. `memory_limit` is as a worker's, and so is `confine_workers`.
    """

    side_id: str
    devices: list[str]
    stream: int
    threads: int
    log: str
    memory_limit: int = 0
    confine_workers: bool = True


# Of a hive.
SIDES_HERE = Route("GET", "/sides/room", AskSides, SidesHere)
SPREAD_ROOM = Route("POST", "/capacity", AskSpread, FoundRoom)
SAMPLE = Route("GET", "/sides/sample", AskSample, Sample)
START_SIDE = Route("POST", "/sides", StartSide, SideStarted, status=202)
STOP_SIDE = Route("DELETE", "/sides/{id}", Named, NONE)
# The connection itself becomes the stream.
SIDE_STREAM = Route("GET", "/sides/{id}/stream", Named, NONE, status=101)
WORKER_STREAM = Route("GET", "/workers/{id}/parts/{hive_id}", PartOfWorker, NONE, status=101)
