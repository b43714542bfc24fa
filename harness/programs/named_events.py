"""Streams whose events have names, read as bytes: of responses, and in Anthropic's words."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Sequence
from typing import Any

from harness.rig import client, swarm
from harness.rig.cluster import Cluster

_PATIENCE_S = 60.0
_STORY = "tell me a story"
_RESPONSES, _MESSAGES = "/v1/responses", "/v1/messages"


def names_after_kill(cluster: Cluster, path: str, model: str) -> list[str]:
    """The names of the events of an answer whose worker is killed after some."""
    body: dict[str, Any] = {"model": model, "stream": True}
    if path == _RESPONSES:
        body["input"] = _STORY
    else:
        body |= {"messages": [{"role": "user", "content": _STORY}], "max_tokens": 9999}
    asked = urllib.request.Request(
        cluster.url("queen", path),
        data=json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {cluster.token}"},
    )
    names: list[str] = []
    with urllib.request.urlopen(asked, timeout=_PATIENCE_S) as answer:
        for line in answer:
            if line.startswith(b"event: "):
                names.append(line.decode().removeprefix("event: ").strip())
            if len(names) == 10:
                swarm.kill_newest(cluster, "worker")
                names.append("killed")
    return [name for name in names if name != "killed"]


def keep_answer(cluster: Cluster, secret: str) -> str:
    """The name of an answer that is kept for the holder of a key."""
    body = {"model": "minillama", "input": "hello", "max_output_tokens": 1}
    answer = cluster.http("POST", "queen", _RESPONSES, body, token=secret, timeout=_PATIENCE_S)
    assert answer.status == 200, answer
    assert cluster.http("GET", "queen", _path(answer), token=secret).status == 200
    return str(answer.json()["id"])


def statuses_for(cluster: Cluster, secret: str, response_id: str) -> list[int]:
    """What the holder of a key gets for an answer, and for going on from it."""
    path = f"{_RESPONSES}/{response_id}"
    told = cluster.http("GET", "queen", path, token=secret)
    body = {"model": "minillama", "input": "x", "previous_response_id": response_id}
    gone_on = cluster.http("POST", "queen", _RESPONSES, body, token=secret, timeout=_PATIENCE_S)
    return [told.status, gone_on.status]


def assert_anthropics(answers: Sequence[client.Answer], rows: Sequence[Any]) -> None:
    """Each answer is an error in Anthropic's one form, with the mark that its head has."""
    assert len(answers) == len(rows) > 0
    for answer, row in zip(answers, rows, strict=True):
        assert answer.status == int(row["status"]), answer
        body = answer.json()
        assert set(body) == {"type", "error", "request_id"} and body["type"] == "error", body
        assert body["error"]["type"] == row["type"] and body["error"]["message"], body
        assert body["request_id"] == answer.headers["request-id"], answer
        assert body["request_id"] == answer.headers["x-request-id"], answer


def _path(answer: client.Answer) -> str:
    return f"{_RESPONSES}/{answer.json()['id']}"
