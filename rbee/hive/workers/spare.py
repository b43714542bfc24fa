"""A worker process that has imported its engine and waits for its model.

The hive starts one before it has orders itself, so that the first model of a cold run finds the
slow part of a worker's start already done. What a spare says about its engine is also how the
hive knows which kinds of worker this machine can run.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable

from rbee.process.child import Child
from rbee.process.deadline import timeout
from rbee.process.home import Home
from rbee.process.supervise import Reports, discard
from rbee.wire.messages.workers import EngineFacts


class Spare:
    """A worker without orders."""

    def __init__(self, home: Home, engine: str, start: Callable[..., Child] = Child.start) -> None:
        self.engine = engine
        self.worker_id = f"worker-{secrets.token_hex(3)}"
        log = home.log(self.worker_id)
        self.child = start("worker", log, "--engine", engine)
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

    def discard(self) -> asyncio.Future[int]:
        """Ends it; it has done nothing yet, or hangs. A future of its exit status."""
        return discard(self.child)
