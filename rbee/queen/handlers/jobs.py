"""Jobs: handed in, listed, followed, cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from aiohttp import web

from rbee.http.events import respond
from rbee.http.serving import serves, serves_http
from rbee.queen.flow import Flow
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
from rbee.wire.settings import Settings


class JobHandlers:
    """`begin` takes a job in, and sets to work on it."""

    def __init__(
        self, begin: Callable[[JobRequest], Job], jobs: JobBoard, flow: Flow, settings: Settings
    ) -> None:
        self._begin = begin
        self._jobs = jobs
        self._flow = flow
        self._settings = settings

    @serves(SUBMIT_JOB)
    async def submit(self, wanted: JobRequest) -> JobAccepted:
        """Raises `queue_full`."""
        wanted.model_ref = str(parse_model_ref(wanted.model_ref))
        job = self._begin(wanted)
        return JobAccepted(job_id=job.job_id, events_url=JOB_EVENTS.target(Named(id=job.job_id)))

    @serves(JOBS)
    async def listed(self) -> JobList:
        """With the place of each that waits."""
        places = self._flow.places()
        return JobList(jobs=[job.view(places.get(job.job_id)) for job in self._jobs.all()])

    @serves(JOB)
    async def show(self, wanted: Named) -> JobView:
        """Raises `job_not_found`, as the others do."""
        job = self._jobs.get(wanted.id)
        return job.view(self._flow.places().get(job.job_id))

    @serves_http(JOB_EVENTS)
    async def follow(self, request: web.Request, wanted: Named) -> web.StreamResponse:
        """A job that nobody reads any more is cancelled after a while."""
        job = self._jobs.get(wanted.id)
        try:
            return await respond(request, job.events, comment_every=self._settings.stream_comment)
        finally:
            if not job.events.readers and not job.events.closed:
                loop = asyncio.get_running_loop()
                loop.call_later(self._settings.reader_grace, _cancel_unread, job)

    @serves(CANCEL_JOB)
    async def cancel(self, wanted: Named) -> None:
        """Returns when the job is over."""
        job = self._jobs.get(wanted.id)
        if job.task is not None:
            job.task.cancel()
            await asyncio.wait([job.task])


def _cancel_unread(job: Job) -> None:
    unread = not job.events.readers
    if unread and job.task is not None:
        job.task.cancel()
