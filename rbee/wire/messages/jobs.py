"""What is asked of the queen, and what she tells of it."""

import enum
from typing import Annotated

import msgspec

from rbee.wire.messages.basics import LARGEST_CONTEXT, Answer, Name, Named, NonEmpty, Started
from rbee.wire.messages.devices import Backend
from rbee.wire.messages.events import Progress
from rbee.wire.messages.inference import Question
from rbee.wire.placement import Spread
from rbee.wire.routes import NONE, Events, Route

#: The longest that a worker can be asked to stay loaded (seconds): 68 years.
LONGEST_IDLE = float(2**31)


class JobRequest(Question, kw_only=True):
    """What a job is to do. `chat_template` is the text of one (Jinja) to take for the model's own.

    `spread` is over how much its model may be; None: as the queen's settings say. `slots` is how
    many jobs a worker takes at once that is started for it, and `keep_loaded`: the worker that it
    gets is not unloaded for being idle from then on. `may_idle_s` is how long it may idle behind
    this job until it is unloaded (s), which holds until somebody uses it again. `draft` is a model
    that is to write ahead of it, in a worker that is started for this job. `hub_token` opens what
    its owner may read on the hub. It is used for this request and told to nobody but the hive that
    fetches, on the queen's machine or through a tunnel.
    """

    model_ref: NonEmpty
    node: Name | None = None
    device: Name | None = None
    backend: Backend | None = None
    engine: Name | None = None
    ctx: Annotated[int, msgspec.Meta(ge=32, le=LARGEST_CONTEXT)] | None = None
    allow_cpu: bool = True
    spread: Spread | None = None
    slots: Annotated[int, msgspec.Meta(ge=1, le=256)] | None = None
    keep_loaded: bool | None = None
    may_idle_s: Annotated[float, msgspec.Meta(ge=0, le=LONGEST_IDLE)] | None = None
    chat_template: NonEmpty | None = None
    draft: NonEmpty | None = None
    deadline_s: Annotated[float, msgspec.Meta(gt=0)] | None = None
    hub_token: str = ""


class JobAccepted(Started, kw_only=True):
    """A job is taken in."""

    job_id: str


class JobState(str, enum.Enum):
    """Where a job stands; the last three are final."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class JobView(Answer, kw_only=True):
    """A job in a list; `place` is that in the queue, 1 being next, where it waits there.

    `progress` is how far what it waits for is: a download, a model that is loaded, its prompt.
    `tokens_per_second` is how fast its answer comes, or came, behind its first token; 0: not yet.
    """

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
    tokens_per_second: float = 0.0
    progress: Progress | None = None


class JobList(Answer, kw_only=True):
    """The jobs, newest first."""

    jobs: list[JobView]


SUBMIT_JOB = Route("POST", "/jobs", JobRequest, JobAccepted, status=202, with_pictures=True)
JOBS = Route("GET", "/jobs", NONE, JobList, on_page=True)
JOB = Route("GET", "/jobs/{id}", Named, JobView)
JOB_EVENTS = Route("GET", "/jobs/{id}/events", Named, Events)
CANCEL_JOB = Route("DELETE", "/jobs/{id}", Named, NONE)
