"""Wakes hives and puts them to sleep. Phases 3.2, 3.3, 4 and 12.3.

A hive on this machine is a child of the queen. Everything the flow needs to know of a hive that
lives stands in the registry afterwards.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from signal import SIGKILL

import aiohttp

from rbee.http.client import Peer
from rbee.process.child import Child
from rbee.process.deadline import timeout
from rbee.process.home import Home
from rbee.process.sabotage import sabotaged
from rbee.process.supervise import Reports, exit_of, stop
from rbee.queen.catalog import HiveCatalog, HiveRow
from rbee.queen.registry import Hive, Registry
from rbee.wire import addresses
from rbee.wire import narration as say_so
from rbee.wire.errors import RbeeError
from rbee.wire.messages import Adopt, Devices, Health, HiveOrders, HiveStatus
from rbee.wire.narration import Line, device_name
from rbee.wire.settings import Settings

#: The id and host of the machine the queen runs on.
LOCAL = "localhost"

#: Says a line where it belongs: `tell(line, **facts)`.
Tell = Callable[..., None]


class Hives:
    """The machines of this swarm, on and off."""

    def __init__(
        self,
        home: Home,
        settings: Settings,
        token: str,
        catalog: HiveCatalog,
        registry: Registry,
        session: aiohttp.ClientSession,
        queen_url: Callable[[], str],
        spare: Child | None,
    ) -> None:
        self._home = home
        self._settings = settings
        self._token = token
        self._catalog = catalog
        self._registry = registry
        self.session = session
        self._queen_url = queen_url
        self._spare = spare
        self._children: dict[str, tuple[Child, asyncio.Future[int]]] = {}
        self._waking: dict[str, asyncio.Lock] = {}
        self._rows: list[HiveRow] | None = None
        self._reading = asyncio.Lock()
        self._adopted: set[str] = set()
        self._stay = False

    def peer(self, hive: Hive, job_id: str = "") -> Peer:
        """A hive to speak to."""
        return Peer(self.session, hive.url, f"hive {hive.hive_id}", correlation_id=job_id)

    async def awake(self, node: str | None, tell: Tell) -> list[Hive]:
        """Phases 3 and 4: the hives that live and have told their devices.

        Adds the local machine to an empty catalog and wakes what sleeps, only `node` if one is
        named. Raises `hive_unreachable`, `port_in_use` and what a starting hive reports.
        """
        rows = await self._known(tell)
        wanted = [row for row in rows if node in (None, row.hive_id)]
        return [await self._awake(row, tell) for row in wanted]

    async def stop_workers(self) -> None:
        """Phase 12.2: every worker is asked to leave; its hive sees to it that it does."""
        workers = [
            Peer(self.session, worker.url, f"worker {worker.worker_id}")
            for hive in self._registry.hives.values()
            for worker in hive.workers.values()
        ]
        # A worker that does not hear is ended by its hive.
        with contextlib.suppress(asyncio.TimeoutError):
            async with timeout(self._settings.stop_request):
                asked = (peer.shutdown() for peer in workers)
                await asyncio.gather(*asked, return_exceptions=True)

    async def sleep(self) -> None:
        """Phase 12.3: every hive that lives is shut down, all at the same time."""
        if self._spare is not None:
            self._spare.release()
        awake = {*self._children, *self._adopted}
        await asyncio.gather(*(self._put_to_sleep(hive_id) for hive_id in awake))

    def stay(self) -> None:
        """Lets the hives outlive this queen, on their lease."""
        self._stay = True
        for child, _ in self._children.values():
            child.stay()

    async def _known(self, tell: Tell) -> list[HiveRow]:
        """The machines of the catalog, read once; the local one is added to an empty one."""
        async with self._reading:
            if self._rows is None:
                self._rows = await asyncio.to_thread(self._catalog.list)
            if not self._rows:
                tell(say_so.NO_HIVES)
                port = self._settings.hive_port
                await asyncio.to_thread(self._catalog.add, LOCAL, LOCAL, port, None)
                self._rows = await asyncio.to_thread(self._catalog.list)
            return self._rows

    async def _awake(self, row: HiveRow, tell: Tell) -> Hive:
        async with self._waking.setdefault(row.hive_id, asyncio.Lock()):
            hive = self._registry.hives.get(row.hive_id)
            if hive is not None and hive.devices is not None:
                if time.monotonic() - hive.devices_at < self._settings.capabilities_fresh:
                    tell(say_so.REGISTERED, hive_id=row.hive_id)
                    return hive
                tell(say_so.STALE, hive_id=row.hive_id)
            else:
                if hive is None:
                    hive = await self._adopt(row, tell)
                if hive is None:
                    tell(say_so.HIVE_WAKE, host=row.host, port=self._settings.hive_port)
                    hive = await self._wake_local(row, tell)
                await self._first_heartbeat(hive)
                tell(say_so.FIRST_HEARTBEAT, hive_id=row.hive_id)
            await self._ask_devices(hive, tell)
            return hive

    async def _adopt(self, row: HiveRow, tell: Tell) -> Hive | None:
        """Takes over a hive that outlived its queen, with the workers it kept; None: none did."""
        if row.hive_id in self._children or not self._settings.hive_port:
            return None
        if sabotaged("queen:no-adoption"):
            return None
        url = addresses.base_url(self._settings.hive_host, self._settings.hive_port)
        hive = self._registry.woken(row.hive_id, row.host, url)
        try:
            peer = self.peer(hive)
            if (await peer.get(addresses.HEALTH, Health)).role != "hive":
                raise _silent(hive, "something else answers there")
            await peer.post(addresses.ADOPT, Adopt(queen_url=self._queen_url()), type(None))
        except RbeeError:
            self._registry.gone(row.hive_id)  # nobody is there, or nobody of ours
            return None
        self._adopted.add(row.hive_id)
        tell(say_so.ADOPTED, hive_id=row.hive_id)
        return hive

    async def _wake_local(self, row: HiveRow, tell: Tell) -> Hive:
        if row.hive_id in self._children:  # it is offline, but its process is still there
            stuck, ended = self._children[row.hive_id]
            stuck.signal(SIGKILL)
            await ended
        child, self._spare = self._spare, None
        if child is None or child.process.poll() is not None:
            child = Child.start("hive", self._home.log("hive", row.hive_id))
        exited = exit_of(child)
        child.order(
            HiveOrders(
                host=self._settings.hive_host,
                port=self._settings.hive_port,
                token=self._token,
                hive_id=row.hive_id,
                queen_url=self._queen_url(),
            )
        )
        reports = Reports(child)
        try:
            report = await reports.ready(
                self._settings.health_wait_total,
                lambda said: tell(Line(said.actor, said.action, "{human}"), human=said.human),
            )
        except BaseException:
            child.release()
            raise
        if self._stay:
            child.stay()
        self._children[row.hive_id] = child, exited
        exited.add_done_callback(lambda _: self._gone(row.hive_id))
        return self._registry.woken(row.hive_id, row.host, report.url)

    async def _first_heartbeat(self, hive: Hive) -> None:
        limit = self._settings.health_wait_total

        def beaten_or_gone() -> bool:
            return hive.beats > 0 or self._registry.hives.get(hive.hive_id) is not hive

        try:
            async with timeout(limit):
                await self._registry.until(beaten_or_gone)
        except asyncio.TimeoutError:
            raise _silent(hive, f"sent no heartbeat within {limit:g} s") from None
        if hive.beats == 0:
            raise _silent(hive, "ended before its first heartbeat")

    async def _ask_devices(self, hive: Hive, tell: Tell) -> None:
        """Phase 4: what a hive has goes into the catalog and the registry."""
        devices = await self.peer(hive).get(addresses.DEVICES, Devices)
        await asyncio.to_thread(self._catalog.describe, hive.hive_id, devices)
        self._registry.described(hive.hive_id, devices)
        tell(
            say_so.CAPABILITIES,
            hive_id=hive.hive_id,
            devices=in_words(devices),
            models=devices.models,
            workers=devices.workers,
        )
        simulated = [gpu for gpu in devices.gpus if gpu.simulated]
        if simulated:
            names = ", ".join(f"{device_name(gpu.id)} {gpu.name}" for gpu in simulated)
            tell(say_so.SIMULATED_GPUS, names=names)

    async def _put_to_sleep(self, hive_id: str) -> None:
        hive = self._registry.hives.get(hive_id)
        if hive_id in self._children:
            child, exited = self._children[hive_id]
            if hive is not None:
                await stop(child, exited, self.peer(hive).shutdown, self._settings)
            else:  # it is offline, so it would hear no request
                child.signal(SIGKILL)
                await exited
        elif hive is not None:
            await self._see_off(hive)
        await asyncio.to_thread(self._catalog.mark, hive_id, HiveStatus.OFFLINE)

    async def _see_off(self, hive: Hive) -> None:
        """Shuts down a hive that is no child of ours; its end closes a connection to it."""
        host, _, port = hive.url.removeprefix("http://").rpartition(":")
        with contextlib.suppress(RbeeError, OSError, asyncio.TimeoutError):
            async with timeout(self._settings.stop_total):
                reader, writer = await asyncio.open_connection(host.strip("[]"), int(port))
                await self.peer(hive).shutdown()
                await reader.read()
                writer.close()

    def _gone(self, hive_id: str) -> None:
        self._children.pop(hive_id, None)
        self._registry.gone(hive_id)


def _silent(hive: Hive, how: str) -> RbeeError:
    return RbeeError(
        "hive_unreachable",
        f"hive {hive.hive_id} started but {how}",
        f"rbee-keeper logs hive-{hive.hive_id}",
    )


def in_words(devices: Devices) -> str:
    """``CPU, GPU0 RTX 3060 (12GB), GPU1 RTX 3090 (24GB)``."""
    gpus = [f"{device_name(gpu.id)} {gpu.name} ({gpu.vram_gb:.0f}GB)" for gpu in devices.gpus]
    return ", ".join(["CPU", *gpus])
