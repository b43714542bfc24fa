"""From a target to an authenticated connection, over the machines that lie between. All blocks."""

from __future__ import annotations

import contextlib
import socket
import time
from dataclasses import dataclass
from pathlib import Path

import paramiko

from rbee.queen.ssh import host_keys
from rbee.queen.ssh.config import Target
from rbee.queen.ssh.errors import ssh_failed
from rbee.queen.ssh.login import log_in
from rbee.queen.ssh.proxy import Proxy
from rbee.wire.errors import RbeeError
from rbee.wire.settings import Settings

#: The reasons of failures after which connecting is tried again.
_PASSING = frozenset(["refused", "timeout", "unreachable", "no_ssh"])


@dataclass(frozen=True)
class Dialled:
    """An authenticated connection; `opened` is what it runs over, the nearest first."""

    transport: paramiko.Transport
    local_address: str
    peer_address: str
    opened: contextlib.ExitStack

    def close(self) -> None:
        """Closes the connection to the target, then those that it runs over."""
        self.opened.close()


@dataclass(frozen=True)
class Dialling:
    """How a machine is dialled.

    `add_as` is what ``rbee-keeper add-hive`` calls it, with the options that it takes, for errors
    that advise it. `known_hosts` is our own file of host keys, beside those that the target names;
    `accept` the fingerprint (``SHA256:...``) of an unknown host key that a person has agreed to,
    which is then written there. `passphrase` opens the key file.
    """

    add_as: str
    known_hosts: Path
    settings: Settings
    accept: str = ""
    passphrase: str = ""

    def dial(self, target: Target) -> Dialled:
        """Connects and logs in, in `settings.connect_tries` tries. Raises `ssh_failed`."""
        for _ in range(self.settings.connect_tries - 1):
            try:
                return self._reach(target)
            except RbeeError as error:
                if error.details["reason"] not in _PASSING:
                    raise
            time.sleep(self.settings.health_wait_longest)
        return self._reach(target)

    def _reach(self, target: Target) -> Dialled:
        addresses = ("", "")
        transport: paramiko.Transport | None = None
        with contextlib.ExitStack() as opened:
            for hop in (*target.jumps, target):
                proxy = None
                if transport is None and hop.command:
                    proxy = Proxy(hop.command)
                    opened.callback(proxy.close)
                    reached: socket.socket | paramiko.Channel = proxy.socket
                elif transport is None:
                    reached = direct = self._connect(hop)
                    if hop is target:
                        addresses = (direct.getsockname()[0], direct.getpeername()[0])
                else:
                    reached = self._connect_through(hop, transport)
                transport = self._enter(hop, reached, proxy)
                opened.callback(transport.close)
            assert transport is not None
            return Dialled(transport, *addresses, opened.pop_all())

    def _connect(self, hop: Target) -> socket.socket:
        seconds = self.settings.ssh_connect_timeout
        try:
            reached = socket.create_connection((hop.address, hop.port), seconds)
        except (OSError, UnicodeError) as error:
            raise _unreached(hop, error, seconds) from None
        reached.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            silence = self.settings.heartbeat_interval * self.settings.heartbeats_missed
            reached.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(silence * 1000))
        return reached

    def _connect_through(self, hop: Target, before: paramiko.Transport) -> paramiko.Channel:
        seconds = self.settings.ssh_connect_timeout
        address = (hop.address, hop.port)
        try:
            return before.open_channel("direct-tcpip", address, ("", 0), timeout=seconds)
        except (OSError, paramiko.SSHException, EOFError, UnicodeError) as error:
            raise _unreached(hop, error, seconds) from None

    def _enter(
        self, hop: Target, reached: socket.socket | paramiko.Channel, proxy: Proxy | None
    ) -> paramiko.Transport:
        seconds = self.settings.ssh_connect_timeout
        began = time.monotonic()
        transport = paramiko.Transport(reached)
        try:
            transport.banner_timeout = transport.auth_timeout = seconds
            known = host_keys.keys_of(hop, self.known_hosts)
            options = transport.get_security_options()
            options.key_types = host_keys.preferred(known, tuple(options.key_types))
            try:
                transport.start_client(timeout=seconds)
                key = transport.get_remote_server_key()
            except (paramiko.SSHException, EOFError, OSError) as error:
                if time.monotonic() - began >= seconds:
                    raise _unreached(hop, TimeoutError(), seconds) from None
                raise _no_ssh(hop, error, proxy) from None
            is_new = host_keys.check(hop, key, known, self.accept, self.add_as)
            if is_new:
                host_keys.remember(hop, key, self.known_hosts)
            log_in(transport, hop, self.passphrase)
            transport.set_keepalive(max(1, round(self.settings.heartbeat_interval)))
        except OSError as error:
            transport.close()
            raise ssh_failed(
                "known_hosts",
                f"cannot use {error.filename}: {error.strerror}",
                f"chmod 600 {error.filename}",
            ) from None
        except BaseException:
            transport.close()
            raise
        return transport


def _unreached(hop: Target, error: Exception, seconds: float) -> RbeeError:
    where = f"{hop.name} ({hop.address} port {hop.port})"
    if hop.address == hop.name:
        where = f"{hop.name} port {hop.port}"
    if isinstance(error, (socket.gaierror, UnicodeError)):
        return ssh_failed(
            "dns",
            f"nobody knows a machine called {hop.address}",
            "look for a slip in the name, or type its address, such as 192.168.1.20",
        )
    if isinstance(error, ConnectionRefusedError):
        return ssh_failed(
            "refused",
            f"no SSH server listens at {where}",
            f"on {hop.name}: sudo apt install openssh-server; or name another port: --ssh-port",
        )
    if isinstance(error, TimeoutError):
        return ssh_failed(
            "timeout",
            f"{where} did not answer within {seconds:g} s",
            "look whether that machine is on, and whether a firewall is in the way",
        )
    why = getattr(error, "strerror", None) or str(error) or "the connection broke off"
    if isinstance(error, paramiko.ChannelException):
        why = f"the machine before it says {error.text!r}"
    return ssh_failed(
        "unreachable",
        f"{where} cannot be reached: {why}",
        "look whether that machine is on, and in the same network",
    )


def _no_ssh(hop: Target, error: Exception, proxy: Proxy | None) -> RbeeError:
    if proxy is not None:
        return ssh_failed(
            "proxy_command",
            f"{hop.name} cannot be reached by the ProxyCommand of ~/.ssh/config: "
            f"{proxy.complaint() or error}",
            f"look into ~/.ssh/config; this has to work: ssh {hop.login}",
        )
    return ssh_failed(
        "no_ssh",
        f"what listens at {hop.address} port {hop.port} does not speak SSH as we do: {error}",
        f"name the port of its SSH server: --ssh-port; this has to work: ssh {hop.login}",
    )
