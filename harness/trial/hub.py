"""A hub that means harm: what it lists, what it answers with, and what it sends for a file."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from harness.scenes import fetching
from harness.trial.hostile_hive import Answer, accept_each, bomb, endless, silent, whole
from harness.trial.stage import Stage
from harness.trial.tricks import Trick, TrickOutcome, carry_out

_COMMIT = "a" * 40
_GGUF = b"GGUF\x03\0\0\0" + bytes(16)
_PATIENCE_S = 25.0
_GROWS = 150.0
_MOST_ON_DISK = 64 * 2**20
_NAMES = (
    "../../../../tmp/bee.gguf",
    "/etc/cron.d/bee.gguf",
    "..\\..\\bee.gguf",
    "a/../../bee.gguf",
    "bee\0.gguf",
    "bee\x1b[2J.gguf",
    "\u202efugg.eeb.gguf",
    "C:\\bee.gguf",
    "bee.gguf/",
    ".gguf",
    "~/.ssh/bee.gguf",
    "x" * 5000 + ".gguf",
    "a/" * 100 + "bee.gguf",
    "-rf.gguf",
    "$(id).gguf",
    "bee.gguf\n",
    "CON.gguf",
    "token.gguf/../../token",
    "\ud800.gguf",
    ".../bee.gguf",
)


def play(stage: Stage) -> list[TrickOutcome]:
    """All of it, on a swarm that is awake."""
    fetching.be_impatient(stage.cluster)
    stage.cluster.set(list_patience=2)
    hub = _Hub()
    stage.cluster.on_close(hub.close)
    stage.cluster.environment["HF_ENDPOINT"] = hub.url
    stage.cluster.environment["HF_TOKEN"] = "hf_secret_of_the_owner"
    stage.warm()
    outcomes = carry_out("a hub", [*_listings(stage, hub), *_files(stage, hub), *_ways(stage, hub)])
    return [
        *outcomes,
        *carry_out(
            "the owner",
            [Trick("is served", stage.serves, lambda seen: not seen.startswith("refused"))],
        ),
    ]


def _listed(*names: str, size: object = len(_GGUF), commit: object = _COMMIT) -> Answer:
    files = [{"rfilename": name, "size": size, "lfs": {"sha256": "b" * 64}} for name in names]
    return whole(json.dumps({"id": "a/b", "sha": commit, "siblings": files}).encode())


def _listings(stage: Stage, hub: _Hub) -> Iterator[Trick]:
    listings: list[tuple[str, Answer]] = [
        (f"a file called {name[:30]!r}", _listed(name)) for name in _NAMES
    ]
    listings += [
        (f"a commit {commit!r}", _listed("bee.gguf", commit=commit))
        for commit in ("../../../../x", "a" * 41, "\x1b[2J", 7, None, "")
    ]
    listings += [
        (f"a size of {size!r}", _listed("bee.gguf", size=size))
        for size in (-1, 2**63, 1e300, "12", None, 2**50)
    ]
    listings += [
        ("100,001 files", _listed(*(f"bee-{n}.gguf" for n in range(100_001)))),
        ("50,000 brackets", whole(b"[" * 50_000)),
        ("no JSON", whole(b"<html>")),
        ("a list", whole(b"[]")),
        ("nothing", whole(b"")),
        ("no end", endless(b" " * 65536, start=b'{"siblings":[')),
        ("no answer", silent),
        ("no HTTP", lambda taken: taken.sendall(b"\0" * 4096)),
        ("a head without an end", endless(b"X: y\r\n")),
        ("a gigabyte in a megabyte", whole(bomb(), "Content-Encoding: gzip\r\n")),
        (
            "a reason that steers a terminal",
            lambda taken: taken.sendall(
                b"HTTP/1.1 404 \x1b[2J\r\nX-Error-Message: \x1b]0;x\x07\r\n"
                b"Content-Length: 0\r\n\r\n"
            ),
        ),
        (
            "that it is too much asked, until 9999",
            lambda taken: taken.sendall(
                b"HTTP/1.1 429 x\r\nRetry-After: 99999999999\r\nContent-Length: 0\r\n\r\n"
            ),
        ),
    ]
    for what, answer in listings:
        yield Trick(f"lists {what}", partial(_pulled, stage, hub, answer, None), _fine)


def _files(stage: Stage, hub: _Hub) -> Iterator[Trick]:
    head = f'X-Repo-Commit: {_COMMIT}\r\nETag: "{"b" * 64}"\r\n'
    files: tuple[tuple[str, Answer], ...] = (
        ("more than it listed", endless(bytes(65536), head)),
        ("less than it said", whole(_GGUF[:10], head)),
        ("another content", whole(bytes(len(_GGUF)), head)),
        (
            "a length of 2^63",
            lambda taken: taken.sendall(
                f"HTTP/1.1 200 OK\r\n{head}Content-Length: 9223372036854775808\r\n\r\n".encode()
            ),
        ),
        (
            "a length in another script",
            lambda taken: taken.sendall(
                f"HTTP/1.1 200 OK\r\n{head}Content-Length: \u0664\r\n\r\n".encode()
            ),
        ),
        ("a byte a second", _slow(head)),
        ("an etag that is a path", whole(_GGUF, 'ETag: "../../../../x"\r\n')),
        (
            "a range that was not asked for",
            lambda taken: taken.sendall(
                f"HTTP/1.1 206 x\r\n{head}Content-Range: bytes 999-1000/5\r\n"
                "Content-Length: 2\r\n\r\nxx".encode()
            ),
        ),
        ("a packed file", whole(bomb(), f"{head}Content-Encoding: gzip\r\n")),
        ("nothing", whole(b"", head)),
        ("no answer", silent),
    )
    for what, answer in files:
        yield Trick(
            f"sends {what} for a file",
            partial(_pulled, stage, hub, _listed("bee.gguf"), answer),
            _fine,
        )


def _ways(stage: Stage, hub: _Hub) -> Iterator[Trick]:
    for place in (
        "file:///etc/passwd",
        "http://127.0.0.1:22/",
        "http://[::1]:1/",
        "http://169.254.169.254/latest",
        "ftp://127.0.0.1/",
        "//127.0.0.1:1/x",
        "http://127.0.0.1:1\r\nX: y/",
        "gopher://127.0.0.1:25/",
        "http://0/",
        "data:,x",
        "/" * 70_000,
    ):
        moved = _moved(place)
        yield Trick(
            f"sends a download on to {place[:30]!r}",
            partial(
                _pulled,
                stage,
                hub,
                _listed("bee.gguf"),
                partial(_plainly, moved),
            ),
            _fine,
        )
    round_and_round = _moved(f"{hub.url}/a/b/resolve/main/bee.gguf")
    yield Trick(
        "sends a download round and round",
        partial(
            _pulled, stage, hub, _listed("bee.gguf"), lambda taken: taken.sendall(round_and_round)
        ),
        _fine,
    )
    yield Trick(
        "sends a download on, and hears the token there",
        partial(_token_elsewhere, stage, hub),
        lambda seen: seen == "no token",
    )


def _moved(place: str) -> bytes:
    return f"HTTP/1.1 302 x\r\nLocation: {place}\r\nContent-Length: 0\r\n\r\n".encode()


def _plainly(data: bytes, taken: socket.socket) -> None:
    taken.sendall(data)


def _fine(seen: str) -> bool:
    return seen.startswith("status")


def _slow(head: str) -> Answer:
    def answer(taken: socket.socket) -> None:
        taken.sendall(f"HTTP/1.1 200 OK\r\n{head}Content-Length: {len(_GGUF)}\r\n\r\n".encode())
        for byte in _GGUF:
            taken.sendall(bytes([byte]))
            time.sleep(1.0)

    return answer


class _Hub:
    """Answers what is asked for a listing with one answer, and all else with another."""

    def __init__(self) -> None:
        self.listing: Answer = whole(b"{}")
        self.file: Answer = whole(b"")
        self.heard = b""
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        accept_each(self._listener, self._serve)

    def close(self) -> None:
        self._listener.close()

    def _serve(self, taken: socket.socket) -> None:
        with contextlib.suppress(OSError), taken:
            while head := taken.recv(65536):
                self.heard += head
                path = head.split(b" ")[1]
                (self.listing if path.startswith(b"/api/") else self.file)(taken)


def _pulled(stage: Stage, hub: _Hub, listing: Answer, file: Answer | None) -> str:
    """What came of fetching from it, and what lies where it should not."""
    hub.listing, hub.file = (
        listing,
        file or whole(_GGUF, f'X-Repo-Commit: {_COMMIT}\r\nETag: "{"b" * 64}"\r\n'),
    )
    outside, before = _outside(stage), stage.mebibytes("hive")
    began = time.monotonic()
    running = stage.cluster.start("rbee-keeper pull HF:a/b")
    while not running.has_ended and time.monotonic() - began < _PATIENCE_S:
        time.sleep(0.05)
    if not running.has_ended:
        os.kill(running.pid, signal.SIGINT)
    finished = stage.cluster.finish(running)
    took, said = time.monotonic() - began, finished.stderr + finished.stdout
    if "\x1b" in said or "\x07" in said or "\u202e" in said or "Traceback" in said:
        return f"steers the terminal: {said!r}"
    if new := _outside(stage) - outside:
        return f"wrote {new}"
    if (
        size := sum(path.stat().st_size for path in stage.home.rglob("*") if path.is_file())
    ) > _MOST_ON_DISK:
        return f"filled the disk with {size} bytes"
    if (grown := stage.mebibytes("hive") - before) > _GROWS:
        return f"the hive has grown by {grown:.0f} MiB"
    if "root:" in said or "SSH-2.0" in said:
        return f"told {said!r}"
    return f"status {finished.status}, {took:.1f} s: {said.strip().splitlines()[-2:-1]}"


def _outside(stage: Stage) -> set[str]:
    """What lies where none of it should."""
    places = [
        stage.cluster.folder,
        stage.cluster.user_home,
        Path("/tmp"),
        Path("/etc/cron.d"),
        Path("/"),
    ]
    return {
        str(path)
        for place in places
        if place.is_dir()
        for path in place.glob("*bee*")
        if "rbee" not in path.name
    }


def _token_elsewhere(stage: Stage, hub: _Hub) -> str:
    other = _Hub()
    moved = _moved(other.url.replace("127.0.0.1", "localhost"))
    try:
        _pulled(stage, hub, _listed("bee.gguf"), lambda taken: taken.sendall(moved))
    finally:
        other.close()
    assert b"hf_secret" in hub.heard, "the hub itself is told the owner's token"
    return "token" if b"hf_secret" in other.heard else "no token"
