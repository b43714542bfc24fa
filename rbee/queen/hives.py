"""Wakes hives and puts them to sleep. Phases 3.2, 3.3, 4 and 12.3.

Which machines there are says `hive_directory`, how one is reached `machines` and `other_machine`.
What is to be known of a hive that lives stands in the registry afterwards.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import math
import time
from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
from typing import Any, TypeVar

import aiohttp

from rbee import __version__
from rbee.http.client import Peer
from rbee.process.child import Child
from rbee.process.deadline import timeout
from rbee.process.tasks import (
    DATABASE,
    begin,
    called_off,
    first_and_soon_after,
    in_thread,
    spawn,
)
from rbee.queen.away import Away
from rbee.queen.catalog import HiveCatalog, HiveRow
from rbee.queen.hive_directory import HiveDirectory, refuse_unknown, ssh_of
from rbee.queen.hive_peer import HivePeer
from rbee.queen.machines import Here, OwnMachine, Way, shut_down_and_wait
from rbee.queen.other_machine import Brought, OtherMachine
from rbee.queen.registry import Registry, Tell
from rbee.queen.rousing import ANSWERS, Rousing, send_packet
from rbee.queen.scheduler import HiveFacts
from rbee.queen.shell import python_of
from rbee.queen.state import LOCAL, Hive
from rbee.wire import narration, proof
from rbee.wire.errors import RbeeError
from rbee.wire.messages.basics import HEALTH, SHUT_DOWN_WORKER, ShutDownWorker, Unreachable
from rbee.wire.messages.devices import DEVICES, Devices
from rbee.wire.messages.hives import (
    ADOPT,
    POWER,
    SUSPEND_AT_END,
    SUSPEND_WHEN_IDLE,
    AddHive,
    Adopt,
    EndOfPower,
    HiveStatus,
    WakeTarget,
)
from rbee.wire.messages.models import MODEL, FindModel, ModelView
from rbee.wire.messages.plans import How
from rbee.wire.messages.workers import WorkerBeat
from rbee.wire.narration import Line, device_name
from rbee.wire.routes import Route

Q = TypeVar("Q")
T = TypeVar("T")


class _Waking:
    """A hive that is being woken; `tells` are those who hear of it."""

    def __init__(self, wake: Callable[[Tell], Coroutine[Any, Any, Hive]], tell: Tell) -> None:
        self.tells = [tell]
        self.task = begin(wake(self.tell))

    def tell(self, line: Line, **facts: object) -> None:
        for tell in self.tells:
            tell(line, **facts)

    async def hive(self) -> Hive:
        """The hive, once it is awake; who waits for it may leave. Raises what keeps it asleep."""
        try:
            return await asyncio.shield(self.task)
        except asyncio.CancelledError:
            if not self.task.cancelled():
                raise
            what, fix = "nobody wakes it any more", "rbee-keeper hives tells of it"
            raise RbeeError("hive_unreachable", what, fix) from None


class Hives:
    """The hives of this swarm, on and off; `directory` are their machines."""

    def __init__(
        self,
        here: Here,
        catalog: HiveCatalog,
        registry: Registry,
        session: aiohttp.ClientSession,
        spare: Child | None,
    ) -> None:
        self._here = here
        self._settings = here.settings
        self._catalog = catalog
        self._registry = registry
        self.session = session
        self.directory = HiveDirectory(here, catalog, OwnMachine(here, spare, self._own_ended))
        #: Hives that were woken or taken over and have not been seen to end.
        self._on: set[str] = set()
        #: Hives that could not be woken: when that was (monotonic seconds), and why.
        self._failed: dict[str, tuple[float, RbeeError]] = {}
        #: Hives that take longer to wake than anybody waits who has another.
        self._late: dict[str, _Waking] = {}
        #: What kept each hive that is off from being awake when that was tried last.
        self.kept_off: dict[str, RbeeError] = {}
        self._waking: dict[str, asyncio.Lock] = {}
        self._rousing = Rousing(self._settings.wake_wait, self._awake, send_packet)
        #: Machines that she has had woken, whose hives are to suspend them again; and those whose
        #: hives have said that they are suspended.
        self._roused: set[str] = set()
        self._suspended: set[str] = set()
        #: What keeps the tunnels to hives open.
        self._keeping: dict[str, asyncio.Task[None]] = {}

    def peer(
        self, hive: Hive, job_id: str = "", hub_token: str = "", *, patient: bool = False
    ) -> Peer:
        """A hive to speak to, for a job, with the hub's token of whoever asked for that.

        `patient`: until its heartbeats say that it is offline.
        """
        patience = None if patient else self._settings.list_patience
        credential = self._credential(hive)
        return HivePeer(self.session, hive, self._registry, credential, job_id, patience, hub_token)

    def _credential(self, hive: Hive) -> proof.Credential:
        secret = proof.hive_secret(self._here.token, hive.hive_id)
        return proof.Credential(secret, proof.hive_name(hive.hive_id), forwarded=hive.tunnelled)

    async def ask_each(
        self, route: Route[Q, T], wanted: Q, hives: Collection[Hive] | None = None
    ) -> tuple[list[tuple[Hive, T]], list[Unreachable]]:
        """What each hive (of `hives`) answers, asked side by side, and those that do not answer.

        Each has its own short time. A hive that has fallen silent is one of those; one that sleeps
        is not asked.
        """

        async def answer(hive: Hive) -> T | str:
            """What it answers, or why that is not known."""
            patience = self._settings.list_patience
            try:
                async with timeout(patience):
                    return await self.peer(hive, patient=True).call(route, wanted)
            except RbeeError as error:
                return error.message
            except asyncio.TimeoutError:
                return f"it takes longer than {self._settings.list_patience:g} s"

        asked = list(self._registry.hives.values() if hives is None else hives)
        answers = await asyncio.gather(*map(answer, asked))
        known = [(hive, one) for hive, one in zip(asked, answers) if not isinstance(one, str)]
        unknown = [(hive.hive_id, one) for hive, one in zip(asked, answers) if isinstance(one, str)]
        if hives is None:
            unknown += [(hive_id, "it has fallen silent") for hive_id in self._registry.silent()]
        return known, [Unreachable(hive_id=hive_id, why=why) for hive_id, why in sorted(unknown)]

    async def holders(self, model_ref: str, hives: Collection[Hive]) -> frozenset[str]:
        """Those of `hives` that have a model on their disk, as far as they say so in time."""
        found, _ = await self.ask_each(MODEL, FindModel(ref=model_ref), hives)
        return frozenset(hive.hive_id for hive, _ in found)

    async def unless_offline(self, hive: Hive, work: Coroutine[Any, Any, T]) -> T:
        """What `work` gives. Raises `hive_unreachable` when the hive falls silent first."""
        return await self._registry.unless_offline(lambda: hive.hive_id, work)

    async def until_lost(self, hive_ids: Collection[str]) -> None:
        """Returns once one of these hives has fallen silent, or has ended."""
        known = self._registry.hives
        await self._registry.until(lambda: any(each not in known for each in hive_ids))

    def typed_from_here(self, hive_id: str, error: RbeeError) -> RbeeError:
        """An error of what runs on a hive with what it says to type as it is typed here."""
        return self.directory.known(hive_id).typed_from_here(error)

    async def worker(self, hive_id: str, url: str, worker_id: str, job_id: str = "") -> Peer:
        """A worker to speak to, for a job, which its hive knows at `url`."""
        hive = self._registry.hives.get(hive_id)
        secret = proof.worker_secret(proof.hive_secret(self._here.token, hive_id), worker_id)
        name = proof.worker_name(worker_id)
        return Peer(
            self.session,
            await self.directory.known(hive_id).way_to(url),
            proof.Credential(secret, name, forwarded=hive is not None and hive.tunnelled),
            name,
            "worker_crashed",
            job_id,
        )

    async def living(self, node: str | None, tell: Tell) -> list[Hive]:
        """Phase 4: the hives that live, only `node` if one is named, with what they have now."""
        hives = [hive for hive in self._registry.hives.values() if node in (None, hive.hive_id)]
        described = [hive for hive in hives if hive.devices is not None]
        told_after = time.monotonic() - self._settings.capabilities_fresh
        old = [hive for hive in described if hive.devices_at <= told_after]
        fresh = [hive for hive in described if hive.devices_at > told_after]
        if len(fresh) > 1:
            tell(narration.REGISTERED_ALL, count=len(fresh))
        elif fresh:
            tell(narration.REGISTERED, hive_id=fresh[0].hive_id)
        for hive in old:
            tell(narration.STALE, hive_id=hive.hive_id)
        asked = [self._ask_devices(hive, tell) for hive in old]
        for hive, failure in zip(old, await asyncio.gather(*asked, return_exceptions=True)):
            if isinstance(failure, BaseException):
                if not isinstance(failure, RbeeError):
                    raise failure
                # What it told before is kept; it may answer in time for the next question.
                tell(narration.HIVE_SKIPPED, hive_id=hive.hive_id, why=failure.message)
                described.remove(hive)
        return described

    async def awake(self, node: str | None, tell: Tell, *, rouse: bool = False) -> list[Hive]:
        """Phases 3 and 4: the hives that live or can be woken, and have told their devices.

        Adds the local machine to an empty catalog and wakes what sleeps, only `node` if one is
        named. A machine that is suspended is woken where it is named, with `rouse` also where no
        other is awake; else it is left for who decides for it. Where one is awake, a machine that
        cannot be woken is gone on without; so is one that takes its time, which wakes on. Raises
        `hive_not_found`, `hive_unreachable`, `hive_asleep`, `port_in_use`, `ssh_failed` and what a
        starting hive reports.
        """
        rows = await self.directory.rows(tell)
        if node is not None:
            refuse_unknown(node, rows)
        rows = [row for row in rows if node in (None, row.hive_id)]
        rows = [row for row in rows if node or not self._failed_lately(row.hive_id)] or rows
        if all(row.ssh is not None for row in rows):
            await self.directory.own.discard_spare()
        on = await asyncio.gather(*(self._is_on(row) for row in rows))
        asleep = [row for row, is_on in zip(rows, on) if not is_on]
        rows = [row for row, is_on in zip(rows, on) if is_on]
        if asleep and not rows and not (node or rouse):
            return []
        late = [row for row in rows if self._is_late(row.hive_id)]
        begun = {
            row.hive_id: _Waking(functools.partial(self._awake, row), tell)
            for row in rows
            if row not in late
        }
        tasks = {hive_id: waking.task for hive_id, waking in begun.items()}
        for row in asleep if node or (rouse and not rows) else []:
            tasks[row.hive_id] = begin(self.rouse(row.hive_id, tell))
        await first_and_soon_after(tasks.values(), self._settings.hive_patience)
        if not any(task.done() and not task.exception() for task in tasks.values()):
            waited = {row.hive_id: begin(self._late_one(row, tell)) for row in late}
            await first_and_soon_after(waited.values(), 0.0)
            tasks.update(waited)
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
        if failures and not awake:
            raise _none_wakes(failures)
        for hive_id, error in failures.items():
            if hive_id not in self._late:
                self._failed[hive_id] = time.monotonic(), error
            tell(narration.HIVE_SKIPPED, hive_id=hive_id, why=error.message)
            if error.code == "hive_unfit":
                tell(narration.HIVE_UNFIT, hive_id=hive_id, advice=error.suggestion)
        return awake

    def missing(self, node: str | None) -> dict[str, RbeeError]:
        """What has kept hives asleep, only `node` if one is named, that are not awake yet."""
        living = self._registry.hives
        return {
            hive_id: error
            for hive_id, (_, error) in self._failed.items()
            if node in (None, hive_id) and hive_id not in living
        }

    async def away(self, model_ref: str) -> list[Away]:
        """The machines of the catalog that have told their devices and are not awake now."""
        living = {key for key, hive in self._registry.hives.items() if hive.devices is not None}
        found = []
        for row in await in_thread(DATABASE, self._catalog.list):
            asleep = self._registry.asleep.get(row.hive_id)
            devices = asleep.devices if asleep is not None else row.devices
            if row.hive_id in living or devices is None:
                continue
            models = (
                asleep.models if asleep is not None else {each.model_ref for each in row.models}
            )
            facts = HiveFacts(
                row.hive_id,
                devices,
                (),
                here=row.hive_id == LOCAL,
                holds=model_ref in models,
                bytes_per_second=row.bytes_per_second,
                asleep=True,
            )
            how: How = "asleep" if asleep is not None else "off"
            _, error = self._failed.get(row.hive_id, (0.0, None))
            if row.hive_id in self._late:
                how, error = "waking", None
            found.append(Away(facts, how, error.message if error is not None else ""))
        return found

    def hear_of(self, hive_id: str, tell: Tell) -> None:
        """Has `tell` hear of a hive that takes long to wake."""
        if hive_id in self._late:
            self._late[hive_id].tells.append(tell)

    def _is_late(self, hive_id: str) -> bool:
        """Whether a hive takes long to wake, and has not told its devices yet."""
        hive = self._registry.hives.get(hive_id)
        return hive_id in self._late and (hive is None or hive.devices is None)

    async def _late_one(self, row: HiveRow, tell: Tell) -> Hive:
        """A hive that takes long to wake, once it has. Raises what keeps it from that."""
        waking = self._late.get(row.hive_id)
        if waking is None:  # it has woken meanwhile, or failed
            return await self._awake(row, tell)
        waking.tells.append(tell)
        tell(narration.WAIT_WAKING, hive_id=row.hive_id)
        return await waking.hive()

    def _go_on_waking(self, hive_id: str, waking: _Waking) -> None:
        """A hive takes long to wake, which goes on without whoever had it woken."""

        def over(task: asyncio.Task[Hive]) -> None:
            del self._late[hive_id]
            error = None if task.cancelled() else task.exception()
            if isinstance(error, RbeeError):
                self._failed[hive_id] = time.monotonic(), error
                waking.tell(narration.HIVE_SKIPPED, hive_id=hive_id, why=error.message)
            self._registry.wakes_no_more(hive_id)

        waking.tells.clear()
        self._late[hive_id] = waking
        self._registry.takes_long(hive_id)
        waking.task.add_done_callback(over)

    async def rouse(self, hive_id: str, tell: Tell) -> Hive:
        """The hive of a machine that is suspended, once it has been woken. One that turns out to be
        on is none that was woken. Raises `hive_asleep`, and what `awake` does."""
        row, machine = await self.directory.row(hive_id), self.directory.known(hive_id)
        if row is not None:
            machine = self.directory.machine(row)
        living = self._registry.hives.get(hive_id)
        if living is not None and living.devices is not None:
            return living
        if row is None or row.wake is None or not isinstance(machine, OtherMachine):
            raise RbeeError("hive_asleep", f"hive {hive_id} cannot be woken", "rbee-keeper hives")
        if hive_id not in self._suspended and await machine.is_on(ANSWERS):
            return await self._awake(row, tell)
        try:
            hive = await self._rousing.rouse(row, machine, tell)
        except RbeeError as error:
            self._registry.wakes_not(hive_id)
            if error.code == "hive_asleep":
                self._failed[hive_id] = time.monotonic(), error
            raise
        self._suspended.discard(hive_id)
        self._roused.add(hive_id)
        await self._have_suspended_when_idle(hive, tell)
        return hive

    async def _have_suspended_when_idle(self, hive: Hive, tell: Tell) -> None:
        """Tells a hive that its machine was woken, which it has suspended again."""
        try:
            await self.peer(hive).call(SUSPEND_WHEN_IDLE)
        except RbeeError as error:
            tell(narration.MACHINE_STAYS, hive_id=hive.hive_id, why=error.message)

    async def suspends(self, hive_id: str, models: Sequence[ModelView], tell: Tell) -> None:
        """A hive has its machine suspended next: it is no longer one that lives."""
        self._registry.suspended(hive_id, {each.model_ref: each for each in models})
        self._on.discard(hive_id)
        self._roused.discard(hive_id)
        self._suspended.add(hive_id)
        self._give_up_way(hive_id)  # what wakes it opens another
        tell(narration.MACHINE_SUSPENDED, hive_id=hive_id)
        await self.directory.suspended(hive_id, models)

    def heard(self, hive_id: str) -> None:
        """A hive has sent a heartbeat; one whose machine was suspended is on again with it."""
        if hive_id in self._suspended:
            self._suspended.discard(hive_id)
            self._on.add(hive_id)
            machine = self.directory.known(hive_id)
            hive = self._registry.hives.get(hive_id)
            if hive is not None and hive.tunnelled and isinstance(machine, OtherMachine):
                self._keep_way(hive_id, machine)

    async def _is_on(self, row: HiveRow) -> bool:
        """Whether a machine can be spoken to; one that is suspended, and can be woken, is noted as
        such. It is asked again after `hive_retry` seconds."""
        if row.wake is None or row.hive_id in self._registry.hives:
            return True
        known, now = self._registry.asleep.get(row.hive_id), time.monotonic()
        if known is not None and (
            known.looked_at is None or now - known.looked_at < self._settings.hive_retry
        ):
            return False
        machine = self.directory.machine(row)
        if not isinstance(machine, OtherMachine) or await machine.is_on(ANSWERS):
            self._registry.wakes_not(row.hive_id)
            return True
        if row.devices is not None and row.hive_id not in self._registry.hives:
            models = {each.model_ref: each for each in row.models}
            asleep = Hive(row.hive_id, row.host, "", devices=row.devices, models=models)
            asleep.looked_at = now
            self._registry.found_asleep(asleep)
        return False

    async def _learn_power(self, hive: Hive, wanted: AddHive, tell: Tell) -> None:
        """Has a hive tell how its machine is woken, writes it down, and tells what is missing for
        that. Raises `hive_unfit` where no network card is found."""
        host = wanted.host
        power = await self.peer(hive).call(POWER)
        mac = power.mac if wanted.wake == "auto" else wanted.wake.lower().replace("-", ":")
        if not mac:
            raise RbeeError(
                "hive_unfit",
                f"{host} does not tell which of its network cards could wake it",
                f"name it as ip link shows it there: ssh {host} ip link; --wake aa:bb:cc:dd:ee:ff",
            )
        target = WakeTarget(mac, power.broadcast or "255.255.255.255")
        await self.directory.wakes(hive.hive_id, target)
        card = power.interface or "unknown card"
        facts = {"host": host, "mac": mac, "interface": card, "broadcast": target.broadcast}
        tell(narration.MACHINE_WAKES, **facts)
        if mac == power.mac and power.wakes != "yes":
            off = f"{card} does not wake it yet"
            why = off if power.wakes == "no" else f"it does not say whether {card} wakes it"
            tell(narration.MACHINE_WAKES_NOT, host=host, why=why, fix=power.wake_fix)
        if power.suspends:
            tell(narration.MACHINE_SUSPENDS, host=host, command=power.suspends)
        else:
            why, fix = power.suspend_why, power.suspend_fix
            tell(narration.MACHINE_SUSPENDS_NOT, host=host, why=why, fix=fix)

    def is_measured(self, hive_id: str) -> bool:
        """Whether it is known how fast bytes pass between the queen and a hive."""
        hive = self._registry.hives.get(hive_id)
        if hive is None or hive_id == LOCAL:
            return True
        fresh_ms = 1000 * self._settings.network_fresh
        return narration.now_ms() - hive.measured_at_ms < fresh_ms

    async def note_network(self, hive_id: str, bytes_per_second: float) -> None:
        """So fast bytes pass between the queen and a hive: the catalog remembers it."""
        hive = self._registry.hives.get(hive_id)
        if hive is not None:
            hive.bytes_per_second, hive.measured_at_ms = bytes_per_second, narration.now_ms()
            with contextlib.suppress(RbeeError):  # it is measured again, then
                await self.directory.measured(hive_id, bytes_per_second)

    async def note_processor(self, hive_id: str, name: str, gb_per_second: float) -> None:
        """A hive has told the name of its processor, and how fast that reads: the catalog remembers
        both."""
        devices = self._registry.processor(hive_id, name, gb_per_second)
        if devices is not None:
            await in_thread(DATABASE, self._catalog.describe, hive_id, devices)

    async def check(self, hive_id: str) -> None:
        """After trouble with a hive on another machine: whether it still answers at all."""
        hive = self._registry.hives.get(hive_id)
        if hive is None or self.directory.known(hive_id) is self.directory.own:
            return
        try:
            async with timeout(self._settings.connect_timeout):
                await self.peer(hive).call(HEALTH)
        except (RbeeError, asyncio.TimeoutError):
            self._registry.lost(hive_id)

    async def add(self, hive_id: str, wanted: AddHive, tell: Tell) -> Devices:
        """Looks at a machine, wakes its hive, and writes both into the catalog.

        Raises what keeps it from being a hive; then one that was not there before is forgotten.
        """
        port = self._settings.hive_port if wanted.port is None else wanted.port
        tell(narration.ADDING_HIVE, host=wanted.host)
        row = HiveRow(hive_id, wanted.host, port, HiveStatus.WAKING, ssh_of(wanted), None, 0)
        machine = None
        if row.ssh is not None:
            machine = self.directory.other(row, wanted.passphrase)
            python = python_of(wanted.python)
            bring = Brought(python=python, offline=wanted.offline) if wanted.install else None
            await machine.inspect(tell, bring=bring, accept=wanted.accept_host_key)
        try:
            is_new = await self.directory.take_in(row, machine)
            try:
                hive = await self._awake(row, tell)
                if wanted.wake:
                    await self._learn_power(hive, wanted, tell)
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

    async def bring(self, hive_id: str, bring: Brought, tell: Tell) -> None:
        """Brings rbee to the machine of a hive, beside the one it has, and wakes the hive from it
        where that is the rbee of this queen.

        Raises `hive_not_found`, and what keeps it from that; the one it has stays in use then.
        """
        await self.directory.require(hive_id)
        row = next(each for each in await self.directory.rows(tell) if each.hive_id == hive_id)
        machine = self.directory.machine(row)
        if not isinstance(machine, OtherMachine):
            return
        await machine.inspect(tell, bring=bring)
        try:
            if bring.version == __version__:
                self._failed.pop(hive_id, None)
                await self._awake(row, tell)
                await machine.tidy()
        finally:
            await machine.let_go()

    async def remove(self, hive_id: str, tell: Tell) -> None:
        """Puts a hive to sleep and forgets its machine. Raises `hive_not_found`.

        One that cannot be reached is named, and never let back in: its lease ends it.
        """
        await self.directory.require(hive_id)
        self._give_up_way(hive_id)
        await called_off([each.task for late, each in self._late.items() if late == hive_id])
        async with self._waking.setdefault(hive_id, asyncio.Lock()):
            await self._put_to_sleep(hive_id, tell)
            self._registry.gone(hive_id)
            await self.directory.remove(hive_id)
        self._registry.wakes_not(hive_id)
        self._failed.pop(hive_id, None)

    async def stop_workers(self) -> None:
        """Phase 12.2: every worker is asked to leave; its hive sees to it that it does."""

        async def stop(hive_id: str, worker: WorkerBeat) -> None:
            peer = await self.worker(hive_id, worker.url, worker.worker_id)
            await peer.call(SHUT_DOWN_WORKER, ShutDownWorker())

        workers = [stop(hive_id, worker) for hive_id, worker in self._registry.workers()]
        # A worker that does not hear is ended by its hive.
        with contextlib.suppress(asyncio.TimeoutError):
            async with timeout(self._settings.stop_request):
                await asyncio.gather(*workers, return_exceptions=True)

    async def sleep(self, tell: Tell) -> None:
        """Phase 12.3: every hive that is on is shut down, all at the same time.

        Those that could not be reached are named; their lease ends them.
        """
        await self.directory.own.discard_spare()
        await called_off([each.task for each in self._late.values()])
        await asyncio.gather(*(self._put_to_sleep(hive_id, tell) for hive_id in list(self._on)))

    async def have_heard(self) -> None:
        """Returns once the hive of this machine knows what it was told by its lifeline.

        Until it has read that it may stay, the kernel ends it together with this queen. It reads
        that before it answers a question that is asked later.
        """
        hive = self._registry.hives.get(LOCAL)
        if hive is not None:
            with contextlib.suppress(RbeeError):
                await self.peer(hive).call(HEALTH)

    async def _awake(self, row: HiveRow, tell: Tell) -> Hive:
        try:
            hive = await self._awake_or_woken(row, tell)
        except RbeeError as error:
            self.kept_off[row.hive_id] = error
            raise
        self.kept_off.pop(row.hive_id, None)
        return hive

    async def _awake_or_woken(self, row: HiveRow, tell: Tell) -> Hive:
        async with self._waking.setdefault(row.hive_id, asyncio.Lock()):
            if self.directory.is_forgotten(row.hive_id):
                await self.directory.require(row.hive_id)
            hive = self._registry.hives.get(row.hive_id)
            if hive is not None and hive.devices is not None:
                return hive
            if hive is not None:
                await self._first_heartbeat(hive)
                return await self._described(hive, tell)
            try:
                return await self._until_described(row, tell)
            except RbeeError as error:
                if not error.details.get("died"):
                    raise
                tell(narration.MOVING_ON, why=error.message)
                return await self._until_described(row, tell)

    async def _until_described(self, row: HiveRow, tell: Tell) -> Hive:
        """A hive that is woken, once it has told its devices. The details of the error say `died`
        where its process has ended meanwhile, or does not answer any more."""
        hive = await self._wake(row, tell)
        await self._first_heartbeat(hive)
        try:
            return await self._described(hive, tell)
        except RbeeError as error:
            if error.code == "hive_unreachable":
                error.details["died"] = True
            raise

    async def _described(self, hive: Hive, tell: Tell) -> Hive:
        self._failed.pop(hive.hive_id, None)
        tell(narration.FIRST_HEARTBEAT, hive_id=hive.hive_id)
        row = await self.directory.row(hive.hive_id)
        if row is not None:
            hive.bytes_per_second, hive.measured_at_ms = row.bytes_per_second, row.measured_at_ms
        await self._ask_devices(hive, tell)
        if hive.hive_id in self._roused:  # it has ended since, and knows nothing of that
            await self._have_suspended_when_idle(hive, tell)
        return hive

    async def _wake(self, row: HiveRow, tell: Tell) -> Hive:
        """Takes over a hive that outlived its queen, or starts one."""
        machine = self.directory.machine(row)
        if row.ssh is not None:
            tell(narration.HIVE_APPROACH, host=row.host)
            if not row.is_tunnelled:
                tell(narration.HIVE_IN_THE_OPEN, host=row.host)
        async with machine.approach() as way:
            hive = await self._adopt(row, way, tell)
            if hive is None:
                tell(narration.HIVE_WAKE, host=row.host, port=way.port)
                with self._registry.expecting(row.hive_id):
                    url = await machine.start(row, way, tell)
                    tunnelled = row.is_tunnelled
                    hive = self._registry.woken(row.hive_id, row.host, url, tunnelled)
        self._on.add(row.hive_id)
        if isinstance(machine, OtherMachine) and row.is_tunnelled:
            self._keep_way(row.hive_id, machine)
        return hive

    def _keep_way(self, hive_id: str, machine: OtherMachine) -> None:
        """Has the tunnel to a hive opened anew where it breaks off."""
        self._give_up_way(hive_id)
        name = f"tunnel to {hive_id}"
        self._keeping[hive_id] = spawn(self._keep_open(hive_id, machine), name, lambda _: None)

    def _give_up_way(self, hive_id: str) -> None:
        keeping = self._keeping.pop(hive_id, None)
        if keeping is not None:
            keeping.cancel()

    async def _keep_open(self, hive_id: str, machine: OtherMachine) -> None:
        """Digs again whenever the tunnel has broken off, as long as its hive may live without."""
        while True:
            await self._until_cut_off(hive_id, machine)
            until = time.monotonic() + self._settings.lease
            while not await self._dig_again(hive_id, machine):
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

    async def _dig_again(self, hive_id: str, machine: OtherMachine) -> bool:
        """Whether a tunnel leads to the hive again, which then says so by a heartbeat."""
        async with self._waking.setdefault(hive_id, asyncio.Lock()):
            try:
                way = await machine.open_tunnel_again()
                hive = self._registry.moved(hive_id, way.hive_url)
                async with timeout(self._settings.connect_timeout):
                    credential = self._credential(hive)
                    peer = Peer(self.session, hive.url, credential, credential.name)
                    await self._ask_to_report(peer, hive_id, way)
                    await self._registry.until(lambda: not self._registry.is_offline(hive_id))
            except (RbeeError, asyncio.TimeoutError):
                return False
        return True

    async def _adopt(self, row: HiveRow, way: Way, tell: Tell) -> Hive | None:
        """Takes over a hive with the workers it kept; None: nobody is there, or none of ours.

        Raises `hive_exists` where it has another queen, who lives.
        """
        if not way.hive_url:
            return None
        tunnelled = row.is_tunnelled
        hive = self._registry.woken(row.hive_id, row.host, way.hive_url, tunnelled)
        try:
            peer = self.peer(hive)
            async with timeout(self._settings.connect_timeout):
                health = await peer.call(HEALTH)
            if health.role != "hive":
                raise _silent(hive, "something else answers there")
            await self._ask_to_report(peer, row.hive_id, way)
            if health.version != __version__:
                tell(narration.OUTDATED, hive_id=row.hive_id, found=health.version)
                await shut_down_and_wait(peer, self._settings)
                raise _silent(hive, "was of another version")
        except (RbeeError, asyncio.TimeoutError) as error:
            self._registry.gone(row.hive_id)
            if isinstance(error, RbeeError) and error.code == "hive_exists":
                raise
            return None
        tell(narration.ADOPTED, hive_id=row.hive_id)
        return hive

    async def _ask_to_report(self, peer: Peer, hive_id: str, way: Way) -> None:
        instance = self._here.server.instance
        adopt = Adopt(hive_id=hive_id, queen_url=way.queen_url, instance=instance)
        await peer.call(ADOPT, adopt)

    async def _first_heartbeat(self, hive: Hive) -> None:
        limit = self._settings.health_wait_total

        def beaten_or_gone() -> bool:
            return hive.beats > 0 or self._registry.hives.get(hive.hive_id) is not hive

        try:
            async with timeout(limit):
                await self._registry.until(beaten_or_gone)
        except asyncio.TimeoutError:
            raise _silent(hive, f"sent no heartbeat within {limit:g} s") from None
        if hive.beats == 0:
            raise _silent(hive, "ended before its first heartbeat", died=True)

    async def _ask_devices(self, hive: Hive, tell: Tell) -> None:
        """Phase 4: what a hive has goes into the catalog and the registry."""
        devices = await self.peer(hive).call(DEVICES)
        await in_thread(DATABASE, self._catalog.describe, hive.hive_id, devices)
        self._registry.described(hive.hive_id, devices)
        tell(
            narration.CAPABILITIES,
            hive_id=hive.hive_id,
            devices=in_words(devices),
            models=devices.models,
            workers=devices.workers,
        )
        simulated = [gpu for gpu in devices.gpus if gpu.simulated]
        if simulated:
            names = ", ".join(f"{device_name(gpu.id)} {gpu.name}" for gpu in simulated)
            tell(narration.SIMULATED_GPUS, names=names)

    async def _put_to_sleep(self, hive_id: str, tell: Tell) -> None:
        if hive_id not in self._on:
            return
        self._on.discard(hive_id)
        self._give_up_way(hive_id)
        hive = self._registry.hives.get(hive_id)
        machine = self.directory.known(hive_id)
        if hive is not None:
            await self._suspend_at_end(hive, tell)
        try:
            async with timeout(self._settings.stop_total):
                await machine.end(self.peer(hive) if hive is not None else None)
        except RbeeError as error:
            tell(narration.UNREACHED, hive_id=hive_id, why=error.message)
        except asyncio.TimeoutError:
            tell(narration.UNREACHED, hive_id=hive_id, why="it does not answer")
        try:
            await in_thread(DATABASE, self._catalog.mark, hive_id, HiveStatus.OFFLINE)
        except RbeeError as error:  # no reason to keep anybody awake
            tell(narration.UNNOTED, hive_id=hive_id, why=error.message)

    async def _suspend_at_end(self, hive: Hive, tell: Tell) -> None:
        """Has a machine suspended with the end of its hive, where its rule is for that."""
        row = None
        with contextlib.suppress(RbeeError):  # a catalog that cannot be read keeps nobody awake
            row = await self.directory.row(hive.hive_id)
        if row is None or row.wake is None:
            return
        try:
            async with timeout(self._settings.stop_term):
                end = await self.peer(hive).call(SUSPEND_AT_END)
        except (RbeeError, asyncio.TimeoutError):  # its own end is seen to anyway
            end = EndOfPower(suspends=False, why="its hive does not answer")
        if end.suspends:
            tell(narration.MACHINE_SUSPENDED, hive_id=hive.hive_id)
        elif hive.hive_id in self._roused:
            tell(narration.MACHINE_STAYS, hive_id=hive.hive_id, why=end.why)
        self._roused.discard(hive.hive_id)

    def _failed_lately(self, hive_id: str) -> bool:
        failed_at, _ = self._failed.get(hive_id, (-math.inf, None))
        return time.monotonic() - failed_at < self._settings.hive_retry

    def _own_ended(self) -> None:
        if LOCAL in self._on:
            self._on.discard(LOCAL)
            self._registry.ended(LOCAL)
        else:
            self._registry.gone(LOCAL)


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


def _silent(hive: Hive, how: str, **details: object) -> RbeeError:
    return RbeeError(
        "hive_unreachable",
        f"hive {hive.hive_id} started but {how}",
        f"rbee-keeper logs hive-{hive.hive_id}",
        details,
    )


def in_words(devices: Devices) -> str:
    """``CPU, GPU0 RTX 3060 (12GB), GPU1 RTX 3090 (24GB)``."""
    gpus = [f"{device_name(gpu.id)} {gpu.name} ({gpu.vram_gb:.0f}GB)" for gpu in devices.gpus]
    return ", ".join(["CPU", *gpus])
