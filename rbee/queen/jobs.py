"""Jobs: what a client asked for, where it stands, and the events that tell it. Phase 2.2."""

from __future__ import annotations

import difflib
import time

from rbee.queen.story import Story
from rbee.wire.errors import RbeeError
from rbee.wire.messages import Done, JobRequest, JobState, JobView


class Job(Story):
    """One request and its story. `claimed` is the worker whose slot it holds now."""

    def __init__(self, request: JobRequest) -> None:
        super().__init__()
        self.request = request
        self.state = JobState.RUNNING
        self.created_at_ms = _now_ms()
        self.finished_at_ms: int | None = None
        self.hive_id: str | None = None
        self.device: str | None = None
        self.worker_id: str | None = None
        self.claimed: str | None = None
        self.done: Done | None = None
        self.tokens_forwarded = 0

    @property
    def job_id(self) -> str:
        """What it is called."""
        return self.story_id

    def view(self) -> JobView:
        """This job in `GET /jobs`."""
        return JobView(
            job_id=self.job_id,
            model_ref=self.request.model_ref,
            state=self.state,
            created_at_ms=self.created_at_ms,
            finished_at_ms=self.finished_at_ms,
            hive_id=self.hive_id,
            device=self.device,
            worker_id=self.worker_id,
            tokens_in=self.done.tokens_in if self.done else 0,
            tokens_out=self.done.tokens_out if self.done else self.tokens_forwarded,
        )

    def ended(self, state: JobState) -> None:
        """Notes the final state; the terminal event is emitted beside this call."""
        self.state = state
        self.finished_at_ms = _now_ms()


class JobBoard:
    """The jobs of this queen: those that run, and the last ones that are over."""

    def __init__(self, running_at_most: int, kept: int) -> None:
        self._jobs: dict[str, Job] = {}
        self._running_at_most = running_at_most
        self._kept = kept

    def add(self, job: Job) -> None:
        """Takes a job in. Raises `queue_full`."""
        if len(self.running()) >= self._running_at_most:
            raise RbeeError(
                "queue_full",
                f"{self._running_at_most} jobs are waiting already",
                "try again in a moment",
                {"retry_after_s": 5},
            )
        self._jobs[job.job_id] = job
        over = [each for each in self._jobs.values() if each.state is not JobState.RUNNING]
        for each in over[: max(0, len(over) - self._kept)]:
            del self._jobs[each.job_id]

    def get(self, job_id: str) -> Job:
        """A job by its id. Raises `job_not_found` with near matches."""
        try:
            return self._jobs[job_id]
        except KeyError:
            near = difflib.get_close_matches(job_id, self._jobs, 1)
            raise RbeeError(
                "job_not_found",
                f"no job {job_id} is known to this queen",
                f"did you mean {near[0]}?" if near else "GET /jobs lists them",
            ) from None

    def running(self) -> list[Job]:
        """The jobs that are not over."""
        return [job for job in self._jobs.values() if job.state is JobState.RUNNING]

    def all(self) -> list[Job]:
        """Every job that is kept, newest first."""
        return list(reversed(self._jobs.values()))


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
