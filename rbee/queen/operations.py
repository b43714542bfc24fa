"""What the queen does for a client that is no job: waking hives, having a model fetched.

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
from rbee.queen.shelf import Shelf
from rbee.queen.state import LOCAL, Hive
from rbee.queen.tracked_task import TrackedTask
from rbee.queen.troubles import Troubles, Whose
from rbee.wire import narration
from rbee.wire.errors import RbeeError
from rbee.wire.messages.hives import AddHive, HiveAdded, HivesAwake
from rbee.wire.messages.jobs import JobRequest
from rbee.wire.messages.models import Provisioned

#: How many operations that are over can still be read about.
_KEPT = 64
#: How many bytes of what they have told.
_KEPT_BYTES = 16 * 2**20


class Operation(TrackedTask):
    """One of them, and the story of it."""

    @property
    def operation_id(self) -> str:
        """What it is called."""
        return self.task_id


class Operations:
    """The operations of a queen."""

    def __init__(self, hives: Hives, catalog: HiveCatalog) -> None:
        self._hives = hives
        self._catalog = catalog
        self._operations: dict[str, Operation] = {}
        self._shelf = Shelf(_KEPT_BYTES)

    def wake(self, node: str | None) -> Operation:
        """Wakes hive `node`, or all, and asks for their devices."""

        async def work(operation: Operation) -> HivesAwake:
            hives = await self._awake(node, operation)
            return HivesAwake(hives=[hive.hive_id for hive in hives])

        return self._begin(work)

    def add(self, hive_id: str, wanted: AddHive) -> Operation:
        """Looks at a machine and makes it a hive of this swarm."""

        async def work(operation: Operation) -> HiveAdded:
            devices = await self._hives.add(hive_id, wanted, operation.say)
            return HiveAdded(hive_id=hive_id, devices=devices)

        return self._begin(work)

    def pull(self, ref: str, node: str | None, hub_token: str = "") -> Operation:
        """Has hive `node` fetch a model, or the one beside the queen, or where she has none there
        the first of the others that can."""

        async def work(operation: Operation) -> Provisioned:
            known = [row.hive_id for row in await in_thread(DATABASE, self._catalog.list)]
            beside = not known or LOCAL in known
            hives = await self._awake(node or (LOCAL if beside else None), operation)
            troubles = Troubles(JobRequest(model_ref=ref, prompt=ref, node=node))
            for hive in hives:
                peer = self._hives.peer(hive, operation.operation_id, hub_token)
                try:
                    fetching = operation.have_model(peer, ref, newest=True)
                    found = await self._hives.unless_offline(hive, fetching)
                except RbeeError as error:
                    its = troubles.add(hive.hive_id, "", error)
                    if its in (Whose.REQUEST, Whose.HUB):
                        raise
                    if hive is not hives[-1]:
                        why = error.message
                        operation.say(narration.HIVE_SKIPPED, hive_id=hive.hive_id, why=why)
                else:
                    found.hive_id = hive.hive_id
                    return found
            raise troubles.error()

        return self._begin(work)

    def get(self, operation_id: str) -> Operation:
        """An operation by its id. Raises `not_found`."""
        try:
            return self._operations[operation_id]
        except KeyError:
            raise RbeeError(
                "not_found",
                f"no operation {operation_id} is known to this queen",
                "ask for it again",
            ) from None

    def stories(self) -> list[EventLog]:
        """What is told of the operations that are under way."""
        return [each.events for each in self._operations.values() if not each.events.closed]

    def running(self) -> list[asyncio.Task[None]]:
        """What is under way."""
        tasks = [each.task for each in self._operations.values() if each.task is not None]
        return [task for task in tasks if not task.done()]

    async def cancel(self, operation: Operation) -> None:
        """Drops an operation, and waits until it is over. One that is over is left alone."""
        if operation.task is not None:
            operation.task.cancel()
            await asyncio.wait([operation.task])

    async def _awake(self, node: str | None, operation: Operation) -> list[Hive]:
        await self._hives.living(node, operation.say)
        return await self._hives.awake(node, operation.say)

    def _begin(self, work: Callable[[Operation], Awaitable[Any]]) -> Operation:
        operation = Operation()
        self._operations[operation.operation_id] = operation
        operation.task = spawn(
            self._run(operation, work),
            f"operation {operation.operation_id}",
            lambda ended: self._is_over(operation, ended),
        )
        over = [each.operation_id for each in self._operations.values() if each.events.closed]
        for operation_id in over[: max(0, len(over) - _KEPT)]:
            self._shelf.take(self._operations.pop(operation_id))
        return operation

    def _is_over(self, operation: Operation, ended: End) -> None:
        operation.events.end_with(ended, "queen")
        self._shelf.put(operation)

    async def _run(self, operation: Operation, work: Callable[[Operation], Awaitable[Any]]) -> None:
        try:
            done = await work(operation)
        except asyncio.CancelledError:
            operation.events.cancelled()
        except RbeeError as error:
            operation.events.error(error.body(operation.operation_id))
        else:
            operation.events.done(done)
