"""What happens to a job, phases 3 to 11, in the order in which it happens.

Reads like ``features/flows/cold_infer.feature``. The job's task runs `Flow.run`; whoever started
that task ends the job's stream with what comes back or is raised here.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Collection, Iterable

from rbee.http.client import Peer
from rbee.process.deadline import timeout
from rbee.process.tasks import begin
from rbee.queen import scheduler
from rbee.queen.hive_directory import LOCAL
from rbee.queen.hives import Hives
from rbee.queen.inference import infer
from rbee.queen.jobs import Job
from rbee.queen.queues import Queues, takes_one
from rbee.queen.registry import Hive, Registry, is_ready
from rbee.queen.rights import not_granted
from rbee.queen.scheduler import HiveFacts, Place, WarmWorker
from rbee.queen.troubles import ROOM, Whose, is_deadly, is_of_room, whose
from rbee.queen.work import vectors_up_to, wants_another
from rbee.wire import narration
from rbee.wire.errors import RbeeError
from rbee.wire.messages.devices import CAPACITY, AskRoom
from rbee.wire.messages.events import Done
from rbee.wire.messages.inference import template_name
from rbee.wire.messages.jobs import JobRequest
from rbee.wire.messages.models import MODEL, FindModel
from rbee.wire.messages.workers import (
    PROVISION_WORKER,
    START_WORKER,
    ProvisionWorker,
    StartWorker,
    WorkerBeat,
    WorkerStarted,
    WorkerState,
)
from rbee.wire.narration import device_name
from rbee.wire.placement import Placement
from rbee.wire.settings import Settings

#: Of how many machines the queen asks, before a worker is started, whether they hold the model.
_ASKED = 32


class Flow:
    """Walks jobs through the phases."""

    def __init__(self, hives: Hives, registry: Registry, settings: Settings) -> None:
        self._hives = hives
        self._registry = registry
        self._settings = settings
        self._queues = Queues(settings.jobs_waiting, registry, self._best_worker)

    def join(self, job: Job) -> None:
        """A job begins to wait for a worker. Raises `queue_full`."""
        self._queues.join(job)

    def leave(self, job: Job) -> None:
        """A job is over."""
        self._queues.leave(job)

    def places(self) -> dict[str, int]:
        """The places of the jobs that wait in a queue, by their ids."""
        return self._queues.places()

    async def run(self, job: Job) -> Done:
        """From a request to its last token. Raises `RbeeError` with what went wrong.

        What breaks before the first token is tried again where `troubles` leave a place; after it
        the text so far is all there is, since a request whose tokens have begun to flow is never
        silently replayed.
        """
        while True:
            try:
                return await self._registry.unless_offline(
                    lambda: job.hive_id or "", self._attempt(job)
                )
            except RbeeError as error:
                if job.tokens_forwarded:
                    raise
                await self._learn_from(job, error)
                self._queues.return_to(job)

    async def _attempt(self, job: Job) -> Done:
        job.hive_id = job.device = None
        node = job.request.node
        try:
            living = _permitted(job, await self._hives.living(node, job.say))
            worker = self._idle_worker(job, living)
            if worker is None:
                worker = await self._worker(job, await self._awake(job))
            return await infer(job, worker, self._hives, self._settings)
        finally:
            self._queues.release(job)

    async def _awake(self, job: Job) -> list[Hive]:
        """The machines that this job may run on. Raises `model_not_found` where there is none."""
        awake = _permitted(job, await self._hives.awake(job.request.node, job.say))
        if not awake:
            raise not_granted(job.request.model_ref)
        return awake

    async def _learn_from(self, job: Job, error: RbeeError) -> None:
        """Takes in what went wrong with an attempt, before the next one.

        Raises the error where there is none: that of the place, or of all that were tried.
        """
        hive_id, device, troubles = job.hive_id, job.device or "", job.troubles
        why = error.message
        if hive_id is None:
            named = job.request.node is not None or troubles.is_over
            if named or job.is_patient or not troubles.silent:
                raise error
            job.say(narration.WAIT_SILENT, hive_id=troubles.silent[0])
            job.is_patient = True
            troubles.forgive_silence()
            return
        if is_deadly(error):
            model_ref, template = job.request.model_ref, template_name(job.request.chat_template)
            error = self._registry.failed(hive_id, device, model_ref, error, template)
        error = self._hives.typed_from_here(hive_id, error)
        its = troubles.add(hive_id, device, error)
        if troubles.is_over:
            raise troubles.error()
        job.say(narration.MOVING_ON, why=why)
        if its is Whose.MOMENT:
            await self._settle(job, hive_id, error)

    async def _settle(self, job: Job, hive_id: str, error: RbeeError) -> None:
        """Waits until heartbeats tell what has become of the worker that a job has lost."""
        await self._hives.check(hive_id)
        worker_id = job.worker_id or ""
        before = self._registry.worker(hive_id, worker_id)

        def is_news() -> bool:
            worker = self._registry.worker(hive_id, worker_id)
            told = error.code == "worker_busy" and worker is not before
            return told or not is_ready(worker)

        with contextlib.suppress(asyncio.TimeoutError):
            async with timeout(self._settings.connect_timeout):
                await self._registry.until(is_news)

    # --- phase 5: schedule ------------------------------------------------------------------

    def _idle_worker(self, job: Job, living: list[Hive]) -> WorkerBeat | None:
        """A worker that already holds the model and can take this job now."""
        warm = self._warm(job, living, self._queues.kept_from(job))
        if not takes_one(warm):
            return None
        self._queues.claim(job, warm.worker.worker_id)
        return self._claimed(job, warm)

    async def _worker(self, job: Job, awake: list[Hive]) -> WorkerBeat:
        """A slot of a worker that holds the model, once there is one, or of a new worker.

        Of several jobs for one model, one has a worker started for all; who finds every slot taken
        waits in the queue, unless a GPU has room for one worker more. Who finds that a worker does
        what this job does not go with has one started beside it, where there is room.
        """
        told: set[tuple[str, str]] = set()
        await self._ask_for_names(job, awake)
        while True:
            worker = self._idle_worker(job, awake)
            if worker is not None:
                return worker
            if await self._is_another_wanted(job, awake) and not self._queues.is_starting(job):
                with self._queues.starting(job):
                    return await self._new_worker(job, awake)
            worker = await self._worker_beside(job, awake)
            if worker is not None:
                return worker
            self._tell_wait(job, awake, told)
            warm = await self._queues.turn(job)
            if warm is not None and self._registry.worker(warm.hive_id, warm.worker.worker_id):
                return self._claimed(job, warm)
            if warm is not None:  # it has gone in the meantime
                self._queues.release(job)
                self._queues.return_to(job)
            awake = await self._awake(job)

    async def _ask_for_names(self, job: Job, awake: list[Hive]) -> None:
        """A name that is new here may lead to what a worker holds already: its hive knows."""
        warm = self._warm(job, awake)
        if warm is None or warm.is_in_the_way:
            ref = job.request.model_ref
            asked = [
                hive
                for hive in awake
                if any(
                    scheduler.may_hold(ref, worker) and not scheduler.leads_to(ref, worker)
                    for worker in hive.workers.values()
                )
            ]
            await asyncio.gather(*(self._ask_for_name(job, hive) for hive in asked))

    async def _ask_for_name(self, job: Job, hive: Hive) -> None:
        ref = job.request.model_ref
        # Whatever is the matter there is told by what comes next.
        with contextlib.suppress(RbeeError, asyncio.TimeoutError):
            async with timeout(self._settings.connect_timeout):
                found = await self._peer(job, hive).call(MODEL, FindModel(ref=ref, lead=True))
            self._registry.named(hive.hive_id, found.workers, ref)

    async def _is_another_wanted(self, job: Job, awake: list[Hive]) -> bool:
        """Whether a worker is to be started: there is none, or all are busy and one more fits."""
        if self._queues.is_starting(job):
            return False
        warm = self._warm(job, awake)
        job.shares = warm is None
        if warm is None:
            return True
        if warm.is_in_the_way:
            return False  # see `_worker_beside`
        if warm.worker.state is WorkerState.LOADING or not await self._has_room(job, awake):
            return False
        job.say(narration.ANOTHER_WORKER, worker_id=warm.worker.worker_id)
        return True

    def _tell_wait(self, job: Job, awake: list[Hive], told: set[tuple[str, str]]) -> None:
        """Says what is waited for, once."""
        warm = self._warm(job, awake)
        worker_id = warm.worker.worker_id if warm else ""
        loading = warm is not None and warm.worker.state is WorkerState.LOADING
        kept = warm is not None and warm.is_in_the_way
        state = "loading" if loading else "kept" if kept else "busy"
        if (worker_id, state) in told:
            return
        told.add((worker_id, state))
        if warm is None:
            job.say(narration.WAIT_PREPARING, model_ref=job.request.model_ref)
        elif state == "kept":
            job.say(
                narration.WAIT_VECTORS if job.work.is_vectors else narration.WAIT_TEXT,
                worker_id=worker_id,
            )
        else:
            job.say(narration.WAIT_WORKER, worker_id=worker_id, hive_id=warm.hive_id, state=state)

    def _claimed(self, job: Job, warm: WarmWorker) -> WorkerBeat:
        facts = {"worker_id": warm.worker.worker_id, "hive_id": warm.hive_id}
        job.say(narration.WARM_WORKER, model_ref=job.request.model_ref, **facts)
        job.hive_id, job.device = warm.hive_id, warm.worker.device
        return warm.worker

    def _best_worker(self, job: Job, kept: Collection[str]) -> WarmWorker | None:
        return self._warm(job, self._registry.hives.values(), kept)

    def _warm(
        self, job: Job, hives: Iterable[Hive], kept: Collection[str] = ()
    ) -> WarmWorker | None:
        claimed = self._registry.claimed
        facts = facts_of(hives)
        return scheduler.warm_worker(job.request, facts, claimed, job.troubles, job.work, kept)

    async def _worker_beside(self, job: Job, awake: list[Hive]) -> WorkerBeat | None:
        """A new worker beside one that is in this job's way; None: none is wanted, or possible.

        What goes wrong with it is no trouble of the job: it can wait.
        """
        warm = self._in_the_way(job, awake)
        if warm is None:
            return None
        worker_id, up_to = warm.worker.worker_id, vectors_up_to(job.work)
        ctx = job.request.ctx
        if up_to and ctx is None:
            ctx = min(warm.worker.context, up_to)
        place = await self._room_beside(job, awake, warm, ctx)
        if place is not None and self._in_the_way(job, awake) is None:
            return None  # something has changed while the hives were asked
        job.looked.add(worker_id)
        if place is None:
            return None
        line = narration.BESIDE_FOR_VECTORS if up_to else narration.BESIDE_FOR_TEXT
        job.say(line, worker_id=worker_id, device=device_name(place.device), hive_id=place.hive_id)
        try:
            with self._queues.starting(job, up_to):
                job.hive_id, job.device = place.hive_id, place.device
                hive = self._registry.living(place.hive_id)
                await self._prepare(job, hive, place)
                return await self._start_worker(job, hive, place, ctx, up_to)
        except RbeeError as error:
            if whose(error, job.request.model_ref) is not Whose.DEVICE:
                raise
            job.hive_id = job.device = None
            self._queues.release(job)
            self._queues.return_to(job)
            job.say(narration.BESIDE_IN_VAIN, why=error.message)
            return None

    def _in_the_way(self, job: Job, awake: list[Hive]) -> WarmWorker | None:
        """The worker that is in this job's way, where one more is wanted for that."""
        warm = self._warm(job, awake)
        if warm is None or not warm.is_in_the_way or self._queues.is_starting(job):
            return None
        wanted = is_ready(warm.worker) and wants_another(job.work, warm.load)
        return warm if wanted else None

    async def _room_beside(
        self, job: Job, awake: list[Hive], warm: WarmWorker, ctx: int | None
    ) -> Place | None:
        facts = facts_of(awake, job.request)
        for place in scheduler.places_beside(warm, job.request, facts, job.troubles):
            with contextlib.suppress(RbeeError):  # whatever it is: no room for this one there
                await self._capacity(job, place, ctx)
                return place
        return None

    async def _has_room(self, job: Job, awake: list[Hive]) -> bool:
        """Whether a GPU has room for a second worker; the CPU gains nothing by one."""
        facts = facts_of(awake, job.request)
        for place in scheduler.places(job.request, facts, job.troubles):
            if place.device == scheduler.CPU:
                continue
            with contextlib.suppress(RbeeError):  # whatever it is: no room for this one there
                await self._capacity(job, place, job.request.ctx)
                return True
        return False

    async def _new_worker(self, job: Job, awake: list[Hive]) -> WorkerBeat:
        """Phases 5 to 10."""
        place = await self._place(job, awake)
        hive = self._registry.living(place.hive_id)
        await self._prepare(job, hive, place)
        return await self._start_worker(job, hive, place, job.request.ctx)

    async def _place(self, job: Job, awake: list[Hive]) -> Place:
        """The best device that will do, by the word of its hive."""
        request, troubles = job.request, job.troubles
        self._learn_from_others(job)
        facts = facts_of(awake, request, await self._holders(job, awake))
        for place in scheduler.places(request, facts, troubles):
            self._tell_pick(job, place)
            try:
                await self._ask_room(job, place)
            except RbeeError as error:
                if whose(error, request.model_ref) is Whose.MOMENT:
                    job.hive_id, job.device = place.hive_id, place.device
                    raise
                error = self._hives.typed_from_here(place.hive_id, error)
                troubles.add(place.hive_id, place.device, error)
                if troubles.is_over:
                    break
                device = device_name(place.device)
                if error.code in ROOM:
                    job.say(narration.NO_ROOM, device=device, model_ref=request.model_ref)
                else:
                    facts_told = {"hive_id": place.hive_id, "why": error.message}
                    job.say(narration.NEXT_PLACE, device=device, **facts_told)
            else:
                job.hive_id, job.device = place.hive_id, place.device
                return place
        raise troubles.error()

    def _learn_from_others(self, job: Job) -> None:
        """Workers that were given up while this job waited for them are troubles of its own."""
        mine = (job.request.model_ref, template_name(job.request.chat_template))
        for hive in self._registry.hives.values():
            for (device, *what), known in hive.degraded.items():
                if tuple(what) != mine or known.at <= job.came_at:
                    continue
                # One that memory ran out for while it served: its hive is asked anew what fits.
                if not is_of_room(known.error):
                    error = self._hives.typed_from_here(hive.hive_id, known.error)
                    job.troubles.learn(hive.hive_id, device, error)

    async def _holders(self, job: Job, awake: list[Hive]) -> frozenset[str]:
        """Which machines have the model on their disk, where that makes a difference."""
        hives = awake
        if len(awake) > _ASKED:
            equal = set(scheduler.contenders(job.request, facts_of(awake)))
            hives = [hive for hive in awake if hive.hive_id in equal][:_ASKED]
        if len(hives) < 2 or job.request.node:
            return frozenset()
        return await self._hives.holders(job.request.model_ref, hives)

    def _tell_pick(self, job: Job, place: Place) -> None:
        model_ref = job.request.model_ref
        if place.fallback:
            full = all(each.error.code in ROOM for each in job.troubles)
            no_gpu = narration.CPU_FALLBACK if full and job.troubles else narration.CPU_INSTEAD
            job.say(no_gpu, model_ref=model_ref)
        else:
            picked = device_name(place.device)
            job.say(narration.PICKED, device=picked, hive_id=place.hive_id)

    # --- phase 6: capacity ------------------------------------------------------------------

    async def _ask_room(self, job: Job, place: Place) -> None:
        device = device_name(place.device)
        job.say(narration.ASK_ROOM, device=device)
        await self._capacity(job, place, job.request.ctx)
        job.say(narration.ROOM, device=device, model_ref=job.request.model_ref)

    async def _capacity(self, job: Job, place: Place, ctx: int | None) -> None:
        wanted = AskRoom(device=place.device, model=job.request.model_ref, ctx=ctx or 0)
        hive = self._registry.living(place.hive_id)
        await self._peer(job, hive).call(CAPACITY, wanted)

    # --- phases 7 and 8: the model and the kind of worker, at the same time ---------------------

    async def _prepare(self, job: Job, hive: Hive, place: Place) -> None:
        peer, ref = self._peer(job, hive), job.request.model_ref
        model = begin(job.have_model(peer, ref, may_fetch=job.may_fetch))
        kind = begin(self._worker_kind(job, hive, place))
        try:
            await asyncio.gather(model, kind)
        finally:
            model.cancel()
            kind.cancel()

    async def _worker_kind(self, job: Job, hive: Hive, place: Place) -> None:
        kind = f"{place.backend}-llm-worker-rbee"
        wanted = ProvisionWorker(
            kind=kind,  # type: ignore[arg-type]
            engine=job.request.engine,
            device=place.device if place.device != scheduler.CPU else None,
        )
        row = await self._peer(job, hive).call(PROVISION_WORKER, wanted)
        if row.new:
            job.say(narration.WORKER_ASKED, kind=kind)
            job.say(narration.WORKER_PREPARED)
        else:
            job.say(narration.WORKER_PRESENT, kind=kind)

    # --- phases 9 and 10: the worker ------------------------------------------------------------

    async def _start_worker(
        self, job: Job, hive: Hive, place: Place, ctx: int | None, up_to: int = 0
    ) -> WorkerBeat:
        """`up_to`: it is to make vectors alone, of inputs of so many tokens."""
        request, peer = job.request, self._peer(job, hive)
        wanted = StartWorker(
            placement=Placement.on(place.hive_id, place.device),
            model_ref=request.model_ref,
            engine=request.engine,
            ctx=ctx,
            chat_template=request.chat_template,
            share=job.shares,
            vectors_up_to=up_to,
        )
        started = await peer.call(START_WORKER, wanted)
        self._queues.claim(job, started.worker_id)
        self._registry.worker_started(hive.hive_id, _loading(started, request, place, up_to))
        try:
            await job.relay_hive(peer, started.events_url, narration.WORKER_REGISTERED)
        except RbeeError as error:
            if error.code == "model_invalid":  # by the word of the engine that this machine has
                error.details.setdefault("device", place.device)
            raise
        worker = await self._until_ready(hive, started.worker_id)
        job.say(narration.WORKER_READY, backend=place.backend.upper())
        return worker

    async def _until_ready(self, hive: Hive, worker_id: str) -> WorkerBeat:
        """A worker once its hive's heartbeat says that it is ready."""

        def known() -> WorkerBeat | None:
            return self._registry.worker(hive.hive_id, worker_id)

        await self._registry.until(lambda: known() is None or is_ready(known()))
        worker = known()
        if worker is None:
            raise RbeeError(
                "worker_crashed",
                f"worker {worker_id} was ready and is gone",
                f"rbee-keeper logs {worker_id}",
            )
        return worker

    # --------------------------------------------------------------------------------------------

    def _peer(self, job: Job, hive: Hive) -> Peer:
        return self._hives.peer(hive, job.job_id, job.request.hub_token, patient=job.is_patient)


