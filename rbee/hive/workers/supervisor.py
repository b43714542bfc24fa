"""Starts workers, hears from them, restarts those that die, stops them. Phases 8 to 10, 12.2.

The registry is written here alone. Every change of a worker's state is passed on to the queen
at once, through `on_change`.
"""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Callable
from typing import Any

import aiohttp

from rbee.hive.devices import ram_here
from rbee.hive.limits import memory_kills
from rbee.hive.workers.catalog import WorkerCatalog
from rbee.hive.workers.reason import with_reason
from rbee.hive.workers.registry import Worker
from rbee.hive.workers.restart import (
    Cause,
    cause_of,
    how_it_ended,
    out_of_memory,
    restart_delay,
)
from rbee.hive.workers.spare import Spare
from rbee.hive.workers.upkeep import Measure, next_due
from rbee.http.client import Peer
from rbee.http.events import EventLog
from rbee.process.apart import command_of
from rbee.process.child import tail
from rbee.process.home import Home
from rbee.process.sabotage import sabotaged
from rbee.process.supervise import exit_of, stop
from rbee.process.tasks import End, begin, spawn
from rbee.wire import narration as say_so
from rbee.wire.errors import RbeeError, no_such, unforeseen
from rbee.wire.messages import (
    EngineFacts,
    Gpu,
    Nothing,
    Progress,
    WorkerKindView,
    WorkerOrders,
    WorkerReport,
    WorkerState,
)
from rbee.wire.narration import Line, say
from rbee.wire.settings import Settings

#: What to type where an engine finds no device of a kind.
_FIXES = {
    "cuda": "pip install --force-reinstall xllamacpp --index-url "
    "https://xorbitsai.github.io/xllamacpp/whl/cu128",
    "metal": "pip install --force-reinstall xllamacpp (its macOS wheel has Metal)",
    "cpu": "pip install xllamacpp",
}

#: How many workers' starts can still be read about, the failed ones among them.
_STORIES_KEPT = 64


