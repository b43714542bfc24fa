"""Which kinds of worker this machine can run, by the word of the engines. Phase 8.

An engine is asked in a spare: a worker that has imported it and waits for its model. The hive
starts one before it has orders itself, so that the first model of a cold run finds the slow part of
a worker's start already done.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Sequence

import msgspec

from rbee.hive.workers.able import not_able
from rbee.hive.workers.catalog import WorkerCatalog
from rbee.process.apart import command_of
from rbee.process.child import Child
from rbee.process.deadline import timeout
from rbee.process.home import Home
from rbee.process.supervise import Reports, discard
from rbee.process.tasks import DATABASE, begin, in_thread
from rbee.wire.errors import RbeeError
from rbee.wire.messages.devices import Gpu
from rbee.wire.messages.workers import EngineDevice, EngineFacts, WorkerKindView
from rbee.wire.settings import Settings


class Spare:
    """A worker without orders."""

    def __init__(
        self,
        home: Home,
        engine: str,
        start: Callable[..., Child] = Child.start,
        keeps: Sequence[int] = (),
    ) -> None:
        """It `keeps` descriptors of its parent, which `Child.start` alone can have."""
        self.engine = engine
        self.worker_id = f"worker-{secrets.token_hex(3)}"
        log = home.log(self.worker_id)
        kept = {"keeps": keeps} if keeps else {}
        self.child = start("worker", log, "--engine", engine, **kept)
        self._facts: EngineFacts | None = None

    async def facts(self, patience: float) -> EngineFacts:
        """What the engine found out about itself, within `patience` seconds.

        Raises what it says where there is no such engine, `internal` when it dies or hangs.
        """
        if self._facts is None:
            self.reports = Reports(self.child)
            try:
                async with timeout(patience):
                    report = await self.reports.next()
            except asyncio.TimeoutError:
                raise self.child.start_timeout(patience) from None
            assert report.engine is not None, "a worker's first report is about its engine"
            self._facts = report.engine
        return self._facts


class Kinds(msgspec.Struct):
    """The engines of this machine, and the spare worker with one of them."""

    _home: Home
    _settings: Settings
    _catalog: WorkerCatalog
    _spare: Spare | None
    _facts: dict[str, asyncio.Task[EngineFacts]] = {}

    async def provision(
        self, backend: str, engine: str, gpu: Gpu | None, parts: int = 1
    ) -> WorkerKindView:
        """The catalog row of a kind of worker, after the engine itself was asked.

        A simulated GPU is served by an engine that runs on the CPU, and the row says so.
        Raises `backend_unavailable` with the command that would help.
        """
        kind = f"{backend}-llm-worker-rbee"
        simulated = gpu is not None and gpu.simulated
        known = await in_thread(DATABASE, self._catalog.find, kind, engine)
        facts = await self.able(engine, backend, simulated=simulated, parts=parts)
        view = WorkerKindView(
            kind=kind,
            engine=engine,
            version=facts.version,
            command=command_of("rbee.worker", "--engine", engine),
            simulated=simulated,
        )
        if known is None or known != view:
            await in_thread(DATABASE, self._catalog.put, view)
            view.new = True
        return view

    async def able(self, engine: str, backend: str, *, simulated: bool, parts: int) -> EngineFacts:
        """What an engine says of itself, where it can serve a device of this kind, or `parts`.

        Raises `backend_unavailable` with the command that would help.
        """
        facts = await self._facts_of(engine)
        refusal = not_able(facts, backend, simulated=simulated, parts=parts)
        if refusal is not None:
            raise refusal
        return facts

    async def speaks(self, engine: str) -> EngineFacts:
        """What an engine says of itself that can lay a model on several machines. Raises
        `backend_unavailable` with what would help."""
        facts = await self._facts_of(engine)
        if not facts.rpc:
            raise RbeeError(
                "backend_unavailable",
                f"engine {facts.engine} {facts.version} cannot share a model with other machines:"
                f" {facts.no_rpc}",
                facts.install.get("rpc", "take another engine"),
            )
        return facts

    async def devices(self) -> Sequence[EngineDevice]:
        """What the engine of the settings lists besides the processor. Raises what it says where
        there is no such engine."""
        return (await self._facts_of(self._settings.engine)).devices

    def known_devices(self) -> Sequence[EngineDevice] | None:
        """The same, where it has been asked already; else None."""
        asked = self._facts.get(self._settings.engine)
        if asked is None or not asked.done() or asked.cancelled() or asked.exception():
            return None
        return asked.result().devices

    def take(self, engine: str) -> Spare:
        """A worker without orders that has this engine: the spare, or a fresh one."""
        spare = self._look(engine)
        self._spare = None
        return spare

    async def close(self) -> None:
        """Ends the spare."""
        if self._spare is not None:
            await discard(self._spare.child)

    async def _facts_of(self, engine: str) -> EngineFacts:
        """What an engine said of itself, asked once; the spare that was asked is kept.

        Asking goes on when the request that began it is cancelled, since others may wait for it.
        """
        asked = self._facts.get(engine)
        if asked is not None and asked.done() and (asked.cancelled() or asked.exception()):
            asked = None
            if self._spare is not None:
                discard(self._spare.child)  # who could not answer then is not asked again
                self._spare = None
        if asked is None:
            self._spare = self._look(engine)
            asking = self._spare.facts(self._settings.health_wait_total)
            asked = self._facts[engine] = begin(asking, f"facts of {engine}")
        return await asyncio.shield(asked)

    def _look(self, engine: str) -> Spare:
        spare = self._spare
        if spare is not None and (spare.engine != engine or spare.child.process.poll() is not None):
            discard(spare.child)
            spare = None
        return spare or Spare(self._home, engine)
