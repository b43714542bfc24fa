"""Another user holds a port of the swarm's, and what the owner's programs say to it."""

from __future__ import annotations

import contextlib
import functools
import os
import selectors
import signal
import socket
import time
from collections.abc import Callable, Iterator

from harness.trial.stage import PROMPT, Stage
from harness.trial.tricks import NOBODY, Trick, TrickOutcome, carry_out
from rbee import __version__
from rbee.wire import proof

_HEALTH = b'{"status":"ok","role":"%s","version":"%s","instance":"1"}'
_OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
#: The longest that a command is kept by whoever holds the port (seconds).
_PATIENCE_S = 20.0


def _whole(body: bytes, head: bytes = b"") -> bytes:
    return _OK + head + b"Content-Length: %d\r\n\r\n%s" % (len(body), body)


def _health(role: str = "queen", version: str = __version__, status: str = "ok") -> bytes:
    body = _HEALTH % (role.encode(), version.encode())
    return body.replace(b'"ok"', b'"%s"' % status.encode())


_PROOF = proof.PROOF_HEADER.encode() + b": "
_ENDS = b" 127.0.0.1:1 127.0.0.1:2\r\n"
#: What is answered to whatever comes; None: nothing at all, an empty one: it hangs up.
_ANSWERS: tuple[tuple[str, bytes | None], ...] = (
    ("nothing, and keeps the connection", None),
    ("nothing, and hangs up", b""),
    ("that it is the queen", _whole(_health())),
    ("that it is a hive", _whole(_health("hive"))),
    ("that it is another version", _whole(_health(version="0.0.1"))),
    (
        "that it is a version with escape sequences",
        _whole(_health(version="\\u001b[2J\\u001b]0;x\\u0007")),
    ),
    ("a role with escape sequences", _whole(_health(role="\\u001b[2Jqueen"))),
    ("that it is leaving", _whole(_health(status="leaving"))),
    ("a proof of nothing", _whole(_health(), _PROOF + b"\r\n")),
    ("a proof of zeros", _whole(_health(), _PROOF + b"0" * 64 + _ENDS)),
    ("a proof that is no text", _whole(_health(), _PROOF + b"\xff\xfe" + _ENDS)),
    ("two proofs", _whole(_health(), (_PROOF + b"0" * 64 + _ENDS) * 2)),
    ("ends with zeros in them", _whole(_health(), _PROOF + b"0" * 64 + b" \0server\0 x\r\n")),
    ("a body that never ends", _OK + b"Content-Length: 999999\r\n\r\n" + _health()),
    ("more than it said", _OK + b"Content-Length: 5\r\n\r\n" + _health()),
    ("a length below zero", _OK + b"Content-Length: -1\r\n\r\n" + _health()),
    ("no length", _OK + b"\r\n" + _health()),
    ("chunks", _OK + b"Transfer-Encoding: chunked\r\n\r\n3b\r\n" + _health() + b"\r\n0\r\n\r\n"),
    ("a head that never ends", b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 5000),
    ("a head of a megabyte", b"HTTP/1.1 200 OK\r\nX: " + b"y" * 2**20 + b"\r\n\r\n"),
    ("a hundred times 100", b"HTTP/1.1 100 Continue\r\n\r\n" * 100 + _whole(_health())),
    ("a redirect to itself", b"HTTP/1.1 307 Go\r\nLocation: /health\r\nContent-Length: 0\r\n\r\n"),
    (
        "a redirect elsewhere",
        b"HTTP/1.1 302 Go\r\nLocation: http://192.0.2.1/\r\nContent-Length: 0\r\n\r\n",
    ),
    (
        "that it wants a password",
        b"HTTP/1.1 401 No\r\nWWW-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n",
    ),
    (
        "that it wants a proxy's password",
        b"HTTP/1.1 407 No\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n",
    ),
    (
        "a reason with escape sequences",
        b"HTTP/1.1 500 \x1b[2J\x1b]52;c;eA==\x07\r\nContent-Length: 0\r\n\r\n",
    ),
    ("HTTP/1.0", b"HTTP/1.0 200 OK\r\nContent-Length: 59\r\n\r\n" + _health()),
    ("an upgrade", b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n"),
    ("HTTP/2", b"\0\0\0\x04\0\0\0\0\0"),
    ("the beginning of TLS", b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03"),
    ("the beginning of SSH", b"SSH-2.0-OpenSSH_9.2\r\n"),
    ("zeros without an end", b"\0" * 2**20),
    ("a packed answer", _whole(_health(), b"Content-Encoding: gzip\r\n")),
    ("JSON of 50,000 brackets", _whole(b"[" * 50_000)),
    ("a health that is a list", _whole(b"[1]")),
    ("a health without a role", _whole(b"{}")),
)


def play(stage: Stage) -> list[TrickOutcome]:
    """All of it, beside a swarm that sleeps and then beside one that is awake."""
    stage.cluster.assert_status(0, stage.cluster.run("rbee-keeper infer hello"))  # draws the token
    tricks = [*_answers(stage, "queen"), *_answers(stage, "hive")]
    outcomes = carry_out("holds a port", tricks)
    stage.cluster.assert_status(0, stage.cluster.run("rbee-keeper up"))
    stage.cluster.expect_warm()
    outcomes += carry_out("passes on", _relays(stage))
    return outcomes + carry_out("the owner", [Trick("is served", stage.serves, _any)])


def _any(seen: str) -> bool:
    return not seen.startswith("refused")


def _answers(stage: Stage, role: str) -> Iterator[Trick]:
    for what, data in _ANSWERS:
        serve = functools.partial(_answer, data)
        yield Trick(
            f"{role}'s port: answers {what}",
            functools.partial(_typed, stage, stage.port(role), serve),
            _told_nothing,
        )
    slow = functools.partial(_drip, _whole(_health()), 1, 1.0)
    yield Trick(
        f"{role}'s port: answers a byte a second",
        functools.partial(_typed, stage, stage.port(role), slow),
        _told_nothing,
    )
    spring = functools.partial(_drip, b"x" * 2**26, 65536, 0.0)
    yield Trick(
        f"{role}'s port: answers 64 MiB",
        functools.partial(_typed, stage, stage.port(role), spring),
        _told_nothing,
    )


def _relays(stage: Stage) -> Iterator[Trick]:
    real = stage.port("queen")
    mine = stage.cluster.ports.all[-1]
    outward = _own_address()
    for what, host, closes, target in (
        ("to the queen", "127.0.0.1", False, real),
        ("to the queen, and listens no more", "127.0.0.1", True, real),
        ("to the hive, as if it were the queen", "127.0.0.1", False, stage.port("hive")),
        ("to the queen, at another loopback address", "127.0.0.7", False, real),
        ("to the queen, at the machine's own address", outward, False, real),
        ("the same, and listens no more", outward, True, real),
    ):
        named = f"--queen http://{host}:{mine}"
        yield Trick(
            f"passes on {what}",
            functools.partial(
                _typed, stage, mine, functools.partial(_pass_on, target), named, host, closes
            ),
            _told_nothing,
        )
    yield Trick(
        "passes on to the queen, where she should be",
        functools.partial(
            _typed, stage, mine, functools.partial(_pass_on, real), f"RBEE_QUEEN_PORT={mine}"
        ),
        _told_nothing,
    )
    yield Trick(
        "says again what the queen said to another",
        functools.partial(_typed, stage, mine, _Replay(real), f"--queen http://127.0.0.1:{mine}"),
        _told_nothing,
    )


def _told_nothing(seen: str) -> bool:
    return seen.startswith("told nothing")


def _typed(
    stage: Stage,
    port: int,
    serve: Callable[[socket.socket, Callable[[bytes], object]], None],
    named: str = "",
    host: str = "127.0.0.1",
    closes: bool = False,
) -> str:
    """What the listener has heard of a prompt, and how long the owner was kept."""
    reads, writes = os.pipe()
    pid = _listen(host, port, serve, writes, closes)
    os.close(writes)
    began = time.monotonic()
    variable, option = (named, "") if named.startswith("RBEE_") else ("", named)
    noted = stage.home / "running" / "queen.json"
    kept = noted.read_bytes() if noted.exists() and not option else None
    if kept is not None:
        noted.unlink()
    try:
        finished = stage.cluster.run(
            f"{variable} rbee-keeper infer {option} '{PROMPT}'".strip(), timeout=60.0
        )
    finally:
        if kept is not None and stage.cluster.processes("queen"):
            noted.write_bytes(kept)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    took = time.monotonic() - began
    with open(reads, "rb") as pipe:
        heard = pipe.read()
    said = finished.stderr + finished.stdout
    for what, private in (
        ("the token", stage.token.encode()),
        ("a secret", b"Bearer"),
        ("the prompt", PROMPT.encode()),
    ):
        if private in heard:
            return f"told {what}"
    if "\x1b" in said or "Traceback" in said:
        return f"steers the terminal: {said!r}"
    if took > _PATIENCE_S:
        return f"kept the owner for {took:.0f} s"
    return f"told nothing, status {finished.status}, {took:.1f} s"


def _listen(
    host: str,
    port: int,
    serve: Callable[[socket.socket, Callable[[bytes], object]], None],
    writes: int,
    closes: bool,
) -> int:
    """Somebody else listens, once this returns; its process."""
    listener = None
    ready, told = os.pipe()
    pid = os.fork()
    if pid == 0:
        with contextlib.suppress(BaseException):
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            listener = socket.create_server((host, port))
            os.write(told, b"x")
            _accept(listener, serve, writes, closes)
        os._exit(0)
    os.close(told)
    assert os.read(ready, 1) == b"x", f"nobody can listen on {host}:{port}"
    os.close(ready)
    return pid


def _accept(
    listener: socket.socket,
    serve: Callable[[socket.socket, Callable[[bytes], object]], None],
    writes: int,
    closes: bool,
) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        taken, _ = listener.accept()
        if closes:
            listener.close()
        if os.fork() == 0:
            with contextlib.suppress(BaseException):
                serve(taken, lambda data: os.write(writes, data))
            os._exit(0)
        taken.close()
        if closes:
            signal.pause()


def _answer(data: bytes | None, taken: socket.socket, hear: Callable[[bytes], object]) -> None:
    while came := taken.recv(65536):
        hear(came)
        if data == b"":
            return
        if data is not None:
            taken.sendall(data)


def _drip(
    data: bytes, piece: int, pause: float, taken: socket.socket, hear: Callable[[bytes], object]
) -> None:
    hear(taken.recv(65536))
    for at in range(0, len(data), piece):
        taken.sendall(data[at : at + piece])
        time.sleep(pause)


def _pass_on(port: int, taken: socket.socket, hear: Callable[[bytes], object]) -> None:
    far = socket.create_connection(("127.0.0.1", port))
    with selectors.DefaultSelector() as both:
        both.register(taken, selectors.EVENT_READ, far)
        both.register(far, selectors.EVENT_READ, taken)
        while True:
            for key, _ in both.select():
                source, target = key.fileobj, key.data
                assert isinstance(source, socket.socket)
                data = source.recv(65536)
                if not data:
                    return
                if source is taken:
                    hear(data)
                target.sendall(data)


class _Replay:
    """Has asked the queen something before, and answers everybody what she answered then."""

    def __init__(self, port: int) -> None:
        self._port = port

    def __call__(self, taken: socket.socket, hear: Callable[[bytes], object]) -> None:
        with socket.create_connection(("127.0.0.1", self._port)) as asked:
            asked.sendall(proof.question("127.0.0.1", "0" * 32, ""))
            data = asked.recv(65536)
        _answer(data, taken, hear)


def _own_address() -> str:
    """An address of this machine beside the loopback one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as looks:
        with contextlib.suppress(OSError):
            looks.connect(("192.0.2.1", 9))
            return str(looks.getsockname()[0])
    return "127.0.0.1"
