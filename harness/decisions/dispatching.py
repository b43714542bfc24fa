"""A swarm on paper: what the queen decides for jobs that come and end, and what comes of it.

Hives answer as real ones do, at once or when it is their turn; nothing is started.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from rbee.queen.decisions import decide, is_wanted, note
from rbee.queen.fairness import ModelQueue, in_order
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
from rbee.queen.replacing import look_again, may_move, replacement, short_of, waits_for_a_gpu
from rbee.queen.state import (
    Claim,
    Hive,
    Place,
    Room,
    State,
    Waiting,
    idles,
    is_ready,
    meet,
)
from rbee.wire.errors import RbeeError
from rbee.wire.messages.devices import Cpu, Devices, Gpu
from rbee.wire.messages.jobs import JobRequest
from rbee.wire.messages.models import ModelView
from rbee.wire.messages.workers import WorkerBeat, WorkerState
from rbee.wire.placement import CPU, Placement

_HIVE = "localhost"
#: More decisions than this at once are a circle.
_MOST = 1000


class PaperSwarm:
    """A machine with devices of some size, others that join it, and models that take some of it."""

    def __init__(self, devices: Mapping[str, int], models: Mapping[str, int], slots: int = 1):
        self.state = State()
        self._models, self._slots = models, slots
        #: The size of each device of each machine.
        self._sizes: dict[tuple[str, str], int] = {}
        #: What has been decided and is still being done.
        self.doing: list[Decision] = []
        self.refused: dict[str, Claim] = {}
        self.ended: list[str] = []
        #: The machines that have died; who looks around wakes them.
        self._dead: dict[str, Hive] = {}
        self._workers = 0
        #: What would take the place of workers that are not where they would be best.
        self._better: list[tuple[Claim, dict[tuple[str, str], int]]] = []
        #: The machines that sleep, those of them that will not wake, and whom a packet was sent.
        self._sleepers: dict[str, Hive] = {}
        self._broken: set[str] = set()
        self.roused: list[str] = []
        self.join(_HIVE, devices)

    def join(self, hive_id: str, devices: Mapping[str, int]) -> None:
        """A machine joins, or has woken."""
        self.state.waking.discard(hive_id)
        gpus = [
            Gpu(id=device, name="RTX", vram_gb=size, vram_free_gb=size)
            for device, size in devices.items()
            if device != CPU
        ]
        hive = Hive(hive_id, hive_id, "")
        hive.devices = Devices(cpu=Cpu(name="CPU", cores=4, ram_gb=16.0), gpus=gpus)
        self._sizes.update({(hive_id, device): size for device, size in devices.items()})
        self.state.hives[hive_id] = hive
        self._look_for_better()
        self._beat()

    def play(self, gb: int) -> None:
        """Another program takes so much of the GPU of the first machine, or has ended (0)."""
        (gpu,) = self._gpus_of(_HIVE)
        gpu.vram_free_gb = gpu.vram_gb - gb
        self._sizes[_HIVE, gpu.id] = round(gpu.vram_free_gb)
        self._look_for_better()
        self._beat()

    def _gpus_of(self, hive_id: str) -> list[Gpu]:
        devices = self.state.hives[hive_id].devices
        assert devices is not None, "hives on paper have told their devices"
        return devices.gpus

    def _look_for_better(self) -> None:
        """Hives have told what they have."""
        with_gpus = {hive_id for hive_id in self.state.hives if self._gpus_of(hive_id)}
        for move, short in self._better:
            is_there = move.moves in self._here() and move.job_id not in self.state.claims
            if is_there and (look_again(self.state, move, short) or not with_gpus <= move.known):
                self.state.claims[move.job_id] = move
                move.acting = False

    def take_long(self, hive_id: str) -> None:
        """A machine is being woken, which takes long."""
        self.state.waking.add(hive_id)

    def wake_not(self, hive_id: str) -> None:
        """A machine that took long to wake has failed to."""
        self.state.waking.discard(hive_id)
        self._beat()

    def sleep(self, hive_id: str, *, wakes: bool = True, holds: str = "") -> None:
        """A machine is suspended that can be woken, or so it is believed; it holds a model."""
        hive = self._sleepers[hive_id] = self.state.hives.pop(hive_id)
        hive.models = {holds: ModelView(model_ref=holds, path="", size_bytes=0)} if holds else {}
        self.state.asleep[hive_id] = hive
        if not wakes:
            self._broken.add(hive_id)

    def may_sleep(self, hive_id: str) -> bool:
        """Whether the queen lets a machine be suspended now."""
        return not is_wanted(self.state, hive_id)

    def _rouse(self, decision: Rouse) -> None:
        hive_id = decision.hive_id
        if hive_id in self.state.hives:
            return  # another job has had it woken
        self.roused.append(hive_id)
        if hive_id in self._broken:
            error = RbeeError("hive_asleep", "it did not wake", "look whether it has power")
            decision.claim.troubles.add(hive_id, "", error)
            return
        del self.state.asleep[hive_id]
        self.state.hives[hive_id] = self._sleepers.pop(hive_id)

    def come(
        self,
        job_id: str,
        model: str,
        key: str = "",
        *,
        device: str | None = None,
        allow_cpu: bool = True,
    ) -> None:
        """A job comes."""
        request = JobRequest(model_ref=model, prompt="hello", device=device, allow_cpu=allow_cpu)
        claim = Claim(job_id, key, request, self.state.number(), acting=False)
        self.state.claims[job_id] = claim
        self.decide()

    def end(self, job_id: str) -> None:
        """A job that runs has its answer."""
        assert self.state.claims[job_id].worker_id, f"{job_id} does not run"
        del self.state.claims[job_id]
        self.ended.append(job_id)
        self._beat()

    def break_off(self, job_id: str) -> None:
        """The worker of a job breaks: the job has its error, and the worker is being ended."""
        worker_id = self.state.claims.pop(job_id).worker_id
        for hive in self.state.hives.values():
            if worker_id in hive.workers:
                worker = hive.workers[worker_id]
                hive.workers[worker_id] = msgspec.structs.replace(
                    worker, state=WorkerState.FAILED, slots_free=0
                )
        self.ended.append(job_id)
        self._beat()

    def clear_away(self) -> None:
        """What has broken is gone."""
        for hive in self.state.hives.values():
            for worker_id, worker in list(hive.workers.items()):
                if worker.state is WorkerState.FAILED:
                    del hive.workers[worker_id]
        self._beat()

    def die(self, hive_id: str) -> None:
        """A machine dies, once a job has looked around who is there."""
        while any(isinstance(each, Look) for each in self.doing):
            self.do()
        hive = self._dead[hive_id] = self.state.hives.pop(hive_id)
        hive.workers.clear()

    def running(self) -> list[str]:
        """The jobs that a worker works for."""
        here = self._here()
        return [
            claim.job_id
            for claim in self.state.claims.values()
            if claim.worker_id and not claim.moves and claim.acting
            if is_ready(here.get(claim.worker_id))
            and all(each.claim is not claim for each in self.doing)
        ]

    def decide(self) -> None:
        """Decides until nothing more is to be done now. Raises AssertionError where it may not."""
        for _ in range(_MOST):
            decision = decide(self.state)
            if decision is None:
                return
            self._judge(decision)
            note(self.state, decision)
            if isinstance(decision, Refuse):
                self.refused[decision.claim.job_id] = decision.claim
                del self.state.claims[decision.claim.job_id]
            elif isinstance(decision, Stay):
                self._no_move(decision.claim)
            elif not isinstance(decision, (Hold, Grant)):
                self.doing.append(decision)
            elif isinstance(decision, Grant) and decision.claim.moves:
                decision.claim.acting = False
        raise AssertionError("it decides in a circle")

    def do(self, number: int = 0) -> None:
        """One of the things that are being done is done."""
        decision = self.doing.pop(number)
        claim = decision.claim
        if isinstance(decision, Look):
            self.state.hives.update(self._dead)
            self._dead.clear()
            claim.look_at(self.state.hives)
        elif isinstance(decision, Rouse):
            self._rouse(decision)
        elif isinstance(decision, Check):
            self._check(decision)
        elif isinstance(decision, Prepare):
            claim.prepared.add(decision.place.hive_id)
        elif isinstance(decision, MakeWay):
            del self.state.hives[decision.hive_id].workers[decision.worker_id]
            claim.ends = ""
        elif isinstance(decision, Start) and not claim.worker_id:
            self._start(decision)
            return
        elif isinstance(decision, Start):
            self._get_ready(decision)
            return
        elif isinstance(decision, MakeRoom):
            del self.state.hives[decision.hive_id].workers[claim.moves]
            self._no_move(claim)
        claim.acting = False
        self._beat()

    def do_all(self) -> None:
        """All that is being done is done, and what comes of it."""
        for _ in range(_MOST):
            if not self.doing:
                return
            self.do()
        raise AssertionError("it does the same again and again")

    def stands(self, job_id: str) -> str:
        """``runs on gpu0``, ``waits for busy`` or ``for gpu0``, ``is refused``, ``has ended``."""
        if job_id in self.refused:
            return "is refused"
        claim = self.state.claims.get(job_id)
        if claim is None:
            return "has ended"
        if claim.worker_id:
            return f"runs on {_where(self._here()[claim.worker_id])}"
        assert claim.wait is not None, f"nothing is decided for {job_id}"
        if claim.wait.what is Waiting.WAKING:
            return f"waits for {claim.wait.hive_id} to wake"
        waits_for_room = claim.wait.what is Waiting.ROOM
        return f"waits for {claim.wait.device if waits_for_room else claim.wait.what.value}"

    def workers(self) -> list[str]:
        """``A on gpu0``, in alphabetical order."""
        return sorted(f"{each.model_ref} on {_where(each)}" for each in self._here().values())

    # --- what hives do ----------------------------------------------------------------------

    def _here(self) -> dict[str, WorkerBeat]:
        hives = self.state.hives.values()
        return {key: worker for hive in hives for key, worker in hive.workers.items()}

    def _check(self, decision: Check) -> None:
        claim, place = decision.claim, decision.place
        short, in_use = self._short(claim, place)
        if short <= 0:
            claim.rooms[place.spot, decision.ctx] = Room(True)
            return
        code = "insufficient_ram" if place.device == CPU else "insufficient_vram"
        needed = self._models[claim.request.model_ref] * 1e9
        details = {"short_bytes": short, "need_bytes": needed}
        error = RbeeError(code, "no room", "take a smaller one", details)
        passes, yields = short <= in_use, self.state.yields(place, error)
        passes = passes or self.state.is_being_left(place)
        passes = passes or self.state.works_for_others(place, error)
        now, beats = self.state.in_use(place), self.state.hives[place.hive_id].beats
        claim.rooms[place.spot, decision.ctx] = Room(False, passes, now, beats, yields)
        if not (decision.beside or passes or yields):
            claim.troubles.add(place.hive_id, place.device, error)

    def _short(self, claim: Claim, place: Place) -> tuple[int, int]:
        """What is missing for a worker if idle ones go of which its machine knows, and what others
        take. Nobody waits for room on several machines."""
        spots = [(part.hive_id, part.device) for part in place.placement.parts]
        staying = [each for each in self._here().values() if not self._idles(each)]
        idle = [each for each in self._here().values() if self._idles(each)]
        taken = {spot: self._taken(staying, spot) for spot in spots}
        for each in idle:
            head = each.placement.head.hive_id
            for spot in spots:
                if spot[0] != head:
                    taken[spot] += self._taken([each], spot)
        room = sum(self._sizes[spot] for spot in spots) - sum(taken.values())
        in_use = 0 if place.is_on_several else sum(taken.values())
        gpus = [spot for spot in spots if spot[1] != CPU]
        if len(spots) > 1 and all(taken[gpu] >= self._sizes[gpu] for gpu in gpus):
            return 1, min(in_use, sum(taken[gpu] for gpu in gpus))  # not a layer would be on one
        return self._models[claim.request.model_ref] - room, in_use

    def _taken(self, workers: Iterable[WorkerBeat], spot: tuple[str, str]) -> int:
        """What workers have of a device: of a model in parts its part."""
        return sum(
            part.bytes if len(each.placement.parts) > 1 else self._models[each.model_ref]
            for each in workers
            for part in each.placement.parts
            if (part.hive_id, part.device) == spot
        )

    def _dealt(self, placement: Placement, model: str) -> Placement:
        """A model in parts: as much on each device as there is room for, in their order."""
        left, parts = self._models[model], []
        for part in placement.parts:
            spot = part.hive_id, part.device
            room = self._sizes[spot] - self._taken(self._here().values(), spot)
            parts.append(msgspec.structs.replace(part, bytes=min(left, room)))
            left -= parts[-1].bytes
        return Placement(tuple(parts)) if len(parts) > 1 else placement

    def _idles(self, worker: WorkerBeat) -> bool:
        """By its own word, which is newer than the last heartbeat."""
        return idles(worker) and worker.worker_id not in self.state.loads()

    def _start(self, decision: Start) -> None:
        """Its hive ends those that idle in the way; who has none has no room after all."""
        claim, place = decision.claim, decision.place
        model, hive = claim.request.model_ref, self.state.hives[place.hive_id]
        short, in_use = self._short(claim, place)
        if short > 0:
            room = Room(False, short <= in_use, self.state.in_use(place), hive.beats)
            claim.rooms[place.spot, decision.ctx] = room
            claim.begun, claim.acting = None, False
            self._beat()
            return
        spots = [(part.hive_id, part.device) for part in place.placement.parts]
        for worker in list(self._here().values()):
            taken = sum(self._taken(self._here().values(), spot) for spot in spots)
            if taken + self._models[model] <= sum(self._sizes[spot] for spot in spots):
                break
            head = worker.placement.head.hive_id
            if self._idles(worker) and any(
                (part.hive_id, part.device) in spots for part in worker.placement.own
            ):
                del self.state.hives[head].workers[worker.worker_id]
        self._workers += 1
        worker_id = f"w{self._workers}"
        hive.workers[worker_id] = WorkerBeat(
            worker_id=worker_id,
            url="",
            model_ref=model,
            placement=self._dealt(place.placement, model),
            backend=place.backend,
            engine="llamacpp",
            state=WorkerState.LOADING,
            slots=self._slots,
            context=4096,
        )
        self.state.take(claim, worker_id)
        self.doing.append(decision)
        self._beat()

    def _get_ready(self, decision: Start) -> None:
        claim, place = decision.claim, decision.place
        workers = self.state.hives[place.hive_id].workers
        workers[claim.worker_id] = msgspec.structs.replace(
            workers[claim.worker_id], state=WorkerState.READY, slots_free=self._slots
        )
        claim.begun = None
        is_short = place.fallback and waits_for_a_gpu(claim)
        if is_short or may_move(claim, place):
            move = replacement(claim, claim.worker_id, frozenset(self.state.hives))
            move.job_id = f"move of {claim.worker_id}"
            self._better.append((move, short_of(claim)))
            if is_short:
                self.state.claims[move.job_id] = move
                move.acting = False
        if claim.moves:
            claim.acting = False
        self._beat()

    def _no_move(self, claim: Claim) -> None:
        del self.state.claims[claim.job_id]
        claim.known |= self.state.hives.keys()
        claim.worker_id = ""

    def _beat(self) -> None:
        """The hives tell of their workers."""
        loads = self.state.loads()
        for hive in self.state.hives.values():
            for worker_id, worker in hive.workers.items():
                if worker.state in (WorkerState.LOADING, WorkerState.FAILED):
                    continue
                free = self._slots - sum(loads.get(worker_id, ()))
                state = WorkerState.READY if free else WorkerState.BUSY
                hive.workers[worker_id] = msgspec.structs.replace(
                    worker, slots_free=free, state=state
                )
            hive.beats += 1
        here = self._here()
        gone = [each for each in self.state.claims.values() if each.moves and not each.acting]
        for claim in gone:
            if claim.moves not in here:
                del self.state.claims[claim.job_id]
        self.decide()

    # --- what may not be --------------------------------------------------------------------

    def _judge(self, decision: Decision) -> None:
        claim = decision.claim
        if isinstance(decision, MakeRoom):
            assert claim.moves not in self.state.loads(), "a busy worker is to make room"
        elif isinstance(decision, MakeWay):
            assert decision.worker_id not in self.state.loads(), "a busy worker is to make way"
        elif isinstance(decision, Grant) and not claim.moves:
            worker = decision.warm.worker
            taken = sum(self.state.loads().get(worker.worker_id, ()))
            assert taken < self._slots, f"{worker.worker_id} has no slot left"
            for other in self.state.claims.values():
                is_first = other.number < claim.number and not other.worker_id and not other.moves
                wait = other.wait if is_first else None
                its = wait.device if wait and wait.what is Waiting.ROOM else ""
                assert not meet(its, worker.device), f"{claim.job_id} overtakes {other.job_id}"
        elif isinstance(decision, Refuse):
            size, wanted = self._models[claim.request.model_ref], claim.request.device
            allowed = [
                (hive_id, device)
                for hive_id, device in self._sizes
                if wanted in (None, device) and (claim.request.allow_cpu or device != CPU)
                if hive_id not in self._broken
            ]
            large = [spot for spot in allowed if size <= self._sizes[spot]]
            # Nobody waits for room on several machines, so it may be refused while others run.
            hives = {hive_id for hive_id, _ in allowed}
            together = (
                0
                if wanted
                else max(
                    (sum(self._sizes[on] for on in allowed if on[0] == each) for each in hives),
                    default=0,
                )
            )
            assert not large, f"{claim.job_id} is refused, and has room on {large}"
            assert size > together, f"{claim.job_id} is refused, and has room on all"


def _where(worker: WorkerBeat) -> str:
    """``gpu0``, ``gpu0+gpu0@attic``, or ``gpu0 of attic``."""
    head = worker.placement.head.hive_id
    return worker.device if head == _HIVE else f"{worker.device} of {head}"


def after(happens: str, devices: Mapping[str, int], models: Mapping[str, int]) -> PaperSwarm:
    """A swarm after ``1 wants A; 2 wants B without a CPU; 1 ends; attic joins; shed joins with
    24; attic sleeps; shed sleeps for good; 2 wants A as attic dies``: machines are like the first,
    but for their GPUs. What comes after ``1 wants A at once`` happens before anything is done for
    1. ``1 breaks`` with its worker, and then that ``is gone``. ``attic takes long`` to wake, and
    then it ``joins``, or ``wakes not``. ``game begins`` on the GPU of the first, and ``ends``."""
    swarm = PaperSwarm(devices, models)
    for each in happens.split("; "):
        job_id, does, *rest = each.split(" ")
        if does == "ends" and job_id != "game":
            swarm.end(job_id)
        elif does == "breaks":
            swarm.break_off(job_id)
        elif does == "is":
            swarm.clear_away()
        elif job_id == "game":
            swarm.play(10 if does == "begins" else 0)
        elif does == "takes":
            swarm.take_long(job_id)
        elif does == "wakes":
            swarm.wake_not(job_id)
        elif does == "joins":
            gpu = {"gpu0": int(rest[1])} if rest else {}
            swarm.join(job_id, {**devices, **gpu})
        elif does == "sleeps":
            words = " ".join(rest)
            holds = words.removeprefix("with ") if words.startswith("with ") else ""
            swarm.sleep(job_id, wakes=words != "for good", holds=holds)
        else:
            words, _, dies = " ".join(rest[1:]).partition("as ")
            words = words.removesuffix("at once").strip()
            device = words.removeprefix("on ") if words.startswith("on ") else None
            swarm.come(job_id, rest[0], device=device, allow_cpu=words != "without a CPU")
            if dies:
                swarm.die(dies.removesuffix(" dies"))
        if not each.endswith(" at once"):
            swarm.do_all()
    return swarm


def order_of(waiting: str, running: str, served: str) -> list[str]:
    """The keys to whose jobs slots go, in turn; of ``laptop, phone``, or ``nobody``."""
    taken = {} if running == "nobody" else {running: 1}
    queue: ModelQueue[str] = ModelQueue({}, taken, {served: 1})
    for key in waiting.split(", "):
        queue.waiting.setdefault(key, []).append(key)
    return list(in_order(queue))
