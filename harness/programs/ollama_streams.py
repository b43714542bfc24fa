"""What comes on a stream in ollama's words, read line by line."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

from harness.rig import swarm
from harness.rig.cluster import Cluster

_PATIENCE_S = 60.0


def last_after_kill(cluster: Cluster, model: str) -> dict[str, Any]:
    """The last line of an answer whose worker is killed after some."""
    body = {"model": model, "prompt": "tell me a story"}
    asked = urllib.request.Request(
        cluster.url("queen", "/api/generate"),
        data=json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {cluster.token}"},
    )
    last = b""
    with urllib.request.urlopen(asked, timeout=_PATIENCE_S) as answer:
        for count, line in enumerate(answer):
            last = line
            if count == 5:
                swarm.kill_newest(cluster, "worker")
    told: dict[str, Any] = json.loads(last)
    return told
