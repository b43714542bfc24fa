"""What happens next to the jobs that want a worker. Phases 5 to 10. Pure: values in, values out.

`decide` gives the next thing to be done, for one job: the first question of `_Turn.step` that has
an answer. The dispatcher does it, notes in the state what came of it, and asks again, until the
answer is None; then when anything has changed. For people: docs/scheduling.md.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, TypeAlias

from rbee.queen import scheduler
from rbee.queen.fairness import may_serve
from rbee.queen.scheduler import HiveFacts, WarmWorker, takes_one
from rbee.queen.state import (
    CPU,
    LOCAL,
    Claim,
    Place,
    Room,
    Spot,
    State,
    Wait,
    Waiting,
    idles,
    is_ready,
)
from rbee.queen.work import is_made_for, kept_for_the_other, vectors_up_to, wants_another
from rbee.wire.errors import RbeeError
from rbee.wire.messages.jobs import JobRequest
from rbee.wire.messages.workers import WorkerState

#: What of a request is about its worker, beside where that may be, and a prompt for it.
_OF_A_WORKER = ("model_ref", "node", "engine", "ctx", "chat_template")
_NO_PROMPT = "-"


class Grant(NamedTuple):
    """A job gets a slot of a worker that holds its model."""

    claim: Claim
    warm: WarmWorker


class Look(NamedTuple):
    """Who sleeps is woken, and names are asked for, before a place for a worker is chosen."""

    claim: Claim


class Check(NamedTuple):
    """A hive is asked whether there is room. `beside`: the job has a worker that it can wait for,
    and hears nothing of it."""

    claim: Claim
    place: Place
    ctx: int | None
    beside: bool = False

    @property
    def spot(self) -> Spot:
        """Where, and with what context."""
        return self.place.hive_id, self.place.device, self.ctx


class Start(NamedTuple):
    """A worker is started where there is room; its hive ends those that idle in its way.

    `beside` is the worker that the job can wait for all the same; `up_to`: the new one makes
    vectors alone, of inputs of so many tokens.
    """

    claim: Claim
    place: Place
    ctx: int | None
    up_to: int = 0
    beside: str = ""

    @property
    def spot(self) -> Spot:
        """Where, and with what context."""
        return self.place.hive_id, self.place.device, self.ctx


class Another(NamedTuple):
    """A place is chosen for a worker more, since this one is busy and a GPU has room."""

    claim: Claim
    worker_id: str


class Hold(NamedTuple):
    """A job waits."""

    claim: Claim
    wait: Wait


class Refuse(NamedTuple):
    """A job can run nowhere."""

    claim: Claim
    error: RbeeError


class MakeRoom(NamedTuple):
    """A worker on the CPU ends: there is one on a GPU in its stead, and nobody uses it."""

    claim: Claim
    hive_id: str


Decision: TypeAlias = "Grant | Look | Check | Start | Another | Hold | Refuse | MakeRoom"


def decide(state: State) -> Decision | None:
    """What is to be done next; None: nothing, as long as nothing changes."""
    if all(claim.acting for claim in state.claims.values()):
        return None
    turn = _Turn(state)
    for queue in turn.queues:
        # Who wants the same as somebody before waits for the same, unless there is a free slot.
        waits: dict[tuple[object, ...], Wait] = {}
        asking: set[tuple[object, ...]] = set()
        for number, claim in enumerate(queue):
            wish = _wish(claim)
            if claim.acting:
                if claim.wait is not None:
                    waits.setdefault(wish, claim.wait)
                    asking.add(wish)
                continue
            known = waits.get(wish) if claim.looked else None
            if known is None or wish in asking:
                decision = turn.step(claim, queue[:number], known)
            else:
                decision = Hold(claim, known)
            if not isinstance(decision, Hold):
                return decision
            if decision.wait != claim.wait or claim.begun is not None:
                return decision
            waits[wish] = decision.wait
    moves = (turn.move(claim) for claim in state.claims.values() if claim.moves)
    return next((decision for decision in moves if decision is not None), None)


def note(state: State, decision: Decision) -> None:
    """Writes down what is decided, before it is done."""
    claim = decision.claim
    if isinstance(decision, Hold):
        claim.wait, claim.begun, claim.another, claim.fresh = decision.wait, None, False, False
        return
    if isinstance(decision, Another):
        claim.begun, claim.another, claim.fresh = 0, True, False
        claim.rooms = {spot: room for spot, room in claim.rooms.items() if not room.fits}
        return
    claim.acting = True
    if isinstance(decision, Grant):
        state.take(claim, decision.warm.worker.worker_id)
    elif isinstance(decision, Check) and not decision.beside:
        claim.begun = claim.begun or 0
    elif isinstance(decision, Start):
        claim.begun = decision.up_to
        del claim.rooms[decision.spot]


def replacement(claim: Claim, worker_id: str) -> Claim:
    """What takes the place of a worker on the CPU, once running jobs leave room for it."""
    asked = {name: getattr(claim.request, name) for name in _OF_A_WORKER}
    wanted = JobRequest(**asked, allow_cpu=False, prompt=_NO_PROMPT)
    move = Claim("", "", wanted, claim.number, claim.holders, moves=worker_id)
    move.rooms = {spot: room for spot, room in claim.rooms.items() if room.passes}
    move.looked = move.fresh = True
    return move


class _Turn:
    """The state as it is decided upon once."""

    def __init__(self, state: State) -> None:
        self._state = state
        # Who came first is looked at first, and with him those of his queue.
        waiting = [queue for queue in state.waiting().values() if queue]
        self.queues = sorted(waiting, key=lambda queue: min(each.number for each in queue))
        self._loads = state.loads()
        self._known: dict[str, list[HiveFacts]] = {}
        self._retiring = frozenset(state.retiring())
        #: Those who wait for what others could take before them.
        self._keeping = [
            claim
            for queue in self.queues
            for claim in queue
            if claim.wait is not None
            and claim.wait.what in (Waiting.TURN, Waiting.ROOM)
            and not (claim.wait.what is Waiting.TURN and self._is_starting(claim))
        ]

    def step(self, claim: Claim, before: list[Claim], instead: Wait | None = None) -> Decision:
        """What a job does next. `before` are those of its queue whose turn is earlier; `instead` is
        what it waits for where it gets no slot, since one of them looks for a worker already."""
        first = [
            other
            for other in self._keeping
            if other is not claim
            and (other in before or (other not in self._queue_of(claim) and _came(other, claim)))
        ]
        spots = frozenset(
            (other.wait.hive_id, other.wait.device)
            for other in first
            if other.wait is not None and other.wait.what is Waiting.ROOM
        )
        warm = self._warm(claim, first, spots)
        if claim.begun is None and takes_one(warm):
            return Grant(claim, warm)
        if not claim.looked:
            return Look(claim)
        if instead is not None:
            return Hold(claim, instead)
        hold = Hold(claim, self._wait_for(warm, spots))
        if claim.begun is None and self._is_starting(claim):
            return hold
        decision: Decision | None
        if warm is None or claim.begun is not None:
            decision = self._placed(claim, spots, another=warm is not None)
        elif warm.is_in_the_way:
            decision = self._beside(claim, warm, spots)
        elif warm.worker.state is WorkerState.LOADING:
            decision = None
        else:
            decision = self._another(claim, warm, spots)
        if decision is None or isinstance(decision, Hold):
            return decision if decision is not None and warm is None else hold
        return decision if claim.fresh else Look(claim)

    def move(self, claim: Claim) -> Decision | None:
        """What is done next to replace a worker on the CPU by one where a device has room again.

        Nobody waits for that: it takes no room that somebody waits for, nor from a worker that was
        used since.
        """
        if claim.acting:
            return None
        state = self._state
        if claim.worker_id:
            return self._make_room(claim)
        warm = self._warm(claim, (), frozenset())
        if warm is not None:
            return Grant(claim, warm) if is_ready(warm.worker) else None
        if self._is_starting(claim):
            return None
        wanted = {(each.wait.hive_id, each.wait.device) for each in self._keeping if each.wait}
        for place in self._places(claim):
            room = claim.rooms.get((place.hive_id, place.device, claim.request.ctx))
            if room is None or (place.hive_id, place.device) in wanted:
                continue
            if room.fits:
                return Start(claim, place, claim.request.ctx)
            last = state.used.get(claim.moves, 0)
            workers = state.hives[place.hive_id].workers.values()
            there = [each.worker_id for each in workers if each.device == place.device]
            if self._has_eased(room, place) and all(state.used.get(i, 0) < last for i in there):
                return Check(claim, place, claim.request.ctx, beside=True)
        return None

    def _make_room(self, claim: Claim) -> Decision | None:
        for hive in self._state.hives.values():
            worker = hive.workers.get(claim.moves)
            if worker is not None and idles(worker) and claim.moves not in self._loads:
                return MakeRoom(claim, hive.hive_id)
        return None

    # --- phase 5: a worker that is there ----------------------------------------------------

    def _warm(
        self, claim: Claim, first: Iterable[Claim], spots: frozenset[tuple[str, str]]
    ) -> WarmWorker | None:
        """The best worker that holds the model, free or not; it is in the way of a job where it
        does what that does not go with, or is left to those who came `first`."""
        turns = [
            (other.wait.worker_id, other.work.is_vectors)
            for other in first
            if other.wait is not None and other.wait.what is Waiting.TURN
        ]
        kept = kept_for_the_other(turns, claim.work) | self._draining(spots)
        return scheduler.warm_worker(
            claim.request, self._facts(claim), self._loads, claim.troubles, claim.work, kept
        )

    def _draining(self, spots: frozenset[tuple[str, str]]) -> frozenset[str]:
        """The workers that take nothing in, since somebody waits for their room."""
        found = set(self._retiring)
        for hive_id, device in spots:
            hive = self._state.hives.get(hive_id)
            workers = hive.workers.values() if hive is not None else ()
            found.update(worker.worker_id for worker in workers if worker.device == device)
        return frozenset(found)

    def _wait_for(self, warm: WarmWorker | None, spots: frozenset[tuple[str, str]]) -> Wait:
        if warm is None:
            return Wait(Waiting.START)
        worker_id = warm.worker.worker_id
        if worker_id in self._draining(spots):
            what = Waiting.DRAIN
        elif warm.is_in_the_way:
            what = Waiting.TURN
        elif warm.worker.state is WorkerState.LOADING:
            what = Waiting.LOADING
        else:
            what = Waiting.SLOT
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

    def _placed(
        self, claim: Claim, spots: frozenset[tuple[str, str]], *, another: bool
    ) -> Decision:
        """The best place that has room, or is to be asked; where running jobs keep it, it is waited
        for when no other is left. `another`: the CPU gains nothing by it."""
        ctx, later = claim.request.ctx, None
        try:
            for place in self._places(claim):
                if another and place.device == CPU:
                    continue
                room = claim.rooms.get((place.hive_id, place.device, ctx))
                if (place.hive_id, place.device) in spots:
                    later = later or place
                elif room is None or not (room.fits or room.passes):
                    return Check(claim, place, ctx)
                elif room.fits:
                    return Start(claim, place, ctx)
                elif self._has_eased(room, place):
                    return Check(claim, place, ctx)
                else:
                    later = later or place
        except RbeeError as error:
            return Refuse(claim, error)
        if later is not None:
            return Hold(claim, Wait(Waiting.ROOM, later.hive_id, device=later.device))
        return Refuse(claim, claim.troubles.error())

    def _another(
        self, claim: Claim, warm: WarmWorker, spots: frozenset[tuple[str, str]]
    ) -> Decision | None:
        """One worker more, where a GPU has room."""
        places = (place for place in self._places(claim) if place.device != CPU)
        found = self._roomy(claim, places, claim.request.ctx, spots)
        if isinstance(found, Place):
            return Another(claim, warm.worker.worker_id)
        return found

    def _beside(
        self, claim: Claim, warm: WarmWorker, spots: frozenset[tuple[str, str]]
    ) -> Decision | None:
        """One worker more for what the one that is there does not go with."""
        if not is_ready(warm.worker) or not wants_another(claim.work, warm.load):
            return None
        up_to, ctx = vectors_up_to(claim.work), claim.request.ctx
        if up_to and ctx is None:
            ctx = min(warm.worker.context, up_to)
        places = scheduler.places_beside(warm, claim.request, self._facts(claim), claim.troubles)
        found = self._roomy(claim, places, ctx, spots)
        if isinstance(found, Place):
            return Start(claim, found, ctx, up_to, warm.worker.worker_id)
        return found

    def _roomy(
        self,
        claim: Claim,
        places: Iterable[Place],
        ctx: int | None,
        spots: frozenset[tuple[str, str]],
    ) -> Place | Check | None:
        """The first place with room, or that is to be asked, of those that nobody waits for."""
        for place in places:
            room = claim.rooms.get((place.hive_id, place.device, ctx))
            if (place.hive_id, place.device) in spots:
                continue
            if room is None or self._has_eased(room, place):
                return Check(claim, place, ctx, beside=True)
            if room.fits:
                return place
        return None

    def _has_eased(self, room: Room, place: Place) -> bool:
        """Whether somebody has ended who kept the room; it is worth another question."""
        if not room.passes:
            return False
        if room.in_use:
            return not room.in_use <= self._state.in_use(place.hive_id, place.device)
        return self._state.hives[place.hive_id].beats > room.beats

    def _places(self, claim: Claim) -> Iterable[Place]:
        return scheduler.places(claim.request, self._facts(claim), claim.troubles)

    def _facts(self, claim: Claim) -> list[HiveFacts]:
        known = self._known.get(claim.job_id)
        if known is None:
            known = self._known[claim.job_id] = facts_of(self._state, claim)
        return known

    def _queue_of(self, claim: Claim) -> list[Claim]:
        return next((queue for queue in self.queues if claim in queue), [])


def facts_of(state: State, claim: Claim) -> list[HiveFacts]:
    """The machines that may work for a job and have told their devices."""
    what = (claim.request.model_ref, claim.template)
    degraded = [
        (each.hive_id, each.device)
        for each in state.degraded
        if (each.model_ref, each.template) == what
    ]
    return [
        HiveFacts(
            hive.hive_id,
            hive.devices,
            hive.workers.values(),
            [device for hive_id, device in degraded if hive_id == hive.hive_id],
            hive.hive_id == LOCAL,
            hive.hive_id in claim.owners,
        )
        for hive in state.hives.values()
        if hive.devices is not None
        and (claim.holders is None or hive.hive_id in claim.holders)
        and hive.hive_id not in claim.skipped
    ]


def _came(first: Claim, then: Claim) -> bool:
    return first.number < then.number


def _wish(claim: Claim) -> tuple[object, ...]:
    """What a job says about the worker it wants: those that say the same want the same."""
    if claim.troubles:
        return (claim.job_id,)
    request, holders = claim.request, claim.holders
    return (
        claim.work.longest,
        request.node,
        request.device,
        request.backend,
        request.engine,
        request.ctx,
        request.allow_cpu,
        claim.template,
        None if holders is None else frozenset(holders),
    )
