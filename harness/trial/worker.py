"""A worker whose engine a bad model has taken over: what it reaches of its owner."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

from harness.scenes import accidents
from harness.trial.stage import Stage
from harness.trial.tricks import Trick, TrickOutcome, carry_out

_WITHIN = Path(__file__).parent / "within.py"
_TOLD = "a bad model: "
#: What a worker keeps: these tell nothing, or are what it is made for.
_KEPT = {
    "ask its hive for other workers": "HTTP/1.1 401",
    "find more than its own open": "none",
    "find a secret in its environment": "none",
}


def play(stage: Stage) -> list[TrickOutcome]:
    """A worker of a real swarm tries, and its log tells."""
    with _agent() as agent:
        outcomes = carry_out("a worker", _tried_in(stage, agent))
    stage.cluster.assert_status(0, stage.cluster.run("rbee-keeper down"))
    stage.cluster.expect_asleep()
    return outcomes


def _tried_in(stage: Stage, agent: str) -> Iterator[Trick]:
    cluster = stage.cluster
    plan = cluster.folder / "plan.json"
    code = _WITHIN.read_text().replace('_PLAN = ""', f"_PLAN = {str(plan)!r}")
    accidents.at_start(cluster, code)
    cluster.assert_status(0, cluster.run("rbee-keeper up"))
    cluster.expect_warm()
    ports = {role: stage.port(role) for role in ("queen", "hive")}
    note = cluster.write("note.txt", "a note\n")
    site = str(cluster.folder / "bin" / "python")
    told = {"home": str(stage.home), "note": str(note), "agent": agent, "site": site, **ports}
    plan.write_text(json.dumps({**told, "queen_pid": stage.pid("queen")}))
    cluster.assert_status(0, cluster.run("rbee-keeper infer --keep-alive hello"))
    said = "\n".join(text for name, text in cluster.logs().items() if name.startswith("worker"))
    lines = [line for line in said.splitlines() if line.startswith(_TOLD)]
    yield Trick(
        "tries what a bad model would have it do", lambda: len(lines), lambda seen: int(seen) > 60
    )
    for line in lines:
        what, seen = json.loads(line.removeprefix(_TOLD))
        expected = _KEPT.get(what, "refused")
        yield Trick(what, functools.partial(str, seen), functools.partial(_begins, expected))
    yield Trick(
        "the owner is served beside it", stage.serves, lambda seen: not seen.startswith("refused")
    )


def _begins(expected: str, seen: str) -> bool:
    return seen.startswith(expected)


@contextlib.contextmanager
def _agent() -> Iterator[str]:
    """Sockets of a program of the owner's, as an agent of SSH or a session has them."""
    with contextlib.ExitStack() as open_sockets:
        folder = open_sockets.enter_context(tempfile.TemporaryDirectory(prefix="ssh-"))
        path = os.path.join(folder, "agent")
        for name, kind in (
            (path, socket.SOCK_STREAM),
            (f"{path}.dgram", socket.SOCK_DGRAM),
            ("\0rbee-trial-agent", socket.SOCK_STREAM),
        ):
            made = open_sockets.enter_context(socket.socket(socket.AF_UNIX, kind))
            made.bind(name)
            if kind == socket.SOCK_STREAM:
                made.listen()
        yield path
