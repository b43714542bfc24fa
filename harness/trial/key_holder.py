"""Who holds a key of the owner's, and would have more than what it opens."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from functools import partial

from harness.programs.callers import Callers
from harness.rig import client
from harness.trial.stage import PROMPT, Stage, pairs, table
from harness.trial.tricks import Trick, TrickOutcome, carry_out
from rbee.hive.models import bundled

#: Too large for a table.
_LARGE_FIELDS: tuple[dict[str, object], ...] = (
    {"chat_template_kwargs": {"x": "y" * 100_000}},
    {"stop": ["x"] * 1000},
    {"tools": [{"type": "function"}] * 500},
    {"tools": [{"type": "function", "function": {"name": "x" * 100_000}}]},
)
_LARGE_BODIES = (
    ("100,000 brackets", b"[" * 100_000),
    ("20,000 objects in one another", b'{"model":' * 20_000),
    ("a number of 100,000 digits", b'{"model":"minillama","seed":' + b"9" * 100_000 + b"}"),
    ("2 MiB", b'{"model":"' + b"x" * 2**21 + b'"}'),
)


def play(stage: Stage) -> list[TrickOutcome]:
    """All of it, on a swarm that is warm, beside a job of somebody else's."""
    callers = Callers(stage.cluster)
    callers.add_keys("laptop", "phone")
    key = callers._tokens["laptop"]
    asked = {"model_ref": "minillama", "prompt": PROMPT, "max_tokens": 3}
    job = stage.cluster.http("POST", "queen", "/jobs", asked).json()["job_id"]
    tricks = [
        *_closed(stage, key, job),
        *_models(stage, key),
        *_bodies(stage, key),
        *_keys(stage, key),
    ]
    outcomes = carry_out("a key's holder", tricks)
    assert stage.cluster.http("DELETE", "queen", "/keys/laptop").status == 204
    gone = [
        Trick(
            "uses the key that was removed",
            lambda: _ask(stage, key, {"max_tokens": 1}),
            _status(401),
        )
    ]
    served = [Trick("is served", stage.serves, lambda seen: not seen.startswith("refused"))]
    return [*outcomes, *carry_out("a key's holder", gone), *carry_out("the owner", served)]


def _closed(stage: Stage, key: str, job: str) -> Iterator[Trick]:
    for route in table("closed_to_keys"):
        method, path = route.format(job=job).split(" ")
        yield Trick(
            route,
            _call(stage, key, method, path, {} if method == "POST" else None),
            _refused(stage),
        )


def _models(stage: Stage, key: str) -> Iterator[Trick]:
    places = {
        "home": stage.home,
        "package": bundled.__path__[0] if hasattr(bundled, "__path__") else "x",
    }
    for model in [*table("models"), "x" * 5000, "file:" + "a/" * 2000]:
        name = model.format(**places) if "{" in model else model
        yield Trick(
            f"asks for the model {name[:40]!r}",
            partial(_ask, stage, key, {"model": name}),
            _refused(stage),
        )
    for fields in [*map(json.loads, table("fields")), *_LARGE_FIELDS]:
        told = json.dumps(fields)[:44]
        yield Trick(
            f"asks with {told}",
            partial(_ask, stage, key, {"max_tokens": 2, **fields}),
            _harmless(stage),
        )
    yield Trick("lists the models", _call(stage, key, "GET", "/v1/models"), _harmless(stage))


def _bodies(stage: Stage, key: str) -> Iterator[Trick]:
    sent = [(what, text.encode("latin-1")) for what, text in pairs("bodies")]
    for what, body in [*sent, *_LARGE_BODIES]:
        yield Trick(
            f"sends {what}",
            _call(stage, key, "POST", "/v1/chat/completions", body),
            _harmless(stage),
        )
    plain = json.dumps(
        {"model": "minillama", "max_tokens": 1, "messages": [{"role": "user", "content": "x"}]}
    ).encode()
    for coding, body in (
        ("br", plain),
        ("gzip, gzip", gzip.compress(gzip.compress(plain))),
        ("gzip", gzip.compress(b"0" * 2**24)),
        ("gzip", gzip.compress(plain)[:-4]),
        ("zstd", plain),
        ("compress", plain),
    ):
        yield Trick(
            f"packs a body as {coding}",
            _call(stage, key, "POST", "/v1/chat/completions", body, {"Content-Encoding": coding}),
            _refused(stage),
        )
    for name, value in (
        ("Origin", "https://evil.example"),
        ("Origin", "null"),
        ("Host", "evil.example"),
    ):
        yield Trick(
            f"asks as a page of {name}: {value}",
            _origin(stage, key, name, value),
            lambda seen: "allow" not in seen,
        )


def _keys(stage: Stage, key: str) -> Iterator[Trick]:
    for what, other in (
        ("in capitals", key.upper()),
        ("without its end", key[:-1]),
        ("and more", key + "A"),
        ("with a space inside", key[:9] + " " + key[9:]),
        ("of zeros", "rbee-" + "0" * 32),
        ("with a wildcard", "rbee-" + "%" * 32),
        ("that is the prefix", "rbee-"),
        ("that is SQL", "rbee-' OR '1'='1"),
    ):
        yield Trick(
            f"shows a key {what}",
            partial(_ask, stage, other, {"max_tokens": 1}),
            _status(401),
        )
    yield Trick(
        "shows the key to the hive",
        lambda: stage.cluster.http("GET", "hive", "/workers", token=key).status,
        _status(401),
    )
    yield Trick(
        "shows the key to the worker",
        lambda: stage.cluster.http("POST", "worker", "/infer", {}, token=key).status,
        _status(401),
    )


def _call(
    stage: Stage,
    key: str,
    method: str,
    path: str,
    body: object = None,
    headers: dict[str, str] | None = None,
) -> Callable[[], str]:
    def attempt() -> str:
        answer = client.ask(
            method,
            stage.cluster.url("queen", path),
            token=key,
            body=body,
            headers=headers,
            timeout=20.0,
        )
        return f"{answer.status} {answer.text}"

    return attempt


def _ask(stage: Stage, key: str, fields: dict[str, object]) -> str:
    body = {"model": "minillama", "messages": [{"role": "user", "content": "hi"}], **fields}
    return _call(stage, key, "POST", "/v1/chat/completions", body)()


def _origin(stage: Stage, key: str, name: str, value: str) -> Callable[[], str]:
    def attempt() -> str:
        answer = client.ask(
            "GET", stage.cluster.url("queen", "/v1/models"), token=key, headers={name: value}
        )
        told = "access-control-allow-origin" in answer.headers
        return f"{answer.status} {'allow' if told else 'no page'}"

    return attempt


def _harmless(stage: Stage) -> Callable[[str], bool]:
    """Nothing of the machine is told, and it is no fault of ours."""
    private = [
        stage.token,
        f"{stage.home}/models",
        f"{stage.home}/logs",
        PROMPT,
        "root:",
        "Traceback",
        bundled.__file__ or "x",
    ]
    return lambda seen: seen[:1] in "24" and not any(each in seen for each in private)


def _refused(stage: Stage) -> Callable[[str], bool]:
    harmless = _harmless(stage)
    return lambda seen: (seen[:1] == "4" and harmless(seen)) or seen.startswith("refused")


def _status(wanted: int) -> Callable[[str], bool]:
    return lambda seen: seen.startswith(str(wanted))
