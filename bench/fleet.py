"""What a fleet costs its queen: its heartbeats, its memory, and finding a place for a job.

A real queen takes over hundreds of hives that `simulated_hives` stands for; all beat at the
default interval, with the heart of a real hive, from another process. Each beats a second time at
`bare_server`, which is what the queen's processor time is held against. A job's way from the
client to a worker is timed from outside, over that of a request that the bare server relays.
`placement` times the decision alone.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import msgspec
import psutil

from bench.figures import Figure, Target, percentile, spread
from bench.report import Part
from bench.simulated_hives import MODEL, WORKERS
from bench.swarm import STUCK, Resident, RunFailed, Swarm, cpu_seconds
from harness.rig import client
from rbee.queen.catalog import HiveCatalog, open_catalog
from rbee.wire.messages.basics import OperationStarted, encode
from rbee.wire.messages.hives import HIVES, WAKE_HIVES, WakeHives
from rbee.wire.messages.inference import INFER
from rbee.wire.messages.jobs import SUBMIT_JOB, JobAccepted, JobRequest
from rbee.wire.settings import Settings

#: Hives of the fleets whose memory and jobs are looked at; the heartbeats are those of the last.
FLEETS = (0, 100, 1000)
#: Share of one core of the queen that the heartbeats of the largest fleet may take.
BEATS_TARGET = Target(0.5)
#: Milliseconds of CPU time of a decision in the largest fleet, at p99.
DECISION_TARGET = Target(5.0)
_DECISIONS = (10, 100, 1000)
#: Jobs whose way is timed, and requests to the bare server, in each fleet.
_JOBS = 30


def measure_fleet(_rounds: int) -> Part:
    """Each figure is taken from many events of one run. Raises RunFailed."""
    decisions = _decisions()
    memory: dict[int, float] = {}
    ways: dict[int, dict[str, list[float]]] = {}
    beats: dict[str, float] = {}
    for count in FLEETS:
        with Fleet(count) as fleet:
            memory[count] = fleet.memory()
            if count:
                ways[count] = fleet.ways()
            if count == FLEETS[-1]:
                beats = fleet.beats()
    figures = [*_of_beats(beats), *_of_memory(memory), *_of_ways(ways), *_of_decisions(decisions)]
    samples: dict[str, Any] = {
        "beats": beats,
        "rss_bytes": memory,
        "way_ms": ways,
        "decision_ms": decisions,
    }
    return Part(figures, samples)


class Fleet(Resident):
    """A queen with so many hives, all awake."""

    def __init__(self, count: int) -> None:
        super().__init__(Swarm())
        self._count = count
        self._processes: list[subprocess.Popen[bytes]] = []

    def _start(self) -> None:
        self._bare = self._serve("bench.bare_server")
        token_file, bare_url = self._swarm.home / "token", f"http://127.0.0.1:{self._bare}"
        self._hives = self._serve("bench.simulated_hives", str(token_file), bare_url)
        self._swarm.environment["RBEE_HIVE_PORT"] = str(self._hives)
        self._swarm.home.mkdir(mode=0o700)
        database = open_catalog(f"sqlite:///{self._swarm.home / 'queen.db'}", STUCK)
        catalog = HiveCatalog(database)
        for number in range(self._count):
            catalog.add(f"hive-{number}", "127.0.0.1", self._hives, None)
        self._start_queen()
        if self._count:
            self._wake()

    def _stop(self) -> None:
        for process in reversed(self._processes):
            process.kill()  # a queen who leaves politely says goodbye to each of her hives
            process.wait()
            if process.stdout is not None:
                process.stdout.close()

    def memory(self) -> float:
        """Bytes of the queen that are in memory."""
        return float(self._queen.memory_info().rss)

    def beats(self) -> dict[str, float]:
        """Heartbeats of one interval, and CPU seconds of the queen and of the bare server."""
        began, seen = time.time(), self._seen()["beats"]
        before = {name: cpu_seconds([each]) for name, each in self._watched().items()}
        time.sleep(Settings().heartbeat_interval)
        after = {name: cpu_seconds([each]) for name, each in self._watched().items()}
        took, beats = time.time() - began, (self._seen()["beats"] - seen) / 2
        heard = sum(hive["last_heartbeat_ms"] > began * 1e3 for hive in self._online())
        if min(beats, heard) < 0.95 * self._count:
            self._swarm.failed(f"of {self._count} hives {beats:g} have beaten, {heard} were heard")
        return {
            "seconds": took,
            "beats": beats,
            **{f"{name}_cpu_s": after[name] - before[name] for name in after},
        }

    def ways(self) -> dict[str, list[float]]:
        """Milliseconds from a client to a worker, past the queen and past the bare server."""
        found: dict[str, list[float]] = {"queen": [], "bare": []}
        infer = f"http://127.0.0.1:{self._hives}{INFER.path}".encode()
        for _ in range(_JOBS):
            found["queen"].append(self._way(self._run_job))
            found["bare"].append(self._way(lambda: self._call(self._bare, "POST", "/relay", infer)))
        return found

    def _way(self, ask: Callable[[], object]) -> float:
        began = time.monotonic()
        ask()
        return float(self._seen()["asked_at"] - began) * 1e3

    def _run_job(self) -> None:
        wanted = encode(JobRequest(model_ref=MODEL, prompt="hello"))
        job = msgspec.json.decode(
            self._call(self._queen_port, "POST", SUBMIT_JOB.path, wanted), type=JobAccepted
        )
        self._follow(job.events_url)

    def _wake(self) -> None:
        wanted = encode(WakeHives())
        answer = self._call(self._queen_port, "POST", WAKE_HIVES.path, wanted)
        self._follow(msgspec.json.decode(answer, type=OperationStarted).events_url)
        online = self._online()
        if sum(hive["workers"] == WORKERS for hive in online) != self._count:
            self._swarm.failed(f"of {self._count} hives {len(online)} are online")

    def _online(self) -> list[dict[str, Any]]:
        hives = json.loads(self._call(self._queen_port, "GET", HIVES.path))["hives"]
        return [hive for hive in hives if hive["status"] == "online"]

    def _follow(self, events_url: str) -> None:
        url = f"http://127.0.0.1:{self._queen_port}{events_url}"
        stream = client.listen(url, token=self._swarm.token, timeout=STUCK)
        if "done" not in stream.names():
            self._swarm.failed(f"the queen told {stream.events[-3:]}")

    def _seen(self) -> dict[str, float]:
        seen: dict[str, float] = json.loads(self._call(self._hives, "GET", "/seen"))
        return seen

    def _call(self, port: int, method: str, path: str, body: bytes | None = None) -> str:
        url, token = f"http://127.0.0.1:{port}{path}", self._swarm.token
        answer = client.ask(method, url, token=token, body=body, timeout=STUCK)
        if answer.status >= 400:
            self._swarm.failed(f"{method} {path} was answered with {answer.status}: {answer.text}")
        return answer.text

    def _watched(self) -> dict[str, psutil.Process]:
        return {"queen": self._queen, "bare": psutil.Process(self._processes[0].pid)}

    def _serve(self, module: str, *arguments: str) -> int:
        """Starts a program that prints its port."""
        process = self._swarm.start(
            [sys.executable, "-m", module, *arguments], stdout=subprocess.PIPE
        )
        self._processes.append(process)
        assert process.stdout is not None
        port = process.stdout.readline()
        if not port:
            raise RunFailed(f"{module} did not start")
        return int(port)

    def _start_queen(self) -> None:
        with open(self._swarm.folder / "queen.log", "wb") as log:
            process = self._swarm.start(
                [sys.executable, "-m", "rbee.queen"], stdout=log, stderr=subprocess.STDOUT
            )
        self._processes.append(process)
        self._queen = psutil.Process(process.pid)
        self._queen_port = self._swarm.queen_port
        self._swarm.wait_for_queen(process)


def _decisions() -> dict[int, dict[str, list[float]]]:
    """What `placement` has measured, by the number of hives."""
    with Swarm() as swarm:
        ran = swarm.time([sys.executable, "-m", "bench.placement", *map(str, _DECISIONS)])
    if ran.status != 0:
        raise RunFailed(f"bench.placement ended with {ran.status}:\n{ran.stderr[-2000:]}")
    return {int(count): times for count, times in json.loads(ran.stdout).items()}


def _of_beats(beats: dict[str, float]) -> list[Figure]:
    cpu, bare = beats["queen_cpu_s"], beats["bare_cpu_s"]
    told = f"{beats['beats']:.0f} beats of {WORKERS} workers each in {beats['seconds']:.0f} s"
    return [
        Figure(
            f"heartbeats of {FLEETS[-1]} hives", cpu / beats["seconds"], "cores", told, BEATS_TARGET
        ),
        Figure("one heartbeat", cpu / beats["beats"] * 1e6, "us", "CPU time of the queen"),
        Figure("over a bare server", cpu / bare, "x", f"which took {bare:.2f} s, she {cpu:.2f} s"),
    ]


def _of_memory(memory: dict[int, float]) -> list[Figure]:
    none = memory[0]
    return [
        *(Figure(f"rss with {count} hives", rss / 2**20, "MiB") for count, rss in memory.items()),
        *(
            Figure(
                f"each of {count} hives",
                (memory[count] - none) / count / 2**10,
                "KiB",
                f"{(memory[count] - none) / none:+.0%} on a queen without any",
            )
            for count in FLEETS[1:]
        ),
    ]


def _of_ways(ways: dict[int, dict[str, list[float]]]) -> list[Figure]:
    figures = []
    for count, way in ways.items():
        queen, bare = spread(way["queen"]), statistics.median(way["bare"])
        figures += [
            Figure(
                f"job to a worker, {count} hives",
                queen.median,
                "ms",
                f"p99 {queen.p99:.1f}, {queen.runs} jobs",
            ),
            Figure("over a bare relay", queen.median / bare, "x", f"which takes {bare:.2f} ms"),
        ]
    return figures


def _of_decisions(decisions: dict[int, dict[str, list[float]]]) -> list[Figure]:
    figures = []
    for count, times in decisions.items():
        taken, sort = spread(times["decision"]), percentile(times["sort"], 50)
        target = DECISION_TARGET if count == _DECISIONS[-1] else None
        figures += [
            Figure(
                f"decision over {count} hives, p50", taken.median, "ms", f"{taken.runs} of them"
            ),
            Figure(
                f"decision over {count} hives, p99",
                taken.p99,
                "ms",
                f"{percentile(times['by_clock'], 99):.2f} by the clock",
                target,
            ),
            Figure("over sorting the GPUs", taken.median / sort, "x", f"which takes {sort:.3f} ms"),
        ]
    return figures
