"""Sees each job from its request to its last token, as `decide` decides. Phases 4 to 11.

A job's task runs `Dispatcher.run`: it asks the `Claims` what is next, has its `Placing` do that,
and takes in what goes wrong. Whoever started that task ends the job's stream with what comes back
or is raised here.
"""

from __future__ import annotations

import asyncio
import contextlib

import msgspec

from rbee.process import journal
from rbee.process.deadline import timeout
from rbee.queen import context, scheduler
from rbee.queen.claims import Claims
from rbee.queen.hearers import Say
from rbee.queen.hives import Hives
from rbee.queen.idling import Idling
from rbee.queen.inference import infer
from rbee.queen.jobs import Job
from rbee.queen.moving import Moving
from rbee.queen.next_steps import Check, Grant, Look, MakeWay, Prepare, Refuse, Rouse, Start
from rbee.queen.placing import Placing
from rbee.queen.starting import Starting
from rbee.queen.state import Broken, Claim, is_ready
from rbee.queen.troubles import Troubles, Whose, is_deadly, whose
from rbee.wire import narration
from rbee.wire.errors import RbeeError
from rbee.wire.messages.events import Done
from rbee.wire.messages.workers import WorkerBeat
from rbee.wire.narration import say
from rbee.wire.placement import CPU
from rbee.wire.settings import Settings


