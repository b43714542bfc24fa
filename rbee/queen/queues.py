"""Who waits for a worker. Phase 5, where every slot is taken.

Each model has one queue. Whose turn it is and who may still join, `line` decides; this holds the
queues and hands out slots.
"""

from __future__ import annotations

import asyncio
import bisect
import contextlib
import itertools
import math
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from typing import NamedTuple, TypeGuard

import msgspec

from rbee.queen.fairness import Line, has_place, in_order, may_serve, wait_for
from rbee.queen.jobs import Job
from rbee.queen.registry import Registry, is_ready
from rbee.queen.scheduler import WarmWorker, leads_to
from rbee.queen.work import is_made_for, kept_for_the_other, wants_another
from rbee.wire import narration
from rbee.wire.errors import RbeeError
from rbee.wire.messages.jobs import JobRequest
from rbee.wire.messages.workers import WorkerState

#: How much the newest job says about how long one takes; the rest is said by those before.
_WEIGHT_OF_NEWEST = 0.2
#: What a caller is told who finds a queue full before any job of that model is done (seconds).
_RETRY_AFTER = 5


class _Kept(NamedTuple):
    """A worker that does what goes with no vectors, or no text, and the job that waits for it:
    of those that it does now, none is let in any more that came later."""

    job: Job
    worker_id: str

    @property
    def worker_and_kind(self) -> tuple[str, bool]:
        """The worker, and whether it is kept for vectors."""
        return self.worker_id, self.job.work.is_vectors


class _Queue:
    """The line of one model, and who in it has asked for a slot."""

    def __init__(self, model_ref: str) -> None:
        self.model_ref = model_ref
        self.waiting: dict[str, list[Job]] = {}
        self.running: Counter[str] = Counter()
        self.served: dict[str, int] = {}
        self.asking: dict[str, asyncio.Future[WarmWorker | None]] = {}
        #: The place that each job was told last.
        self.told: dict[str, int] = {}
        #: What a worker is being started for, and how long inputs it is for if for vectors alone.
        self.starting: list[tuple[JobRequest, int]] = []
        #: What is kept for those who wait, in their order.
        self.kept: list[_Kept] = []
        self.seconds: float | None = None

    @property
    def line(self) -> Line:
        return Line(self.waiting, self.running, self.served)

    @property
    def is_idle(self) -> bool:
        return not self.waiting and not self.running and not self.starting


