"""How long a cold ``rbee-keeper infer "hello"`` takes, over the engine alone.

Whole processes by the wall clock, from the moment each is started to the moment it is gone. Each
round runs the bare script, rbee with a fresh RBEE_HOME, and rbee with one that a run before
has left; all three must print the same text.
"""

from __future__ import annotations

import statistics

from bench.engine_alone import SEED
from bench.figures import Figure, Target, spread
from bench.report import Part
from bench.swarm import Finished, RunFailed, Swarm, run_alone

PROMPT = "hello"
#: Seconds from nothing to tokens and back to nothing, on two cores.
TARGET = Target(0.9)


def measure_cold(rounds: int) -> Part:
    """Seconds of each, the ratio and the difference. Raises RunFailed."""
    seconds: dict[str, list[float]] = {"alone": [], "fresh": [], "known": []}
    with Swarm() as known:
        run_alone(known, PROMPT)  # so that the engine's files are in the page cache
        _infer(known)
        for _ in range(rounds):
            alone = run_alone(known, PROMPT)
            with Swarm() as fresh:
                runs = {"alone": alone, "fresh": _infer(fresh), "known": _infer(known)}
            for name, run in runs.items():
                if run.stdout != alone.stdout:
                    raise RunFailed(f"{name} printed {run.stdout!r}, not {alone.stdout!r}")
                seconds[name].append(run.seconds)
    return Part(_figures(seconds), {"text": alone.stdout, "seconds": seconds})


def _infer(swarm: Swarm) -> Finished:
    return swarm.infer(PROMPT, "--temperature", "0", "--seed", str(SEED))


def _figures(seconds: dict[str, list[float]]) -> list[Figure]:
    alone = statistics.median(seconds["alone"])
    figures = [_of_runs("engine alone", seconds["alone"])]
    for name in ("fresh", "known"):
        median = statistics.median(seconds[name])
        figures += [
            _of_runs(f"infer, {name} home", seconds[name], TARGET),
            Figure(f"{name} over alone", median / alone, "x"),
            Figure(f"{name} less alone", median - alone, "s"),
        ]
    return figures


def _of_runs(name: str, values: list[float], target: Target | None = None) -> Figure:
    of = spread(values)
    note = f"median of {of.runs}, {of.low:.3f} to {of.high:.3f}"
    return Figure(name, of.median, "s", note, target)
