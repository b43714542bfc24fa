"""Who waits for a machine that sleeps, on paper: packets that are sent, and what comes of it."""

from __future__ import annotations

import asyncio
import threading
from typing import NamedTuple

from rbee.queen.catalog import HiveRow
from rbee.queen.hearers import Say
from rbee.queen.rousing import Rousing
from rbee.queen.state import Hive
from rbee.wire.errors import RbeeError
from rbee.wire.messages.hives import SshTarget, WakeTarget

_ROW = HiveRow(
    "attic",
    "attic",
    8600,
    SshTarget(),
    None,
    WakeTarget("aa:bb:cc:dd:ee:ff", "10.0.0.255"),
)
#: How long a machine is waited for that does not wake (seconds).
_IN_VAIN = 0.05


class Called(NamedTuple):
    """The packets that were sent, and how it ended for each: ``1 has it, 2 has left``."""

    packets: int
    ends: str


class _Machine:
    """It is on once a packet has come, and may go on."""

    def __init__(self, *, wakes: bool) -> None:
        self.packets = 0
        self.may_wake = asyncio.Event()
        self._wakes = wakes
        self._loop = asyncio.get_running_loop()
        self.called = asyncio.Event()
        self.over = threading.Event()

    def send(self, target: WakeTarget) -> None:
        self.packets += 1
        self._loop.call_soon_threadsafe(self.called.set)
        self.over.wait()  # so that each series has one, however slow this machine is

    async def is_on(self, seconds: float) -> bool:
        await self.called.wait()
        await self.may_wake.wait()
        return self._wakes


def after(happens: str) -> Called:
    """What comes of ``1 waits, 2 waits in vain and leaves``; all wait before one leaves, and those
    leave before it wakes."""
    return asyncio.run(_after(happens.split(", ")))


async def _after(happens: list[str]) -> Called:
    in_vain = "in vain" in happens[0]
    machine = _Machine(wakes=not in_vain)

    async def wake(row: HiveRow, say: Say) -> Hive:
        return Hive(row.hive_id, row.host, "")

    rousing = Rousing(_IN_VAIN if in_vain else 60.0, wake, machine.send)
    waits = {
        each.partition(" ")[0]: asyncio.create_task(
            rousing.rouse(_ROW, machine, lambda line, **facts: None)
        )
        for each in happens
    }
    await machine.called.wait()
    for each in happens:
        if each.endswith("leaves"):
            waits[each.partition(" ")[0]].cancel()
            await asyncio.sleep(0)
    machine.may_wake.set()
    come_to = await asyncio.gather(*waits.values(), return_exceptions=True)
    machine.over.set()
    ends = ", ".join(f"{who} {_told(each)}" for who, each in zip(waits, come_to))
    return Called(machine.packets, ends)


def _told(ended: Hive | BaseException) -> str:
    if isinstance(ended, asyncio.CancelledError):
        return "has left"
    assert isinstance(ended, Hive) or (
        isinstance(ended, RbeeError) and ended.code == "hive_asleep"
    ), ended
    return "has it" if isinstance(ended, Hive) else "is told why"
