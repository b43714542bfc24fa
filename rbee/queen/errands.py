"""Errands: what the queen does for a client that is no job. Waking hives, having a model fetched.

Each has a story of its own, like a job. Nobody is left who reads it: then it is dropped.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from rbee.http.events import EventLog
from rbee.process.tasks import DATABASE, End, in_thread, spawn
from rbee.queen.catalog import HiveCatalog
from rbee.queen.hives import Hives
from rbee.queen.members import LOCAL
from rbee.queen.registry import Hive
from rbee.queen.shelf import Shelf
from rbee.queen.story import Story
from rbee.queen.troubles import Troubles, Whose
from rbee.wire import narration as say_so
from rbee.wire.errors import RbeeError
from rbee.wire.messages import AddHive, HiveAdded, HivesAwake, JobRequest, Provisioned

#: How many errands that are over can still be read about.
_KEPT = 64
#: How many bytes of what they have told.
_KEPT_BYTES = 16 * 2**20


class Errand(Story):
    """One of them, and the story of it."""

    @property
    def errand_id(self) -> str:
        """What it is called."""
        return self.story_id


class Errands:
    """The errands of a queen."""

    def __init__(self, hives: Hives, catalog: HiveCatalog) -> None:
        self._hives = hives
        self._catalog = catalog
        self._errands: dict[str, Errand] = {}
        self._shelf = Shelf(_KEPT_BYTES)

    def wake(self, node: str | None) -> Errand:
        """Wakes hive `node`, or all, and asks for their devices."""

        async def work(errand: Errand) -> HivesAwake:
            hives = await self._awake(node, errand)
            return HivesAwake(hives=[hive.hive_id for hive in hives])

        return self._begin(work)

    def add(self, hive_id: str, wanted: AddHive) -> Errand:
        """Looks at a machine and makes it a hive of this swarm."""

        async def work(errand: Errand) -> HiveAdded:
            devices = await self._hives.add(hive_id, wanted, errand.say)
            return HiveAdded(hive_id=hive_id, devices=devices)

        return self._begin(work)

    def pull(self, ref: str, node: str | None, hub_token: str = "") -> Errand:
        """Has hive `node` fetch a model, or the one beside the queen, or where she has none there
        the first of the others that can."""

        async def work(errand: Errand) -> Provisioned:
            known = [row.hive_id for row in await in_thread(DATABASE, self._catalog.list)]
            beside = not known or LOCAL in known
            hives = await self._awake(node or (LOCAL if beside else None), errand)
            troubles = Troubles(JobRequest(model_ref=ref, prompt=ref, node=node))
            for hive in hives:
                peer = self._hives.peer(hive, errand.errand_id, hub_token)
                try:
                    fetching = errand.have_model(peer, ref, newest=True)
                    found = await self._hives.unless_offline(hive, fetching)
                except RbeeError as error:
                    its = troubles.add(hive.hive_id, "", error)
                    if its in (Whose.REQUEST, Whose.HUB):
                        raise
                    if hive is not hives[-1]:
                        why = error.message
                        errand.say(say_so.HIVE_SKIPPED, hive_id=hive.hive_id, why=why)
                else:
                    found.hive_id = hive.hive_id
                    return found
            raise troubles.error()

        return self._begin(work)

    def get(self, errand_id: str) -> Errand:
        """An errand by its id. Raises `not_found`."""
        try:
            return self._errands[errand_id]
        except KeyError:
            raise RbeeError(
                "not_found", f"no errand {errand_id} is known to this queen", "ask for it again"
            ) from None

    def stories(self) -> list[EventLog]:
        """What is told of the errands that are under way."""
        return [each.events for each in self._errands.values() if not each.events.closed]

    def running(self) -> list[asyncio.Task[None]]:
        """What is under way."""
        tasks = [each.task for each in self._errands.values() if each.task is not None]
        return [task for task in tasks if not task.done()]

    async def cancel(self, errand: Errand) -> None:
        """Drops an errand, and waits until it is over; one that is over already is left alone."""
        if errand.task is not None:
            errand.task.cancel()
            await asyncio.wait([errand.task])

    async def _awake(self, node: str | None, errand: Errand) -> list[Hive]:
        await self._hives.living(node, errand.say)
        return await self._hives.awake(node, errand.say)

    def _begin(self, work: Callable[[Errand], Awaitable[Any]]) -> Errand:
        errand = Errand()
        self._errands[errand.errand_id] = errand
        errand.task = spawn(
            self._run(errand, work),
            f"errand {errand.errand_id}",
            lambda ended: self._is_over(errand, ended),
        )
        over = [each.errand_id for each in self._errands.values() if each.events.closed]
        for errand_id in over[: max(0, len(over) - _KEPT)]:
            self._shelf.take(self._errands.pop(errand_id))
        return errand

    def _is_over(self, errand: Errand, ended: End) -> None:
        errand.events.end_with(ended, "queen")
        self._shelf.put(errand)

    async def _run(self, errand: Errand, work: Callable[[Errand], Awaitable[Any]]) -> None:
        try:
            done = await work(errand)
        except asyncio.CancelledError:
            errand.events.cancelled()
        except RbeeError as error:
            errand.events.error(error.body(errand.errand_id))
        else:
            errand.events.done(done)
