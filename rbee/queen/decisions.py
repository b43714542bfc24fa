"""What happens next to the jobs that want a worker. Phases 5 to 10. Pure: values in, values out.

`decide` gives the next thing to be done, for one job: the first question of `_Turn.step` that has
an answer. `placing` does it, notes in the claim what came of it, and asks again. It is decided
until the answer is None; then when anything has changed. For people: docs/scheduling.md.
"""

from __future__ import annotations

import itertools
import operator
from collections.abc import Iterable, Sequence

from rbee.queen import scheduler
from rbee.queen.context import is_too_long
from rbee.queen.demand import is_made_for, kept_for_the_other, vectors_up_to, wants_another
from rbee.queen.fairness import may_serve
from rbee.queen.next_steps import (
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
)
from rbee.queen.scheduler import HiveFacts, WarmWorker, takes_one
from rbee.queen.speed import Race
from rbee.queen.state import (
    Claim,
    Place,
    Room,
    State,
    Wait,
    Waiting,
    idles,
    is_ready,
    meet,
)
from rbee.queen.troubles import ROOM
from rbee.wire.errors import RbeeError
from rbee.wire.messages.workers import WorkerState
from rbee.wire.placement import CPU, DEVICE_FLOOR, devices_in

_GIB = 1024**3
#: The fields of a request that limit where its worker may be.
_placing = operator.attrgetter("node", "device", "backend", "engine", "ctx", "allow_cpu", "spread")


def decide(state: State) -> Decision | None:
    """What is to be done next; None: nothing, as long as nothing changes."""
    if all(claim.acting for claim in state.claims.values()):
        return None
    this = _Turn(state)
    for queue in this.queues:
        # A job that wants what an earlier one wants waits as that does, unless a slot is free.
        waits: dict[tuple[object, ...], Wait] = {}
        asking = set()
        for index, claim in enumerate(queue):
            wish = _wish(claim)
            if claim.acting:
                if claim.wait is not None:
                    waits.setdefault(wish, claim.wait)
                    asking.add(wish)
                continue
            known = waits.get(wish) if claim.looked else None
            if known is None or wish in asking:
                decision = this.step(claim, queue, index, known)
            else:
                decision = Hold(claim, known)
            if not isinstance(decision, Hold):
                return decision
            if decision.wait != claim.wait or claim.begun is not None:
                return decision
            waits[wish] = decision.wait
    moves = (this.move(claim) for claim in state.claims.values() if claim.moves)
    return next((decision for decision in moves if decision is not None), None)


def note(state: State, decision: Decision) -> None:
    """Writes down what is decided, before it is done."""
    claim = decision.claim
    if isinstance(decision, Hold):
        claim.wait, claim.begun, claim.fresh = decision.wait, None, False
        claim.skipped = frozenset()  # hives that did not answer are asked again after the wait
        claim.rooms = {spot: room for spot, room in claim.rooms.items() if not room.fits}
        return
    claim.acting = True
    if isinstance(decision, Grant):
        state.take(claim, decision.warm.worker.worker_id)
    elif isinstance(decision, Rouse):
        # What its hive said of its room before it slept holds no more.
        rooms = claim.rooms.items()
        claim.rooms = {on: room for on, room in rooms if on[0][0] != decision.hive_id}
    elif isinstance(decision, Prepare) or (isinstance(decision, Check) and not decision.beside):
        claim.begun = 0
    elif isinstance(decision, MakeWay):
        claim.ends = decision.worker_id
        del claim.rooms[decision.place.spot, decision.ctx]
    elif isinstance(decision, Start):
        claim.begun = decision.up_to
        del claim.rooms[decision.place.spot, decision.ctx]


def is_wanted(state: State, hive_id: str) -> bool:
    """Whether a machine is not to be suspended now: a job works there or names it, or it is just
    being decided, or prepared, where one does."""
    hive = state.hives.get(hive_id)
    there = hive.workers if hive is not None else {}
    return any(
        claim.worker_id in there
        or (not claim.worker_id and (claim.acting or claim.request.node == hive_id))
        for claim in state.claims.values()
    )


