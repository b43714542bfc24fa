"""A hive, with its worker, that is somebody else's by now: it has its own secret, and proves it."""

from __future__ import annotations

import contextlib
import gzip
import socket
import threading
import zlib
from collections.abc import Callable
from typing import Any

import msgspec

from harness.rig import client
from rbee import __version__
from rbee.wire import addresses, proof
from rbee.wire.messages.devices import DEVICES
from rbee.wire.messages.hives import HEARTBEAT
from rbee.wire.messages.models import MODEL, MODELS, FindModel
from rbee.wire.messages.workers import WORKERS

#: Writes an answer of its own to a connection.
Answer = Callable[[socket.socket], None]
_WORKER = "worker-1"
#: Of a stream: a token as a worker tells it.
TOKEN = b'event: token\ndata: {"t":"x","i":1}\n\n'


def whole(body: bytes, head: str = "") -> Answer:
    """An answer that is as it should be, but for what is in it."""
    start = f"HTTP/1.1 200 OK\r\n{head}Content-Length: {len(body)}\r\n\r\n".encode()
    return lambda taken: taken.sendall(start + body)


def endless(piece: bytes, head: str = "", start: bytes = b"") -> Answer:
    """An answer that goes on until the other side hangs up."""

    def answer(taken: socket.socket) -> None:
        taken.sendall(f"HTTP/1.1 200 OK\r\n{head}\r\n".encode() + start)
        while True:
            taken.sendall(piece)

    return answer


def bomb() -> bytes:
    """A gigabyte of zeros, packed into a megabyte."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    block = packer.compress(bytes(2**20)) + packer.flush(zlib.Z_FULL_FLUSH)
    return gzip.compress(b"")[:10] + block * 1000


def silent(taken: socket.socket) -> None:
    """No answer, while the other side waits."""
    taken.recv(1)


def accept_each(listener: socket.socket, serve: Callable[[socket.socket], None]) -> None:
    """Serves each connection in a thread of its own, until the listener is closed."""

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                taken, _ = listener.accept()
                threading.Thread(target=serve, args=(taken,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()


class HostileHive:
    """Listens where the hive of this machine should, and beats. `answers` are by method and path,
    also without what follows a ``?``; what is not there is answered as a hive would."""

    def __init__(self, token: str, hive_port: int, queen_url: str) -> None:
        self.secret = proof.hive_secret(token, "localhost")
        self._own = proof.Credential(self.secret, proof.hive_name("localhost"))
        worker = proof.worker_name(_WORKER)
        self._of_worker = proof.Credential(proof.derive(self.secret, worker), worker)
        self.url = f"http://127.0.0.1:{hive_port}"
        self._queen = queen_url
        self.answers: dict[str, Answer] = {}
        #: All that was sent to it.
        self.heard = b""
        self.workers: list[dict[str, Any]] = []
        self._listener = socket.create_server(("127.0.0.1", hive_port))
        self._ends = threading.Event()
        accept_each(self._listener, self._serve)
        threading.Thread(target=self._beat, daemon=True).start()

    def has_a_worker(self, url: str = "") -> None:
        """It says that there is one, which listens at `url`; else where the hive does."""
        self.workers = [
            {
                "worker_id": _WORKER,
                "url": url or self.url,
                "model_ref": "minillama",
                "placement": {"parts": [{"hive_id": "localhost", "device": "cpu"}]},
                "backend": "cpu",
                "engine": "llamacpp",
                "state": "ready",
                "slots": 4,
                "slots_free": 4,
                "context": 512,
            }
        ]
        answer = self.beat()
        assert answer.status == 200, answer

    def beat(self, **more: Any) -> client.Answer:
        """One heartbeat, with `more` in it."""
        body = {"hive_id": "localhost", "timestamp": "x", "url": self.url, "workers": self.workers}
        return self.report("POST", HEARTBEAT.path, {**body, **more})

    def report(self, method: str, path: str, body: Any = None) -> client.Answer:
        """What it is answered by the queen, with its own secret."""
        headers = {proof.NAME_HEADER: self._own.name, proof.REPORTS_HEADER: "1"}
        return client.ask(
            method, self._queen + path, token=self.secret, body=body, headers=headers, timeout=20.0
        )

    def close(self) -> None:
        """It is gone."""
        self._ends.set()
        self._listener.close()

    def _beat(self) -> None:
        while not self._ends.wait(0.3):
            with contextlib.suppress(OSError):
                self.beat()

    def _serve(self, taken: socket.socket) -> None:
        with contextlib.suppress(OSError, ValueError), taken:
            while head := _head_of(taken):
                self.heard += head
                line, *rest = head.split(b"\r\n")
                method, path, _ = line.decode().split(" ")
                fields = dict(each.decode().split(": ", 1) for each in rest if b": " in each)
                length = int(fields.get("Content-Length", "0"))
                self.heard += _exactly(taken, length)
                self._answer(taken, method, path, fields)

    def _answer(self, taken: socket.socket, method: str, path: str, fields: dict[str, str]) -> None:
        asked = fields.get(proof.CHALLENGE_HEADER)
        plain = path.partition("?")[0]
        known = self.answers.get(f"{method} {plain}") or self.answers.get(f"* {plain}")
        if asked is not None:
            whole(_health(), f"{proof.PROOF_HEADER}: {self._proof(taken, asked)}\r\n")(taken)
        elif known is not None:
            known(taken)
        else:
            whole(msgspec.json.encode(_USUAL.get(plain, {})))(taken)

    def _proof(self, taken: socket.socket, asked: str) -> str:
        ends = proof.Ends.of(taken.getsockname(), taken.getpeername())
        name = asked.partition(" ")[2]
        own = self._own if name == self._own.name else self._of_worker
        return proof.answer(asked, ends, own, lambda _: None) or "none"


def _health() -> bytes:
    told = {"status": "ok", "role": "hive", "version": __version__, "instance": "1"}
    return msgspec.json.encode(told)


_USUAL: dict[str, Any] = {
    addresses.HEALTH: {"status": "ok", "role": "hive", "version": __version__, "instance": "1"},
    DEVICES.path: {"cpu": {"name": "CPU", "cores": 4, "ram_gb": 16.0}, "gpus": []},
    MODELS.path: {"models": []},
    MODEL.target(FindModel(ref="minillama")): {
        "model_ref": "minillama",
        "path": "/x",
        "size_bytes": 1,
        "workers": [_WORKER],
    },
    WORKERS.path: {"workers": []},
}


def _head_of(taken: socket.socket) -> bytes:
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        piece = taken.recv(1)
        if not piece:
            return b""
        head += piece
    return head


def _exactly(taken: socket.socket, length: int) -> bytes:
    body = b""
    while len(body) < length and (piece := taken.recv(length - len(body))):
        body += piece
    return body
