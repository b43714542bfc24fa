"""``rbee-keeper devices``, ``hives``, ``ps``, ``top``, ``models``: what the queen knows, told."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from rbee.keeper.awake import awake_queen, find_queen
from rbee.keeper.queen_client import QueenClient
from rbee.keeper.queen_target import QueenTarget
from rbee.keeper.screen import Screen
from rbee.keeper.table import age, ahead, table
from rbee.wire.errors import no_such
from rbee.wire.messages.events import Progress
from rbee.wire.messages.hives import HIVES, HiveStatus, HiveView
from rbee.wire.messages.jobs import JOBS, JobState, JobView
from rbee.wire.messages.models import CLUSTER_MODELS, ClusterModelView
from rbee.wire.messages.operations import OPERATIONS, OperationView
from rbee.wire.messages.workers import LEAST_GAIN, WORKERS, WorkerView
from rbee.wire.narration import layers_in_words, size

#: How often `top` looks (seconds).
_REDRAWN = 1.0
#: Jobs in a table: those that run, and of the others the newest, up to this many in all.
_JOBS_SHOWN = 10


def devices(screen: Screen, where: QueenTarget, hive: str | None) -> None:
    """The processors and GPUs of one hive or of all, those that sleep as they are remembered."""
    hives = _remembered(where, hive)
    screen.result({"hives": hives}, device_table(hives))
    _explain_degraded(screen, hives)
    if not any(each.devices for each in hives):
        screen.hint("no devices are known yet; rbee-keeper up asks for them")


def hives(screen: Screen, where: QueenTarget) -> None:
    """The machines of the swarm, awake and asleep."""
    found = _remembered(where, None)
    screen.result({"hives": found}, hive_table(found))
    _explain_degraded(screen, found)
    for hive in found:
        if hive.why_off:
            tried = f"; try: {hive.advice}" if hive.advice else ""
            screen.hint(f"{hive.hive_id} is not awake: {hive.why_off}{tried}")
    if not found:
        screen.hint("no hives yet; rbee-keeper add-hive localhost adds this machine")


def ps(screen: Screen, where: QueenTarget) -> None:
    """The workers, the jobs, and what else is under way."""
    work = _at_work(find_queen(where))
    screen.result(work._asdict(), _work_tables(work))


def top(screen: Screen, where: QueenTarget) -> None:
    """The workers and the jobs on one page that is drawn anew each second, until Ctrl+C; where
    there is no page to draw on, once."""
    if screen.as_json or not screen.has_page:
        ps(screen, where)
        return
    client = find_queen(where)
    while True:
        screen.page(_work_tables(_at_work(client)))
        time.sleep(_REDRAWN)


class _UnderWay(NamedTuple):
    workers: list[WorkerView]
    jobs: list[JobView]
    operations: list[OperationView]


def _at_work(client: QueenClient) -> _UnderWay:
    workers, jobs = client.call(WORKERS).workers, client.call(JOBS).jobs
    return _UnderWay(workers, jobs, client.call(OPERATIONS).operations)


def _work_tables(work: _UnderWay) -> str:
    tables = [worker_table(work.workers), job_table(work.jobs)]
    if work.operations:
        tables.append(operation_table(work.operations))
    return "\n\n".join(tables)


def models(screen: Screen, where: QueenTarget, node: str | None) -> None:
    """The model catalogs of the hives that are awake, or of one of them."""
    client = find_queen(where)
    _hives(client, node)
    answer = client.call(CLUSTER_MODELS)
    found = [model for model in answer.models if node in (None, model.hive_id)]
    unknown = [each for each in answer.unreachable if node in (None, each.hive_id)]
    value = {"models": found, "unreachable": unknown}
    screen.result(value, "\n\n".join([model_table(found), *models_in_all(found)]))
    for each in unknown:
        screen.hint(f"{each.hive_id} does not answer: its models are not listed ({each.why})")
    if not found and not unknown:
        screen.hint("no models yet; fetch one with rbee-keeper pull HF:owner/repo")


def hive_table(hives: Sequence[HiveView]) -> str:
    """One row for each hive."""
    rows = (
        (
            hive.hive_id,
            _state(hive),
            hive.host,
            hive.workers,
            age(hive.last_heartbeat_ms),
            ",".join(sorted({each.device for each in hive.degraded})),
        )
        for hive in hives
    )
    return table("HIVE STATE HOST WORKERS HEARTBEAT DEGRADED", rows)


def _state(hive: HiveView) -> str:
    """``online``, ``offline``, or ``asleep (wakes)``."""
    return "asleep (wakes)" if _is_asleep(hive) else hive.status.value


def _is_asleep(hive: HiveView) -> bool:
    return hive.wakes and hive.status is HiveStatus.OFFLINE


def device_table(hives: Sequence[HiveView]) -> str:
    """One row for each processor and GPU; memory is RAM or VRAM, and what is read of it per
    second, where that is known."""
    return table("HIVE DEVICE NAME CORES MEMORY BACKEND STATE READS", _device_rows(hives))


def _explain_degraded(screen: Screen, hives: Sequence[HiveView]) -> None:
    for hive in hives:
        for each in hive.degraded:
            at = time.strftime("%H:%M:%S", time.localtime(each.until_ms / 1000))
            where = f"{each.device} on {hive.hive_id}"
            screen.hint(f"{where} is the last choice for {each.model_ref} until {at}: {each.why}")


def worker_table(workers: Sequence[WorkerView]) -> str:
    """One row for each worker; slots are free ones of all, and the context is what one request may
    fill (tokens). Its parts stand below it."""
    rows: list[tuple[object, ...]] = []
    for worker in workers:
        rows.append(
            (
                worker.worker_id,
                worker.hive_id,
                _loaded(worker),
                worker.device,
                worker.state.value,
                f"{worker.slots_free}/{worker.slots}",
                worker.context or "",
                size(worker.vram_bytes) if worker.vram_bytes else "",
                worker.tokens_per_second or "",
                "never" if worker.kept else ahead(worker.unloads_at_ms),
            )
        )
        for part in worker.parts or ():
            layers = f"= {layers_in_words(part.layers, experts=part.experts)}"
            held = size(part.bytes)
            rows.append(("", part.hive_id, layers, part.device, "", "", "", held, "", ""))
    return table("WORKER HIVE MODEL DEVICE STATE SLOTS CONTEXT MEMORY TOKENS/S UNLOADS", rows)


def job_table(jobs: Sequence[JobView]) -> str:
    """One row for each job that runs and for the newest of the others."""
    running = [job for job in jobs if job.state is JobState.RUNNING]
    over = [job for job in jobs if job.state is not JobState.RUNNING]
    shown = running + over[: max(0, _JOBS_SHOWN - len(running))]
    rows = (
        (
            job.job_id,
            job.state.value if job.place is None else f"waiting ({job.place})",
            job.model_ref,
            job.hive_id,
            job.device,
            job.tokens_out,
            age(job.created_at_ms),
        )
        for job in shown
    )
    return table("JOB STATE MODEL HIVE DEVICE TOKENS AGE", rows)


def operation_table(operations: Sequence[OperationView]) -> str:
    """One row for each model that is pulled, each machine that is woken or added, each plan."""
    rows = (
        (
            each.operation_id,
            each.doing,
            each.what,
            each.hive_id,
            _so_far(each.progress),
            age(each.created_at_ms),
        )
        for each in operations
    )
    return table("OPERATION DOING WHAT HIVE PROGRESS AGE", rows)


def _so_far(progress: Progress | None) -> str:
    if progress is None:
        return ""
    whole = f" of {size(progress.total)}" if progress.total else ""
    return f"{size(progress.done)}{whole}"


def model_table(models: Sequence[ClusterModelView]) -> str:
    """One row for each model on each hive; other names that lead to it stand below it."""
    names: dict[tuple[str, str], list[ClusterModelView]] = {}
    for model in models:
        names.setdefault((model.hive_id, model.content or model.model_ref), []).append(model)
    rows: list[tuple[object, ...]] = []
    for same in names.values():
        model, *others = sorted(same, key=lambda one: len(one.model_ref))
        rows.append(
            (model.model_ref, model.hive_id, size(model.size_bytes), model.quant, model.status)
        )
        rows += [(f"= {other.model_ref}", "", "", "", "") for other in others]
    return table("MODEL HIVE SIZE QUANT STATE", rows)


def models_in_all(models: Sequence[ClusterModelView]) -> Iterator[str]:
    """What several models take together; names of the same files count once on each hive."""
    sizes = {(each.hive_id, each.content or each.model_ref): each.size_bytes for each in models}
    if len(sizes) > 1:
        yield f"{len(sizes)} models, {size(sum(sizes.values()))} in all"


def _loaded(worker: WorkerView) -> str:
    """What a worker is called by: a name that leads to what it has loaded now."""
    name = worker.model_ref
    if worker.names is not None and worker.model_ref not in worker.names:
        name = min(worker.names, key=len, default=f"{worker.model_ref} (replaced)")
    if worker.draft:
        is_used = worker.draft_gain >= LEAST_GAIN
        gain = f"{worker.draft_gain:.1f}x" if worker.draft_gain else "not used"
        return f"{name} ({'draft' if is_used else 'without draft'} {worker.draft}, {gain})"
    return f"{name} (vectors)" if worker.vectors_up_to else name


def _remembered(where: QueenTarget, hive_id: str | None) -> list[HiveView]:
    """As `_hives`; a queen that sleeps is woken for it, alone, and sleeps again."""
    with awake_queen(Screen(quiet=True), where) as queen:
        return _hives(queen.client, hive_id)


def _hives(client: QueenClient, hive_id: str | None) -> list[HiveView]:
    """All hives, or the one that is named. Raises `hive_not_found` with a near match."""
    hives = client.call(HIVES).hives
    if hive_id is None:
        return hives
    found = [hive for hive in hives if hive.hive_id == hive_id]
    if not found:
        known = [hive.hive_id for hive in hives]
        raise no_such("hive", hive_id, known, "rbee-keeper hives lists them")
    return found


def _device_rows(hives: Sequence[HiveView]) -> Iterator[Sequence[object]]:
    for hive in hives:
        if hive.devices is None:
            continue
        cpu = hive.devices.cpu
        degraded = {each.device: "degraded" for each in hive.degraded}
        ram = f"{cpu.ram_gb:.1f} GB"
        speed = _speed(cpu.gb_per_second)
        if _is_asleep(hive):
            degraded = dict.fromkeys(["cpu", *(gpu.id for gpu in hive.devices.gpus)], _state(hive))
        yield hive.hive_id, "cpu", cpu.name, cpu.cores, ram, "cpu", degraded.get("cpu"), speed
        for gpu in hive.devices.gpus:
            name = f"{gpu.name} (simulated)" if gpu.simulated else gpu.name
            vram = f"{gpu.vram_gb:.1f} GB"
            state, speed = degraded.get(gpu.id), _speed(gpu.gb_per_second)
            yield hive.hive_id, gpu.id, name, "", vram, gpu.backend, state, speed


def _speed(gb_per_second: float) -> str:
    return f"{gb_per_second:.0f} GB/s" if gb_per_second else ""
