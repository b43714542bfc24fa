"""Phase 5: where a job could run, best place first. Pure.

The policy: a worker that already holds the model and has a free slot; then the GPU with the most
memory (its total says how strong it is); among equals one whose machine has the model on its disk,
the one with the fewest workers, on the least busy machine, the queen's own machine before others;
a machine that sleeps and can be woken is one of each kind's last;
then several GPUs of one machine, as few as will do; then its GPUs and its RAM; then GPUs of several
machines; then the CPU, where the request allows it; then all that several machines have; in the end
devices on which the workers of this model kept dying lately.
`node`, `device`, `backend` and `spread` narrow the choice; whoever names a device or a backend gets
that or an error, never another. What went wrong with a job before rules places out, see `troubles`.
For people: docs/scheduling.md.
"""

from __future__ import annotations

import itertools
import operator
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple, TypeGuard

from rbee.queen.demand import TEXT, Demand, Load, in_the_way, is_made_for
from rbee.queen.state import LOCAL, Hive, Place, is_ready, meet
from rbee.queen.troubles import Troubles
from rbee.wire.errors import RbeeError, no_such
from rbee.wire.messages.devices import Devices, Gpu
from rbee.wire.messages.inference import template_name
from rbee.wire.messages.jobs import JobRequest
from rbee.wire.messages.workers import WorkerBeat, WorkerState
from rbee.wire.placement import CPU, Part, Placement, within

#: The most machines that a model is spread over: a head, and `GGML_RPC_MAX_SERVERS` of llama.cpp.
_MOST_MACHINES = 17
#: So many times as weak as its memory is a GPU that has that from the processor.
_INTEGRATED = 1024.0


class HiveFacts(NamedTuple):
    """A hive that has told its `devices`, for one job: workers of the model kept dying on those
    that are `degraded`; `holds`: the model is on its disk; `asleep`: its machine is suspended."""

    hive: Hive
    devices: Devices
    degraded: Collection[str] = ()
    holds: bool = False
    asleep: bool = False

    @property
    def hive_id(self) -> str:
        """Its id."""
        return self.hive.hive_id

    @property
    def workers(self) -> Collection[WorkerBeat]:
        """The workers that it has now."""
        return () if self.asleep else self.hive.workers.values()


class WarmWorker(NamedTuple):
    """A worker that already holds the model.

    `load` is what it does; `is_in_the_way`: that, or who waits for it, keeps the job out.
    """

    hive_id: str
    worker: WorkerBeat
    load: Load = Load()
    is_in_the_way: bool = False

    @property
    def slots_free(self) -> int:
        """The slots that no job holds."""
        return self.worker.slots - sum(self.load)


def warm_worker(
    request: JobRequest,
    hives: Sequence[HiveFacts],
    claimed: Mapping[str, Load],
    troubles: Troubles | None = None,
    work: Demand = TEXT,
    kept: Collection[str] = (),
    tokens: int = 0,
) -> WarmWorker | None:
    """The worker to use as it is: one with a free slot, else one that is loading or busy, else one
    that does what the `work` of this job does not go with, or is `kept` for others who wait.

    Vectors go to a worker that is for them alone, where there is one, and a job that may take as
    many `tokens` rather to one with as much context. `claimed` are the slots that
    jobs hold, by worker; places that `troubles` rule out are left.
    """
    model_ref = request.model_ref
    fitting = [
        _warm(hive.hive_id, worker, claimed.get(worker.worker_id, Load()), work, kept)
        for hive in _meant(request, hives)
        for worker in hive.workers
        # This test is first: it is cheap, and rules out nearly all workers of a large swarm.
        if leads_to(model_ref, worker)
        and is_made_for(worker.vectors_up_to, work)
        and _serves(worker, request)
        and not (troubles and troubles.rules_out(hive.hive_id, worker.device, True))
    ]
    order = {WorkerState.READY: 0, WorkerState.BUSY: 1, WorkerState.LOADING: 2}
    return min(
        fitting,
        key=lambda warm: (
            warm.is_in_the_way,
            order[warm.worker.state],
            warm.slots_free < 1,
            not warm.worker.vectors_up_to,
            max(0, tokens - warm.worker.context),
            -warm.slots_free,
            warm.hive_id != LOCAL,
        ),
        default=None,
    )


def _warm(
    hive_id: str, worker: WorkerBeat, load: Load, work: Demand, kept: Collection[str]
) -> WarmWorker:
    blocked = in_the_way(work, load) or worker.worker_id in kept
    return WarmWorker(hive_id, worker, load, is_in_the_way=blocked)


