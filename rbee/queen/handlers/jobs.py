"""Jobs: handed in, listed, followed, cancelled."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from rbee.http.serving import serves
from rbee.queen.dispatcher import Dispatcher
from rbee.queen.jobs import Job, JobBoard
from rbee.wire.messages.basics import Named
from rbee.wire.messages.jobs import (
    CANCEL_JOB,
    JOB,
    JOB_EVENTS,
    JOBS,
    SUBMIT_JOB,
    JobAccepted,
    JobList,
    JobRequest,
    JobView,
)
from rbee.wire.model_ref import parse_model_ref


class JobHandlers(NamedTuple):
    """`begin` takes a job in, and sets to work on it."""

    begin: Callable[[JobRequest], Job]
    jobs: JobBoard
    dispatcher: Dispatcher

    @serves(SUBMIT_JOB)
    async def submit(self, wanted: JobRequest) -> JobAccepted:
        """Hands in a job, whose work begins whoever listens."""
        wanted.model_ref = str(parse_model_ref(wanted.model_ref))
        job = self.begin(wanted)
        return JobAccepted(job_id=job.job_id, events_url=JOB_EVENTS.target(Named(id=job.job_id)))

    @serves(JOBS)
    async def listed(self) -> JobList:
        """Lists the jobs, newest first."""
        places = self.dispatcher.places()
        return JobList(jobs=[job.view(places.get(job.job_id)) for job in self.jobs.newest_first()])

    @serves(JOB)
    async def show(self, wanted: Named) -> JobView:
        """Tells of one job: state, place, counts."""
        job = self.jobs.get(wanted.id)
        return job.view(self.dispatcher.places().get(job.job_id))

    @serves(JOB_EVENTS)
    async def follow(self, wanted: Named) -> Job:
        """Tells the story of a job from its beginning; `Last-Event-ID` resumes."""
        return self.jobs.get(wanted.id)

    @serves(CANCEL_JOB)
    async def cancel(self, wanted: Named) -> None:
        """Cancels a job, and answers when it is over."""
        await self.jobs.get(wanted.id).call_off()
