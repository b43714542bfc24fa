"""A queen that takes nothing new in, since she is about to be replaced, and who asks her."""

from __future__ import annotations

import time
from typing import Any

from harness.rig import client
from harness.rig.cluster import Cluster
from harness.rig.waiting import wait_until

_ASKED = {
    "model": "minillama",
    "messages": [{"role": "user", "content": "hello"}],
    "stream": True,
}


def drain(cluster: Cluster) -> client.Listener:
    """A program that has her take nothing in for as long as it listens, once nothing runs."""
    begun = cluster.http("POST", "queen", "/drain").json()
    url = cluster.url("queen", begun["events_url"])
    listener = client.Listener(url, token=cluster.token)
    wait_until("no job runs", lambda: any("queen.drained" in line for line in listener.lines))
    return listener


def ask_meanwhile(cluster: Cluster) -> client.Listener:
    """A program that asks for an answer; its request has come to her before others are answered."""
    url = cluster.url("queen", "/v1/chat/completions")
    asking = client.Listener(url, token=cluster.token, body=_ASKED)
    cluster.queen_get("/jobs")
    return asking


def call_off(listener: client.Listener) -> int:
    """Ends the drain; when that was, in milliseconds since the epoch."""
    at = time.time_ns() // 1_000_000
    listener.leave()
    return at


def assert_answered_since(cluster: Cluster, asking: client.Listener, at: int) -> None:
    """It got its answer, by a job that began no sooner."""
    wait_until("the answer is there", lambda: "data: [DONE]" in asking.lines)
    newest: dict[str, Any] = cluster.queen_get("/jobs")["jobs"][0]
    assert newest["created_at_ms"] >= at, (newest, at)
