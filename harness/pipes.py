"""The pipes that tie the programs of a swarm together, as the kernel lists them."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from harness.cluster import Cluster

#: An end of a pipe: the pipe's name, and whether it is written to there.
End = tuple[str, bool]


def ends_held(cluster: Cluster) -> dict[End, list[str]]:
    """Which roles hold each end of each pipe, one that holds it twice named once."""
    held: defaultdict[End, list[str]] = defaultdict(list)
    for member in cluster.processes():
        for end in _ends_of(member.pid):
            held[end].append(member.role)
    return held


def assert_held_once(held: Mapping[End, list[str]]) -> None:
    """Each end is held by one program alone; queen, hive and worker are tied together."""
    assert {role for roles in held.values() for role in roles} >= {"queen", "hive", "worker"}, held
    shared = {end: roles for end, roles in held.items() if len(roles) > 1}
    assert not shared, shared


def _ends_of(pid: int) -> set[End]:
    """Of every pipe that this process has open."""
    ends = set()
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        target = os.readlink(descriptor)
        if target.startswith("pipe:"):
            facts = Path(f"/proc/{pid}/fdinfo/{descriptor.name}").read_text().split()
            flags = int(facts[facts.index("flags:") + 1], 8)
            ends.add((target, flags & os.O_ACCMODE == os.O_WRONLY))
    return ends
