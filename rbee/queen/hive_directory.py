"""Which machines belong to the swarm, and the way to each. Phase 3.1.

What the catalog remembers of a machine becomes a `Machine` here, once; who wants to wake one or
to end one asks for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
from collections.abc import Sequence

import msgspec

from rbee.process.tasks import DATABASE, DISK, MODULES, in_thread
from rbee.queen.catalog import HiveCatalog, HiveRow
from rbee.queen.hearers import Say
from rbee.queen.machines import Here, Machine, OwnMachine
from rbee.queen.other_machine import OtherMachine, known_hosts
from rbee.queen.state import LOCAL
from rbee.wire import addresses, narration
from rbee.wire.errors import RbeeError, no_such
from rbee.wire.messages.devices import Devices
from rbee.wire.messages.hives import AddHive, HiveStatus, SshTarget, WakeTarget
from rbee.wire.messages.models import ModelView
from rbee.wire.names import check_hive, check_machine


class HiveDirectory:
    """The machines of the catalog, which it alone reads and writes. `own` is the queen's."""

    def __init__(self, here: Here, catalog: HiveCatalog, own: OwnMachine) -> None:
        self._here = here
        self._catalog = catalog
        self.own = own
        self._others: dict[str, OtherMachine] = {}
        self._rows: list[HiveRow] | None = None
        self._forgotten: set[str] = set()
        self._reading = asyncio.Lock()

    async def rows(self, say: Say) -> list[HiveRow]:
        """The machines of the catalog, read once; the local one is added to an empty one."""
        async with self._reading:
            rows = await self._read()
            if not rows:
                say(narration.NO_HIVES)
                port = self._here.settings.hive_port
                await in_thread(DATABASE, self._catalog.add, LOCAL, LOCAL, port, None)
                rows = self._rows = await in_thread(DATABASE, self._catalog.list)
            return rows

    async def read_ahead(self) -> None:
        """Reads the catalog before it is asked for. Raises what keeps it from being read."""
        async with self._reading:
            await self._read()

    async def _read(self) -> list[HiveRow]:
        if self._rows is None:
            self._rows = await in_thread(DATABASE, self._catalog.list)
        return self._rows

    def machine(self, row: HiveRow) -> Machine:
        """The machine of a row."""
        if row.ssh is None:
            return self.own
        if row.hive_id not in self._others:
            self._others[row.hive_id] = self.other(row, "")
        return self._others[row.hive_id]

    def known(self, hive_id: str) -> Machine:
        """The machine of a hive that was woken."""
        return self._others.get(hive_id, self.own)

    def other(self, row: HiveRow, passphrase: str) -> OtherMachine:
        """A machine that is to be looked at first; it belongs to the swarm once it is taken in."""
        return OtherMachine(row, self._here, passphrase)

    async def take_in(self, row: HiveRow, machine: OtherMachine | None) -> bool:
        """Writes a machine into the catalog; whether it was not there before."""
        before = self._others.get(row.hive_id)
        if machine is not None and before is not None:
            before.renew(machine)  # the old one may hold the tunnel of a hive that is awake
        elif machine is not None:
            self._others[row.hive_id] = machine
        self._forgotten.discard(row.hive_id)
        is_new = all(each.hive_id != row.hive_id for each in await self.listed())
        if is_new:
            add = self._catalog.add
            await in_thread(DATABASE, add, row.hive_id, row.host, row.port, row.ssh)
        self._rows = None
        return is_new

    async def wakes(self, hive_id: str, target: WakeTarget) -> None:
        """Writes into the catalog how a machine is woken from suspension."""
        await in_thread(DATABASE, self._catalog.wakes, hive_id, target)
        self._rows = None

    async def describe(self, hive_id: str, devices: Devices) -> None:
        """Writes into the catalog what a hive has told of its devices."""
        await in_thread(DATABASE, self._catalog.describe, hive_id, devices)

    async def ended(self, hive_id: str) -> None:
        """Writes into the catalog that a hive has ended."""
        await in_thread(DATABASE, self._catalog.mark, hive_id, HiveStatus.OFFLINE)

    async def suspended(self, hive_id: str, models: Sequence[ModelView]) -> None:
        """Writes into the catalog what a machine has on its disk while it is suspended."""
        await in_thread(DATABASE, self._catalog.suspended, hive_id, list(models))
        self._rows = None

    async def measured(self, hive_id: str, bytes_per_second: float) -> None:
        """Writes into the catalog how fast bytes pass between the queen and a machine."""
        await in_thread(DATABASE, self._catalog.measured, hive_id, bytes_per_second)
        self._rows = None

    async def row(self, hive_id: str) -> HiveRow | None:
        """What the catalog has of a machine, where it has it."""
        async with self._reading:
            rows = await self._read()
        return next((row for row in rows if row.hive_id == hive_id), None)

    async def forget(self, hive_id: str) -> None:
        """Takes a machine out of the catalog, and closes what was opened for it."""
        await in_thread(DATABASE, self._catalog.remove, hive_id)
        self._forgotten.add(hive_id)
        self._rows = None
        machine = self._others.pop(hive_id, None)
        if machine is None:
            return
        await machine.close_tunnel()
        if all(other.served_on != machine.served_on for other in self._others.values()):
            await self._here.server.serve_no_more_on(machine.served_on)

    def is_forgotten(self, hive_id: str) -> bool:
        """Whether a machine was taken out of the catalog since this queen has read it."""
        return hive_id in self._forgotten

    async def remove(self, hive_id: str) -> None:
        """Forgets a machine, and the host keys that were agreed to for it and are of no more use.

        Those in the person's own files are theirs.
        """
        rows = await self.listed()
        await self.forget(hive_id)
        ours = known_hosts(self._here.home)
        if not ours.exists():
            return
        # if the SSH configuration cannot be read, nothing is forgotten
        with contextlib.suppress(RbeeError):
            others = [self.other(row, "") for row in rows if row.ssh is not None]
            names = {each.hive_id: await each.known_as() for each in others}
            gone = names.pop(hive_id, frozenset()).difference(*names.values())
            host_keys = await in_thread(
                MODULES, importlib.import_module, "rbee.queen.ssh.host_keys"
            )
            await in_thread(DISK, host_keys.forget, gone, ours)

    async def require(self, hive_id: str) -> None:
        """Raises `hive_not_found` with a near match for a name that the catalog does not have."""
        refuse_unknown(hive_id, await self.listed())

    async def decided(self, hive_id: str, wanted: AddHive) -> AddHive:
        """`wanted`, and whether through a tunnel: as typed, as it was added before, or through one.

        Raises `hive_exists` for a name or a machine that the catalog has already. A machine that is
        there under this very name may have rbee brought to it anew, and a new host key agreed to.
        """
        is_renewed = wanted.install or wanted.accept_host_key or wanted.wake
        rows = await self.listed()
        wanted = with_way(hive_id, wanted, rows)
        for row in rows:
            same_machine = (row.host, row.ssh) == (wanted.host, ssh_of(wanted))
            if row.hive_id == hive_id and not (is_renewed and same_machine):
                raise RbeeError(
                    "hive_exists",
                    f"there is a hive called {hive_id!r} already",
                    f"rbee-keeper remove-hive {hive_id}, or give this one another name with --id",
                )
            if row.hive_id != hive_id and same_machine:
                raise RbeeError(
                    "hive_exists",
                    f"{wanted.host} is in the catalog already, as hive {row.hive_id}",
                    f"rbee-keeper remove-hive {row.hive_id}",
                )
        return wanted

    async def listed(self) -> list[HiveRow]:
        """The machines that are in the catalog now, by whichever queen."""
        return await in_thread(DATABASE, self._catalog.list)


