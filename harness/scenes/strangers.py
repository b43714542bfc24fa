"""Somebody who reaches the ports of a swarm and has neither token nor key."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import gzip
import http.client
import io
import json
import logging
import os
import resource
import socket
import time
import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import psutil
from aiohttp import web

from harness.rig import client
from harness.rig.cluster import Cluster
from harness.rig.waiting import wait_until
from rbee.http.connection_limits import Allowance, Stranger, limits_of, who_gives_way
from rbee.http.connections import Connection, Connections
from rbee.http.heads import is_ours
from rbee.process.logs import Faults
from rbee.wire.settings import Settings

_ROLES = ("queen", "hive", "worker")
_HALF = b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Half: "
_PATIENCE_S = 60.0
#: Before the first of what was begun ends by itself (seconds).
_SOON_S = 6.0
_MEBIBYTE = 1 << 20
_LARGEST_BODY = _MEBIBYTE
#: How much of a request comes at once (bytes).
_PIECE = 50_000
#: What a gigabyte takes to unpack is several seconds.
_MOST_CPU_S = 0.5


class Flood:
    """Connections of a stranger to each program of a swarm."""

    def __init__(self, cluster: Cluster, count: int) -> None:
        self._cluster = cluster
        self._before = _log_sizes(cluster)
        _allow(count * len(_ROLES))
        self._sockets = [
            _begun(cluster, role) for role in _ROLES for _ in range(count) if cluster.token
        ]
        cluster.on_close(self._leave)

    def assert_at_most(self, most: int) -> None:
        """No program holds more connections than that, at once."""
        until = time.monotonic() + _SOON_S
        for role in _ROLES:
            holds = functools.partial(self._holds, role, most)
            wait_until(f"the {role} holds {most}", holds, until - time.monotonic())

    def assert_owner_is_served(self) -> None:
        """He lists, and infers, while the stranger holds on."""
        for command in ("rbee-keeper ps", "rbee-keeper infer --keep-alive 'hello'"):
            self._cluster.assert_status(0, self._cluster.run(command))

    def assert_closed(self, seconds: float) -> None:
        """Every program has hung up on the stranger."""
        end = time.monotonic() + seconds
        for each in self._sockets:
            each.settimeout(max(0.01, end - time.monotonic()))
            with contextlib.suppress(ConnectionError):
                assert each.recv(1) == b"", "a half-sent request was answered"

    def assert_logs_grew(self, most_bytes: int) -> None:
        """All logs together have grown by less than that."""
        grown = sum(_log_sizes(self._cluster).values()) - sum(self._before.values())
        assert grown < most_bytes, f"the logs have grown by {grown} bytes"

    def _holds(self, role: str, most: int) -> bool:
        (member,) = self._cluster.processes(role)
        held = [each for each in _connections(member.pid) if each.status == "ESTABLISHED"]
        return len(held) <= most

    def _leave(self) -> None:
        for each in self._sockets:
            each.close()


def send_each(cluster: Cluster, rows: Sequence[Any]) -> dict[str, bytes]:
    """The first line that each program answers to each row, its bytes written as in Python."""
    answers = {}
    for role in _ROLES:
        for row in rows:
            sent = row["sent"].encode("latin-1").decode("unicode_escape").encode("latin-1")
            answers[f"{role}: {row['what']}"] = _answer(cluster, role, sent + b"\r\n\r\n")
    return answers


def assert_refused(answers: Mapping[str, bytes]) -> None:
    """Each with a status that says it was the caller's fault."""
    assert answers
    wrong = {what: got for what, got in answers.items() if got[9:10] != b"4"}
    assert not wrong, wrong


def assert_logs_silent(cluster: Cluster) -> None:
    """No log holds a word of what a stranger has sent."""
    told = {
        name: text for name, text in cluster.logs().items() if "fail" in text or "HTTP/" in text
    }
    assert not told, told


