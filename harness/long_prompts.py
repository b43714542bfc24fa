"""Prompts that take longer to read than anybody wants to wait for a token."""

from __future__ import annotations

import shlex
from typing import Any

from harness import client, wire
from harness.cluster import Cluster
from harness.program import Finished
from harness.waiting import wait_until

#: The longest that a busy machine may take to read a prompt of a scenario, in seconds.
_PATIENCE_S = 150.0
#: How long others ask at most.
_BESIDE_S = 30.0


def type_on_terminal(cluster: Cluster, command_line: str, count: int) -> Finished:
    """Types a command on a terminal, with a prompt of so many words as its last argument."""
    running = cluster.start(f"{command_line} {shlex.quote(_words(count))}", terminal=True)
    return cluster.finish(running, _PATIENCE_S)


def asked(cluster: Cluster, text: str) -> client.Answer:
    """What a program is answered that asks the bundled model."""
    path, body = _body("an answer", "minillama", text)
    return cluster.http("POST", "queen", path, body)


def asked_long(cluster: Cluster, model: str, kind: str, count: int) -> client.Answer:
    """What a program is answered that asks for ``an answer`` or ``a vector`` of so many words."""
    path, body = _body(kind, model, _words(count))
    return cluster.http("POST", "queen", path, body, timeout=_PATIENCE_S)


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

    wait_until(f"the worker was restarted {count} time(s)", restarted, 5.0)


def _words(count: int) -> str:
    return "bee " * (count - 1) + "bee"


def _body(kind: str, model: str, text: str) -> tuple[str, dict[str, Any]]:
    if kind == "a vector":
        return "/v1/embeddings", {"model": model, "input": [text]}
    messages = [{"role": "user", "content": text}]
    return "/v1/chat/completions", {"model": model, "messages": messages, "max_tokens": 3}
