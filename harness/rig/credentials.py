"""What opens each daemon of a scenario: the queen the token, any other a secret of its own."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from harness.rig import client
from rbee.process import listening
from rbee.process.home import Home
from rbee.wire import proof
from rbee.wire.messages.workers import WORKERS


def of(token: str, homes: Sequence[Path], url: str) -> str:
    """The secret of the daemon at `url`, as those who started it derive it from the token.

    `homes` are those of all machines. Who is no hive or worker of theirs is taken for the queen.
    """
    port = urlsplit(url).port
    for hive_url, hive_id in _hives(homes):
        secret = proof.hive_secret(token, hive_id)
        if urlsplit(hive_url).port == port:
            return secret
        for worker_url, worker_id in _workers(hive_url, secret):
            if urlsplit(worker_url).port == port:
                return proof.worker_secret(secret, worker_id)
    return token


def _hives(homes: Sequence[Path]) -> Iterator[tuple[str, str]]:
    for home in homes:
        known = listening.noted(Home(home), "hive")
        if known is not None:
            yield known.url, known.hive_id


def _workers(hive_url: str, secret: str) -> list[tuple[str, str]]:
    with contextlib.suppress(OSError, AssertionError):
        answer = client.ask("GET", hive_url + WORKERS.path, token=secret, timeout=10.0)
        return [(each["url"], each["worker_id"]) for each in answer.json()["workers"]]
    return []
