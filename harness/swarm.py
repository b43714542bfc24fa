"""The swarm of a scenario, brought into a state and looked at from outside."""

from __future__ import annotations

import json
from typing import Any

from harness import cluster as processes
from harness.cluster import Cluster


def wake_queen(cluster: Cluster) -> None:
    """A queen that a person has started in another terminal."""
    queen = cluster.start("queen-rbee")
    cluster.assert_answers("queen")
    cluster.on_close(lambda: _end(cluster, queen))


def wake_foreign_queen(cluster: Cluster) -> None:
    """A queen of another person, with another home, on this scenario's port."""
    queen = cluster.start(f"RBEE_HOME={cluster.folder / 'foreign'} queen-rbee")
    cluster.assert_answers("queen")
    cluster.on_close(lambda: _end(cluster, queen))


def warm_up(cluster: Cluster) -> None:
    """A queen, a hive and a worker that holds minillama, all waiting for work."""
    wake_queen(cluster)
    cluster.assert_status(0, cluster.run("rbee-keeper infer 'hello'"))


def kill(cluster: Cluster, role: str) -> None:
    """kill -9 of the one process of this role."""
    found = cluster.processes(role)
    assert len(found) == 1, f"{len(found)} processes of the {role}: {found}"
    processes.kill(found[0])


def assert_nothing_was_started(cluster: Cluster) -> None:
    """No queen, hive or worker has ever run in this scenario: none has a log."""
    roles = {name.partition("-")[0].removesuffix(".log") for name in cluster.logs()}
    assert not roles & {"queen", "hive", "worker"}, f"logs of {sorted(roles)}"


def assert_hive(cluster: Cluster, hive_id: str) -> None:
    """The queen remembers a hive of this name."""
    assert _hive(cluster, hive_id)


def assert_hive_gpus(cluster: Cluster, hive_id: str, count: int) -> None:
    """The queen remembers so many GPUs of a hive."""
    gpus = json.loads(_hive(cluster, hive_id)["devices"])["gpus"]
    assert len(gpus) == count, gpus


def assert_model(cluster: Cluster, ref: str) -> None:
    """The hive remembers a model, and its file is whole."""
    rows = cluster.rows("hive.db", "select * from models where ref = ?", [ref])
    assert len(rows) == 1, cluster.rows("hive.db", "select ref from models")
    assert rows[0]["status"] == "ready", rows


def assert_no_model(cluster: Cluster) -> None:
    """The hive remembers no model."""
    rows = cluster.rows("hive.db", "select ref from models")
    assert not rows, rows


def assert_worker_kind(cluster: Cluster, kind: str) -> None:
    """The hive remembers a kind of worker."""
    rows = cluster.rows("hive.db", "select * from workers where kind = ?", [kind])
    assert len(rows) == 1, rows


def _hive(cluster: Cluster, hive_id: str) -> dict[str, Any]:
    rows = cluster.rows("queen.db", "select * from hives where id = ?", [hive_id])
    assert len(rows) == 1, cluster.rows("queen.db", "select id from hives")
    return rows[0]


def _end(cluster: Cluster, running: Any) -> None:
    running.send(processes.signal.SIGTERM)
    cluster.assert_status(0, cluster.finish(running))
