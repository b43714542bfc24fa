"""Sees to it that each job gets a worker, and that what `decide` decides is done. Phases 4 to 11.

The one owner of the `State`: who waits, who holds a slot, which worker is being started, what is
degraded. A job's task runs `Dispatcher.run`; whoever started that task ends the job's stream with
what comes back or is raised here.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from rbee.process import journal
from rbee.process.deadline import timeout
from rbee.process.tasks import spawn
from rbee.queen import context, scheduler
from rbee.queen.decisions import (
    Check,
    Decision,
    Grant,
    Hold,
    Look,
    MakeRoom,
    MakeWay,
    Prepare,
    Refuse,
    Rouse,
    Start,
    Stay,
    decide,
    facts_of,
    is_wanted,
    note,
)
from rbee.queen.degraded import Degrading
from rbee.queen.fairness import ModelQueue, has_place
from rbee.queen.hearers import Say
from rbee.queen.hives import Hives
from rbee.queen.idling import Idling
from rbee.queen.inference import infer
from rbee.queen.job_narration import (
    parts_in_words,
    places_of,
    queue_full,
    say_beside,
    say_estimates,
    say_pick,
    say_place,
    say_wait,
)
from rbee.queen.jobs import Job
from rbee.queen.registry import Registry
from rbee.queen.replacing import look_again, may_move, replacement, short_of, waits_for_a_gpu
from rbee.queen.rights import not_granted
from rbee.queen.starting import Starting
from rbee.queen.state import Broken, Claim, Hive, Place, Room, State, Waiting, is_ready
from rbee.queen.troubles import ROOM, Troubles, Whose, is_deadly, is_of_room, is_passing, whose
from rbee.wire import narration
from rbee.wire.errors import RbeeError, stale
from rbee.wire.messages.events import Done
from rbee.wire.messages.inference import unseen
from rbee.wire.messages.workers import WorkerBeat
from rbee.wire.narration import device_name, say
from rbee.wire.placement import CPU
from rbee.wire.settings import Settings

#: Of how many machines the queen asks, before a worker is started, whether they hold the model.
_ASKED = 32
#: The weight of the newest job in the moving average of how long a job takes.
_WEIGHT_OF_NEWEST = 0.2


class _Better(NamedTuple):
    """The claim of a replacement, and whether its model may be fetched. `short`: the GPUs that were
    too small when the worker was placed, and the bytes that it takes there."""

    move: Claim
    may_fetch: bool
    short: Mapping[tuple[str, str], int]


class Dispatcher:
    """Has each job get a worker, in the order of `decide`; the owner of the `State`."""

    def __init__(self, hives: Hives, registry: Registry, settings: Settings, say: Say) -> None:
        """`say` hears what happens that belongs to no job."""
        self.state = State(
            registry.hives, names=registry.names, asleep=registry.asleep, waking=registry.waking
        )
        self._hives = hives
        self._registry = registry
        self._settings = settings
        self._say = say
        self._starting = Starting(hives, registry, settings)
        self._degrading = Degrading(self.state, say, settings.degraded_for, registry.is_offline)
        self._jobs: dict[str, Job] = {}
        #: The futures that the tasks of jobs await, by the id of the claim.
        self._asked: dict[str, asyncio.Future[Decision]] = {}
        self._moves: dict[str, asyncio.Task[None]] = {}
        #: What is to replace workers by one in a better place, by the id of the worker.
        self._better: dict[str, _Better] = {}
        self.idling = Idling(registry, settings.stop_request, self._starting.let_idle)
        self._described = 0
        registry.on_change(self._changed)

    # --- a job, from its first phase to its last ------------------------------------------------

    def join(self, job: Job) -> None:
        """A job begins to wait. Raises `queue_full` with the seconds after which to come again."""
        now = time.monotonic()
        claim = Claim(job.job_id, job.key, job.request, self.state.number(), job.holders, now)
        claim.tokens = context.guessed(job.size_asked - job.size_of_pictures, job.request)
        model = self.state.model(claim)
        queue = self.state.queues().get(model) or ModelQueue({}, {}, {})
        if not has_place(queue, job.key, self._settings.jobs_waiting):
            raise queue_full(self.state, claim, queue, self._settings.jobs_waiting)
        self.state.claims[job.job_id] = claim
        self._jobs[job.job_id] = job

    def leave(self, job: Job) -> None:
        """A job is over; who waits for its slot gets it."""
        claim = self.state.claims.get(job.job_id)
        if claim is not None:
            self._note_time(job, claim)
            del self.state.claims[job.job_id], self._jobs[job.job_id]
            self._changed()

    async def run(self, job: Job) -> Done:
        """From a request to its last token. Raises `RbeeError` with what went wrong.

        What breaks before the first token is tried again where `troubles` leave a place; after it
        the text so far is all there is, since a request whose tokens have begun to flow is never
        silently replayed.
        """
        claim = self.state.claims[job.job_id]
        while True:
            try:
                return await self._registry.unless_offline(
                    lambda: job.hive_id or "", self._attempt(job, claim)
                )
            except RbeeError as failed:
                error = self._starting.explained(job.worker_id, failed)
                if job.tokens_forwarded:
                    raise error from None
                self._free(job, claim)
                if self._grows(job, claim, error):
                    continue
                try:
                    await self._learn_from(job, claim, error)
                except RbeeError as last:
                    if not self._stays(job, claim, last):
                        raise

    async def _attempt(self, job: Job, claim: Claim) -> Done:
        job.hive_id = job.device = None
        known = frozenset(self._registry.hives)
        living = await self._hives.living(job.request.node, job.say)
        claim.skipped = known - {hive.hive_id for hive in living}
        worker = None
        while worker is None:
            decision = await self._next(claim)
            if isinstance(decision, Look):
                await self._look(job, claim)
            elif isinstance(decision, Rouse):
                await self._rouse(job, decision)
            elif isinstance(decision, Check):
                await self._check(job, decision)
            elif isinstance(decision, MakeWay):
                await self._make_way(job, decision)
            elif isinstance(decision, Prepare):
                await self._prepare(job, claim, decision.place)
                job.hive_id = job.device = None
            elif isinstance(decision, Start):
                worker = await self._start(job, decision)
            elif isinstance(decision, Grant):
                worker = self._granted(job, decision)
                if worker is not None:
                    await self._require_sight_of(job, worker)
            elif isinstance(decision, Refuse):
                raise decision.error
        placed = {"worker_id": worker.worker_id, "hive_id": job.hive_id, "device": job.device}
        journal.write(say(narration.JOB_PLACED, {"job_id": job.job_id, **placed}))
        if job.request.keep_loaded and not worker.kept:
            await self._starting.keep(job, job.hive_id or "", worker.worker_id)
        if job.request.may_idle_s is None:
            self.idling.let(job.hive_id or "", worker.worker_id, None)
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

    def _is_used_beside(self, claim: Claim) -> bool:
        """Whether another job has a slot of the worker of this one."""
        claims = self.state.claims.values()
        return any(each.worker_id == claim.worker_id for each in claims if each is not claim)

    async def _next(self, claim: Claim) -> Decision:
        """What is to be done for a claim, once it is decided."""
        asked: asyncio.Future[Decision] = asyncio.get_running_loop().create_future()
        self._asked[claim.job_id] = asked
        claim.acting = False
        try:
            self._changed()
            return await asked
        finally:
            claim.acting = True
            del self._asked[claim.job_id]

    # --- the state changes ----------------------------------------------------------------------

    def _changed(self) -> None:
        """Something is different: decides until nothing more is to be done now."""
        self._degrading.refresh()
        self._forget_the_gone()
        self._look_for_better()
        while (decision := decide(self.state)) is not None:
            note(self.state, decision)
            self._pass_on(decision)
        self._say_places()

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

    def _free(self, job: Job, claim: Claim) -> None:
        """A job whose worker was lost waits again, where it stood."""
        self._note_time(job, claim)
        self.state.free(claim)
        self._changed()

    def _note_time(self, job: Job, claim: Claim) -> None:
        if job.began_at is not None and claim.worker_id:
            model, seconds = self.state.model(claim), time.monotonic() - job.began_at
            before = self.state.seconds.get(model, seconds)
            self.state.seconds[model] = before + _WEIGHT_OF_NEWEST * (seconds - before)
        job.began_at = None

    def _forget_the_gone(self) -> None:
        """Workers that nobody has any more are replaced by none."""
        moves = [claim for claim in self.state.claims.values() if claim.moves]
        if moves:
            there = {each for hive in self.state.hives.values() for each in hive.workers}
            for claim in moves:
                if not claim.acting and claim.moves not in there:
                    self._moves[claim.job_id].cancel()

    def _look_for_better(self) -> None:
        """Has workers moved, where that may be, to machines that have joined since they began, and
        to GPUs that others have left."""
        if not self._better or self._described == self._registry.described_so_far:
            return
        self._described = self._registry.described_so_far
        there = {worker.worker_id for _, worker in self._registry.workers()}
        for worker_id in self._better.keys() - there:
            del self._better[worker_id]
        with_gpus = {
            hive.hive_id for hive in self.state.hives.values() if hive.devices and hive.devices.gpus
        }
        moving = {claim.moves for claim in self.state.claims.values()}
        for worker_id, (move, _, short) in self._better.items():
            if worker_id in moving:
                continue
            if look_again(self.state, move, short) or not with_gpus <= move.known:
                self._move_later(worker_id)

    # --- phases 3 to 5: who is there ------------------------------------------------------------

    async def _look(self, job: Job, claim: Claim) -> None:
        """Wakes who sleeps, and asks what is to be known before a place is chosen."""
        awake = await self._hives.awake(job.request.node, job.say)
        claim.skipped = frozenset(self._registry.hives) - {hive.hive_id for hive in awake}
        if claim.holders is not None:
            awake = [hive for hive in awake if hive.hive_id in claim.holders]
            others = self.state.asleep.keys() | self.state.waking
            if not awake and others.isdisjoint(claim.holders):
                raise not_granted(job.request.model_ref)
        warm = self._warm(claim)
        if warm is None or warm.is_in_the_way:
            await self._starting.ask_for_names(job, awake)
        claim.owners = await self._owners(claim, awake)
        claim.troubles.missing = self._hives.missing(job.request.node)
        self._learn_from_others(claim)
        claim.look_at(hive.hive_id for hive in awake)

    async def _rouse(self, job: Job, decision: Rouse) -> None:
        """Wakes a machine that sleeps; one that does not wake is none of this job's places."""
        claim, hive_id = decision.claim, decision.hive_id
        asleep = self.state.asleep.get(hive_id)
        if asleep is not None and job.request.model_ref in asleep.models:
            claim.owners |= {hive_id}
        try:
            await self._hives.rouse(hive_id, job.say)
        except RbeeError as error:
            claim.troubles.add(hive_id, "", self._hives.typed_from_here(hive_id, error))
            if claim.troubles.is_over:
                raise claim.troubles.error() from None
            job.say(narration.MACHINE_NOT_AWAKE, hive_id=hive_id, why=error.message)

    def wants(self, hive_id: str) -> bool:
        """See `decisions.is_wanted`."""
        return is_wanted(self.state, hive_id)

    def _warm(self, claim: Claim) -> scheduler.WarmWorker | None:
        facts, loads = facts_of(self.state, claim), self.state.loads()
        return scheduler.warm_worker(
            claim.request, facts, loads, claim.troubles, claim.work, tokens=claim.tokens
        )

    async def _owners(self, claim: Claim, awake: list[Hive]) -> frozenset[str]:
        """Which machines have the model on their disk, where that makes a difference."""
        hives = awake
        if len(awake) > _ASKED:
            facts = [each for each in facts_of(self.state, claim) if not each.asleep]
            equal = set(scheduler.contenders(claim.request, facts))
            hives = [hive for hive in awake if hive.hive_id in equal][:_ASKED]
        if len(hives) < 2 or claim.request.node:
            return frozenset()
        return await self._hives.peers.holders(claim.request.model_ref, hives)

    def _learn_from_others(self, claim: Claim) -> None:
        """Workers that were given up while this job waited for them are troubles of its own."""
        mine = (claim.request.model_ref, claim.template)
        for broken, known in self.state.degraded.items():
            if (broken.model_ref, broken.template) != mine or known.at <= claim.came_at:
                continue
            # A worker of another size may do where one ran out of memory: the hive is asked.
            if not is_of_room(known.error):
                error = self._hives.typed_from_here(broken.hive_id, known.error)
                claim.troubles.learn(broken.hive_id, broken.device, error)

    def _granted(self, job: Job, decision: Grant) -> WorkerBeat | None:
        """The worker of a slot; None: it has gone in the meantime."""
        claim, warm = decision.claim, decision.warm
        worker = self._registry.worker(warm.hive_id, warm.worker.worker_id)
        if worker is None:
            self._free(job, claim)
            return None
        facts = {"worker_id": worker.worker_id, "hive_id": warm.hive_id}
        job.say(narration.WARM_WORKER, model_ref=job.request.model_ref, **facts)
        job.hive_id, job.device, job.worker_id = warm.hive_id, worker.device, worker.worker_id
        return worker

    async def _require_sight_of(self, job: Job, worker: WorkerBeat) -> None:
        """Raises `invalid_request` for pictures that a worker cannot be shown; `worker_stale` where
        a projector has been put beside its file since it was loaded."""
        hive = self._registry.hives.get(job.hive_id or "")
        is_file = job.request.model_ref.startswith("file:")
        if job.request.pictures and not worker.sees and is_file and hive is not None:
            holding = await self._starting.ask_for_name(job, hive)
            if holding is not None and worker.worker_id not in holding:
                raise stale(worker.worker_id, job.request.model_ref)
        _require_sight(job, worker.sees)

    # --- phase 6: a place with room -------------------------------------------------------------

    async def _check(self, job: Job, decision: Check) -> None:
        claim, place, beside = decision.claim, decision.place, decision.beside
        device, ref = device_name(place.device), job.request.model_ref
        if decision.rival:
            job.say(narration.MAY_BE_FASTER, device=device, hive_id=place.hive_id)
        elif not beside:
            say_pick(job, claim, place)
            job.say(narration.ASK_ROOM, device=device)
        hive = self._registry.hives.get(place.hive_id)
        beats = hive.beats if hive is not None else 0
        in_use = self.state.in_use(place)
        # A worker that is ending now may be gone before the answer is here, which still counts it.
        left = place.is_on_several and self.state.is_being_left(place)
        try:
            found = await self._starting.ask_room(job, place, decision.ctx)
        except RbeeError as error:
            passing = is_passing(error)
            left = left or (place.is_on_several and self.state.is_being_left(place))
            if left and error.code in ROOM:
                passing = True
            passing = passing or self.state.works_for_others(place, error)
            yields = not decision.rival and self.state.yields(place, error)
            claim.rooms[place.spot, decision.ctx] = Room(False, passing, in_use, beats, yields)
            if yields:
                return
            if passing and not beside:
                # What keeps the room may be this very file, which another name has led to.
                await self._starting.ask_for_names(job, self._hives_of(place))
            if decision.rival:
                if not passing:
                    claim.troubles.add(place.hive_id, place.device, error)
                job.say(narration.NOT_FASTER, device=device, hive_id=place.hive_id)
            elif not beside and not passing:
                self._go_on_from(job, claim, place, error)
            elif not beside:
                job.say(narration.NO_ROOM, device=device, model_ref=ref)
        else:
            _require_sight(job, found.sees)
            claim.rooms[place.spot, decision.ctx] = Room(True, parts=found.parts)
            if not beside:
                job.say(narration.ROOM, device=device, model_ref=ref)
                if len(found.parts) > 1:
                    job.say(narration.SPREAD, parts=parts_in_words(found.parts))

    async def _make_way(self, job: Job, decision: MakeWay) -> None:
        """Ends a worker over several machines; the place that it was in the way of is asked again,
        but where it cannot be ended."""
        claim, spot = decision.claim, decision.place.spot
        try:
            await self._starting.end(job, decision.hive_id, decision.worker_id)
        except RbeeError:
            claim.rooms[spot, decision.ctx] = Room(False)
        else:
            facts = {"worker_id": decision.worker_id, "hive_id": decision.hive_id}
            job.say(narration.PART_UNLOADED, **facts)
        finally:
            claim.ends = ""

    def _hives_of(self, place: Place) -> list[Hive]:
        return [hive for hive in self.state.hives.values() if hive.hive_id == place.hive_id]

    def _go_on_from(self, job: Job, claim: Claim, place: Place, error: RbeeError) -> None:
        """A place will not do. Raises where no other is to be tried."""
        troubles, ref = claim.troubles, job.request.model_ref
        if whose(error, ref) is Whose.MOMENT:
            job.hive_id, job.device = place.hive_id, place.device
            raise error
        error = self._hives.typed_from_here(place.hive_id, error)
        troubles.add(place.hive_id, place.device, error)
        if troubles.is_over and not any(room.passes for room in claim.rooms.values()):
            raise troubles.error()
        device = device_name(place.device)
        if error.code in ROOM:
            job.say(narration.NO_ROOM, device=device, model_ref=ref)
        else:
            why = {"hive_id": place.hive_id, "why": error.message}
            job.say(narration.NEXT_PLACE, device=device, **why)

    # --- phases 7 to 10: a worker ---------------------------------------------------------------

    async def _prepare(self, job: Job, claim: Claim, place: Place) -> None:
        job.hive_id, job.device = place.hive_id, place.device
        if place.hive_id not in claim.prepared:
            await self._starting.prepare(job, place)
            claim.prepared.add(place.hive_id)

    async def _start(self, job: Job, decision: Start) -> WorkerBeat | None:
        """A new worker; None: there is no room for it after all, and the job goes on."""
        claim, place = decision.claim, decision.place
        job.hive_id, job.device = place.hive_id, place.device
        in_use = self.state.in_use(place)
        if decision.beside is not None:
            say_beside(job, decision, decision.beside)
        elif len(decision.estimates) > 1 or place.placement.spread != "no":
            say_estimates(job, decision.estimates)
        try:
            await self._prepare(job, claim, place)
            share = decision.beside is None
            if share:
                # Others may have had it started meanwhile, by another name.
                await self._starting.ask_for_names(job, self._hives_of(place))
                if self._warm(claim) is not None:
                    job.hive_id = job.device = None
                    return None
            started, beat = await self._starting.start(
                job, place, decision.ctx, decision.up_to, share=share
            )
            self.state.take(claim, started.worker_id)
            job.worker_id = started.worker_id
            self._registry.worker_started(place.hive_id, beat)
            worker = await self._starting.until_ready(job, place, started)
        except RbeeError as error:
            passing = is_passing(error) or self.state.works_for_others(place, error)
            if not passing and not (
                decision.beside and whose(error, job.request.model_ref) is Whose.DEVICE
            ):
                raise
            job.hive_id = job.device = None
            if decision.beside:
                self._free(job, claim)
                job.say(narration.BESIDE_IN_VAIN, why=error.message)
            else:
                line = narration.NO_ROOM
                job.say(line, device=device_name(place.device), model_ref=job.request.model_ref)
            claim.rooms[place.spot, decision.ctx] = Room(False, passing, in_use)
            return None
        finally:
            claim.begun = None
            self._changed()
        is_busy_elsewhere = place.fallback and waits_for_a_gpu(claim)
        if is_busy_elsewhere or (may_move(claim, place) and not decision.up_to):
            hives = self._registry.hives.values()
            known = frozenset(hive.hive_id for hive in hives if hive.devices) - claim.skipped
            move = replacement(claim, started.worker_id, known)
            self._better[started.worker_id] = _Better(move, job.may_fetch, short_of(claim))
            if is_busy_elsewhere:
                self._move_later(started.worker_id)
        return worker

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
            error = self.failed(Broken(hive_id, device, ref, claim.template), error)
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

    def failed(self, broken: Broken, error: RbeeError) -> RbeeError:
        """Workers of a model kept dying on a device. Returns the error that says so."""
        explained = self._degrading.add(broken, error)
        self._changed()
        return explained

    # --- a worker is replaced by one in a better place ------------------------------------------

    def _move_later(self, worker_id: str) -> None:
        """A worker is not where it would be best: once a better place has room it is replaced by
        one there."""
        move, may_fetch, _ = self._better[worker_id]
        job = Job(move.request, holders=move.holders, may_fetch=may_fetch)
        move.job_id = job.job_id
        self.state.claims[job.job_id] = move
        self._jobs[job.job_id] = job
        self._moves[job.job_id] = spawn(
            self._move(job, move), f"the move of {worker_id}", lambda _: self._moved(job)
        )

    async def _move(self, job: Job, claim: Claim) -> None:
        """Replaces a worker: a new one first, then the end of the old one once nobody uses it."""
        devices = [
            each.device for _, each in self._registry.workers() if each.worker_id == claim.moves
        ]
        old = "a CPU" if devices in ([], [CPU]) else device_name(devices[0])
        models = {"model_ref": job.request.model_ref, "old": old}
        try:
            while True:
                decision = await self._next(claim)
                if isinstance(decision, Check):
                    await self._check(job, decision)
                elif isinstance(decision, Start):
                    place = decision.place
                    line = narration.MOVE_BEGUN
                    if place.is_new_to(claim.known):
                        line = narration.MOVE_TO_JOINED
                    where = {"device": device_name(place.device), "hive_id": place.hive_id}
                    self._say(line, **where, **models)
                    await self._start(job, decision)
                elif isinstance(decision, MakeRoom):
                    await self._starting.end(job, decision.hive_id, claim.moves)
                    self._say(narration.MOVED, worker_id=claim.moves, **models)
                    return
                elif isinstance(decision, Stay):
                    return
        except RbeeError as error:
            self._say(narration.MOVE_IN_VAIN, why=error.message, **models)

    def _moved(self, job: Job) -> None:
        claim = self.state.claims.pop(job.job_id)
        del self._jobs[job.job_id], self._moves[job.job_id]
        claim.known |= self._registry.hives.keys()
        claim.worker_id = ""
        self._changed()

    def close(self) -> None:
        """Stops the replacements that are under way."""
        for move in self._moves.values():
            move.cancel()

    # --- what is told ---------------------------------------------------------------------------

    def places(self) -> dict[str, int]:
        """The places of the jobs that wait in a queue, by their ids."""
        return {claim.job_id: place for claim, place in places_of(self.state)}

    def _say_places(self) -> None:
        """Tells those who wait where they stand, again when that has halved."""
        for claim, place in places_of(self.state):
            if 2 * place <= (claim.announced_place or 2 * place):
                claim.announced_place = place
                say_place(self._jobs[claim.job_id], self.state, claim, place)


def _require_sight(job: Job, sees: bool) -> None:
    """Raises `invalid_request` for pictures that a model cannot be shown."""
    if not sees and (pictures := job.request.pictures):
        raise unseen(pictures[0].called, "this model has no projector, and is shown none")