def takes_one(worker: WarmWorker | None) -> TypeGuard[WarmWorker]:
    """Whether a worker takes a job more now."""
    free = worker is not None and is_ready(worker.worker) and worker.slots_free > 0
    return free and worker is not None and not worker.is_in_the_way


def leads_to(model_ref: str, worker: WorkerBeat) -> bool:
    """Whether a worker holds what a name leads to now."""
    if worker.names is None:
        return worker.model_ref == model_ref
    return model_ref in worker.names


def may_hold(model_ref: str, worker: WorkerBeat) -> bool:
    """Whether a worker may hold what a name leads to, though it is not known by that name.

    Names of one repository may lead to the same file, and a path on a disk may to any.
    """
    mine, theirs = _whence(model_ref), _whence(worker.model_ref)
    return mine == theirs or "file" in (mine, theirs)


def _whence(model_ref: str) -> str:
    """The repository of a name on the hub; ``file``, or the name of what ships with rbee."""
    scheme, _, rest = model_ref.partition(":")
    return rest.partition("@")[0].partition(":")[0] if scheme == "HF" else scheme


def places(
    request: JobRequest, hives: Sequence[HiveFacts], troubles: Troubles | None = None
) -> Iterator[Place]:
    """Where a new worker could be started, best place first, without what `troubles` rule out.

    The others are put in order when the first will not do: a fleet has thousands. A trouble that
    is added meanwhile counts for those that are still to come.
    Raises, at once, `hive_not_found`, `invalid_request` or `backend_unavailable` where the request
    names what nobody has.
    """
    considered = _meant(request, hives)
    if not considered:
        known = [hive.hive_id for hive in hives]
        raise no_such("hive", request.node or "", known, "rbee-keeper hives lists them")
    search = _Search(request, considered, troubles)
    if not (search.has_gpus or search.wants_cpu):
        raise _no_such_device(request, considered)
    return search.best_first()


def places_beside(
    warm: WarmWorker,
    request: JobRequest,
    hives: Sequence[HiveFacts],
    troubles: Troubles | None = None,
) -> list[Place]:
    """Where a worker could be started for a job that `warm` is in the way of, best place first.

    On the same machine before others, since that has the model; nowhere where workers kept dying.
    Vectors alone are made by a processor, too; text is not moved from a GPU to one.
    """
    degraded = {hive.hive_id: hive.degraded for hive in hives}
    found = [
        place
        for place in places(request, hives, troubles)
        if place.device not in degraded[place.hive_id]
        and not place.is_on_several
        and (
            not meet(place.device, CPU)
            or request.inputs is not None
            or meet(warm.worker.device, CPU)
        )
    ]
    return sorted(found, key=lambda place: place.hive_id != warm.hive_id)


def contenders(request: JobRequest, hives: Sequence[HiveFacts]) -> list[str]:
    """The hives that are equal in strength and better than all others: those of which it matters
    who holds the model. One alone: it matters of none."""
    considered = _meant(request, hives)
    strongest = max(
        (
            _strength(gpu)
            for hive in considered
            for gpu in hive.devices.gpus
            if _is_wanted(gpu, request) and gpu.id not in hive.degraded
        ),
        default=None,
    )
    if strongest is None:
        return [hive.hive_id for hive in considered if CPU not in hive.degraded]
    return [
        hive.hive_id
        for hive in considered
        if any(
            _strength(gpu) == strongest and _is_wanted(gpu, request) for gpu in hive.devices.gpus
        )
    ]


#: What makes a GPU better than another, each smaller where it is better: whether workers kept
#: dying on it (2) or it has to be woken (1), strength, whether its machine lacks the model, workers
#: on it, workers beside it, whether it is far from the queen, free memory, its id, and the order of
#: the hives. After that, what it is: hive and backend. A plain tuple, since there may be thousands.
_Ranked = tuple[int, float, bool, int, int, bool, float, str, int, str, str]
_DEGRADED = 2


def _meant(request: JobRequest, hives: Sequence[HiveFacts]) -> Sequence[HiveFacts]:
    if request.node is None:
        return hives
    return [hive for hive in hives if hive.hive_id == request.node]


