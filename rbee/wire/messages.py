"""The typed bodies of every request, answer and event.

Requests refuse unknown fields and name the path of whatever does not fit; answers and events
tolerate unknown fields, so that a newer peer can say more. Sizes are bytes unless the name says
otherwise, times are milliseconds since the epoch (`_at_ms`) or durations in milliseconds (`_ms`).
"""

from __future__ import annotations

import enum
import re
from typing import Annotated, Any, Literal, TypeVar

import msgspec

from rbee.wire.errors import ErrorBody, RbeeError, nested_too_deep
from rbee.wire.limits import (
    MOST_FUNCTIONS,
    MOST_INPUTS,
    MOST_MESSAGES,
    MOST_STOPS,
    MOST_TEMPLATE_VALUES,
    MOST_WEIGHTS,
    Stop,
    TopK,
)
from rbee.wire.narration import Narration
from rbee.wire.shown import LONGEST_NAME, NAME_PATTERN

T = TypeVar("T")

Backend = Literal["cuda", "metal", "cpu"]
EngineName = Literal["llamacpp", "ctransformers"]
NonEmpty = Annotated[str, msgspec.Meta(min_length=1)]
#: What something is called; see `shown.require_name`.
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_NAME, pattern=NAME_PATTERN)]
#: The number of a token in a model's vocabulary.
TokenId = Annotated[int, msgspec.Meta(ge=0, lt=2**31)]
TokenIds = Annotated[list[TokenId], msgspec.Meta(min_length=1)]
#: A context beyond this is a slip: the longest that a model was made for is 100 million (tokens).
LARGEST_CONTEXT = 2**27
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


class Answer(msgspec.Struct, kw_only=True, omit_defaults=False):
    """Base of what a daemon answers."""


