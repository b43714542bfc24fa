"""What the queen knows while she dispatches: the machines, and who wants a worker. Values.

One `State`, whose owner is `claims`. Heartbeats write the machines into it (`registry`), `claims`
and who does what is decided everything else; `decisions` reads it, and nobody else decides.
"""

from __future__ import annotations

import enum
import itertools
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec

from rbee.queen.demand import Demand, Load, work_of
from rbee.queen.fairness import ModelQueue, in_order
from rbee.queen.troubles import Troubles, short_of_room
from rbee.wire.errors import RbeeError
from rbee.wire.messages.devices import Devices, PartRoom
from rbee.wire.messages.inference import template_name
from rbee.wire.messages.jobs import JobRequest
from rbee.wire.messages.models import ModelView
from rbee.wire.messages.workers import ProvisionWorker, WorkerBeat, WorkerState
from rbee.wire.placement import CPU, Part, Placement, devices_in

#: The id and host of the machine the queen runs on.
LOCAL = "localhost"
#: Of how many workers is known which job used them last.
_REMEMBERED = 1024


class Hive(msgspec.Struct):
    """A hive that lives, or whose machine is suspended and can be woken: then all of this is from
    when it was awake.

    `url` is where the queen reaches it, by a tunnel or not. `devices` is None until it was asked,
    at `devices_at`; `beats` counts its heartbeats, and `round_trip` is how long the fastest of them
    took (seconds; 0: it has not said). `bytes_per_second` pass between it and the queen, as was
    measured at `measured_at_ms` (0: never). Other times are monotonic seconds.
    """

    hive_id: str
    host: str
    url: str
    tunnelled: bool = False
    devices: Devices | None = None
    devices_at: float = 0.0
    workers: dict[str, WorkerBeat] = {}
    beats: int = 0
    round_trip: float = 0.0
    bytes_per_second: float = 0.0
    measured_at_ms: int = 0
    last_beat: float = 0.0
    last_beat_ms: int = 0
    #: What is on the disk of a machine that is suspended, by name.
    models: Mapping[str, ModelView] = {}
    #: When that machine did not answer; None: its hive has said itself that it is suspended.
    looked_at: float | None = None


class Degraded(NamedTuple):
    """Workers of a model kept dying on a device. `at` is monotonic seconds, `until_ms` when it
    counts as sound again, in milliseconds since 1970; `why` is what came of the last of them, and
    `error` that with what it means."""

    why: str
    error: RbeeError
    at: float
    until_ms: int


class Broken(NamedTuple):
    """What is degraded: never a device alone, but one for a model, with its own chat template
    (empty) or with the one of that name."""

    hive_id: str
    device: str
    model_ref: str
    template: str


class Place(NamedTuple):
    """Where a worker could be. `fallback`: it is the CPU, taken because no GPU would do."""

    placement: Placement
    backend: str
    fallback: bool = False

    @property
    def hive_id(self) -> str:
        """The machine whose hive starts the worker."""
        return self.placement.head.hive_id

    @property
    def device(self) -> str:
        """The device, as its hive calls it."""
        return self.placement.devices

    @property
    def has_ram(self) -> bool:
        """Whether a processor computes some of it, or all."""
        return any(part.device == CPU for part in self.placement.parts)

    def is_new_to(self, known: Collection[str]) -> bool:
        """Whether it has a machine that is not among these."""
        return any(part.hive_id not in known for part in self.placement.parts)

    @property
    def spots(self) -> frozenset[tuple[str, str]]:
        """Machine and device of each of its parts."""
        return frozenset(part.spot for part in self.placement.parts)

    @property
    def is_on_several(self) -> bool:
        """Whether it spreads over several machines."""
        return self.placement.spread == "swarm"

    def kind(self, engine: str | None) -> ProvisionWorker:
        """The kind of worker that serves there."""
        devices = [part.device for part in self.placement.own]
        return ProvisionWorker(
            kind=f"{self.backend}-llm-worker-rbee",  # type: ignore[arg-type]
            engine=engine,
            device=next((each for each in devices if each != CPU), None),
            parts=len(devices),
        )

    @property
    def spot(self) -> tuple[str, str]:
        """Machine and device."""
        return self.hive_id, self.device


class Room(NamedTuple):
    """What a hive said of the room for a worker in one place.

    `passes`: there would be room if nothing ran there; `in_use` are the workers that did then, by
    the word of heartbeat number `beats`. `yields`: there would be if models over several machines
    left that idle and have parts there. Where there is room, `parts` tell what would lie where.
    """

    fits: bool
    passes: bool = False
    in_use: frozenset[str] = frozenset()
    beats: int = 0
    yields: bool = False
    parts: Sequence[PartRoom] = ()


