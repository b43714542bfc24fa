"""Keeps the tunnels to hives on other machines open: one that breaks off is opened anew."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from rbee.process.tasks import begin, spawn
from rbee.queen.other_machine import OtherMachine
from rbee.queen.registry import Registry
from rbee.wire.settings import Settings


class OpenTunnels:
    """The tunnels that are watched, by hive."""

    def __init__(
        self,
        settings: Settings,
        registry: Registry,
        open_again: Callable[[str, OtherMachine], Awaitable[bool]],
    ) -> None:
        """`open_again` tells whether it has opened the tunnel to a hive, which lives."""
        self._settings = settings
        self._registry = registry
        self._open_again = open_again
        self._watches: dict[str, asyncio.Task[None]] = {}

    def keep(self, hive_id: str, machine: OtherMachine) -> None:
        """Has the tunnel to a hive opened anew where it breaks off."""
        self.give_up(hive_id)
        name = f"tunnel to {hive_id}"
        self._watches[hive_id] = spawn(self._watch(hive_id, machine), name, lambda _: None)

    def give_up(self, hive_id: str) -> None:
        """Has a tunnel opened no more, if there is any."""
        watch = self._watches.pop(hive_id, None)
        if watch is not None:
            watch.cancel()

    async def _watch(self, hive_id: str, machine: OtherMachine) -> None:
        """Opens it again whenever it has broken off, as long as its hive may live without."""
        while True:
            await self._until_cut_off(hive_id, machine)
            until = time.monotonic() + self._settings.lease
            while not await self._open_again(hive_id, machine):
                if time.monotonic() > until:
                    await machine.close_tunnel()
                    return
                await asyncio.sleep(self._settings.heartbeat_interval)

    async def _until_cut_off(self, hive_id: str, machine: OtherMachine) -> None:
        """Returns once the connection has ended, or the hive at its end has fallen silent."""
        waits = [
            begin(machine.until_cut_off()),
            begin(self._registry.until(lambda: self._registry.is_offline(hive_id))),
        ]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in waits:
                each.cancel()
