"""What the daemons hold: descriptors, connections, threads, tasks and objects."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import psutil

from harness.rig.census import Member
from harness.rig.cluster import Cluster
from harness.scenes import inside

_ROLES = ("queen", "hive", "worker")
#: The task and the object of an open connection; these are counted as connections.
_OF_A_CONNECTION = ("RequestHandler.start", "Connection")
#: What the queen keeps of the jobs that are over, and how she counts them.
_KEPT_WITH_JOBS = (
    *("Job", "EventLog", "JobRequest", "ChatMessage", "Troubles", "Demand", "RequestWork"),
    *("JobLabels", "Histogram", "Answering", "Tools", "Meant", "ResponseRequest"),
)


class _Ends(NamedTuple):
    """A connection as one of its sides has it: its own address, and that of the other."""

    mine: tuple[object, ...]
    other: tuple[object, ...]


@dataclass(frozen=True)
class Held:
    """What one daemon holds: its descriptors that are no connection, its connections to others
    than the daemons, its threads outside of pools, its tasks by the name of their coroutine, and
    its objects of rbee's own classes, but for those of jobs that are over."""

    files: int
    connections: int
    threads: int
    tasks: Counter[str]
    objects: Counter[str]


@dataclass(frozen=True)
class AllHeld:
    """What each role holds, and how many connections the roles keep to one another.

    The latter wait for the next request for some seconds, and are closed when none comes.
    """

    by_role: Mapping[str, Held]
    kept: int

    def differences(self, before: AllHeld) -> list[str]:
        """Whatever of it is not as it was, the connections that are kept apart."""
        found = []
        for role, held in self.by_role.items():
            then = before.by_role[role]
            for what in ("files", "connections", "threads"):
                counts = getattr(then, what), getattr(held, what)
                if counts[0] != counts[1]:
                    found.append(f"{what} of the {role}: {counts[0]} before, {counts[1]} after")
            for name, count in _changes(then.tasks, held.tasks).items():
                found.append(f"tasks {name} of the {role}: {count:+d}")
            for name, count in _changes(then.objects, held.objects).items():
                found.append(f"objects {name} of the {role}: {count:+d}")
        return found


def all_held(cluster: Cluster) -> AllHeld:
    """What queen, hive and each worker hold now."""
    members = _members(cluster)
    processes = {role: psutil.Process(member.pid) for role, member in members.items()}
    sockets = {role: _sockets(process) for role, process in processes.items()}
    ends = [each for found in sockets.values() for each in found if each.other]
    between = {each for each in ends if _Ends(each.other, each.mine) in ends}
    by_role = {}
    for role, process in processes.items():
        found = inside.look(cluster, members[role])
        del found.tasks[_OF_A_CONNECTION[0]], found.objects[_OF_A_CONNECTION[1]]
        if role == "queen":
            for name in _KEPT_WITH_JOBS:
                del found.objects[name]
        by_role[role] = Held(
            files=process.num_fds() - len(sockets[role]),
            connections=sum(each not in between for each in sockets[role] if each.other),
            threads=process.num_threads() - found.pooled,
            tasks=found.tasks,
            objects=found.objects,
        )
    return AllHeld(by_role, len(between) // 2)


def _changes(before: Counter[str], after: Counter[str]) -> dict[str, int]:
    changed = {name: after[name] - before[name] for name in sorted({*before, *after})}
    return {name: change for name, change in changed.items() if change}


def memory(cluster: Cluster) -> dict[str, int]:
    """Bytes of RAM of each of them."""
    return {
        role: psutil.Process(member.pid).memory_info().rss
        for role, member in _members(cluster).items()
    }


def _members(cluster: Cluster) -> dict[str, Member]:
    """The daemons by their roles. Raises AssertionError unless there are as many as there should
    be: a worker for each of the two models."""
    found = {role: cluster.processes(role) for role in _ROLES}
    counts = {role: len(members) for role, members in found.items()}
    assert counts == {"queen": 1, "hive": 1, "worker": 2}, found
    first, second = sorted(found.pop("worker"), key=lambda member: member.pid)
    return {"queen": found["queen"][0], "hive": found["hive"][0], "worker": first, "other": second}


def _sockets(process: psutil.Process) -> list[_Ends]:
    return [_Ends(tuple(each.laddr), tuple(each.raddr)) for each in process.net_connections("inet")]
