"""Jobs: what a client asked for, where it stands, and the events that tell it. Phase 2.2."""

from __future__ import annotations

import time
from collections.abc import Collection

from rbee.queen.shelf import Shelf
from rbee.queen.tracked_task import TrackedTask
from rbee.wire import narration
from rbee.wire.errors import RbeeError, nearest
from rbee.wire.messages.basics import encode
from rbee.wire.messages.events import Done
from rbee.wire.messages.jobs import JobRequest, JobState, JobView


class Job(TrackedTask):
    """One request and its story.

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
    ) -> None:
        super().__init__()
        #: The machines that it may run on, being those that have its model; None: any may.
        self.holders = holders
        self.may_fetch = may_fetch
        #: Why it was ended from outside, where that is a failure and not somebody's wish.
        self.revoked: RbeeError | None = None
        self.request = request
        #: The bytes of what it asks for, which is kept until it is over.
        self.size_asked = len(encode(request))
        self.key = key
        self.state = JobState.RUNNING
        self.created_at_ms = _now_ms()
        #: Whether machines that do not answer are waited for, since there are no others.
        self.is_patient = False
        self.finished_at_ms: int | None = None
        self.hive_id: str | None = None
        self.device: str | None = None
        self.worker_id: str | None = None
        self.began_at: float | None = None
        self.done: Done | None = None
        self.tokens_forwarded = 0

    @property
    def job_id(self) -> str:
        """What it is called."""
        return self.task_id

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
        )

    def forget(self) -> None:
        """Lets go of what fills memory and nobody asks for again, such as vectors."""
        self.events.forget()

    def revoke(self, why: RbeeError) -> None:
        """Ends it, wherever it stands, with `why`."""
        if self.state is JobState.RUNNING and self.revoked is None:
            self.revoked = why
            if self.task is not None:
                self.task.cancel()

    def ended(self, state: JobState) -> None:
        """Notes the final state; the terminal event is emitted beside this call.

        What was asked is kept by nobody from here on: neither a secret nor a megabyte of text.
        """
        self.state = state
        self.finished_at_ms = _now_ms()
        self.request = JobRequest(
            model_ref=self.request.model_ref, node=self.request.node, prompt=_NO_MORE
        )


#: What stands for the prompt of a job that is over.
_NO_MORE = "-"
#: When a caller is to come again for whom there was no room (seconds).
_RETRY_AFTER = 5


class JobBoard:
    """The jobs of this queen: those that run, and for a while those that are over.

    Their events are kept with them, for readers that come (back) later.
    """

    def __init__(self, kept: int, kept_for: float, kept_bytes: int, asked_bytes: int) -> None:
        """Of the last `kept` jobs those that are over are kept for `kept_for` seconds each, and
        `kept_bytes` of their events; what the others ask for may be `asked_bytes`."""
        self._asked = 0
        self._most_asked = asked_bytes
        self._jobs: dict[str, Job] = {}
        self._shelf = Shelf(kept_bytes)
        self._kept = kept
        self._kept_for = kept_for

    def require_room(self, job: Job) -> None:
        """Raises `queue_full` where the jobs that are not over ask for too much together."""
        too_much = self._asked and self._asked + job.size_asked > self._most_asked
        if too_much:
            raise RbeeError(
                "queue_full",
                f"what other jobs ask for takes {narration.size(self._asked)} already, and "
                f"{narration.size(self._most_asked)} are kept (jobs_asked_mib)",
                "try again in a moment",
                {"retry_after_s": _RETRY_AFTER},
            )

    def add(self, job: Job) -> None:
        """Takes a job in."""
        self._jobs[job.job_id] = job
        self._asked += job.size_asked
        self._forget_old()

    def over(self, job: Job) -> None:
        """A job is over, and its last event is out."""
        self._asked -= job.size_asked
        self._shelf.put(job)

    def get(self, job_id: str) -> Job:
        """A job by its id. Raises `job_not_found` with near matches."""
        self._forget_old()
        try:
            return self._jobs[job_id]
        except KeyError:
            near = nearest(job_id, self._jobs)
            raise RbeeError(
                "job_not_found",
                f"no job {job_id} is known to this queen",
                f"did you mean {near}?" if near else "GET /jobs lists them",
            ) from None

    def running(self) -> list[Job]:
        """The jobs that are not over."""
        return [job for job in self._jobs.values() if job.state is JobState.RUNNING]

    def all(self) -> list[Job]:
        """Every job that is kept, newest first."""
        self._forget_old()
        return list(reversed(self._jobs.values()))

    def _forget_old(self) -> None:
        surplus = len(self._jobs) - self._kept
        oldest = _now_ms() - self._kept_for * 1000
        gone = []
        for number, job in enumerate(self._jobs.values()):
            if job.finished_at_ms is None:
                continue
            if number >= surplus and job.finished_at_ms >= oldest:
                break  # those behind it came later
            gone.append(job.job_id)
        for job_id in gone:
            self._shelf.take(self._jobs.pop(job_id))


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
