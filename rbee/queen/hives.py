"""Which hives of the swarm are woken, and gone on without, and put to sleep. Phases 3, 4 and 12.3.

Which machines there are says `hive_directory`, how the hive of one comes to be on `hives_on`, how a
machine is reached `machines` and `other_machine`.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import time
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import aiohttp

from rbee import __version__
from rbee.process.child import Child
from rbee.process.deadline import timeout
from rbee.process.tasks import begin, called_off, first_and_soon_after
from rbee.queen.away import Away, remembered
from rbee.queen.catalog import HiveCatalog, HiveRow
from rbee.queen.hearers import Say, SharedWork
from rbee.queen.hive_directory import HiveDirectory, refuse_unknown, ssh_of
from rbee.queen.hives_on import HivesOn
from rbee.queen.machines import Here, OwnMachine
from rbee.queen.other_machine import Brought, OtherMachine
from rbee.queen.peers import Peers
from rbee.queen.power import MachinePower
from rbee.queen.registry import Registry
from rbee.queen.rousing import ANSWERS
from rbee.queen.scheduler import HiveFacts
from rbee.queen.shell import python_of
from rbee.queen.state import LOCAL, Hive
from rbee.wire import narration
from rbee.wire.errors import RbeeError
from rbee.wire.messages.basics import HEALTH, SHUT_DOWN_WORKER, ShutDownWorker
from rbee.wire.messages.devices import Devices
from rbee.wire.messages.hives import AddHive
from rbee.wire.messages.models import ModelView
from rbee.wire.messages.plans import How
from rbee.wire.messages.workers import WorkerBeat


class _KeptOff(NamedTuple):
    """What has kept a hive from being awake when that was tried last, and when others were gone on
    with without it (monotonic seconds; None: they were not)."""

    error: RbeeError
    passed_over_at: float | None = None


class Hives:
    """The hives of this swarm, on and off; `registry` is what is known of those that live,
    `directory` are their machines, and `peers` are they and their workers as they are spoken to."""

    def __init__(
        self,
        here: Here,
        catalog: HiveCatalog,
        registry: Registry,
        session: aiohttp.ClientSession,
        spare: Child | None,
    ) -> None:
        self._settings = here.settings
        self.registry = registry
        self.directory = HiveDirectory(here, catalog, OwnMachine(here, spare, self._own_ended))
        self.peers = Peers(here, session, registry, self.directory)
        self._power = MachinePower(here.settings, registry, self.directory, self.peers, self._awake)
        self._on = HivesOn(here, registry, self.directory, self.peers, self._power)
        self._kept_off: dict[str, _KeptOff] = {}
        #: Hives that take longer to wake than anybody waits who has another.
        self._late: dict[str, SharedWork[Hive]] = {}

    def typed_from_here(self, hive_id: str, error: RbeeError) -> RbeeError:
        """An error of what runs on a hive with what it says to type as it is typed here."""
        return self.directory.known(hive_id).typed_from_here(error)

    async def living(self, node: str | None, say: Say) -> list[Hive]:
        """Phase 4: the hives that live, only `node` if one is named, with what they have now."""
        hives = [hive for hive in self.registry.hives.values() if node in (None, hive.hive_id)]
        described = [hive for hive in hives if hive.devices is not None]
        told_after = time.monotonic() - self._settings.capabilities_fresh
        old = [hive for hive in described if hive.devices_at <= told_after]
        fresh = [hive for hive in described if hive.devices_at > told_after]
        if len(fresh) > 1:
            say(narration.REGISTERED_ALL, count=len(fresh))
        elif fresh:
            say(narration.REGISTERED, hive_id=fresh[0].hive_id)
        for hive in old:
            say(narration.STALE, hive_id=hive.hive_id)
        asked = [self._on.ask_devices(hive, say) for hive in old]
        for hive, failure in zip(old, await asyncio.gather(*asked, return_exceptions=True)):
            if isinstance(failure, BaseException):
                if not isinstance(failure, RbeeError):
                    raise failure
                # What it told before is kept; it may answer in time for the next question.
                say(narration.HIVE_SKIPPED, hive_id=hive.hive_id, why=failure.message)
                described.remove(hive)
        return described

    async def awake(self, node: str | None, say: Say, *, rouse: bool = False) -> list[Hive]:
        """Phases 3 and 4: the hives that live or can be woken, and have told their devices.

        Adds the local machine to an empty catalog and wakes what sleeps, only `node` if one is
        named. A machine that is suspended is woken where it is named, with `rouse` also where no
        other is awake; else it is left for who decides for it. Where one is awake, a machine that
        cannot be woken is gone on without; so is one that takes its time, which wakes on. Raises
        `hive_not_found`, `hive_unreachable`, `hive_asleep`, `port_in_use`, `ssh_failed` and what a
        starting hive reports.
        """
        rows = await self.directory.rows(say)
        if node is not None:
            refuse_unknown(node, rows)
        rows = [row for row in rows if node in (None, row.hive_id)]
        rows = [row for row in rows if node or not self._is_passed_over(row.hive_id)] or rows
        if all(row.ssh is not None for row in rows):
            await self.directory.own.discard_spare()
        on = await asyncio.gather(*(self._power.is_on(row) for row in rows))
        asleep = [row for row, is_on in zip(rows, on) if not is_on]
        rows = [row for row, is_on in zip(rows, on) if is_on]
        if asleep and not rows and not (node or rouse):
            return []
        late = [row for row in rows if row.hive_id in self.registry.waking]
        begun = {
            row.hive_id: SharedWork(functools.partial(self._awake, row), say)
            for row in rows
            if row not in late
        }
        tasks = {hive_id: waking.task for hive_id, waking in begun.items()}
        for row in asleep if node or (rouse and not rows) else []:
            tasks[row.hive_id] = begin(self.rouse(row.hive_id, say))
        await first_and_soon_after(tasks.values(), self._settings.hive_patience)
        if not any(task.done() and not task.exception() for task in tasks.values()):
            waited = {row.hive_id: begin(self._late_one(row, say)) for row in late}
            await first_and_soon_after(waited.values(), 0.0)
            tasks.update(waited)
        awake, failures = self._come_of(tasks, begun)
        if failures and not awake:
            raise _none_wakes(failures)
        for hive_id, error in failures.items():
            if hive_id not in self._late:
                self._pass_over(hive_id, error)
            say(narration.HIVE_SKIPPED, hive_id=hive_id, why=error.message)
            if error.code == "hive_unfit":
                say(narration.HIVE_UNFIT, hive_id=hive_id, advice=error.suggestion)
        return awake

    def _come_of(
        self, tasks: Mapping[str, asyncio.Task[Hive]], begun: Mapping[str, SharedWork[Hive]]
    ) -> tuple[list[Hive], dict[str, RbeeError]]:
        """The hives that have woken, and what keeps each other one from it; those that were `begun`
        now and take their time wake on."""
        awake, failures = [], {}
        for hive_id, task in tasks.items():
            if not task.done():
                why = f"it takes longer than {self._settings.hive_patience:g} s"
                fix = f"rbee-keeper infer --node {hive_id} waits for it"
                failures[hive_id] = RbeeError("hive_unreachable", why, fix)
                if hive_id in begun and hive_id not in self._late:
                    self._go_on_waking(hive_id, begun[hive_id])
                else:
                    task.cancel()
                continue
            failure = task.exception()
            if failure is None:
                awake.append(task.result())
            elif isinstance(failure, RbeeError):
                failures[hive_id] = failure
            else:
                raise failure
        return awake, failures

    def missing(self, node: str | None) -> dict[str, RbeeError]:
        """What has kept hives asleep, only `node` if one is named, that are not awake yet."""
        living = self.registry.hives
        return {
            hive_id: kept.error
            for hive_id, kept in self._kept_off.items()
            if kept.passed_over_at is not None and node in (None, hive_id) and hive_id not in living
        }

    def why_off(self, hive_id: str) -> RbeeError | None:
        """What has kept a hive from being awake when that was tried last; None: nothing."""
        kept = self._kept_off.get(hive_id)
        return kept.error if kept is not None else None

    def _pass_over(self, hive_id: str, error: RbeeError) -> None:
        """A hive is gone on without, for some time, where there are others."""
        self._kept_off[hive_id] = _KeptOff(error, time.monotonic())

    async def away(self, model_ref: str) -> list[Away]:
        """The machines of the catalog that have told their devices and are not awake now."""
        living = {key for key, hive in self.registry.hives.items() if hive.devices is not None}
        found = []
        for row in await self.directory.listed():
            asleep = self.registry.asleep.get(row.hive_id)
            devices = asleep.devices if asleep is not None else row.devices
            if row.hive_id in living or devices is None:
                continue
            hive = asleep or remembered(row, devices)
            facts = HiveFacts(hive, devices, holds=model_ref in hive.models, asleep=True)
            how: How = "asleep" if asleep is not None else "off"
            error = self.why_off(row.hive_id)
            if row.hive_id in self._late:
                how, error = "waking", None
            found.append(Away(facts, how, error.message if error is not None else ""))
        return found

    def hear_of(self, hive_id: str, say: Say) -> None:
        """Has `say` hear of a hive that takes long to wake."""
        if hive_id in self._late:
            self._late[hive_id].hearers.append(say)

    async def _late_one(self, row: HiveRow, say: Say) -> Hive:
        """A hive that takes long to wake, once it has. Raises what keeps it from that."""
        waking = self._late.get(row.hive_id)
        if waking is None:  # it has woken meanwhile, or failed
            return await self._awake(row, say)
        waking.hearers.append(say)
        say(narration.WAIT_WAKING, hive_id=row.hive_id)
        try:
            return await asyncio.shield(waking.task)
        except asyncio.CancelledError:
            if not waking.task.cancelled():
                raise
            what, fix = "nobody wakes it any more", "rbee-keeper hives tells of it"
            raise RbeeError("hive_unreachable", what, fix) from None

    def _go_on_waking(self, hive_id: str, waking: SharedWork[Hive]) -> None:
        """A hive takes long to wake, which goes on without whoever had it woken."""

        def over(task: asyncio.Task[Hive]) -> None:
            del self._late[hive_id]
            error = None if task.cancelled() else task.exception()
            if isinstance(error, RbeeError):
                self._pass_over(hive_id, error)
                waking.say(narration.HIVE_SKIPPED, hive_id=hive_id, why=error.message)
            self.registry.wakes_no_more(hive_id)

        waking.hearers.clear()
        self._late[hive_id] = waking
        self.registry.takes_long(hive_id)
        waking.task.add_done_callback(over)

    async def rouse(self, hive_id: str, say: Say) -> Hive:
        """The hive of a machine that is suspended, once it has been woken. One that turns out to be
        on is none that was woken. Raises `hive_asleep`, and what `awake` does."""
        row, machine = await self.directory.row(hive_id), self.directory.known(hive_id)
        if row is not None:
            machine = self.directory.machine(row)
        living = self.registry.hives.get(hive_id)
        if living is not None and living.devices is not None:
            return living
        if row is None or row.wake is None or not isinstance(machine, OtherMachine):
            raise RbeeError("hive_asleep", f"hive {hive_id} cannot be woken", "rbee-keeper hives")
        if not self._power.is_suspended(hive_id) and await machine.is_on(ANSWERS):
            return await self._awake(row, say)
        try:
            return await self._power.rouse(row, machine, say)
        except RbeeError as error:
            if error.code == "hive_asleep":
                self._pass_over(hive_id, error)
            raise

    async def suspends(self, hive_id: str, models: Sequence[ModelView], say: Say) -> None:
        """A hive has its machine suspended next: it is no longer one that lives."""
        self.registry.suspended(hive_id, {each.model_ref: each for each in models})
        self._on.note_off(hive_id)
        self._kept_off.pop(hive_id, None)
        self._power.note_suspended(hive_id)
        say(narration.MACHINE_SUSPENDED, hive_id=hive_id)
        await self.directory.suspended(hive_id, models)

    def heard(self, hive_id: str) -> None:
        """A hive has sent a heartbeat; one whose machine was suspended is on again with it."""
        was_suspended = self._power.note_heard(hive_id)
        hive = self.registry.hives.get(hive_id)
        if was_suspended and hive is not None:
            self._on.note_on(hive)

    async def check(self, hive_id: str) -> None:
        """After trouble with a hive on another machine: whether it still answers at all."""
        hive = self.registry.hives.get(hive_id)
        if hive is None or self.directory.known(hive_id) is self.directory.own:
            return
        try:
            async with timeout(self._settings.connect_timeout):
                await self.peers.hive(hive).call(HEALTH)
        except (RbeeError, asyncio.TimeoutError):
            self.registry.lost(hive_id)

    async def add(self, hive_id: str, wanted: AddHive, say: Say) -> Devices:
        """Looks at a machine, wakes its hive, and writes both into the catalog.

        Raises what keeps it from being a hive; then one that was not there before is forgotten.
        """
        port = self._settings.hive_port if wanted.port is None else wanted.port
        say(narration.ADDING_HIVE, host=wanted.host)
        row = HiveRow(hive_id, wanted.host, port, ssh_of(wanted), None)
        machine = None
        if row.ssh is not None:
            machine = self.directory.other(row, wanted.passphrase)
            python = python_of(wanted.python)
            bring = Brought(python=python, offline=wanted.offline) if wanted.install else None
            await machine.inspect(say, bring=bring, accept=wanted.accept_host_key)
        try:
            is_new = await self.directory.take_in(row, machine)
            try:
                hive = await self._awake(row, say)
                if wanted.wake:
                    await self._power.learn(hive, wanted, say)
            except BaseException:
                if is_new:
                    await self.directory.forget(hive_id)
                raise
            if machine is not None and wanted.install:
                await machine.tidy()
        finally:
            if machine is not None:
                await machine.let_go()
        assert hive.devices is not None, "who is awake has told its devices"
        return hive.devices

    async def bring(self, hive_id: str, bring: Brought, say: Say) -> None:
        """Brings rbee to the machine of a hive, beside the one it has, and wakes the hive from it
        where that is the rbee of this queen.

        Raises `hive_not_found`, and what keeps it from that; the one it has stays in use then.
        """
        await self.directory.require(hive_id)
        row = next(each for each in await self.directory.rows(say) if each.hive_id == hive_id)
        machine = self.directory.machine(row)
        if not isinstance(machine, OtherMachine):
            return
        await machine.inspect(say, bring=bring)
        try:
            if bring.version == __version__:
                self._kept_off.pop(hive_id, None)
                await self._awake(row, say)
                await machine.tidy()
        finally:
            await machine.let_go()

    async def remove(self, hive_id: str, say: Say) -> None:
        """Puts a hive to sleep and forgets its machine. Raises `hive_not_found`.

        One that cannot be reached is named, and never let back in: its lease ends it.
        """
        await self.directory.require(hive_id)
        await called_off([each.task for late, each in self._late.items() if late == hive_id])
        await self._on.remove(hive_id, say)
        self.registry.wakes_not(hive_id)
        self._kept_off.pop(hive_id, None)

    async def stop_workers(self) -> None:
        """Phase 12.2: every worker is asked to leave; its hive sees to it that it does."""

        async def stop(hive_id: str, worker: WorkerBeat) -> None:
            peer = await self.peers.worker(hive_id, worker.url, worker.worker_id)
            await peer.call(SHUT_DOWN_WORKER, ShutDownWorker())

        workers = [stop(hive_id, worker) for hive_id, worker in self.registry.workers()]
        # A worker that does not hear is ended by its hive.
        with contextlib.suppress(asyncio.TimeoutError):
            async with timeout(self._settings.stop_request):
                await asyncio.gather(*workers, return_exceptions=True)

    async def sleep(self, say: Say) -> None:
        """Phase 12.3: every hive that is on is shut down, all at the same time.

        Those that could not be reached are named; their lease ends them.
        """
        await self.directory.own.discard_spare()
        await called_off([each.task for each in self._late.values()])
        await self._on.sleep(say)

    async def have_heard(self) -> None:
        """Returns once the hive of this machine knows what it was told by its lifeline.

        Until it has read that it may stay, the kernel ends it together with this queen. It reads
        that before it answers a question that is asked later.
        """
        hive = self.registry.hives.get(LOCAL)
        if hive is not None:
            with contextlib.suppress(RbeeError):
                await self.peers.hive(hive).call(HEALTH)

    async def _awake(self, row: HiveRow, say: Say) -> Hive:
        try:
            hive = await self._on.wake(row, say)
        except RbeeError as error:
            known = self._kept_off.get(row.hive_id, _KeptOff(error))
            self._kept_off[row.hive_id] = known._replace(error=error)
            raise
        self._kept_off.pop(row.hive_id, None)
        return hive

    def _is_passed_over(self, hive_id: str) -> bool:
        kept = self._kept_off.get(hive_id)
        at = kept.passed_over_at if kept is not None else None
        return at is not None and time.monotonic() - at < self._settings.hive_retry

    def _own_ended(self) -> None:
        if self._on.note_off(LOCAL):
            self.registry.ended(LOCAL)
        else:
            self.registry.gone(LOCAL)


def _none_wakes(failures: Mapping[str, RbeeError]) -> RbeeError:
    """One error out of what keeps each machine asleep; the only one as it was told."""
    first, *others = failures.values()
    if not others:
        return first
    listed = "; ".join(f"{hive_id}: {error.message}" for hive_id, error in failures.items())
    rows = [
        {"hive_id": hive_id, "code": error.code, "message": error.message}
        for hive_id, error in failures.items()
    ]
    return RbeeError(
        first.code, f"no machine can be woken: {listed}", first.suggestion, {"places": rows}
    )
