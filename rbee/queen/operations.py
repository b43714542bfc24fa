"""What the queen does for a client that is no job: waking hives, having a model fetched, plans."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Coroutine, Sequence
from typing import Any

from msgspec.structs import asdict

from rbee import __version__
from rbee.http.board import Board
from rbee.http.serving import serves
from rbee.queen import shell
from rbee.queen.hive_directory import id_of
from rbee.queen.hives import Hives
from rbee.queen.names import Names
from rbee.queen.other_machine import Brought
from rbee.queen.state import LOCAL, Hive, State
from rbee.queen.tracked_task import TrackedTask
from rbee.queen.troubles import Troubles, Whose
from rbee.wire import narration
from rbee.wire.errors import RbeeError, invalid
from rbee.wire.messages.basics import (
    CANCEL_OPERATION,
    HEALTH,
    OPERATION_EVENTS,
    Named,
    OperationStarted,
)
from rbee.wire.messages.devices import HiveDevices
from rbee.wire.messages.hives import (
    ADD_HIVE,
    BRING_RBEE,
    WAKE_HIVES,
    AddHive,
    BringRbee,
    HiveAddStarted,
    HivesAwake,
    WakeHives,
)
from rbee.wire.messages.jobs import JobRequest
from rbee.wire.messages.models import PULL_MODEL, Provisioned, PullModel
from rbee.wire.messages.operations import OPERATIONS, Doing, OperationList, OperationView
from rbee.wire.messages.plans import PLAN, AskPlan, Plan
from rbee.wire.settings import Settings

#: How many operations that are over can still be read about.
_KEPT = 64
#: How many bytes of what they have told.
_KEPT_BYTES = 16 * 2**20


class Task(TrackedTask):
    """An operation: what is done, and of which model or machine; see `OperationView`."""

    def __init__(self, doing: Doing, what: str) -> None:
        super().__init__()
        self._doing: Doing = doing
        self._what = what
        self.hive_id = ""

    def view(self) -> OperationView:
        """This operation in `GET /operations`."""
        return OperationView(
            operation_id=self.id,
            doing=self._doing,
            what=self._what,
            created_at_ms=self.created_at_ms,
            hive_id=self.hive_id,
            progress=self.latest_progress,
        )


class Operations:
    """The operations of a queen.

    `state` is that of the claims, and read alone; `require_awake` raises where she is going to
    sleep, and `overhear` is told each line that is narrated.
    """

    def __init__(
        self,
        hives: Hives,
        state: State,
        settings: Settings,
        require_awake: Callable[[], None],
        names: Names,
        overhear: Callable[[Any], None],
    ) -> None:
        self._hives = hives
        self._state = state
        self._settings = settings
        self._names = names
        self._require_awake = require_awake
        self._overhear = overhear
        self.board: Board[Task] = Board(_missing, _KEPT, kept_bytes=_KEPT_BYTES)

    @serves(WAKE_HIVES)
    async def wake(self, wanted: WakeHives) -> OperationStarted:
        """Wakes one hive, or all, which is an operation."""

        async def work(operation: Task) -> HivesAwake:
            before = await self._hives.living(wanted.node, operation.say)
            hives = await self._hives.awake(wanted.node, operation.say)
            well = await self._well(hives, before, operation)
            return HivesAwake(hives=well)

        return _started(self.begin(Task("wake", wanted.node or ""), work))

    @serves(ADD_HIVE)
    async def add(self, wanted: AddHive) -> HiveAddStarted:
        """Looks at a machine and makes it a hive, which is an operation."""
        self._require_awake()
        hive_id = id_of(wanted)
        decided = await self._hives.directory.decided(hive_id, wanted)

        async def work(operation: Task) -> HiveDevices:
            devices = await self._hives.add(hive_id, decided, operation.say)
            return HiveDevices(hive_id=hive_id, devices=devices)

        started = _started(self.begin(Task("add", hive_id), work))
        return HiveAddStarted(hive_id=hive_id, **asdict(started))

    @serves(BRING_RBEE)
    async def bring_rbee(self, wanted: BringRbee) -> OperationStarted:
        """Brings rbee to the machine of a hive, beside the one it has, which is an operation."""
        version = wanted.version or __version__
        if shell.version_of(version) != version:
            raise invalid(f"{version!r} is no version", "name one as pip does: 1.2.0")
        python = shell.python_of(wanted.python)
        bring = Brought(version, wanted.folder, python, wanted.offline)

        async def work(operation: TrackedTask) -> None:
            await self._hives.bring(wanted.id, bring, operation.say)

        return _started(self.begin(Task("bring", wanted.id), work))

    @serves(PULL_MODEL)
    async def pull(self, wanted: PullModel) -> OperationStarted:
        """Has a hive fetch a model, which is an operation: without `node` the one beside the queen,
        or where she has none there the first of the others that can."""
        return _started(await self.fetch(wanted))

    async def fetch(self, wanted: PullModel) -> TrackedTask:
        """The operation that fetches a model; see `pull`."""
        ref, node = await self._names.ref_of(wanted.model_ref), wanted.node

        async def work(operation: Task) -> Provisioned:
            known = [row.hive_id for row in await self._hives.directory.listed()]
            beside = not known or LOCAL in known
            hives = await self._awake(node or (LOCAL if beside else None), operation)
            troubles = Troubles(JobRequest(model_ref=ref, prompt=ref, node=node))
            for hive in hives:
                peer = self._hives.peers.hive(hive, operation.id, wanted.hub_token)
                operation.hive_id = hive.hive_id
                try:
                    fetching = operation.have_model(peer, ref, newest=True)
                    found = await self._hives.registry.unless_offline(
                        lambda: operation.hive_id or "", fetching
                    )
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

        return self.begin(Task("pull", ref), work)

    @serves(PLAN)
    async def plan(self, wanted: AskPlan) -> OperationStarted:
        """Tells where a job would run, and what each place for it takes and has, which is an
        operation: machines are woken to be asked, but for those that are suspended while others
        can be; no worker is started, nothing fetched."""
        named = await self._names.find(wanted.model_ref)
        wanted.model_ref = await self._names.ref_of(wanted.model_ref)
        if named is not None and wanted.ctx is None:
            wanted.ctx = named.settings.context

        async def work(operation: Task) -> Plan:
            hives = await self._awake(wanted.node, operation)
            # Late: a queen is asked for a plan now and then.
            from rbee.queen.planning import Planner

            planner = Planner(self._hives, self._state, self._settings)
            return await planner.plan(wanted, hives, operation.id)

        return _started(self.begin(Task("plan", wanted.model_ref), work))

    @serves(OPERATIONS)
    async def list_under_way(self) -> OperationList:
        """Lists what is under way and no job: machines that are woken or added, models on their
        way."""
        return OperationList(operations=[each.view() for each in self.board.under_way()])

    @serves(OPERATION_EVENTS)
    async def follow(self, wanted: Named) -> TrackedTask:
        """Tells the story of a machine that is added or woken, or a model that is fetched."""
        return self.board.get(wanted.id)

    @serves(CANCEL_OPERATION)
    async def cancel(self, wanted: Named) -> None:
        """Drops an operation, and answers when it is over."""
        await self.board.get(wanted.id).call_off()

    async def _awake(self, node: str | None, operation: TrackedTask) -> list[Hive]:
        await self._hives.living(node, operation.say)
        return await self._hives.awake(node, operation.say, rouse=True)

    async def _well(
        self, hives: Sequence[Hive], before: Collection[Hive], operation: TrackedTask
    ) -> list[str]:
        """Those of some hives that are well; the others are told of. Raises `hive_unreachable`
        where none is. Only those are asked that lived `before`: one that stands still was well when
        it was last heard of."""
        unwell: dict[str, RbeeError] = {}

        async def ask(hive: Hive) -> None:
            try:
                await self._hives.peers.hive(hive).call(HEALTH)
            except RbeeError as error:
                unwell[hive.hive_id] = error

        await asyncio.gather(*(ask(hive) for hive in hives if hive in before))
        if unwell and len(unwell) == len(hives):
            raise next(iter(unwell.values()))
        for hive_id, error in unwell.items():
            operation.say(narration.HIVE_SKIPPED, hive_id=hive_id, why=error.message)
        return [hive.hive_id for hive in hives if hive.hive_id not in unwell]

    def begin(self, operation: Task, work: Callable[[Task], Coroutine[Any, Any, Any]]) -> Task:
        """Sets to work on an operation. Raises where the queen is going to sleep."""
        self._require_awake()
        operation.overhear = self._overhear
        self.board.add(operation)
        operation.begin(work(operation), f"operation {operation.id}")
        return operation


def _started(operation: TrackedTask) -> OperationStarted:
    url = OPERATION_EVENTS.target(Named(id=operation.id))
    return OperationStarted(operation_id=operation.id, events_url=url)


def _missing(operation_id: str, known: Collection[str]) -> RbeeError:
    what = f"no operation {operation_id} is known to this queen"
    return RbeeError("not_found", what, "ask for it again")
