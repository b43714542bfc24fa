"""Prompts that take longer to read than anybody wants to wait for a token."""

from __future__ import annotations

import shlex
import threading
from collections.abc import Sequence
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


def asked_at_once(
    cluster: Cluster, model: str, kinds: Sequence[str], count: int
) -> dict[str, client.Answer]:
    """What programs are answered that ask at the same time, each for one of these."""
    answers: dict[str, client.Answer] = {}

    def ask(kind: str, number: int) -> None:
        path, body = _body(kind, model, f"{number} {_words(count)}")
        answers[kind] = client.ask(
            "POST",
            cluster.url("queen", path),
            token=cluster.token,
            body=body,
            timeout=_PATIENCE_S,
        )

    threads = [threading.Thread(target=ask, args=(kind, n)) for n, kind in enumerate(kinds)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def assert_answered(answers: dict[str, client.Answer]) -> None:
    """Each of them got what it asked for, and no error in the middle of it."""
    for kind, answer in answers.items():
        assert answer.status == 200, (kind, answer)
        assert '"error"' not in answer.text, (kind, answer)


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
    asked = {"model": model, "messages": messages, "max_tokens": 3}
    return "/v1/chat/completions", {**asked, "stream": kind == "an answer in pieces"}
