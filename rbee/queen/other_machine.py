"""A machine reached over SSH. Its hive lives on a lease; once it listens, HTTP alone is spoken.

By default both directions go through the SSH connection, which is kept, and neither end listens
beyond its loopback. Without a tunnel the two ends of the connection are the addresses at which hive
and queen reach one another, in the open.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import getpass
import importlib
import platform
import shlex
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from rbee import __version__
from rbee.http.client import Peer
from rbee.process.deadline import timeout
from rbee.process.home import Home
from rbee.process.tasks import DISK, MODULES, Threads, in_own_thread, in_thread
from rbee.queen import shell
from rbee.queen.catalog import HiveRow
from rbee.queen.hearers import Say
from rbee.queen.machines import Here, Machine, Told, Way, shut_down_and_wait
from rbee.wire import addresses, narration
from rbee.wire.errors import RbeeError
from rbee.wire.messages.basics import decode, encode
from rbee.wire.messages.hives import SshTarget
from rbee.wire.messages.orders import HiveOrders, Report

if TYPE_CHECKING:
    from rbee.queen.ssh.config import Target
    from rbee.queen.ssh.connection import Lines, SshConnection

#: What a configuration of SSH has run, or looked up, while it is read.
SSH = Threads("ssh", 4)
#: What installing rbee over there may take (seconds); it downloads some 150 MB.
_INSTALL_LIMIT = 1800.0
_LOOPBACK = "127.0.0.1"
#: How many ports lead to one machine at a time: one for its hive, one for each worker there.
_MOST_WAYS = 64
#: What shows the logs of the machine it is typed on.
_LOGS = "rbee-keeper logs"


class Brought(NamedTuple):
    """The rbee that a machine is to have.

    `folder` holds its wheels, empty: the rbee that runs here. `python` is the one to take there, as
    of `shell.python_of`; `offline`: all that it needs is sent from here, too.
    """

    version: str = __version__
    folder: str = ""
    python: str = ""
    offline: bool = False


def here_system() -> str:
    """What ``uname -sm`` says of this machine."""
    return f"{platform.system()} {platform.machine()}"


class OtherMachine(Machine):
    """See `rbee.queen.machines.Machine`. `passphrase` opens the key file; it stays in RAM."""

    def __init__(self, row: HiveRow, here: Here, passphrase: str = "") -> None:
        assert row.ssh is not None, "only other machines are reached over SSH"
        self.hive_id = row.hive_id
        self._add_as = _add_as(row.hive_id, row.host, row.ssh)
        self._host = row.host
        self._port = row.port
        self._ssh = row.ssh
        self._here = here
        self._passphrase = passphrase
        self._connection: SshConnection | None = None
        self._inspected: SshConnection | None = None
        self._tunnel: SshConnection | None = None
        self._forwarded: dict[str, str] = {}
        #: The port over there that leads to the queen, and where the hive said that it listens.
        self._queen_there = 0
        #: The address of the queen's machine on which she listens for this one, beyond loopback.
        self.served_on = ""
        self._hive_there = ""
        #: Whether the hive was started from an environment that the link did not lead to.
        self._is_new = False

    async def inspect(self, say: Say, *, bring: Brought | None, accept: str = "") -> None:
        """Preflight: looks whether rbee can run there, and brings it there where that is wanted.

        `accept` is the fingerprint of the host key that a person has agreed to. The connection
        stays for the next `approach`, or until `let_go`. Raises `ssh_failed`, `hive_unfit` and
        `insufficient_disk` with what is missing.
        """
        host = self._host
        wanted = __version__ if bring is None else bring.version
        python = "" if bring is None else bring.python
        connection = await self._connect(accept)
        try:
            say(narration.MACHINE_REACHED, host=host, address=connection.peer_address or host)
            found = shell.facts(await self._said(connection, shell.inspect(wanted, python)))
            say(narration.MACHINE_LOGIN, host=host, user=found.user)
            if found.rbee != wanted:
                shell.check_python(host, found, python)
            version = found.runs_on if found.rbee else found.version
            say(narration.MACHINE_PYTHON, host=host, version=version)
            say(narration.MACHINE_DISK, host=host, free=narration.size(found.free_bytes))
            if bring is not None and found.rbee != wanted:
                if bring.offline:
                    shell.check_same(host, found, here_system(), platform.python_version())
                shell.check_room(host, found, offline=bring.offline)
                await self._install(connection, found.rbee, bring, say)
            else:
                shell.check_version(host, found.rbee, wanted, self._add_as)
                say(narration.MACHINE_RBEE, host=host, version=wanted)
        except BaseException:
            await connection.close()
            raise
        self._inspected = connection

    async def look(self) -> shell.Facts:
        """What is on it, without a change. Raises `ssh_failed`."""
        async with await self._connect() as connection:
            return shell.facts(await self._said(connection, shell.inspect(__version__)))

    async def tidy(self) -> None:
        """Removes what older versions of rbee have left there. Raises `ssh_failed`."""
        connection = self._inspected or await self._connect()
        try:
            await connection.run(shell.TIDY)
        finally:
            if connection is not self._inspected:
                await connection.close()

    def renew(self, other: OtherMachine) -> None:
        """The same machine was looked at anew: what opens its key is known from there."""
        self._passphrase = other._passphrase

    async def let_go(self) -> None:
        """Closes the connection that `inspect` has left open, where nobody has used it."""
        connection, self._inspected = self._inspected, None
        if connection is not None:
            await connection.close()

    async def is_on(self, seconds: float) -> bool:
        """Whether its SSH server accepts a connection within so many seconds; of one that is
        reached by way of others, whether they let us in there."""
        try:
            target = await self._target()
            if target.jumps or target.command:
                async with timeout(self._here.settings.connect_timeout):
                    await (await self._connect()).close()
                return True
            async with timeout(seconds):
                _, writer = await asyncio.open_connection(target.address, target.port)
        except (OSError, UnicodeError, RbeeError, asyncio.TimeoutError):
            return False
        writer.close()
        return True

    @contextlib.asynccontextmanager
    async def approach(self) -> AsyncIterator[Way]:
        """Opens the tunnel, or asks the SSH connection for its two ends."""
        connection, self._inspected = self._inspected or await self._connect(), None
        self._connection = connection
        try:
            tunnel = self._ssh.tunnel
            if tunnel:
                # The tunnel leads to the hive of the pidfile there, which its user alone can write.
                self._hive_there = shell.recorded_url(await self._said(connection, shell.RECORDED))
            yield await (self._open_tunnel(connection) if tunnel else self._direct(connection))
        except BaseException:
            await self.close_tunnel()  # there is no hive at its end
            raise
        finally:
            self._connection = None
            if connection is not self._tunnel:
                await connection.close()

    async def _direct(self, connection: SshConnection) -> Way:
        here, there = connection.local_address, connection.peer_address
        if not here or not there:
            through = msgspec.structs.replace(self._ssh, tunnel=True)
            raise RbeeError(
                "ssh_failed",
                f"{self._host} is reached through another machine, where HTTP cannot follow",
                f"rbee-keeper add-hive {_add_as(self.hive_id, self._host, through)}"
                " sends it through SSH, too",
                {"reason": "jump"},
            )
        url = addresses.base_url(there, self._port) if self._port else ""
        self.served_on = here
        return Way(there, self._port, url, await self._here.server.serve_also_on(here))

    async def start(self, row: HiveRow, way: Way, told: Told) -> str:
        """One command, the hive's secret on its stdin; it ends when the hive listens."""
        owner = f"{getpass.getuser()}@{platform.node()}"
        instance = self._here.server.instance
        orders = self._here.orders_for(
            row, way, queen_instance=instance, on_lease=True, owner=owner
        )
        connection = self._connection
        assert connection is not None, "a hive is started on the way to its machine"
        self._is_new = False
        try:
            self._hive_there = await self._woken(connection, orders, told)
        except RbeeError as error:
            if self._is_new and error.code == "hive_unreachable":  # this rbee does not run there
                await connection.run(shell.discard(__version__))
            raise
        if self._is_new:
            await connection.run(shell.settle(__version__))
        return await self.way_to(self._hive_there)

    async def end(self, peer: Peer | None) -> None:
        """A hive that does not answer over HTTP is killed over SSH, by its recorded group."""
        try:
            if peer is None:
                raise RbeeError("hive_unreachable", f"{self._host} does not answer", "")
            await shut_down_and_wait(peer, self._here.settings)
        except RbeeError:
            await self._kill()
        finally:
            await self.close_tunnel()

    async def _kill(self) -> None:
        try:
            async with timeout(self._here.settings.stop_term):
                async with await self._connect() as connection:
                    await connection.run(shell.END)
        except asyncio.TimeoutError:
            raise RbeeError(
                "hive_unreachable", "it does not answer, and its lease will end it", ""
            ) from None

    def typed_from_here(self, error: RbeeError) -> RbeeError:
        """See `rbee.queen.machines.Machine`; the error says what to type over SSH from here."""
        there = f"ssh {self._host} .rbee/venv/bin/{_LOGS}"
        if there in error.suggestion:
            return error
        suggestion = error.suggestion.replace(_LOGS, there)
        if error.code == "model_gated" and not self._ssh.tunnel:
            suggestion += f"; on {self._host}, where HF_TOKEN of this machine is not sent"
        return RbeeError(error.code, error.message, suggestion, error.details)

    async def way_to(self, url: str) -> str:
        """With a tunnel, a port of this machine that leads there.

        Raises `hive_unreachable` where the tunnel has broken off, or for what is not on the
        machine itself: a tunnel leads to what was started at its end, and no further.
        """
        if not self._ssh.tunnel:
            return url
        there = addresses.at(url)
        if self._tunnel is None or there is None or not addresses.is_loopback(there[0]):
            raise RbeeError(
                "hive_unreachable",
                f"no tunnel leads to {url} of {self._host}",
                "try again; rbee-keeper hives tells whether that machine is reached",
            )
        if url not in self._forwarded:
            # The oldest is closed, never that of the hive itself.
            if len(self._forwarded) >= _MOST_WAYS:
                oldest = next(each for each in self._forwarded if each != self._hive_there)
                self._tunnel.tunnels.stop(int(self._forwarded.pop(oldest).rpartition(":")[2]))
            local = self._tunnel.tunnels.forward(there)
            self._forwarded[url] = addresses.base_url(_LOOPBACK, local)
        return self._forwarded[url]

    async def until_cut_off(self) -> None:
        """Returns once the tunnel has ended, whoever ended it."""
        if self._tunnel is not None:
            await self._tunnel.until_closed()

    async def open_tunnel_again(self) -> Way:
        """Opens the tunnel anew to the hive that it led to. Raises `ssh_failed`."""
        connection = await self._connect()
        try:
            return await self._open_tunnel(connection)
        except BaseException:
            await connection.close()
            raise

    async def close_tunnel(self) -> None:
        """Takes the tunnel away, with the ports that led into it at either end."""
        tunnel, self._tunnel, self._forwarded = self._tunnel, None, {}
        if tunnel is not None:
            await tunnel.close()

    async def known_as(self) -> frozenset[str]:
        """What it, and each machine on the way there, is called in files of known hosts.

        Raises `ssh_failed` where the SSH configuration does not tell.
        """
        target = await self._target()
        return frozenset(each.known_as for each in (*target.jumps, target))

    async def _target(self) -> Target:
        """Paramiko is imported now, in a thread: it takes its time."""
        config = await in_thread(MODULES, importlib.import_module, "rbee.queen.ssh.config")
        home = Path.home()
        text = await in_thread(SSH, config.read_config, home)
        user = getpass.getuser()
        resolve = functools.partial(config.resolve, config=text, home=home, local_user=user)
        target: Target = await in_thread(SSH, resolve, self._host, self._ssh)
        return target

    async def _connect(self, accept: str = "") -> SshConnection:
        """The connection, opened where there is none. Raises `ssh_failed`."""
        target = await self._target()
        ssh = await in_thread(MODULES, importlib.import_module, "rbee.queen.ssh.connection")
        ours, passphrase = known_hosts(self._here.home), self._passphrase
        dialling = ssh.Dialling(self._add_as, ours, self._here.settings, accept, passphrase)
        opened: SshConnection = await ssh.SshConnection.open(target, dialling)
        return opened

    async def _said(self, connection: SshConnection, command: str) -> str:
        return (await connection.run(command)).stdout.decode("utf-8", "replace")

    async def _open_tunnel(self, connection: SshConnection) -> Way:
        await self.close_tunnel()
        self._tunnel = connection
        here = (_LOOPBACK, self._here.server.port)
        reverse = functools.partial(connection.tunnels.reverse, here, self._queen_there)
        port = self._queen_there = await in_own_thread(reverse)
        url = await self.way_to(self._hive_there) if self._hive_there else ""
        return Way(_LOOPBACK, self._port, url, addresses.base_url(_LOOPBACK, port))

    async def _woken(self, connection: SshConnection, orders: HiveOrders, told: Told) -> str:
        """The URL at which the hive listens over there. Raises what keeps it from that."""
        lines = await connection.lines(shell.wake(__version__), encode(orders) + b"\n")
        # Over there a hive gets this long; the rest is for the programs that start it.
        limit = 2 * self._here.settings.health_wait_total
        try:
            async with timeout(limit):
                return await self._listening(lines, told)
        except asyncio.TimeoutError:
            raise RbeeError(
                "hive_unreachable",
                f"the hive on {self._host} has not begun to listen within {limit:g} s",
                f"look what keeps that machine busy: ssh {self._host}",
            ) from None
        finally:
            lines.close()

    async def _listening(self, lines: Lines, told: Told) -> str:
        async for line in lines:
            if line == shell.STAGED:
                self._is_new = True
                continue
            if line.startswith("rbee="):
                found = shell.version_of(line.removeprefix("rbee="))
                shell.check_version(self._host, found, __version__, self._add_as)
            report = self._report(line)
            if report.error is not None:
                error = RbeeError.from_body(report.error)
                if error.code == "port_in_use":
                    free = f"rbee-keeper add-hive --port {self._port + 10} {self._add_as}"
                    error.message = f"port {self._port} of {self._host} is held by another program"
                    error.suggestion = f"end that program, or: {free}"
                raise error
            if report.url:
                return report.url
            if report.narration is not None:
                told(report.narration)
        raise RbeeError(
            "hive_unreachable",
            f"the hive on {self._host} ended while it was starting",
            f"look into the logs there: ssh {self._host} .rbee/venv/bin/{_LOGS}",
            {"log": shell.last_lines(lines.stderr.decode("utf-8", "replace"))},
        )

    def _report(self, line: str) -> Report:
        try:
            return decode(line.encode(), Report, "its report")
        except RbeeError as error:
            raise RbeeError(
                "hive_unreachable",
                f"what answers on {self._host} is no rbee: {error.message}",
                f"rbee-keeper add-hive --install {self._add_as} brings it there; "
                f"before that, look into .rbee/venv: ssh {self._host}",
            ) from None

    async def _install(
        self, connection: SshConnection, found: str, bring: Brought, say: Say
    ) -> None:
        """Brings rbee there beside rbee `found`, "" where there is none. Raises `hive_unfit`."""
        from rbee.queen import wheels  # late: it needs what pip knows of packages

        host, version = self._host, bring.version
        line = narration.MACHINE_REPLACE if found else narration.MACHINE_INSTALL
        say(line, host=host, found=found, version=version)
        began = time.monotonic()
        name, sent = await in_thread(DISK, wheels.archive, bring.folder, bring.offline)
        if bring.offline:
            say(narration.MACHINE_SENDS, host=host, size=narration.size(len(sent)))
        command = shell.install(
            name, len(sent), version, python=bring.python, offline=bring.offline
        )
        lines = await connection.lines(command, sent, stdin_stays=True)
        try:
            async with timeout(_INSTALL_LIMIT):
                async for said_there in lines:
                    if said := shell.progress(said_there):
                        say(said[0], host=host, **said[1])
        except asyncio.TimeoutError:
            raise RbeeError(
                "hive_unfit",
                f"pip on {host} has not ended after {_INSTALL_LIMIT / 60:.0f} minutes",
                "see to it that it reaches its package index, then try again",
            ) from None
        finally:
            lines.close()
        if lines.status != 0:
            said_last = lines.stderr.decode("utf-8", "replace")
            raise shell.not_installed(host, said_last, self._add_as)
        took = narration.seconds(time.monotonic() - began)
        say(narration.MACHINE_INSTALLED, host=host, version=version, seconds=took)


def known_hosts(home: Home) -> Path:
    """The host keys that were agreed to here: our own file, which `remove-hive` tidies; the
    person's files are read, and never written."""
    return home.path / "known_hosts"


def _add_as(hive_id: str, host: str, ssh: SshTarget) -> str:
    """What ``rbee-keeper add-hive`` calls this machine, with the options that it takes."""
    options = {
        "--id": None if hive_id == host else hive_id,
        "--ssh-user": ssh.user,
        "--ssh-port": ssh.port,
        "--key": ssh.key_path,
    }
    words = [str(word) for pair in options.items() if pair[1] is not None for word in pair]
    return shlex.join([*words, *([] if ssh.tunnel else ["--no-tunnel"]), host])