class Supervisor:
    """The workers of this hive."""

    def __init__(
        self,
        home: Home,
        settings: Settings,
        catalog: WorkerCatalog,
        session: aiohttp.ClientSession,
        spare: Spare | None,
        on_change: Callable[[], None],
    ) -> None:
        self.workers: dict[str, Worker] = {}
        self._home = home
        self._settings = settings
        self._catalog = catalog
        self._session = session
        self._spare = spare
        self._on_change = on_change
        self._watches: set[asyncio.Task[None]] = set()
        self._stories: dict[str, EventLog] = {}
        self._facts: dict[str, asyncio.Task[EngineFacts]] = {}

    async def provision(self, backend: str, engine: str, gpu: Gpu | None) -> WorkerKindView:
        """Phase 8: the catalog row of a kind of worker, after the engine itself was asked.

        A simulated GPU is served by an engine that runs on the CPU, and the row says so.
        Raises `backend_unavailable` with the command that would help.
        """
        kind = f"{backend}-llm-worker-rbee"
        simulated = gpu is not None and gpu.simulated
        known = await asyncio.to_thread(self._catalog.find, kind, engine)
        facts = await self._engine_facts(engine)
        if backend not in facts.backends and not simulated:
            raise RbeeError(
                "backend_unavailable",
                f"engine {engine} {facts.version} finds no {backend} device on this machine",
                _FIXES[backend],
                {"engine": engine, "version": facts.version, "backends": facts.backends},
            )
        view = WorkerKindView(
            kind=kind,
            engine=engine,
            version=facts.version,
            command=command_of("rbee.worker", "--engine", engine),
            simulated=simulated,
        )
        if known is None or known != view:
            await asyncio.to_thread(self._catalog.put, view)
            view.new = True
        return view

    async def start(
        self, engine: str, orders: WorkerOrders, reserved_bytes: int, unloaded: list[str]
    ) -> Worker:
        """Phase 9: a worker with its socket bound; it goes on loading by itself.

        `orders.worker_id` is drawn here; `unloaded` are the workers that made room for it.
        Raises what the worker says when it cannot start.
        """
        spare = self._take_spare(engine)
        self._spare = None
        orders.worker_id = spare.worker_id
        worker = Worker(
            spare.worker_id, engine, orders, reserved_bytes, spare.child, exit_of(spare.child)
        )
        self.workers[worker.worker_id] = worker
        self._keep_story(worker)
        for worker_id in unloaded:
            self._say(worker, say_so.WORKER_UNLOADED, worker_id=worker_id)
        try:
            await self._give_orders(worker, spare)
        except BaseException:
            del self.workers[worker.worker_id]
            spare.discard()
            raise
        self._watch(worker)
        self._on_change()
        return worker

    def told(self, report: WorkerReport) -> None:
        """Phase 10: a worker's heartbeat; the first `ready` is its ready callback.

        Raises `worker_not_found`.
        """
        worker = self.get(report.worker_id)
        before = (worker.state, worker.slots_free)
        worker.told(report)
        for line in report.narration:
            if not worker.events.closed:
                worker.events.narrate(line)
        if not worker.events.closed:
            self._tell_loading(worker, report)
        if (worker.state, worker.slots_free) != before:
            self._on_change()

    def get(self, worker_id: str) -> Worker:
        """A worker by its id. Raises `worker_not_found`."""
        try:
            return self.workers[worker_id]
        except KeyError:
            raise no_such(
                "worker", worker_id, self.workers, "rbee-keeper ps lists the workers"
            ) from None

    def story(self, worker_id: str) -> EventLog:
        """The events of a worker's start, also after it failed. Raises `worker_not_found`."""
        story = self._stories.get(worker_id)
        return story if story is not None else self.get(worker_id).events

    async def stop(self, worker: Worker) -> None:
        """Ends one worker: asked, then SIGTERM, then SIGKILL."""
        if worker.state is not WorkerState.STOPPING:
            worker.state = WorkerState.STOPPING
            self._on_change()
        worker.idle_since = None
        if worker.url:
            peer = Peer(self._session, worker.url, f"worker {worker.worker_id}")
            await stop(worker.child, worker.exited, peer.shutdown, self._settings)

    def kill(self, worker: Worker) -> None:
        """Ends a worker that is stuck and hears no request; it counts as one that died."""
        if not sabotaged("hive:spare-the-stuck"):
            worker.killed = True
            worker.child.signal(signal.SIGKILL)

    async def stop_all(self) -> None:
        """Ends every worker, all at the same time, and the spare."""
        if self._spare is not None:
            await self._spare.discard()
        workers = list(self.workers.values())
        await asyncio.gather(*(self.stop(worker) for worker in workers))
        for watch in self._watches:
            watch.cancel()

    async def _engine_facts(self, engine: str) -> EngineFacts:
        """What an engine said of itself, asked once; the spare that was asked is kept.

        Asking goes on when the request that began it is cancelled, since others may wait for it.
        """
        asked = self._facts.get(engine)
        if asked is not None and asked.done() and (asked.cancelled() or asked.exception()):
            asked = None
            if self._spare is not None:
                self._spare.discard()  # who could not answer then is not asked again
                self._spare = None
        if asked is None:
            self._spare = self._take_spare(engine)
            patience = self._settings.health_wait_total
            asked = self._facts[engine] = begin(self._spare.facts(patience), f"facts of {engine}")
        return await asyncio.shield(asked)

    def _take_spare(self, engine: str) -> Spare:
        spare = self._spare
        if spare is not None and (spare.engine != engine or spare.child.process.poll() is not None):
            spare.discard()
            spare = None
        return spare or Spare(self._home, engine)

    async def _give_orders(self, worker: Worker, spare: Spare) -> None:
        await spare.facts(self._settings.health_wait_total)
        spare.child.order(worker.orders)
        report = await spare.reports.ready(self._settings.health_wait_total, worker.events.narrate)
        worker.url = report.url
        worker.port = int(report.url.rpartition(":")[2])
        self._say(
            worker,
            say_so.WORKER_WAKE,
            port=worker.port,
            path=worker.orders.model_paths[0],
            device=worker.orders.device,
        )

    def _watch(self, worker: Worker) -> None:
        name = f"the watch over {worker.worker_id}"
        task = spawn(self._outlive(worker), name, lambda ended: self._unwatched(worker, ended))
        self._watches.add(task)
        task.add_done_callback(self._watches.discard)

    def _unwatched(self, worker: Worker, ended: End) -> None:
        """A worker whose end nobody would see any more is ended, and those who wait are told."""
        if ended is None or isinstance(ended, asyncio.CancelledError):
            return
        self._fail(worker, unforeseen(ended, "hive"))
        worker.child.signal(signal.SIGKILL)
        self._remove(worker)

    async def _outlive(self, worker: Worker) -> None:
        """Waits for the end of a worker; what nobody asked for is mended or reported."""
        while not worker.exited.done():
            due = next_due(worker.state, worker.last_report, worker.idle_since, self._settings)
            left = None if due is None else due.at - time.monotonic()
            if due is not None and left is not None and left <= 0:
                await self._take(due.measure, worker)
            else:
                heard = begin(worker.heard.wait())
                either: list[asyncio.Future[Any]] = [worker.exited, heard]
                await asyncio.wait(either, timeout=left, return_when=asyncio.FIRST_COMPLETED)
                heard.cancel()
                worker.heard.clear()
        status = worker.exited.result()
        if worker.state is WorkerState.STOPPING or status == 0:
            self._remove(worker)
        elif worker.state is WorkerState.FAILED:
            self._remove(worker)  # why it cannot go on has been told
        else:
            await self._restart(worker, status)

    async def _take(self, measure: Measure, worker: Worker) -> None:
        if measure is Measure.UNLOAD:
            if sabotaged("hive:keep-idle"):
                worker.idle_since = None
                return
            await self.stop(worker)
            return
        if measure is Measure.GIVE_UP:
            stall = self._settings.load_stall
            self._fail(
                worker,
                RbeeError(
                    "worker_start_timeout",
                    f"worker {worker.worker_id} made no progress for {stall:g} s",
                    f"read its log: {worker.child.log}",
                    {"log": tail(worker.child.log)},
                ),
            )
        self.kill(worker)
        await worker.exited

    async def _restart(self, worker: Worker, status: int) -> None:
        cause = cause_of(
            status,
            killed_by_hive=worker.killed,
            memory_kills=memory_kills() - worker.memory_kills,
        )
        if cause is Cause.MEMORY:
            self._fail(worker, _out_of_memory(worker))
            self._remove(worker)
            return
        how = how_it_ended(status)
        delays = () if sabotaged("hive:no-restart") else self._settings.restart_delays
        delay = restart_delay(worker.restart_count, delays)
        if delay is None:
            log = tail(worker.child.log)
            self._fail(
                worker,
                RbeeError(
                    "worker_crashed",
                    f"worker {worker.worker_id} died ({how}) and was restarted "
                    f"{worker.restart_count} times in vain",
                    _advice(cause, worker),
                    {"log": log, "device": worker.orders.device},
                ),
            )
            self._remove(worker)
            return
        worker.restart_count += 1
        worker.state = WorkerState.LOADING
        worker.killed, worker.memory_kills = False, memory_kills()
        self._on_change()
        facts = {"worker_id": worker.worker_id, "how": how, "delay": delay}
        self._say(worker, say_so.WORKER_RESTART, count=worker.restart_count, **facts)
        await asyncio.sleep(delay)
        spare = Spare(self._home, worker.engine)
        worker.child, worker.exited = spare.child, exit_of(spare.child)
        try:
            await self._give_orders(worker, spare)
        except RbeeError as error:
            self._fail(worker, error)
            spare.discard()
            self._remove(worker)
            return
        self._on_change()
        self._watch(worker)

    def _tell_loading(self, worker: Worker, report: WorkerReport) -> None:
        if report.loaded is not None:
            worker.events.emit("progress", Progress("load", round(report.loaded * 100), 100))
        if report.error is not None:
            worker.events.error(with_reason(report.error, tail(worker.child.log)))
        elif report.state in (WorkerState.READY, WorkerState.BUSY):
            worker.events.done(Nothing())

    def _keep_story(self, worker: Worker) -> None:
        self._stories[worker.worker_id] = worker.events
        while len(self._stories) > _STORIES_KEPT:
            del self._stories[next(iter(self._stories))]

    def _say(self, worker: Worker, line: Line, **facts: object) -> None:
        if not worker.events.closed:
            worker.events.narrate(say(line, facts))

    def _fail(self, worker: Worker, error: RbeeError) -> None:
        worker.state = WorkerState.FAILED
        if not worker.events.closed:
            worker.events.error(error.body())
        self._on_change()

    def _remove(self, worker: Worker) -> None:
        self.workers.pop(worker.worker_id, None)
        worker.child.release()
        self._on_change()


def _out_of_memory(worker: Worker) -> RbeeError:
    orders, log = worker.orders, tail(worker.child.log)
    need = worker.reserved_bytes
    return out_of_memory(
        worker.worker_id, orders.model_ref, orders.device, need, ram_here().total, log
    )


def _advice(cause: Cause, worker: Worker) -> str:
    if cause is Cause.PERHAPS_MEMORY:
        return (
            "rbee sent no such signal; the kernel does where memory runs out (dmesg tells): take a"
            f" smaller model or a shorter context, or read its log: {worker.child.log}"
        )
    return f"read its log: {worker.child.log}"
