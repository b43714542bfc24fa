"""A relay that adds to the round trip: ``python -m bench.delay PORT HOST PORT MILLISECONDS``.

What comes to the first port of the loopback address goes on to the other, and back, each way half
of that later. Before it passes anything on it has measured what it adds, and says it: milliseconds.
Threads, since the timers of asyncio are no finer than a millisecond.
"""

from __future__ import annotations

import contextlib
import queue
import signal
import socket
import statistics
import sys
import threading
import time
from collections.abc import Callable

_HOST = "127.0.0.1"
#: So much is on its way at most, in each direction: chunks of so many bytes.
_CHUNKS, _CHUNK = 1024, 65536
_TRIALS = 50


def relay(server: socket.socket, target: tuple[str, int], delay_s: float) -> None:
    """Passes on whatever comes to a listening socket, until that is closed."""
    with contextlib.suppress(OSError):
        while True:
            client, _ = server.accept()
            _start(_join, client, target, delay_s)


def _join(client: socket.socket, target: tuple[str, int], delay_s: float) -> None:
    other = socket.create_connection(target)
    for end in (client, other):
        end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for source, sink in ((client, other), (other, client)):
        on_its_way: queue.Queue[tuple[float, bytes]] = queue.Queue(_CHUNKS)
        _start(_take, source, on_its_way, delay_s)
        _start(_give, sink, on_its_way)


def _take(source: socket.socket, on_its_way: queue.Queue[tuple[float, bytes]], late: float) -> None:
    data = b"?"
    while data:
        try:
            data = source.recv(_CHUNK)
        except OSError:
            data = b""
        on_its_way.put((time.perf_counter() + late, data))


def _give(sink: socket.socket, on_its_way: queue.Queue[tuple[float, bytes]]) -> None:
    with contextlib.suppress(OSError):
        while True:
            due, data = on_its_way.get()
            time.sleep(max(0.0, due - time.perf_counter()))
            if not data:
                break
            sink.sendall(data)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


def _start(work: Callable[..., object], *arguments: object) -> None:
    threading.Thread(target=work, args=arguments, daemon=True).start()


def measured(delay_s: float) -> float:
    """The round trip through such a relay, less that without one, in milliseconds; medians."""
    echo = socket.create_server((_HOST, 0))
    _start(_echo, echo)
    server = socket.create_server((_HOST, 0))
    _start(relay, server, echo.getsockname(), delay_s)
    added = _round_trip(server.getsockname()) - _round_trip(echo.getsockname())
    server.close()
    echo.close()
    return added * 1e3


def _echo(server: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while True:
            client, _ = server.accept()
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while data := client.recv(_CHUNK):
                client.sendall(data)


def _round_trip(address: tuple[str, int]) -> float:
    took = []
    with socket.create_connection(address) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for _ in range(_TRIALS):
            began = time.perf_counter()
            client.sendall(b"x")
            client.recv(1)
            took.append(time.perf_counter() - began)
    return statistics.median(took)


def main(port: str, host: str, target: str, milliseconds: str) -> None:
    """Passes on until this process is ended."""
    delay_s = float(milliseconds) / 2e3
    added = measured(delay_s)
    server = socket.create_server((_HOST, int(port)))
    _start(relay, server, (host, int(target)), delay_s)
    print(f"{added:.3f}", flush=True)
    signal.pause()


if __name__ == "__main__":
    main(*sys.argv[1:])
