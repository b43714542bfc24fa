"""Ports that lead through an SSH connection, in either direction."""

from __future__ import annotations

import contextlib
import functools
import socket
import threading
from collections.abc import Callable

import paramiko

from rbee.process.tasks import start_thread
from rbee.queen.ssh.config import Target
from rbee.queen.ssh.errors import ssh_failed

_LOOPBACK = "127.0.0.1"
_CHUNK = 65536
_Address = tuple[str, int]
#: How many connections one machine may have to us at a time: its hive wants a few, and each takes
#: two threads here, whoever rules that machine by now.
_MOST_FROM_THERE = 64
#: How a connection ends that breaks off, at either side of a tunnel.
_BROKEN = (OSError, EOFError, paramiko.SSHException)


class Tunnels:
    """All tunnels of one connection. They break with it; `close` takes their ports away."""

    def __init__(self, transport: paramiko.Transport, target: Target, seconds: float) -> None:
        """`seconds` is how long a connection through a tunnel may take to come about."""
        self._transport = transport
        self._target = target
        self._seconds = seconds
        self._servers: dict[int, socket.socket] = {}
        self._wanted_here: dict[int, _Address] = {}
        self._room = threading.BoundedSemaphore(_MOST_FROM_THERE)

    def forward(self, there: _Address) -> int:
        """A port of the loopback address here that leads to an address over there."""
        server = socket.create_server((_LOOPBACK, 0))
        start_thread(lambda: self._accept(server, there))
        port: int = server.getsockname()[1]
        self._servers[port] = server
        return port

    def stop(self, port: int) -> None:
        """Takes a port away that `forward` gave; who is connected through it stays connected."""
        server = self._servers.pop(port, None)
        if server is not None:
            # Closing alone would not wake the thread that waits in accept.
            with contextlib.suppress(OSError):
                server.shutdown(socket.SHUT_RDWR)
            server.close()

    def reverse(self, here: _Address, usual: int = 0) -> int:
        """A port of the loopback address over there that leads to an address here: the `usual` one
        where it is free, else any.

        Raises `ssh_failed`, reason ``tunnel``.
        """
        for wanted in dict.fromkeys((usual, 0)):
            with contextlib.suppress(paramiko.SSHException, EOFError):
                port = self._transport.request_port_forward(_LOOPBACK, wanted, self._on_channel)
                self._wanted_here[port] = here
                return port
        raise ssh_failed(
            "tunnel",
            f"the SSH server of {self._target.name} lets no tunnel be opened",
            "AllowTcpForwarding yes in its sshd_config; or add that machine with --no-tunnel, in "
            "the open",
        )

    def close(self) -> None:
        """Closes the ports on this machine."""
        for port in list(self._servers):
            self.stop(port)

    def _accept(self, server: socket.socket, there: _Address) -> None:
        with contextlib.suppress(OSError):
            while True:
                taken, peer = server.accept()
                start_thread(functools.partial(self._connect, taken, peer, there))

    def _connect(self, taken: socket.socket, peer: _Address, there: _Address) -> None:
        try:
            channel = self._transport.open_channel(
                "direct-tcpip", there, peer, timeout=self._seconds
            )
        except _BROKEN:
            # Nobody listens over there: closed, as the system does with a dead port.
            taken.close()
        else:
            _join(taken, channel)

    def _on_channel(self, channel: paramiko.Channel, _origin: _Address, port: _Address) -> None:
        # Called by the thread that reads the connection, which must not wait.
        if self._room.acquire(blocking=False):
            start_thread(lambda: self._lead_here(channel, port[1]))
        else:
            start_thread(lambda: _close(channel))

    def _lead_here(self, channel: paramiko.Channel, port: int) -> None:
        try:
            reached = socket.create_connection(self._wanted_here[port], self._seconds)
        except (KeyError, OSError):
            _close(channel)
        else:
            reached.settimeout(None)
            _join(reached, channel)
        finally:
            self._room.release()


def _join(near: socket.socket, far: paramiko.Channel) -> None:
    """Passes bytes on in both directions until both have ended."""
    near.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    far_ends = functools.partial(near.shutdown, socket.SHUT_WR)
    back = start_thread(lambda: _pump(far.recv, near.sendall, far_ends))
    _pump(near.recv, far.sendall, far.shutdown_write)
    back.join()
    near.close()
    _close(far)


def _close(channel: paramiko.Channel) -> None:
    # Closing sends a message to the other side, which may be gone.
    with contextlib.suppress(*_BROKEN):
        channel.close()


def _pump(
    read: Callable[[int], bytes], write: Callable[[bytes], None], end: Callable[[], None]
) -> None:
    # Either side may break off at any moment; that ends the stream for the other one.
    with contextlib.suppress(*_BROKEN):
        while data := read(_CHUNK):
            write(data)
    with contextlib.suppress(*_BROKEN):
        end()
