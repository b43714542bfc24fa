"""Keeps workers alive: gives them orders, hears from them, restarts those that die, stops them.

Phases 9, 10 and 12.2. The registry is written here alone; every change of a worker's state is
passed on to the queen at once, through `on_change`.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import signal
import time
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import aiohttp
import msgspec
from aiohttp import web

from rbee.hive.capacity import Capacity, Fit
from rbee.hive.control_groups import memory_kills
from rbee.hive.devices import ram_here
from rbee.hive.outbox import Outbox
from rbee.hive.workers import failures
from rbee.hive.workers.able import not_able, not_placed
from rbee.hive.workers.deadly import DeadlyModels
from rbee.hive.workers.kinds import Kinds, Spare
from rbee.hive.workers.restart import (
    Ended,
    Then,
    begins_anew,
    cause_of,
    how_it_ended,
    restart_delay,
    then,
)
from rbee.hive.workers.upkeep import Measure, next_due
from rbee.hive.workers.worker import Worker, WorkerStart
from rbee.http.board import Board
from rbee.http.client import Peer
from rbee.process import journal, logs, own_folder
from rbee.process.content import is_still
from rbee.process.deadline import timeout
from rbee.process.home import Home
from rbee.process.supervise import discard, exit_of, stop
from rbee.process.tasks import DISK, End, begin, in_thread, spawn
from rbee.wire import narration, proof
from rbee.wire.errors import RbeeError, stale, unforeseen
from rbee.wire.messages.basics import SHUT_DOWN_WORKER, ShutDownWorker
from rbee.wire.messages.events import Progress
from rbee.wire.messages.inference import FAIL_INFERENCES
from rbee.wire.messages.orders import WorkerOrders
from rbee.wire.messages.sides import PartOfWorker
from rbee.wire.messages.workers import EngineFacts, WorkerFailure, WorkerReport, WorkerState
from rbee.wire.narration import Line, say
from rbee.wire.settings import Settings

if TYPE_CHECKING:
    from rbee.hive.workers.sides import SocketPair

_TAKE_REQUESTS = (WorkerState.LOADING, WorkerState.READY, WorkerState.BUSY)
_ENDING = (WorkerState.STOPPING, WorkerState.FAILED)

#: How many workers' starts can still be read about, the failed ones among them.
_STARTS_KEPT = 64


class Supervisor(msgspec.Struct):
    """The workers of this hive."""

    _home: Home
    _settings: Settings
    _session: aiohttp.ClientSession
    _kinds: Kinds
    _capacity: Capacity
    _on_change: Callable[[], None]
    _outbox: Outbox
    _deadly: DeadlyModels
    workers: dict[str, Worker] = {}
    _watches: set[asyncio.Task[None]] = set()
    starts: Board[WorkerStart] = msgspec.field(
        default_factory=lambda: Board(failures.missing, _STARTS_KEPT)
    )

    async def start(
        self,
        facts: EngineFacts,
        orders: WorkerOrders,
        fit: Fit,
        unloaded: list[str],
        streams: Mapping[str, SocketPair] = MappingProxyType({}),
    ) -> Worker:
        """Phase 9: a worker with its socket bound; it goes on loading by itself.

        `orders.worker_id` is drawn here, and the worker's secret made of `orders.token`, which is
        the hive's; what its model needs is promised until its end; `unloaded` are the workers that
        made room for it, `streams` lead to its parts on other hives.
        Raises what the worker says when it cannot start, and `model_invalid` for a model that the
        engine has died of lately.
        """
        self._deadly.check(facts.engine, orders.content)
        if streams:  # the spare was started without these descriptors
            spare = Spare(self._home, facts.engine, keeps=orders.streams)
        else:
            spare = self._kinds.take(facts.engine)
        for stream in streams.values():
            stream.theirs.close()
        orders.worker_id = spare.worker_id
        orders.token = proof.worker_secret(orders.token, spare.worker_id)
        promise = self._capacity.promise(fit)
        worker = Worker(spare.worker_id, facts, orders, promise, spare.child, exit_of(spare.child))
        worker.names.add(orders.model_ref)
        worker.streams.update({hive_id: stream.ours for hive_id, stream in streams.items()})
        self.workers[worker.worker_id] = worker
        self.starts.add(worker.start)
        for worker_id in unloaded:
            self._say(worker, narration.WORKER_UNLOADED, worker_id=worker_id)
        try:
            await self._give_orders(worker, spare)
        except BaseException as error:
            del self.workers[worker.worker_id]
            worker.close_streams()
            self.starts.remove(worker.start)
            self._capacity.give_back(promise)
            discard(spare.child)
            if worker.state is WorkerState.STOPPING and isinstance(error, RbeeError):
                error = failures.stopped(worker)
            raise failures.as_of_the_worker(worker, error) from None
        self._watch(worker)
        self._on_change()
        in_use = {self._home.log(worker_id) for worker_id in self.workers}
        kept = self._settings.logs_kept
        await in_thread(DISK, logs.forget_old, self._home.logs, "worker-*.log", kept, in_use)
        return worker

    def holding(self, content: str) -> list[Worker]:
        """The workers that have this content loaded, or load it, and take requests for it."""
        return [
            worker
            for worker in self.workers.values()
            if worker.orders.content == content and worker.state in _TAKE_REQUESTS
        ]

    def led(self, ref: str, content: str) -> list[Worker]:
        """A name leads to this content from now on, empty: to none; the workers that hold it answer
        to it.

        One that no name leads to any more, since its model was replaced, leaves once it is idle.
        """
        holding = self.holding(content)
        changed = False
        for worker in self.workers.values():
            names = worker.names | {ref} if worker in holding else worker.names - {ref}
            changed = changed or names != worker.names
            worker.names = names
            self._retire_if_nameless(worker)
        if changed:
            self._on_change()
        return holding

    def _retire_if_nameless(self, worker: Worker) -> None:
        if not worker.names and worker.idle_since is not None:
            worker.idle_since = None
            spawn(self.unload(worker), f"the end of {worker.worker_id}", lambda ended: None)

    def take_report(self, report: WorkerReport) -> None:
        """Phase 10: a worker's heartbeat; the first `ready` is its ready callback.

        Raises `worker_not_found`.
        """
        worker = self.get(report.worker_id)
        misplaced = not_placed(worker.facts, worker.orders, report)
        if misplaced is not None:  # it is ended before anybody uses it
            if worker.state not in (WorkerState.FAILED, WorkerState.STOPPING):
                self._fail(worker, misplaced)
                self._kill(worker)
            return
        before = (worker.state, worker.slots_free, worker.is_unused)
        worker.take_report(report)
        if worker.is_restarting and worker.state is not WorkerState.LOADING:
            worker.is_restarting = False
            if worker.state in (WorkerState.READY, WorkerState.BUSY):
                self._note(worker, narration.WORKER_RECOVERED)
        if worker.state is WorkerState.LOADING:
            worker.cpu = worker.cpu_s()
        for line in report.narration:
            worker.start.narrate(line)
        self._tell_loading(worker, report)
        self._retire_if_nameless(worker)
        # A worker that was busy when it was to make room may have reported neither that work nor
        # its end: this report is the first that tells whoever waits for the room.
        if (worker.state, worker.slots_free, worker.is_unused) != before:
            self._on_change()

    def get(self, worker_id: str) -> Worker:
        """A worker by its id. Raises `worker_not_found`."""
        try:
            return self.workers[worker_id]
        except KeyError:
            raise failures.missing(worker_id, self.workers) from None

    def secret_of(self, name: str) -> str | None:
        """The secret called `name`, where that is one of a worker of this hive."""
        worker = self.workers.get(name.removeprefix(proof.worker_name("")))
        if worker is None or name != proof.worker_name(worker.worker_id):
            return None
        return worker.orders.token

    def _peer(self, worker: Worker) -> Peer:
        name = proof.worker_name(worker.worker_id)
        credential = proof.Credential(worker.orders.token, name)
        return Peer(self._session, worker.url, credential, name)

    async def stop(self, worker: Worker) -> None:
        """Ends one worker: asked, then SIGTERM, then SIGKILL."""
        if worker.state is not WorkerState.STOPPING:
            worker.state = WorkerState.STOPPING
            self._on_change()
        worker.idle_since = None
        ask = None
        if worker.url:
            ask = functools.partial(self._peer(worker).call, SHUT_DOWN_WORKER, ShutDownWorker())
        await stop(worker.child, worker.exited, ask, self._settings)

    async def unload(self, worker: Worker) -> bool:
        """Ends a worker that is idle. False: it says that it is in use by now, and stays.

        The worker alone knows: its next heartbeat may be on its way.
        """
        peer = self._peer(worker)
        try:
            async with timeout(self._settings.stop_request):
                await peer.call(SHUT_DOWN_WORKER, ShutDownWorker(unless="busy"))
        except RbeeError as error:
            if error.code == "worker_busy":
                worker.idle_since = None
                return False
        except asyncio.TimeoutError:
            pass  # it does not hear; the signals of `stop` end it
        await self.stop(worker)
        return True

    def _kill(self, worker: Worker) -> None:
        """Ends a worker that is stuck; it counts as one that died."""
        worker.killed = True
        worker.child.signal(signal.SIGKILL)

    async def carry(self, wanted: PartOfWorker, request: web.Request) -> None:
        """Lets a connection lead from a worker to its parts on another hive, until it ends; the
        worker ends with it. Raises `worker_not_found`, and `not_found` where it leads there."""
        worker = self.get(wanted.id)
        ours = worker.streams.pop(wanted.hive_id, None)
        if ours is None:
            raise failures.no_part_there(worker, wanted.hive_id)
        from rbee.http.streams import carry, end_of  # late: few models lie on several machines

        try:
            await carry(request, await end_of(ours))
        finally:
            self._part_lost(worker, wanted.hive_id)

    def _part_lost(self, worker: Worker, hive_id: str) -> None:
        """Ends a worker that has lost a part on another hive: it cannot go on, and its engine may
        never notice."""
        if worker.worker_id in self.workers and worker.state not in _ENDING:
            self._fail(worker, failures.part_lost(worker, hive_id))
            self._kill(worker)

    async def stop_all(self) -> None:
        """Ends every worker, all at the same time, and the spare."""
        await self._kinds.close()
        workers = list(self.workers.values())
        await asyncio.gather(*(self.stop(worker) for worker in workers))
        for watch in self._watches:
            watch.cancel()

    async def _give_orders(self, worker: Worker, spare: Spare) -> None:
        facts = await spare.facts(self._settings.health_wait_total)
        orders = worker.orders
        parts = len(orders.placement.parts)
        refusal = not_able(facts, orders.backend, simulated=orders.simulated, parts=parts)
        if refusal is not None:  # another engine has been installed since
            raise refusal
        orders.log = str(spare.child.log)
        spare.child.order(orders)
        report = await spare.reports.ready(self._settings.health_wait_total, worker.start.narrate)
        worker.url = report.url
        worker.port = int(report.url.rpartition(":")[2])
        path, device = orders.model_paths[0], orders.placement.devices
        self._say(worker, narration.WORKER_WAKE, port=worker.port, path=path, device=device)

    def _watch(self, worker: Worker) -> None:
        name = f"the watch over {worker.worker_id}"
        task = spawn(self._outlive(worker), name, lambda ended: self._unwatched(worker, ended))
        self._watches.add(task)
        task.add_done_callback(self._watches.discard)

    def _unwatched(self, worker: Worker, ended: End) -> None:
        """Ends a worker whose watching task has failed, and tells those who wait for it."""
        if ended is None or isinstance(ended, asyncio.CancelledError):
            return
        self._fail(worker, unforeseen(ended, "hive"))
        self._kill(worker)
        self._remove(worker)

    async def _outlive(self, worker: Worker) -> None:
        """Waits for the end of a worker; an end that nobody asked for leads to a restart."""
        while not worker.exited.done():
            due = next_due(
                worker.state,
                worker.last_report,
                worker.worked_at,
                worker.unloads_at(self._settings.idle_worker),
                self._settings,
            )
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
        if status < 0:
            await in_thread(DISK, own_folder.remove_left, "worker")
        # Why a failed worker failed has been reported already.
        if worker.state in (WorkerState.STOPPING, WorkerState.FAILED) or status == 0:
            self._remove(worker)
        else:
            await self._restart(worker, status)

    async def _take(self, measure: Measure, worker: Worker) -> None:
        if measure is Measure.UNLOAD:
            if await self.unload(worker):
                idle = narration.seconds(worker.idles_for(self._settings.idle_worker))
                self._note(worker, narration.WORKER_IDLE, idle=idle)
            return
        if measure is Measure.GIVE_UP:
            if worker.has_worked():
                return
            self._fail(worker, failures.stalled(worker, self._settings.load_stall))
        if measure is Measure.KILL:
            self._note(worker, narration.WORKER_STUCK)
        if measure is Measure.END_STUCK:
            stall = self._settings.token_stall
            self._note(worker, narration.WORKER_ENGINE_STUCK, stall=stall)
            await self._tell_why(worker)
        self._kill(worker)
        await worker.exited

    async def _tell_why(self, worker: Worker) -> None:
        """Has a worker that is about to be ended tell its callers why."""
        why = failures.engine_stuck(worker, self._settings.token_stall)
        with contextlib.suppress(RbeeError, asyncio.TimeoutError):
            async with timeout(self._settings.stop_request):
                await self._peer(worker).call(FAIL_INFERENCES, why.body())

    async def _restart(self, worker: Worker, status: int) -> None:
        """Starts a worker that died again, also one that dies before it listens; or gives it up."""
        orders = worker.orders
        if orders.streams:  # its parts have ended with it
            self._give_up(worker, failures.parts_ended(worker, how_it_ended(status)))
            return
        if not is_still(orders.content, orders.model_paths):
            self._give_up(worker, stale(worker.worker_id, orders.model_ref))
            return
        if worker.ready_since is not None and begins_anew(time.monotonic() - worker.ready_since):
            worker.restart_count = worker.loads_died = 0
        worker.ready_since = None
        while True:
            delay = restart_delay(worker.restart_count, self._settings.restart_delays)
            ended = _ended(worker, status, may_restart=delay is not None)
            what = then(ended)
            if delay is None or what in (Then.OUT_OF_MEMORY, Then.DEADLY):
                self._give_up(worker, self._why_given_up(worker, what, ended))
                return
            self._leave_out(worker, what, how_it_ended(status))
            died_again = await self._start_again(worker, how_it_ended(status), delay)
            if died_again is None:
                return
            status = died_again

    def _why_given_up(self, worker: Worker, what: Then, ended: Ended) -> RbeeError:
        how = how_it_ended(ended.status)
        if what is Then.OUT_OF_MEMORY:
            return failures.out_of_memory(worker, ram_here().total)
        if what is Then.DEADLY:
            error = failures.deadly(worker, how)
            self._deadly.remember(worker.facts.engine, worker.orders.content, error)
            return error
        return failures.died_too_often(worker, how, ended.cause)

    def _leave_out(self, worker: Worker, what: Then, how: str) -> None:
        """Has a worker that is started again do without what may have killed its engine."""
        orders, why = worker.orders, f"the engine has ended while it loaded it ({how})"
        if what is Then.WITHOUT_DRAFT:
            orders.draft_paths = []
            self._say(worker, narration.DRAFT_LEFT_OUT, draft=orders.draft, why=why)
        elif what is Then.WITHOUT_PROJECTOR:
            orders.projector_fault = why
        elif what is Then.WITHOUT_TEMPLATE:
            worker.loads_died += 1
            orders.deadly_template = bool(orders.chat_template)

    async def _start_again(self, worker: Worker, how: str, delay: float) -> int | None:
        """Starts a worker that has ended (`how`) once more, after `delay` seconds; the status with
        which it has ended before it listened. None: it listens, or there is nothing more to try."""
        worker.restart_count += 1
        worker.is_restarting = True
        worker.state = WorkerState.LOADING
        worker.killed, worker.memory_kills, worker.killed_since = False, memory_kills(), None
        self._on_change()
        facts = {"worker_id": worker.worker_id, "how": how, "delay": delay}
        self._say(worker, narration.WORKER_RESTART, count=worker.restart_count, **facts)
        await asyncio.sleep(delay)
        if worker.state is not WorkerState.LOADING:  # somebody has stopped it meanwhile
            self._remove(worker)
            return None
        spare = Spare(self._home, worker.facts.engine)
        worker.child, worker.exited = spare.child, exit_of(spare.child)
        worker.url = ""
        worker.worked_at = worker.last_report = time.monotonic()
        worker.cpu = 0.0
        try:
            await self._give_orders(worker, spare)
        except RbeeError as error:
            worker.killed = worker.child.process.poll() is None  # it hangs
            discard(spare.child)
            status = await worker.exited
            if worker.state is not WorkerState.LOADING:  # somebody has stopped it meanwhile
                self._remove(worker)
                return None
            if error.code != "internal":  # it gave its reason: a retry would fail alike
                self._give_up(worker, error)
                return None
            return status
        self._on_change()
        self._watch(worker)
        return None

    def _give_up(self, worker: Worker, error: RbeeError) -> None:
        self._fail(worker, error)
        self._remove(worker)

    def _tell_loading(self, worker: Worker, report: WorkerReport) -> None:
        if report.loaded is not None:
            worker.start.progress(Progress("load", round(report.loaded * 100), 100))
        if report.error is not None:
            worker.start.fail(RbeeError.from_body(report.error))
        elif report.state in (WorkerState.READY, WorkerState.BUSY):
            worker.start.succeed()

    def _say(self, worker: Worker, line: Line, **facts: object) -> None:
        """Tells whoever waits for a worker, else the cluster; it stands in the log either way."""
        worker.start.narrate(say(line, facts))
        self._note(worker, line, **facts)

    def _note(self, worker: Worker, line: Line, **facts: object) -> None:
        """Tells the cluster and the log; who waits for the worker learns it in other words."""
        said = say(line, {"worker_id": worker.worker_id, **facts})
        if worker.start.is_over:
            self._outbox.narrate(said)
        else:
            journal.write(said)

    def _fail(self, worker: Worker, error: RbeeError) -> None:
        worker.state = WorkerState.FAILED
        orders = worker.orders
        self._note(worker, narration.WORKER_GIVEN_UP, why=error.message)
        worker.start.fail(error)
        failure = WorkerFailure(
            placement=orders.placement,
            model_ref=orders.model_ref,
            error=error.body(),
            template=orders.template,
        )
        self._outbox.failed(failure)
        self._on_change()

    def _remove(self, worker: Worker) -> None:
        self.workers.pop(worker.worker_id, None)
        worker.close_streams()
        worker.start.fail(failures.stopped(worker))
        self._capacity.give_back(worker.promise)
        worker.child.release()
        self._on_change()


def _ended(worker: Worker, status: int, *, may_restart: bool) -> Ended:
    """What is known of a worker that has ended."""
    kills = memory_kills() - worker.memory_kills
    return Ended(
        status,
        cause_of(status, killed_by_hive=worker.killed, memory_kills=kills),
        may_restart=may_restart,
        was_loading=worker.state is WorkerState.LOADING,
        loads_died=worker.loads_died,
        on_cpu=worker.orders.backend == "cpu",
        draft=bool(worker.orders.draft_paths),
        projector=bool(worker.orders.projector) and not worker.orders.projector_fault,
    )