class Queues:
    """The queues of all models, and the slots that jobs hold."""

    def __init__(
        self,
        longest: int,
        registry: Registry,
        worker_for: Callable[[Job, Collection[str]], WarmWorker | None],
    ) -> None:
        """`worker_for` is the worker that would serve a job best, whether it is free or not; those
        that are kept for others count as being in its way."""
        self._longest = longest
        self._registry = registry
        self._worker_for = worker_for
        self._queues: dict[str, _Queue] = {}
        self._numbers = itertools.count(1)
        registry.on_change(self._deal)

    def join(self, job: Job) -> None:
        """A job begins to wait. Raises `queue_full` with the seconds after which to come again."""
        queue = self._queue(job)
        if not has_place(queue.line, job.key, self._longest):
            raise _full(job, queue, self._slots(job.request.model_ref), self._longest)
        job.number = next(self._numbers)
        self._line_up(job)

    def leave(self, job: Job) -> None:
        """A job that is over waits no more."""
        queue = self._queue(job)
        row = queue.waiting.get(job.key, [])
        if job in row:
            row.remove(job)
            queue.told.pop(job.job_id, None)
            if not row:
                del queue.waiting[job.key]
            self._tell_places(queue)
        self._forget(queue)

    def claim(self, job: Job, worker_id: str) -> None:
        """A job takes a slot of a worker; nobody else gets it until it is released."""
        self.leave(job)
        queue = self._queue(job)
        queue.running[job.key] += 1
        queue.served[job.key] = next(self._numbers)
        job.worker_id = job.claimed = worker_id
        self._registry.claim(worker_id, job.work)

    def release(self, job: Job) -> None:
        """A job gives its slot back, if it has one; who waits for one gets it."""
        if job.claimed is None:
            return
        queue = self._queue(job)
        queue.running[job.key] -= 1
        if not queue.running[job.key]:
            del queue.running[job.key]
        if job.began_at is not None:
            queue.seconds = _mean(queue.seconds, time.monotonic() - job.began_at)
        worker_id, job.claimed, job.began_at = job.claimed, None, None
        self._registry.release(worker_id, job.work)

    def return_to(self, job: Job) -> None:
        """A job whose worker was lost waits again, where it stood."""
        if job not in self._queue(job).waiting.get(job.key, ()):
            self._line_up(job)

    def is_starting(self, job: Job) -> bool:
        """Whether another job has a worker started that may serve this one, too."""
        starting = self._queue(job).starting
        return any(
            is_made_for(up_to, job.work) and may_serve(wanted, job.request)
            for wanted, up_to in starting
        )

    def kept_from(self, job: Job) -> frozenset[str]:
        """The workers that this job does not go to, since others who came before wait for them."""
        queue = self._queue(job)
        kept = self._kept_elsewhere(queue, job)
        if queue.kept:
            before = itertools.takewhile(lambda other: other is not job, in_order(queue.line))
            ids = {other.job_id for other in before}
            kept += [each.worker_and_kind for each in queue.kept if each.job.job_id in ids]
        return kept_for_the_other(kept, job.work)

    def _kept_elsewhere(self, queue: _Queue, job: Job) -> list[tuple[str, bool]]:
        """What is kept in the queues of other names, which may lead to the same worker."""
        return [
            each.worker_and_kind
            for other in self._queues.values()
            if other is not queue
            for each in other.kept
            if each.job.number < job.number
        ]

    @contextlib.contextmanager
    def starting(self, job: Job, up_to: int = 0) -> Iterator[None]:
        """This job has a worker started; whom that may serve, too, waits for it. `up_to`: it is for
        vectors alone, of inputs of so many tokens.

        Afterwards the first who still waits looks whether another one is needed.
        """
        queue = self._queue(job)
        begun = (job.request, up_to)
        queue.starting.append(begun)
        try:
            yield
        finally:
            queue.starting.remove(begun)
            self._deal()
            self._send_one_to_look(queue)
            self._forget(queue)

    async def turn(self, job: Job) -> WarmWorker | None:
        """Waits for a slot; it is claimed when this returns. None: the job is to look by itself,
        since nobody is there who would serve it, or a worker more may be started now."""
        queue = self._queue(job)
        asked: asyncio.Future[WarmWorker | None] = asyncio.get_running_loop().create_future()
        queue.asking[job.job_id] = asked
        try:
            self._deal_to(queue)
            return await asked
        finally:
            del queue.asking[job.job_id]
            queue.kept = [each for each in queue.kept if each.job is not job]

    def _deal(self) -> None:
        """Something has changed: slots may be free."""
        for queue in list(self._queues.values()):
            if queue.asking:
                self._deal_to(queue)

    def _deal_to(self, queue: _Queue) -> None:
        while (granted := self._next(queue)) is not None:
            job, worker = granted
            self.claim(job, worker.worker.worker_id)
            queue.asking[job.job_id].set_result(worker)
        self._tell_places(queue)
        if not queue.starting:
            self._send_one_to_look(queue, unserved=True)

    def _next(self, queue: _Queue) -> tuple[Job, WarmWorker] | None:
        """The next job that gets a slot, and the worker. Those who want the same are tried once."""
        in_vain: set[bytes] = set()
        queue.kept = []
        for job in in_order(queue.line):
            asked = queue.asking.get(job.job_id)
            if asked is None or asked.done():
                continue
            wish = job.job_id.encode() if job.troubles else _wish(job)
            if wish in in_vain:
                continue
            kept = [each.worker_and_kind for each in queue.kept]
            kept += self._kept_elsewhere(queue, job)
            worker = self._worker_for(job, kept_for_the_other(kept, job.work))
            if takes_one(worker):
                return job, worker
            in_vain.add(wish)
            if worker is not None and worker.is_in_the_way and not self.is_starting(job):
                queue.kept.append(_Kept(job, worker.worker.worker_id))
        return None

    def _send_one_to_look(self, queue: _Queue, unserved: bool = False) -> None:
        """The first who waits looks whether a worker is to be started; `unserved`: only one for
        whom there is none, or none but one that is in its way and was not then when it looked."""
        for job in in_order(queue.line):
            asked = queue.asking.get(job.job_id)
            if asked is None or asked.done():
                continue
            worker = self._worker_for(job, ()) if unserved else None
            if worker is not None and not _is_new_in_the_way(job, worker):
                continue
            asked.set_result(None)
            return

    def places(self) -> dict[str, int]:
        """The places of all jobs that wait for a busy worker, by their ids."""
        queues = self._queues.values()
        return {job.job_id: place for queue in queues for place, job in self._places(queue)}

    def _places(self, queue: _Queue) -> Iterator[tuple[int, Job]]:
        """Those who wait while no worker is being started, in their order."""
        if not queue.asking or queue.starting:
            return
        for place, job in enumerate(in_order(queue.line), 1):
            if job.job_id in queue.asking:
                yield place, job

    def _tell_places(self, queue: _Queue) -> None:
        """Tells those who wait for a busy worker where they stand, again when that has halved."""
        slots = self._slots(queue.model_ref)
        for place, job in self._places(queue):
            if 2 * place > queue.told.get(job.job_id, 2 * place):
                continue
            ref = queue.model_ref
            wait = wait_for(place, slots, queue.seconds)
            queue.told[job.job_id] = place
            if wait is None:
                job.say(narration.PLACE, place=place, model_ref=ref)
            else:
                about = narration.seconds(wait)
                job.say(narration.PLACE_AND_WAIT, place=place, model_ref=ref, wait=about)

    def _slots(self, model_ref: str) -> int:
        """The slots of all workers that serve a model now."""
        return sum(
            worker.slots
            for hive in self._registry.hives.values()
            for worker in hive.workers.values()
            if leads_to(model_ref, worker) and worker.state is not WorkerState.LOADING
        )

    def _line_up(self, job: Job) -> None:
        row = self._queue(job).waiting.setdefault(job.key, [])
        bisect.insort(row, job, key=lambda each: each.number)

    def _queue(self, job: Job) -> _Queue:
        ref = job.request.model_ref
        return self._queues.get(ref) or self._queues.setdefault(ref, _Queue(ref))

    def _forget(self, queue: _Queue) -> None:
        """A model that nothing is known of, and nobody waits for, may not exist."""
        if queue.is_idle and queue.seconds is None:
            self._queues.pop(queue.model_ref, None)


