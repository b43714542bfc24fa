"""Workers: their kinds, started, heard of, listed."""

import enum
from collections.abc import Sequence
from typing import Annotated, Any, Literal

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
from rbee.wire.messages.devices import GpuBackend
from rbee.wire.narration import Narration
from rbee.wire.placement import Part, Placement
from rbee.wire.routes import NONE, Events, Route, Who

#: What an engine may have something for, besides plain text.
Ability = Literal[
    "chat",
    "prefill",
    "vectors",
    "tools",
    "json_schema",
    "grammar",
    "thinking",
    "logprobs",
    "logit_bias",
    "penalties",
    "samplers",
    "counts",
    "pictures",
    "tokens",
    "echo",
    "suffix",
    "ranks",
    "drafts",
]
#: How many times as fast a model has to be with a draft for that to be used.
LEAST_GAIN = 1.05
Pooling = Literal["own", "mean", "last", "rank", "share"]


class WorkerState(str, enum.Enum):
    """What a worker is doing; the one type that queen, hive and worker share as it stands."""

    LOADING = "loading"
    READY = "ready"
    BUSY = "busy"
    STOPPING = "stopping"
    FAILED = "failed"

    @classmethod
    def _missing_(cls, value: object) -> "WorkerState | None":
        """``Ready`` is ready."""
        if isinstance(value, str) and value != value.lower():
            return cls(value.lower())
        return None


class _Known(msgspec.Struct, kw_only=True, omit_defaults=True, gc=False):
    """What is known of a worker outside its hive.

    `content` identifies what it has loaded, `names` are the references that lead to that now; a
    worker whose model was replaced under its name has none.
    `template` names the chat template it was given for the model's own; see `template_name`.
    `vectors_up_to`: it makes vectors alone, of inputs of up to so many tokens; 0: it writes, too.
    `vram_bytes` is what its model was promised, in all. `context` is how many tokens one request
    may fill, prompt and answer together, and `trained` how many its model was made for; 0: that is
    not known. `unloads_at_ms` is when it is unloaded unless somebody needs it (Unix time); 0: it
    works, or is `kept`. `sees`: it can be shown pictures. `draft` is the model that was to write
    ahead of it, and `draft_gain` how many times as fast it was with that when this was measured:
    less than `LEAST_GAIN`, and it writes without; 0: that was not measured.
    """

    worker_id: str
    url: str
    model_ref: str
    backend: str
    engine: str
    state: WorkerState
    slots: int = 1
    slots_free: int = 0
    vram_bytes: int | None = None
    context: int = 0
    trained: int = 0
    template: str = ""
    content: str = ""
    names: tuple[str, ...] | None = None
    vectors_up_to: int = 0
    kept: bool = False
    unloads_at_ms: int = 0
    sees: bool = False
    draft: str = ""
    draft_gain: float = 0.0


class WorkerBeat(_Known, kw_only=True):
    """A worker inside its hive's heartbeat: what the queen routes by. `may_idle_s` is how long it
    stays loaded when it idles, where a job has said so (s); None: as any other."""

    placement: Placement
    may_idle_s: float | None = None

    @property
    def device(self) -> str:
        """Where it is, as people read it."""
        return self.placement.devices


class WorkerView(_Known, kw_only=True, omit_defaults=False):
    """One row of `GET /workers`: of the queen's, and of a hive's, which says more.

    `parts` are those of a model that lies on several devices. The queen tells the tokens that its
    jobs get per second, taken together, or that its last one got; 0: it has had none. A hive tells
    what it keeps a worker alive by: `threads` are those with which its engine computes on the
    processor.
    """

    hive_id: str
    device: str
    parts: tuple[Part, ...] | msgspec.UnsetType = msgspec.UNSET
    pid: int | msgspec.UnsetType = msgspec.UNSET
    restart_count: int | msgspec.UnsetType = msgspec.UNSET
    last_heartbeat_ms: int | msgspec.UnsetType | None = msgspec.UNSET
    threads: int | msgspec.UnsetType = msgspec.UNSET
    tokens_per_second: float | msgspec.UnsetType = msgspec.UNSET

    @classmethod
    def of(cls, beat: "WorkerBeat", hive_id: str, **more: Any) -> "WorkerView":
        """The row of a worker of this hive."""
        known: dict[str, Any] = {name: getattr(beat, name) for name in _Known.__struct_fields__}
        if len(beat.placement.parts) > 1:
            known["parts"] = beat.placement.parts
        return cls(hive_id=hive_id, device=beat.device, **known, **more)


class WorkerList(Answer, kw_only=True):
    """`GET /workers` of a hive, or of the queen."""

    workers: list[WorkerView]


class WorkerFailure(msgspec.Struct, kw_only=True):
    """A worker that its hive has given up. `template` is as in `WorkerBeat`."""

    placement: Placement
    model_ref: str
    error: ErrorBody
    template: str = ""

    @property
    def device(self) -> str:
        """Where it was, as people read it."""
        return self.placement.devices


class KeepWorker(Request, kw_only=True):
    """A worker that is to stay loaded when it idles: for `may_idle_s` seconds; with `usual` as long
    as its machine's settings say; else until its room is wanted."""

    id: str
    may_idle_s: Annotated[float, msgspec.Meta(ge=0)] | None = None
    usual: bool = False


