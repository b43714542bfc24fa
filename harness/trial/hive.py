"""A machine that was added and is somebody else's by now: what its hive has of the queen."""

from __future__ import annotations

import contextlib
import http.server
import json
import time
from collections.abc import Callable, Iterator
from functools import partial

from harness.rig.serving import serve
from harness.trial.hostile_hive import TOKEN, Answer, HostileHive, bomb, endless, silent, whole
from harness.trial.stage import PROMPT, Stage, table
from harness.trial.tricks import Trick, TrickOutcome, carry_out
from rbee.wire import proof
from rbee.wire.messages.hives import HEARTBEAT

#: By how much the queen may grow while she is told nonsense (MiB).
_GROWS = 120.0
_PATIENCE_S = 25.0
_EVENTS = "Content-Type: text/event-stream\r\n"
_ESCAPES = "\\u001b[2J\\u001b]52;c;eA==\\u0007\\u202e"

_ON_CPU = {"parts": [{"hive_id": "localhost", "device": "cpu"}]}


def play(stage: Stage) -> list[TrickOutcome]:
    """All of it, on the real queen; the hive of her own machine is the one that has turned."""
    stage.cluster.assert_status(0, stage.cluster.run("rbee-keeper infer hello"))  # draws the token
    hive = HostileHive(stage.token, stage.port("hive"), stage.cluster.url("queen"))
    stage.cluster.on_close(hive.close)
    stage.cluster.set(stop_request=0.5, stop_term=0.5, stop_total=2)  # it does not end by itself
    stage.cluster.assert_status(0, stage.cluster.run("rbee-keeper up"))
    stage.cluster.expect_warm()
    outcomes = carry_out("a hive", _with_its_secret(stage, hive))
    outcomes += carry_out("a hive", _heartbeats(stage, hive))
    outcomes += carry_out("a hive", _lists(stage, hive))
    outcomes += carry_out("a worker", _streams(stage, hive))
    heard = [
        Trick(
            "has heard the token",
            lambda: stage.token.encode() in hive.heard,
            lambda seen: seen == "False",
        )
    ]
    outcomes += carry_out("a hive", heard)
    hive.workers, hive.answers = [], {}
    return outcomes


def _with_its_secret(stage: Stage, hive: HostileHive) -> Iterator[Trick]:
    for route in table("closed_to_keys"):
        method, path = route.replace("{job}", "1").split(" ")
        if path != HEARTBEAT.path:
            yield Trick(
                f"its secret: {route}",
                partial(_status, hive, method, path),
                _is("401", "404", "405"),
            )
    for name in ("hive attic", "hive ", "", "worker worker-1", "queen"):
        yield Trick(
            f"its secret under the name {name!r}", partial(_named, stage, hive, name), _is("401")
        )
    for what, secret in (
        ("derived once more", proof.derive(hive.secret, "hive attic")),
        ("as a token", hive.secret),
    ):
        yield Trick(f"a secret {what}: GET /jobs", partial(_shown, stage, secret), _is("401"))
    for name in ("", "hive attic", "worker worker-1"):
        yield Trick(
            f"has a proof of {name!r} made, and shows it",
            partial(_reflected, stage, name),
            _is("401"),
        )