class Waiting(enum.Enum):
    """What a job waits for."""

    #: Another job has a worker started that will do.
    START = "preparing"
    #: A worker loads.
    LOADING = "loading"
    #: All slots are taken.
    SLOT = "busy"
    #: What a worker does does not go with this job, or it is left to those who came before.
    TURN = "kept"
    #: A worker takes nothing in any more, for its device is wanted by who came before.
    DRAIN = "to make room"
    #: A device has room once running jobs have ended.
    ROOM = "room"
    #: No machine that is awake will do, and one takes long to wake.
    WAKING = "waking"


class Wait(NamedTuple):
    """A job waits: `what` for, of which worker or at which place."""

    what: Waiting
    hive_id: str = ""
    worker_id: str = ""
    device: str = ""

    @property
    def spot(self) -> tuple[str, str]:
        """Machine and device."""
        return self.hive_id, self.device


class Claim(msgspec.Struct, eq=False, dict=True):
    """A worker that a job wants, and what it has learned on the way to it.

    `key` names whose job it is, `number` is its place among all that came. `holders` are the
    machines that it may run on; None: any may. `acting`: something is being done for it, or it
    holds a slot; else it waits for a decision. It has `looked` around once who is awake, and since
    it last waited where that is `fresh`; `seen` were awake then, `skipped` did not answer, and
    `owners` have the model on their disk; `prepared` are those that got it for this job. `begun`:
    it has a worker started, for inputs of so many tokens where that makes vectors alone.
    `announced` are the waits that it has heard of, and `announced_place` its place in the queue.
    `worker_id` is whose slot it holds. `moves` is a worker that is to be replaced by one in a
    better place; then this is nobody's job, and `known` are the machines that were there when that
    was started. `ends` is an idle worker that is being ended for it. `tokens` is a guess at what it
    takes of a context, and `short` what a worker has refused it by that had less.
    """

    job_id: str
    key: str
    request: JobRequest
    number: int = 0
    holders: Collection[str] | None = None
    came_at: float = 0.0
    moves: str = ""
    known: frozenset[str] = frozenset()
    ends: str = ""
    acting: bool = True
    looked: bool = False
    fresh: bool = False
    seen: frozenset[str] = frozenset()
    skipped: frozenset[str] = frozenset()
    owners: frozenset[str] = frozenset()
    prepared: set[str] = set()
    rooms: dict[tuple[tuple[str, str], int | None], Room] = {}
    begun: int | None = None
    wait: Wait | None = None
    announced: set[Wait] = set()
    announced_place: int | None = None
    worker_id: str = ""
    tokens: int = 0
    short: RbeeError | None = None

    def __post_init__(self) -> None:
        self.work: Demand = work_of(self.request)
        self.troubles = Troubles(self.request)
        self.template = template_name(self.request.chat_template)

    def look_at(self, awake: Iterable[str]) -> None:
        """It has looked around, and seen these machines awake."""
        self.looked = self.fresh = True
        self.seen = frozenset(awake)

    def is_fresh(self, hives: Collection[str]) -> bool:
        """Whether what it has seen holds yet: none of those has gone, of whom these are left."""
        return self.fresh and all(each in hives for each in self.seen)


