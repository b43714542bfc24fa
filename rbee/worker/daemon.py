"""A worker's life: bind, load, report ready, answer, leave. Phases 9.2 to 12.2."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import os
import secrets
import tempfile
import time
from collections.abc import Awaitable, Callable, Collection, Coroutine
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from aiohttp import web
from msgspec.structs import asdict

from rbee.http.board import Board
from rbee.http.client import Peer, open_session
from rbee.http.server import Server, leave
from rbee.http.serving import serves, serves_http
from rbee.process import logs, own_folder
from rbee.process.content import is_still, leads_to, open_regular
from rbee.process.deadline import timeout
from rbee.process.lifeline import Lifeline
from rbee.process.tasks import DISK, End, Threads, begin, in_thread, spawn
from rbee.wire import addresses, narration, proof, sse
from rbee.wire.errors import ErrorBody, RbeeError, model_unreadable, stale, stuck, unforeseen
from rbee.wire.messages.basics import SHUT_DOWN_WORKER, Named, ShutDownWorker
from rbee.wire.messages.inference import (
    CANCEL_INFERENCE,
    FAIL_INFERENCES,
    INFER,
    INFER_EVENTS,
    InferAccepted,
    InferRequest,
)
from rbee.wire.messages.orders import WorkerOrders
from rbee.wire.messages.workers import (
    LEAST_GAIN,
    WORKER_HEARTBEAT,
    Placed,
    WorkerReport,
    WorkerState,
)
from rbee.wire.narration import Narration, say
from rbee.wire.placement import CPU
from rbee.wire.settings import Settings, with_flags
from rbee.worker.cells import Cells
from rbee.worker.confined import bound_memory, confine
from rbee.worker.engines import Engine, LoadedModel, leaves_tools_out, refuse_unsupported
from rbee.worker.engines.refusals import endless_template
from rbee.worker.inference import Inference, Shared
from rbee.worker.life import Life, Snapshot
from rbee.worker.trial import Trial
from rbee.worker.trips import Trips

T = TypeVar("T")

log = logging.getLogger(__name__)

#: How many ports above the hinted one are tried.
_PORTS_TRIED = 200
_READ_AHEAD = 8 * 1024 * 1024
_SECONDS_BETWEEN_PERCENTS = 1.0
#: How long a change lasts before the hive is told (seconds): one that somebody may wait for, and
#: any other. A report takes a few milliseconds from an engine that works on all cores.
_SETTLE, _SETTLE_LATE = 0.02, 0.5
#: How often a busy worker reports, within the time after which its engine would count as stuck.
_LOOKS = 4
#: How long a request waits for its turn before it is told so (seconds).
_WAITS = 5.0
#: How long readers may take to hear why their streams break off (seconds).
_HEAR = 1.0
#: How many answers are kept that are whole and nobody has come to read.
_UNREAD_KEPT = 16


class WorkerDaemon:
    """The state of this process: its engine, its inferences, its slots.

    `trial` is that of its chat template, `folder` its own, in which an engine may have a socket.
    """

    def __init__(
        self,
        orders: WorkerOrders,
        lifeline: Lifeline,
        engine: Engine,
        trial: Trial | None,
        folder: str,
    ) -> None:
        self.orders = orders
        self.trial = trial
        self.folder = folder
        self.lifeline = lifeline
        self.engine = engine
        self.state = WorkerState.LOADING
        self.model: LoadedModel | None = None
        self.inferences: Board[Inference] = Board(_missing, _UNREAD_KEPT)
        #: Inferences that hold a slot, until the engine has ended them.
        self.running: dict[str, Inference] = {}
        #: What it does has changed, and whether others may wait to hear so.
        self.changed, self.pressing = asyncio.Event(), asyncio.Event()
        self.life = Life()
        #: What the engine has done for inferences that are over; see `Snapshot.total`.
        self.worked = 0
        #: How many are over.
        self.ended = 0
        self.threads = Threads("engine", orders.slots)
        self.shared = Shared(orders, engine, Cells(orders.slots * orders.context), Trips())
        self.server = Server(
            "worker",
            proof.Credential(orders.token, proof.worker_name(orders.worker_id)),
            settings=with_flags(Settings(), asdict(orders.settings)),
        )

    async def live(self) -> None:
        """Serves until told to leave, then ends this process."""
        orders, server = self.orders, self.server
        logs.write_to(Path(orders.log), orders.settings.log_mib)
        try:
            server.bind(orders.host, orders.port, upward=_PORTS_TRIED)
        except RbeeError as error:
            self.lifeline.failed(error.body())
            own_folder.remove(self.folder)
            leave(1)
        # Before there is a second thread: Landlock binds this thread and those that it starts.
        bound_memory(orders.memory_limit)
        tempfile.tempdir = self.folder
        if orders.settings.confine_workers:
            confine(
                files=[*orders.model_paths, *orders.draft_paths],
                on_gpu=orders.backend != "cpu" and not orders.simulated,
                folder=self.folder,
                write=[orders.log] if orders.log else [],
                connect=[int(orders.hive_url.rstrip("/").rpartition(":")[2])],
                ipv6=":" in addresses.host_of(orders.hive_url),
            )
        await server.serve([self])
        server.stop_on_signals()
        self.lifeline.ready(server.url, server.instance)
        self.lifeline.watch(server.stopping.set, lambda: None)
        status = 0
        async with open_session(Settings()) as session:
            name = proof.worker_name(orders.worker_id)
            credential = proof.Credential(orders.token, name, reports=True)
            self.hive = Peer(session, orders.hive_url, credential, "hive")
            loading = begin(self.load())
            await asyncio.wait(
                [loading, begin(server.stopping.wait())],
                return_when=asyncio.FIRST_COMPLETED,
            )
            if loading.done() and loading.exception() is None:
                beats = spawn(self.beat(), "heartbeats", self.beats_ended)
                await server.stopping.wait()
                beats.cancel()
                await self.finish()
            elif loading.done():
                status = 1
        await server.close()
        own_folder.remove(self.folder)
        leave(status)

    async def load(self) -> None:
        """Loads the model and reports ready; a model that cannot be loaded is reported, too."""
        orders = self.orders
        loop = asyncio.get_running_loop()
        device = narration.device_name(orders.placement.devices)
        if orders.simulated:
            gpus = [part.device for part in orders.placement.own if part.device != CPU]
            on_paper = narration.device_name("+".join(gpus))
            simulated = say(narration.WORKER_SIMULATED, {"device": on_paper})
            await self.report(self.state, [simulated])
        by = {"engine": self.engine.name, "version": self.engine.version()}
        line = say(narration.WORKER_LOADING, {"path": orders.model_paths[0], **by})
        begun = self.report(self.state, [line])
        started = time.perf_counter()

        def on_read(share: float) -> None:
            loop.call_soon_threadsafe(begin, self.loaded(share))

        try:
            await _while_reporting(
                begun, in_thread(self.threads, _read_ahead, orders.model_paths, on_read)
            )
            if gone := self._stale():
                raise gone  # the engine opens what was looked at, and nothing else
            model = await _while_reporting(self.loaded(1.0), in_thread(self.threads, self._load))
            total = _total(orders.model_paths)
            if gone := self._stale():
                raise gone  # replaced while it was being loaded
        except Exception as error:
            # What was replaced, cut off or removed meanwhile fails in many ways.
            failed = self._stale() or error
            if not isinstance(failed, RbeeError):
                log.exception("loading failed")
            await self.report(WorkerState.FAILED, error=unforeseen(failed, orders.worker_id))
            raise
        self.model = model
        self.state = WorkerState.READY
        loaded = {
            "seconds": narration.seconds(time.perf_counter() - started),
            "size": narration.size(total),
            "context": model.context,
        }
        used = say(narration.WORKER_DEVICE, {"device": device, "engine": self.engine.name})
        lines = [used, say(narration.WORKER_LOADED, loaded), *self._left_out(model.placed)]
        await self.report(self.state, lines)

    def _left_out(self, placed: Placed) -> list[Narration]:
        """What has come of what the model can do without: a projector, a draft."""
        draft, gain, lines = self.orders.draft, f"{placed.draft_gain:.2f}", []
        if placed.projector_fault:
            lines.append(say(narration.PROJECTOR_OFF, {"why": placed.projector_fault}))
        if placed.draft_fault:
            lines.append(say(narration.DRAFT_OFF, {"draft": draft, "why": placed.draft_fault}))
        elif placed.draft_gain >= LEAST_GAIN:
            lines.append(say(narration.DRAFT_GAINS, {"draft": draft, "gain": gain}))
        elif placed.draft_gain:
            why = f"with it the model is {gain} times as fast"
            lines.append(say(narration.DRAFT_OFF, {"draft": draft, "why": why}))
        return lines

    def _load(self) -> LoadedModel:
        """The engine's model, once it is known whether it may be given the template."""
        fault = self.trial.verdict() if self.trial is not None else ""
        if fault:
            log.error("the chat template is not given to the engine: %s", fault)
        return self.engine.load(self.orders, fault)

    async def loaded(self, share: float) -> None:
        """Tells the hive how far the model has been read."""
        line = say(narration.WORKER_LOAD_PERCENT, {"percent": round(share * 100)})
        with contextlib.suppress(RbeeError):
            await self.report(WorkerState.LOADING, [line], loaded=share)

    async def report(
        self,
        state: WorkerState,
        narration: list[Narration] | None = None,
        *,
        loaded: float | None = None,
        error: RbeeError | None = None,
    ) -> None:
        """Phase 10: tells the hive the state of this worker."""
        report = WorkerReport(
            worker_id=self.orders.worker_id,
            state=state,
            slots=self.orders.slots,
            slots_free=self.orders.slots - len(self.running) if self.model else 0,
            ended=self.ended,
            context=self.orders.longest,
            loaded=loaded,
            idle_s=round(self.life.idle, 3),
            narration=narration or [],
            error=error.body() if error else None,
            placed=self.model.placed if self.model else None,
        )
        await self.hive.call(WORKER_HEARTBEAT, report)

    async def beat(self) -> None:
        """Heartbeats to the hive: at once on a change, else at the interval.

        While it works, also often enough for the hive to learn in time that its engine does not.
        """
        settings = self.orders.settings
        often = min(settings.heartbeat_interval, settings.token_stall / _LOOKS)
        while True:
            with contextlib.suppress(asyncio.TimeoutError):
                async with timeout(often if self.running else settings.heartbeat_interval):
                    await self.changed.wait()
                    # That it works is known to whoever has asked it to; that nothing runs any more,
                    # or that it is leaving, others may wait for.
                    with contextlib.suppress(asyncio.TimeoutError):
                        async with timeout(_SETTLE_LATE):
                            await self.pressing.wait()
                    await asyncio.sleep(_SETTLE)
            self.changed.clear()
            self.pressing.clear()
            self._observe()
            await self._end_overdue()
            with contextlib.suppress(RbeeError):  # a hive that is gone ends us by the lifeline
                await self.report(self.state)

    def _observe(self) -> None:
        """Sees whether the engine works; a request that it has forgotten ends by itself."""
        orders, life = self.orders, self.life
        running = self.running.items()
        # Those that wait for others by our own choice are not forgotten.
        held = {each for each, inference in running if inference.is_held}
        done = {each: inference.worked for each, inference in running if inference.has_begun}
        total = self.worked + sum(done.values())
        seen = {each: worked for each, worked in done.items() if each not in held}
        # The CPU time of the engine: of all threads but this one.
        cpu = time.process_time() - time.thread_time()
        life.observe(Snapshot(time.monotonic(), seen, total, cpu))
        for each in [*life.waiting(_WAITS), *(each for each in held if not done[each])]:
            self.running[each].waits()
        stall = orders.settings.token_stall
        for each in life.left_out(stall, orders.slots * orders.context):
            inference = self.running[each]
            # llama.cpp makes no vector while it writes for anybody: that is waiting, however long.
            if inference.request.inputs is None and not inference.is_over:
                log.error("the engine has forgotten inference %s", each)
                what = (
                    f"worker {orders.worker_id} works for others and has done nothing for this "
                    f"request in {stall:g} s (token_stall)"
                )
                inference.give_up(stuck(orders.worker_id, what, stall))

    async def _end_overdue(self) -> None:
        """A template that comes to no end with some messages ends this worker, and nothing else.

        Who sent them is told so, and the others that they may ask again.
        """
        overdue = self.model.overdue() if self.model is not None else ()
        if not overdue:
            return
        log.error("the chat template comes to no end with some messages; this worker leaves")
        what = f"worker {self.orders.worker_id} has left: another request came to no end"
        left = RbeeError("worker_crashed", what, "try again")
        for running in self.running.values():
            running.give_up(endless_template() if running.thread in overdue else left)
        await self._heard()
        leave(1)

    async def _heard(self) -> None:
        """Waits until whoever reads has read the end of its stream, as long as one may wait."""
        unread = [begin(each.events.unread.wait()) for each in self.running.values()]
        if unread:
            await asyncio.wait(unread, timeout=_HEAR)

    @serves(SHUT_DOWN_WORKER)
    async def shut_down(self, wanted: ShutDownWorker) -> None:
        """Finishes, frees its memory and leaves; with `unless=busy` only where nobody uses it."""
        unless_busy = wanted.unless == "busy"
        if self.running and unless_busy:
            raise RbeeError("worker_busy", "this worker is in use", "try again in a moment")
        self.server.stopping.set()

    @serves_http(INFER)
    async def infer(
        self, request: web.Request, wanted: InferRequest
    ) -> InferAccepted | web.StreamResponse:
        """Begins to write; 503 where every slot is taken. With `Accept: text/event-stream` the
        answer is the stream itself."""
        without_tools = leaves_tools_out(self.engine.about, self.orders, wanted)
        if without_tools:
            wanted = msgspec.structs.replace(wanted, functions=[], parallel_calls=None)
        refuse_unsupported(self.engine.about, wanted)
        if self.model is not None and (gone := self._stale()):
            self._retire()
            raise gone
        if self.model is not None and not await self._is_named(wanted.model_ref):
            raise stale(self.orders.worker_id, wanted.model_ref)  # other names lead here yet
        if self.server.stopping.is_set():  # what is taken in now would be cancelled in a moment
            what = f"worker {self.orders.worker_id} leaves, as nobody needed it"
            raise RbeeError("worker_crashed", what, "try again")
        if self.model is None or len(self.running) >= self.orders.slots:
            raise RbeeError(
                "worker_busy",
                f"all {self.orders.slots} slots of this worker are taken",
                "try again in a moment",
                {"retry_after_s": 1},
            )
        infer_id = wanted.infer_id or secrets.token_hex(8)
        inference = Inference(self.shared, infer_id, wanted)
        if without_tools:
            inference.say(narration.TOOLS_LEFT_OUT)
        self.inferences.add(inference)
        self.running[infer_id] = inference
        task = inference.begin(inference.run(self.model, self.threads), f"inference {infer_id}")
        task.add_done_callback(functools.partial(self._freed, inference))
        self._busy_or_ready()
        if sse.CONTENT_TYPE in request.headers.get("Accept", ""):
            return await self._tell(request, inference)
        url = INFER_EVENTS.target(Named(id=infer_id))
        return InferAccepted(infer_id=infer_id, events_url=url)

    @serves_http(INFER_EVENTS)
    async def events(self, request: web.Request, wanted: Named) -> web.StreamResponse:
        """Tells what an inference writes: tokens, end."""
        return await self._tell(request, self.inferences.get(wanted.id))

    async def _tell(self, request: web.Request, inference: Inference) -> web.StreamResponse:
        """The events of an inference; when their reader leaves, the generation stops."""
        try:
            return await inference.respond(request, self.orders.settings.heartbeat_interval)
        finally:
            if inference.events.readers == 0:
                self.inferences.remove(inference)

    @serves(CANCEL_INFERENCE)
    async def cancel(self, wanted: Named) -> None:
        """Cancels an inference, and answers when its slot is free."""
        # In `running`, too: one whose reader has left is on no board, but holds its slot.
        inference = self.running.get(wanted.id) or self.inferences.get(wanted.id)
        await inference.call_off()
        if inference.events.readers == 0:
            self.inferences.remove(inference)  # no reader has come yet, and none will

    @serves(FAIL_INFERENCES)
    async def fail(self, error: ErrorBody) -> None:
        """Tells this error to all who wait here; from its hive, which is about to end it."""
        log.error("%s", error.message)
        for running in self.running.values():
            running.give_up(RbeeError.from_body(error))
        await self._heard()

    async def finish(self) -> None:
        """Cancels what still runs and waits until the engine has let go of it."""
        self.state = WorkerState.STOPPING
        ending = [begin(each.call_off()) for each in self.running.values()]
        if ending:
            await asyncio.wait(ending, timeout=2.0)

    def beats_ended(self, ended: End) -> None:
        """A worker that cannot report any more leaves as one that died, and is started anew."""
        if ended is not None and not isinstance(ended, asyncio.CancelledError):
            leave(1)

    def _freed(self, inference: Inference, task: asyncio.Task[object]) -> None:
        del self.running[inference.id]
        self.worked += inference.worked
        self.ended += 1
        self._busy_or_ready()

    def _stale(self) -> RbeeError | None:
        """The error where the model's files are not those any more that were to be loaded."""
        orders = self.orders
        is_as_ordered = is_still(orders.content, orders.model_paths)
        return None if is_as_ordered else stale(orders.worker_id, orders.model_ref)

    async def _is_named(self, ref: str) -> bool:
        """Whether a reference, where it is a path, leads to what was loaded: a link may have been
        set elsewhere since, and another name of the file been taken for another one."""
        paths, (scheme, _, path) = self.orders.model_paths, ref.partition(":")
        if scheme != "file" or path in paths:
            return True
        return await in_thread(DISK, leads_to, path, paths)  # it may lie on a disk of its own

    def _retire(self) -> None:
        """Takes nothing more in; what runs is answered, then this worker leaves."""
        self.state = WorkerState.STOPPING
        self.changed.set()
        self.pressing.set()
        if not self.running:
            self.server.stopping.set()

    def _busy_or_ready(self) -> None:
        if self.state is WorkerState.STOPPING and not self.running:
            self.server.stopping.set()
        if self.state in (WorkerState.READY, WorkerState.BUSY):
            full = len(self.running) >= self.orders.slots
            self.state = WorkerState.BUSY if full else WorkerState.READY
            self.changed.set()
            if not self.running:
                self.pressing.set()