class Bomb:
    """A gigabyte in a megabyte, sent without a token."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster, self._packed = cluster, _bomb()
        (queen,) = cluster.processes("queen")
        self._queen = psutil.Process(queen.pid)
        before = self._cpu()
        self._answer = self._sent(None, self._packed)
        self._used = self._cpu() - before

    def assert_untouched(self, code: str) -> None:
        """It was refused, and cost the queen no time."""
        assert self._answer.json()["error"]["code"] == code, self._answer
        assert self._used < _MOST_CPU_S, f"she has worked for {self._used} s"

    def assert_owner_refused(self, code: str) -> None:
        """The same with the token."""
        answer = self._sent(self._cluster.token, self._packed)
        assert answer.json()["error"]["code"] == code, answer

    def assert_understood(self) -> None:
        """What the owner packs is read."""
        heart = {"hive_id": "attic", "timestamp": "x", "url": "http://127.0.0.1:1", "workers": []}
        answer = self._sent(self._cluster.token, gzip.compress(json.dumps(heart).encode()))
        assert answer.json()["error"]["code"] == "hive_not_found", answer

    def _sent(self, token: str | None, body: bytes) -> client.Answer:
        return self._cluster.http(
            "POST",
            "queen",
            "/heartbeat",
            body,
            token=token,
            headers={"Content-Encoding": "gzip", "Content-Type": "application/json"},
        )

    def _cpu(self) -> float:
        used = self._queen.cpu_times()
        return used.user + used.system


def send_slowly(cluster: Cluster, seconds: float, *, stops: bool) -> client.Answer:
    """A job whose prompt comes in pieces for so long; one that stops is never whole."""
    prompt = {"model_ref": "minillama", "prompt": "hello " * 1500, "node": "nowhere"}
    body = json.dumps(prompt).encode()
    connection = http.client.HTTPConnection("127.0.0.1", cluster.ports.queen, timeout=_PATIENCE_S)
    connection.putrequest("POST", "/jobs")
    connection.putheader("Authorization", f"Bearer {cluster.token}")
    connection.putheader("Content-Length", str(len(body)))
    connection.endheaders()
    pieces = 6
    for number in range(1 if stops else pieces):
        size = -(-len(body) // pieces)
        connection.send(body[number * size : (number + 1) * size])
        if not stops:
            time.sleep(seconds / pieces)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return client.Answer(answer.status, {}, text)


def ask_under(cluster: Cluster, name: str) -> list[client.Answer]:
    """What each program says of its health to a request for that name."""
    return [
        cluster.http("GET", role, "/health", token=None, headers={"Host": name}) for role in _ROLES
    ]


def fill_logs(cluster: Cluster, mebibytes: int) -> None:
    """Appends so much to each log, as a library does that writes to the descriptor."""
    line = b"x" * 1023 + b"\n"
    for path in (cluster.home / "logs").glob("*.log"):
        with open(path, "ab") as file:
            file.write(line * (mebibytes * 1024))


def assert_logs_at_most(cluster: Cluster, mebibytes: int, seconds: float) -> None:
    """Each log is that small, now or in so many seconds."""
    wait_until(
        "the logs are small",
        lambda: max(_log_sizes(cluster).values()) <= mebibytes * _MEBIBYTE,
        seconds,
    )


def assert_logs_go_on(cluster: Cluster) -> None:
    """What the programs say after that stands at the end of the log that was cut."""
    cluster.assert_status(0, cluster.run("rbee-keeper down"))
    cluster.expect_asleep()
    queen = cluster.logs()["queen.log"]
    assert queen.startswith("... cut off here"), queen[:200]
    assert queen.endswith("queen: goodbye\n"), queen[-200:]


# Decided in this process.


def gives_way(there: str) -> int:
    """Who does, counted from 1, of `a b! c`: addresses, those with a ``!`` being answered."""
    strangers = [Stranger(each.rstrip("!"), each.endswith("!")) for each in there.split()]
    return who_gives_way(strangers) + 1


def limits_with(descriptors: int) -> Allowance:
    """What is allowed where nobody has set anything."""
    return limits_of(Settings(), descriptors)


class _Taken(asyncio.Transport):
    """A connection that keeps what is written to it."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""

    def write(self, data: Any) -> None:
        self.written += data

    def is_closing(self) -> bool:
        return False

    def pause_reading(self) -> None:
        """What was sent comes all the same."""

    def resume_reading(self) -> None:
        """It has not stopped."""

    def abort(self) -> None:
        """Nobody is there."""

    def close(self) -> None:
        """Nobody is there."""


