"""The ways to a hive: as a child on the queen's own machine, or over SSH. Phases 3.2 and 12.3.

A machine answers three questions: where a hive on it would be found and would find the queen
(`approach`), how one is started there (`start`), and how one is ended that hears no request
(`end`). What happens in which order stands in `hives`.
"""

from __future__ import annotations

import abc
import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from signal import SIGKILL
from typing import Any, NamedTuple

from rbee.http.client import Peer
from rbee.http.server import Server
from rbee.process.child import Child
from rbee.process.deadline import timeout
from rbee.process.home import Home
from rbee.process.supervise import Reports, discard, exit_of, stop
from rbee.queen.catalog import HiveRow
from rbee.wire import addresses, proof
from rbee.wire.errors import RbeeError
from rbee.wire.messages.basics import SHUT_DOWN_HIVE
from rbee.wire.messages.orders import HiveOrders
from rbee.wire.narration import Narration
from rbee.wire.settings import Settings

#: Hears a line of a hive.
Told = Callable[[Narration], None]


class Way(NamedTuple):
    """How a hive and the queen find one another.

    `host` and `port` are what a hive there binds, `hive_url` how the queen reaches that, empty
    where it cannot be known before the hive runs; `queen_url` how the hive reaches her.
    """

    host: str
    port: int
    hive_url: str
    queen_url: str


class Here(NamedTuple):
    """The queen's end of the way to each machine; `token` is the swarm's."""

    home: Home
    settings: Settings
    token: str
    server: Server

    def orders_for(self, row: HiveRow, way: Way, **more: Any) -> HiveOrders:
        """How a hive is to run there; `more` fields of its orders."""
        return HiveOrders(
            host=way.host,
            port=way.port,
            token=proof.hive_secret(self.token, row.hive_id),
            hive_id=row.hive_id,
            queen_url=way.queen_url,
            **more,
        )


class Machine(abc.ABC):
    """A machine that can be a hive. Methods with a body are for the queen's own machine."""

    @abc.abstractmethod
    def approach(self) -> contextlib.AbstractAsyncContextManager[Way]:
        """Finds the way there, and holds it open. Raises `ssh_failed` where there is none."""

    @abc.abstractmethod
    async def start(self, row: HiveRow, way: Way, told: Told) -> str:
        """Starts a hive, on the way just found; the URL at which the queen reaches it. What the
        hive narrates before it is ready is `told`."""

    @abc.abstractmethod
    async def end(self, peer: Peer | None) -> None:
        """Ends the hive, politely where `peer` hears. Raises where it cannot be reached at all."""

    def typed_from_here(self, error: RbeeError) -> RbeeError:
        """An error from there with what it says to type as it is typed on the queen's machine."""
        return error

    async def way_to(self, url: str) -> str:
        """The URL by which the queen reaches what is at `url` over there."""
        return url


class OwnMachine(Machine):
    """The machine the queen runs on; its hive is a child of hers."""

    def __init__(self, here: Here, spare: Child | None, on_exit: Callable[[], None]) -> None:
        self._here = here
        self._spare = spare
        self._on_exit = on_exit
        self._child: tuple[Child, asyncio.Future[int]] | None = None
        self._stay = False

    @contextlib.asynccontextmanager
    async def approach(self) -> AsyncIterator[Way]:
        """A hive may have outlived its queen on the usual port, unless it is a child of ours."""
        host, port = self._here.settings.hive_host, self._here.settings.hive_port
        known = self._child is None and port
        url = addresses.base_url(host, port) if known else ""
        yield Way(host, port, url, self._here.server.url)

    async def start(self, row: HiveRow, way: Way, told: Told) -> str:
        """A child; one that is stuck makes way."""
        await self._kill()
        child, self._spare = self._spare, None
        if child is None or child.process.poll() is not None:
            child = Child.start("hive", self._here.home.log("hive", row.hive_id))
        exited = exit_of(child)
        child.order(self._here.orders_for(row, way))
        try:
            report = await Reports(child).ready(self._here.settings.health_wait_total, told)
        except BaseException as error:
            child.release()
            child.signal(SIGKILL)  # one that hangs would not notice its closed lifeline
            if isinstance(error, RbeeError) and error.code == "internal":
                # so that it is tried again, as for a hive that dies later
                error.code = "hive_unreachable"
            raise
        if self._stay:
            child.stay()
        self._child = child, exited
        exited.add_done_callback(self._exited)
        return report.url

    async def end(self, peer: Peer | None) -> None:
        """A hive that hears no request is killed; an adopted one is asked."""
        if peer is None:
            await self._kill()
        elif self._child is None:
            await shut_down_and_wait(peer, self._here.settings)
        else:
            child, exited = self._child
            await stop(child, exited, lambda: peer.call(SHUT_DOWN_HIVE), self._here.settings)

    def stay(self) -> None:
        """Lets the hive outlive the queen, on its lease."""
        self._stay = True
        if self._child is not None:
            self._child[0].stay()

    async def discard_spare(self) -> None:
        """Nobody will want the hive that waits for its orders."""
        spare, self._spare = self._spare, None
        if spare is not None:
            await discard(spare)

    async def _kill(self) -> None:
        if self._child is not None:
            child, exited = self._child
            child.signal(SIGKILL)
            await exited

    def _exited(self, _: asyncio.Future[int]) -> None:
        self._child = None
        self._on_exit()


async def shut_down_and_wait(peer: Peer, settings: Settings) -> None:
    """Shuts down a hive that is no child of ours; its end closes a connection to it.

    Raises `hive_unreachable` when it does not answer.
    """
    host, port = addresses.host_of(peer.url), int(peer.url.rpartition(":")[2])
    try:
        async with timeout(settings.stop_request):
            reader, writer = await asyncio.open_connection(host, port)
            await peer.call(SHUT_DOWN_HIVE)
    except (OSError, asyncio.TimeoutError):
        raise RbeeError("hive_unreachable", f"{peer.name} does not answer", "") from None
    try:
        async with timeout(settings.stop_total):
            await reader.read()
    finally:
        writer.close()
