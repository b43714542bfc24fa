"""The sides of this hive: processes that compute for workers of other hives.

A side has no port. One descriptor leads to its hive, which lets one connection of the queen lead on
to it; when either ends, so does the side. Nobody else can speak to it, or to what it computes.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import signal
import socket
from collections.abc import Callable, Sequence
from typing import NamedTuple

import msgspec
from aiohttp import web

from rbee.hive.capacity import Capacity, Promise
from rbee.http.streams import carry, end_of
from rbee.process import logs
from rbee.process.child import Child
from rbee.process.home import Home
from rbee.process.supervise import exit_of
from rbee.process.tasks import DISK, in_thread, spawn
from rbee.wire.errors import RbeeError
from rbee.wire.messages.sides import SideOrders, SidePart
from rbee.wire.settings import Settings


class SocketPair(NamedTuple):
    """Two sockets that lead to each other: this hive's, and its child's."""

    ours: socket.socket
    theirs: socket.socket

    @classmethod
    def new(cls) -> SocketPair:
        """Neither has a name that anybody could find it by."""
        return cls(*socket.socketpair())

    def close(self) -> None:
        """Closes both ends."""
        self.ours.close()
        self.theirs.close()


class Side(msgspec.Struct, eq=False):
    """A side, and the memory that is kept for it. `ours` leads to it, until it is carried on."""

    side_id: str
    child: Child
    exited: asyncio.Future[int]
    promise: Promise
    ours: socket.socket | None


class Sides(msgspec.Struct):
    """Starts sides and sees to their end. `on_change` hears of that."""

    _home: Home
    _settings: Settings
    _capacity: Capacity
    _on_change: Callable[[], None]
    sides: dict[str, Side] = {}

    async def start(self, parts: Sequence[SidePart], orders: SideOrders, engine: str) -> Side:
        """A side that is waiting for its stream, for which the memory of `parts` is kept. `orders`
        lack its id, its log and its descriptor.

        One that no stream has come for within `health_wait_total` seconds is ended.
        """
        stream = SocketPair.new()
        orders.side_id = f"side-{secrets.token_hex(3)}"
        orders.stream = stream.theirs.fileno()
        log = self._home.log(orders.side_id)
        orders.log = str(log)
        try:
            options = ("--engine", engine, "--side")
            child = Child.start("worker", log, *options, keeps=[orders.stream])
        except BaseException:
            stream.close()
            raise
        stream.theirs.close()
        child.close_reports()
        child.order(orders)
        promise = self._capacity.keep({part.device: part.bytes for part in parts})
        side = Side(orders.side_id, child, exit_of(child), promise, stream.ours)
        self.sides[side.side_id] = side
        spawn(self._outlive(side), f"the watch over {side.side_id}", lambda _: None)
        in_use = {self._home.log(each) for each in self.sides}
        kept = self._settings.logs_kept
        await in_thread(DISK, logs.forget_old, self._home.logs, "side-*.log", kept, in_use)
        return side

    async def carry(self, side_id: str, request: web.Request) -> None:
        """Lets a connection lead to a side, until either ends. Raises `not_found`."""
        side = self.sides.get(side_id)
        if side is None or side.ours is None:
            raise RbeeError("not_found", f"no side {side_id} waits for a stream", "ask the queen")
        ours, side.ours = side.ours, None
        try:
            await carry(request, await end_of(ours))
        finally:
            side.child.signal(signal.SIGKILL)

    async def stop(self, side_id: str) -> None:
        """Ends a side, if it is still there."""
        side = self.sides.get(side_id)
        if side is not None:
            side.child.signal(signal.SIGKILL)
            await asyncio.wait([side.exited])

    async def stop_all(self) -> None:
        """Ends all of them."""
        await asyncio.gather(*map(self.stop, list(self.sides)))

    async def _outlive(self, side: Side) -> None:
        """Waits for its end, and gives back what it had."""
        try:
            waits = self._settings.health_wait_total
            await asyncio.wait([side.exited], timeout=waits)
            if side.ours is not None:
                side.child.signal(signal.SIGKILL)
            await asyncio.wait([side.exited])
        finally:
            side.child.signal(signal.SIGKILL)
            side.child.release()
            del self.sides[side.side_id]
            self._capacity.give_back(side.promise)
            if side.ours is not None:
                with contextlib.suppress(OSError):
                    side.ours.close()
            self._on_change()
