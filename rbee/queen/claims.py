"""Who waits for a worker, and who holds a slot of one: the one owner of the `State`.

After each change `decide` decides until nothing more is to be done now. Who asks for what is next
waits in `Claims.next` until it is decided.
"""

from __future__ import annotations

import asyncio
import time

from rbee.queen import context
from rbee.queen.decisions import decide, note
from rbee.queen.degraded import Degrading
from rbee.queen.fairness import ModelQueue, has_place
from rbee.queen.hearers import Say
from rbee.queen.hives import Hives
from rbee.queen.job_narration import places_of, queue_full, say_place, say_wait
from rbee.queen.jobs import Job
from rbee.queen.next_steps import Decision, Hold
from rbee.queen.state import Broken, Claim, State, Waiting
from rbee.wire.errors import RbeeError
from rbee.wire.settings import Settings

#: The weight of the newest job in the moving average of how long a job takes.
_WEIGHT_OF_NEWEST = 0.2


class Claims:
    """The claims of jobs, and of what is to replace workers."""

    def __init__(self, hives: Hives, settings: Settings, say: Say) -> None:
        """`say` hears what happens that belongs to no job."""
        registry = hives.registry
        self.state = State(
            registry.hives, names=registry.names, asleep=registry.asleep, waking=registry.waking
        )
        self._hives = hives
        self._jobs_waiting = settings.jobs_waiting
        self._degrading = Degrading(self.state, say, settings.degraded_for, registry.is_offline)
        self._jobs: dict[str, Job] = {}
        #: What those await who have asked for what is next, by the id of the claim.
        self._asked: dict[str, asyncio.Future[Decision]] = {}

    def join(self, job: Job) -> None:
        """A job begins to wait. Raises `queue_full` with the seconds after which to come again."""
        now = time.monotonic()
        claim = Claim(job.job_id, job.key, job.request, self.state.number(), job.holders, now)
        claim.tokens = context.guessed(job.size_asked - job.size_of_pictures, job.request)
        queue = self.state.queues().get(self.state.model(claim)) or ModelQueue({}, {}, {})
        if not has_place(queue, job.key, self._jobs_waiting):
            raise queue_full(self.state, claim, queue, self._jobs_waiting)
        self.add(job, claim)

    def add(self, job: Job, claim: Claim) -> None:
        """Takes the claim of a job in, which hears what it waits for."""
        self.state.claims[job.job_id] = claim
        self._jobs[job.job_id] = job

    def leave(self, job: Job) -> None:
        """A job is over; who waits for its slot gets it."""
        claim = self.state.claims.get(job.job_id)
        if claim is not None:
            self._note_time(job, claim)
            del self.state.claims[job.job_id], self._jobs[job.job_id]
            self.changed()

    def free(self, job: Job, claim: Claim) -> None:
        """A job whose worker was lost waits again, where it stood."""
        self._note_time(job, claim)
        self.state.free(claim)
        self.changed()

    def failed(self, broken: Broken, error: RbeeError) -> RbeeError:
        """Workers of a model kept dying on a device. Returns the error that says so."""
        explained = self._degrading.add(broken, error)
        self.changed()
        return explained

    async def next(self, claim: Claim) -> Decision:
        """What is to be done for a claim, once it is decided."""
        asked: asyncio.Future[Decision] = asyncio.get_running_loop().create_future()
        self._asked[claim.job_id] = asked
        claim.acting = False
        try:
            self.changed()
            return await asked
        finally:
            claim.acting = True
            del self._asked[claim.job_id]

    def changed(self) -> None:
        """Something is different: decides until nothing more is to be done now."""
        self._degrading.refresh()
        while (decision := decide(self.state)) is not None:
            note(self.state, decision)
            self._pass_on(decision)
        self._say_places()

    def places(self) -> dict[str, int]:
        """The places of the jobs that wait in a queue, by their ids."""
        return {claim.job_id: place for claim, place in places_of(self.state)}

    def _pass_on(self, decision: Decision) -> None:
        """Tells whoever waits what is decided for him."""
        claim = decision.claim
        if not isinstance(decision, Hold):
            asked = self._asked[claim.job_id]
            if not asked.done():  # else it is being cancelled, and leaves in a moment
                asked.set_result(decision)
        elif decision.wait not in claim.announced:
            claim.announced.add(decision.wait)
            job, wait = self._jobs[claim.job_id], decision.wait
            say_wait(job, claim, wait)
            if wait.what is Waiting.WAKING:
                self._hives.hear_of(wait.hive_id, job.say)

    def _say_places(self) -> None:
        """Tells those who wait where they stand, again when that has halved."""
        for claim, place in places_of(self.state):
            if 2 * place <= (claim.announced_place or 2 * place):
                claim.announced_place = place
                say_place(self._jobs[claim.job_id], self.state, claim, place)

    def _note_time(self, job: Job, claim: Claim) -> None:
        if job.began_at is not None and claim.worker_id:
            model, seconds = self.state.model(claim), time.monotonic() - job.began_at
            before = self.state.seconds.get(model, seconds)
            self.state.seconds[model] = before + _WEIGHT_OF_NEWEST * (seconds - before)
        job.began_at = None