class Request(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Base of what a daemon is asked."""


# --- sampling -------------------------------------------------------------------------------


class Sampling(Request, kw_only=True):
    """How tokens are drawn. None means: what the engine does by default."""

    max_tokens: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] | None = None
    temperature: Annotated[float, msgspec.Meta(ge=0, le=5)] | None = None
    top_p: Annotated[float, msgspec.Meta(gt=0, le=1)] | None = None
    top_k: TopK | None = None
    seed: Annotated[int, msgspec.Meta(ge=0, le=2**32 - 1)] | None = None
    stop: Annotated[list[Stop], msgspec.Meta(max_length=MOST_STOPS)] | None = None
    presence_penalty: Annotated[float, msgspec.Meta(ge=-2, le=2)] | None = None
    frequency_penalty: Annotated[float, msgspec.Meta(ge=-2, le=2)] | None = None
    logit_bias: Annotated[dict[str, float], msgspec.Meta(max_length=MOST_WEIGHTS)] | None = None
    """What is added to the logit of a token, by its number in the model's vocabulary."""
    logprobs: Annotated[int, msgspec.Meta(ge=0, le=20)] | None = None
    """Tell how likely each token was, and so many of its likeliest alternatives."""


class ToolFunction(Request, kw_only=True):
    """What a model may call; `parameters` is the JSON schema of its arguments."""

    name: NonEmpty
    description: str = ""
    parameters: dict[str, Any] = {}


class ToolCall(Request, kw_only=True):
    """A call that a model has asked for; `arguments` is JSON text."""

    id: str
    name: str
    arguments: str


class ChatMessage(Request, kw_only=True):
    """One message of a conversation; one of a tool answers the call `tool_call_id`.

    `thought` is what the model said to itself before an answer: for templates that want it back.
    """

    role: Literal["system", "user", "assistant", "tool"]
    content: str
    thought: str = ""
    tool_calls: Annotated[list[ToolCall], msgspec.Meta(max_length=MOST_FUNCTIONS)] = []
    tool_call_id: str = ""


class Question(Sampling, kw_only=True):
    """What a model is asked: a `prompt`, or the `messages` of a conversation, oldest first.

    Exactly one of both; the last message is not the model's. A `prompt` is what one message of the
    user is to a model that was tuned to chat, and plain text to go on with for any other; `raw`
    makes it plain text for all. `json_schema` is the form of the answer. Of `functions` the model
    may call some, or with `must_call` calls one; `parallel_calls`: several in one answer. `think`
    says whether the model may think before it answers (None: as it does by itself), and
    `template_values` are for its chat template.

    Instead of both, `inputs` are texts, or the tokens of each, of which vectors are wanted; what is
    said about an answer means nothing then.
    """

    prompt: NonEmpty | None = None
    messages: (
        Annotated[list[ChatMessage], msgspec.Meta(min_length=1, max_length=MOST_MESSAGES)] | None
    ) = None
    inputs: (
        Annotated[list[NonEmpty | TokenIds], msgspec.Meta(min_length=1, max_length=MOST_INPUTS)]
        | None
    ) = None
    stream: bool = True
    raw: bool = False
    json_schema: dict[str, Any] | None = None
    functions: Annotated[list[ToolFunction], msgspec.Meta(max_length=MOST_FUNCTIONS)] = []
    must_call: bool = False
    parallel_calls: bool | None = None
    think: bool | None = None
    template_values: Annotated[dict[str, Any], msgspec.Meta(max_length=MOST_TEMPLATE_VALUES)] = {}

    def __post_init__(self) -> None:
        if self.inputs is not None:
            if self.prompt is not None or self.messages is not None:
                raise ValueError("`inputs` goes without `prompt` and without `messages`")
            return
        if self.prompt is None and self.messages is None:
            raise ValueError("neither `prompt` nor `messages` is given: give one of them")
        if self.prompt is not None and self.messages is not None:
            raise ValueError("both `prompt` and `messages` are given: give one of them")
        if self.raw and self.messages is not None:
            raise ValueError("`raw` goes with `prompt`, not with `messages`")
        if self.must_call and not self.functions:
            raise ValueError("`must_call` needs `functions`")
        if self.messages is not None and self.messages[-1].role == "assistant":
            raise ValueError("the last of `messages` is not the user's: role `user` is wanted")


# --- any daemon ------------------------------------------------------------------------------


class Health(Answer, kw_only=True):
    """`GET /health`: who answers here. `instance` is drawn anew at every start.

    `status` is ``ok``, or ``leaving`` when a queen has begun to put everything to sleep.
    """

    status: str
    role: str
    version: str
    instance: str


class Started(Answer, kw_only=True):
    """Work was begun; its story is told at `events_url`."""

    events_url: str


# --- queen -----------------------------------------------------------------------------------


class JobRequest(Question, kw_only=True):
    """`POST /jobs`. `chat_template` is the text of one (Jinja) to take for the model's own.

    `hub_token` opens what its owner may read on the hub. It is used for this request and told to
    nobody but the hive that fetches, on the queen's machine or through a tunnel.
    """

    model_ref: NonEmpty
    node: Name | None = None
    device: Name | None = None
    backend: Backend | None = None
    engine: EngineName | None = None
    ctx: Annotated[int, msgspec.Meta(ge=32, le=LARGEST_CONTEXT)] | None = None
    allow_cpu: bool = True
    chat_template: NonEmpty | None = None
    deadline_s: Annotated[float, msgspec.Meta(gt=0)] | None = None
    hub_token: str = ""


def template_name(text: str | None) -> str:
    """What a chat template is called that somebody gave for a model's own; empty for none."""
    if not text:
        return ""
    import hashlib  # late: it is no part of a cold run

    return hashlib.sha256(text.encode()).hexdigest()[:16]


class JobAccepted(Started, kw_only=True):
    """The answer to `POST /jobs`."""

    job_id: str


class JobState(str, enum.Enum):
    """Where a job stands; the last three are final."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class JobView(Answer, kw_only=True):
    """One row of `GET /jobs`; `place` is that in the queue, 1 being next, where it waits there."""

    job_id: str
    model_ref: str
    state: JobState
    created_at_ms: int
    finished_at_ms: int | None = None
    hive_id: str | None = None
    device: str | None = None
    worker_id: str | None = None
    place: int | None = None
    tokens_in: int = 0
    tokens_out: int = 0


class JobList(Answer, kw_only=True):
    """`GET /jobs`, newest first."""

    jobs: list[JobView]


class SshTarget(Request, kw_only=True):
    """How the queen reaches a machine over SSH; what is None is left to ``~/.ssh/config``.

    `tunnel`: HTTP goes through the SSH connection, too, in both directions; False: past it, in the
    open. None: as the machine was added before, and through it where it is new.
    """

    user: NonEmpty | None = None
    port: Annotated[int, msgspec.Meta(ge=1, le=65535)] | None = None
    key_path: NonEmpty | None = None
    tunnel: bool | None = None


class AddHive(Request, kw_only=True):
    """`POST /add-hive`.

    `host` is a name or address, an alias of ``~/.ssh/config``, or localhost, for which `ssh` means
    nothing. `accept_host_key` is the fingerprint (``SHA256:...``) of a key that a person has
    agreed to; `passphrase` opens the key file and is kept in RAM alone.
    """

    host: NonEmpty
    port: Annotated[int, msgspec.Meta(ge=0, le=65535)] | None = None
    hive_id: Name | None = None
    ssh: SshTarget | None = None
    install: bool = False
    accept_host_key: str = ""
    passphrase: str = ""


class AddingHive(Started, kw_only=True):
    """The answer to `POST /add-hive`; its story is an errand that ends in `HiveAdded`."""

    hive_id: str
    errand_id: str


class HiveAdded(msgspec.Struct, kw_only=True):
    """`done` of `POST /add-hive`."""

    hive_id: str
    devices: Devices


class AddKey(Request, kw_only=True):
    """`POST /keys`: a name for people, such as the program or the machine that will use it.

    `models` are those that the key is limited to, where any are named: references, in which ``*``
    stands for any text. `may_fetch`: also those that no machine has yet.
    """

    name: Name
    models: Annotated[list[NonEmpty], msgspec.Meta(max_length=256)] = []
    may_fetch: bool = False


class NewKey(Answer, kw_only=True):
    """The answer to `POST /keys`; nobody is told `key` a second time."""

    name: str
    key: str


class KeyView(Answer, kw_only=True):
    """One row of `GET /keys`; `models` are those that it is limited to, none: it is not."""

    name: str
    created_at_ms: int
    models: list[str] = []
    may_fetch: bool = False


class KeyList(Answer, kw_only=True):
    """`GET /keys`, by name."""

    keys: list[KeyView]


class HiveStatus(str, enum.Enum):
    """What the queen knows of a hive."""

    OFFLINE = "offline"
    WAKING = "waking"
    ONLINE = "online"


class ShutdownBegun(Answer, kw_only=True):
    """The answer to the queen's `POST /shutdown`.

    `jobs` of others that she still waits for, or with `now=true` cancels; `kept`: somebody asked
    the swarm to stay, so that with `unless=kept` she does not leave at all.
    """

    jobs: int
    kept: bool = False


class WakeHives(Request, kw_only=True):
    """`POST /hives/wake`: this hive, or all."""

    node: Name | None = None


class PullModel(Request, kw_only=True):
    """The queen's `POST /models/provision`; without `node` the hive beside her is meant.

    `hub_token` is as in `JobRequest`.
    """

    model_ref: NonEmpty
    node: Name | None = None
    hub_token: str = ""


class ErrandBegun(Started, kw_only=True):
    """The queen does something that is no job; ends with a `done` of `HivesAwake` or a model."""

    errand_id: str


class HivesAwake(msgspec.Struct, kw_only=True):
    """`done` of `POST /hives/wake`: the hives that live."""

    hives: list[str]


# --- hive ------------------------------------------------------------------------------------


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
    """`GET /devices`: what a machine has, and how many models and workers are on it."""

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


class HiveView(Answer, kw_only=True):
    """One row of `GET /hives`: the catalog joined with what is known live."""

    hive_id: str
    host: str
    port: int
    status: HiveStatus
    url: str | None = None
    devices: Devices | None = None
    workers: int = 0
    last_heartbeat_ms: int | None = None
    degraded: list[DegradedDevice] = []


class HiveList(Answer, kw_only=True):
    """`GET /hives`."""

    hives: list[HiveView]


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


class Heartbeat(Request, kw_only=True):
    """`POST /heartbeat` from a hive to its queen. `timestamp` is RFC 3339, for people only.

    `url`: where the hive listens, where that may be news. `news` and `failures` are what happened
    since the last beat that was answered and belongs to no job; `processor` is the name of the
    machine's, once it has been found out.
    """

    hive_id: Name
    timestamp: str
    url: str = ""
    workers: list[WorkerBeat] = []
    news: list[Narration] = []
    failures: list[WorkerFailure] = []
    processor: str = ""


class HeartbeatAnswer(Answer, kw_only=True):
    """What the queen answers to a heartbeat it knows the sender of."""

    status: str = "ok"


class ProvisionModel(Request, kw_only=True):
    """`POST /models/provision`; `newest`: the hub is asked whether it has another version."""

    model_ref: NonEmpty
    newest: bool = False


class ProvisionStarted(Started, kw_only=True):
    """The answer to `POST /models/provision`."""

    provision_id: str


class ModelView(Answer, kw_only=True):
    """One row of the model catalog: a name, and what it leads to.

    Rows with the same `content` are names of the same files; `workers` are those that have them
    loaded, where one model was asked for.
    """

    model_ref: str
    path: str
    size_bytes: int
    quant: str | None = None
    architecture: str | None = None
    status: str = "ready"
    content: str = ""
    workers: list[str] = []


class ModelRemoved(Answer, kw_only=True):
    """The answer to `DELETE /models/{ref}`: the other names, for which the files stay."""

    kept_for: list[str]


class ModelList(Answer, kw_only=True):
    """`GET /models` of a hive."""

    models: list[ModelView]


class ClusterModelView(ModelView, kw_only=True):
    """One row of the queen's `GET /models`."""

    hive_id: str


class Unreachable(msgspec.Struct, kw_only=True):
    """A machine that was asked for a list and did not answer: what it has is not in there."""

    hive_id: str
    why: str


class ClusterModelList(Answer, kw_only=True):
    """`GET /models` of the queen, over all hives that live."""

    models: list[ClusterModelView]
    unreachable: list[Unreachable] = []


class ProvisionWorker(Request, kw_only=True):
    """`POST /workers/provision`; `kind` is ``<backend>-llm-worker-rbee``."""

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
    """`POST /workers/start`; `share`: a worker that has the same content loaded will do, too.

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
    """The answer to `POST /workers/start`; the worker is still loading."""

    worker_id: str
    url: str
    port: int
    state: WorkerState = WorkerState.LOADING


class WorkerView(Answer, kw_only=True):
    """One row of a hive's `GET /workers`: what the hive keeps it alive by.

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
    """`GET /workers` of a hive."""

    workers: list[WorkerView]


class ClusterWorkerView(WorkerBeat, kw_only=True, omit_defaults=False):
    """One row of the queen's `GET /workers`."""

    hive_id: str


class ClusterWorkerList(Answer, kw_only=True):
    """`GET /workers` of the queen."""

    workers: list[ClusterWorkerView]


class Adopt(Request, kw_only=True):
    """`POST /adopt` from a queen to a hive whose own queen is gone: report to me.

    `hive_id` is what she calls that machine, `instance` who she is, whatever her address is called.
    """

    hive_id: Name
    queen_url: NonEmpty
    instance: str = ""


class Placed(msgspec.Struct, kw_only=True):
    """Where an engine has put a model, by its own word.

    `backends` are those of the devices it found when it loaded; `device_bytes` is by how much the
    free memory of the ordered one has changed by that (others may have freed some), None where it
    found no such device.
    """

    backends: list[str]
    device_bytes: int | None = None


class WorkerReport(Request, kw_only=True):
    """`POST /heartbeat/workers` from a worker to its hive; the first `ready` is the callback.

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


# --- worker ----------------------------------------------------------------------------------


class InferRequest(Question, kw_only=True):
    """`POST /infer`, answered by `InferAccepted`, or by the events where they are accepted.

    Who names the inference can end it without having heard of its beginning.
    """

    infer_id: Name | None = None


class InferAccepted(Started, kw_only=True):
    """The answer to `POST /infer`."""

    infer_id: str


# --- what a parent tells the child it starts, on the first line of the child's stdin ----------


class QueenOrders(Request, kw_only=True):
    """How a queen is to run; the token travels here and never in arguments."""

    host: str
    port: int
    token: str
    database: str = ""


class HiveOrders(Request, kw_only=True):
    """How a hive is to run.

    `on_lease`: no parent holds it, the queen's answers to its heartbeats do; `owner` says in
    words for people whose queen that is. `queen_instance` is who she is, as in `Adopt`.
    """

    host: str
    port: int
    token: str
    hive_id: str
    queen_url: str
    queen_instance: str = ""
    on_lease: bool = False
    owner: str = ""


class RequestBounds(msgspec.Struct, frozen=True):
    """What a worker allows those who ask it; the settings of the same names."""

    connections: int
    strangers: int
    request_head: float
    request_pause: float
    reader_stall: float


class WorkerOrders(Request, kw_only=True):
    """How a worker is to run.

    `model_paths` are the files of one model, the first of them is opened by the engine;
    `simulated` says that the device exists on paper only; `chat_template` (Jinja) is the model's
    own unless `template` names another, empty for a model that was not tuned to chat; `log` is the
    file that the worker's stderr goes to, of `log_mib` MiB at most; `deadly_template`: an engine
    has died while it read that template; `trial_model` is a tiny model that it is tried with
    before, and `memory_limit` how much memory of its own the worker may take (bytes; 0: no bound);
    `confined`: it gives up what it does not need. `threads` is the engine's. `pooling` is how one
    vector is made of a text (`own`: as the model says; `none`: it makes other things), and `batch`
    how many tokens are worked through at once.
    `token_stall` is how long the engine may do nothing at all (seconds). `content` identifies what
    lay at the paths (`rbee.process.content`) when the orders were given; empty: that is not looked
    at. `vectors_up_to` is what the queen knows it by; see `WorkerBeat`.
    """

    host: str
    port: int
    token: str
    worker_id: str
    hive_url: str
    model_ref: str
    model_paths: list[str]
    device: str
    backend: Backend
    context: int
    slots: int
    threads: int
    prompt_cache_mib: int
    heartbeat_interval: float
    token_stall: float
    chat_template: str = ""
    template: str = ""
    deadly_template: bool = False
    trial_model: str = ""
    memory_limit: int = 0
    confined: bool = True
    log: str = ""
    log_mib: int = 0
    bounds: RequestBounds | None = None
    pooling: Pooling = "last"
    batch: int = 512
    simulated: bool = False
    content: str = ""
    vectors_up_to: int = 0


class EngineFacts(msgspec.Struct):
    """What a worker finds out about its engine before it has orders.

    `backends` are those with a device on this machine, by the engine's own word; a worker whose
    engine cannot be imported says why in `missing`.
    """

    engine: str
    version: str = ""
    backends: list[str] = []
    missing: str = ""


class Report(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A line on a child's ready descriptor.

    `narration` while it starts; `engine` from a worker that has imported its engine;
    ``{"url", "pid", "instance"}`` once the socket is bound; `error` when it cannot start.
    """

    url: str = ""
    pid: int = 0
    instance: str = ""
    narration: Narration | None = None
    engine: EngineFacts | None = None
    error: ErrorBody | None = None


# --- events ----------------------------------------------------------------------------------


class Progress(msgspec.Struct, omit_defaults=True):
    """`progress`: `what` is download, load or prompt.

    `done` and `total` are bytes and `rate` bytes/s, or of a prompt tokens and tokens/s.
    """

    what: str
    done: int
    total: int
    rate: float = 0.0


class Likelihood(msgspec.Struct, kw_only=True):
    """How likely a token was (natural logarithm); `bytes` are those of its text."""

    token: str
    logprob: float
    bytes: list[int] | None = None


class TokenLikelihood(Likelihood, kw_only=True):
    """A token that was drawn, and the likeliest in its place, itself among them."""

    top_logprobs: list[Likelihood] = []


class CallPiece(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A piece of call number `index` of an answer; the first one has its `id` and `name`."""

    index: int
    id: str = ""
    name: str = ""
    arguments: str = ""


class Token(msgspec.Struct, omit_defaults=True):
    """`token`: the text and its index, counted from 0.

    `thought` is what a model says to itself before it answers.
    """

    t: str
    i: int
    thought: str = ""
    calls: list[CallPiece] = []
    logprobs: list[TokenLikelihood] = []


class Vector(msgspec.Struct):
    """`vector`: of input number `i`, counted from 0.

    `v` are its numbers as float32, little-endian (base64 in JSON); its length is 1.
    """

    i: int
    v: bytes


class Done(msgspec.Struct, kw_only=True, omit_defaults=True):
    """`done` of a job or an inference.

    `context_full` is the size of the context (tokens) where that is what ended an answer, for which
    `finish_reason` is ``length``; with 0 it was `max_tokens`.
    """

    finish_reason: Literal["stop", "length", "tool_calls"] = "stop"
    tokens_in: int = 0
    tokens_out: int = 0
    ttft_ms: float = 0.0
    duration_ms: float = 0.0
    context_full: int = 0


class Provisioned(msgspec.Struct, kw_only=True, omit_defaults=True):
    """`done` of a model's provisioning; the queen says on which hive."""

    model_ref: str
    hive_id: str = ""
    path: str
    size_bytes: int
    duration_ms: float = 0.0


class Nothing(msgspec.Struct):
    """The data of `cancelled`, and of a `done` that has nothing to say."""


_json = msgspec.json.Encoder()


def encode(message: Any) -> bytes:
    """`message` as JSON. Raises `invalid_request` for what nests too deep."""
    try:
        return _json.encode(message)
    except RecursionError:
        raise nested_too_deep("what was to be sent on") from None


#: What msgspec says of a text that does not fit a pattern.
_PATTERN = re.compile(r"Expected `str` matching regex '.*'(?= - at |\Z)", re.DOTALL)


def decode(data: bytes, kind: type[T], what: str = "body") -> T:
    """`data` as a `kind`. Raises `invalid_request` naming the path that does not fit."""
    try:
        return msgspec.json.decode(data, type=kind)
    except msgspec.ValidationError as error:
        wrong = _PATTERN.sub("Holds characters that cannot be seen", str(error))
        raise RbeeError("invalid_request", f"{what}: {wrong}", f"fields: {_fields(kind)}") from None
    except RecursionError:
        raise nested_too_deep(what) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RbeeError(
            "invalid_request", f"{what} is no JSON: {error}", "send a JSON object"
        ) from None


def _fields(kind: type[Any]) -> str:
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return ", ".join(field.encode_name for field in msgspec.structs.fields(kind))
    return "see the documentation"
