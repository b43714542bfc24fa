"""A swarm on paper: what the queen decides for jobs that come and end, and what comes of it.

Hives answer as real ones do, at once or when it is their turn; nothing is started.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from rbee.queen.decisions import (
    Check,
    Decision,
    Grant,
    Hold,
    Look,
    MakeRoom,
    Prepare,
    Refuse,
    Start,
    decide,
    note,
    replacement,
)
from rbee.queen.fairness import ModelQueue, in_order
from rbee.queen.state import Claim, Hive, Room, State, Waiting, idles, is_ready, meet
from rbee.wire.errors import RbeeError
from rbee.wire.messages.devices import Cpu, Devices, Gpu
from rbee.wire.messages.jobs import JobRequest
from rbee.wire.messages.workers import WorkerBeat, WorkerState
from rbee.wire.placement import CPU, Placement, devices_in

_HIVE = "localhost"
#: More decisions than this at once are a circle.
_MOST = 1000


class PaperSwarm:
    """One machine with devices of some size, and models that take some of it."""

    def __init__(self, devices: Mapping[str, int], models: Mapping[str, int], slots: int = 1):
        self.state = State()
        self._sizes, self._models, self._slots = devices, models, slots
        gpus = [
            Gpu(id=device, name="RTX", vram_gb=size, vram_free_gb=size)
            for device, size in devices.items()
            if device != CPU
        ]
        hive = Hive(_HIVE, _HIVE, "")
        hive.devices = Devices(cpu=Cpu(name="CPU", cores=4, ram_gb=16.0), gpus=gpus)
        self.state.hives[_HIVE] = self._hive = hive
        #: What has been decided and is still being done.
        self.doing: list[Decision] = []
        self.refused: dict[str, Claim] = {}
        self.ended: list[str] = []
        self._workers = 0

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

    def running(self) -> list[str]:
        """The jobs that a worker works for."""
        return [
            claim.job_id
            for claim in self.state.claims.values()
            if claim.worker_id and not claim.moves and claim.acting
            if is_ready(self._hive.workers.get(claim.worker_id))
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
            claim.looked = claim.fresh = True
        elif isinstance(decision, Check):
            self._check(decision)
        elif isinstance(decision, Prepare):
            claim.prepared.add(_HIVE)
        elif isinstance(decision, Start) and not claim.worker_id:
            self._start(decision)
            return
        elif isinstance(decision, Start):
            self._get_ready(decision)
            return
        elif isinstance(decision, MakeRoom):
            del self._hive.workers[claim.moves], self.state.claims[claim.job_id]
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
            return f"runs on {self._hive.workers[claim.worker_id].device}"
        assert claim.wait is not None, f"nothing is decided for {job_id}"
        waits_for_room = claim.wait.what is Waiting.ROOM
        return f"waits for {claim.wait.device if waits_for_room else claim.wait.what.value}"

    def workers(self) -> list[str]:
        """``A on gpu0``, in alphabetical order."""
        return sorted(f"{each.model_ref} on {each.device}" for each in self._hive.workers.values())

    # --- what hives do ----------------------------------------------------------------------

    def _check(self, decision: Check) -> None:
        claim, device = decision.claim, decision.place.device
        short, in_use = self._short(claim, device)
        if short <= 0:
            claim.rooms[decision.place.spot, decision.ctx] = Room(True)
            return
        passes = short <= in_use
        now, beats = self.state.in_use(decision.place.spot), self._hive.beats
        claim.rooms[decision.place.spot, decision.ctx] = Room(False, passes, now, beats)
        if not decision.beside and not passes:
            code = "insufficient_ram" if device == CPU else "insufficient_vram"
            claim.troubles.add(_HIVE, device, RbeeError(code, "no room", "take a smaller one"))

    def _short(self, claim: Claim, devices: str) -> tuple[int, int]:
        """What is missing for a worker if idle ones go, and what those take that do not idle."""
        busy = [each for each in self._hive.workers.values() if not self._idles(each)]
        gpus = devices_in(devices) - {CPU}
        taken = {each: self._taken(busy, each) for each in devices_in(devices)}
        room = sum(self._sizes[each] for each in taken) - sum(taken.values())
        if len(taken) > 1 and all(taken[gpu] >= self._sizes[gpu] for gpu in gpus):
            return 1, sum(taken[gpu] for gpu in gpus)  # not a layer would be on a GPU
        return self._models[claim.request.model_ref] - room, sum(taken.values())

    def _taken(self, workers: Iterable[WorkerBeat], device: str) -> int:
        """What workers have of a device: of a model in parts its part."""
        return sum(
            part.bytes if len(each.placement.parts) > 1 else self._models[each.model_ref]
            for each in workers
            for part in each.placement.parts
            if part.device == device
        )

    def _dealt(self, placement: Placement, model: str) -> Placement:
        """A model in parts: as much on each device as there is room for, in their order."""
        left, parts = self._models[model], []
        for part in placement.parts:
            room = self._sizes[part.device] - self._taken(self._hive.workers.values(), part.device)
            parts.append(msgspec.structs.replace(part, bytes=min(left, room)))
            left -= parts[-1].bytes
        return Placement(tuple(parts)) if len(parts) > 1 else placement

    def _idles(self, worker: WorkerBeat) -> bool:
        """By its own word, which is newer than the last heartbeat."""
        return idles(worker) and worker.worker_id not in self.state.loads()

    def _start(self, decision: Start) -> None:
        """Its hive ends those that idle in the way; who has none has no room after all."""
        claim, device = decision.claim, decision.place.device
        model = claim.request.model_ref
        short, in_use = self._short(claim, device)
        if short > 0:
            now, beats = self.state.in_use(decision.place.spot), self._hive.beats
            room = Room(False, short <= in_use, now, beats)
            claim.rooms[decision.place.spot, decision.ctx] = room
            claim.begun, claim.acting = None, False
            self._beat()
            return
        for worker in list(self._hive.workers.values()):
            there = self._hive.workers.values()
            taken = sum(self._taken(there, each) for each in devices_in(device))
            if taken + self._models[model] <= sum(self._sizes[each] for each in devices_in(device)):
                break
            if meet(worker.device, device) and self._idles(worker):
                del self._hive.workers[worker.worker_id]
        self._workers += 1
        worker_id = f"w{self._workers}"
        self._hive.workers[worker_id] = WorkerBeat(
            worker_id=worker_id,
            url="",
            model_ref=model,
            placement=self._dealt(decision.place.placement, model),
            backend=decision.place.backend,
            engine="llamacpp",
            state=WorkerState.LOADING,
            slots=self._slots,
            context=4096,
        )
        self.state.take(claim, worker_id)
        self.doing.append(decision)
        self._beat()

    def _get_ready(self, decision: Start) -> None:
        claim = decision.claim
        worker = self._hive.workers[claim.worker_id]
        self._hive.workers[claim.worker_id] = msgspec.structs.replace(
            worker, state=WorkerState.READY, slots_free=self._slots
        )
        claim.begun = None
        short = any(room.passes for room in claim.rooms.values())
        if claim.moves:
            claim.acting = False
        elif decision.place.fallback and short:
            move = replacement(claim, claim.worker_id)
            move.job_id, move.acting = f"move of {claim.worker_id}", False
            self.state.claims[move.job_id] = move
        self._beat()

    def _beat(self) -> None:
        """The hive tells of its workers."""
        loads = self.state.loads()
        for worker_id, worker in self._hive.workers.items():
            if worker.state is WorkerState.LOADING:
                continue
            free = self._slots - sum(loads.get(worker_id, ()))
            state = WorkerState.READY if free else WorkerState.BUSY
            self._hive.workers[worker_id] = msgspec.structs.replace(
                worker, slots_free=free, state=state
            )
        self._hive.beats += 1
        gone = [each for each in self.state.claims.values() if each.moves and not each.acting]
        for claim in gone:
            if claim.moves not in self._hive.workers:
                del self.state.claims[claim.job_id]
        self.decide()

    # --- what may not be --------------------------------------------------------------------

    def _judge(self, decision: Decision) -> None:
        claim = decision.claim
        if isinstance(decision, MakeRoom):
            assert claim.moves not in self.state.loads(), "a busy worker is to make room"
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
                device
                for device in self._sizes
                if wanted in (None, device) and (claim.request.allow_cpu or device != CPU)
            ]
            large = [device for device in allowed if size <= self._sizes[device]]
            together = 0 if wanted else sum(self._sizes[device] for device in allowed)
            assert not large, f"{claim.job_id} is refused, and has room on {large}"
            assert size > together, f"{claim.job_id} is refused, and has room on all"


def after(happens: str, devices: Mapping[str, int], models: Mapping[str, int]) -> PaperSwarm:
    """A swarm after ``1 wants A; 2 wants B without a CPU; 1 ends``."""
    swarm = PaperSwarm(devices, models)
    for each in happens.split("; "):
        job_id, does, *rest = each.split(" ")
        if does == "ends":
            swarm.end(job_id)
        else:
            words = " ".join(rest[1:])
            device = words.removeprefix("on ") if words.startswith("on ") else None
            swarm.come(job_id, rest[0], device=device, allow_cpu=words != "without a CPU")
        swarm.do_all()
    return swarm


def order_of(waiting: str, running: str, served: str) -> list[str]:
    """The keys to whose jobs slots go, in turn; of ``laptop, phone``, or ``nobody``."""
    taken = {} if running == "nobody" else {running: 1}
    queue: ModelQueue[str] = ModelQueue({}, taken, {served: 1})
    for key in waiting.split(", "):
        queue.waiting.setdefault(key, []).append(key)
    return list(in_order(queue))