class Dispatcher:
    """Has each job get a worker, and its answer from that; `claims` are what jobs want."""

    def __init__(self, hives: Hives, settings: Settings, say: Say) -> None:
        """`say` hears what happens that belongs to no job."""
        self.claims = Claims(hives, settings, say)
        self._hives = hives
        self._registry = hives.registry
        self._settings = settings
        self._starting = Starting(hives, settings)
        self._moving = Moving(self.claims, hives, self._starting, say)
        self.idling = Idling(self._registry, settings.stop_request, self._starting.let_idle)
        self._registry.on_change(self._moving.refresh)
        self._registry.on_change(self.claims.changed)

    def close(self) -> None:
        """Stops the replacements of workers that are under way."""
        self._moving.close()

    async def run(self, job: Job) -> Done:
        """From a request to its last token. Raises `RbeeError` with what went wrong.

        What breaks before the first token is tried again where `troubles` leave a place; after it
        the text so far is all there is, since a request whose tokens have begun to flow is never
        silently replayed.
        """
        claim = self.claims.state.claims[job.job_id]
        while True:
            try:
                return await self._registry.unless_offline(
                    lambda: job.hive_id or "", self._attempt(job, claim)
                )
            except RbeeError as failed:
                error = self._starting.explained(job.worker_id, failed)
                if job.tokens_forwarded:
                    raise error from None
                self.claims.free(job, claim)
                if self._grows(job, claim, error):
                    continue
                try:
                    await self._learn_from(job, claim, error)
                except RbeeError as last:
                    if not self._stays(job, claim, last):
                        raise

    async def _attempt(self, job: Job, claim: Claim) -> Done:
        worker = await self._worker(job, claim)
        hive_id = job.hive_id or ""
        placed = {"worker_id": worker.worker_id, "hive_id": hive_id, "device": job.device}
        journal.write(say(narration.JOB_PLACED, {"job_id": job.job_id, **placed}))
        if job.request.keep_loaded and not worker.kept:
            await self._starting.keep(job, hive_id, worker.worker_id)
        if job.request.may_idle_s is None:
            self.idling.let(hive_id, worker.worker_id, None)
        try:
            return await infer(job, worker, self._hives, self._settings, whole=claim.short is None)
        finally:
            # Not before: it might be unloaded between this and the beginning of the job.
            idle = job.request.may_idle_s
            if idle is not None and not self._is_used_beside(claim):
                telling = self.idling.let(job.hive_id or "", worker.worker_id, idle)
                if telling is not None and idle == 0:
                    # Nobody is to be given a worker that is about to leave.
                    await asyncio.shield(telling)

    async def _worker(self, job: Job, claim: Claim) -> WorkerBeat:
        """A worker with a slot for a job: what is decided is done until it has one."""
        placing = Placing(job, claim, self.claims, self._hives, self._starting)
        job.hive_id = job.device = None
        await placing.living()
        worker = None
        while worker is None:
            match decision := await self.claims.next(claim):
                case Look():
                    await placing.look()
                case Rouse():
                    await placing.rouse(decision.hive_id)
                case Check():
                    await placing.check(decision)
                case MakeWay():
                    await placing.make_way(decision)
                case Prepare():
                    await placing.prepare(decision.place)
                    job.hive_id = job.device = None
                case Start():
                    worker = await placing.start(decision)
                    if worker is not None:
                        self._moving.started(job, claim, decision)
                case Grant():
                    worker = await placing.granted(decision)
                case Refuse():
                    raise decision.error
        return worker

    def _is_used_beside(self, claim: Claim) -> bool:
        """Whether another job has a slot of the worker of this one."""
        claims = self.claims.state.claims.values()
        return any(each.worker_id == claim.worker_id for each in claims if each is not claim)

    # --- a job that needs more context ----------------------------------------------------------

    def _grows(self, job: Job, claim: Claim, error: RbeeError) -> bool:
        """Whether a job is to have a worker with more context than the one that has refused it."""
        worker = self._registry.worker(job.hive_id or "", job.worker_id or "")
        if claim.short is not None or worker is None or not context.is_short(error):
            return False
        wanted = context.wanted(error, claim.request, worker)
        if not wanted and context.is_too_long(error):
            return False
        claim.short = error
        if not wanted:
            return True  # it goes on with as much context as there is
        # An answer that a context cuts off is not moved from a GPU to the CPU, which is far slower.
        on_cpu = context.is_too_long(error) or worker.device == CPU
        allow_cpu = claim.request.allow_cpu and on_cpu
        claim.request = msgspec.structs.replace(claim.request, ctx=wanted, allow_cpu=allow_cpu)
        facts = {name: error.details[name] for name in ("tokens", "context")}
        facts["tokens"] += 0 if context.is_too_long(error) else job.request.max_tokens or 0
        job.say(narration.CONTEXT_SHORT, wanted=wanted, **facts)
        return True

    def _stays(self, job: Job, claim: Claim, error: RbeeError) -> bool:
        """Whether a job goes on with less context than it needs, since by `error` no machine has
        room for more. Raises the refusal where the prompt alone does not fit into less."""
        if claim.short is None or claim.request is job.request:
            return False
        if error is not claim.short and whose(error, job.request.model_ref) is Whose.REQUEST:
            return False
        if context.is_too_long(claim.short):
            raise context.no_larger(claim.short, claim.request.ctx or 0)
        job.say(narration.CONTEXT_STAYS, context=claim.short.details["context"])
        claim.request, claim.troubles = job.request, Troubles(job.request)
        return True

    # --- what went wrong ------------------------------------------------------------------------

    async def _learn_from(self, job: Job, claim: Claim, error: RbeeError) -> None:
        """Takes in what went wrong with an attempt, before the next one.

        Raises the error where there is none: that of the place, or of all that were tried.
        """
        hive_id, device, troubles = job.hive_id, job.device or "", claim.troubles
        why = error.message
        if hive_id is None:
            named = job.request.node is not None or troubles.is_over
            if named or job.is_patient or not troubles.silent:
                raise error
            job.say(narration.WAIT_SILENT, hive_id=troubles.silent[0])
            job.is_patient = True
            troubles.forgive_silence()
            return
        if is_deadly(error):
            ref = job.request.model_ref
            error = self.claims.failed(Broken(hive_id, device, ref, claim.template), error)
        error = self._hives.typed_from_here(hive_id, error)
        its = troubles.add(hive_id, device, error)
        if troubles.is_over:
            raise troubles.error()
        job.say(narration.MOVING_ON, why=why)
        if its is Whose.MOMENT:
            await self._settle(job, hive_id, error)

    async def _settle(self, job: Job, hive_id: str, error: RbeeError) -> None:
        """Waits until heartbeats tell what has become of the worker that a job has lost.

        A hive that has ended with a part of it is woken by the next look, and not asked in vain.
        """
        await self._hives.check(hive_id)
        if "part_on" in error.details:
            await self._hives.check(error.details["part_on"])
        worker_id, ref = job.worker_id or "", job.request.model_ref
        before = self._registry.worker(hive_id, worker_id)
        hive = self._registry.hives.get(hive_id)
        if error.code == "worker_stale" and hive is not None:
            await self._starting.ask_for_name(job, hive)

        # Of one over several machines nothing may be left: nobody waits for its room.
        on_several = before is not None and before.placement.spread == "swarm"

        def is_news() -> bool:
            worker = self._registry.worker(hive_id, worker_id)
            if on_several:
                return worker is None
            if error.code == "worker_busy" and worker is not before:
                return True
            return worker is None or not (is_ready(worker) and scheduler.leads_to(ref, worker))

        with contextlib.suppress(asyncio.TimeoutError):
            async with timeout(self._settings.connect_timeout):
                await self._registry.until(is_news)
                await self._starting.end_parts(job, worker_id)
