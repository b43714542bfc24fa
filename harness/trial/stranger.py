"""Who reaches a port and has no secret: what HTTP leaves room for, sent to each daemon."""

from __future__ import annotations

import gzip
from collections.abc import Iterator

from harness.trial.stage import ROLES, Stage, send, statuses
from harness.trial.tricks import Outcome, Trick, carry_out
from rbee.wire import proof

_LOCAL = "Host: 127.0.0.1\r\n"
_END = "\r\n\r\n"
#: Routes of any role that do something or tell something.
_ROUTES = (
    "GET /", "GET /jobs", "POST /jobs", "GET /events", "GET /hives", "GET /workers", "GET /models",
    "GET /keys", "POST /keys", "DELETE /keys/x", "POST /shutdown", "POST /stay", "POST /infer",
    "POST /heartbeat", "POST /heartbeat/workers", "POST /adopt", "GET /devices", "GET /capacity",
    "POST /workers/start", "POST /models/provision", "DELETE /models/x", "GET /v1/models",
    "POST /v1/chat/completions", "GET /openapi.json", "GET /metrics", "GET /props", "GET /slots",
    "POST /v2/hives/add-hive",
)  # fmt: skip
_PATHS = (
    "//jobs", "/./jobs", "/health/../jobs", "/health/%2e%2e/jobs", "/health/..;/jobs", "/jobs/",
    "/jobs/.", "/jobs%2f", "/%6aobs", "/jobs%00", "/jobs;x=1", "/health/;/../jobs", "/HEALTH/../jobs",
    "/health%3f/../jobs", "/\\jobs", "/health/%252e%252e/jobs", "http://127.0.0.1/jobs", "*",
    "/jobs?token=x", "/../../../../etc/passwd", "/health#/../jobs",
)  # fmt: skip
#: Heads that are odd: what they are, and the lines behind the first.
_HEADS = (
    ("a folded header", "GET /jobs HTTP/1.1\r\n" + _LOCAL + "Authorization: Bearer\r\n x"),
    ("a space before the colon", "GET /jobs HTTP/1.1\r\n" + _LOCAL + "Authorization : Bearer x"),
    ("no host", "GET /jobs HTTP/1.1"),
    ("two hosts", "GET /jobs HTTP/1.1\r\n" + _LOCAL + "Host: evil.example"),
    ("another host", "GET /health HTTP/1.1\r\nHost: evil.example"),
    ("a host with a user", "GET /health HTTP/1.1\r\nHost: 127.0.0.1@evil.example"),
    ("a host with an end like ours", "GET /health HTTP/1.1\r\nHost: localhost.evil.example"),
    ("a host and a whole URL of another", "GET http://evil.example/health HTTP/1.1\r\nHost: 127.0.0.1"),
    ("a length and chunks", "POST /jobs HTTP/1.1\r\n" + _LOCAL + "Content-Length: 4\r\nTransfer-Encoding: chunked"),
    ("chunks by another name", "POST /jobs HTTP/1.1\r\n" + _LOCAL + "Transfer-Encoding: xchunked"),
    ("chunks twice", "POST /jobs HTTP/1.1\r\n" + _LOCAL + "Transfer-Encoding: chunked, chunked"),
    ("two lengths", "POST /jobs HTTP/1.1\r\n" + _LOCAL + "Content-Length: 4\r\nContent-Length: 5"),
    ("a length below zero", "POST /jobs HTTP/1.1\r\n" + _LOCAL + "Content-Length: -1"),
    ("a length with a sign", "POST /jobs HTTP/1.1\r\n" + _LOCAL + "Content-Length: +4"),
    ("a length in another script", "POST /jobs HTTP/1.1\r\n" + _LOCAL + "Content-Length: \u0664"),
    ("a huge length", "POST /jobs HTTP/1.1\r\n" + _LOCAL + "Content-Length: 99999999999999999999"),
    ("an upgrade to HTTP/2", "GET /jobs HTTP/1.1\r\n" + _LOCAL + "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk"),
    ("an upgrade to WebSocket", "GET /events HTTP/1.1\r\n" + _LOCAL + "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13"),
    ("HTTP/0.9", "GET /jobs"),
    ("HTTP/1.0", "GET /jobs HTTP/1.0"),
    ("HTTP/9.9", "GET /jobs HTTP/9.9\r\n" + _LOCAL.strip()),
    ("TRACE", "TRACE /jobs HTTP/1.1\r\n" + _LOCAL + "Cookie: a=b"),
    ("CONNECT", "CONNECT 127.0.0.1:22 HTTP/1.1\r\n" + _LOCAL.strip()),
    ("HEAD", "HEAD /jobs HTTP/1.1\r\n" + _LOCAL.strip()),
    ("OPTIONS", "OPTIONS /jobs HTTP/1.1\r\n" + _LOCAL + "Origin: https://evil.example\r\nAccess-Control-Request-Method: POST"),
    ("a method of another", "POST /jobs HTTP/1.1\r\n" + _LOCAL + "X-HTTP-Method-Override: GET"),
    ("the name of a proxy's client", "GET /jobs HTTP/1.1\r\n" + _LOCAL + "X-Forwarded-For: 127.0.0.1\r\nX-Real-IP: 127.0.0.1\r\nForwarded: for=127.0.0.1"),
    ("the path of a proxy", "GET /health HTTP/1.1\r\n" + _LOCAL + "X-Original-URL: /jobs\r\nX-Rewrite-URL: /jobs"),
    ("an empty token", "GET /jobs HTTP/1.1\r\n" + _LOCAL + "Authorization: Bearer "),
    ("a token of spaces", "GET /jobs HTTP/1.1\r\n" + _LOCAL + "Authorization: Bearer     "),
    ("a Basic token", "GET /jobs HTTP/1.1\r\n" + _LOCAL + "Authorization: Basic cm9vdDpyb290"),
    ("a token in the query", "GET /jobs?access_token=x HTTP/1.1\r\n" + _LOCAL.strip()),
    ("a token in a cookie", "GET /jobs HTTP/1.1\r\n" + _LOCAL + "Cookie: token=x"),
    ("the name of a hive, and no secret", "POST /heartbeat HTTP/1.1\r\n" + _LOCAL + "X-Rbee-Name: hive localhost"),
    ("an empty name, and no secret", "POST /heartbeat HTTP/1.1\r\n" + _LOCAL + "X-Rbee-Name: hive \r\nAuthorization: Bearer "),
    ("a name with a zero of a proof", "POST /heartbeat HTTP/1.1\r\n" + _LOCAL + "X-Rbee-Name: hive a%00b"),
    ("a form of a page", "POST /jobs HTTP/1.1\r\n" + _LOCAL + "Origin: https://evil.example\r\nSec-Fetch-Site: cross-site\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 3\r\n\r\na=b"),
    ("parts of a form", "POST /v1/chat/completions HTTP/1.1\r\n" + _LOCAL + "Origin: null\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length: 5\r\n\r\n--x--"),
    ("one line feed for two", "GET /jobs HTTP/1.1\n" + _LOCAL.strip() + "\n"),
    ("a carriage return alone", "GET /jobs HTTP/1.1\rHost: 127.0.0.1\r"),
    ("a zero in the method", "GE\0T /jobs HTTP/1.1\r\n" + _LOCAL.strip()),
)  # fmt: skip


