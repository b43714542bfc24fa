"""HTTP/1.1 over one blocking socket, one request at a time.

`http.client` takes headers for mail, and importing it a fifth of a warm prompt.
"""

from __future__ import annotations

import os
import select
import socket
import time
from collections.abc import Mapping
from io import BufferedReader
from typing import Any
from urllib.parse import urlsplit

from rbee.process.port_owner import believed
from rbee.wire import proof

#: The longest line of a head, and the most of a body that is read at once (bytes).
_LONGEST = 65536
#: What is left of the time for a proof, at least (seconds): 0 would mean not to wait at all.
_SHORTEST = 0.001


class HttpResponse:
    """An answer whose body is still to be read. `is_last`: the connection ends with it.

    Its methods raise ValueError where what comes is no HTTP, or ends too early.
    """

    def __init__(self, stream: BufferedReader) -> None:
        """Raises ConnectionResetError, too, where there is no answer at all."""
        self._stream = stream
        version, self.status, headers = _head(stream)
        self._chunked = headers.get(b"transfer-encoding", b"").lower() == b"chunked"
        #: Bytes to come of the body or, where it is chunked, of a chunk; None: up to the end.
        self._left: int | None = 0
        if not self._chunked and self.status not in (204, 304):
            length = headers.get(b"content-length")
            self._left = None if length is None else int(length)
        closes = headers.get(b"connection", b"").lower() == b"close"
        self.is_last = closes or self._left is None or version != b"HTTP/1.1"

    def read(self) -> bytes:
        """The rest of the body."""
        return b"".join(iter(self.read_some, b""))

    def read_some(self) -> bytes:
        """What has come of the body, at least a byte, or nothing at its end."""
        if self._chunked and self._left == 0:
            line = _line(self._stream) or _line(self._stream)  # a blank one ends a chunk
            self._left = int(line.partition(b";")[0], 16)
            self._chunked = self._left > 0
            while not self._chunked and _line(self._stream):
                pass  # a trailer
        if self._left == 0:
            return b""
        data = self._stream.read1(_LONGEST if self._left is None else min(_LONGEST, self._left))
        if self._left is not None:
            if not data:
                raise ValueError("the body of the answer ends too early")
            self._left -= len(data)
        return data


class NotProved(Exception):
    """Who listens there does not know the secret; nothing was told to it."""


class OtherKey(Exception):
    """Who listens there shows another public key than was named; nothing was told to it."""


