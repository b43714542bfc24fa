"""Where a job would run, and what each place for it has and lacks; starts no worker, fetches
nothing. Phases 5, 6 and 8, asked about.

Each place is asked as for a job, and what would come of that is decided by who decides for jobs.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Container, Mapping, Sequence

import msgspec

from rbee.http.client import Peer
from rbee.queen.away import free_of, needs_of, room_of
from rbee.queen.decisions import decide, facts_of
from rbee.queen.hives import Hives
from rbee.queen.next_steps import Check, Decision, Grant, MakeWay, Refuse, Rouse, Start
from rbee.queen.scheduler import HiveFacts, places
from rbee.queen.several import Several
from rbee.queen.speed import estimate
from rbee.queen.state import Claim, Hive, Place, Room, State
from rbee.queen.troubles import is_passing
from rbee.wire.errors import RbeeError
from rbee.wire.messages.devices import CAPACITY, AskRoom, FoundRoom, PartRoom
from rbee.wire.messages.jobs import JobRequest
from rbee.wire.messages.plans import AskPlan, AwayMachine, Plan, PlannedPlace
from rbee.wire.messages.sides import FreeDevice
from rbee.wire.messages.workers import PROVISION_WORKER
from rbee.wire.placement import Part, Placement
from rbee.wire.settings import Settings

#: Stands for the prompt, and for the id, of the job that is planned.
_NO_PROMPT = "-"


class Planner:
    """Plans jobs. `state` is that of the claims, and read alone."""

    def __init__(self, hives: Hives, state: State, settings: Settings) -> None:
        self._hives = hives
        self._state = state
        self._settings = settings

    async def plan(self, wanted: AskPlan, awake: Sequence[Hive], operation_id: str) -> Plan:
        """What would come of a job, of which only what is about its place is told.

        Raises as `places` does.
        """
        fields = msgspec.structs.asdict(wanted)
        fields["spread"] = wanted.spread or self._settings.spread
        request = JobRequest(prompt=_NO_PROMPT, **fields)
        claim = Claim(_NO_PROMPT, "", request, self._state.last + 1, acting=False)
        if len(awake) > 1:
            claim.owners = await self._hives.peers.holders(request.model_ref, awake)
        claim.look_at(())
        away = {each.facts.hive_id: each for each in await self._hives.away(request.model_ref)}
        named = [each.facts for each in away.values()]
        found = list(places(request, [*self._facts(claim), *named]))
        awake_ones = [place for place in found if not _away(place, away)]
        answers = await asyncio.gather(
            *(self._ask(claim, place, operation_id) for place in awake_ones)
        )
        asked = list(zip(awake_ones, answers))
        for each in asked:
            self._note(claim, *each)
        # A refusal may open places to a job that were not among the first, such as larger spreads.
        while isinstance(decision := self._decided(claim), Check):
            if decision.claim is not claim or any(decision.place == place for place, _ in asked):
                break
            asked.append((decision.place, await self._ask(claim, decision.place, operation_id)))
            self._note(claim, *asked[-1])
        for number, (place, _) in enumerate(asked):
            if place.is_on_several and self._yields(claim, place):
                idle = [part for _, parts in self._state.idle_parts(place) for part in parts]
                again = await self._ask(claim, place, operation_id, idle)
                if isinstance(again, FoundRoom):
                    asked[number] = place, again
        plan = self._plan_of(claim, asked, decision)
        rows = dict(zip((place for place, _ in asked), plan.places))
        needs = needs_of([row.parts[0] for row in plan.places if len(row.parts) == 1])
        has = {key: free_of(each.facts.devices, self._settings) for key, each in away.items()}
        for place in found:
            if place not in rows:
                rows[place] = await self._row_away(claim, place, operation_id, has, needs)
        order = [*found, *(place for place in rows if place not in found)]
        plan.places = [rows[place] for place in order]
        if isinstance(decision, Rouse) and decision.claim is claim:
            plan.outcome, rows[decision.place].taken = "wake", True
        plan.away = [
            AwayMachine(hive_id=key, how=each.how, why=each.why) for key, each in away.items()
        ]
        return plan

    async def _row_away(
        self,
        claim: Claim,
        place: Place,
        operation_id: str,
        has: Mapping[str, list[FreeDevice]],
        needs: Mapping[bool, int],
    ) -> PlannedPlace:
        """A place with machines that are not awake, were they. One that is awake deals out the
        layers."""
        away = _away(place, has)
        parts = sorted(place.placement.parts, key=lambda part: part.hive_id in has)
        asked = place._replace(placement=Placement(tuple(parts)))
        if parts[0].hive_id not in has:
            answer = await self._ask(claim, asked, operation_id, away=has)
            row = _row(asked, answer, False, [])
        else:
            row = _row(place, RbeeError("hive_asleep", "not known", ""), False, [])
            row.parts, short = room_of(place, has, needs)
            row.fits, row.short_bytes, row.estimate = short == 0, short or 0, True
        row.hive_id, row.device, row.away = place.hive_id, place.device, away
        return row

    def _facts(self, claim: Claim) -> list[HiveFacts]:
        """The machines that can be asked: none is woken for a plan."""
        return [hive for hive in facts_of(self._state, claim) if not hive.asleep]

    def _yields(self, claim: Claim, place: Place) -> bool:
        return claim.rooms[place.spot, claim.request.ctx].yields

    async def _ask(
        self,
        claim: Claim,
        place: Place,
        operation_id: str,
        idle: Sequence[Part] = (),
        away: Mapping[str, list[FreeDevice]] | None = None,
    ) -> FoundRoom | RbeeError:
        """What a hive says of a place: what a worker takes there, or why it cannot be there. Over
        several machines these `idle` parts of others count as gone, and those `away` as awake."""
        request = claim.request

        def peer_of(hive_id: str) -> Peer:
            return self._hives.peers.hive(
                self._state.hives[hive_id], operation_id, request.hub_token
            )

        peer, ref = peer_of(place.hive_id), request.model_ref
        try:
            if place.is_on_several:
                several = Several(self._hives, self._settings)
                about = place, ref, request.ctx, request.engine
                found = await several.ask_room(*about, peer_of, idle, away)
            else:
                room = AskRoom(device=place.device, model=ref, ctx=request.ctx or 0)
                found = await peer.call(CAPACITY, room)
        except RbeeError as error:
            return error
        try:
            await peer.call(PROVISION_WORKER, place.kind(request.engine))
        except RbeeError as error:
            error.details["parts"] = msgspec.to_builtins(found.parts)
            return error
        return found

    def _note(self, claim: Claim, place: Place, answer: FoundRoom | RbeeError) -> None:
        spot = place.spot, claim.request.ctx
        if isinstance(answer, FoundRoom):
            claim.rooms[spot] = Room(True, parts=answer.parts)
            return
        hive = self._state.hives[place.hive_id]
        passes = is_passing(answer) or self._state.works_for_others(place, answer)
        in_use, yields = self._state.in_use(place), self._state.yields(place, answer)
        claim.rooms[spot] = Room(False, passes, in_use, hive.beats, yields)
        if not (passes or yields):
            claim.troubles.add(place.hive_id, place.device, answer)

    def _decided(self, claim: Claim) -> Decision | None:
        claims = {**self._state.claims, claim.job_id: claim}
        return decide(msgspec.structs.replace(self._state, claims=claims))

    def _plan_of(
        self,
        claim: Claim,
        asked: Sequence[tuple[Place, FoundRoom | RbeeError]],
        decision: Decision | None,
    ) -> Plan:
        plan = Plan(model_ref=claim.request.model_ref, outcome="wait", places=[])
        taken = None
        if decision is not None and decision.claim is claim:
            if isinstance(decision, (Start, MakeWay)):
                plan.outcome, taken = "start", decision.place
            elif isinstance(decision, Grant):
                plan.outcome, plan.worker_id = "worker", decision.warm.worker.worker_id
            elif isinstance(decision, Refuse):
                plan.outcome = "refuse"
        facts = self._facts(claim)
        plan.places = [_row(place, answer, place == taken, facts) for place, answer in asked]
        for row, (place, answer) in zip(plan.places, asked):
            if self._yields(claim, place) and not isinstance(answer, FoundRoom):
                self._count_idle_parts(row, place)
        return plan

    def _count_idle_parts(self, row: PlannedPlace, place: Place) -> None:
        """What models over several machines have that idle there is free, since they would leave;
        that of others that idle has been counted by the hives."""
        row.fits, row.short_bytes, row.why = True, 0, ""
        for _, parts in self._state.idle_parts(place):
            for idle, room in itertools.product(parts, row.parts):
                where = room.hive_id or place.hive_id, room.device
                room.free_bytes += idle.bytes * (where == (idle.hive_id, idle.device))


def _away(place: Place, away: Container[str]) -> list[str]:
    """The machines of a place that are away, in their order."""
    hives = dict.fromkeys(part.hive_id for part in place.placement.parts)
    return [each for each in hives if each in away]


def _row(
    place: Place, answer: FoundRoom | RbeeError, taken: bool, facts: Sequence[HiveFacts]
) -> PlannedPlace:
    row = PlannedPlace(
        hive_id=place.hive_id, device=place.device, backend=place.backend, taken=taken, parts=[]
    )
    if isinstance(answer, FoundRoom):
        row.fits, row.slots, row.context = True, answer.slots, answer.context
        row.parts, row.estimate = answer.parts, answer.estimate
        expected = estimate(place, answer.parts, facts)
        if expected is not None:
            row.tokens_per_second, row.loading_s = expected.tokens_per_second, expected.loading
        return row
    row.why, details = answer.message, answer.details
    if "parts" in details:
        row.parts = msgspec.convert(details["parts"], list[PartRoom])
    elif "need_bytes" in details:
        need, free = details["need_bytes"], details["free_bytes"]
        row.parts = [PartRoom(device=place.device, need_bytes=need, free_bytes=free)]
    row.short_bytes = details.get("short_bytes", 0)
    return row
