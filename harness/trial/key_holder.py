"""Who holds a key of the owner's, and would have more than what it opens."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator

from harness import client
from harness.callers import Callers
from harness.trial.stage import PROMPT, Stage
from harness.trial.tricks import Outcome, Trick, carry_out
from rbee.hive.models import bundled

_CLOSED = (
    "GET /jobs", "POST /jobs", "GET /jobs/{job}", "GET /jobs/{job}/events", "DELETE /jobs/{job}",
    "GET /events", "POST /stay", "GET /hives", "POST /hives", "DELETE /hives/localhost",
    "POST /hives/wake", "GET /workers", "DELETE /workers/worker-1", "GET /models", "POST /models/provision",
    "DELETE /models/minillama", "POST /heartbeat", "GET /keys", "POST /keys", "DELETE /keys/phone",
    "POST /shutdown", "GET /errands/1/events", "DELETE /errands/1", "GET /v1/../jobs",
    "GET /v1/%2e%2e/jobs", "GET //jobs", "GET /v1//../jobs", "GET /v1/models/../../jobs",
    "GET /v1/jobs", "GET /v1/keys", "DELETE /v1/models/minillama", "POST /v1/models",
    "GET /v1/chat/completions/{job}", "DELETE /v1/chat/completions/{job}", "GET /v1/responses/{job}",
    "GET /v1/files", "POST /v1/files", "POST /v1/fine_tuning/jobs", "POST /v1/audio/speech",
    "GET /v1/organization/admin_api_keys", "GET /v1/models/file:%2Fetc%2Fshadow", "GET /v1/models/..%2f..%2fjobs",
    "HEAD /v1/models", "TRACE /v1/models", "PUT /v1/chat/completions", "PATCH /v1/models/minillama",
)  # fmt: skip
_MODELS = (
    "file:/etc/shadow", "file:/etc/passwd", "file:///etc/passwd", "file:{home}/token", "file:.",
    "file:/dev/zero", "file:/dev/stdin", "file:/proc/self/environ", "{package}/minillama.gguf",
    "../../etc/passwd", "HF:author/minillama", "hf:author/nothing", "author/private", "HF:../../x",
    "http://127.0.0.1:22/x", "https://evil.example/x.gguf", "\\\\evil\\share\\x", "minillama\u0000",
    "minillama ", "mini\u202ellama", "m\u0456nillama", "minillama\n", "", " ", "*", "HF:*", "minillama#1",
    "HF:a/b@../../../x", "HF:a/b:../../x", "x" * 5000, "\ud7ff", "file:" + "a/" * 2000, "--help", "$(id)",
)  # fmt: skip
#: Fields that are the owner's affair, or none of this API.
_FIELDS = (
    {"node": "attic"}, {"hive": "attic"}, {"device": "gpu7"}, {"hub_token": "hf_x"}, {"newest": True},
    {"model_path": "/etc/shadow"}, {"grammar_file": "/etc/shadow"}, {"lora": "/etc/shadow"},
    {"chat_template": "{{ 'x' * 10**9 }}"}, {"chat_template_kwargs": {"x": "y" * 100_000}},
    {"n": 10**9}, {"n": -1}, {"max_tokens": -5}, {"max_tokens": 2**63}, {"max_tokens": 10**6 + 1},
    {"stop": [""]}, {"stop": ["x"] * 1000}, {"logit_bias": {"x": "y"}}, {"logit_bias": {"-1": 100}},
    {"logit_bias": {"99999999": 100}}, {"temperature": -1}, {"temperature": 10**9}, {"top_p": 7},
    {"seed": 2**70}, {"top_logprobs": 10**6, "logprobs": True}, {"tools": [{"type": "function"}] * 500},
    {"tools": [{"type": "function", "function": {"name": "x" * 100_000}}]}, {"user": "\u202e" * 100},
    {"response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": {"$ref": "#"}}}},
    {"response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": {"$ref": "file:///etc/passwd"}}}},
    {"response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": {"pattern": "(a+)+$", "type": "string"}}}},
    {"stream_options": {"include_usage": True}, "stream": False}, {"cache_prompt": True, "id_slot": 3},
    {"messages": [{"role": "system", "content": [{"type": "image_url", "image_url": {"url": "file:///etc/passwd"}}]}]},
    {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "http://127.0.0.1:22/"}}]}]},
    {"messages": []}, {"messages": [{"role": "root", "content": "x"}]}, {"messages": "x"},
)  # fmt: skip
_BODIES = (
    ("no JSON", b"x"), ("nothing", b""), ("a list", b"[]"), ("a number", b"1e400"), ("no text", b'{"model":"\xff"}'),
    ("a mark in front", b'\xef\xbb\xbf{"model":"minillama"}'), ("NaN", b'{"model":"minillama","temperature":NaN}'),
    ("a lone surrogate", b'{"model":"minillama","messages":[{"role":"user","content":"\\ud800"}]}'),
    ("100,000 brackets", b"[" * 100_000), ("nested objects", b'{"model":' * 20_000),
    ("a number of 100,000 digits", b'{"model":"minillama","seed":' + b"9" * 100_000 + b"}"),
    ("a field twice", b'{"model":"file:/etc/shadow","model":"minillama","messages":[{"role":"user","content":"x"}],"max_tokens":1}'),
    ("a field that is Python's", b'{"__class__":"x","model":"minillama"}'), ("comments", b'{"model":/**/"minillama"}'),
    ("a form", b"model=minillama&messages=x"), ("2 MiB", b'{"model":"' + b"x" * 2**21 + b'"}'),
)  # fmt: skip


def play(stage: Stage) -> list[Outcome]:
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
    for route in _CLOSED:
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
    for model in _MODELS:
        name = model.format(**places) if "{" in model else model
        yield Trick(
            f"asks for the model {name[:40]!r}",
            lambda name=name: _ask(stage, key, {"model": name}),
            _refused(stage),
        )
    for fields in _FIELDS:
        told = json.dumps(fields)[:44]
        yield Trick(
            f"asks with {told}",
            lambda fields=fields: _ask(stage, key, {"max_tokens": 2, **fields}),
            _harmless(stage),
        )
    yield Trick("lists the models", _call(stage, key, "GET", "/v1/models"), _harmless(stage))


def _bodies(stage: Stage, key: str) -> Iterator[Trick]:
    for what, body in _BODIES:
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
            lambda other=other: _ask(stage, other, {"max_tokens": 1}),
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
        return f"{answer.status} {'allow' if 'access-control-allow-origin' in answer.headers else 'no page'}"

    return attempt


def _harmless(stage: Stage) -> Callable[[str], bool]:
    """Nothing of the machine is told, and it is no fault of ours."""
    private = [stage.token, str(stage.home), PROMPT, "root:", "Traceback", bundled.__file__ or "x"]
    return lambda seen: seen[:1] in "24" and not any(each in seen for each in private)


def _refused(stage: Stage) -> Callable[[str], bool]:
    harmless = _harmless(stage)
    return lambda seen: (seen[:1] == "4" and harmless(seen)) or seen.startswith("refused")


def _status(wanted: int) -> Callable[[str], bool]:
    return lambda seen: seen.startswith(str(wanted))
