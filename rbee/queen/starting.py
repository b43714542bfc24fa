"""What the queen asks of hives until a worker is ready. Phases 6 to 10, in their order."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from rbee.http.client import Peer
from rbee.process.deadline import timeout
from rbee.process.tasks import begin
from rbee.queen import scheduler
from rbee.queen.hives import Hives
from rbee.queen.jobs import Job
from rbee.queen.state import Hive, Place, is_ready
from rbee.wire import narration
from rbee.wire.errors import RbeeError
from rbee.wire.messages.basics import Named
from rbee.wire.messages.devices import CAPACITY, AskRoom, FoundRoom
from rbee.wire.messages.inference import template_name
from rbee.wire.messages.models import MODEL, FindModel
from rbee.wire.messages.workers import (
    KEEP_WORKER,
    PROVISION_WORKER,
    START_WORKER,
    STOP_WORKER,
    KeepWorker,
    StartWorker,
    WorkerBeat,
    WorkerStarted,
    WorkerState,
)
from rbee.wire.model_ref import parse_model_ref
from rbee.wire.narration import backend_name
from rbee.wire.settings import Settings

if TYPE_CHECKING:
    from rbee.queen.several import Several


class Starting:
    """Speaks to hives for jobs."""

    def __init__(self, hives: Hives, settings: Settings) -> None:
        self._hives = hives
        self._registry = hives.registry
        self._settings = settings
        self._several: Several | None = None

    async def ask_for_names(self, job: Job, hives: Sequence[Hive]) -> None:
        """Asks hives whether a new name leads to a model that a worker has loaded."""
        ref = job.request.model_ref
        asked = [
            hive
            for hive in hives
            if any(
                scheduler.may_hold(ref, worker) and not scheduler.leads_to(ref, worker)
                for worker in hive.workers.values()
            )
        ]
        await asyncio.gather(*(self.ask_for_name(job, hive) for hive in asked))

    async def ask_for_name(self, job: Job, hive: Hive) -> list[str] | None:
        """Asks a hive where a name leads now; its heartbeats tell of that from then on. Returns the
        workers that hold it, None where it does not say."""
        ref = job.request.model_ref
        # Errors are dropped: the next request to that hive reports them.
        with contextlib.suppress(RbeeError, asyncio.TimeoutError):
            async with timeout(self._settings.connect_timeout):
                found = await self._peer(job, hive).call(MODEL, FindModel(ref=ref, lead=True))
            self._registry.named(hive.hive_id, found.workers, ref)
            return found.workers
        return None

    @property
    def _on_several(self) -> Several:
        if self._several is None:
            # Late: few models lie on several machines.
            from rbee.queen.several import Several

            self._several = Several(self._hives, self._settings)
        return self._several

    def explained(self, worker_id: str | None, error: RbeeError) -> RbeeError:
        """What went wrong with a worker, where that is the loss of one of its parts."""
        return error if self._several is None else self._several.explained(worker_id, error)

    # --- phase 6: capacity ------------------------------------------------------------------

    async def ask_room(self, job: Job, place: Place, ctx: int | None) -> FoundRoom:
        """What a worker takes there. Raises what keeps it from being there."""
        if place.is_on_several:
            return await self._room_on_several(job, place, ctx)
        wanted = AskRoom(device=place.device, model=job.request.model_ref, ctx=ctx or 0)
        hive = self._registry.living(place.hive_id)
        return await self._peer(job, hive).call(CAPACITY, wanted)

    async def _room_on_several(self, job: Job, place: Place, ctx: int | None) -> FoundRoom:
        ref, engine = job.request.model_ref, job.request.engine
        await self._on_several.until_left(self._peers(job))
        return await self._on_several.ask_room(place, ref, ctx, engine, self._peers(job))

    def _peers(self, job: Job) -> Callable[[str], Peer]:
        return lambda hive_id: self._peer(job, self._registry.living(hive_id))

    # --- phases 7 and 8: the model and the kind of worker, at the same time ---------------------

    async def prepare(self, job: Job, place: Place) -> None:
        """Sees to it that a hive has the model, its draft, and a kind of worker for it."""
        hive = self._registry.living(place.hive_id)
        peer, ref = self._peer(job, hive), job.request.model_ref
        known = asyncio.Event()
        having = job.have_model(peer, ref, may_fetch=job.may_fetch, when_known=known.set)
        model, kind = begin(having), begin(self._worker_kind(job, hive, place, known))
        try:
            await asyncio.gather(model, kind)
        finally:
            model.cancel()
            kind.cancel()
        if job.request.draft and not job.request.inputs:
            await self._fetch_draft(job, peer, job.request.draft)

    async def _fetch_draft(self, job: Job, peer: Peer, draft: str) -> None:
        """What cannot be had of a draft costs speed alone: its job goes on without."""
        try:
            await job.have_model(peer, str(parse_model_ref(draft)), may_fetch=job.may_fetch)
        except RbeeError as error:
            job.say(narration.DRAFT_UNFETCHED, draft=draft, why=error.message)
            job.request.draft = None

    async def _worker_kind(self, job: Job, hive: Hive, place: Place, known: asyncio.Event) -> None:
        wanted = place.kind(job.request.engine)
        row = await self._peer(job, hive).call(PROVISION_WORKER, wanted)
        await known.wait()  # so that the narration of the model always comes first
        if row.new:
            job.say(narration.WORKER_ASKED, kind=wanted.kind)
            job.say(narration.WORKER_PREPARED)
        else:
            job.say(narration.WORKER_PRESENT, kind=wanted.kind)

    # --- phases 9 and 10: the worker ------------------------------------------------------------

    async def start(
        self, job: Job, place: Place, ctx: int | None, up_to: int, *, share: bool
    ) -> tuple[WorkerStarted, WorkerBeat]:
        """Has a worker started, which loads from then on, and what its heartbeat will tell first.

        `up_to`: it is to make vectors alone, of inputs of so many tokens; `share`: one that others
        have had started will do, too.
        """
        hive, request = self._registry.living(place.hive_id), job.request
        wanted = StartWorker(
            placement=place.placement,
            model_ref=request.model_ref,
            engine=request.engine,
            ctx=ctx,
            chat_template=request.chat_template,
            share=share,
            slots=request.slots or 0,
            vectors_up_to=up_to,
            draft=None if up_to else request.draft,
        )
        if place.is_on_several:
            started = await self._start_on_several(job, place, wanted)
        else:
            started = await self._peer(job, hive).call(START_WORKER, wanted)
        beat = WorkerBeat(
            worker_id=started.worker_id,
            url=started.url,
            model_ref=request.model_ref,
            placement=started.placement,
            backend=place.backend,
            engine="",
            state=WorkerState.LOADING,
            names=(request.model_ref,),
            template=template_name(request.chat_template),
            vectors_up_to=up_to,
        )
        return started, beat

    async def _start_on_several(self, job: Job, place: Place, wanted: StartWorker) -> WorkerStarted:
        """The sides first, for a head asks for them at once."""
        peers = self._peers(job)
        found = await self._room_on_several(job, place, wanted.ctx)
        placement, sides = await self._on_several.start_sides(
            place, found, job.request.engine, peers
        )
        job.say(narration.SIDES_AWAKE, hives=", ".join(sides))
        wanted.placement, wanted.slots, wanted.share = placement, found.slots, False
        wanted.ctx = found.context
        try:
            started = await peers(place.hive_id).call(START_WORKER, wanted)
        except BaseException:
            await asyncio.shield(self._on_several.stop_sides(sides, peers))
            raise
        try:
            await self._on_several.connect(place, started.worker_id, sides, peers)
        except BaseException:
            head = self._end_head(job, place.hive_id, started.worker_id)
            await asyncio.shield(asyncio.gather(head, self._on_several.stop_sides(sides, peers)))
            raise
        return started

    async def _end_head(self, job: Job, hive_id: str, worker_id: str) -> None:
        """Returns once a head is gone, by its hive's word, that has no way to its sides: nobody is
        to wait for it."""
        with contextlib.suppress(RbeeError, asyncio.TimeoutError):
            async with timeout(self._settings.connect_timeout):
                await self.end(job, hive_id, worker_id)
                await self._registry.until(
                    lambda: self._registry.worker(hive_id, worker_id) is None
                )

    async def until_ready(self, job: Job, place: Place, started: WorkerStarted) -> WorkerBeat:
        """A worker once its hive's heartbeat says that it is ready. Raises what went wrong."""
        hive = self._registry.living(place.hive_id)
        try:
            peer = self._peer(job, hive)
            await job.relay_hive(peer, started.events_url, narration.WORKER_REGISTERED)
        except RbeeError as error:
            if error.code in ("model_invalid", "model_not_found"):
                # Another machine's engine, or its disk, may do better.
                error.details.setdefault("device", place.device)
            raise

        def known() -> WorkerBeat | None:
            return self._registry.worker(hive.hive_id, started.worker_id)

        await self._registry.until(lambda: known() is None or is_ready(known()))
        worker = known()
        if worker is None:
            raise RbeeError(
                "worker_crashed",
                f"worker {started.worker_id} was ready and is gone",
                f"rbee-keeper logs {started.worker_id}",
            )
        job.say(narration.WORKER_READY, backend=backend_name(place.backend))
        return worker

    async def keep(self, job: Job, hive_id: str, worker_id: str) -> None:
        """Has a worker stay loaded when it idles."""
        hive = self._registry.living(hive_id)
        await self._peer(job, hive).call(KEEP_WORKER, KeepWorker(id=worker_id))

    async def let_idle(self, hive: Hive, wanted: KeepWorker) -> None:
        """Has a worker stay loaded for so long when it idles, or as any other."""
        await self._hives.peers.hive(hive).call(KEEP_WORKER, wanted)

    async def end(self, job: Job, hive_id: str, worker_id: str) -> None:
        """Has a worker ended that nobody uses; what its parts took elsewhere is free then, too."""
        hive = self._registry.living(hive_id)
        await self._peer(job, hive).call(STOP_WORKER, Named(id=worker_id))
        await self.end_parts(job, worker_id)

    async def end_parts(self, job: Job, worker_id: str) -> None:
        """Returns once the parts that a worker had on other machines are gone."""
        if self._several is not None:
            sides = self._several.sides_of(worker_id)
            await self._several.stop_sides(sides, self._peers(job))

    def _peer(self, job: Job, hive: Hive) -> Peer:
        return self._hives.peers.hive(
            hive, job.job_id, job.request.hub_token, patient=job.is_patient
        )
