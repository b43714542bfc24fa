"""Where the time of a cold start goes: each milestone in milliseconds from the keeper's start.

Narration carries the moment it was said; the starts of processes are read from the process table
(to 10 ms on Linux); the first token, `done` and the exit are timed as they reach this process. The
median over the rounds is taken per milestone, each round with a fresh RBEE_HOME.
"""

from __future__ import annotations

import json
import statistics
import threading
import time
from typing import Any

from bench.engine_alone import SEED
from bench.figures import Figure
from bench.report import Part
from bench.swarm import KEEPER, ROLES, STUCK, Swarm
from harness.rig.program import Running

PROMPT = "hello"
#: How many of the largest gaps are marked.
_MARKED = 6

#: Milestones by who says a line and what it is about; the first line of its kind counts.
_SAID = {
    ("bee-keeper", "infer.start"): "keeper speaks",
    ("bee-keeper", "queen.launch"): "queen launched",
    ("bee-keeper", "queen.healthy"): "queen healthy",
    ("bee-keeper", "queen.connected"): "connected, job submitted",
    ("queen", "hive.none"): "job taken, catalog read",
    ("queen", "hive.wake"): "waking hive",
    ("queen", "hive.heartbeat"): "first heartbeat",
    ("queen", "hive.devices"): "devices",
    ("queen", "capacity.ok"): "capacity",
    ("queen", "model.found"): "model found",
    ("queen", "worker.prepared"): "kind of worker ready",
    ("hive", "worker.wake"): "worker bound",
    ("queen", "worker.registered"): "worker registered",
    ("worker", "model.load"): "model loading",
    ("worker", "model.loaded"): "model loaded",
    ("queen", "worker.ready"): "worker ready",
    ("queen", "infer.start"): "inference started",
    ("queen", "infer.done"): "queen: worker finished",
    ("bee-keeper", "queen.shutdown"): "cascade asked for",
    ("queen", "cascade.workers"): "stopping workers",
    ("queen", "cascade.hives"): "stopping hives",
    ("queen", "cascade.done"): "goodbye",
}
#: What is said once all processes run, and well before the first moment that is timed here.
_ALL_RUN = ("hive", "worker.wake")


def measure_timeline(rounds: int) -> Part:
    """The milestones in the order in which they happen. Raises RunFailed."""
    runs: list[dict[str, float]] = []
    for _ in range(rounds):
        with Swarm() as swarm:
            runs.append(_ColdStart(swarm).run())
    return Part(_figures(runs), {"milestones_ms": runs})


class _ColdStart:
    """One cold run, watched."""

    def __init__(self, swarm: Swarm) -> None:
        self._milestones: dict[str, float] = {}
        self._swarm = swarm
        self._heard = 0
        self._hearing = threading.Lock()
        self._running: Running | None = None
        self._began_ms = _now_ms()

    def run(self) -> dict[str, float]:
        """Milliseconds from the start, by milestone."""
        command = [KEEPER, "infer", "--json", "--temperature", "0", "--seed", str(SEED), PROMPT]
        self._running = self._swarm.watch(command, self._hear)
        finished = self._running.finish(STUCK)
        self._hear()
        self._reach("exit", self._began_ms + finished.seconds * 1e3)
        if finished.status != 0:
            self._swarm.failed(f"rbee-keeper infer ended with {finished.status}")
        return self._milestones

    def _hear(self) -> None:
        """Something has come, on either output."""
        with self._hearing:
            if self._running is None:
                return  # it comes again with what is heard next
            if self._running.stdout:
                self._reach("first token", _now_ms())
            lines = self._running.lines("stderr")[self._heard :]
            self._heard += len(lines)
            for line in lines:
                event = json.loads(line)
                if event["event"] == "done":
                    self._reach("done", _now_ms())
                elif event["event"] == "narration":
                    self._hear_narration(event["data"])

    def _hear_narration(self, data: dict[str, Any]) -> None:
        said = data["actor"], data["action"]
        if said in _SAID:
            self._reach(_SAID[said], data["at_ms"])
        if said == _ALL_RUN:
            self._look_at_processes()

    def _look_at_processes(self) -> None:
        """When the daemons were started, by the same clock and counted from the keeper's start."""
        assert self._running is not None
        keeper, *others = self._swarm.members([self._running.pid])
        for member in others:
            if member.role in ROLES:
                started = (member.started - keeper.started) * 1e3
                self._milestones[f"{member.role} process started"] = started

    def _reach(self, milestone: str, at_ms: float) -> None:
        self._milestones.setdefault(milestone, at_ms - self._began_ms)


def _figures(runs: list[dict[str, float]]) -> list[Figure]:
    reached = sorted(
        (statistics.median(run[name] for run in runs if name in run), name)
        for name in {name for run in runs for name in run}
    )
    gaps = [at - before for (before, _), (at, _) in zip([(0.0, ""), *reached], reached)]
    largest = sorted(gaps)[-_MARKED:]
    return [
        Figure(name, at, "ms", f"{gap:+7.1f}{'  <<<' if gap in largest else ''}")
        for (at, name), gap in zip(reached, gaps)
    ]


def _now_ms() -> float:
    return time.time_ns() / 1e6
