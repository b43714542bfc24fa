"""``python -m bench.splits``: a model over one, two and three machines, beside its engine alone.

The machines are namespaces of this one, each with an SSH server and a simulated GPU, so that all
compute on the same processors, one after the other. For what the queen expects of them their GPUs
are as fast as that processor is by the measure of a hive. On the way to those with sides a relay
adds to the round trip. Writes its figures, and its part of the page; ``--quick`` measures little
and leaves ``docs/`` alone. Exit status: 0 written; 1 a run failed; 2 usage; 130 Ctrl+C.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from typing import Any

from bench import report
from bench.peers.client import Address, AnswerFailed, Order
from bench.peers.writing import SPLIT_FIGURES, write_page
from bench.swarm import ROOT, free_port
from fixtures import real
from harness.rig import census, client, tags
from harness.rig.cluster import Cluster
from harness.rig.ports import DEFAULT_QUEEN, PortSlice
from harness.rig.program import clean_environment, end, spawn
from harness.rig.waiting import wait_until
from harness.scenes import machines
from rbee.hive import ram_speed
from rbee.hive.devices import ram_here
from rbee.queen.speed import REACHED, of_processor

DOCS = ROOT / "docs"
TRIAL = ROOT / "bench" / "results" / "splits"
MODEL = real.HOME / "smollm2-endless.gguf"
#: The context of its one slot, and how large the GPU of each machine is so that just so many of
#: them have room for the model (GiB).
CONTEXT = 8192
GPUS = {1: 0.87, 2: 0.75, 3: 0.65}
ROUND_TRIPS = (0.0, 0.2, 1.0, 5.0)
#: Answers of so many tokens, after prompts of so many words.
ANSWERS, TOKENS, WORDS = 5, 48, 20
#: Every engine has as many threads.
THREADS = 1
_HERE, _OTHERS = "blep", ("attic", "shed")
_FIRST_PORT = 2201
_STUCK = 300.0


def measure(round_trips: Sequence[float], answers: int) -> dict[str, Any]:
    """All of it. Raises AssertionError and AnswerFailed."""
    reads = of_processor(THREADS, ram_speed.measured(THREADS, ram_here().free))
    told: dict[str, Any] = {"reads_gb": reads, "engine": _engine_alone(answers), "splits": []}
    print(f"  engine alone: {_in_words(told['engine'])}", flush=True)
    census.take_charge()
    ports = PortSlice()
    cluster = Cluster(ports.take(), patience_s=20.0)
    try:
        cluster.set(engine_threads=THREADS)
        machines.sit_beside(cluster, _HERE, ", ".join(_OTHERS))
        _lead_by_relays(cluster)
        machines.simulate_equal(cluster, GPUS[1])
        with _relays(cluster, 0.0):
            machines.have_added(cluster, ", ".join((*_OTHERS, "localhost")))
        for count in GPUS:
            machines.simulate_equal(cluster, GPUS[count], reads / REACHED)
            for trip in round_trips if count > 1 else round_trips[:1]:
                with _relays(cluster, trip) as added:
                    found = _split(cluster, count, answers)
                cluster.assert_nothing_left()
                found.update(machines=count, round_trip_ms=trip, added_ms=added)
                told["splits"].append(found)
                what = f"{count} machines, {trip:g} ms"
                print(f"  {what}: {_in_words(found)}, loads in {found['loads_s']} s", flush=True)
    finally:
        complaints = cluster.close()
        cluster.remove()
        ports.close()
    assert not complaints, complaints
    return told


def _split(cluster: Cluster, count: int, answers: int) -> dict[str, Any]:
    """A model that is loaded on so many machines, and answers."""
    model = f"file:{MODEL}"
    cold = f"rbee-keeper infer --keep-alive --model {model} --no-cpu --max-tokens 1 'hello'"
    with_worker = "queen: <backend> worker is awake and ready"
    expected = _expected(cluster, model)
    running = cluster.start(cold)
    running.wait_for_line("worker: loading model from <path>", _STUCK)
    loading = time.monotonic()
    running.wait_for_line(with_worker, _STUCK)
    loaded = time.monotonic()
    cluster.assert_status(0, cluster.finish(running, _STUCK))
    (worker,) = cluster.queen_get("/workers")["workers"]
    parts = worker.get("parts", [])
    assert len({each["hive_id"] for each in parts} or {worker["hive_id"]}) == count, worker
    address = Address(DEFAULT_QUEEN, model, cluster.token)
    found = _answered(address, answers, cluster.hosts[_HERE].prefix)
    cluster.assert_status(0, cluster.run("rbee-keeper down"))
    return {
        "loads_s": round(loaded - loading, 2),
        "expected": expected,
        "layers": [each.get("layers", 0) for each in parts],
        **found,
    }


def _expected(cluster: Cluster, model: str) -> float:
    """Tokens/s by the word of the queen, who is awake then, and knows how far her hives are."""
    cluster.assert_status(0, cluster.run("rbee-keeper up"))
    first = _beats(cluster)
    wait_until("each hive has told its round trip", lambda: _have_told(cluster, first), _STUCK)
    planned = cluster.run(f"rbee-keeper plan --json --no-cpu {model}")
    cluster.assert_status(0, planned)
    (taken,) = (each for each in json.loads(planned.stdout)["places"] if each["taken"])
    return float(taken["tokens_per_second"])


def _have_told(cluster: Cluster, first: dict[str, int]) -> bool:
    """Whether all hives have beaten again after a beat that was answered."""
    return all(at > first[hive_id] for hive_id, at in _beats(cluster).items())


def _beats(cluster: Cluster) -> dict[str, int]:
    """When each hive has beaten, once all have."""

    def found() -> dict[str, int]:
        hives = cluster.queen_get("/hives")["hives"]
        beats = {each["hive_id"]: each["last_heartbeat_ms"] for each in hives}
        return beats if all(beats.values()) else {}

    return wait_until("each hive has beaten", found, _STUCK)


def _engine_alone(answers: int) -> dict[str, Any]:
    """The same with the engine's own server, with as many threads and as much context."""
    port = free_port()
    served = [str(MODEL), str(port), "1", str(THREADS), str(CONTEXT), "512"]
    process = spawn(
        [sys.executable, "-m", "bench.peers.engine_server", *served],
        env=clean_environment(),
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until("the engine answers", lambda: _is_healthy(port), _STUCK)
        return _answered(Address(port, MODEL.name), answers)
    finally:
        end(process, signal.SIGKILL)


def _is_healthy(port: int) -> bool:
    with contextlib.suppress(OSError):
        return client.ask("GET", f"http://127.0.0.1:{port}/health", token=None).status == 200
    return False


def _answered(address: Address, answers: int, prefix: Sequence[str] = ()) -> dict[str, Any]:
    """What the load generator sees of answers, asked for from where `prefix` leads."""
    order = Order(
        *address,
        prompt="once upon a time:",
        max_tokens=TOKENS,
        streams=1,
        requests=answers,
        words=WORDS,
        seed=1,
    )
    asked = [*prefix, sys.executable, "-m", "bench.peers.client", json.dumps(order._asdict())]
    ran = subprocess.run(asked, capture_output=True, text=True, cwd=ROOT, check=False)
    if ran.returncode != 0:
        raise AnswerFailed(ran.stderr)
    found = json.loads(ran.stdout)
    return {name: found[name] for name in ("first_ms", "writing_s", "tokens")}


def _lead_by_relays(cluster: Cluster) -> None:
    """The person's SSH configuration leads to each of the others by its relay."""
    told = [
        f"Host {name}\n  HostName 127.0.0.1\n  Port {port}\n  HostKeyAlias {name}\n"
        for name, port in _relayed()
    ]
    cluster.hosts[_HERE].write(".ssh/config", "".join(told))


def _relayed() -> Iterator[tuple[str, int]]:
    return ((name, _FIRST_PORT + number) for number, name in enumerate(_OTHERS))


@contextlib.contextmanager
def _relays(cluster: Cluster, milliseconds: float) -> Iterator[float]:
    """Relays to the other machines that add so much to the round trip; how much it is, measured."""
    here, started, added = cluster.hosts[_HERE], [], 0.0
    try:
        for name, port in _relayed():
            target = [cluster.hosts[name].network.address, str(machines.SSH_PORT)]
            words = [sys.executable, "-m", "bench.delay", str(port), *target, str(milliseconds)]
            process = spawn([*here.prefix, *words], cwd=ROOT, stdout=subprocess.PIPE, text=True)
            started.append(process)
            assert process.stdout is not None
            added = max(added, float(process.stdout.readline()))
        yield added
    finally:
        for process in started:
            end(process, signal.SIGKILL)


def _in_words(found: dict[str, Any]) -> str:
    speeds = [(count - 1) / took for count, took in zip(found["tokens"], found["writing_s"])]
    return f"{max(speeds):.1f} tokens/s, first token {min(found['first_ms']):.0f} ms"


def main(arguments: list[str]) -> int:
    """Measures what was asked for; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m bench.splits", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="measure little, leave docs/ alone")
    quick = parser.parse_args(arguments).quick
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    for need in ("needs-hosts", "needs-rpc", "needs-real-models"):
        reason = tags.NEEDS[need]()
        if reason:
            print(f"splits: {reason}", file=sys.stderr)
            return 1
    settings = {
        "model": MODEL.stem,
        "max_tokens": TOKENS,
        "words": WORDS,
        "threads": THREADS,
        "context": CONTEXT,
        "gpus_gb": GPUS,
    }
    document = report.document_of(
        "splits",
        lambda: measure((0.0, 1.0) if quick else ROUND_TRIPS, 2 if quick else ANSWERS),
        settings,
        quick=quick,
    )
    folder = TRIAL if quick else DOCS
    report.write(folder / SPLIT_FIGURES, document)
    print(f"written to {write_page(folder)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
