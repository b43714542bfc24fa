"""What the queen tells of the cluster on her events, and what stands in the logs."""

from __future__ import annotations

from harness.cluster import Cluster
from harness.transcript import assert_in_order
from harness.waiting import wait_until

#: How long a stream that goes on is read when it has nothing new (seconds).
_QUIET_S = 0.2


def told(cluster: Cluster) -> list[str]:
    """``actor: line`` of each event that belongs to no job, from the first one that is kept."""
    how = {"last_event_id": "0", "timeout": _QUIET_S, "until_silent": True}
    told = [event.json() for event in cluster.listen("queen", "/events", **how).events]
    return [f"{narration['actor']}: {narration['human']}" for narration in told]


def assert_told(cluster: Cluster, expected: str) -> None:
    """These lines come in this order among what is told, now or in a moment."""

    def is_told() -> bool:
        assert_in_order(expected, told(cluster), cluster.ports)
        return True

    wait_until("the queen has told it", is_told, 10.0)


def assert_logged(cluster: Cluster, role: str, text: str) -> None:
    """A line with this text stands in the log of a program, now or in a moment."""
    logs = cluster.home / "logs"

    def is_logged() -> bool:
        written = "".join(log.read_text() for log in logs.glob(f"{role}*.log"))
        assert text in written, written
        return True

    wait_until(f"the log of the {role} says {text!r}", is_logged)


def assert_degraded(cluster: Cluster, hive_id: str, devices: str) -> None:
    """The queen lists these devices of a hive as degraded, with the reason and the time."""
    hives = {hive["hive_id"]: hive for hive in cluster.queen_get("/hives")["hives"]}
    degraded = hives[hive_id]["degraded"]
    assert sorted(each["device"] for each in degraded) == devices.split(", "), degraded
    assert all(each["why"] and each["until_ms"] for each in degraded), degraded