def _missing(infer_id: str, known: Collection[str]) -> RbeeError:
    return RbeeError("job_not_found", "no such inference on this worker", "ask the queen")


async def _while_reporting(report: Coroutine[Any, Any, None], work: Awaitable[T]) -> T:
    """The result of `work`, once the `report` that is sent meanwhile has been answered."""
    telling = begin(report)
    try:
        return await work
    finally:
        await telling


def _read_ahead(paths: list[str], on_read: Callable[[float], None]) -> None:
    """Reads the model once, so that the engine finds it in the page cache; tells the share read.

    Reading is the part of loading that takes long, and the engine tells nothing while it reads.
    Raises `model_not_found` where the disk does not give it.
    """
    path = paths[0]
    try:
        total = _total(paths)
        done, told_at = 0, time.monotonic()
        buffer = bytearray(min(_READ_AHEAD, total or 1))
        for path in paths:
            with open_regular(path) as file:
                while count := os.readv(file, [buffer]):
                    done += count
                    if time.monotonic() - told_at >= _SECONDS_BETWEEN_PERCENTS:
                        told_at = time.monotonic()
                        on_read(done / total)
    except OSError as error:
        if error.strerror is None:
            raise
        raise model_unreadable(path, error) from error


def _total(paths: list[str]) -> int:
    return sum(map(os.path.getsize, paths))