class _Turn:
    """The state as it is decided upon once."""

    def __init__(self, state: State) -> None:
        self._state = state
        # The queue whose oldest job came first is decided upon first.
        waiting = [queue for queue in state.waiting().values() if queue]
        self.queues = sorted(waiting, key=lambda queue: min(each.number for each in queue))
        self._loads = state.loads()
        self._known: dict[str, list[HiveFacts]] = {}
        waits = [
            (claim, claim.wait) for queue in waiting for claim in queue if claim.wait is not None
        ]
        #: Claims that wait for room on a device, and claims that wait for their turn with a worker.
        self._for_room = [each for each in waits if each[1].what is Waiting.ROOM]
        self._for_turn = [
            each
            for each in waits
            if each[1].what is Waiting.TURN and not self._is_starting(each[0])
        ]

    def step(self, claim: Claim, queue: list[Claim], index: int, instead: Wait | None) -> Decision:
        """What a job does next, at this index of its queue. `instead` is what it waits for where it
        gets no slot: a job before it is looking for a worker that will do for both."""
        before = set(map(id, queue[:index]))

        def is_first(other: Claim) -> bool:
            others = self._state.model(other) != self._state.model(claim)
            return id(other) in before or (others and other.number < claim.number)

        spots = {wait.spot for other, wait in self._for_room if is_first(other)}
        turns = [
            (wait.worker_id, other.work.is_vectors)
            for other, wait in self._for_turn
            if is_first(other)
        ]
        warm = self._warm(claim, spots, turns)
        if claim.begun is None and takes_one(warm):
            return Grant(claim, warm)
        if not claim.looked:
            return Look(claim)
        if instead is not None:
            return Hold(claim, instead)
        wait = self._wait_for(warm, spots)
        if claim.begun is None and self._is_starting(claim):
            return Hold(claim, wait)
        if warm is None:
            decision = self._placed(claim, spots)
        else:
            decision = self._beside(claim, spots, warm, wait) or Hold(claim, wait)
        if isinstance(decision, Refuse) and (waking := self._wakes_yet(claim)):
            decision = Hold(claim, Wait(Waiting.WAKING, waking))
        is_sure = claim.is_fresh(self._state.hives) or isinstance(decision, Hold)
        return decision if is_sure else Look(claim)

    def move(self, claim: Claim) -> Decision | None:
        """What is done next to replace a worker by one in a better place, where that has room again
        or is on a machine that has joined.

        Nobody waits for that: it takes no room that somebody waits for, nor from a worker that was
        used since.
        """
        if claim.acting:
            return None
        state, ctx = self._state, claim.request.ctx
        last = state.used.get(claim.moves, 0)
        for hive in state.hives.values() if claim.worker_id else ():
            worker = hive.workers.get(claim.moves)
            if worker is not None and idles(worker) and claim.moves not in self._loads:
                return MakeRoom(claim, hive.hive_id)
        warm = self._warm(claim, set(), [])
        if claim.worker_id or self._is_starting(claim) or warm is not None:
            is_there = warm is not None and is_ready(warm.worker) and not claim.worker_id
            return Grant(claim, warm) if is_there and warm is not None else None
        wanted = {wait.spot for _, wait in self._for_room}
        for place in self._places(claim):
            room = claim.rooms.get((place.spot, ctx))
            if _is_among(place, wanted) or (room is None and not place.is_new_to(claim.known)):
                continue
            if room is not None and room.fits:
                return Start(claim, place, ctx)
            there = state.workers_on(place.spot)
            eased = room is None or self._has_eased(room, place)
            if eased and all(state.used.get(i, 0) < last for i in there):
                return Check(claim, place, ctx, beside=True)
        return None if any(room.passes for room in claim.rooms.values()) else Stay(claim)

    # --- phase 5: a worker that is there ----------------------------------------------------

    def _warm(
        self, claim: Claim, spots: set[tuple[str, str]], turns: list[tuple[str, bool]]
    ) -> WarmWorker | None:
        """The best worker that holds the model, free or not. It is in the way of a job where it
        does what that does not go with, or is left to those who wait for `spots` and `turns`."""
        kept = kept_for_the_other(turns, claim.work) | self._draining(spots)
        return scheduler.warm_worker(
            claim.request,
            self._facts(claim),
            self._loads,
            claim.troubles,
            claim.work,
            kept,
            claim.tokens,
        )

    def _draining(self, spots: set[tuple[str, str]]) -> frozenset[str]:
        """The workers that take nothing in: somebody waits for their room, they are replaced, or
        they are being ended."""
        on = (self._state.workers_on(spot) for spot in spots)
        claims = self._state.claims.values()
        replaced = (claim.moves for claim in claims if claim.moves and claim.worker_id)
        ended = (claim.ends for claim in claims if claim.ends)
        return frozenset(itertools.chain(replaced, ended, *on))

    def _wait_for(self, warm: WarmWorker | None, spots: set[tuple[str, str]]) -> Wait:
        if warm is None:
            return Wait(Waiting.START)
        worker_id = warm.worker.worker_id
        if worker_id in self._draining(spots):
            what = Waiting.DRAIN
        elif warm.is_in_the_way:
            what = Waiting.TURN
        else:
            is_loading = warm.worker.state is WorkerState.LOADING
            what = Waiting.LOADING if is_loading else Waiting.SLOT
        return Wait(what, warm.hive_id, worker_id)

    def _is_starting(self, claim: Claim) -> bool:
        """Whether a worker is being started for another job that may serve this one, too."""
        model = self._state.model(claim)
        return any(
            other.begun is not None
            and other is not claim
            and self._state.model(other) == model
            and is_made_for(other.begun, claim.work)
            and may_serve(other.request, claim.request)
            for other in self._state.claims.values()
        )

    # --- phases 5 and 6: a place for a new one ----------------------------------------------

    def _placed(self, claim: Claim, spots: set[tuple[str, str]]) -> Decision:
        """The best place that has room, or is to be asked; where running jobs keep it, it is waited
        for when no other is left. One that comes after it and may be faster is asked, too."""
        ctx, later = claim.request.ctx, None
        race = Race(self._awake_facts(claim))
        try:
            for place in scheduler.places(claim.request, self._facts(claim), claim.troubles):
                room = claim.rooms.get((place.spot, ctx))
                sleeper = self._sleeper(place)
                if sleeper is None and not race.is_open_to(place):
                    continue
                is_spread = place.placement.spread in ("machine", "swarm")
                if later is not None and is_spread and not later.is_on_several:
                    continue  # a single GPU will have room for it later
                if sleeper is not None:
                    # Nobody is woken for what may be faster, or is known to be too large.
                    if race.best is None and not _is_too_large(claim, place, self._facts(claim)):
                        return Rouse(claim, place, sleeper)
                    continue
                if _is_among(place, spots):
                    later = later or place
                elif room is not None and room.fits:
                    race.enter(place, room.parts)
                elif room is not None and room.yields:
                    if race.best is None:  # no worker is ended for a place that is only faster
                        return self._make_way(claim, place, ctx)
                elif room is None or not room.passes or self._has_eased(room, place):
                    return Check(claim, place, ctx, rival=race.best is not None)
                else:
                    later = later or place
                if race.is_over:
                    break
        except RbeeError as error:
            # Where no machine is left, the refusal tells why each of them was given up.
            is_alone = not self._facts(claim) and claim.troubles
            return Refuse(claim, claim.troubles.error() if is_alone else error)
        if race.best is not None:
            return Start(claim, race.best, ctx, estimates=race.estimates)
        if later is not None and claim.short is not None and not is_too_long(claim.short):
            return Refuse(claim, claim.short)  # others do not make room for a longer answer
        if later is not None and later.hive_id not in claim.prepared:
            return Prepare(claim, later)
        if later is not None:
            return Hold(claim, Wait(Waiting.ROOM, later.hive_id, device=later.device))
        return Refuse(claim, claim.troubles.error())

    def _wakes_yet(self, claim: Claim) -> str | None:
        """A machine that takes long to wake and may do for a job, None: there is none. The end of
        an answer waits for nobody."""
        if claim.short is not None and not is_too_long(claim.short):
            return None
        named, holders = claim.request.node, claim.holders
        waking = (
            hive_id
            for hive_id in self._state.waking
            if named in (None, hive_id)
            and (holders is None or hive_id in holders)
            and not claim.troubles.is_out(hive_id)
        )
        return min(waking, default=None)

    def _beside(
        self, claim: Claim, spots: set[tuple[str, str]], warm: WarmWorker, wait: Wait
    ) -> Decision | None:
        """A further worker for a model that has one: on a GPU, or for work that the present worker
        cannot do at the same time."""
        if warm.worker.state is WorkerState.LOADING:
            return None
        places: Iterable[Place]
        up_to, ctx, facts = 0, claim.request.ctx, self._awake_facts(claim)
        if not warm.is_in_the_way:
            places = (
                place
                for place in self._places(claim)
                if not (meet(place.device, CPU) or place.is_on_several)
            )
        elif wants_another(claim.work, warm.load):
            up_to = vectors_up_to(claim.work)
            if up_to and ctx is None:
                ctx = min(warm.worker.context, up_to)
            places = scheduler.places_beside(warm, claim.request, facts, claim.troubles)
        else:
            return None
        for place in places:
            room = claim.rooms.get((place.spot, ctx))
            if _is_among(place, spots):
                continue
            if room is not None and room.yields:
                return self._make_way(claim, place, ctx, beside=True)
            if room is None or self._has_eased(room, place):
                return Check(claim, place, ctx, beside=True)
            if room.fits:
                return Start(claim, place, ctx, up_to, wait)
        return None

    def _make_way(
        self, claim: Claim, place: Place, ctx: int | None, *, beside: bool = False
    ) -> Decision:
        """The end of an idle worker with parts in a place, which is asked again then."""
        idle = self._state.idle_parts(place)
        if not idle:
            return Check(claim, place, ctx, beside)
        worker_id, head = idle[0][0].worker_id, idle[0][0].placement.head.hive_id
        if any(other.ends == worker_id for other in self._state.claims.values()):
            return Hold(claim, Wait(Waiting.DRAIN, head, worker_id))
        return MakeWay(claim, place, ctx, head, worker_id)

    def _has_eased(self, room: Room, place: Place) -> bool:
        """Whether a worker that took the room has ended since: the hive is then asked again."""
        if not room.passes:
            return False
        if room.in_use:
            return not room.in_use <= self._state.in_use(place)
        return self._state.hives[place.hive_id].beats > room.beats

    def _places(self, claim: Claim) -> Iterable[Place]:
        """The places for a further worker; none where there is an error, as the job has a worker
        already. Nobody is woken for one."""
        try:
            return scheduler.places(claim.request, self._awake_facts(claim), claim.troubles)
        except RbeeError:
            return ()

    def _sleeper(self, place: Place) -> str | None:
        """The first machine of a place that sleeps, None where all are awake."""
        asleep = self._state.asleep
        parts = place.placement.parts if asleep else ()
        return next((part.hive_id for part in parts if part.hive_id in asleep), None)

    def _awake_facts(self, claim: Claim) -> list[HiveFacts]:
        return [hive for hive in self._facts(claim) if not hive.asleep]

    def _facts(self, claim: Claim) -> list[HiveFacts]:
        known = self._known.get(claim.job_id)
        if known is None:
            known = self._known[claim.job_id] = facts_of(self._state, claim)
        return known


