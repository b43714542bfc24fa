"""The machines that are suspended and woken, each by the word of its own hive. Phases 3 and 12.

How one is woken says `rousing`, when it is woken `decisions`; when it is suspended again decides
its hive.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable

from rbee.process.deadline import timeout
from rbee.queen.away import remembered
from rbee.queen.catalog import HiveRow
from rbee.queen.hearers import Say
from rbee.queen.hive_directory import HiveDirectory
from rbee.queen.other_machine import OtherMachine
from rbee.queen.peers import Peers
from rbee.queen.registry import Registry
from rbee.queen.rousing import ANSWERS, Rousing, send_packet
from rbee.queen.state import Hive
from rbee.wire import narration
from rbee.wire.errors import RbeeError
from rbee.wire.messages.hives import (
    POWER,
    SUSPEND_AT_END,
    SUSPEND_WHEN_IDLE,
    AddHive,
    EndOfPower,
    WakeTarget,
)
from rbee.wire.settings import Settings


class MachinePower:
    """Which machines are suspended, and which were woken from that."""

    def __init__(
        self,
        settings: Settings,
        registry: Registry,
        directory: HiveDirectory,
        peers: Peers,
        awake: Callable[[HiveRow, Say], Awaitable[Hive]],
    ) -> None:
        """`awake` wakes the hive of a machine that is on."""
        self._settings = settings
        self._registry = registry
        self._directory = directory
        self._peers = peers
        self._rousing = Rousing(settings.wake_wait, awake, send_packet)
        #: Machines that the queen has had woken, whose hives are to suspend them again; and those
        #: whose hives have said that they are suspended.
        self._roused: set[str] = set()
        self._suspended: set[str] = set()

    def is_suspended(self, hive_id: str) -> bool:
        """Whether a hive has said that its machine is suspended, and not been heard since."""
        return hive_id in self._suspended

    async def is_on(self, row: HiveRow) -> bool:
        """Whether a machine can be spoken to; one that is suspended, and can be woken, is noted as
        such. It is asked again after `hive_retry` seconds."""
        if row.wake is None or row.hive_id in self._registry.hives:
            return True
        known, now = self._registry.asleep.get(row.hive_id), time.monotonic()
        if known is not None and (
            known.looked_at is None or now - known.looked_at < self._settings.hive_retry
        ):
            return False
        machine = self._directory.machine(row)
        if not isinstance(machine, OtherMachine) or await machine.is_on(ANSWERS):
            self._registry.wakes_not(row.hive_id)
            return True
        if row.devices is not None and row.hive_id not in self._registry.hives:
            asleep = remembered(row, row.devices)
            asleep.looked_at = now
            self._registry.found_asleep(asleep)
        return False

    async def rouse(self, row: HiveRow, machine: OtherMachine, say: Say) -> Hive:
        """The hive of a machine that is suspended, once it has been woken. Raises `hive_asleep`,
        and what `awake` does."""
        try:
            hive = await self._rousing.rouse(row, machine, say)
        except RbeeError:
            self._registry.wakes_not(row.hive_id)
            raise
        self._suspended.discard(row.hive_id)
        self._roused.add(row.hive_id)
        await self.remind(hive, say)
        return hive

    async def remind(self, hive: Hive, say: Say) -> None:
        """Tells a hive whose machine the queen had woken to have it suspended again; one that has
        ended since knows nothing of that."""
        if hive.hive_id not in self._roused:
            return
        try:
            await self._peers.hive(hive).call(SUSPEND_WHEN_IDLE)
        except RbeeError as error:
            say(narration.MACHINE_STAYS, hive_id=hive.hive_id, why=error.message)

    def note_suspended(self, hive_id: str) -> None:
        """A hive has said that its machine is suspended next."""
        self._roused.discard(hive_id)
        self._suspended.add(hive_id)

    def note_heard(self, hive_id: str) -> bool:
        """A hive has sent a heartbeat; whether its machine is on again with it."""
        was_suspended = hive_id in self._suspended
        self._suspended.discard(hive_id)
        return was_suspended

    async def learn(self, hive: Hive, wanted: AddHive, say: Say) -> None:
        """Has a hive tell how its machine is woken, writes it down, and tells what is missing for
        that. Raises `hive_unfit` where no network card is found."""
        host = wanted.host
        power = await self._peers.hive(hive).call(POWER)
        mac = power.mac if wanted.wake == "auto" else wanted.wake.lower().replace("-", ":")
        if not mac:
            raise RbeeError(
                "hive_unfit",
                f"{host} does not tell which of its network cards could wake it",
                f"name it as ip link shows it there: ssh {host} ip link; --wake aa:bb:cc:dd:ee:ff",
            )
        target = WakeTarget(mac, power.broadcast or "255.255.255.255")
        await self._directory.wakes(hive.hive_id, target)
        card = power.interface or "unknown card"
        facts = {"host": host, "mac": mac, "interface": card, "broadcast": target.broadcast}
        say(narration.MACHINE_WAKES, **facts)
        if mac == power.mac and power.wakes != "yes":
            off = f"{card} does not wake it yet"
            why = off if power.wakes == "no" else f"it does not say whether {card} wakes it"
            say(narration.MACHINE_WAKES_NOT, host=host, why=why, fix=power.wake_fix)
        if power.suspends:
            say(narration.MACHINE_SUSPENDS, host=host, command=power.suspends)
        else:
            why, fix = power.suspend_why, power.suspend_fix
            say(narration.MACHINE_SUSPENDS_NOT, host=host, why=why, fix=fix)

    async def suspend_at_end(self, hive: Hive, say: Say) -> None:
        """Has a machine suspended with the end of its hive, where its rule is for that."""
        row = None
        with contextlib.suppress(RbeeError):  # a catalog that cannot be read keeps nobody awake
            row = await self._directory.row(hive.hive_id)
        if row is None or row.wake is None:
            return
        try:
            async with timeout(self._settings.stop_term):
                end = await self._peers.hive(hive).call(SUSPEND_AT_END)
        except (RbeeError, asyncio.TimeoutError):  # its own end is seen to anyway
            end = EndOfPower(suspends=False, why="its hive does not answer")
        if end.suspends:
            say(narration.MACHINE_SUSPENDED, hive_id=hive.hive_id)
        elif hive.hive_id in self._roused:
            say(narration.MACHINE_STAYS, hive_id=hive.hive_id, why=end.why)
        self._roused.discard(hive.hive_id)
