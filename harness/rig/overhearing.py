"""What passes between the queen and a program that speaks to her over HTTP, heard on the way."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Iterator
from http.client import HTTPException, HTTPResponse, parse_headers
from typing import Any, NamedTuple

from harness.chaos.relay import Ear, Relay


class Exchange(NamedTuple):
    """One request, and what came back, as far as it did."""

    method: str
    path: str
    status: int
    body: bytes

    def __str__(self) -> str:
        """The status, and the code of the error that it tells."""
        with contextlib.suppress(ValueError, TypeError, KeyError):
            return f"{self.status} {json.loads(self.body)['error']['code']}"
        return str(self.status)


class Overhearing:
    """A way to the queen on which all is heard; whoever is told its `port` takes it."""

    def __init__(self, target: int) -> None:
        self._connections: list[tuple[bytearray, bytearray]] = []
        self._relay = Relay(target, self._connected)
        self._told: list[int] = []
        self.port: int = self._relay.port
        self.close = self._relay.close

    def news(self) -> list[Exchange]:
        """What was exchanged since the last call, in the order of connections."""
        heard = [list(_exchanges(*map(bytes, each))) for each in list(self._connections)]
        before = self._told + [0] * (len(heard) - len(self._told))
        self._told = [len(each) for each in heard]
        return [one for each, count in zip(heard, before) for one in each[count:]]

    def _connected(self) -> tuple[Ear, Ear]:
        heard = (bytearray(), bytearray())
        self._connections.append(heard)
        return heard[0].extend, heard[1].extend


class _Bytes(io.BytesIO):
    """What was answered on a connection; an answer that has been read leaves it open."""

    def makefile(self, _mode: str) -> _Bytes:
        """As a socket does."""
        return self

    def close(self) -> None:
        """Stays open for the next."""


def _exchanges(asked: bytes, answered: bytes) -> Iterator[Exchange]:
    requests = io.BytesIO(asked)
    responses: Any = _Bytes(answered)  # of a socket, `HTTPResponse` wants `makefile` alone
    while line := requests.readline():
        method, path, _ = line.decode("latin-1").split()
        headers = parse_headers(requests)
        requests.read(int(headers.get("Content-Length", 0)))
        answer = HTTPResponse(responses, method=method)
        try:
            answer.begin()
        except (HTTPException, OSError, ValueError):
            return  # It was asked, and not answered.
        try:
            body = answer.read()
        except HTTPException as broken:
            body = getattr(broken, "partial", b"")
        yield Exchange(method, path, answer.status, body)
