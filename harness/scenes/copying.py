"""Programs that may start others as copies of themselves."""

from __future__ import annotations

import subprocess
import sys

from harness.rig.cluster import Cluster

_ASKED = """
import sys, threading
from rbee.process.forked import may_be_trusted

if "two" in sys.argv:
    threading.Thread(target=threading.Event().wait, daemon=True).start()
print("a copy" if may_be_trusted() else "a program anew")
"""
_LONG = "with-as-many-words-as-a-keeper-that-is-asked-something-has"
#: How each kind of program is started: the words behind its name, and what is in its environment.
_PROGRAMS: dict[str, tuple[list[str], dict[str, str]]] = {
    "has one thread": (["one", _LONG], {}),
    "has two threads": (["two", _LONG], {}),
    "writes ASCII": (
        ["one", _LONG],
        {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
    ),
    "was called by a few letters": ([], {}),
}


def started_by(cluster: Cluster, kind: str) -> str:
    """What such a program starts where it may start a copy of itself."""
    words, variables = _PROGRAMS[kind]
    asked = subprocess.run(
        ["p", "-", *words],
        executable=sys.executable,
        env=cluster.environment | variables,
        input=_ASKED,
        capture_output=True,
        text=True,
        check=True,
    )
    return asked.stdout.strip()


def assert_queen_is_copy(cluster: Cluster) -> None:
    """The queen's command line names no file that a program begins anew with."""
    (queen,) = [each for each in cluster.processes() if each.role == "queen"]
    assert "begin.py" not in " ".join(queen.command), queen
