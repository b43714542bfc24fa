"""What programs ask that takes a model its time: long prompts, and vectors of texts."""

from __future__ import annotations

import functools
import math
import shlex
from collections.abc import Sequence
from typing import Any

from fixtures import real
from harness.rig import client, wire
from harness.rig.cluster import Cluster
from harness.rig.program import Finished
from harness.rig.waiting import wait_until

#: The longest that a busy machine may take to read a prompt of a scenario, in seconds.
_PATIENCE_S = 150.0
#: How long others ask at most.
_BESIDE_S = 120.0


def type_on_terminal(cluster: Cluster, command_line: str, count: int) -> Finished:
    """Types a command on a terminal, with a prompt of so many words as its last argument."""
    running = cluster.start(f"{command_line} {shlex.quote(_words(count))}", terminal=True)
    return cluster.finish(running, _PATIENCE_S)


def asked(cluster: Cluster, text: str) -> client.Answer:
    """What a program is answered that asks the bundled model."""
    path, body = _body("an answer", "minillama", text)
    return cluster.http("POST", "queen", path, body)


def asked_long(cluster: Cluster, model: str, kind: str, count: int) -> client.Answer:
    """What a program is answered that asks for ``an answer`` or ``a vector`` of so many words.
    ``$MODELS`` is the folder of the real models."""
    path, body = _body(kind, model.replace("$MODELS", str(real.HOME)), _words(count))
    return cluster.http("POST", "queen", path, body, timeout=_PATIENCE_S)


class Beside:
    """A job with a long prompt, and one with a short prompt that comes while that is read."""

    def __init__(self, cluster: Cluster, model: str, count: int) -> None:
        """The long one, from when it is with a worker on. ``$MODELS`` is the folder of the real
        models."""
        self._cluster = cluster
        self._model = model.replace("$MODELS", str(real.HOME))
        self._long = self._listen(_words(count), 1)
        self._short = self._long
        wait_until(
            "a worker has the long prompt",
            lambda: any("infer.start" in event.data for event in self._long.events),
            _PATIENCE_S,
        )

    def ask_shortly(self) -> None:
        """A job with a short prompt, until both are over."""
        self._short = self._listen(_words(1), 3)
        for job in (self._short, self._long):
            wait_until("its answer is over", functools.partial(_is_over, job), _PATIENCE_S)

    def assert_short_first(self) -> None:
        """Two pieces of the short one's answer came before the first one of the long one's."""
        short, long = _pieces(self._short), _pieces(self._long)
        assert len(short) > 1 and long and short[1] < long[0], (short, long)

    def assert_both_ended(self) -> None:
        """Each has an answer."""
        for job in (self._short, self._long):
            assert _pieces(job) and _is_over(job) == "done", job.lines[-3:]

    def _listen(self, prompt: str, max_tokens: int) -> client.Listener:
        asked = {"model_ref": self._model, "prompt": prompt, "max_tokens": max_tokens}
        job = wire.submit(self._cluster, **asked)
        url = self._cluster.url("queen", job["events_url"])
        told = client.Listener(url, token=self._cluster.token, silence_s=_PATIENCE_S)
        self._cluster.on_close(told.leave)
        return told


def ask_until_ended(cluster: Cluster, model: str) -> None:
    """Programs ask for one answer after the other until the command that runs has ended."""
    running = cluster.current

    def ended() -> bool:
        job = wire.submit(cluster, model_ref=model, prompt="tell me a story")
        cluster.listen("queen", job["events_url"])
        return running.has_ended

    wait_until("the command has ended", ended, _BESIDE_S)
    cluster.finish(running)


def assert_restarts(cluster: Cluster, count: int) -> None:
    """The one worker was started so often again, now or in a moment."""

    def restarted() -> bool:
        (worker,) = cluster.http("GET", "hive", "/workers").json()["workers"]
        assert worker["restart_count"] == count, worker
        return True

    wait_until(f"the worker was restarted {count} time(s)", restarted)


def vectors_of(cluster: Cluster, model: str, texts: Sequence[str]) -> list[list[float]]:
    """One vector of each text, in their order. ``$MODELS`` is the folder of the real models."""
    body = {"model": model.replace("$MODELS", str(real.HOME)), "input": list(texts)}
    answer = cluster.http("POST", "queen", "/v1/embeddings", body, timeout=_PATIENCE_S)
    assert answer.status == 200, answer
    return [each["embedding"] for each in answer.json()["data"]]


def assert_nearer(vectors: Sequence[Sequence[float]]) -> None:
    """The first of three vectors points more to the second than to the third."""
    first, second, third = vectors
    assert _cosine(first, second) > _cosine(first, third), vectors


def assert_length(vectors: Sequence[Sequence[float]], length: int) -> None:
    """Each of them has so many numbers."""
    assert vectors and all(len(each) == length for each in vectors), [*map(len, vectors)]


def _pieces(job: client.Listener) -> list[float]:
    """When the pieces of a job's answer came."""
    pairs = zip(job.events, job.came, strict=False)
    return [came for event, came in pairs if event.event == "token"]


def _is_over(job: client.Listener) -> str:
    ends = (event.event for event in job.events if event.event in ("done", "error", "cancelled"))
    return next(ends, "")


def _words(count: int) -> str:
    return "bee " * (count - 1) + "bee"


def _body(kind: str, model: str, text: str) -> tuple[str, dict[str, Any]]:
    if kind == "a vector":
        return "/v1/embeddings", {"model": model, "input": [text]}
    messages = [{"role": "user", "content": text}]
    return "/v1/chat/completions", {"model": model, "messages": messages, "max_tokens": 3}


def _cosine(one: Sequence[float], other: Sequence[float]) -> float:
    return sum(a * b for a, b in zip(one, other)) / (math.hypot(*one) * math.hypot(*other))
