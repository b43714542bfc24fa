"""Programs that ask for the events of a job and do not read them, and what that costs the queen."""

from __future__ import annotations

import http.client
import select
import socket
from typing import Any

import psutil

from harness.rig import wire
from harness.rig.cluster import Cluster

_PATIENCE_S = 60.0
#: What arrives in one packet over a network, and what its reader takes in by itself; the loopback
#: of one machine would take megabytes off the queen's hands.
_SEGMENT, _RECEIVED = 536, 4096


class SlowReaders:
    """A job that is over, and programs that read nothing of it yet."""

    def __init__(self, cluster: Cluster, vectors: int) -> None:
        """A job that has made so many vectors, none of them larger than a kilobyte."""
        self._cluster = cluster
        self._job = wire.submit(cluster, prompt=None, inputs=[[1]] * vectors)
        stream = cluster.listen("queen", self._job["events_url"])
        wire.assert_ends_with(stream, "vector, narration, done, [DONE]")
        self._told = cluster.http("GET", "queen", self._job["events_url"]).text.encode()
        (queen,) = cluster.processes("queen")
        self._queen = psutil.Process(queen.pid)
        self._readers: list[http.client.HTTPConnection] = []
        self._before = 0
        cluster.on_close(self.leave)

    def ask(self, count: int) -> None:
        """So many programs ask for all events; each is sent as much as it takes in unread."""
        self._before = self._queen.memory_info().rss
        self._readers = [self._reader() for _ in range(count)]
        for reader in self._readers:
            ready = select.select([reader.sock], [], [], _PATIENCE_S)[0]
            assert ready, "nothing came for a program that reads nothing"

    def assert_others_answered(self) -> None:
        """Another program gets an answer meanwhile."""
        stream = self._cluster.listen("queen", wire.submit(self._cluster)["events_url"])
        wire.assert_ends_with(stream, "token, narration, done, [DONE]")

    def assert_memory(self, most_bytes: int) -> None:
        """The queen's memory has grown by no more than this, and by less than copies would take."""
        copies = len(self._readers) * len(self._told)
        assert most_bytes < copies / 2, f"{copies} bytes are too few to show anything"
        grown = self._queen.memory_info().rss - self._before
        assert grown <= most_bytes, f"{grown} bytes for {len(self._readers)} slow readers"

    def assert_told_all(self, count: int) -> None:
        """Each of them, so many, reads all, and it is what another one has read."""
        assert len(self._readers) == count
        for reader in self._readers:
            reader.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2**20)
            told = reader.getresponse().read()
            assert told == self._told, f"{len(told)} bytes, not {len(self._told)}: {told[-200:]!r}"

    def leave(self) -> None:
        """All of them hang up."""
        for reader in self._readers:
            reader.close()

    def _reader(self) -> Any:
        sock = socket.socket()
        sock.settimeout(_PATIENCE_S)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, _SEGMENT)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVED)
        sock.connect(("127.0.0.1", self._cluster.ports.queen))
        reader = http.client.HTTPConnection("127.0.0.1")
        reader.sock = sock
        headers = {"Authorization": f"Bearer {self._cluster.token}"}
        reader.request("GET", self._job["events_url"], headers=headers)
        return reader