class ProvisionWorker(Request, kw_only=True):
    """A kind of worker that is wanted, for a model in so many `parts`; `kind` is
    ``<backend>-llm-worker-rbee``."""

    kind: Literal[
        "cpu-llm-worker-rbee",
        "cuda-llm-worker-rbee",
        "metal-llm-worker-rbee",
        "rocm-llm-worker-rbee",
        "vulkan-llm-worker-rbee",
        "sycl-llm-worker-rbee",
    ]
    engine: Name | None = None
    device: str | None = None
    parts: Annotated[int, msgspec.Meta(ge=1)] = 1


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

    `device` is short for a `placement` on one device of the hive that is asked; one of both is
    given. Of a placement on several devices the hive says how much lies on which, but of one on
    several machines, where the placement says it, for so many `slots`; else so many are wanted,
    where there is room, 0 being as its hive's settings say. `vectors_up_to`: it is to make vectors
    alone, of inputs of up to so many tokens. `draft` is a model that is to write ahead of it.
    """

    device: NonEmpty | None = None
    placement: Placement | None = None
    model_ref: NonEmpty
    port_hint: Annotated[int, msgspec.Meta(ge=0, le=65535)] | None = None
    engine: Name | None = None
    ctx: Annotated[int, msgspec.Meta(ge=32, le=LARGEST_CONTEXT)] | None = None
    chat_template: NonEmpty | None = None
    share: bool = False
    vectors_up_to: Annotated[int, msgspec.Meta(ge=0)] = 0
    slots: Annotated[int, msgspec.Meta(ge=0)] = 0
    draft: NonEmpty | None = None

    def __post_init__(self) -> None:
        if (self.device is None) == (self.placement is None):
            raise ValueError("give either `device` or `placement`")

    def placed(self, hive_id: str) -> Placement:
        """Where the worker is to be, `hive_id` being the hive that is asked."""
        return self.placement or Placement.on(hive_id, self.device or "")


class WorkerStarted(Started, kw_only=True):
    """A worker that is still loading."""

    worker_id: str
    url: str
    port: int
    placement: Placement
    state: WorkerState = WorkerState.LOADING


class Placed(msgspec.Struct, kw_only=True):
    """Where an engine has put a model, by its own word.

    `backends` are those of the devices it found when it loaded; `device_bytes` is by how much the
    free memory of each ordered GPU has changed by that (others may have freed some), those aside
    that it found no such device for. `draft_gain` is as in `WorkerBeat`; `draft_fault` says why a
    draft is not used that it could not load, and `projector_fault` the same of a projector.
    """

    backends: list[str]
    device_bytes: dict[str, int] = {}
    draft_gain: float = 0.0
    draft_fault: str = ""
    projector_fault: str = ""


class WorkerReport(Request, kw_only=True):
    """From a worker to its hive; the first `ready` is the callback.

    `ended` is how many requests are over; `loaded` the share of the model that has been read, 0 to
    1; `idle_s` for how long its engine has done nothing at all although it was asked to; `error`
    says why a worker that reports `failed` gives up; `placed` comes once the model is loaded.
    """

    worker_id: Name
    state: WorkerState
    slots_free: int = 0
    slots: int = 1
    vram_bytes: int | None = None
    context: int = 0
    ended: int = 0
    loaded: float | None = None
    idle_s: float = 0.0
    narration: list[Narration] = []
    error: ErrorBody | None = None
    placed: Placed | None = None


class EngineDevice(msgspec.Struct, kw_only=True):
    """A device besides the processor that an engine lists, by the name it has there; sizes in bytes
    when it was asked. `bus` is its address (``0000:03:00.0``), where the engine knows it;
    `integrated`: its memory is the processor's."""

    name: str
    description: str
    backend: GpuBackend
    total_bytes: int
    free_bytes: int
    bus: str = ""
    integrated: bool = False


class EngineFacts(msgspec.Struct, kw_only=True):
    """An engine, as a worker that has imported it but has no orders yet tells of it.

    `backends` are those with a device on this machine, by the engine's own word, and `devices` the
    devices besides the processor, in the order in which it counts them; `install` is what
    to type where it finds none of one. It reads models of these `formats`. `slots` is how many
    requests it takes at once at most, and `threads` on how many of the processor it runs best; 0:
    its hive decides. `splits`: it lays a model on several devices, as it is ordered to. `shares`:
    its slots share one context, of which a request may have what others leave. `rpc` is
    the version of what it speaks with parts on other machines; `no_rpc` says why it is empty.
    """

    engine: str
    can: Sequence[Ability]
    install: dict[str, str]
    formats: Sequence[str] = ("gguf",)
    slots: int = 0
    threads: int = 0
    splits: bool = False
    shares: bool = False
    rpc: str = ""
    no_rpc: str = "it lays a model on one machine alone"
    version: str = ""
    backends: Sequence[str] = ()
    devices: Sequence[EngineDevice] = ()


# Of a hive; the first two are the queen's, too.
WORKERS = Route("GET", "/workers", NONE, WorkerList, on_page=True)
KEEP_WORKER = Route("POST", "/workers/{id}/keep", KeepWorker, NONE, in_query=True)
STOP_WORKER = Route("DELETE", "/workers/{id}", Named, NONE)
PROVISION_WORKER = Route("POST", "/workers/provision", ProvisionWorker, WorkerKindView)
START_WORKER = Route("POST", "/workers/start", StartWorker, WorkerStarted, status=202)
WORKER_EVENTS = Route("GET", "/workers/{id}/events", Named, Events)
WORKER_HEARTBEAT = Route("POST", "/heartbeat/workers", WorkerReport, NONE, who=Who.WORKER)