def refuse_unknown(hive_id: str, rows: Sequence[HiveRow]) -> None:
    """Raises `hive_not_found` with a near match where no row is that of the hive."""
    ids = [row.hive_id for row in rows]
    if hive_id not in ids:
        raise no_such("hive", hive_id, ids, "rbee-keeper hives lists them")


def ssh_of(wanted: AddHive) -> SshTarget | None:
    """How the machine is to be reached; None for the queen's own."""
    here = wanted.host in addresses.LOOPBACK
    if wanted.ssh is None or (here and wanted.ssh == SshTarget(tunnel=False)):
        return None if here else SshTarget()
    return wanted.ssh


def with_way(hive_id: str, wanted: AddHive, rows: Sequence[HiveRow]) -> AddHive:
    """`wanted` with the tunnel decided: as typed, else as that machine is in `rows`, else one."""
    ssh = ssh_of(wanted)
    if ssh is None or ssh.tunnel is not None:
        return wanted
    before = [row for row in rows if row.hive_id == hive_id and row.host == wanted.host and row.ssh]
    tunnel = all(row.is_tunnelled for row in before)
    return msgspec.structs.replace(wanted, ssh=msgspec.structs.replace(ssh, tunnel=tunnel))


def id_of(wanted: AddHive) -> str:
    """What a machine is called: as the user says, or the first part of its name.

    Raises `invalid_request` where that cannot be a name, or any other name of `wanted` is none.
    """
    check_machine(wanted)
    if wanted.hive_id is not None:
        hive_id = wanted.hive_id
    elif ssh_of(wanted) is None:
        hive_id = LOCAL
    elif wanted.host.replace(".", "").isdigit() or ":" in wanted.host:  # an address
        hive_id = wanted.host.replace(":", "-").replace("%", "-").strip("-")
    else:
        hive_id = wanted.host.partition(".")[0]
    check_hive(hive_id)
    return hive_id