def _is_among(place: Place, spots: Iterable[tuple[str, str]]) -> bool:
    """Whether a part of a placement is on one of these devices (`spots`: hive and device)."""
    return any(
        hive_id == part.hive_id and part.device in devices_in(on)
        for hive_id, on in spots
        for part in place.placement.parts
    )


def _is_too_large(claim: Claim, place: Place, hives: Iterable[HiveFacts]) -> bool:
    """Whether what the model needs on a GPU, as another has told, is more than those of a place on
    one machine have; of more than that nobody knows before it is asked."""
    needs: list[float] = [
        trouble.error.details.get("need_bytes", 0)
        for trouble in claim.troubles
        if trouble.error.code in ROOM and len(devices_in(trouble.device)) == 1
    ]
    if not needs or place.is_on_several or place.has_ram:
        return False
    gpus = next(hive.devices.gpus for hive in hives if hive.hive_id == place.hive_id)
    devices = devices_in(place.device)
    have = sum(gpu.vram_gb * _GIB - DEVICE_FLOOR for gpu in gpus if gpu.id in devices)
    return have < min(needs)


def facts_of(state: State, claim: Claim) -> list[HiveFacts]:
    """The machines that may work for a job and have told their devices, those that sleep last."""
    what = (claim.request.model_ref, claim.template)
    degraded = [
        (each.hive_id, each.device)
        for each in state.degraded
        if (each.model_ref, each.template) == what
    ]

    def on(hive_id: str) -> Sequence[str]:
        return [device for where, device in degraded if where == hive_id] if degraded else ()

    awake = [hive for hive in state.hives.values() if hive.hive_id not in claim.skipped]
    asleep = [hive for hive in state.asleep.values() if not claim.troubles.is_out(hive.hive_id)]
    return [
        HiveFacts(
            hive,
            hive.devices,
            on(hive.hive_id),
            claim.request.model_ref in hive.models if sleeps else hive.hive_id in claim.owners,
            sleeps,
        )
        for hives, sleeps in ((awake, False), (asleep, True))
        for hive in hives
        if hive.devices is not None and (claim.holders is None or hive.hive_id in claim.holders)
    ]


def _wish(claim: Claim) -> tuple[object, ...]:
    """A key that is equal for jobs that any one worker could serve alike."""
    if claim.troubles:
        return (claim.job_id,)
    holders = None if claim.holders is None else frozenset(claim.holders)
    return *_placing(claim.request), claim.work.longest, claim.template, holders