def takes_one(worker: WarmWorker | None) -> TypeGuard[WarmWorker]:
    """Whether a worker takes a job more now."""
    free = worker is not None and is_ready(worker.worker) and worker.slots_free > 0
    return free and worker is not None and not worker.is_in_the_way


def _is_new_in_the_way(job: Job, worker: WarmWorker) -> bool:
    there = is_ready(worker.worker) and worker.worker.worker_id not in job.looked
    return there and worker.is_in_the_way and wants_another(job.work, worker.load)


def _wish(job: Job) -> bytes:
    """What a job says about the worker it wants: those that say the same want the same."""
    request = job.request
    return msgspec.json.encode(
        (
            job.work.longest,
            request.node,
            request.device,
            request.backend,
            request.engine,
            request.ctx,
            request.allow_cpu,
        )
    )


def _mean(before: float | None, newest: float) -> float:
    if before is None:
        return newest
    return before + _WEIGHT_OF_NEWEST * (newest - before)


def _full(job: Job, queue: _Queue, slots: int, longest: int) -> RbeeError:
    waiting = sum(map(len, queue.waiting.values()))
    one = wait_for(1, slots, queue.seconds)
    return RbeeError(
        "queue_full",
        f"{waiting} jobs wait for {job.request.model_ref} already, "
        f"{len(queue.waiting.get(job.key, ()))} of them with this key",
        "try again in a moment",
        {
            "retry_after_s": _RETRY_AFTER if one is None else max(1, math.ceil(one)),
            "waiting": waiting,
            "longest": longest,
        },
    )