def _heartbeats(stage: Stage, hive: HostileHive) -> Iterator[Trick]:
    beats: tuple[tuple[str, dict[str, object]], ...] = (
        ("for another hive", {"hive_id": "attic"}),
        ("for a hive with a path for a name", {"hive_id": "../../etc"}),
        ("for a hive with escapes in its name", {"hive_id": "\x1b[2J"}),
        ("with a name of 100 kB", {"hive_id": "x" * 100_000}),
        ("with no list of workers", {"workers": 7}),
        ("with a number of slots of 2^70", {"workers": [{"worker_id": "w", "slots": 2**70}]}),
    )
    for what, more in beats:
        yield Trick(f"a heartbeat {what}", partial(_beat, hive, more), _is("400", "401", "404"))
    failure = {
        "placement": _ON_CPU,
        "model_ref": "m",
        "error": {"code": "worker_crashed", "message": "x" * 50, "suggestion": ""},
    }
    failures = [{**failure, "model_ref": f"m{n}"} for n in range(5000)]
    large: tuple[tuple[str, dict[str, object]], ...] = (
        ("5,000 failures, ten times", {"failures": failures}),
        ("5,000 workers, ten times", {"workers": [{**_worker(n)} for n in range(4000)]}),
        (
            "5,000 lines of news, ten times",
            {"news": [{"actor": "hive", "action": "x", "human": "\x1b[2J" + "y" * 40}] * 5000},
        ),
        ("another processor each time, 200 times", {"processor": "x" * 1000}),
    )
    for what, more in large:
        yield Trick(
            f"heartbeats with {what}",
            partial(_many_beats, stage, hive, more, 200 if "200" in what else 10),
            _small,
        )
    for what in ("ps", "hives", "models", "keys"):
        yield Trick(
            f"what the owner is shown: {what}", partial(_typed, stage, f"rbee-keeper {what}"), _fine
        )


def _worker(number: int) -> dict[str, object]:
    return {
        "worker_id": f"w{number}",
        "url": "http://127.0.0.1:1",
        "model_ref": "m",
        "placement": _ON_CPU,
        "backend": "cpu",
        "engine": "x",
        "state": "ready",
    }


def _lists(stage: Stage, hive: HostileHive) -> Iterator[Trick]:
    answers: tuple[tuple[str, Answer], ...] = (
        ("never", silent),
        (
            "without an end",
            endless(b" " * 65536, "Transfer-Encoding: identity\r\n", b'{"models":['),
        ),
        (
            "in chunks without an end",
            endless(b"10000\r\n" + b" " * 65536 + b"\r\n", "Transfer-Encoding: chunked\r\n"),
        ),
        ("with a gigabyte in a megabyte", whole(bomb(), "Content-Encoding: gzip\r\n")),
        ("with a head without an end", endless(b"X: y\r\n")),
        (
            "with 50,000 cookies",
            whole(b"{}", "".join(f"Set-Cookie: c{n}=x\r\n" for n in range(100))),
        ),
        ("with 100,000 brackets", whole(b"[" * 100_000)),
        (
            "with a list of 300,000 models",
            whole(
                json.dumps(
                    {
                        "models": [
                            {"model_ref": f"HF:a/{n}", "path": "/x", "size_bytes": 1}
                            for n in range(100_000)
                        ]
                    }
                ).encode()
            ),
        ),
        (
            "with names that steer a terminal",
            whole(
                (
                    '{"models":[{"model_ref":"HF:a/%s","path":"/%s","size_bytes":1,"quant":"%s"}]}'
                    % ((_ESCAPES,) * 3)
                ).encode()
            ),
        ),
        (
            "with sizes of 2^63 and less than nothing",
            whole(
                b'{"models":[{"model_ref":"HF:a/b","path":"/x","size_bytes":9223372036854775807},{"model_ref":"HF:a/c","path":"/x","size_bytes":-1}]}'
            ),
        ),
        ("with an error that steers a terminal", _failing(_ESCAPES)),
        (
            "with an error that is none",
            lambda taken: taken.sendall(b"HTTP/1.1 500 x\r\nContent-Length: 1\r\n\r\nx"),
        ),
        ("with an error without an end", lambda taken: endless(b" " * 65536)(taken)),
        ("in a language that is no HTTP", lambda taken: taken.sendall(b"\0" * 4096)),
    )
    for what, answer in answers:
        yield Trick(
            f"answers {what}, when asked for its models",
            partial(_asked, stage, hive, "* /models", answer, "rbee-keeper models"),
            _fine,
        )
    yield Trick(
        "gets the queen to send its cookies", lambda: b"Cookie: c1" in hive.heard, _is("False")
    )
    for code in (301, 302, 303, 307, 308):
        yield Trick(
            f"sends the queen elsewhere ({code}), with a list",
            partial(_redirected, stage, hive, code, "* /models", "rbee-keeper models"),
            _is("0"),
        )
        yield Trick(
            f"sends the queen elsewhere ({code}), with an order",
            partial(
                _redirected, stage, hive, code, "POST /models/provision", "rbee-keeper pull HF:a/b"
            ),
            _is("0"),
        )


