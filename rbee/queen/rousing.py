"""Wakes machines that are suspended, each once for all who want it. Phase 3.

A magic packet has no answer and may be lost, so it is sent again and again until the machine
answers over SSH, which is tried all the while. What a machine is woken for is decided by
`decisions`; that it is suspended again is the rule of its own hive.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from rbee.process import journal
from rbee.process.deadline import timeout
from rbee.process.tasks import DISK, begin, in_thread
from rbee.queen.catalog import HiveRow
from rbee.queen.hearers import Say, SharedWork
from rbee.queen.state import Hive
from rbee.wire import narration
from rbee.wire.errors import RbeeError
from rbee.wire.messages.hives import WakeTarget

#: How long a machine that is on has to accept a connection to its SSH server (seconds). On a local
#: network it takes milliseconds.
ANSWERS = 1.0
#: How long after one packet the next is sent (seconds).
_NEXT_PACKET = 2.0
#: After how many packets it is told how long that takes, and after how many more each time.
_TOLD_AFTER = 5
#: What keeps SSH from a machine that has not come up yet.
_NOT_YET = ("refused", "timeout", "unreachable", "no_ssh", "lost")


class Sleeper(Protocol):
    """A machine that may be suspended."""

    async def is_on(self, seconds: float) -> bool:
        """Whether it answers within so many seconds."""


class Rousing:
    """The machines that are being woken.

    `wake` wakes the hive of a machine that is on. What it raises is raised, but for what says that
    the machine has not come up yet. `send` sends one packet.
    """

    def __init__(
        self,
        wake_wait: float,
        wake: Callable[[HiveRow, Say], Awaitable[Hive]],
        send: Callable[[WakeTarget], None],
    ) -> None:
        self._wake_wait = wake_wait
        self._wake = wake
        self._send = send
        self._roused: dict[str, SharedWork[Hive]] = {}

    async def rouse(self, row: HiveRow, machine: Sleeper, say: Say) -> Hive:
        """The hive of a machine that sleeps, once it is awake; whoever else waits for it shares the
        packets. They are no longer sent once nobody waits. Raises `hive_asleep` where it does not
        wake in time."""
        roused = self._roused.get(row.hive_id)
        if roused is None:
            roused = SharedWork(functools.partial(self._rouse, row, machine))
            self._roused[row.hive_id] = roused
        else:
            say(narration.MACHINE_CALLED_ALREADY, hive_id=row.hive_id)
        waiting = roused.hearers
        waiting.append(say)
        try:
            return await asyncio.shield(roused.task)
        finally:
            waiting.remove(say)
            if not waiting:
                roused.task.cancel()
            if (not waiting or roused.task.done()) and (self._roused.get(row.hive_id) is roused):
                del self._roused[row.hive_id]

    async def _rouse(self, row: HiveRow, machine: Sleeper, say: Say) -> Hive:
        assert row.wake is not None, "who cannot be woken is not roused"
        called = {"hive_id": row.hive_id, "mac": row.wake.mac}
        _say_and_log(say, narration.MACHINE_CALLED, called)
        began, limit = time.monotonic(), self._wake_wait
        calling = begin(self._call(row.hive_id, row.wake, say))
        waking = begin(self._until_awake(row, machine, say))
        try:
            async with timeout(limit):
                await asyncio.wait([calling, waking], return_when=asyncio.FIRST_COMPLETED)
            if calling.done():
                calling.result()  # raises: `_call` ends by an error alone
            hive = waking.result()
        except asyncio.TimeoutError:
            raise RbeeError(
                "hive_asleep",
                f"the machine of hive {row.hive_id} has not woken within {limit:g} s (wake_wait)",
                f"look whether it has power and its network card wakes it: "
                f"rbee-keeper add-hive --wake auto {row.host} tells, while it is on",
            ) from None
        finally:
            calling.cancel()
            waking.cancel()
            await asyncio.gather(calling, waking, return_exceptions=True)
        awake = {"hive_id": row.hive_id, "waited": narration.seconds(time.monotonic() - began)}
        _say_and_log(say, narration.MACHINE_AWAKE, awake)
        return hive

    async def _until_awake(self, row: HiveRow, machine: Sleeper, say: Say) -> Hive:
        while True:
            asked_at = time.monotonic()
            if await machine.is_on(ANSWERS):
                try:
                    return await self._wake(row, say)
                except RbeeError as error:
                    silent = error.code == "hive_unreachable"
                    if not silent and error.details.get("reason") not in _NOT_YET:
                        raise
            # A port that refuses at once is tried no more often than one that lets the time pass.
            await asyncio.sleep(max(0.0, asked_at + ANSWERS - time.monotonic()))

    async def _call(self, hive_id: str, target: WakeTarget, say: Say) -> None:
        """Sends packets until it is cancelled. Raises what keeps them from being sent."""
        began, count, limit = time.monotonic(), 0, narration.seconds(self._wake_wait)
        while True:
            await in_thread(DISK, self._send, target)
            await asyncio.sleep(_NEXT_PACKET)
            count += 1
            if count % _TOLD_AFTER == 0:
                waited = narration.seconds(time.monotonic() - began)
                say(narration.MACHINE_WAITS, hive_id=hive_id, waited=waited, limit=limit)


def _say_and_log(say: Say, line: narration.Line, facts: Mapping[str, object]) -> None:
    """Has whoever waits hear a line, which also stands in the log."""
    say(line, **facts)
    journal.write(narration.say(line, facts))


def send_packet(target: WakeTarget) -> None:
    """Sends one magic packet. Where the network is down, the next one may go through."""
    from wakeonlan import wake  # late: few machines sleep

    with contextlib.suppress(OSError):
        wake(target.mac, host=target.broadcast)
