"""When this machine is suspended: the hive's own rule, and what is done by it.

A machine is suspended by its hive alone, and only one that was suspended before and was woken for
this swarm: when it has had no worker and no download for `suspend_after` seconds, or when its hive
ends, and nobody is logged in. The rule is the hive's, so that it holds when its queen has died.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

from rbee.hive.heartbeat import HeartbeatSender
from rbee.hive.outbox import Outbox
from rbee.process import suspending
from rbee.process.deadline import timeout
from rbee.process.suspending import SuspendCommand, find_suspend_command
from rbee.process.tasks import Threads, in_thread
from rbee.wire import narration
from rbee.wire.errors import RbeeError
from rbee.wire.messages.hives import EndOfPower
from rbee.wire.narration import Line, say

#: Who is logged in, and how a machine is suspended, is asked of programs of the system. Apart from
#: devices, whose measuring takes seconds while a hive is young.
SYSTEM = Threads("system", 2)
#: How long a system has to begin to sleep after it has taken the order (seconds).
_FALLS_ASLEEP = 10.0
#: How often the time of day is looked at meanwhile (seconds). Nothing tells a program that it has
#: slept, but for the time of day, which has gone on.
_LOOKS = 0.5
#: By how much more than that it has gone on where it has slept (seconds).
_HAS_SLEPT = 1.0


class MachineUse(NamedTuple):
    """What a machine is used for. `woken`: it slept before; `people` are logged in."""

    woken: bool
    workers: int
    downloads: int
    people: Sequence[str]
    suspend: SuspendCommand


def why_awake(use: MachineUse) -> str:
    """Why a machine is not to be suspended; empty: it may. Pure."""
    if not use.woken:
        return "it was awake before it was wanted"
    if use.workers:
        return (
            f"{use.workers} {'worker has' if use.workers == 1 else 'workers have'} a model loaded"
        )
    if use.downloads:
        return f"{use.downloads} download{' is' if use.downloads == 1 else 's are'} under way"
    if use.people:
        return f"{', '.join(use.people)} {'is' if len(use.people) == 1 else 'are'} logged in"
    return use.suspend.why


class Suspension:
    """Whether this machine was woken for the swarm, and its suspension.

    `count` tells workers and downloads; `tell_queen` that it is suspended next, and raises what is
    against that.
    """

    def __init__(
        self,
        after: float,
        count: Callable[[], tuple[int, int]],
        tell_queen: Callable[[], Awaitable[None]],
        heartbeat: HeartbeatSender,
        outbox: Outbox,
    ) -> None:
        self._after = after
        self._count = count
        self._tell_queen = tell_queen
        self._heartbeat = heartbeat
        self._outbox = outbox
        self._woken = asyncio.Event()
        self._change = asyncio.Event()
        self._settled = asyncio.Event()
        self._settled.set()
        self._told = ""
        #: The command that suspends this machine when its hive has ended; empty: it stays awake.
        self.at_end: tuple[str, ...] = ()

    def when_idle(self) -> None:
        """This machine was woken from suspension, and goes back to it when nobody needs it."""
        self._woken.set()
        self._change.set()

    def changed(self) -> None:
        """A worker or a download has begun or ended."""
        self._change.set()

    async def settled(self) -> None:
        """Returns once this machine neither falls asleep nor has just woken."""
        await self._settled.wait()

    async def run(self) -> None:
        """Suspends this machine whenever that is due."""
        while True:
            await self._woken.wait()
            self._change.clear()
            if any(self._count()):
                await self._change.wait()
                continue
            try:
                async with timeout(self._after):
                    await self._change.wait()
            except asyncio.TimeoutError:
                await self._suspend()

    async def end(self) -> EndOfPower:
        """This hive ends for good: whether its machine is suspended then."""
        use = await self._use(leaving=True)
        why = why_awake(use)
        self.at_end = () if why else use.suspend.command
        return EndOfPower(suspends=not why, why=why)

    async def _use(self, *, leaving: bool = False) -> MachineUse:
        if not self._woken.is_set():
            return MachineUse(False, 0, 0, (), SuspendCommand(()))
        workers, downloads = (0, 0) if leaving else self._count()
        from rbee.hive.logins import find_logged_in  # late: few machines sleep

        people = await in_thread(SYSTEM, find_logged_in)
        command = await in_thread(SYSTEM, find_suspend_command)
        return MachineUse(True, workers, downloads, people, command)

    async def _suspend(self) -> None:
        use = await self._use()
        why = why_awake(use)
        if any(self._count()):
            return  # something has come while it was found out who is logged in
        if why:
            if why != self._told:
                self._say(narration.SUSPEND_HELD, why)
            self._told = why
            return
        try:
            await self._tell_queen()
        except RbeeError:
            return  # the queen has a use for it, or is gone; in that case the lease ends
        self._told = ""
        self._woken.clear()
        self._heartbeat.hold()
        self._settled.clear()
        try:
            before = time.time()
            why = await in_thread(SYSTEM, suspending.suspend, use.suspend.command)
            if not why and not _has_slept(before):
                await self._until_slept()
        finally:
            self._settled.set()
            self._heartbeat.go_on()
        if why:
            self._woken.set()
            self._say(narration.SUSPEND_FAILED, why)

    async def _until_slept(self) -> None:
        """Returns once this machine has slept and is awake again, or does not begin to sleep."""
        until = time.monotonic() + _FALLS_ASLEEP
        while time.monotonic() < until:
            before = time.time()
            await asyncio.sleep(_LOOKS)
            if _has_slept(before):
                return

    def _say(self, line: Line, why: str) -> None:
        self._outbox.narrate(say(line, {"why": why}))


def _has_slept(before: float) -> bool:
    """Whether this machine has slept since this time of day; what was done meanwhile takes less."""
    return time.time() - before > _LOOKS + _HAS_SLEPT