class _Search:
    """One look at the devices for one request."""

    def __init__(
        self, request: JobRequest, hives: Sequence[HiveFacts], troubles: Troubles | None
    ) -> None:
        self._request = request
        self._hives = hives
        self._troubles = troubles
        #: Whether there is what the request names, be it out of the question by now or not.
        self.has_gpus, self.wants_cpu = False, _cpu_wanted(request)
        self._best = self._best_gpu()

    def best_first(self) -> Iterator[Place]:
        """Sound GPUs, several together, sound CPUs, and then those on which workers kept dying."""
        gpus = self._gpus_in_order() if self._best is not None else iter(())
        degraded: list[_Ranked] = []
        for gpu in gpus:
            if gpu[0] >= _DEGRADED:
                degraded.append(gpu)
                break
            yield from self._on_gpu(gpu)
        yield from self._on_several(degraded=False)
        yield from self._on_machines(ram=False)
        cpus = self._hives if self.wants_cpu else ()
        yield from self._on_cpus([hive for hive in cpus if CPU not in hive.degraded])
        yield from self._on_machines(ram=True)
        for gpu in itertools.chain(degraded, gpus):
            yield from self._on_gpu(gpu)
        yield from self._on_several(degraded=True)
        yield from self._on_cpus([hive for hive in cpus if CPU in hive.degraded])

    def _best_gpu(self) -> _Ranked | None:
        """One pass that keeps nothing but the best: the others are looked at if it will not do."""
        best: _Ranked | None = None
        for number, hive in enumerate(self._hives):
            for gpu in hive.devices.gpus:
                weight = -_strength(gpu)
                if best is not None and weight > best[1] and not best[0]:
                    continue  # weaker, however idle
                if not _is_wanted(gpu, self._request):
                    continue
                self.has_gpus = True
                if self._is_ruled_out(hive.hive_id, gpu.id, hive.holds):
                    continue
                ranked = self._ranked(gpu, hive, number)
                if best is None or ranked < best:
                    best = ranked
        return best

    def _gpus_in_order(self) -> Iterator[_Ranked]:
        assert self._best is not None, "who has a best one has others, or none"
        yield self._best
        others = (
            self._ranked(gpu, hive, number)
            for number, hive in enumerate(self._hives)
            for gpu in hive.devices.gpus
            if _is_wanted(gpu, self._request)
        )
        best = self._best
        yield from (ranked for ranked in sorted(others) if ranked != best)

    def _ranked(self, gpu: Gpu, hive: HiveFacts, number: int) -> _Ranked:
        hive_id, workers = hive.hive_id, hive.workers
        used = [part.device for each in workers for part in each.placement.parts]
        return (
            _DEGRADED * (gpu.id in hive.degraded) + hive.asleep,
            -_strength(gpu),
            not hive.holds,
            used.count(gpu.id),
            len(workers),
            hive_id != LOCAL,
            -gpu.vram_free_gb,
            gpu.id,
            number,
            hive_id,
            gpu.backend,
        )

    def _on_gpu(self, ranked: _Ranked) -> Iterator[Place]:
        *_, device, _, hive_id, backend = ranked
        if not self._is_ruled_out(hive_id, device, not ranked[2]):
            yield Place(Placement.on(hive_id, device), backend)

    def _on_several(self, *, degraded: bool) -> Iterator[Place]:
        """GPUs of one machine together, as few and as strong as will do; then all with its RAM.

        Those on which workers kept dying, be it on one of several, are apart: `degraded`.
        """
        request, found = self._request, []
        named = request.device or request.backend
        for number, hive in enumerate(() if named else self._hives):
            cards = self._cards(hive)
            sets = [_in_order(hive, cards[:count]) for count in range(2, len(cards) + 1)]
            # The memory of a Mac's GPU is its RAM, and so is that of a processor's.
            if request.allow_cpu and cards and cards[0].has_own_memory:
                sets.append([*_in_order(hive, cards), CPU])
            for devices in sets:
                placement = Placement.on(hive.hive_id, "+".join(devices))
                died = any(meet(placement.devices, each) for each in hive.degraded)
                if died is not degraded or not within(placement.spread, request.spread):
                    continue
                ram = placement.spread == "machine"
                strength = sum(gpu.vram_gb for gpu in cards if gpu.id in devices)
                near = (not hive.holds, len(hive.workers), hive.hive_id != LOCAL, number)
                ranked = (ram, hive.asleep, 0 if ram else len(devices), -strength, near)
                found.append((ranked, Place(placement, cards[0].backend)))
        for (*_, near), place in sorted(found, key=operator.itemgetter(0)):
            if not self._is_ruled_out(place.hive_id, place.device, not near[0]):
                yield place

    def _on_machines(self, *, ram: bool) -> Iterator[Place]:
        """GPUs of several machines together, or with `ram` all that they have; as few and as strong
        machines as will do. The head is on one that has the model, else at hand."""
        request = self._request
        alone = len(self._hives) < 2 or request.node or request.device or request.backend
        if alone or not within("swarm", request.spread) or (ram and not request.allow_cpu):
            return
        ranked = []
        for number, hive in enumerate(self._hives):
            cards = [gpu for gpu in self._cards(hive) if gpu.id not in hive.degraded]
            # llama.cpp uses a part of a processor where no other device is, and a side is one.
            cards = [gpu for gpu in cards if not gpu.integrated]
            with_ram = ram and CPU not in hive.degraded
            devices = [*_in_order(hive, cards), *([CPU] if with_ram else [])]
            # The memory of a Mac's GPU is its RAM.
            if cards and not cards[0].has_own_memory:
                devices = devices[: len(cards)]
            weight = sum(gpu.vram_gb for gpu in cards)
            near = (not hive.holds, hive.hive_id != LOCAL, number)
            known, on = self._troubles, hive.hive_id
            if devices and not (known and (known.is_out(on) or known.is_apart(on))):
                strength = (
                    hive.asleep,
                    -weight,
                    -hive.devices.cpu.ram_gb if with_ram else 0.0,
                )
                backend = cards[0].backend if cards else CPU
                ranked.append((strength, near, hive.hive_id, devices, backend))
        ranked.sort()
        for count in range(2, min(len(ranked), _MOST_MACHINES) + 1):
            head, *others = sorted(ranked[:count], key=operator.itemgetter(1))
            parts = [Part(on, each) for _, _, on, devices, _ in (head, *others) for each in devices]
            place = Place(Placement(tuple(parts)), head[4])
            if not self._is_ruled_out(place.hive_id, place.device, not head[1][0]):
                yield place

    def _cards(self, hive: HiveFacts) -> list[Gpu]:
        """The GPUs of a machine that may work together: sound ones first, then by their memory."""
        troubles, on = self._troubles, hive.hive_id
        gpus = [
            gpu for gpu in hive.devices.gpus if not (troubles and troubles.is_broken(on, gpu.id))
        ]
        gpus.sort(key=lambda gpu: (gpu.id in hive.degraded, -_strength(gpu)))
        return [gpu for gpu in gpus if gpu.backend == gpus[0].backend]

    def _on_cpus(self, hives: list[HiveFacts]) -> Iterator[Place]:
        """The least busy one that has the model first, and of equals the one at hand."""
        fallback = self.has_gpus and CPU not in (self._request.device, self._request.backend)
        hives.sort(
            key=lambda hive: (
                hive.asleep,
                not hive.holds,
                len(hive.workers),
                hive.hive_id != LOCAL,
                -hive.devices.cpu.ram_free_gb,
            )
        )
        for hive in hives:
            if not self._is_ruled_out(hive.hive_id, CPU, hive.holds):
                yield Place(Placement.on(hive.hive_id, CPU), CPU, fallback)

    def _is_ruled_out(self, hive_id: str, device: str, holds: bool) -> bool:
        troubles = self._troubles
        return bool(troubles and troubles.rules_out(hive_id, device, holds))


