"""Where a job would run, asked before it does."""

from typing import Annotated, Literal

import msgspec

from rbee.wire.messages.basics import LARGEST_CONTEXT, Name, NonEmpty, OperationStarted, Request
from rbee.wire.messages.devices import Backend, PartRoom
from rbee.wire.placement import Spread
from rbee.wire.routes import Route


class AskPlan(Request, kw_only=True):
    """What of a job is about its place; the fields are those of `JobRequest`."""

    model_ref: NonEmpty
    node: Name | None = None
    device: Name | None = None
    backend: Backend | None = None
    engine: Name | None = None
    ctx: Annotated[int, msgspec.Meta(ge=32, le=LARGEST_CONTEXT)] | None = None
    allow_cpu: bool = True
    spread: Spread | None = None
    hub_token: str = ""


#: How a machine is that is not awake: suspended; being woken, which takes long; not to be woken.
How = Literal["asleep", "waking", "off"]


class AwayMachine(msgspec.Struct, kw_only=True):
    """A machine that is not awake, so that what is told of it is from when it was. `why` it could
    not be woken, where that was tried."""

    hive_id: str
    how: How
    why: str = ""


class PlannedPlace(msgspec.Struct, kw_only=True):
    """A place for a worker, in the order in which they are tried.

    `parts` tells what each device of it would take and has, as far as its hive says so. `fits`:
    there is room; else `why` not, and `short_bytes` where that is memory. `taken`: a worker would
    be started there now. `tokens_per_second` is what is expected of one where there is room; 0:
    nobody knows. `loading_s` is how long weights pass the network until it is ready (seconds).
    `away` are those of its machines that are not awake: `fits` then says whether there would be
    room if they were, as far as `estimate` goes; a place that is taken has one woken first.
    """

    hive_id: str
    device: str
    backend: str
    taken: bool
    parts: list[PartRoom]
    fits: bool = False
    slots: int = 0
    context: int = 0
    estimate: bool = False
    short_bytes: int = 0
    why: str = ""
    tokens_per_second: float = 0.0
    loading_s: float = 0.0
    away: list[str] = []


class Plan(msgspec.Struct, kw_only=True):
    """`done` of a plan: what a job would do now, and each place for a new worker.

    It would have one started in a place, have a machine woken for that first, take the `worker_id`
    that has the model, wait for others, or be refused. `away` are the machines that are not awake.
    """

    model_ref: str
    outcome: Literal["start", "wake", "worker", "wait", "refuse"]
    places: list[PlannedPlace]
    worker_id: str = ""
    away: list[AwayMachine] = []


PLAN = Route("POST", "/plan", AskPlan, OperationStarted, status=202)
