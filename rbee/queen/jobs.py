"""Jobs: what a client asked for, where it stands, and the events that tell it. Phase 2.2."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable
from typing import Any

from rbee.http.board import Board
from rbee.queen.tracked_task import TrackedTask
from rbee.wire import narration
from rbee.wire.errors import ErrorBody, RbeeError, nearest
from rbee.wire.limits import LARGEST_BODY
from rbee.wire.messages.basics import encode
from rbee.wire.messages.events import Done
from rbee.wire.messages.jobs import JobRequest, JobState, JobView
from rbee.wire.narration import Narration, now_ms, say


class Job(TrackedTask):
    """One request and its events.

    `key` names whose it is: the API key it came with, empty for the swarm's own token. `worker_id`
    is the worker that it was given last, which has worked on it since `began_at` (monotonic
    seconds). What it wants of a worker, and where it waits for that, is its `Claim`.
    """

    def __init__(
        self,
        request: JobRequest,
        key: str = "",
        holders: Collection[str] | None = None,
        may_fetch: bool = True,
        unread_for: float = 0.0,
    ) -> None:
        super().__init__()
        self.unread_for = unread_for
        #: The machines that have its model, if it may run on those alone; None: on any.
        self.holders = holders
        self.may_fetch = may_fetch
        self.request = request
        #: The bytes of what it asks for, which is kept until it is over, and those of its pictures.
        self.size_asked = len(encode(request))
        self.size_of_pictures = _size_of_pictures(request)
        self.key = key
        #: The span that it is a part of, in W3C's words; empty: nobody has said.
        self.trace = ""
        #: Whether machines that do not answer are waited for, since there are no others.
        self.is_patient = False
        self.hive_id: str | None = None
        self.device: str | None = None
        self.worker_id: str | None = None
        self.began_at: float | None = None
        #: Seconds from its coming to its first worker, and to the first of its answer.
        self.waited: float | None = None
        self.first_after: float | None = None
        self._came_at = time.monotonic()
        self.done: Done | None = None
        #: Why it has failed.
        self.error: ErrorBody | None = None
        self.tokens_forwarded = 0

    @property
    def job_id(self) -> str:
        """Its id."""
        return self.id

    @property
    def state(self) -> JobState:
        """Whether it waits, runs or is over, and how it ended."""
        return _STATES[self.end]

    def works(self) -> None:
        """Notes that a worker has begun with it."""
        self.began_at = time.monotonic()
        if self.waited is None:
            self.waited = self.began_at - self._came_at

    def forward(self, name: str, data: bytes) -> None:
        """See `Operation`; counts what is of the answer."""
        super().forward(name, data)
        if name in ("token", "vector"):
            self.tokens_forwarded += 1
            if self.first_after is None:
                self.first_after = time.monotonic() - self._came_at

    @property
    def tokens_per_second(self) -> float:
        """How fast its answer comes, or came, behind the first token; 0: there is none yet."""
        if self.done is not None:
            return speed(self.done.tokens_out, (self.done.duration_ms - self.done.ttft_ms) / 1000)
        if self.first_after is None or self.is_over or self.request.inputs is not None:
            return 0.0
        return speed(self.tokens_forwarded, time.monotonic() - self._came_at - self.first_after)

    def view(self, place: int | None) -> JobView:
        """This job in `GET /jobs`, with its place in the queue where it waits in one."""
        return JobView(
            job_id=self.job_id,
            model_ref=self.request.model_ref,
            state=self.state,
            created_at_ms=self.created_at_ms,
            finished_at_ms=self.finished_at_ms,
            hive_id=self.hive_id,
            device=self.device,
            worker_id=self.worker_id,
            place=place,
            tokens_in=self.done.tokens_in if self.done else 0,
            tokens_out=self.done.tokens_out if self.done else self.tokens_forwarded,
            tokens_per_second=round(self.tokens_per_second, 1),
            progress=None if self.tokens_forwarded else self.latest_progress,
        )

    def outcome(self) -> Narration:
        """What became of it, in one line."""
        took = ((self.finished_at_ms or now_ms()) - self.created_at_ms) / 1000
        facts = {"job_id": self.job_id, "took": took}
        if self.error is not None:
            why = {"code": self.error.code, "why": self.error.message}
            return say(narration.JOB_FAILED, {**facts, **why})
        view = self.view(None)
        counts = {"read": view.tokens_in, "written": view.tokens_out}
        return say(narration.JOB_OVER, {**facts, **counts, "state": self.state.value})

    def _end(self, event: str, message: Any) -> None:
        if event == "done" and not self.is_over:
            self.done = message
        elif event == "error" and not self.is_over:
            self.error = message
        super()._end(event, message)
        # The request is dropped here, as it may hold a secret or a megabyte of text.
        self.request = JobRequest(
            model_ref=self.request.model_ref,
            node=self.request.node,
            prompt=_NO_MORE,
            count_only=self.request.count_only,
            tokens_only=self.request.tokens_only,
        )


_STATES = {
    "": JobState.RUNNING,
    "done": JobState.DONE,
    "error": JobState.FAILED,
    "cancelled": JobState.CANCELLED,
}
#: What stands for the prompt of a job that is over.
_NO_MORE = "-"
#: When a caller is to come again for whom there was no room (seconds).
RETRY_AFTER = 5


def speed(tokens: int, seconds: float) -> float:
    """Tokens per second of an answer of so many, which took `seconds` behind its first one."""
    return (tokens - 1) / seconds if tokens > 1 and seconds > 0 else 0.0


def speeds(newest_first: Iterable[Job]) -> dict[str, float]:
    """Tokens per second of each worker: those of the jobs that it writes for now, taken together,
    or of its last one."""
    now: dict[str, float] = {}
    last: dict[str, float] = {}
    for job in newest_first:
        if job.worker_id is not None and (each := job.tokens_per_second):
            if job.is_over:
                last.setdefault(job.worker_id, each)
            else:
                now[job.worker_id] = now.get(job.worker_id, 0.0) + each
    return {worker_id: round(each, 1) for worker_id, each in {**last, **now}.items()}


class JobBoard(Board[Job]):
    """The jobs of this queen."""

    def __init__(self, kept: int, kept_for: float, kept_bytes: int, asked_bytes: int) -> None:
        """See `Board`; what the jobs that are not over ask for may be `asked_bytes`."""
        super().__init__(_missing, kept, kept_for, kept_bytes)
        self._asked = 0
        self._most_asked = asked_bytes

    def require_room(self, job: Job) -> None:
        """Raises `queue_full` where the jobs that are not over ask for too much together, and
        `payload_too_large` for what is too much without its pictures."""
        # Twice the bound of a body, as a request is encoded anew here and may have grown by that.
        beside, most = job.size_asked - job.size_of_pictures, 2 * LARGEST_BODY
        if job.request.inputs is None and beside > most:
            raise RbeeError(
                "payload_too_large",
                f"what is asked is larger than {most} bytes, its pictures aside",
                "send less at once",
                {"limit": most},
            )
        too_much = self._asked and self._asked + job.size_asked > self._most_asked
        if too_much:
            raise RbeeError(
                "queue_full",
                f"what other jobs ask for takes {narration.size(self._asked)} already, and "
                f"{narration.size(self._most_asked)} are kept (jobs_asked_mib)",
                "try again in a moment",
                {"retry_after_s": RETRY_AFTER},
            )

    def add(self, operation: Job) -> None:
        """Takes a job in."""
        super().add(operation)
        self._asked += operation.size_asked

    def _is_over(self, operation: Job) -> None:
        super()._is_over(operation)
        self._asked -= operation.size_asked


def _size_of_pictures(request: JobRequest) -> int:
    pictures = request.pictures
    if not pictures:
        return 0
    from rbee.wire.pictures import size_in_json  # late: few jobs have any

    return size_in_json(picture.data for picture in pictures)


def _missing(job_id: str, known: Collection[str]) -> RbeeError:
    near = nearest(job_id, known)
    return RbeeError(
        "job_not_found",
        f"no job {job_id} is known to this queen",
        f"did you mean {near}?" if near else "GET /jobs lists them",
    )
