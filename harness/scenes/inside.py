"""A look at what no outsider sees: the tasks of a daemon's event loop, and its objects.

A small module that Python imports at its start has each daemon write them down on SIGUSR1. The
product is as it is.
"""

from __future__ import annotations

import json
import os
import signal
from collections import Counter
from typing import NamedTuple

from harness.rig.census import Member
from harness.rig.cluster import Cluster
from harness.rig.waiting import wait_until
from harness.scenes import accidents

_TELL = """
import signal, sys

def _tell(number, frame):
    import asyncio, gc, json, os
    from collections import Counter
    gc.collect()
    kinds = map(type, gc.get_objects())
    pools = sys.modules.get("concurrent.futures.thread")
    told = {{
        "tasks": Counter(
            task.get_coro().__qualname__ for task in asyncio.all_tasks() if not task.done()
        ),
        "objects": Counter(
            kind.__qualname__ for kind in kinds if str(kind.__module__).startswith("rbee.")
        ),
        "pooled": len(pools._threads_queues) if pools else 0,
    }}
    path = os.path.join({folder!r}, str(os.getpid()))
    with open(path + ".part", "w") as file:
        json.dump(told, file)
    os.rename(path + ".part", path)

if any(word.startswith("rbee.") for word in sys.orig_argv):
    signal.signal(signal.SIGUSR1, _tell)
"""


def open_up(cluster: Cluster) -> None:
    """Lets what starts from now on be looked into."""
    folder = cluster.folder / "inside"
    folder.mkdir()
    cluster.set(confine_workers=False)  # else a worker could write nothing there
    accidents.at_start(cluster, _TELL.format(folder=os.fspath(folder)))


class Inside(NamedTuple):
    """How many tasks a daemon has that are not over, by the name of their coroutine, how many
    objects of rbee's own classes, and how many threads in pools, each of which has a bound."""

    tasks: Counter[str]
    objects: Counter[str]
    pooled: int


def look(cluster: Cluster, member: Member) -> Inside:
    """What is in a daemon now."""
    path = cluster.folder / "inside" / str(member.pid)
    os.kill(member.pid, signal.SIGUSR1)
    wait_until(f"the {member.role} has told what is in it", path.exists)
    told = json.loads(path.read_text())
    path.unlink()
    return Inside(Counter(told["tasks"]), Counter(told["objects"]), told["pooled"])
