"""The two ways in which the keeper reads an `infer`: a quick one for what is plain, and click."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from harness.cluster import Cluster

_READ = """
import shlex, sys
from rbee.keeper.cli import infer
from rbee.keeper.quick_reader import read_plain_infer

for line in sys.argv[1:]:
    _, *words = shlex.split(line)
    quick = read_plain_infer(words, {})
    if quick is None:
        print("left to click")
    elif quick == infer.make_context("infer", words[1:]).params:
        print("the same")
    else:
        print("something else")
"""


def read_both_ways(cluster: Cluster, command_lines: Sequence[str]) -> dict[str, str]:
    """How the quick way goes about each command line: it is
    ``left to click``, means ``the same`` to it, or ``something else``.
    """
    finished = cluster.run(shlex.join(["python", "-c", _READ, *command_lines]))
    cluster.assert_status(0, finished)
    return dict(zip(command_lines, finished.stdout.splitlines(), strict=True))


def assert_all(readings: dict[str, str], reading: str) -> None:
    """There are command lines, and the quick way goes about each of them like this."""
    others = {line: each for line, each in readings.items() if each != reading}
    assert readings and not others, others
