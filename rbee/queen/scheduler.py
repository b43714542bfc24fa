"""Phase 5: where a job could run, best place first. Pure.

The policy: a worker that already holds the model and has a free slot; then the GPU with the most
memory (its total says how strong it is); among equals the one with the fewest workers, on the
least busy machine, the queen's own machine before others; then the CPU, where the request allows
it. `node`, `device` and `backend` narrow the choice; whoever names a device or a backend gets
that or an error, never another.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec

from rbee.process.sabotage import sabotaged
from rbee.wire.errors import RbeeError, no_such
from rbee.wire.messages import Devices, Gpu, JobRequest, WorkerBeat, WorkerState

CPU = "cpu"


class HiveFacts(NamedTuple):
    """A hive as the scheduler sees it; workers keep dying on its `degraded` devices.

    `here`: it is on the queen's own machine.
    """

    hive_id: str
    devices: Devices
    workers: Collection[WorkerBeat]
    degraded: Collection[str] = ()
    here: bool = True


class Place(NamedTuple):
    """A device of a hive. `fallback`: it is the CPU, taken because no GPU would do."""

    hive_id: str
    device: str
    backend: str
    fallback: bool = False


class WarmWorker(NamedTuple):
    """A worker that already holds the model. `here`: on the queen's own machine."""

    hive_id: str
    worker: WorkerBeat
    slots_free: int
    here: bool


def warm_worker(
    request: JobRequest, hives: Sequence[HiveFacts], claimed: Mapping[str, int]
) -> WarmWorker | None:
    """The worker to use as it is: one with a free slot, else one that is loading or busy.

    `claimed` counts the slots that jobs hold, by worker.
    """
    model_ref = request.model_ref
    fitting = [
        WarmWorker(hive.hive_id, worker, worker.slots - claimed.get(worker.worker_id, 0), hive.here)
        for hive in _meant(request, hives)
        for worker in hive.workers
        # Looked at first: in a fleet it rules out nearly all of them.
        if worker.model_ref == model_ref and _serves(worker, request)
    ]
    order = {WorkerState.READY: 0, WorkerState.BUSY: 1, WorkerState.LOADING: 2}
    return min(
        fitting,
        key=lambda warm: (order[warm.worker.state], -warm.slots_free, not warm.here),
        default=None,
    )


def places(request: JobRequest, hives: Sequence[HiveFacts]) -> Iterator[Place]:
    """Where a new worker could be started, best place first.

    The others are put in order when the first will not do: a fleet has thousands.
    Raises, at once, `hive_not_found`, `invalid_request` or `backend_unavailable` where the request
    names what nobody has.
    """
    considered = _meant(request, hives)
    if not considered:
        raise _unknown_hive(request.node or "", hives)
    if sabotaged("queen:ignore-device"):
        request = msgspec.structs.replace(request, device=None, backend=None)
    best = _best_gpu(request, considered)
    cpus = [hive for hive in considered if CPU not in hive.degraded]
    if not _cpu_wanted(request):
        cpus = []
    if best is None and not cpus:
        raise _no_such_device(request, considered)
    fallback = best is not None and CPU not in (request.device, request.backend)
    return _best_first(request, considered, best, cpus, fallback)


#: What makes a GPU better than another, each smaller where it is better: strength, workers on it,
#: workers beside it, whether it is far from the queen, free memory, its id, and the order of the
#: hives. After that, what it is: hive and backend. A plain tuple, since there may be thousands.
_Ranked = tuple[float, int, int, bool, float, str, int, str, str]


def _meant(request: JobRequest, hives: Sequence[HiveFacts]) -> Sequence[HiveFacts]:
    if request.node is None:
        return hives
    return [hive for hive in hives if hive.hive_id == request.node]


def _best_gpu(request: JobRequest, hives: Sequence[HiveFacts]) -> _Ranked | None:
    """One pass that keeps nothing but the best: the others are looked at if it has no room."""
    best: _Ranked | None = None
    strongest_first = _strongest_first()
    for number, hive in enumerate(hives):
        for gpu in hive.devices.gpus:
            if best is not None and strongest_first * gpu.vram_gb > best[0]:
                continue  # weaker, however idle
            if _is_wanted(gpu, hive, request):
                ranked = _ranked(gpu, hive, number)
                if best is None or ranked < best:
                    best = ranked
    return best


def _is_wanted(gpu: Gpu, hive: HiveFacts, request: JobRequest) -> bool:
    return (
        request.device in (None, gpu.id)
        and request.backend in (None, gpu.backend)
        and gpu.id not in hive.degraded
    )


def _strongest_first() -> int:
    return 1 if sabotaged("queen:wrong-gpu") else -1


def _ranked(gpu: Gpu, hive: HiveFacts, number: int) -> _Ranked:
    used = [worker.device for worker in hive.workers]
    return (
        _strongest_first() * gpu.vram_gb,
        used.count(gpu.id),
        len(used),
        not hive.here,
        -gpu.vram_free_gb,
        gpu.id,
        number,
        hive.hive_id,
        gpu.backend,
    )


def _best_first(
    request: JobRequest,
    hives: Sequence[HiveFacts],
    best: _Ranked | None,
    cpus: list[HiveFacts],
    fallback: bool,
) -> Iterator[Place]:
    if best is not None:
        yield _place(best)
        others = (
            _ranked(gpu, hive, number)
            for number, hive in enumerate(hives)
            for gpu in hive.devices.gpus
            if _is_wanted(gpu, hive, request)
        )
        yield from map(_place, sorted(others)[1:])
    fallback = fallback and not sabotaged("queen:silent-fallback")
    cpus.sort(key=lambda hive: (len(hive.workers), not hive.here, -hive.devices.cpu.ram_free_gb))
    yield from (Place(hive.hive_id, CPU, CPU, fallback) for hive in cpus)


def _place(ranked: _Ranked) -> Place:
    *_, device, _, hive_id, backend = ranked
    return Place(hive_id, device, backend)


def _cpu_wanted(request: JobRequest) -> bool:
    if request.device is not None:
        return request.device == CPU
    if request.backend is not None:
        return request.backend == CPU
    return request.allow_cpu and not sabotaged("queen:no-fallback")


def _serves(worker: WorkerBeat, request: JobRequest) -> bool:
    return (
        worker.state in (WorkerState.READY, WorkerState.BUSY, WorkerState.LOADING)
        and request.device in (None, worker.device)
        and request.backend in (None, worker.backend)
        and request.engine in (None, worker.engine)
        and (request.ctx is None or request.ctx <= worker.context)
        and (request.allow_cpu or worker.device != CPU or request.device == CPU)
    )


def _unknown_hive(node: str, hives: Sequence[HiveFacts]) -> RbeeError:
    known = [hive.hive_id for hive in hives]
    return no_such("hive", node, known, "rbee-keeper hives lists them")


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
