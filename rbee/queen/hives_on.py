"""The hives that this queen has on, one at a time: how each comes to be on, and ends. Phases 3.2,
3.3, 4 and 12.3.

A hive that outlived its queen is taken over, else one is started; it is awake once it has beaten
and told its devices. What is to be known of it stands in the registry afterwards.
"""

from __future__ import annotations

import asyncio

from rbee import __version__
from rbee.http.client import Peer
from rbee.process.deadline import timeout
from rbee.queen.catalog import HiveRow
from rbee.queen.hearers import Say, repeat
from rbee.queen.hive_directory import HiveDirectory
from rbee.queen.machines import Here, Way, shut_down_and_wait
from rbee.queen.open_tunnels import OpenTunnels
from rbee.queen.other_machine import OtherMachine
from rbee.queen.peers import Peers
from rbee.queen.power import MachinePower
from rbee.queen.registry import Registry
from rbee.queen.state import Hive
from rbee.wire import narration
from rbee.wire.errors import RbeeError
from rbee.wire.messages.basics import HEALTH
from rbee.wire.messages.devices import DEVICES, Devices
from rbee.wire.messages.hives import ADOPT, Adopt
from rbee.wire.narration import device_name


class HivesOn:
    """Hives that were woken or taken over and have not been seen to end."""

    def __init__(
        self,
        here: Here,
        registry: Registry,
        directory: HiveDirectory,
        peers: Peers,
        power: MachinePower,
    ) -> None:
        self._here = here
        self._settings = here.settings
        self._registry = registry
        self._directory = directory
        self._peers = peers
        self._power = power
        self._tunnels = OpenTunnels(here.settings, registry, self._open_tunnel_again)
        self._on: set[str] = set()
        #: Held while a hive is woken or put to sleep, or its tunnel opened.
        self._locks: dict[str, asyncio.Lock] = {}

    async def wake(self, row: HiveRow, say: Say) -> Hive:
        """A hive, once it is awake and has told its devices. One that dies meanwhile is woken once
        more. Raises what keeps it from that."""
        async with self._lock(row.hive_id):
            if self._directory.is_forgotten(row.hive_id):
                await self._directory.require(row.hive_id)
            hive = self._registry.hives.get(row.hive_id)
            if hive is not None:
                if hive.devices is None:
                    await self._until_described(hive, say)
                return hive
            try:
                hive = await self._found_or_started(row, say)
                await self._until_described(hive, say)
            except RbeeError as error:
                if not error.details.get("died"):
                    raise
                say(narration.MOVING_ON, why=error.message)
                hive = await self._found_or_started(row, say)
                await self._until_described(hive, say)
            return hive

    async def sleep(self, say: Say) -> None:
        """Phase 12.3: every hive that is on is shut down, all at the same time.

        Those that could not be reached are named; their lease ends them.
        """
        await asyncio.gather(*(self._end(hive_id, say) for hive_id in list(self._on)))

    async def remove(self, hive_id: str, say: Say) -> None:
        """Puts a hive to sleep and forgets its machine. Raises what keeps that from being noted."""
        self._tunnels.give_up(hive_id)
        async with self._lock(hive_id):
            await self._end(hive_id, say)
            self._registry.gone(hive_id)
            await self._directory.remove(hive_id)

    def note_on(self, hive: Hive) -> None:
        """A hive is on; where a tunnel leads to it, that is kept open."""
        self._on.add(hive.hive_id)
        machine = self._directory.known(hive.hive_id)
        if hive.tunnelled and isinstance(machine, OtherMachine):
            self._tunnels.keep(hive.hive_id, machine)

    def note_off(self, hive_id: str) -> bool:
        """A hive is on no longer, for all that this queen does; whether it was."""
        was_on = hive_id in self._on
        self._on.discard(hive_id)
        self._tunnels.give_up(hive_id)  # whoever wakes the machine opens another
        return was_on

    async def ask_devices(self, hive: Hive, say: Say) -> None:
        """Phase 4: what a hive has goes into the catalog and the registry."""
        devices = await self._peers.hive(hive).call(DEVICES)
        await self._directory.describe(hive.hive_id, devices)
        self._registry.described(hive.hive_id, devices)
        say(
            narration.CAPABILITIES,
            hive_id=hive.hive_id,
            devices=in_words(devices),
            models=devices.models,
            workers=devices.workers,
        )
        simulated = [gpu for gpu in devices.gpus if gpu.simulated]
        if simulated:
            names = ", ".join(f"{device_name(gpu.id)} {gpu.name}" for gpu in simulated)
            say(narration.SIMULATED_GPUS, names=names)

    def _lock(self, hive_id: str) -> asyncio.Lock:
        return self._locks.setdefault(hive_id, asyncio.Lock())

    async def _until_described(self, hive: Hive, say: Say) -> None:
        """Returns once a hive has beaten, and told its devices. The details of the error say `died`
        where its process has ended meanwhile, or does not answer any more."""
        await self._first_heartbeat(hive)
        say(narration.FIRST_HEARTBEAT, hive_id=hive.hive_id)
        row = await self._directory.row(hive.hive_id)
        if row is not None:
            hive.bytes_per_second, hive.measured_at_ms = row.bytes_per_second, row.measured_at_ms
        try:
            await self.ask_devices(hive, say)
        except RbeeError as error:
            if error.code == "hive_unreachable":
                error.details["died"] = True
            raise
        await self._power.remind(hive, say)

    async def _found_or_started(self, row: HiveRow, say: Say) -> Hive:
        """Takes over a hive that outlived its queen, or starts one."""
        machine = self._directory.machine(row)
        if row.ssh is not None:
            say(narration.HIVE_APPROACH, host=row.host)
            if not row.is_tunnelled:
                say(narration.HIVE_IN_THE_OPEN, host=row.host)
        async with machine.approach() as way:
            hive = await self._adopt(row, way, say)
            if hive is None:
                say(narration.HIVE_WAKE, host=row.host, port=way.port)
                with self._registry.expecting(row.hive_id):
                    url = await machine.start(row, way, lambda line: repeat(say, line))
                    hive = self._registry.woken(row.hive_id, row.host, url, row.is_tunnelled)
        self.note_on(hive)
        return hive

    async def _open_tunnel_again(self, hive_id: str, machine: OtherMachine) -> bool:
        """Whether a tunnel leads to the hive again, which then says so by a heartbeat."""
        async with self._lock(hive_id):
            try:
                way = await machine.open_tunnel_again()
                hive = self._registry.moved(hive_id, way.hive_url)
                async with timeout(self._settings.connect_timeout):
                    await self._ask_to_report(self._peers.silent_hive(hive), hive_id, way)
                    await self._registry.until(lambda: not self._registry.is_offline(hive_id))
            except (RbeeError, asyncio.TimeoutError):
                return False
        return True

    async def _adopt(self, row: HiveRow, way: Way, say: Say) -> Hive | None:
        """Takes over a hive with the workers it kept; None: nobody is there, or none of ours.

        Raises `hive_exists` where it has another queen, who lives.
        """
        if not way.hive_url:
            return None
        tunnelled = row.is_tunnelled
        hive = self._registry.woken(row.hive_id, row.host, way.hive_url, tunnelled)
        try:
            peer = self._peers.hive(hive)
            async with timeout(self._settings.connect_timeout):
                health = await peer.call(HEALTH)
            if health.role != "hive":
                raise _silent(hive, "something else answers there")
            await self._ask_to_report(peer, row.hive_id, way)
            if health.version != __version__:
                say(narration.OUTDATED, hive_id=row.hive_id, found=health.version)
                await shut_down_and_wait(peer, self._settings)
                raise _silent(hive, "was of another version")
        except (RbeeError, asyncio.TimeoutError) as error:
            self._registry.gone(row.hive_id)
            if isinstance(error, RbeeError) and error.code == "hive_exists":
                raise
            return None
        say(narration.ADOPTED, hive_id=row.hive_id)
        return hive

    async def _ask_to_report(self, peer: Peer, hive_id: str, way: Way) -> None:
        instance = self._here.server.instance
        adopt = Adopt(hive_id=hive_id, queen_url=way.queen_url, instance=instance)
        await peer.call(ADOPT, adopt)

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
            raise _silent(hive, "ended before its first heartbeat", died=True)

    async def _end(self, hive_id: str, say: Say) -> None:
        if not self.note_off(hive_id):
            return
        hive = self._registry.hives.get(hive_id)
        machine = self._directory.known(hive_id)
        if hive is not None:
            await self._power.suspend_at_end(hive, say)
        try:
            async with timeout(self._settings.stop_total):
                await machine.end(self._peers.hive(hive) if hive is not None else None)
        except RbeeError as error:
            say(narration.UNREACHED, hive_id=hive_id, why=error.message)
        except asyncio.TimeoutError:
            say(narration.UNREACHED, hive_id=hive_id, why="it does not answer")
        try:
            await self._directory.ended(hive_id)
        except RbeeError as error:  # no reason to keep anybody awake
            say(narration.UNNOTED, hive_id=hive_id, why=error.message)


def _silent(hive: Hive, how: str, **details: object) -> RbeeError:
    return RbeeError(
        "hive_unreachable",
        f"hive {hive.hive_id} started but {how}",
        f"rbee-keeper logs hive-{hive.hive_id}",
        details,
    )


def in_words(devices: Devices) -> str:
    """``CPU, GPU0 RTX 3060 (12GB), GPU1 RTX 3090 (24GB)``."""
    gpus = [f"{device_name(gpu.id)} {gpu.name} ({gpu.vram_gb:.0f}GB)" for gpu in devices.gpus]
    return ", ".join(["CPU", *gpus])