def _strength(gpu: Gpu) -> float:
    """How strong a GPU is, by its memory; a part of a processor is weaker than any card."""
    return gpu.vram_gb / _INTEGRATED if gpu.integrated else gpu.vram_gb


def _is_wanted(gpu: Gpu, request: JobRequest) -> bool:
    return request.device in (None, gpu.id) and request.backend in (None, gpu.backend)


def _in_order(hive: HiveFacts, cards: Sequence[Gpu]) -> list[str]:
    """Some GPUs of a machine in the order in which it, and an engine, counts them."""
    return [gpu.id for gpu in hive.devices.gpus if gpu in cards]


def _cpu_wanted(request: JobRequest) -> bool:
    named = request.device or request.backend
    if named is not None:
        return named == CPU
    return request.allow_cpu


def _serves(worker: WorkerBeat, request: JobRequest) -> bool:
    return (
        worker.state in (WorkerState.READY, WorkerState.BUSY, WorkerState.LOADING)
        and request.device in (None, worker.device)
        and request.backend in (None, worker.backend)
        and request.engine in (None, worker.engine)
        and (request.ctx is None or request.ctx <= worker.context)
        and worker.template == template_name(request.chat_template)
        and (request.allow_cpu or not meet(worker.device, CPU) or request.device == CPU)
        and within(worker.placement.spread, request.spread)
    )


def _no_such_device(request: JobRequest, hives: Sequence[HiveFacts]) -> RbeeError:
    here = {
        hive.hive_id: [CPU, *(f"{gpu.id} ({gpu.backend})" for gpu in hive.devices.gpus)]
        for hive in hives
    }
    listed = "; ".join(f"{hive}: {', '.join(devices)}" for hive, devices in here.items())
    wanted = request.device or request.backend or "GPU"
    return RbeeError(
        "backend_unavailable",
        f"no hive has a {wanted}" + ("" if request.allow_cpu else ", and the CPU was ruled out"),
        f"name one of these: {listed}",
        {"devices": here},
    )
