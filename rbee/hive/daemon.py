"""A hive's life, and whose it is. Phases 3.2, 12.3.

What comes in: requests of the queen and heartbeats of the workers. What goes out: heartbeats.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import aiohttp

from rbee.hive.capacity import Capacity
from rbee.hive.devices import Detector, Gpus
from rbee.hive.handlers import HiveHandlers
from rbee.hive.heartbeat import HeartbeatSender
from rbee.hive.models.catalog import ModelCatalog
from rbee.hive.models.provisioner import Provisioner
from rbee.hive.outbox import Outbox
from rbee.hive.suspension import SYSTEM, Suspension
from rbee.hive.workers.catalog import WorkerCatalog
from rbee.hive.workers.deadly import DeadlyModels
from rbee.hive.workers.drafts import Drafts
from rbee.hive.workers.kinds import Kinds, Spare
from rbee.hive.workers.starter import Starter
from rbee.hive.workers.supervisor import Supervisor
from rbee.http.client import Peer, open_session
from rbee.http.server import Server, leave
from rbee.http.serving import serves
from rbee.process import listening, logs, own_folder, suspending
from rbee.process.content import content_id
from rbee.process.database import open_database
from rbee.process.deadline import timeout
from rbee.process.home import Home
from rbee.process.lifeline import Lifeline
from rbee.process.tasks import DISK, End, in_thread, spawn
from rbee.wire import addresses, narration, proof
from rbee.wire.errors import RbeeError
from rbee.wire.messages.basics import HEALTH, SHUT_DOWN_HIVE
from rbee.wire.messages.hives import (
    ADOPT,
    SUSPENDING,
    Adopt,
    Suspending,
)
from rbee.wire.messages.orders import HiveOrders
from rbee.wire.narration import say
from rbee.wire.settings import Settings

if TYPE_CHECKING:
    from rbee.hive.workers.sides import Sides


class Catalogs(NamedTuple):
    """What this hive remembers, in ``hive.db``.

    `set_aside` is the new name of a corrupt database found in its place, or empty.
    """

    models: ModelCatalog
    workers: WorkerCatalog
    set_aside: str

    @classmethod
    def open(cls, home: Home, settings: Settings) -> Catalogs:
        """Both, made where they are missing; blocks. Raises as `open_database` does."""
        database = open_database(home.path / "hive.db", settings.database_busy)
        return cls(ModelCatalog(database), WorkerCatalog(database), database.set_aside)


async def live(
    orders: HiveOrders,
    home: Home,
    settings: Settings,
    catalogs: Catalogs,
    lifeline: Lifeline | None,
    spare: Spare | None,
) -> None:
    """Serves until told to leave, then ends this process."""
    logs.write_to(home.log("hive", orders.hive_id), settings.log_mib)
    async with open_session(settings) as session:
        try:
            hive = _Hive(orders, home, settings, catalogs, session, spare)
            await hive.server.serve([hive, hive.handlers])
        except RbeeError as error:
            if lifeline is None:
                raise
            lifeline.failed(error.body())
            leave(1)
        server = hive.server
        listening.note(home, "hive", server.url, server.instance, orders.hive_id)
        if lifeline is not None:
            if catalogs.set_aside:
                name = Path(catalogs.set_aside).name
                lifeline.narrate(say(narration.HIVE_CATALOG_ASIDE, {"name": name}))
            lifeline.ready(hive.server.url, hive.server.instance)
        await hive.serve(lifeline)
        await hive.sleep()
        listening.forget(home, "hive", hive.server.instance)
        if hive.suspension.at_end:
            await in_thread(SYSTEM, suspending.suspend, hive.suspension.at_end)
    leave()


class _Hive:
    """The parts of this process, and who may end or adopt it."""

    def __init__(
        self,
        orders: HiveOrders,
        home: Home,
        settings: Settings,
        catalogs: Catalogs,
        session: aiohttp.ClientSession,
        spare: Spare | None,
    ) -> None:
        self.orders = orders
        self._home = home
        self.settings = settings
        self.session = session
        self.server = Server(
            "hive",
            proof.Credential(orders.token, proof.hive_name(orders.hive_id)),
            settings=settings,
            secret_of=lambda name: self.workers.secret_of(name),
        )
        self.server.bind(orders.host, orders.port)
        self.kinds = Kinds(home, settings, catalogs.workers, spare)
        gpus = Gpus(self.kinds.devices, self.kinds.known_devices)
        self.detector = Detector(gpus, home.path, settings.processor_query_after, self._changed)
        self.catalog = catalogs.models
        self.outbox = Outbox()
        self.models = Provisioner(home.models, self.catalog, settings, self._led, self._in_use)
        self.capacity = Capacity(settings, self.models, gpus)
        deadly = DeadlyModels(settings.degraded_for)
        self.workers = Supervisor(
            home, settings, session, self.kinds, self.capacity, self._changed, self.outbox, deadly
        )
        self._sides: Sides | None = None
        self.drafts = Drafts(self.models, home.path)
        self.starter = Starter(
            orders, settings, self.capacity, self.kinds, self.workers, self.sides, self.drafts
        )
        idle = settings.idle_worker
        self.heartbeat = HeartbeatSender(
            self._queen_at(orders.queen_url),
            orders.hive_id,
            self.server.url,
            lambda: [worker.beat(idle) for worker in self.workers.workers.values()],
            settings.heartbeat_interval,
            self.outbox,
            self.detector.processor,
            self.detector.ram_speed,
            settings.connect_timeout,
        )
        self.queen_instance = orders.queen_instance
        self.suspension = Suspension(
            settings.suspend_after, self._in_hand, self._suspends, self.heartbeat, self.outbox
        )
        self.handlers = HiveHandlers(
            orders.hive_id,
            self.server.url,
            settings,
            self.kinds,
            self.detector,
            self.catalog,
            self.models,
            self.capacity,
            self.workers,
            self.sides,
            self.drafts,
            self.starter,
            self.suspension,
            self._changed,
        )

    async def serve(self, lifeline: Lifeline | None) -> None:
        """Beats until somebody asks this hive to leave."""
        server = self.server
        server.stop_on_signals()
        beats = spawn(self.heartbeat.run(), "heartbeats", self._beats_ended)
        spawn(self.suspension.run(), "suspension", lambda ended: None)
        left = in_thread(DISK, own_folder.remove_left, "worker")
        spawn(left, "tidying up after workers", lambda ended: None)
        if lifeline is None or self.orders.on_lease:
            self._live_on_lease()
        else:
            lifeline.watch(server.stopping.set, self._live_on_lease)
        await server.stopping.wait()
        self.heartbeat.stop()
        await asyncio.wait([beats], timeout=self.settings.stop_request)

    async def sleep(self) -> None:
        """Phase 12.2: stops the workers and the downloads, then the server."""
        if self._sides is not None:
            await self._sides.stop_all()
        await asyncio.gather(self.workers.stop_all(), self.models.close())
        self.detector.close()
        await self.server.close()

    def sides(self) -> Sides:
        """What computes for workers of other hives here."""
        if self._sides is None:
            from rbee.hive.workers.sides import Sides  # late: few models lie on several machines

            self._sides = Sides(self._home, self.settings, self.capacity, self._changed)
        return self._sides

    def _live_on_lease(self) -> None:
        """From now on no parent holds this hive, but the queen's answers to its heartbeats do."""

        async def until_lease_ends() -> None:
            await self.heartbeat.lease_ended(self.settings.lease)
            await self.suspension.end()
            self.server.stopping.set()

        self.lease = spawn(until_lease_ends(), "lease", self._beats_ended)

    def _beats_ended(self, ended: End) -> None:
        """Ends this hive when its heartbeat, or the task that watches its lease, has failed:
        without them the queen would not know of it, and nothing would ever end it."""
        if ended is not None and not isinstance(ended, asyncio.CancelledError):
            self.server.stopping.set()

    def _changed(self) -> None:
        self.heartbeat.changed()
        self.suspension.changed()
        self.models.tidy_soon()

    def _led(self, ref: str, paths: Sequence[str]) -> None:
        """A name leads to these files from now on."""
        with contextlib.suppress(OSError):  # gone again: whoever asks for them is told
            self.workers.led(ref, content_id(paths))
        self._changed()

    def _in_hand(self) -> tuple[int, int]:
        """The workers and parts of workers, and the downloads."""
        sides = len(self._sides.sides) if self._sides is not None else 0
        return len(self.workers.workers) + sides, len(self.models.provisions.under_way())

    async def _suspends(self) -> None:
        """Tells the queen that this machine is suspended next. Raises what she has against it."""
        told = Suspending(
            hive_id=self.orders.hive_id, models=(await self.handlers.models_here()).models
        )
        await self.heartbeat.queen.call(SUSPENDING, told)

    def _in_use(self) -> set[str]:
        """The files that workers have loaded."""
        every = [each.orders for each in self.workers.workers.values()]
        return {path for each in every for path in (*each.model_paths, *each.draft_paths)}

    @serves(SHUT_DOWN_HIVE)
    async def shut_down(self) -> None:
        """Has its workers leave, then itself."""
        self.server.stopping.set()

    @serves(ADOPT)
    async def adopt(self, wanted: Adopt) -> None:
        """Reports to the queen who asks, unless its own one still lives."""
        await self.suspension.settled()
        if wanted.hive_id != self.orders.hive_id:
            raise RbeeError(
                "hive_exists",
                f"this machine is hive {self.orders.hive_id} already, not {wanted.hive_id}",
                f"rbee-keeper remove-hive {wanted.hive_id}",
            )
        owner = self.heartbeat.queen
        same_queen = bool(wanted.instance) and wanted.instance == self.queen_instance
        strange = not same_queen and not addresses.same(owner.url, wanted.queen_url)
        if strange and await _is_another(owner, wanted, self.settings.connect_timeout):
            raise RbeeError(
                "hive_exists",
                f"this hive belongs to the queen at {owner.url}",
                "use that queen, or end her first",
                {"queen_url": owner.url},
            )
        self.queen_instance = wanted.instance
        self.heartbeat.report_to(self._queen_at(wanted.queen_url))

    def _queen_at(self, url: str) -> Peer:
        # On another machine than the queen's, a loopback address is the end of a tunnel.
        forwarded = self.orders.on_lease and addresses.is_loopback(addresses.host_of(url))
        name = proof.hive_name(self.orders.hive_id)
        credential = proof.Credential(self.orders.token, name, True, forwarded)
        return Peer(self.session, url, credential, "queen", "queen_unreachable")


async def _is_another(owner: Peer, wanted: Adopt, patience: float) -> bool:
    """Whether the queen of this hive still answers, and is not the one that asks to adopt it."""
    try:
        async with timeout(patience):
            health = await owner.call(HEALTH)
    except (RbeeError, asyncio.TimeoutError):
        return False
    return health.instance != wanted.instance
