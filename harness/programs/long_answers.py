"""What a program is answered by a model that may take its time."""

from __future__ import annotations

from typing import Any

from harness.rig.cluster import Cluster

#: How long a model may take to be loaded and to answer (seconds).
_ANSWERED_S = 120.0


def message_of(cluster: Cluster, model: str, text: str, **wanted: Any) -> dict[str, Any]:
    """The message that `model` answers to a text, with what else is `wanted` of it."""
    body = {
        "model": model,
        "messages": [{"role": "user", "content": text}],
        **wanted,
    }
    path = "/v1/chat/completions"
    answer = cluster.http("POST", "queen", path, body, timeout=_ANSWERED_S)
    assert answer.status == 200, answer
    message: dict[str, Any] = answer.json()["choices"][0]["message"]
    return message
