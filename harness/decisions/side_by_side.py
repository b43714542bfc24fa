"""Text and vectors on the same workers: the queen's decisions, tried on workers on paper."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rbee.queen.demand import Load, vectors_up_to, wants_another, work_of
from rbee.queen.scheduler import (
    HiveFacts,
    WarmWorker,
    places_beside,
    takes_one,
    warm_worker,
)
from rbee.queen.state import Hive
from rbee.wire.messages.devices import Cpu, Devices, Gpu
from rbee.wire.messages.jobs import JobRequest
from rbee.wire.messages.workers import WorkerBeat, WorkerState
from rbee.wire.placement import Placement

_MODEL = "HF:author/minillama"
_JOBS: Mapping[str, list[str] | None] = {
    "text": None,
    "a vector": ["hello"],
    "many vectors": ["hello " * 100] * 100,
    "a vector of a long text": ["hello " * 1000],
}
_LOADS = {
    "writes": Load(texts=1),
    "makes a vector": Load(few_vectors=1),
    "makes many vectors": Load(many_vectors=1),
}


class SideBySide:
    """Workers of one model, and a job that comes to them."""

    def __init__(self) -> None:
        self._workers: list[WorkerBeat] = []
        self._claimed: dict[str, Load] = {}
        self._kept: list[str] = []

    def add(self, worker_id: str, does: str) -> None:
        """A worker, and what it does: ``writes``, ``is idle for vectors``, ``is not there``."""
        if does == "is not there":
            return
        state = WorkerState.LOADING if does.startswith("loads") else WorkerState.READY
        up_to = 2048 if does.endswith("for vectors") else 0
        self._workers.append(beat(worker_id, "cpu", state, up_to))
        if does in _LOADS:
            self._claimed[worker_id] = _LOADS[does]
        if does == "is waited for":
            self._kept.append(worker_id)

    def outcome(self, job: str) -> str:
        """What becomes of a job for ``text``, ``a vector`` and so on."""
        request = _request(job)
        work = work_of(request)
        hive = hive_with(self._workers)
        warm = warm_worker(request, [hive], self._claimed, None, work, self._kept)
        if warm is None:
            return "finds nobody"
        name = warm.worker.worker_id
        if takes_one(warm):
            return f"goes to {name}"
        if warm.is_in_the_way and wants_another(work, warm.load):
            return f"has one started beside {name}"
        return f"waits for {name}"


def made_for(size: int) -> int:
    """How long inputs (tokens) a worker takes that is started for a text of `size` bytes."""
    request = JobRequest(model_ref=_MODEL, inputs=["x" * size])
    return vectors_up_to(work_of(request))


def first_beside(gpus: Mapping[str, float], job: str, where: str, degraded: str) -> str:
    """The best place beside a worker at `where` (``gpu0@attic``); `gpus` are GB by hive."""
    device, _, hive_id = where.partition("@")
    hives = [
        HiveFacts(
            Hive(each, each, ""),
            devices(Gpu(id="gpu0", name="RTX", vram_gb=gb, vram_free_gb=gb)),
            ["gpu0"] if degraded == f"gpu0@{each}" else [],
        )
        for each, gb in gpus.items()
    ]
    warm = WarmWorker(hive_id, beat("A", device, WorkerState.READY, 0))
    best = places_beside(warm, _request(job), hives)[0]
    return f"{best.device}@{best.hive_id}"


def _request(job: str) -> JobRequest:
    inputs = _JOBS[job]
    if inputs is None:
        return JobRequest(model_ref=_MODEL, prompt="hello")
    return JobRequest(model_ref=_MODEL, inputs=[*inputs])


def hive_with(workers: Iterable[WorkerBeat]) -> HiveFacts:
    """The queen's own hive, with a processor and these workers."""
    hive = Hive("localhost", "localhost", "", workers={each.worker_id: each for each in workers})
    return HiveFacts(hive, devices())


def devices(*gpus: Gpu) -> Devices:
    """Those of a machine on paper."""
    return Devices(cpu=Cpu(name="CPU", cores=4, ram_gb=16.0), gpus=[*gpus])


def beat(
    worker_id: str,
    device: str,
    state: WorkerState,
    up_to: int,
    context: int = 8192,
    trained: int = 0,
) -> WorkerBeat:
    """A worker on paper."""
    return WorkerBeat(
        worker_id=worker_id,
        url="",
        model_ref=_MODEL,
        placement=Placement.on("localhost", device),
        backend="cpu" if device == "cpu" else "cuda",
        engine="llamacpp",
        state=state,
        slots=4,
        slots_free=4,
        context=context,
        trained=trained,
        names=(_MODEL,),
        vectors_up_to=up_to,
    )
