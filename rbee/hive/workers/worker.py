"""A worker of this hive, as it is kept alive. RAM; written by the supervisor alone."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import socket
import time

import psutil

from rbee.hive.capacity import Promise
from rbee.hive.control_groups import memory_kills
from rbee.http.operation import Operation
from rbee.process.child import Child, tail
from rbee.process.cpu_use import uses_cpu
from rbee.wire.errors import RbeeError
from rbee.wire.messages.orders import WorkerOrders
from rbee.wire.messages.workers import (
    EngineFacts,
    WorkerBeat,
    WorkerReport,
    WorkerState,
    WorkerView,
)

#: The longest that a report may lie before it is read (seconds).
_SAID_BEFORE = 10.0


class WorkerStart(Operation):
    """The start of a worker, which goes on whether somebody waits for it or not."""

    unread_for = None


def idle_since(before: float | None, now: float, *, works: bool, more: bool) -> float | None:
    """Since when a worker that reports has had nothing to do (monotonic seconds); None: it works.

    `before` is what was known until now, `more`: requests have ended since the report before, which
    may have begun after that. Pure.
    """
    if works:
        return None
    return now if before is None or more else before


@dataclasses.dataclass
class Worker:
    """One worker process and what it was told.

    `facts` are those of its engine, `promise` is the memory that is kept for it; `start` is over
    when it is ready or has failed; `idle_since` is when its last slot became free (monotonic
    seconds), None while it works, and `may_idle_s` for how long it then stays loaded, where
    somebody has said so. `worked_at` is when its engine last did anything, as far as its last
    report knows, or had nothing to do. `names` lead to what it has loaded.
    """

    worker_id: str
    facts: EngineFacts
    orders: WorkerOrders
    promise: Promise
    child: Child
    exited: asyncio.Future[int]
    url: str = ""
    port: int = 0
    state: WorkerState = WorkerState.LOADING
    restart_count: int = 0
    is_restarting: bool = False
    slots_free: int = 0
    #: How many requests were over when it last told.
    ended: int = 0
    idle_since: float | None = None
    may_idle_s: float | None = None
    last_report: float = dataclasses.field(default_factory=time.monotonic)
    worked_at: float = dataclasses.field(default_factory=time.monotonic)
    last_heartbeat_ms: int | None = None
    #: Seconds of CPU time that it had used when it last told anything while loading.
    cpu: float = 0.0
    names: set[str] = dataclasses.field(default_factory=set)
    #: How often its engine has died while it loaded, and when it was last ready (monotonic s).
    loads_died: int = 0
    ready_since: float | None = None
    #: Whether it is not to be unloaded for being idle.
    kept: bool = False
    #: What its draft gains, by its orders or by what it has found out since.
    draft_gain: float = 0.0
    #: Whether its hive has ended its process by force.
    killed: bool = False
    #: The kernel's count of processes killed for want of memory, up to where this worker is known
    #: to have survived.
    memory_kills: int = dataclasses.field(default_factory=memory_kills)
    #: When that count was first seen to have grown (monotonic seconds); None: it has not.
    killed_since: float | None = None
    #: Set whenever the worker has told something.
    heard: asyncio.Event = dataclasses.field(default_factory=asyncio.Event)
    #: What leads to its parts on other hives, by hive, until somebody carries it there.
    streams: dict[str, socket.socket] = dataclasses.field(default_factory=dict)
    start: WorkerStart = dataclasses.field(init=False)

    def __post_init__(self) -> None:
        self.start = WorkerStart("hive", self.worker_id)
        self.draft_gain = self.orders.draft_gain

    def take_report(self, report: WorkerReport) -> None:
        """Takes over what the worker says of itself."""
        self.last_report = time.monotonic()
        self.worked_at = self.last_report - report.idle_s
        self._survived(memory_kills())
        self.heard.set()
        self.last_heartbeat_ms = time.time_ns() // 1_000_000
        if self.state is not WorkerState.STOPPING:
            self.state = report.state
        if self.state is WorkerState.LOADING:
            self.ready_since = None
        elif self.ready_since is None:
            self.ready_since = self.last_report
        if report.placed is not None:
            self.draft_gain = report.placed.draft_gain or self.draft_gain
        self.slots_free = report.slots_free
        works = self.state is not WorkerState.READY or self.slots_free < self.orders.slots
        more = report.ended != self.ended
        self.idle_since = idle_since(self.idle_since, self.last_report, works=works, more=more)
        self.ended = report.ended

    def may_idle(self, seconds: float | None) -> None:
        """It stays loaded for so long from when nobody uses it; None: as for any worker."""
        self.may_idle_s = seconds
        self.heard.set()

    def idles_for(self, idle_worker: float) -> float:
        """For how many seconds it may idle, where workers may for `idle_worker`."""
        return idle_worker if self.may_idle_s is None else self.may_idle_s

    def unloads_at(self, idle_worker: float) -> float | None:
        """When it is unloaded unless somebody needs it (monotonic seconds); None: it works, or is
        kept."""
        if self.kept or self.idle_since is None:
            return None
        return self.idle_since + self.idles_for(idle_worker)

    def has_worked(self) -> bool:
        """Whether a worker that loads has computed since it last told anything.

        While its engine loads, a worker cannot speak: what it does shows in its CPU time alone.
        """
        cpu, now = self.cpu_s(), time.monotonic()
        worked = uses_cpu(cpu - self.cpu, now - self.worked_at)
        if worked:
            self.cpu, self.worked_at = cpu, now
        return worked

    def cpu_s(self) -> float:
        """Seconds of CPU time that it has used; 0 once it has ended."""
        with contextlib.suppress(psutil.Error):
            times = psutil.Process(self.child.pid).cpu_times()
            return float(times.user + times.system)
        return 0.0

    def close_streams(self) -> None:
        """Closes the streams to its parts."""
        for stream in self.streams.values():
            stream.close()
        self.streams.clear()

    def error(self, code: str, message: str, suggestion: str = "", **details: object) -> RbeeError:
        """An error of this worker, with its devices and the end of its log."""
        where_to_look = f"rbee-keeper logs {self.worker_id} shows what happened there"
        facts = {"device": self.orders.placement.devices, "log": tail(self.child.log), **details}
        return RbeeError(code, message, suggestion.format(where_to_look) or where_to_look, facts)

    @property
    def is_unused(self) -> bool:
        """Whether it could make room: nobody needs it, or it is leaving and works on nothing."""
        leaving = self.state is WorkerState.STOPPING and self.slots_free == self.orders.slots
        return self.idle_since is not None or leaving

    def _survived(self, kills: int) -> None:
        """A report has come: the worker has survived the kernel's latest kills. A report may have
        been written just before a kill, so only one that comes well after it counts."""
        if kills == self.memory_kills:
            self.killed_since = None
        elif self.killed_since is None:
            self.killed_since = self.last_report
        elif self.last_report - self.killed_since > _SAID_BEFORE:
            self.memory_kills, self.killed_since = kills, None

    def beat(self, idle_worker: float) -> WorkerBeat:
        """This worker inside the hive's heartbeat, where workers may idle for so many seconds."""
        unloads = self.unloads_at(idle_worker)
        return WorkerBeat(
            worker_id=self.worker_id,
            url=self.url,
            model_ref=self.orders.model_ref,
            placement=self.orders.placement,
            backend=self.orders.backend,
            engine=self.facts.engine,
            state=self.state,
            slots=self.orders.slots,
            slots_free=self.slots_free,
            vram_bytes=self._bytes,
            context=self.orders.longest,
            trained=self.orders.trained,
            template=self.orders.template,
            content=self.orders.content,
            names=tuple(sorted(self.names)),
            vectors_up_to=self.orders.vectors_up_to,
            kept=self.kept,
            sees=bool(self.orders.projector),
            draft=self.orders.draft,
            draft_gain=self.draft_gain,
            unloads_at_ms=0 if unloads is None else _unix_ms(unloads),
            may_idle_s=self.may_idle_s,
        )

    @property
    def _bytes(self) -> int:
        """What its model was promised, here and elsewhere."""
        placement = self.orders.placement
        return self.promise.total + sum(
            part.bytes for parts in placement.others.values() for part in parts
        )

    def view(self, idle_worker: float) -> WorkerView:
        """This worker in `GET /workers`; see `beat`."""
        return WorkerView.of(
            self.beat(idle_worker),
            self.orders.placement.head.hive_id,
            pid=self.child.pid,
            restart_count=self.restart_count,
            last_heartbeat_ms=self.last_heartbeat_ms,
            threads=self.orders.threads,
        )


def _unix_ms(moment: float) -> int:
    """A moment of the monotonic clock, to the second: else it were another with each heartbeat."""
    return round(time.time() + moment - time.monotonic()) * 1000