def _streams(stage: Stage, hive: HostileHive) -> Iterator[Trick]:
    hive.has_a_worker()
    infer = f"rbee-keeper infer --keep-alive --deadline 15 '{PROMPT}'"
    streams: tuple[tuple[str, Answer], ...] = (
        ("without an end", endless(TOKEN * 2000, _EVENTS)),
        ("with a token of 5 MiB", whole(b'event: token\ndata: {"t":"' + b"x" * 5 * 2**20, _EVENTS)),
        ("with comments alone", endless(b": x\n\n" * 1000, _EVENTS)),
        ("with a line that never ends", endless(b"x" * 65536, _EVENTS)),
        (
            "with what is no event",
            whole(b"event: token\ndata: 7\n\n" + b"data: [DONE]\n\n", _EVENTS),
        ),
        ("with an end that is none", whole(b"event: done\ndata: []\n\n", _EVENTS)),
        (
            "with an error that steers a terminal",
            whole(
                (
                    f'event: error\ndata: {{"code":"{_ESCAPES}","message":"{_ESCAPES}",'
                    f'"suggestion":"{_ESCAPES}"}}\n\n'
                ).encode(),
                _EVENTS,
            ),
        ),
        (
            "with lines that steer a terminal",
            whole(
                (
                    f'event: narration\ndata: {{"actor":"{_ESCAPES}","action":"x",'
                    f'"human":"{_ESCAPES}"}}\n\n'
                    "data: [DONE]\n\n"
                ).encode(),
                _EVENTS,
            ),
        ),
        (
            "with progress beyond all bounds",
            whole(
                b'event: progress\ndata: {"what":"prompt","done":9e99,"total":-1}\n\n'
                b"data: [DONE]\n\n",
                _EVENTS,
            ),
        ),
        (
            "elsewhere",
            lambda taken: taken.sendall(
                b"HTTP/1.1 307 Go\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n"
            ),
        ),
        ("not at all", silent),
    )
    for what, answer in streams:
        yield Trick(
            f"answers {what}, when asked to infer",
            partial(_asked, stage, hive, "POST /infer", answer, infer),
            _fine,
        )
    yield Trick(
        "has the queen tell a prompt to another program",
        partial(_elsewhere, stage, hive, infer),
        _is("told nothing"),
    )


def _failing(text: str) -> Answer:
    told = f'{{"code":"{text}","message":"{text}","suggestion":"{text}","details":{{}}}}'
    error = f'{{"error":{told}}}'.encode()
    return lambda taken: taken.sendall(
        b"HTTP/1.1 500 x\r\nContent-Length: %d\r\n\r\n%s" % (len(error), error)
    )


def _is(*wanted: str) -> Callable[[str], bool]:
    return lambda seen: seen in wanted


def _small(seen: str) -> bool:
    return seen.startswith("grown by ") and float(seen.split()[2]) < _GROWS


def _fine(seen: str) -> bool:
    return seen.startswith("status")


def _status(hive: HostileHive, method: str, path: str) -> str:
    return str(hive.report(method, path, {} if method == "POST" else None).status)


def _named(stage: Stage, hive: HostileHive, name: str) -> str:
    body = {"hive_id": "localhost", "timestamp": "x"}
    return str(
        stage.cluster.http(
            "POST",
            "queen",
            "/heartbeat",
            body,
            token=hive.secret,
            headers={proof.NAME_HEADER: name},
        ).status
    )


def _shown(stage: Stage, secret: str) -> str:
    return str(stage.cluster.http("GET", "queen", "/jobs", token=secret).status)


