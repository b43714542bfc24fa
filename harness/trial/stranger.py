"""Who reaches a port and has no secret: what HTTP leaves room for, sent to each daemon."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator

from harness.trial.stage import ROLES, Stage, pairs, send, statuses, table
from harness.trial.tricks import Trick, TrickOutcome, carry_out
from rbee.wire import proof

_LOCAL = "Host: 127.0.0.1\r\n"
_END = "\r\n\r\n"


def play(stage: Stage) -> list[TrickOutcome]:
    """All of it, on a swarm that is warm."""
    before = _log_bytes(stage)
    outcomes = []
    for role in ROLES:
        outcomes += carry_out("a stranger", _of(stage, role))
    sizes = [
        Trick(
            "what the logs have grown by",
            lambda: _log_bytes(stage) - before,
            lambda seen: int(seen) < 20_000,
        )
    ]
    served = [Trick("is served", stage.serves, lambda seen: not seen.startswith("refused"))]
    return outcomes + carry_out("a stranger", sizes) + carry_out("the owner", served)


def _of(stage: Stage, role: str) -> Iterator[Trick]:
    port = stage.port(role)
    for route in table("routes"):
        yield Trick(f"{role}: {route}", _sent(port, f"{route} HTTP/1.1\r\n{_LOCAL}"), _turned_away)
    for path in table("paths"):
        yield Trick(
            f"{role}: GET {path}", _sent(port, f"GET {path} HTTP/1.1\r\n{_LOCAL}"), _turned_away
        )
    for what, head in pairs("heads"):
        yield Trick(f"{role}: {what}", _sent(port, head), _turned_away)
    health = f"GET /health HTTP/1.1\r\n{_LOCAL}\r\n"
    jobs = f"GET /jobs HTTP/1.1\r\n{_LOCAL}\r\n"
    yield Trick(f"{role}: a request behind one that is public", _sent(port, health + jobs), _second)
    challenge = f"GET /health HTTP/1.1\r\n{_LOCAL}{proof.CHALLENGE_HEADER}: "
    for asked in ("0" * 65, "", "a b c d", "x hive ../..", "0 worker worker-1", "0 " + "y" * 4000):
        yield Trick(
            f"{role}: the challenge {asked[:20]!r}",
            _sent(port, challenge + asked),
            _tells_no_secret,
        )
    yield Trick(
        f"{role}: a challenge, and its proof as a token", lambda: _reflected(port), _turned_away
    )
    smuggled = f"GET /health HTTP/1.1\r\n{_LOCAL}Content-Length: {len(jobs)}\r\n\r\n{jobs}"
    yield Trick(f"{role}: a request in the body of another", _sent(port, smuggled), _one)
    chunked = f"POST /health HTTP/1.1\r\n{_LOCAL}Transfer-Encoding: chunked\r\n\r\n"
    for what, chunk in (
        ("of no number", "zz\r\n"),
        ("below zero", "-1\r\n"),
        ("of 2^64", "f" * 17 + "\r\n"),
        ("with a long extension", "1;" + "a" * 20000 + "\r\nx\r\n"),
        ("in hex with a sign", "+1\r\nx\r\n"),
        ("and a trailer with a token", "0\r\nAuthorization: Bearer x\r\n"),
    ):
        yield Trick(f"{role}: a chunk {what}", _sent(port, chunked + chunk), _turned_away)
    packed = gzip.compress(b"0" * 1_000_000)
    yield Trick(
        f"{role}: a packed body",
        lambda: statuses(
            send(
                port,
                (
                    f"POST /jobs HTTP/1.1\r\n{_LOCAL}"
                    f"Content-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n\r\n"
                ).encode()
                + packed,
            )
        ),
        _turned_away,
    )
    yield Trick(
        f"{role}: asks before it sends a body",
        _sent(port, f"POST /jobs HTTP/1.1\r\n{_LOCAL}Expect: 100-continue\r\nContent-Length: 5"),
        lambda seen: "100" not in seen and _turned_away(seen),
    )
    yield Trick(
        f"{role}: a head of 100 kB",
        _sent(
            port,
            f"GET /jobs HTTP/1.1\r\n{_LOCAL}"
            + "".join(f"X-{n}: {'y' * 1000}\r\n" for n in range(100)),
        ),
        _turned_away,
    )
    yield Trick(
        f"{role}: guesses a token 300 times", lambda: _guessed(port), lambda seen: seen == "{'401'}"
    )


def _sent(port: int, text: str) -> Callable[[], str]:
    return lambda: statuses(send(port, (text + _END).encode("utf-8")))


def _turned_away(seen: str) -> bool:
    """No status tells of success: each is the caller's fault, or nothing is answered."""
    told = seen.split()
    return seen.startswith(("nothing", "refused")) or all(
        each[:1] == "4" or each == "health" for each in told
    )


def _second(seen: str) -> bool:
    return seen.split() in (["health"], ["health", "401"])


def _one(seen: str) -> bool:
    return len(seen.split()) == 1


def _tells_no_secret(seen: str) -> bool:
    return seen.split() in (["health"], ["400"], ["431"])


def _reflected(port: int) -> str:
    answered = send(
        port, f"GET /health HTTP/1.1\r\n{_LOCAL}{proof.CHALLENGE_HEADER}: abc\r\n\r\n".encode()
    )
    lines = [line for line in answered.split(b"\r\n") if line.lower().startswith(b"x-rbee-proof")]
    told = lines[0].split(b" ")[1].decode() if lines else "none"
    return statuses(
        send(port, f"GET /jobs HTTP/1.1\r\n{_LOCAL}Authorization: Bearer {told}\r\n\r\n".encode())
    )


def _guessed(port: int) -> set[str]:
    return {
        statuses(
            send(
                port,
                f"GET /jobs HTTP/1.1\r\n{_LOCAL}Connection: close\r\n"
                f"Authorization: Bearer rbee-{n:032}\r\n\r\n".encode(),
                2.0,
            )
        )
        for n in range(300)
    }


def _log_bytes(stage: Stage) -> int:
    return sum(path.stat().st_size for path in (stage.home / "logs").glob("*.log"))
