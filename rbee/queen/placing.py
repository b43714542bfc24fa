"""What is done for one claim until it has a worker. Phases 3 to 10, in their order.

Each method does what `decisions` has decided, and writes what came of it into the claim.
"""

from __future__ import annotations

from rbee.queen import scheduler
from rbee.queen.claims import Claims
from rbee.queen.decisions import facts_of
from rbee.queen.hives import Hives
from rbee.queen.job_narration import parts_in_words, say_beside, say_estimates, say_pick
from rbee.queen.jobs import Job
from rbee.queen.next_steps import Check, Grant, MakeWay, Start
from rbee.queen.rights import not_granted
from rbee.queen.starting import Starting
from rbee.queen.state import Claim, Hive, Place, Room
from rbee.queen.troubles import ROOM, Whose, is_of_room, is_passing, whose
from rbee.wire import narration
from rbee.wire.errors import RbeeError, stale
from rbee.wire.messages.devices import FoundRoom
from rbee.wire.messages.inference import unseen
from rbee.wire.messages.workers import WorkerBeat
from rbee.wire.narration import device_name

#: Of how many machines the queen asks, before a worker is started, whether they hold the model.
_ASKED = 32


class Placing:
    """A job, or the replacement of a worker, on its way to a worker."""

    def __init__(
        self, job: Job, claim: Claim, claims: Claims, hives: Hives, starting: Starting
    ) -> None:
        self._job = job
        self._claim = claim
        self._claims = claims
        self._state = claims.state
        self._hives = hives
        self._registry = hives.registry
        self._starting = starting

    # --- phases 3 to 5: who is there ------------------------------------------------------------

    async def living(self) -> None:
        """Has the hives that live tell their devices; who does not answer is skipped."""
        known = frozenset(self._registry.hives)
        living = await self._hives.living(self._job.request.node, self._job.say)
        self._claim.skipped = known - {hive.hive_id for hive in living}

    async def look(self) -> None:
        """Wakes who sleeps, and asks what is to be known before a place is chosen."""
        job, claim = self._job, self._claim
        awake = await self._hives.awake(job.request.node, job.say)
        claim.skipped = frozenset(self._registry.hives) - {hive.hive_id for hive in awake}
        if claim.holders is not None:
            awake = [hive for hive in awake if hive.hive_id in claim.holders]
            others = self._state.asleep.keys() | self._state.waking
            if not awake and others.isdisjoint(claim.holders):
                raise not_granted(job.request.model_ref)
        warm = self._warm()
        if warm is None or warm.is_in_the_way:
            await self._starting.ask_for_names(job, awake)
        claim.owners = await self._owners(awake)
        claim.troubles.missing = self._hives.missing(job.request.node)
        self._learn_from_others()
        claim.look_at(hive.hive_id for hive in awake)

    async def rouse(self, hive_id: str) -> None:
        """Wakes a machine that sleeps; one that does not wake is none of this job's places."""
        job, claim = self._job, self._claim
        asleep = self._state.asleep.get(hive_id)
        if asleep is not None and job.request.model_ref in asleep.models:
            claim.owners |= {hive_id}
        try:
            await self._hives.rouse(hive_id, job.say)
        except RbeeError as error:
            claim.troubles.add(hive_id, "", self._hives.typed_from_here(hive_id, error))
            if claim.troubles.is_over:
                raise claim.troubles.error() from None
            job.say(narration.MACHINE_NOT_AWAKE, hive_id=hive_id, why=error.message)

    def _warm(self) -> scheduler.WarmWorker | None:
        claim, loads = self._claim, self._state.loads()
        return scheduler.warm_worker(
            claim.request,
            facts_of(self._state, claim),
            loads,
            claim.troubles,
            claim.work,
            tokens=claim.tokens,
        )

    async def _owners(self, awake: list[Hive]) -> frozenset[str]:
        """Which machines have the model on their disk, where that makes a difference."""
        claim, hives = self._claim, awake
        if len(awake) > _ASKED:
            facts = [each for each in facts_of(self._state, claim) if not each.asleep]
            equal = set(scheduler.contenders(claim.request, facts))
            hives = [hive for hive in awake if hive.hive_id in equal][:_ASKED]
        if len(hives) < 2 or claim.request.node:
            return frozenset()
        return await self._hives.peers.holders(claim.request.model_ref, hives)

    def _learn_from_others(self) -> None:
        """Workers that were given up while this job waited for them are troubles of its own."""
        claim = self._claim
        mine = (claim.request.model_ref, claim.template)
        for broken, known in self._state.degraded.items():
            if (broken.model_ref, broken.template) != mine or known.at <= claim.came_at:
                continue
            # A worker of another size may do where one ran out of memory: the hive is asked.
            if not is_of_room(known.error):
                error = self._hives.typed_from_here(broken.hive_id, known.error)
                claim.troubles.learn(broken.hive_id, broken.device, error)

    async def granted(self, decision: Grant) -> WorkerBeat | None:
        """The worker of a slot; None: it has gone in the meantime. Raises `invalid_request` for
        pictures that it cannot be shown; `worker_stale` where a projector has been put beside its
        file since it was loaded."""
        job, hive_id = self._job, decision.warm.hive_id
        worker = self._registry.worker(hive_id, decision.warm.worker.worker_id)
        if worker is None:
            self._claims.free(job, self._claim)
            return None
        facts = {"worker_id": worker.worker_id, "hive_id": hive_id}
        job.say(narration.WARM_WORKER, model_ref=job.request.model_ref, **facts)
        job.hive_id, job.device, job.worker_id = hive_id, worker.device, worker.worker_id
        hive = self._registry.hives.get(hive_id)
        is_file = job.request.model_ref.startswith("file:")
        if job.request.pictures and not worker.sees and is_file and hive is not None:
            holding = await self._starting.ask_for_name(job, hive)
            if holding is not None and worker.worker_id not in holding:
                raise stale(worker.worker_id, job.request.model_ref)
        self._require_sight(worker.sees)
        return worker

    def _require_sight(self, sees: bool) -> None:
        """Raises `invalid_request` for pictures that a model cannot be shown."""
        if not sees and (pictures := self._job.request.pictures):
            raise unseen(pictures[0].called, "this model has no projector, and is shown none")

    # --- phase 6: a place with room -------------------------------------------------------------

    async def check(self, decision: Check) -> None:
        """Asks a hive whether there is room. Raises where no other place is to be tried."""
        job, claim, place, ctx = self._job, self._claim, decision.place, decision.ctx
        device = device_name(place.device)
        if decision.rival:
            job.say(narration.MAY_BE_FASTER, device=device, hive_id=place.hive_id)
        elif not decision.beside:
            say_pick(job, claim, place)
            job.say(narration.ASK_ROOM, device=device)
        hive = self._registry.hives.get(place.hive_id)
        beats = hive.beats if hive is not None else 0
        in_use = self._state.in_use(place)
        # A worker that is ending now may be gone before the answer is here, which still counts it.
        was_left = self._state.is_being_left(place)
        try:
            found = await self._starting.ask_room(job, place, ctx)
        except RbeeError as error:
            left = was_left or self._state.is_being_left(place)
            passing = (
                is_passing(error)
                or (left and error.code in ROOM)
                or self._state.works_for_others(place, error)
            )
            yields = not decision.rival and self._state.yields(place, error)
            claim.rooms[place.spot, ctx] = Room(False, passing, in_use, beats, yields)
            if not yields:
                await self._without_room(decision, error, passing)
        else:
            self._require_sight(found.sees)
            claim.rooms[place.spot, ctx] = Room(True, parts=found.parts)
            if not decision.beside:
                self._say_room(device, found)

    def _say_room(self, device: str, found: FoundRoom) -> None:
        self._job.say(narration.ROOM, device=device, model_ref=self._job.request.model_ref)
        if len(found.parts) > 1:
            self._job.say(narration.SPREAD, parts=parts_in_words(found.parts))

    async def _without_room(self, decision: Check, error: RbeeError, passing: bool) -> None:
        """A place will not do, or not now where that is `passing`."""
        job, place = self._job, decision.place
        if passing and not decision.beside:
            # What keeps the room may be this very file, which another name has led to.
            await self._starting.ask_for_names(job, self._hives_of(place))
        if decision.rival:
            if not passing:
                self._claim.troubles.add(place.hive_id, place.device, error)
            device = device_name(place.device)
            job.say(narration.NOT_FASTER, device=device, hive_id=place.hive_id)
        elif not decision.beside and not passing:
            self._go_on_from(place, error)
        elif not decision.beside:
            self._say_no_room(place)

    def _say_no_room(self, place: Place) -> None:
        device, ref = device_name(place.device), self._job.request.model_ref
        self._job.say(narration.NO_ROOM, device=device, model_ref=ref)

    def _hives_of(self, place: Place) -> list[Hive]:
        hive = self._state.hives.get(place.hive_id)
        return [] if hive is None else [hive]

    def _go_on_from(self, place: Place, error: RbeeError) -> None:
        """A place will not do. Raises where no other is to be tried."""
        job, claim, troubles = self._job, self._claim, self._claim.troubles
        if whose(error, job.request.model_ref) is Whose.MOMENT:
            job.hive_id, job.device = place.hive_id, place.device
            raise error
        error = self._hives.typed_from_here(place.hive_id, error)
        troubles.add(place.hive_id, place.device, error)
        if troubles.is_over and not any(room.passes for room in claim.rooms.values()):
            raise troubles.error()
        if error.code in ROOM:
            self._say_no_room(place)
        else:
            why = {"hive_id": place.hive_id, "why": error.message}
            job.say(narration.NEXT_PLACE, device=device_name(place.device), **why)

    async def make_way(self, decision: MakeWay) -> None:
        """Ends a worker over several machines; the place that it was in the way of is asked again,
        but where it cannot be ended."""
        facts = {"worker_id": decision.worker_id, "hive_id": decision.hive_id}
        try:
            await self._starting.end(self._job, **facts)
        except RbeeError:
            self._claim.rooms[decision.place.spot, decision.ctx] = Room(False)
        else:
            self._job.say(narration.PART_UNLOADED, **facts)
        finally:
            self._claim.ends = ""

    # --- phases 7 to 10: a worker ---------------------------------------------------------------

    async def prepare(self, place: Place) -> None:
        """Brings the model to a machine, and sees to it that the engine serves there."""
        job = self._job
        job.hive_id, job.device = place.hive_id, place.device
        if place.hive_id not in self._claim.prepared:
            await self._starting.prepare(job, place)
            self._claim.prepared.add(place.hive_id)

    async def start(self, decision: Start) -> WorkerBeat | None:
        """A new worker; None: there is no room for it after all, and the job goes on."""
        job, claim, place = self._job, self._claim, decision.place
        in_use = self._state.in_use(place)
        if decision.beside is not None:
            say_beside(job, decision, decision.beside)
        elif len(decision.estimates) > 1 or place.placement.spread != "no":
            say_estimates(job, decision.estimates)
        try:
            await self.prepare(place)
            share = decision.beside is None
            if share:
                # Others may have had it started meanwhile, by another name.
                await self._starting.ask_for_names(job, self._hives_of(place))
                if self._warm() is not None:
                    job.hive_id = job.device = None
                    return None
            started, beat = await self._starting.start(
                job, place, decision.ctx, decision.up_to, share=share
            )
            self._state.take(claim, started.worker_id)
            job.worker_id = started.worker_id
            self._registry.worker_started(place.hive_id, beat)
            return await self._starting.until_ready(job, place, started)
        except RbeeError as error:
            passing = is_passing(error) or self._state.works_for_others(place, error)
            is_device = whose(error, job.request.model_ref) is Whose.DEVICE
            if not passing and not (decision.beside and is_device):
                raise
            job.hive_id = job.device = None
            if decision.beside:
                self._claims.free(job, claim)
                job.say(narration.BESIDE_IN_VAIN, why=error.message)
            else:
                self._say_no_room(place)
            claim.rooms[place.spot, decision.ctx] = Room(False, passing, in_use)
            return None
        finally:
            claim.begun = None
            self._claims.changed()
