"""A machine reached over SSH. Its hive lives on a lease; once it listens, HTTP alone is spoken.

By default the two ends of the SSH connection are the addresses at which hive and queen reach one
another. With a tunnel, both directions go through the connection, which is then kept.
"""

from __future__ import annotations

import asyncio
import contextlib
import getpass
import importlib
import platform
import shlex
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING

from rbee import __version__
from rbee.http.client import Peer
from rbee.process.deadline import timeout
from rbee.process.home import Home
from rbee.process.sabotage import sabotaged
from rbee.queen import shell
from rbee.queen.catalog import HiveRow
from rbee.queen.machines import Tell, Way, see_off
from rbee.queen.wheel import build_wheel
from rbee.wire import addresses, proof
from rbee.wire import narration as say_so
from rbee.wire.errors import RbeeError
from rbee.wire.messages import HiveOrders, Report, SshTarget, decode, encode
from rbee.wire.narration import AS_SAID, Line
from rbee.wire.settings import Settings

if TYPE_CHECKING:
    from rbee.queen.ssh.connection import Connection

#: What installing rbee over there may take (seconds); it downloads some 150 MB.
_INSTALL_LIMIT = 1800.0
_LOOPBACK = "127.0.0.1"
#: What shows the logs of the machine it is typed on.
_LOGS = "rbee-keeper logs"


