"""What a parent tells the child that it starts, on the first line of the child's stdin, and what
the child reports."""

import msgspec

from rbee.wire.errors import ErrorBody
from rbee.wire.messages.basics import Request
from rbee.wire.messages.devices import Backend
from rbee.wire.messages.workers import EngineFacts, Pooling
from rbee.wire.narration import Narration
from rbee.wire.placement import Placement


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


class WorkerSettings(msgspec.Struct, frozen=True):
    """What a worker goes by; the settings of the same names."""

    connections: int
    strangers: int
    request_head: float
    request_pause: float
    reader_stall: float
    prompt_cache_mib: int
    heartbeat_interval: float
    token_stall: float
    log_mib: int
    confine_workers: bool
    refuse_unknown_tools: bool


class WorkerOrders(Request, kw_only=True):
    """How a worker is to run.

    `model_paths` are the files of one model, the first of them is opened by the engine;
    `simulated` says that the devices exist on paper only; `chat_template` (Jinja) is the model's
    own unless `template` names another, empty for a model that was not tuned to chat; `log` is the
    file that the worker's stderr goes to; `deadly_template`: an engine has died while it read that
    template; `trial_model` is a tiny model that it is tried with before, and `memory_limit` how
    much memory of its own the worker may take (bytes; 0: no bound). `threads` is the engine's.
    `pooling` is how one vector is made of a text (`own`: as the model says; `rank`: none, it
    tells how well a text answers another, `share`: as a share of 1), and `batch` how many tokens
    are worked through at once. `content` identifies what lay at the paths
    (`rbee.process.content`) when the orders were given; empty: that is not looked at.
    Each of `slots` slots has `context` tokens, and a request may fill `longest` where the others
    leave them; `trained` is how many the model was made for (0: that is not known).
    `vectors_up_to` is what the queen knows it by; see `WorkerBeat`. `streams` are the
    descriptors at whose other ends the devices of other machines are, one for each machine, in the
    order of the placement. `engine_places` are the places of its GPUs among those that the engine
    lists; a GPU that is not there has that of its number. `projector` is the one of the files that
    turns pictures into what the model reads, empty where there is none; `projector_fault` says why
    it is not to be loaded. `draft_paths` are the files
    of a model that is to write ahead of it, which is called `draft`; `draft_gain` is what it gained
    when that was measured here (0: it was not).
    """

    host: str
    port: int
    token: str
    worker_id: str
    hive_url: str
    model_ref: str
    model_paths: list[str]
    placement: Placement
    backend: Backend
    context: int
    slots: int
    threads: int
    settings: WorkerSettings
    chat_template: str = ""
    template: str = ""
    deadly_template: bool = False
    trial_model: str = ""
    memory_limit: int = 0
    log: str = ""
    pooling: Pooling = "last"
    batch: int = 512
    simulated: bool = False
    content: str = ""
    vectors_up_to: int = 0
    streams: list[int] = []
    longest: int = 0
    trained: int = 0
    engine_places: dict[str, int] = {}
    projector: str = ""
    projector_fault: str = ""
    draft: str = ""
    draft_paths: list[str] = []
    draft_gain: float = 0.0

    def __post_init__(self) -> None:
        self.longest = max(self.longest, self.context)


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
