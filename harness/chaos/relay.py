"""A way to the queen that can be cut: a relay that closes its connections when told to."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import threading
from collections.abc import Callable
from typing import Any

from harness.rig.serving import serve

#: Takes what one side of a connection has sent.
Ear = Callable[[bytes], object]


class Relay:
    """Passes on what comes to its `port` on the loopback address to another one."""

    def __init__(self, target: int, listen: Callable[[], tuple[Ear, Ear]] | None = None) -> None:
        """`listen` is asked for each connection: who hears what is asked, and what is answered."""
        self._listen = listen or (lambda: (_deaf, _deaf))
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        relay = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                relay._pass_on(self.request, target)

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True

            def handle_error(self, request: Any, client_address: Any) -> None:
                """Nobody listens at the target: the connection is closed, as theirs would be."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self.port: int = self._server.server_address[1]
        self._shut = serve(self._server)

    def cut(self) -> int:
        """Cuts every connection; how many there were. Later ones are passed on again."""
        with self._lock:
            cut, self._open = self._open, set()
        for each in cut:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        return len(cut) // 2

    def close(self) -> None:
        """Cuts every connection and takes no more."""
        self._shut()
        self.cut()

    def _pass_on(self, client: socket.socket, target: int) -> None:
        with socket.create_connection(("127.0.0.1", target)) as server:
            both = {client, server}
            for each in both:
                # Else the second half of a request waits for the receipt of the first, for 40 ms.
                each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            asked, answered = self._listen()
            with self._lock:
                self._open |= both
            back = threading.Thread(target=_pump, args=(server, client, answered), daemon=True)
            back.start()
            _pump(client, server, asked)
            back.join()
            with self._lock:
                self._open -= both


def _deaf(_data: bytes) -> None:
    """Hears nothing."""


def _pump(source: socket.socket, sink: socket.socket, ear: Ear) -> None:
    """Passes bytes on until either side ends; the other then learns of it."""
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            ear(data)
            sink.sendall(data)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
