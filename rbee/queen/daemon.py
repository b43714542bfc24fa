"""A queen's life and her routes. Phases 1.2 to 12.

What comes in: requests of clients and heartbeats of hives. Jobs are walked by `dispatcher`.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import gc
import logging
import os
from pathlib import Path
from signal import SIGKILL
from typing import TYPE_CHECKING

import aiohttp

from rbee.http.client import Peer, open_session
from rbee.http.operation import Operation
from rbee.http.server import Server, leave, trace
from rbee.http.serving import serves
from rbee.http.tables import Below
from rbee.process import journal, listening, logs
from rbee.process.child import Child
from rbee.process.deadline import timeout
from rbee.process.home import Home
from rbee.process.lifeline import Lifeline
from rbee.process.tasks import begin, spawn
from rbee.process.traces import MISSING, Traces, is_asked_for
from rbee.queen.anthropic import routes as anthropic
from rbee.queen.catalog import HiveCatalog, KeyCatalog, NameCatalog, open_catalog
from rbee.queen.certificate import Certificates
from rbee.queen.dispatcher import Dispatcher
from rbee.queen.front.offer import KeyHolder, Offer
from rbee.queen.handlers import QueenHandlers
from rbee.queen.hives import Hives
from rbee.queen.jobs import Job, JobBoard
from rbee.queen.keys import Keys
from rbee.queen.machines import Here
from rbee.queen.measures import JobMetrics
from rbee.queen.names import Names
from rbee.queen.news import News
from rbee.queen.ollama import routes as ollama
from rbee.queen.openai import routes as openai
from rbee.queen.operations import Operations, Task
from rbee.queen.page.handlers import Page
from rbee.queen.page.sessions import Sessions
from rbee.queen.registry import Registry
from rbee.queen.tracked_task import TrackedTask
from rbee.wire import addresses, narration, proof
from rbee.wire.errors import RbeeError, invalid
from rbee.wire.messages.basics import (
    DRAIN,
    HEALTH,
    OPERATION_EVENTS,
    SHUT_DOWN_QUEEN,
    STAY,
    DrainBegun,
    Named,
    ShutdownBegun,
    ShutDownQueen,
)
from rbee.wire.messages.certificate import CERTIFICATE, AskCertificate, CertificateView
from rbee.wire.messages.events import EVENTS, Done, FollowEvents
from rbee.wire.messages.jobs import JobRequest
from rbee.wire.messages.orders import QueenOrders
from rbee.wire.narration import Narration, say
from rbee.wire.settings import Settings

if TYPE_CHECKING:
    from rbee.queen.traces import JobTraces

_HERE = "127.0.0.1"
#: How long a queen that may be there already has to answer (seconds).
_SECOND_LOOK = 1.0
#: When somebody who is sent away by a queen that is replaced may find the next one (seconds).
_BACK_AFTER_S = 2


async def live(
    orders: QueenOrders,
    home: Home,
    settings: Settings,
    lifeline: Lifeline | None,
    spare: Child | None,
) -> None:
    """Serves until told to leave, then ends this process."""
    logs.write_to(home.log("queen"), settings.log_mib)
    async with open_session(settings) as session:
        try:
            await _refuse_a_second(home, orders.token, session)
            queen = _Queen(orders, home, settings, session, spare)
            await queen.answer()
        except RbeeError as error:
            if lifeline is None:
                raise
            lifeline.failed(error.body())
            if spare is not None:
                spare.signal(SIGKILL)
            leave(1)
        listening.note(home, "queen", queen.server.url, queen.server.instance)
        if lifeline is not None:
            if queen.catalog_set_aside:
                name = Path(queen.catalog_set_aside).name
                lifeline.narrate(say(narration.QUEEN_CATALOG_ASIDE, {"name": name}))
            lifeline.ready(queen.server.url, queen.server.instance)
        # Objects that exist by now stay: without this each full collection would visit them.
        gc.freeze()
        await queen.serve(lifeline)
        await queen.sleep()
        listening.forget(home, "queen", queen.server.instance)
    leave()


async def _refuse_a_second(home: Home, token: str, session: aiohttp.ClientSession) -> None:
    """Raises `port_in_use` where this home has a queen already, on whatever port."""
    known = listening.noted(home, "queen")
    if known is None:
        return
    health = None
    # Whatever answers there is no queen of this token.
    with contextlib.suppress(RbeeError, asyncio.TimeoutError):
        async with timeout(_SECOND_LOOK):
            peer = Peer(session, known.url, proof.Credential(token), "queen")
            health = await peer.call(HEALTH)
    if health is not None and health.instance == known.instance and health.status == "ok":
        raise RbeeError(
            "port_in_use",
            f"the queen of {home.path} is awake already, at {known.url}",
            "use her, or end her with rbee-keeper down",
            {"url": known.url},
        )


class _Queen:
    """The parts of this process, and the routes that lead to them."""

    def __init__(
        self,
        orders: QueenOrders,
        home: Home,
        settings: Settings,
        session: aiohttp.ClientSession,
        spare: Child | None,
    ) -> None:
        self.settings = settings
        self.certificates = Certificates(home, settings)
        if settings.tls_certificate or settings.tls_key:
            self.certificates.context(_HERE)  # what cannot be used is told to whoever wakes her
        self.server = Server(
            "queen",
            proof.Credential(orders.token),
            lambda header: self.keys.recognise(header),
            settings,
            functools.partial(_secret_of_hive, orders.token),
            lambda request: self.page.asks(request),
            self.certificates,
        )
        # Before the catalog is opened: of two queens that start together, one gets the port.
        self.server.bind(orders.host, orders.port)
        self.news = News()
        # Browsers tell the cookies of one host to all its ports: each queen there has her own.
        self.page = Page(f"rbee-{self.server.port}", Sessions(), self._page_entered)
        self.measures = JobMetrics()
        self.jobs = JobBoard(
            settings.jobs_kept,
            settings.jobs_kept_for,
            settings.jobs_kept_mib * 2**20,
            settings.jobs_asked_mib * 2**20,
        )
        self.registry = Registry(
            settings.heartbeat_interval * settings.heartbeats_missed, self.news.say
        )
        database = open_catalog(orders.database or home.path / "queen.db", settings.database_busy)
        self.catalog_set_aside = database.set_aside
        self.names = Names(NameCatalog(database), settings)
        self.keys = Keys(KeyCatalog(database), self.names)
        here = Here(home, settings, orders.token, self.server)
        self.hives = Hives(here, HiveCatalog(database), self.registry, session, spare)
        self.dispatcher = Dispatcher(self.hives, settings, self.news.say)
        self.operations = Operations(
            self.hives,
            self.dispatcher.claims.state,
            settings,
            self._require_awake,
            self.names,
            self.news.with_jobs.overhear,
        )
        self.traces = _traces()
        self.cascade = True
        self.kept = False
        #: Ends by itself with her.
        self.draining: TrackedTask | None = None

    async def answer(self) -> None:
        """Begins to serve."""
        handlers = QueenHandlers(
            self._begin,
            self.jobs,
            self.dispatcher,
            self.hives,
            self.registry,
            self.news,
            self.measures,
            self.settings,
            self.names,
        )
        offer = Offer(
            self.settings,
            functools.partial(self._begin, api="openai"),
            handlers.known,
            self.registry.workers,
            self.keys,
            self.operations.fetch,
            handlers.unload,
            self.jobs.find,
            self.names,
        )
        own = [self, handlers, self.operations, self.keys, self.names, self.page]

        def counted_as(api: str) -> Offer:
            return offer._replace(begin=functools.partial(self._begin, api=api))

        in_anthropics_words = functools.cache(
            functools.partial(anthropic.table, counted_as("anthropic"))
        )
        in_openais_words = functools.cache(functools.partial(openai.table, offer))
        doors = [
            Below(addresses.MESSAGES, in_anthropics_words),
            Below(addresses.MESSAGES_AT_ROOT, in_anthropics_words),
            Below(addresses.MODELS, in_anthropics_words, addresses.ANTHROPIC_VERSION_HEADER),
            *(Below(path, in_openais_words) for path in (addresses.V1, *addresses.V1_AT_ROOT)),
            Below(addresses.OLLAMA, functools.partial(ollama.table, counted_as("ollama"))),
        ]
        await self.server.serve(own, doors, offer.allow_origin)

    async def serve(self, lifeline: Lifeline | None) -> None:
        """Answers until somebody asks this queen to leave."""
        self.server.stop_on_signals()
        if lifeline is not None:
            lifeline.watch(self._keeper_gone, self._stay)
        # Errors are dropped: whoever needs the catalog reads it again, and reports them.
        spawn(self.hives.directory.read_ahead(), "reading the catalog", lambda ended: None)
        await self.server.stopping.wait()

    async def sleep(self) -> None:
        """Phase 12: jobs, workers, hives, herself."""
        await self._end_jobs()
        self.dispatcher.close()
        self.server.status = "leaving"
        if not self.cascade:
            self.hives.directory.own.stay()
        else:
            self.news.say(narration.STOP_WORKERS)
            await self.hives.stop_workers()
            self.news.say(narration.STOP_HIVES)
            await self.hives.sleep(self.news.say)
        self.news.say(narration.GOODBYE)
        self.news.fall_silent()
        if self.traces is not None:
            await self.traces.close()
        await self.server.close()

    @serves(EVENTS)
    async def follow(self, wanted: FollowEvents) -> Operation:
        """Tells what is narrated of the swarm from now on, and belongs to no job; `jobs=true` tells
        also what does, and the last of all of it first."""
        return self.news.with_jobs if wanted.jobs else self.news

    @serves(STAY)
    async def asked_to_stay(self) -> None:
        """Has the queen and her hives stay awake."""
        self._require_awake()
        self._stay()
        await self.hives.have_heard()

    @serves(CERTIFICATE)
    async def certificate(self, wanted: AskCertificate) -> CertificateView:
        """Tells what she shows where a connection to this address is encrypted."""
        try:
            return self.certificates.view(wanted.address)
        except ValueError:
            raise invalid(f"{wanted.address!r} is no address", "send an IP address") from None

    @serves(DRAIN)
    async def drain(self) -> DrainBegun:
        """Has no job begin until this operation is over, and tells when none runs any more."""
        operation = self.draining = self.operations.begin(Task("drain", ""), self._drained)
        # Who has begun it may be gone before it has read anything.
        grace = max(self.settings.reader_grace, self.settings.connect_timeout)
        asyncio.get_running_loop().call_later(grace, operation.reader_left)
        url = OPERATION_EVENTS.target(Named(id=operation.id))
        return DrainBegun(operation_id=operation.id, events_url=url, kept=self.kept)

    async def _drained(self, operation: TrackedTask) -> None:
        self.server.gate.clear()
        try:
            if running := self.jobs.under_way():
                operation.say(narration.DRAINING, count=len(running))
            while tasks := [job.task for job in self.jobs.under_way() if job.task is not None]:
                await asyncio.wait(tasks)
            operation.say(narration.DRAINED)
            await self.server.stopping.wait()
        finally:
            self.server.gate.set()

    @serves(SHUT_DOWN_QUEEN)
    async def shut_down(self, wanted: ShutDownQueen) -> ShutdownBegun:
        """Has workers, hives and herself leave; `now=true` cancels jobs, `unless=kept` spares a
        swarm that was asked to stay."""
        if self.kept and wanted.unless == "kept":
            return ShutdownBegun(jobs=0, kept=True)
        self.cascade = wanted.cascade
        if not self.server.gate.is_set():
            self.server.status = "leaving"  # who waits at the gate is to ask the next queen
        self.server.stopping.set()
        if wanted.now:
            self.server.impatient.set()
            return ShutdownBegun(jobs=len(self._under_way()))
        return ShutdownBegun(jobs=len(self._wanted()))

    def _begin(self, wanted: JobRequest, caller: KeyHolder | None = None, api: str = "rbee") -> Job:
        """Takes a job in that came by this API, and sets to work on it; `caller` is the holder of a
        key, and what that may have. Raises `queue_full`."""
        wanted.spread = wanted.spread or self.settings.spread
        of = caller or KeyHolder("", "", "", None, may_fetch=True)
        job = Job(wanted, of.key, of.holders, of.may_fetch, self.settings.reader_grace)
        self._require_awake()
        self.jobs.require_room(job)
        self.dispatcher.claims.join(job)
        self.jobs.add(job)
        by = f"{api}, key {job.key}" if job.key else api
        facts = {"job_id": job.job_id, "model_ref": wanted.model_ref, "by": by}
        self._tell_of(say(narration.JOB_BEGUN, facts))
        job.overhear, job.trace = self.news.with_jobs.overhear, trace.get()
        task = job.begin(self._work(job), f"job {job.job_id}")
        task.add_done_callback(lambda _: self._over(job, api))
        return job

    def _over(self, job: Job, api: str) -> None:
        self.dispatcher.claims.leave(job)
        self.measures.count(api, job)
        self._tell_of(job.outcome())
        if self.traces is not None:
            self.traces.over(api, job)

    def _tell_of(self, line: Narration) -> None:
        journal.write(line)
        self.news.with_jobs.overhear(line)

    def _page_entered(self) -> None:
        self.news.say(narration.PAGE_ENTERED)

    async def _work(self, job: Job) -> Done:
        """What comes of a job. Raises the error in which it ends."""
        try:
            async with timeout(job.request.deadline_s):
                return await self.dispatcher.run(job)
        except asyncio.TimeoutError:
            seconds = job.request.deadline_s
            raise RbeeError(
                "deadline_exceeded",
                f"the job was not done within {seconds:g} s",
                "allow more time with --deadline, or fewer tokens with --max-tokens",
                {"deadline_s": seconds},
            ) from None
        except RbeeError as error:
            raise self.hives.typed_from_here(job.hive_id or "", error) from None

    def _require_awake(self) -> None:
        if self.server.status != "ok":
            raise RbeeError(
                "queue_full",
                "the queen is going to sleep",
                "try again in a moment",
                {"retry_after_s": _BACK_AFTER_S},
            )

    async def _end_jobs(self) -> None:
        """Waits for the work that somebody still reads, unless a signal came; cancels the rest.

        New work is taken in until then. Work without a reader belonged to a keeper that is gone.
        """
        impatient = begin(self.server.impatient.wait())
        while (wanted := self._wanted()) and not impatient.done():
            read = [each.events for each in wanted if each.events.readers]
            events = [impatient, *(begin(each.unread.wait()) for each in read[:1])]
            await asyncio.wait(
                events,
                timeout=None if read else self.settings.reader_grace,
                return_when=asyncio.FIRST_COMPLETED,
            )
            for event in events[1:]:
                event.cancel()
        impatient.cancel()
        ending = [begin(each.call_off()) for each in self._under_way()]
        if ending:
            await asyncio.wait(ending, timeout=self.settings.stop_request)

    def _under_way(self) -> list[TrackedTask]:
        all_of_it = [*self.jobs.under_way(), *self.operations.board.under_way()]
        return [each for each in all_of_it if each is not self.draining]

    def _wanted(self) -> list[TrackedTask]:
        grace = self.settings.reader_grace
        return [each for each in self._under_way() if each.events.is_wanted(grace)]

    def _keeper_gone(self) -> None:
        """The keeper that woke her has ended: so does she, unless somebody asked her to stay."""
        if not self.kept:
            self.server.stopping.set()

    def _stay(self) -> None:
        self.kept = True
        self.hives.directory.own.stay()
        self.news.say(narration.KEEP_WARM)


def _traces() -> JobTraces | None:
    """What tells the traces of jobs; None where nobody has asked for them, or it is not here."""
    if not is_asked_for(os.environ):
        return None
    from rbee.queen.traces import JobTraces  # late: few ask

    try:
        return JobTraces(Traces())
    except ImportError:
        logging.getLogger(__name__).warning(MISSING)
        return None


def _secret_of_hive(token: str, name: str) -> str | None:
    """The secret of a hive, by its name; see `proof.hive_name`."""
    hive_id = name.removeprefix(proof.hive_name(""))
    return proof.hive_secret(token, hive_id) if hive_id != name else None