class State(msgspec.Struct):
    """The machines that live, what is degraded on them, and everybody who wants a worker.

    `asleep` are the machines that can be woken, by the ids of their hives; `waking` are those that
    take long to wake.
    `names` leads from each name of a model that has several to one of them; `served` tells, by
    model and key, the number of the last slot given, `seconds` how long a job of a model takes, and
    `used` the number of the last job of a worker. `last` is the last number that was given.
    """

    hives: dict[str, Hive] = {}
    degraded: dict[Broken, Degraded] = {}
    claims: dict[str, Claim] = {}
    names: dict[str, str] = {}
    asleep: dict[str, Hive] = {}
    waking: set[str] = set()
    served: dict[str, dict[str, int]] = {}
    seconds: dict[str, float] = {}
    used: dict[str, int] = {}
    last: int = 0

    def number(self) -> int:
        """The next number, of a job that comes or a slot that is given."""
        self.last += 1
        return self.last

    def take(self, claim: Claim, worker_id: str) -> None:
        """A job takes a slot of a worker; nobody else gets it until it is free."""
        claim.worker_id, claim.wait = worker_id, None
        if not claim.moves:
            self.served.setdefault(self.model(claim), {})[claim.key] = self.number()
        last = max(self.used.pop(worker_id, 0), self.used.get(claim.moves, claim.number))
        self.used[worker_id] = last
        while len(self.used) > _REMEMBERED:
            del self.used[next(iter(self.used))]

    def free(self, claim: Claim) -> None:
        """A job whose worker was lost waits again, where it stood."""
        claim.worker_id, claim.wait, claim.begun = "", None, None
        claim.looked = claim.fresh = False
        claim.announced_place = None
        claim.announced.clear()
        claim.prepared.clear()
        claim.rooms.clear()

    def model(self, claim: Claim) -> str:
        """The model whose queue a claim stands in: one file has one, whatever it is called."""
        ref = claim.request.model_ref
        return self.names.get(ref, ref)

    def waiting(self) -> dict[str, list[Claim]]:
        """Those who hold no slot, by model, in the order in which slots go to them."""
        return {model: list(in_order(queue)) for model, queue in self.queues().items()}

    def queues(self) -> dict[str, ModelQueue[Claim]]:
        """The queues, by model. Replacements of workers stand in none."""
        queues: dict[str, ModelQueue[Claim]] = {}
        for claim in sorted(self.claims.values(), key=lambda each: each.number):
            if claim.moves:
                continue
            model = self.model(claim)
            queue = queues.get(model)
            if queue is None:
                queue = queues[model] = ModelQueue({}, {}, self.served.get(model, {}))
            if claim.worker_id:
                queue.running[claim.key] = queue.running.get(claim.key, 0) + 1
            else:
                queue.waiting.setdefault(claim.key, []).append(claim)
        return queues

    def loads(self) -> dict[str, Load]:
        """The slots that jobs hold, by worker."""
        loads: dict[str, Load] = {}
        for claim in self.claims.values():
            if claim.worker_id and not claim.moves:
                load = loads.get(claim.worker_id, Load())
                loads[claim.worker_id] = load.with_one(claim.work)
        return loads

    def workers_on(self, spot: tuple[str, str]) -> dict[str, WorkerBeat]:
        """The workers of a device of a machine, or of any of several, by their ids."""
        hive_id, device = spot
        hive = self.hives.get(hive_id)
        workers = hive.workers if hive is not None else {}
        return {key: worker for key, worker in workers.items() if meet(worker.device, device)}

    def idle_parts(self, place: Place) -> list[tuple[WorkerBeat, list[Part]]]:
        """The workers over several machines that idle and have parts on the devices of a place, and
        these parts; who was used longest ago is first.

        The machines of these parts do not know that their heads idle. What a head has on its own
        machine is left out: that knows.
        """
        found, spots = [], place.spots
        for worker, is_idle in self._workers():
            if is_idle and len(worker.placement.parts) > 1:
                others = itertools.chain(*worker.placement.others.values())
                there = [part for part in others if part.spot in spots]
                found += [(worker, there)] if there else []
        return sorted(found, key=lambda each: self.used.get(each[0].worker_id, 0))

    def yields(self, place: Place, error: RbeeError) -> bool:
        """Whether a place that was refused by this error would have room without idle parts."""
        return 0 < short_of_room(error) <= self._idle_bytes(place)

    def works_for_others(self, place: Place, error: RbeeError) -> bool:
        """Whether a place over several machines that was refused by this error would have room if
        no job ran there."""
        if not place.is_on_several:
            return False
        there = self._idle_bytes(place) + sum(self._busy_parts(place).values())
        return 0 < short_of_room(error) <= there

    def is_being_left(self, place: Place) -> bool:
        """Whether a worker over several machines is ending that has parts in a place over several:
        its room is there in a moment."""
        spots = place.spots
        return place.is_on_several and any(
            worker.state in (WorkerState.FAILED, WorkerState.STOPPING)
            and worker.placement.spread == "swarm"
            and any(part.spot in spots for part in worker.placement.parts)
            for worker, _ in self._workers()
        )

    def in_use(self, place: Place) -> frozenset[str]:
        """The workers on the devices of a place that do not idle, as far as the queen knows."""
        if place.is_on_several:
            return frozenset(self._busy_parts(place))
        there = self.workers_on(place.spot)
        return frozenset(
            worker.worker_id
            for worker, is_idle in self._workers()
            if not is_idle and worker.worker_id in there
        )

    def _workers(self) -> Iterator[tuple[WorkerBeat, bool]]:
        """All workers, and whether they idle: for all that a hive says, a job may hold a slot."""
        held = {claim.worker_id for claim in self.claims.values()}
        for hive in self.hives.values():
            for key, worker in hive.workers.items():
                yield worker, key not in held and idles(worker)

    def _idle_bytes(self, place: Place) -> int:
        return sum(part.bytes for _, parts in self.idle_parts(place) for part in parts)

    def _busy_parts(self, place: Place) -> dict[str, int]:
        """The workers that do not idle and have parts on the devices of a place, and the bytes of
        these parts."""
        found, spots = {}, place.spots
        for worker, is_idle in self._workers():
            there = [part.bytes for part in worker.placement.parts if part.spot in spots]
            if there and not is_idle:
                found[worker.worker_id] = sum(there)
        return found


def meet(device: str, other: str) -> bool:
    """Whether a device, or one of several (``gpu0+gpu1``), is one of the others."""
    return device == other or not devices_in(device).isdisjoint(devices_in(other))


def is_ready(worker: WorkerBeat | None) -> bool:
    """Whether a worker can take requests (it may be busy with others)."""
    return worker is not None and worker.state in (WorkerState.READY, WorkerState.BUSY)


def idles(worker: WorkerBeat) -> bool:
    """Whether a worker can make room, by the word of its hive."""
    return worker.state is WorkerState.READY and worker.slots_free == worker.slots
