"""The hive's heartbeat to its queen: every 15 s, and at once when a worker's state changes.

Phases 3.3 and 10. A hive that no parent holds by a lifeline (one on another machine, or one
that was told to stay) lives on a lease that the queen's answers renew.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import time
from collections.abc import Callable

import msgspec

from rbee.hive.outbox import Outbox
from rbee.http.client import Peer
from rbee.process.deadline import timeout
from rbee.process.tasks import begin
from rbee.wire.errors import RbeeError
from rbee.wire.messages.hives import HEARTBEAT, Heartbeat
from rbee.wire.messages.workers import WorkerBeat


class HeartbeatSender(msgspec.Struct):
    """Beats until stopped; `changed()` makes the next beat come now.

    `queen` is whom this hive reports to. `workers`, `processor` and `ram_speed` are asked at each
    beat; `outbox` goes along until answered, which may take `patience` seconds.
    """

    queen: Peer
    _hive_id: str
    _url: str
    _workers: Callable[[], list[WorkerBeat]]
    _interval: float
    _outbox: Outbox
    _processor: Callable[[], str]
    _ram_speed: Callable[[], float]
    _patience: float
    _answered: int = 0
    _round_trip: float = 0.0
    _beating: asyncio.Task[None] | None = None
    _change: asyncio.Event = msgspec.field(default_factory=asyncio.Event)
    _renewed: asyncio.Event = msgspec.field(default_factory=asyncio.Event)
    _stopped: bool = False
    _held: bool = False

    def changed(self) -> None:
        """Something the queen routes by is different now."""
        self._change.set()

    async def run(self) -> None:
        """Sends heartbeats until stopped."""
        while not self._stopped:
            self._change.clear()
            # A tunnel that is cut never answers: given up after `patience`, and tried again.
            if not self._held:
                beating = self._beating = begin(self._beat())
                await asyncio.wait([beating], timeout=self._patience)
                if not beating.done():
                    beating.cancel()
                elif not beating.cancelled():
                    with contextlib.suppress(RbeeError):
                        beating.result()
            with contextlib.suppress(asyncio.TimeoutError):
                async with timeout(self._interval):
                    await self._change.wait()

    def hold(self) -> None:
        """No more beats, and no lease that ends for want of them, until they go on."""
        self._held = True

    def go_on(self) -> None:
        """Beats come again, the next one now, and the lease is new."""
        self._held = False
        self._renewed.set()
        self._change.set()

    def report_to(self, queen: Peer) -> None:
        """From the next beat on, which comes now, another queen is told."""
        self.queen = queen
        self._answered, self._round_trip = 0, 0.0
        self._change.set()
        if self._beating is not None:
            self._beating.cancel()

    def stop(self) -> None:
        """The beat that is on its way is the last one."""
        self._stopped = True
        self._change.set()

    async def lease_ended(self, lease: float) -> None:
        """Returns once no heartbeat has been answered for `lease` seconds."""
        while True:
            self._renewed.clear()
            try:
                async with timeout(lease):
                    await self._renewed.wait()
            except asyncio.TimeoutError:
                if not self._held:
                    return

    async def _beat(self) -> None:
        lines, failures = self._outbox.unheard()
        beat = Heartbeat(
            hive_id=self._hive_id,
            timestamp=datetime.datetime.now(datetime.timezone.utc).isoformat(),
            url=self._url,
            workers=self._workers(),
            news=lines,
            failures=failures,
            processor=self._processor(),
            ram_gb_per_second=self._ram_speed(),
            round_trip=self._round_trip,
        )
        began = time.monotonic()
        await self.queen.call(HEARTBEAT, beat)
        took = time.monotonic() - began
        self._answered += 1
        if self._answered > 1:  # the first one opens the connection, too
            self._round_trip = min(self._round_trip or took, took)
        self._outbox.heard(lines, failures)
        self._renewed.set()
