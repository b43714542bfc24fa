"""How long a person waits for a warm ``rbee-keeper infer "hello"``, over a client in plain Python.

Whole processes by the wall clock, from the moment each is started to the moment it is gone, by
turns on the same warm swarm; both must print the same text.
"""

from __future__ import annotations

import statistics
import sys
from pathlib import Path

from bench.engine_alone import SEED
from bench.figures import Figure, Target, spread
from bench.report import Part
from bench.swarm import KEEPER, Finished, RunFailed, Swarm
from rbee.wire.model_ref import BUNDLED

PROMPT = "hello"
#: Pairs in each round.
_PAIRS = 4
#: How much longer than the client in plain Python the keeper may take.
TARGET = Target(1.0)


def measure_typed(rounds: int) -> Part:
    """Milliseconds of each, and the ratio. Raises RunFailed."""
    milliseconds: dict[str, list[float]] = {"bare": [], "keeper": []}
    with Swarm() as swarm:
        swarm.infer(PROMPT, "--keep-alive")
        try:
            for _ in range(rounds * _PAIRS):
                runs = {"bare": _bare(swarm), "keeper": _keeper(swarm)}
                for name, run in runs.items():
                    if run.status or run.stdout != runs["bare"].stdout:
                        raise RunFailed(f"{name} printed {run.stdout!r}:\n{run.stderr[-2000:]}")
                    milliseconds[name].append(run.seconds * 1e3)
        finally:
            swarm.time([KEEPER, "down"])
    return Part(_figures(milliseconds), {"text": runs["bare"].stdout, "milliseconds": milliseconds})


def _bare(swarm: Swarm) -> Finished:
    script = str(Path(__file__).with_name("bare_client.py"))
    token = str(swarm.home / "token")
    port, seed = str(swarm.queen_port), str(SEED)
    return swarm.time([sys.executable, script, port, token, BUNDLED, PROMPT, seed])


def _keeper(swarm: Swarm) -> Finished:
    return swarm.infer(PROMPT, "--temperature", "0", "--seed", str(SEED))


def _figures(milliseconds: dict[str, list[float]]) -> list[Figure]:
    of = {name: spread(values) for name, values in milliseconds.items()}
    pairs = zip(milliseconds["keeper"], milliseconds["bare"], strict=True)
    ratio = statistics.median(keeper / bare for keeper, bare in pairs)
    return [
        *(
            Figure(
                name, each.median, "ms", f"median of {each.runs}, {each.low:.0f} to {each.high:.0f}"
            )
            for name, each in of.items()
        ),
        Figure("keeper over bare client", ratio, "x", "median of the pairs", TARGET),
    ]
