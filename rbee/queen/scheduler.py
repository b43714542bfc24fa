"""Phase 5: where a job could run, best place first. Pure.

The policy: a worker that already holds the model and has a free slot; then the GPU with the most
memory (its total says how strong it is); among equals the one with the fewest workers, on the
least busy machine, the queen's own machine before others; then the CPU, where the request allows
it. `node`, `device` and `backend` narrow the choice; whoever names a device or a backend gets
that or an error, never another.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from rbee.process.sabotage import sabotaged
from rbee.wire.errors import RbeeError
from rbee.wire.messages import Devices, Gpu, JobRequest, WorkerBeat, WorkerState

CPU = "cpu"


class HiveFacts(NamedTuple):
    """A hive as the scheduler sees it; workers keep dying on its `degraded` devices.

    `here`: it is on the queen's own machine.
    """

    hive_id: str
    devices: Devices
    workers: Sequence[WorkerBeat]
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
    here: bool


def warm_worker(request: JobRequest, hives: Iterable[HiveFacts]) -> WarmWorker | None:
    """The worker to use as it is: one with a free slot, else one that is loading or busy."""
    fitting = [
        WarmWorker(hive.hive_id, worker, hive.here)
        for hive in hives
        if request.node in (None, hive.hive_id)
        for worker in hive.workers
        if _serves(worker, request)
    ]
    order = {WorkerState.READY: 0, WorkerState.BUSY: 1, WorkerState.LOADING: 2}
    return min(
        fitting,
        key=lambda warm: (order[warm.worker.state], -warm.worker.slots_free, not warm.here),
        default=None,
    )


def places(request: JobRequest, hives: Sequence[HiveFacts]) -> list[Place]:
    """Where a new worker could be started, best place first.

    Raises `hive_not_found`, `invalid_request` or `backend_unavailable` where the request names
    what nobody has.
    """
    considered = [hive for hive in hives if request.node in (None, hive.hive_id)]
    if not considered:
        raise _unknown_hive(request.node or "", hives)
    gpus = [
        (gpu, hive)
        for hive in considered
        for gpu in hive.devices.gpus
        if request.device in (None, gpu.id) and request.backend in (None, gpu.backend)
        if gpu.id not in hive.degraded
    ]
    gpus.sort(key=lambda pair: _strongest_first(*pair))
    if sabotaged("queen:wrong-gpu"):
        gpus.reverse()
    found = [Place(hive.hive_id, gpu.id, gpu.backend) for gpu, hive in gpus]
    if _cpu_wanted(request):
        by_room = sorted(
            (hive for hive in considered if CPU not in hive.degraded),
            key=lambda hive: (len(hive.workers), not hive.here, -hive.devices.cpu.ram_free_gb),
        )
        named = CPU in (request.device, request.backend)
        fallback = bool(found) and not named
        found += [Place(hive.hive_id, CPU, CPU, fallback) for hive in by_room]
    if not found:
        raise _no_such_device(request, considered)
    return found


def _strongest_first(gpu: Gpu, hive: HiveFacts) -> tuple[float, int, int, bool, float, str]:
    beside = sum(worker.device == gpu.id for worker in hive.workers)
    return -gpu.vram_gb, beside, len(hive.workers), not hive.here, -gpu.vram_free_gb, gpu.id


def _cpu_wanted(request: JobRequest) -> bool:
    if request.device is not None:
        return request.device == CPU
    if request.backend is not None:
        return request.backend == CPU
    return request.allow_cpu


def _serves(worker: WorkerBeat, request: JobRequest) -> bool:
    return (
        worker.model_ref == request.model_ref
        and worker.state in (WorkerState.READY, WorkerState.BUSY, WorkerState.LOADING)
        and request.device in (None, worker.device)
        and request.backend in (None, worker.backend)
        and request.engine in (None, worker.engine)
        and (request.ctx is None or request.ctx <= worker.context)
        and (request.allow_cpu or worker.device != CPU or request.device == CPU)
    )


def _unknown_hive(node: str, hives: Sequence[HiveFacts]) -> RbeeError:
    known = sorted(hive.hive_id for hive in hives)
    near = difflib.get_close_matches(node, known, 1)
    return RbeeError(
        "hive_not_found",
        f"no hive is called {node}",
        f"--node {near[0]}" if near else f"hives: {', '.join(known) or 'none'}",
        {"hives": known},
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
