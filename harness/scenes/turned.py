"""The machine of a hive is somebody else's by now; the hive knows its own secret, and proves it."""

from __future__ import annotations

import http.server
import socket
from collections.abc import Callable, Sequence
from pathlib import Path

from harness.rig.cluster import Cluster
from harness.rig.program import Finished
from harness.rig.serving import serve
from harness.trial.hostile_hive import TOKEN, Answer, HostileHive, bomb, endless, silent, whole

_CHUNKED = "Transfer-Encoding: chunked\r\n"
_EVENTS = "Content-Type: text/event-stream\r\n"
#: What it answers, by what that is called.
_ANSWERS: dict[str, Callable[[], Answer]] = {
    "never": lambda: silent,
    "without an end": lambda: endless(b"10000\r\n" + b" " * 65536 + b"\r\n", _CHUNKED),
    "with a gigabyte in a megabyte": lambda: whole(bomb(), "Content-Encoding: gzip\r\n"),
    "with a token that is none": lambda: whole(b"event: token\ndata: 7\n\n", _EVENTS),
    "with a line without an end": lambda: endless(b"x" * 65536, _EVENTS),
    "with tokens without an end": lambda: endless(TOKEN * 2000, _EVENTS),
}


class Turned:
    """That hive, in the place of the one of this machine, beside a queen who is awake."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        cluster.assert_status(0, cluster.run("rbee-keeper status"))  # draws the token
        self._hive = HostileHive(cluster.token, cluster.ports.hive, cluster.url("queen"))
        cluster.on_close(self._leave)
        # It does not end by itself, and its queen would wait for it, or for an answer.
        cluster.set(stop_request=0.5, stop_term=0.5, stop_total=1, list_patience=2)
        cluster.assert_status(0, cluster.run("rbee-keeper up"))
        cluster.expect_warm()
        self._before = self._mebibytes()
        self._elsewhere = _Elsewhere()
        cluster.on_close(self._elsewhere.close)

    def ask_each(self, command_line: str, route: str, ways: Sequence[str]) -> list[Finished]:
        """Runs a command as often as there are ways in which it answers to that route."""
        finished = []
        for how in ways:
            self._hive.answers[route] = _ANSWERS[how]() if how in _ANSWERS else self._send_on
            finished.append(self._cluster.run(command_line))
        return finished

    def has_a_worker(self) -> None:
        """It says that it has the test model loaded."""
        self._hive.has_a_worker()

    def assert_grown_less_than(self, mebibytes: int) -> None:
        """The queen has not kept what it said."""
        grown = self._mebibytes() - self._before
        assert grown < mebibytes, f"the queen has grown by {grown:.0f} MiB"

    def assert_nobody_asked(self) -> None:
        """The other program was asked for nothing."""
        assert self._elsewhere.asked == 0, self._elsewhere.asked

    def _mebibytes(self) -> float:
        """The most that the queen has held at once so far."""
        (queen,) = self._cluster.processes("queen")
        lines = Path(f"/proc/{queen.pid}/status").read_text().splitlines()
        (line,) = (each for each in lines if each.startswith("VmHWM:"))
        return int(line.split()[1]) / 1024

    def _send_on(self, taken: socket.socket) -> None:
        place = f"HTTP/1.1 307 Go\r\nLocation: {self._elsewhere.url}\r\nContent-Length: 0\r\n\r\n"
        taken.sendall(place.encode())

    def _leave(self) -> None:
        self._hive.answers.clear()
        self._hive.close()


class _Elsewhere:
    """Another program of the machine, which counts what it is asked."""

    def __init__(self) -> None:
        self.asked = 0
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def handle_one_request(self) -> None:
                outer.asked += bool(self.rfile.readline())
                self.close_connection = True

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/"
        #: Ends it.
        self.close = serve(self._server)