def _permitted(job: Job, hives: list[Hive]) -> list[Hive]:
    """Those of `hives` that may work for this job."""
    if job.holders is None:
        return hives
    return [hive for hive in hives if hive.hive_id in job.holders]


def facts_of(
    hives: Iterable[Hive], request: JobRequest | None = None, holders: Collection[str] = ()
) -> list[HiveFacts]:
    """The hives that have told their devices, as the scheduler sees them for a model."""
    what = (request.model_ref, template_name(request.chat_template)) if request else None
    return [
        HiveFacts(
            hive.hive_id,
            hive.devices,
            hive.workers.values(),
            [device for device, *failed in hive.degraded if tuple(failed) == what],
            hive.hive_id == LOCAL,
            hive.hive_id in holders,
        )
        for hive in hives
        if hive.devices is not None
    ]


def _loading(started: WorkerStarted, request: JobRequest, place: Place, up_to: int) -> WorkerBeat:
    return WorkerBeat(
        worker_id=started.worker_id,
        url=started.url,
        model_ref=request.model_ref,
        placement=Placement.on(place.hive_id, place.device),
        backend=place.backend,
        engine="",
        state=WorkerState.LOADING,
        names=(request.model_ref,),
        template=template_name(request.chat_template),
        vectors_up_to=up_to,
    )