def play(stage: Stage) -> list[Outcome]:
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
    for route in _ROUTES:
        yield Trick(f"{role}: {route}", _sent(port, f"{route} HTTP/1.1\r\n{_LOCAL}"), _turned_away)
    for path in _PATHS:
        yield Trick(
            f"{role}: GET {path}", _sent(port, f"GET {path} HTTP/1.1\r\n{_LOCAL}"), _turned_away
        )
    for what, head in _HEADS:
        yield Trick(f"{role}: {what}", _sent(port, head), _turned_away)
    health = f"GET /health HTTP/1.1\r\n{_LOCAL}\r\n"
    jobs = f"GET /jobs HTTP/1.1\r\n{_LOCAL}\r\n"
    yield Trick(f"{role}: a request behind one that is public", _sent(port, health + jobs), _second)
    challenge = f"GET /health HTTP/1.1\r\n{_LOCAL}{proof.CHALLENGE_HEADER}: "
    for asked in ("0" * 65, "", "a b c d", "x hive ../..", "0 worker worker-1", "0 " + "y" * 4000):
        yield Trick(
            f"{role}: the challenge {asked[:20]!r}",
            _sent(port, challenge + asked),
            _tells_no_secret(stage),
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


def _sent(port: int, text: str):
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


def _tells_no_secret(stage: Stage):
    return lambda seen: seen.split() in (["health"], ["400"], ["431"])


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