class OtherMachine:
    """See `rbee.queen.machines.Machine`. `passphrase` opens the key file; it stays in RAM."""

    def __init__(
        self,
        hive_id: str,
        host: str,
        port: int,
        ssh: SshTarget,
        home: Home,
        settings: Settings,
        token: str,
        serve_also_on: Callable[[str], Awaitable[str]],
        queen_port: Callable[[], int],
        passphrase: str = "",
    ) -> None:
        self._add_as = _add_as(hive_id, host, ssh)
        self._host = host
        self._port = port
        self._ssh = ssh
        self._home = home
        self._settings = settings
        self._token = token
        self._serve_also_on = serve_also_on
        self._queen_port = queen_port
        self._passphrase = passphrase
        self._connection: Connection | None = None
        self._inspected: Connection | None = None
        self._tunnel: Connection | None = None
        self._dug: dict[str, str] = {}

    async def inspect(self, tell: Tell, *, install: bool, accept: str) -> None:
        """Preflight: looks whether rbee can run there, and brings it there where that is wanted.

        `accept` is the fingerprint of the host key that a person has agreed to. The connection
        stays for the next `approach`, or until `let_go`. Raises `ssh_failed`, `hive_unfit` and
        `insufficient_disk` with what is missing.
        """
        host = self._host
        connection = await self._connect(accept)
        try:
            tell(say_so.MACHINE_REACHED, host=host, address=connection.peer_address or host)
            found = shell.facts((await connection.run(shell.INSPECT)).stdout.decode())
            tell(say_so.MACHINE_LOGIN, host=host, user=found.user)
            if found.rbee != __version__:
                shell.check_python(host, found)
            version = found.runs_on if found.rbee else found.version
            tell(say_so.MACHINE_PYTHON, host=host, version=version)
            tell(say_so.MACHINE_DISK, host=host, free=say_so.size(found.free_bytes))
            if install and found.rbee != __version__:
                shell.check_room(host, found)
                await self._install(connection, found.rbee, tell)
            else:
                shell.check_version(host, found.rbee, __version__, self._add_as)
                tell(say_so.MACHINE_RBEE, host=host, version=__version__)
        except BaseException:
            await connection.close()
            raise
        self._inspected = connection

    async def let_go(self) -> None:
        """Closes the connection that `inspect` has left open, where nobody has used it."""
        connection, self._inspected = self._inspected, None
        if connection is not None:
            await connection.close()

    @contextlib.asynccontextmanager
    async def approach(self) -> AsyncIterator[Way]:
        """Opens the tunnel, or asks the SSH connection for its two ends."""
        connection, self._inspected = self._inspected or await self._connect(), None
        self._connection = connection
        try:
            tunnel = self._ssh.tunnel and not sabotaged("queen:no-tunnel")
            yield await (self._dig(connection) if tunnel else self._direct(connection))
        finally:
            self._connection = None
            if connection is not self._tunnel:
                await connection.close()

    async def _direct(self, connection: Connection) -> Way:
        here, there = connection.local_address, connection.peer_address
        if sabotaged("queen:localhost-to-all"):
            here = _LOOPBACK
        if not here or not there:
            raise RbeeError(
                "ssh_failed",
                f"{self._host} is reached through another machine, where HTTP cannot follow",
                f"rbee-keeper add-hive --tunnel {self._add_as} sends it through SSH, too",
                {"reason": "jump"},
            )
        url = addresses.base_url(there, self._port) if self._port else ""
        return Way(there, self._port, url, await self._serve_also_on(here))

    async def start(self, row: HiveRow, way: Way, tell: Tell) -> str:
        """One command, the hive's secret on its stdin; it ends when the hive listens."""
        orders = HiveOrders(
            host=way.host,
            port=way.port,
            token=proof.hive_secret(self._token, row.hive_id),
            hive_id=row.hive_id,
            queen_url=way.queen_url,
            on_lease=True,
            owner=f"{getpass.getuser()}@{platform.node()}",
        )
        assert self._connection is not None, "a hive is started on the way to its machine"
        return await self.way_to(await self._woken(self._connection, orders, tell))

    async def end(self, peer: Peer | None) -> None:
        """A hive that does not answer over HTTP is killed over SSH, by its recorded group."""
        try:
            if peer is None:
                raise RbeeError("hive_unreachable", f"{self._host} does not answer", "")
            await see_off(peer, self._settings)
        except RbeeError:
            await self._kill()
        finally:
            if self._tunnel is not None:
                await self._tunnel.close()
                self._tunnel = None

    async def _kill(self) -> None:
        try:
            async with timeout(self._settings.stop_term):
                connection = await self._connect()
                try:
                    if not sabotaged("queen:no-ssh-kill"):
                        await connection.run(shell.END)
                finally:
                    await connection.close()
        except asyncio.TimeoutError:
            raise RbeeError(
                "hive_unreachable", "it does not answer, and its lease will end it", ""
            ) from None

    def typed_from_here(self, error: RbeeError) -> RbeeError:
        """Over SSH."""
        there = f"ssh {self._host} .rbee/venv/bin/{_LOGS}"
        if there in error.suggestion:
            return error
        suggestion = error.suggestion.replace(_LOGS, there)
        if error.code == "model_gated" and not self._ssh.tunnel:
            suggestion += f"; on {self._host}, where HF_TOKEN of this machine is not sent"
        return RbeeError(error.code, error.message, suggestion, error.details)

    async def way_to(self, url: str) -> str:
        """With a tunnel, a port of this machine that leads there."""
        if self._tunnel is None:
            return url
        if url not in self._dug:
            port = int(url.rpartition(":")[2])
            local = await self._tunnel.forward(addresses.host_of(url), port)
            self._dug[url] = addresses.base_url(_LOOPBACK, local)
        return self._dug[url]

    def stay(self) -> None:
        """It lives on its lease anyway."""

    async def _connect(self, accept: str = "") -> Connection:
        """Raises `ssh_failed`. Paramiko is imported now, in a thread: it takes its time."""
        config = await asyncio.to_thread(importlib.import_module, "rbee.queen.ssh.config")
        ssh = await asyncio.to_thread(importlib.import_module, "rbee.queen.ssh.connection")
        home = Path.home()
        target = config.resolve(
            self._host,
            self._ssh,
            config=await asyncio.to_thread(config.read_config, home),
            home=home,
            local_user=getpass.getuser(),
        )
        opened: Connection = await ssh.Connection.open(
            target,
            add_as=self._add_as,
            known_hosts=self._home.path / "known_hosts",
            settings=self._settings,
            accept=accept,
            passphrase=self._passphrase,
        )
        return opened

    async def _dig(self, connection: Connection) -> Way:
        if self._tunnel is not None:
            await self._tunnel.close()
        self._tunnel, self._dug = connection, {}
        queen_port = await connection.reverse(_LOOPBACK, self._queen_port())
        there = addresses.base_url(_LOOPBACK, self._port)
        url = await self.way_to(there) if self._port else ""
        return Way(_LOOPBACK, self._port, url, addresses.base_url(_LOOPBACK, queen_port))

    async def _woken(self, connection: Connection, orders: HiveOrders, tell: Tell) -> str:
        """The URL at which the hive listens over there. Raises what keeps it from that."""
        lines = await connection.lines(shell.wake(__version__), encode(orders) + b"\n")
        async for line in lines:
            if line.startswith("rbee="):
                found = line.removeprefix("rbee=")
                shell.check_version(self._host, found, __version__, self._add_as)
            report = decode(line.encode(), Report, f"report of {self._host}")
            if report.error is not None:
                raise self._told(RbeeError.from_body(report.error))
            if report.url:
                return report.url
            if report.narration is not None:
                said = report.narration
                tell(Line(said.actor, said.action, AS_SAID), human=said.human)
        raise RbeeError(
            "hive_unreachable",
            f"the hive on {self._host} ended while it was starting",
            f"look into the logs there: ssh {self._host} .rbee/venv/bin/{_LOGS}",
            {"log": shell.last_lines(lines.stderr.decode("utf-8", "replace"))},
        )

    def _told(self, error: RbeeError) -> RbeeError:
        """What keeps a hive from starting there, with what to type here."""
        if error.code != "port_in_use":
            return error
        return RbeeError(
            error.code,
            f"port {self._port} of {self._host} is held by another program",
            f"end that program, or: rbee-keeper add-hive --port {self._port + 10} {self._add_as}",
            error.details,
        )

    async def _install(self, connection: Connection, found: str, tell: Tell) -> None:
        """Replaces rbee `found`, "" where there is none. Raises `hive_unfit`."""
        line = say_so.MACHINE_REPLACE if found else say_so.MACHINE_INSTALL
        tell(line, host=self._host, found=found, version=__version__)
        began = time.monotonic()
        name, wheel = await asyncio.to_thread(build_wheel)
        command = shell.install(name, len(wheel), __version__)
        lines = await connection.lines(command, wheel, stdin_stays=True)
        try:
            async with timeout(_INSTALL_LIMIT):
                async for said_there in lines:
                    if said := shell.progress(said_there):
                        tell(said[0], host=self._host, **said[1])
        except asyncio.TimeoutError:
            raise RbeeError(
                "hive_unfit",
                f"pip on {self._host} has not ended after {_INSTALL_LIMIT / 60:.0f} minutes",
                "see to it that it reaches its package index, then try again",
            ) from None
        finally:
            lines.close()
        if lines.status != 0:
            raise shell.not_installed(self._host, lines.stderr.decode("utf-8", "replace"))
        took = say_so.seconds(time.monotonic() - began)
        tell(say_so.MACHINE_INSTALLED, host=self._host, version=__version__, seconds=took)


def _add_as(hive_id: str, host: str, ssh: SshTarget) -> str:
    """What ``rbee-keeper add-hive`` calls this machine, with the options that it takes."""
    options = {
        "--id": None if hive_id == host else hive_id,
        "--ssh-user": ssh.user,
        "--ssh-port": ssh.port,
        "--key": ssh.key_path,
    }
    words = [str(word) for pair in options.items() if pair[1] is not None for word in pair]
    return shlex.join([*words, *(["--tunnel"] if ssh.tunnel else []), host])
