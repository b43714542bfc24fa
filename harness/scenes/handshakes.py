"""Handshakes with the queen that come to nothing, and many that come to something."""

from __future__ import annotations

import contextlib
import functools
import socket
import ssl
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import psutil

from harness.rig.cluster import Cluster
from harness.rig.waiting import wait_until

#: How far a handshake gets that is left: not at all, a byte, half of what a client says first, and
#: a record that is announced and does not come.
_BEGUN = (b"", b"\x16", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"\x16\x03\x01\x40\x00")
#: Before the first of what was begun ends by itself (seconds).
_SOON_S = 1.0
#: How long a stranger's connection may stay whatever it sends: the time for a head, and a look.
_LONGEST_S = 12.0
_HEALTH = b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"


class Strangers:
    """Connections that somebody has begun with the queen, and left."""

    def __init__(self, cluster: Cluster, count: int) -> None:
        self._cluster = cluster
        self._log = _queens_log(cluster)
        self._sockets = []
        for number in range(count):
            begun = socket.create_connection(("127.0.0.1", cluster.ports.queen), 10.0)
            begun.sendall(_BEGUN[number % len(_BEGUN)])
            self._sockets.append(begun)
        cluster.on_close(self._leave)

    def assert_at_most(self, most: int) -> None:
        """The queen holds no more connections than that."""
        wait_until(f"the queen holds {most}", functools.partial(self._holds, most), _SOON_S)

    def assert_closed(self, seconds: float) -> None:
        """She has hung up on all of them by then."""
        end = time.monotonic() + seconds
        for each in self._sockets:
            each.settimeout(max(0.01, end - time.monotonic()))
            assert _is_ended(each), f"one is open after {seconds} s"

    def assert_not_logged(self) -> None:
        """Her log tells nothing of it."""
        assert_not_logged(self._cluster, self._log)

    def _holds(self, most: int) -> bool:
        (member,) = self._cluster.processes("queen")
        held = psutil.Process(member.pid).net_connections("tcp")
        return len([each for each in held if each.status == "ESTABLISHED"]) <= most

    def _leave(self) -> None:
        for each in self._sockets:
            each.close()


class Failing:
    """Handshakes that are begun with the queen and hung up on, and what she has grown by."""

    def __init__(self, cluster: Cluster, count: int, at_once: int) -> None:
        self._cluster = cluster
        self._log = _queens_log(cluster)
        (member,) = cluster.processes("queen")
        queen = psutil.Process(member.pid)
        before = queen.memory_info().rss
        for _ in range(count // at_once):
            begun = [
                socket.create_connection(("127.0.0.1", cluster.ports.queen), 10.0)
                for _ in range(at_once)
            ]
            for each in begun:
                each.sendall(_BEGUN[2])
            # What she answers now comes after what has come before.
            assert cluster.http("GET", "queen", "/health", token=None).status == 200
            for each in begun:
                each.close()
        self._grown = queen.memory_info().rss - before

    def assert_less_than(self, megabytes: int) -> None:
        """She has grown by less than that."""
        assert self._grown < megabytes * 1_000_000, f"she has grown by {self._grown} bytes"

    def assert_not_logged(self) -> None:
        """Her log tells nothing of it."""
        assert_not_logged(self._cluster, self._log)


class Nonsense:
    """What begins like TLS, sent to the queen, and how each of it ended."""

    def __init__(self, cluster: Cluster, texts: Sequence[str]) -> None:
        self._cluster = cluster
        self._log = _queens_log(cluster)
        sent = [text.encode("latin-1").decode("unicode_escape").encode("latin-1") for text in texts]
        with ThreadPoolExecutor(len(sent)) as strangers:
            self._took = list(strangers.map(self._until_end, sent))

    def assert_ended(self) -> None:
        """Each of them was ended in time."""
        assert max(self._took) < _LONGEST_S, self._took

    def assert_not_logged(self) -> None:
        """Her log tells nothing of it."""
        assert_not_logged(self._cluster, self._log)

    def _until_end(self, data: bytes) -> float:
        began = time.monotonic()
        with socket.create_connection(("127.0.0.1", self._cluster.ports.queen), 10.0) as sent:
            sent.settimeout(2 * _LONGEST_S)
            sent.sendall(data)
            with contextlib.suppress(ConnectionError):
                while sent.recv(4096):
                    pass
        return time.monotonic() - began


def _is_ended(connected: socket.socket) -> bool:
    """Whether the other side hangs up within the limit of this socket, whatever it says before."""
    try:
        while connected.recv(4096):
            pass
    except ConnectionError:
        return True
    except TimeoutError:
        return False
    return True


def ask_many(cluster: Cluster, count: int) -> list[bytes]:
    """The first lines of what so many programs are answered at once, each by a handshake."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE

    def ask(_: int) -> bytes:
        with socket.create_connection(("127.0.0.1", cluster.ports.queen), 30.0) as connected:
            with context.wrap_socket(connected) as encrypted:
                encrypted.sendall(_HEALTH)
                return encrypted.recv(4096).partition(b"\r\n")[0]

    with ThreadPoolExecutor(count) as programs:
        return list(programs.map(ask, range(count)))


def assert_owner_lists(cluster: Cluster) -> None:
    """He does, without encryption and with it."""
    by_tls = f"--queen https://127.0.0.1:{cluster.ports.queen} --token-file {cluster.home}/token"
    for command in ("rbee-keeper ps", f"rbee-keeper ps {by_tls}"):
        cluster.assert_status(0, cluster.run(command))


def assert_not_logged(cluster: Cluster, before: str) -> None:
    """The queen's log has no line that tells of a connection, since it was so long."""
    told = _queens_log(cluster).removeprefix(before)
    words = ("SSL", "ssl", "TLS", "handshake", "Traceback", "ERROR", "failed")
    assert not any(word in told for word in words), told


def _queens_log(cluster: Cluster) -> str:
    return cluster.logs().get("queen.log", "")