def _reflected(stage: Stage, name: str) -> str:
    asked = {proof.CHALLENGE_HEADER: f"{'0' * 32} {name}".strip()}
    answer = stage.cluster.http("GET", "queen", "/health", token=None, headers=asked)
    told = answer.headers.get(proof.PROOF_HEADER.lower(), "none").split(" ")[0]
    body = {"hive_id": "attic", "timestamp": "x"}
    return str(
        stage.cluster.http(
            "POST", "queen", "/heartbeat", body, token=told, headers={proof.NAME_HEADER: name}
        ).status
    )


def _beat(hive: HostileHive, more: dict[str, object]) -> str:
    return str(hive.beat(**more).status)


def _many_beats(stage: Stage, hive: HostileHive, more: dict[str, object], times: int) -> str:
    before = stage.mebibytes("queen")
    for number in range(times):
        if "processor" in more:
            more = {"processor": f"{number} {'x' * 1000}"}
        hive.beat(**more)
    assert _typed(stage, "rbee-keeper ps").startswith("status"), "the owner is not served"
    return f"grown by {max(0.0, stage.mebibytes('queen') - before):.0f} MiB"


def _typed(stage: Stage, command: str) -> str:
    """What came of a command of the owner's beside all that."""
    began, before = time.monotonic(), stage.mebibytes("queen")
    finished = stage.cluster.run(command, timeout=90.0)
    took, grown = time.monotonic() - began, stage.mebibytes("queen") - before
    said = finished.stdout + finished.stderr
    if any(each in said for each in ("\x1b", "\x07", "\u202e", "Traceback")):
        return f"steers the terminal: {said[:100]!r}"
    if stage.cluster.http("GET", "queen", "/health", token=None).status != 200:
        return "the queen answers no more"
    if took > _PATIENCE_S:
        return f"the owner has waited for {took:.0f} s"
    if grown > _GROWS:
        return f"the queen has grown by {grown:.0f} MiB"
    last = finished.stderr.strip().splitlines()[-1:]
    return f"status {finished.status}, {took:.1f} s, {grown:.0f} MiB: {last}"


def _asked(stage: Stage, hive: HostileHive, route: str, answer: Answer, command: str) -> str:
    hive.answers = {route: answer}
    try:
        return _typed(stage, command)
    finally:
        hive.answers = {}


class _Elsewhere:
    """A program that is none of ours, and counts what it is sent."""

    def __init__(self) -> None:
        outer = self
        self.heard = b""
        self.count = 0

        class Handler(http.server.BaseHTTPRequestHandler):
            def handle_one_request(self) -> None:
                line = self.rfile.readline()
                if line:
                    outer.count += 1
                    outer.heard += line
                    self.connection.settimeout(0.5)
                    with contextlib.suppress(OSError):
                        outer.heard += self.connection.recv(65536)
                self.close_connection = True

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self.close = serve(self._server)


def _redirected(stage: Stage, hive: HostileHive, code: int, route: str, command: str) -> str:
    """How many requests another program got."""
    other = _Elsewhere()
    place = f"HTTP/1.1 {code} Go\r\nLocation: {other.url}/x\r\nContent-Length: 0\r\n\r\n".encode()
    hive.answers = {route: lambda taken: taken.sendall(place)}
    hive.answers["GET /models/HF%3Aa%2Fb"] = lambda taken: taken.sendall(
        b"HTTP/1.1 404 x\r\nContent-Length: 92\r\n\r\n"
        + b'{"error":{"code":"model_not_found","message":"x","suggestion":"x","details":{}}}'.ljust(
            92
        )
    )
    try:
        stage.cluster.run(command, timeout=60.0)
    finally:
        hive.answers = {}
        other.close()
    return str(other.count)


def _elsewhere(stage: Stage, hive: HostileHive, command: str) -> str:
    other = _Elsewhere()
    hive.has_a_worker(other.url)
    try:
        stage.cluster.run(command, timeout=60.0)
    finally:
        hive.has_a_worker()
        other.close()
    if PROMPT.encode() in other.heard or b"Bearer" in other.heard:
        return f"told {other.heard!r}"
    return "told nothing"
