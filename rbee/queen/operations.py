"""What the queen does for a client that is no job: waking hives, having a model fetched."""

from __future__ import annotations

from collections.abc import Callable, Collection, Coroutine
from typing import Any

from rbee.http.board import Board
from rbee.process.tasks import DATABASE, in_thread
from rbee.queen.catalog import HiveCatalog
from rbee.queen.hives import Hives
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


class Operations:
    """The operations of a queen."""

    def __init__(self, hives: Hives, catalog: HiveCatalog) -> None:
        self._hives = hives
        self._catalog = catalog
        self.board: Board[TrackedTask] = Board(_missing, _KEPT, kept_bytes=_KEPT_BYTES)

    def wake(self, node: str | None) -> TrackedTask:
        """Wakes hive `node`, or all, and asks for their devices."""

        async def work(operation: TrackedTask) -> HivesAwake:
            hives = await self._awake(node, operation)
            return HivesAwake(hives=[hive.hive_id for hive in hives])

        return self._begin(work)

    def add(self, hive_id: str, wanted: AddHive) -> TrackedTask:
        """Looks at a machine and makes it a hive of this swarm."""

        async def work(operation: TrackedTask) -> HiveAdded:
            devices = await self._hives.add(hive_id, wanted, operation.say)
            return HiveAdded(hive_id=hive_id, devices=devices)

        return self._begin(work)

    def pull(self, ref: str, node: str | None, hub_token: str = "") -> TrackedTask:
        """Has hive `node` fetch a model, or the one beside the queen, or where she has none there
        the first of the others that can."""

        async def work(operation: TrackedTask) -> Provisioned:
            known = [row.hive_id for row in await in_thread(DATABASE, self._catalog.list)]
            beside = not known or LOCAL in known
            hives = await self._awake(node or (LOCAL if beside else None), operation)
            troubles = Troubles(JobRequest(model_ref=ref, prompt=ref, node=node))
            for hive in hives:
                peer = self._hives.peer(hive, operation.id, hub_token)
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

    async def _awake(self, node: str | None, operation: TrackedTask) -> list[Hive]:
        await self._hives.living(node, operation.say)
        return await self._hives.awake(node, operation.say)

    def _begin(self, work: Callable[[TrackedTask], Coroutine[Any, Any, Any]]) -> TrackedTask:
        operation = TrackedTask()
        self.board.add(operation)
        operation.begin(work(operation), f"operation {operation.id}")
        return operation


def _missing(operation_id: str, known: Collection[str]) -> RbeeError:
    what = f"no operation {operation_id} is known to this queen"
    return RbeeError("not_found", what, "ask for it again")
