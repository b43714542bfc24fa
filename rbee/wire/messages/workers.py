"""Workers: their kinds, started, heard of, listed."""

from __future__ import annotations

import enum
from typing import Annotated, Literal

import msgspec

from rbee.wire.errors import ErrorBody
from rbee.wire.messages.basics import (
    LARGEST_CONTEXT,
    Answer,
    Name,
    Named,
    NonEmpty,
    Request,
    Started,
)
from rbee.wire.narration import Narration
from rbee.wire.routes import NONE, Events, Route, Who

EngineName = Literal["llamacpp", "ctransformers"]
Pooling = Literal["own", "mean", "last", "none"]


class WorkerState(str, enum.Enum):
    """What a worker is doing; the one type that queen, hive and worker share as it stands."""

    LOADING = "loading"
    READY = "ready"
    BUSY = "busy"
    STOPPING = "stopping"
    FAILED = "failed"

    @classmethod
    def _missing_(cls, value: object) -> WorkerState | None:
        """``Ready`` is ready."""
        if isinstance(value, str) and value != value.lower():
            return cls(value.lower())
        return None


class WorkerBeat(msgspec.Struct, kw_only=True, omit_defaults=True, gc=False):
    """A worker inside its hive's heartbeat: what the queen routes by.

    `content` identifies what it has loaded, `names` are the references that lead to that now; a
    worker whose model was replaced under its name has none.
    `template` names the chat template it was given for the model's own; see `template_name`.
    `vectors_up_to`: it makes vectors alone, of inputs of up to so many tokens; 0: it writes, too.
    """

    worker_id: str
    url: str
    model_ref: str
    device: str
    backend: str
    engine: str
    state: WorkerState
    slots: int = 1
    slots_free: int = 0
    vram_bytes: int | None = None
    context: int = 0
    template: str = ""
    content: str = ""
    names: tuple[str, ...] | None = None
    vectors_up_to: int = 0


class WorkerFailure(msgspec.Struct, kw_only=True):
    """A worker that its hive has given up. `template` is as in `WorkerBeat`."""

    device: str
    model_ref: str
    error: ErrorBody
    template: str = ""


class ProvisionWorker(Request, kw_only=True):
    """A kind of worker that is wanted; `kind` is ``<backend>-llm-worker-rbee``."""

    kind: Literal["cpu-llm-worker-rbee", "cuda-llm-worker-rbee", "metal-llm-worker-rbee"]
    engine: EngineName | None = None
    device: str | None = None


class WorkerKindView(Answer, kw_only=True):
    """One row of the worker catalog: a kind of worker this machine can run, and with what.

    `new`: the row was written for this request; before, it was not there or another.
    """

    kind: str
    engine: str
    version: str
    command: list[str]
    new: bool = False
    simulated: bool = False


class StartWorker(Request, kw_only=True):
    """A worker that is to be started; `share`: one that has the same content loaded will do, too.

    `vectors_up_to`: it is to make vectors alone, of inputs of up to so many tokens.
    """

    device: NonEmpty
    model_ref: NonEmpty
    port_hint: Annotated[int, msgspec.Meta(ge=0, le=65535)] | None = None
    engine: EngineName | None = None
    ctx: Annotated[int, msgspec.Meta(ge=32, le=LARGEST_CONTEXT)] | None = None
    chat_template: NonEmpty | None = None
    share: bool = False
    vectors_up_to: Annotated[int, msgspec.Meta(ge=0)] = 0


class WorkerStarted(Started, kw_only=True):
    """A worker that is still loading."""

    worker_id: str
    url: str
    port: int
    state: WorkerState = WorkerState.LOADING


class WorkerView(Answer, kw_only=True):
    """A worker in the list of its hive: what that keeps it alive by.

    `threads` are those with which its engine computes on the processor.
    """

    worker_id: str
    url: str
    model_ref: str
    device: str
    engine: str
    state: WorkerState
    pid: int
    restart_count: int
    last_heartbeat_ms: int | None
    vram_bytes: int | None = None
    threads: int = 1


class WorkerList(Answer, kw_only=True):
    """The workers of a hive."""

    workers: list[WorkerView]


class ClusterWorkerView(WorkerBeat, kw_only=True, omit_defaults=False):
    """A worker, and the hive that has it."""

    hive_id: str


class ClusterWorkerList(Answer, kw_only=True):
    """The workers of all hives."""

    workers: list[ClusterWorkerView]


class Placed(msgspec.Struct, kw_only=True):
    """Where an engine has put a model, by its own word.

    `backends` are those of the devices it found when it loaded; `device_bytes` is by how much the
    free memory of the ordered one has changed by that (others may have freed some), None where it
    found no such device.
    """

    backends: list[str]
    device_bytes: int | None = None


class WorkerReport(Request, kw_only=True):
    """From a worker to its hive; the first `ready` is the callback.

    `loaded` is the share of the model that has been read, 0 to 1; `idle_s` for how long its engine
    has done nothing at all although it was asked to; `error` says why a worker that reports
    `failed` gives up; `placed` comes once the model is loaded.
    """

    worker_id: Name
    state: WorkerState
    slots_free: int = 0
    slots: int = 1
    vram_bytes: int | None = None
    context: int = 0
    loaded: float | None = None
    idle_s: float = 0.0
    narration: list[Narration] = []
    error: ErrorBody | None = None
    placed: Placed | None = None


class EngineFacts(msgspec.Struct):
    """What a worker finds out about its engine before it has orders.

    `backends` are those with a device on this machine, by the engine's own word; a worker whose
    engine cannot be imported says why in `missing`.
    """

    engine: str
    version: str = ""
    backends: list[str] = []
    missing: str = ""


# Of the queen.
CLUSTER_WORKERS = Route("GET", "/workers", NONE, ClusterWorkerList)

# Of a hive, and what stops one of both.
STOP_WORKER = Route("DELETE", "/workers/{id}", Named, NONE)
PROVISION_WORKER = Route("POST", "/workers/provision", ProvisionWorker, WorkerKindView)
START_WORKER = Route("POST", "/workers/start", StartWorker, WorkerStarted, status=202)
WORKERS = Route("GET", "/workers", NONE, WorkerList)
WORKER_EVENTS = Route("GET", "/workers/{id}/events", Named, Events)
WORKER_HEARTBEAT = Route("POST", "/heartbeat/workers", WorkerReport, NONE, who=Who.WORKER)
