"""What a job hears while it waits for a worker, and of the place that it gets. Phases 5 and 6."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence

from rbee.queen import scheduler
from rbee.queen.fairness import ModelQueue, wait_for
from rbee.queen.jobs import RETRY_AFTER, Job
from rbee.queen.next_steps import Start
from rbee.queen.replacing import waits_for_a_gpu
from rbee.queen.speed import Estimate
from rbee.queen.state import Claim, Place, State, Wait, Waiting
from rbee.queen.troubles import ROOM
from rbee.wire import narration
from rbee.wire.errors import RbeeError
from rbee.wire.messages.devices import PartRoom
from rbee.wire.messages.workers import WorkerState
from rbee.wire.narration import device_name, layers_in_words, size


def places_of(state: State) -> Iterator[tuple[Claim, int]]:
    """Those who wait for a device, and those who wait for a worker while none is started, each with
    its place in that queue, from 1 on."""
    waiting = [each for each in state.claims.values() if each.wait and not each.moves]
    if not waiting:
        return
    starting = {state.model(claim) for claim in state.claims.values() if claim.begun is not None}
    devices = Counter[tuple[str, str]]()
    for claim in sorted(waiting, key=lambda each: each.number):
        assert claim.wait is not None
        if claim.wait.what is Waiting.ROOM:
            devices[claim.wait.spot] += 1
            yield claim, devices[claim.wait.spot]
    for model, queue in state.waiting().items():
        for place, claim in enumerate(queue, 1):
            what = claim.wait.what if claim.wait else Waiting.WAKING
            if what not in (Waiting.ROOM, Waiting.WAKING) and model not in starting:
                yield claim, place


def say_place(job: Job, state: State, claim: Claim, place: int) -> None:
    """At which place a job waits, and for how long, where that can be reckoned."""
    ref, wait = claim.request.model_ref, claim.wait
    assert wait is not None
    if wait.what is Waiting.ROOM:
        device = device_name(wait.device)
        job.say(narration.PLACE_OF_ROOM, place=place, device=device, hive_id=wait.hive_id)
        return
    about = wait_for(place, _slots(state, ref), state.seconds.get(state.model(claim)))
    if about is None:
        job.say(narration.PLACE, place=place, model_ref=ref)
    else:
        seconds = narration.seconds(about)
        job.say(narration.PLACE_AND_WAIT, place=place, model_ref=ref, wait=seconds)


def say_wait(job: Job, claim: Claim, wait: Wait) -> None:
    """What a job waits for."""
    worker_id, ref = wait.worker_id, claim.request.model_ref
    if wait.what is Waiting.START:
        job.say(narration.WAIT_PREPARING, model_ref=ref)
    elif wait.what is Waiting.ROOM:
        device = device_name(wait.device)
        job.say(narration.WAIT_ROOM, device=device, hive_id=wait.hive_id, model_ref=ref)
    elif wait.what is Waiting.WAKING:
        job.say(narration.WAIT_WAKING, hive_id=wait.hive_id)
    elif wait.what is Waiting.TURN:
        line = narration.WAIT_VECTORS if claim.work.is_vectors else narration.WAIT_TEXT
        job.say(line, worker_id=worker_id)
    else:
        facts = {"worker_id": worker_id, "hive_id": wait.hive_id}
        job.say(narration.WAIT_WORKER, state=wait.what.value, **facts)


def say_pick(job: Job, claim: Claim, place: Place) -> None:
    """Which place is asked for room; that of a processor, why no GPU is."""
    if place.fallback:
        full = all(each.error.code in ROOM for each in claim.troubles)
        is_short = claim.troubles or waits_for_a_gpu(claim)
        no_gpu = narration.CPU_FALLBACK if full and is_short else narration.CPU_INSTEAD
        job.say(no_gpu, model_ref=job.request.model_ref)
    else:
        job.say(narration.PICKED, device=device_name(place.device), hive_id=place.hive_id)


def say_estimates(job: Job, estimates: Sequence[Estimate]) -> None:
    """How fast the place that is taken is, and those that were compared with it."""
    if not estimates:
        return
    best, *others = estimates
    rivals = ", ".join(_in_short(each, best.place.hive_id) for each in others)
    why = f"against {rivals}" if rivals else "no other place would be faster"
    rate = narration.rate(best.tokens_per_second)
    where = f"{device_name(best.place.device)} on hive {best.place.hive_id}"
    job.say(narration.EXPECTED, rate=rate, where=where, why=why)
    if loading := narration.load(best.loading):
        job.say(narration.WEIGHTS_FIRST, loading=loading)


def say_beside(job: Job, decision: Start, beside: Wait) -> None:
    """Why a worker is started for a model that has one."""
    where = {"device": device_name(decision.place.device), "hive_id": decision.place.hive_id}
    if beside.what is Waiting.SLOT:
        job.say(narration.ANOTHER_WORKER, worker_id=beside.worker_id)
        job.say(narration.PICKED, **where)
    else:
        line = narration.BESIDE_FOR_VECTORS if decision.up_to else narration.BESIDE_FOR_TEXT
        job.say(line, worker_id=beside.worker_id, **where)


def queue_full(state: State, claim: Claim, queue: ModelQueue[Claim], longest: int) -> RbeeError:
    """The refusal of a job that would be more than `longest` in its queue; its details say after
    how many seconds to come again."""
    ref, waiting = claim.request.model_ref, sum(map(len, queue.waiting.values()))
    one = wait_for(1, _slots(state, ref), state.seconds.get(state.model(claim)))
    return RbeeError(
        "queue_full",
        f"{waiting} jobs wait for {ref} already, "
        f"{len(queue.waiting.get(claim.key, ()))} of them with this key",
        "try again in a moment",
        {
            "retry_after_s": RETRY_AFTER if one is None else max(1, math.ceil(one)),
            "waiting": waiting,
            "longest": longest,
        },
    )


def parts_in_words(parts: Sequence[PartRoom]) -> str:
    """``18 layers on GPU0 (9.1 GB), 13 layers on GPU1 (6.6 GB)``."""
    words = []
    for each in parts:
        layers = layers_in_words(each.layers, experts=each.experts)
        device = f"{each.device}@{each.hive_id}" if each.hive_id else each.device
        words.append(f"{layers} on {device_name(device)} ({size(each.need_bytes)})")
    return ", ".join(words)


def _slots(state: State, model_ref: str) -> int:
    """The slots of all workers that serve a model now."""
    return sum(
        worker.slots
        for hive in state.hives.values()
        for worker in hive.workers.values()
        if scheduler.leads_to(model_ref, worker) and worker.state is not WorkerState.LOADING
    )


def _in_short(each: Estimate, known: str) -> str:
    """``198 with GPU0 + CPU``, or ``... on hive attic`` where that is none that is `known`; ``14
    after 95 seconds with GPU0 + GPU0 of attic`` where weights go over the network before."""
    hive_id, loading = each.place.hive_id, narration.load(each.loading)
    on = "" if hive_id == known else f" on hive {hive_id}"
    later = f" after {loading}" if loading else ""
    rate = narration.tokens(each.tokens_per_second)
    return f"{rate}{later} with {device_name(each.place.device)}{on}"