class Connection:
    """One to the server at `url`: made by the first request, and anew where it has ended.

    It is used once the server has proved that it knows the secret of `credential`. Where it is
    encrypted, that proof names the key of the server's certificate, whoever has signed that. Else
    somebody decrypts between the two, and has to be believed for a reason of his own: by the `key`
    that a person has named, or by his certificate.
    """

    def __init__(
        self, url: str, credential: proof.Credential, timeout: float, key: str = ""
    ) -> None:
        """`timeout` is for connecting (seconds). `key` is the public key that the server has to
        show, as `rbee.process.public_key` tells it; empty: any."""
        self._url = urlsplit(url)
        self._credential = credential
        self._timeout = timeout
        self._key = key
        #: Whether the server has proved itself, on the connection that there is.
        self.is_proved = False
        self._socket: socket.socket | None = None
        self._answer: HttpResponse | None = None

    def prove(self) -> bytes:
        """Connects anew, and asks for the proof; what the server's health is.

        Raises OSError, ValueError where it speaks no HTTP, and `OtherKey`.
        """
        told, is_passed_on = self._ask(verified=False)
        if is_passed_on:
            told, _ = self._ask(verified=True)
        return told

    def _ask(self, *, verified: bool) -> tuple[bytes, bool]:
        """What its health is, and whether it would be proved if it had a certificate that this
        machine believes."""
        self.close()
        host = self._url.hostname or ""
        # For a str Python imports the encoding of international names, whatever it holds.
        address: tuple[Any, int] = host.encode() if host.isascii() else host, self._url.port or 80
        deadline = time.monotonic() + self._timeout
        connected, key = socket.create_connection(address, self._timeout), ""
        if self._url.scheme == "https":
            from rbee.keeper.encrypted import encrypt  # late: seldom, and slow to load

            connected, key = encrypt(connected, host, verified=verified)
        self._socket = connected
        self._stream = self._socket.makefile("rb")
        if self._key not in ("", key):
            raise OtherKey(key)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        nonce = os.urandom(16).hex()
        ends = proof.Ends.of(self._socket.getpeername(), self._socket.getsockname(), key=key)
        self._socket.sendall(proof.question(self._url.netloc, nonce, self._credential.name))
        answered = b""
        while (shown := proof.proof_in(answered)) is None:
            self._socket.settimeout(max(deadline - time.monotonic(), _SHORTEST))
            more = self._socket.recv(_LONGEST)
            if not more and not answered:
                raise ConnectionResetError("there is no answer")
            if not more or len(answered) > _LONGEST:
                raise ValueError("the answer ends too early, or never")
            answered += more
        self.is_proved = believed(shown, nonce, ends, self._credential)
        is_passed_on = False
        if key and not self.is_proved:
            is_passed_on = believed(shown, nonce, ends._replace(key=""), self._credential)
            self.is_proved = is_passed_on and bool(verified or self._key)
        return answered.partition(b"\r\n\r\n")[2], is_passed_on and not self.is_proved

    def request(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes, patience: float
    ) -> HttpResponse:
        """The beginning of the answer; the one before has to be read.

        `patience` is for each piece of it (seconds). Raises OSError, what `HttpResponse` raises,
        `NotProved` and `OtherKey`.
        """
        if self._is_over():
            self.prove()
        if not self.is_proved:
            self.close()
            raise NotProved
        assert self._socket is not None, "it has proved itself on this connection"
        presented = proof.headers(self._credential)
        headers = {**presented, **headers}
        head = {"Host": self._url.netloc, "Content-Length": str(len(body)), **headers}
        lines = [f"{method} {path} HTTP/1.1", *map(": ".join, head.items()), "", ""]
        self._socket.sendall("\r\n".join(lines).encode() + body)
        self._socket.settimeout(patience)
        self._answer = HttpResponse(self._stream)
        return self._answer

    def wait(self, patience: float) -> None:
        """From now on waits so long for each piece of the answer (seconds)."""
        if self._socket is not None:
            self._socket.settimeout(patience)

    def close(self) -> None:
        """Lets go of the server; a request makes a new connection."""
        if self._socket is not None:
            self._stream.close()
            self._socket.close()
            self._socket = self._answer = None
            self.is_proved = False

    def _is_over(self) -> bool:
        """Whether there is no connection, or one on which nothing more is answered."""
        if self._socket is None or (self._answer is not None and self._answer.is_last):
            return True
        # Nothing is to be answered yet: what can be read is its end.
        return bool(select.select([self._socket], [], [], 0)[0])


def _head(stream: BufferedReader) -> tuple[bytes, int, dict[bytes, bytes]]:
    """The version, the status and the headers, by their names in small letters."""
    line = stream.readline(_LONGEST)
    if not line:
        raise ConnectionResetError("there is no answer")
    version, _, rest = line.partition(b" ")
    if not version.startswith(b"HTTP/1."):
        raise ValueError("the answer is no HTTP")
    headers = {}
    while header := _line(stream):
        name, _, value = header.partition(b":")
        headers[name.lower()] = value.strip()
    return version, int(rest[:3]), headers


def _line(stream: BufferedReader) -> bytes:
    line = stream.readline(_LONGEST)
    if not line.endswith(b"\n"):
        raise ValueError("a line of the answer ends too early")
    return line.rstrip(b"\r\n")
