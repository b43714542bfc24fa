"""Waiting for a child, and stopping it, on an event loop."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Awaitable, Callable

from rbee.process.child import Child, ReportLines
from rbee.process.deadline import timeout
from rbee.process.tasks import in_own_thread
from rbee.wire.errors import RbeeError
from rbee.wire.messages.orders import Report
from rbee.wire.narration import Narration
from rbee.wire.settings import Settings


class Reports:
    """What a child says on its ready descriptor, read on the event loop."""

    def __init__(self, child: Child) -> None:
        self._child = child
        self._lines = ReportLines(child)
        self._arrived: list[Report] = []
        self._reader: asyncio.StreamReader | None = None
        self._transport: asyncio.ReadTransport | None = None

    async def next(self) -> Report:
        """The next report. Raises what the child reports, and `internal` when it died."""
        if self._reader is None:
            reader = self._reader = asyncio.StreamReader()
            pipe = os.fdopen(self._child.reports, "rb", 0)
            self._child.reports = -1
            self._transport, _ = await asyncio.get_running_loop().connect_read_pipe(
                lambda: asyncio.StreamReaderProtocol(reader), pipe
            )
        while not self._arrived:
            self._arrived = self._lines.feed(await self._reader.read(65536))
        return self._arrived.pop(0)

    async def ready(self, seconds: float, on_narration: Callable[[Narration], None]) -> Report:
        """The report that says where the child listens; narration before it is passed on.

        Raises `internal` after `seconds`, and as `next` does.
        """
        try:
            async with timeout(seconds):
                while True:
                    report = await self.next()
                    if report.narration is not None:
                        on_narration(report.narration)
                    elif report.url:
                        return report
        except asyncio.TimeoutError:
            raise self._child.start_timeout(seconds) from None
        finally:
            self.close()

    def close(self) -> None:
        """Stops listening."""
        if self._transport is not None:
            self._transport.close()
        else:
            self._child.close_reports()


def exit_of(child: Child) -> asyncio.Future[int]:
    """A future of the child's exit status, negative for a signal."""
    return in_own_thread(child.process.wait, name=f"exit of {child.role} {child.pid}")


def discard(child: Child) -> asyncio.Future[int]:
    """Ends a child that has done nothing yet, or hangs; a future of its exit status."""
    child.release()
    child.signal(signal.SIGKILL)
    child.close_reports()
    return exit_of(child)


async def stop(
    child: Child,
    exited: asyncio.Future[int],
    ask: Callable[[], Awaitable[object]] | None,
    settings: Settings,
) -> None:
    """Ends a child: asks, sends SIGTERM, sends SIGKILL, each with its own deadline.

    `ask` is the polite way (``POST /shutdown``); an error of it only means that the next step
    comes at once, as it does where there is no way yet (None). The whole takes at most
    `settings.stop_total` seconds.
    """
    end = time.monotonic() + settings.stop_total
    polite = False
    if ask is not None:
        with contextlib.suppress(RbeeError, asyncio.TimeoutError):
            async with timeout(settings.stop_request):
                await ask()
            polite = True
    child.release()
    if polite and await _within(exited, settings.stop_request):
        return
    child.signal(signal.SIGTERM)
    if await _within(exited, min(settings.stop_term, max(0.0, end - time.monotonic()))):
        return
    child.signal(signal.SIGKILL)
    await exited


async def _within(exited: asyncio.Future[int], seconds: float) -> bool:
    done, _ = await asyncio.wait([exited], timeout=seconds)
    return bool(done)
