"""A tunnel whose far end is a machine of the scenario's own making, which opens what it likes."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from typing import Any, cast

import paramiko

from harness.rig.waiting import wait_until
from rbee.queen.ssh.config import Target
from rbee.queen.ssh.tunnels import Tunnels


class _Channel:
    """A connection from over there: it says nothing, and stays as long as it is let."""

    def __init__(self) -> None:
        self.closed = threading.Event()

    def recv(self, _size: int) -> bytes:
        self.closed.wait()
        return b""

    def sendall(self, data: bytes) -> None:
        """Nobody reads it."""

    def shutdown_write(self) -> None:
        """It does not care."""

    def close(self) -> None:
        self.closed.set()


class _Transport:
    """Opens tunnels wherever it is asked to, and keeps whom to tell of a connection."""

    def __init__(self) -> None:
        self.tell: Callable[[Any, Any, Any], None] = lambda *_: None

    def request_port_forward(self, _host: str, port: int, tell: Callable[..., None]) -> int:
        self.tell = tell
        return port


class OpenedTunnel:
    """A tunnel to a server here, through which `count` connections are opened."""

    def __init__(self, count: int) -> None:
        self._server = socket.create_server(("127.0.0.1", 0), backlog=count)
        transport = _Transport()
        tunnels = Tunnels(cast(paramiko.Transport, transport), cast(Target, None), 5.0)
        port = tunnels.reverse(("127.0.0.1", self._server.getsockname()[1]), 8500)
        self._channels = [_Channel() for _ in range(count)]
        for each in self._channels:
            transport.tell(each, ("127.0.0.1", 1), ("127.0.0.1", port))

    def assert_led(self, most: int) -> None:
        """So many of them lead to the server, and all others were closed."""

        def others_closed() -> bool:
            closed = sum(each.closed.is_set() for each in self._channels)
            assert closed == len(self._channels) - most, f"{closed} are closed"
            return True

        self._server.settimeout(30.0)
        led = []
        try:
            led = [self._server.accept()[0] for _ in range(most)]
            wait_until("the others are closed", others_closed)
        finally:
            for each in self._channels:
                each.close()
            for taken in [*led, self._server]:
                taken.close()
