"""Programs of Python that use the swarm, each in a process of its own."""

from __future__ import annotations

from harness.rig.cluster import Cluster
from harness.rig.program import Running

_READING = """
import rbee

with rbee.swarm() as swarm:
    for piece in swarm.stream("write a story", model={model!r}):
        print(piece, end="", flush=True)
"""


def run(cluster: Cluster, text: str) -> None:
    """Runs a program to its end, which is a good one."""
    cluster.write("program.py", text)
    cluster.assert_status(0, cluster.run("python program.py"))


def reading(cluster: Cluster, model: str) -> Running:
    """A program that reads a story without an end, of which the first words have come."""
    cluster.write("program.py", _READING.format(model=model))
    running = cluster.start("python program.py")
    running.wait_for_text()
    return running


def assert_printed(cluster: Cluster, text: str) -> None:
    """The last program has printed this."""
    assert cluster.last.stdout.strip() == text.strip(), cluster.last
