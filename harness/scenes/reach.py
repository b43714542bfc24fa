"""What the holder of a key can find out, and what another queen does to it."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Sequence
from typing import Any

from harness.programs.callers import Callers
from harness.rig import client
from harness.rig.cluster import ROOT, Cluster

#: Within which a key that was removed anywhere is known to be none (seconds), and what is sent to
#: those who read has arrived.
_KNOWN_WITHIN_S = 1.5
_PACKAGE = ROOT / "rbee" / "hive" / "models" / "bundled"


def ask_for_each(
    cluster: Cluster, callers: Callers, key: str, models: Sequence[str]
) -> dict[str, client.Answer]:
    """What a program with this key is answered for each model; ``$WORK`` and ``$PACKAGE`` are
    folders with files in them."""
    cluster.hub.forget_requests()
    found = {}
    for model in models:
        named = model.replace("$WORK", str(cluster.work)).replace("$PACKAGE", str(_PACKAGE))
        found[named] = callers.ask_for(key, named)
    return found


def assert_alike(answers: dict[str, client.Answer]) -> None:
    """The answers differ in nothing but the name that was asked for."""
    assert answers
    texts = {
        (answer.status, answer.text.replace(model, "<model>")) for model, answer in answers.items()
    }
    assert len(texts) == 1, texts
    ((status, text),) = texts
    assert status == 404, text
    assert "model_not_found" in text, text


def assert_hub_left_alone(cluster: Cluster) -> None:
    """The hub was asked for nothing since the programs began to ask."""
    assert not cluster.hub.requests(), cluster.hub.requests()


def remove_elsewhere(cluster: Cluster, key: str) -> None:
    """Takes a key out of the database, as another queen does who has the same one."""
    path = cluster.home / "queen.db"
    with contextlib.closing(sqlite3.connect(path, timeout=5)) as database, database:
        assert database.execute("DELETE FROM api_keys WHERE name = ?", (key,)).rowcount == 1


def assert_cut_off(callers: Callers) -> None:
    """Whoever reads a story is told soon that its key is none."""
    callers.assert_cut_off(_KNOWN_WITHIN_S)


def assert_heard_little(cluster: Cluster, callers: Callers) -> None:
    """It was told of the download, and nothing that names a machine, a path or a worker."""
    heard = callers.heard()
    assert "starting download" in heard, heard
    for secret in ("localhost", str(cluster.folder), "worker-", "127.0.0.1", ".gguf", "CPU"):
        assert secret not in heard, f"{secret!r} in {heard}"


def assert_sees(models: Sequence[dict[str, Any]], model: str) -> None:
    """That model is the only one listed, on no machine."""
    assert [(each["id"], each["hives"]) for each in models] == [(model, [])], models