def answered_at_once(head: int, body: int) -> str:
    """The status that is sent while so many bytes of a request come, before a handler has had its
    turn; empty: none is."""

    async def come() -> bytes:
        async def handler(request: web.BaseRequest) -> web.StreamResponse:
            raise AssertionError("nobody has looked")

        def make(connections: Connections, source: str) -> Connection:
            return Connection(connections, source, manager=manager, loop=loop)

        loop, manager = asyncio.get_running_loop(), web.Server(handler)
        transport, connections = _Taken(), Connections(limits_with(1024), make)
        connection = make(connections, "127.0.0.1")
        connection.connection_made(transport)
        start = b"POST /jobs HTTP/1.1\r\nHost: here\r\nContent-Length: %d\r\nX-Filler: " % body
        sent = start + b"x" * (head - len(start) - 4) + b"\r\n\r\n" + b" " * body
        for at in range(0, len(sent), _PIECE):
            connection.data_received(sent[at : at + _PIECE])
        return transport.written

    written = asyncio.run(come())
    return written.split(b" ")[1].decode() if written else ""


def verdict_on(host: str, machine: str, allowed: str) -> str:
    """Of whom a request for a name is, which comes with a port."""
    names = [] if allowed == "nothing" else [allowed]
    return "of this machine" if is_ours(f"{host}:8500", names, machine) else "of another one"


def assert_name(verdict: str, expected: str) -> None:
    """It is the name of whom it should be."""
    assert verdict == expected, verdict


def told_of_faults(times: int) -> tuple[list[str], list[str]]:
    """The lines that tell of one fault that comes so often and of another, and those at the end."""
    stream = io.StringIO()
    faults = Faults(stream)
    for number in range(times):
        faults.handle(_record(f"connection {number} has failed"))
    faults.handle(_record("the disk is full"))
    told = stream.getvalue().splitlines()
    faults.close()
    return told, stream.getvalue().splitlines()[len(told) :]


def _bomb() -> bytes:
    """A gigabyte of zeros, a little less than a megabyte packed: one block again and again."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    block = packer.compress(bytes(_MEBIBYTE)) + packer.flush(zlib.Z_FULL_FLUSH)
    head = gzip.compress(b"")[:10]
    return head + block * (_LARGEST_BODY // len(block))


def _record(message: str) -> logging.LogRecord:
    return logging.LogRecord("rbee", logging.ERROR, "", 0, message, None, None)


def _begun(cluster: Cluster, role: str) -> socket.socket:
    begun = socket.create_connection(("127.0.0.1", getattr(cluster.ports, role)), _PATIENCE_S)
    begun.sendall(_HALF)
    return begun


def _answer(cluster: Cluster, role: str, sent: bytes) -> bytes:
    address = ("127.0.0.1", getattr(cluster.ports, role))
    with socket.create_connection(address, _PATIENCE_S) as asked:
        asked.sendall(sent)
        return asked.recv(65536).partition(b"\r\n")[0]


def _connections(pid: int) -> Iterator[Any]:
    yield from psutil.Process(pid).net_connections("tcp")


def _log_sizes(cluster: Cluster) -> dict[str, int]:
    return {path.name: os.stat(path).st_size for path in (cluster.home / "logs").glob("*.log")}


def _allow(descriptors: int) -> None:
    """This process may open so many more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = descriptors + 512
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, hard), hard))
