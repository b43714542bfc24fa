"""The queen's numbers in Prometheus' words. Imported when somebody asks for them first."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from rbee import __version__
from rbee.queen.measures import Histogram, JobMetrics
from rbee.queen.state import State

CONTENT_TYPE = CONTENT_TYPE_LATEST
_GIB = 2**30


def exposition(measures: JobMetrics, state: State, said: Mapping[str, int]) -> bytes:
    """All of it, as text. `said` counts what was narrated of the swarm, by action."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Numbers(measures, state, said))
    return generate_latest(registry)


class _Numbers(Collector):
    def __init__(self, measures: JobMetrics, state: State, said: Mapping[str, int]) -> None:
        self._measures = measures
        self._state = state
        self._said = said

    def collect(self) -> Iterable[Metric]:
        """Each number, as one of Prometheus' metrics."""
        yield from self._jobs()
        yield from self._swarm()

    def _jobs(self) -> Iterator[Metric]:
        seen = self._measures
        jobs = CounterMetricFamily(
            "rbee_jobs", "Jobs that are over.", labels=["api", "model", "key", "outcome"]
        )
        for asked, count in seen.jobs.items():
            jobs.add_metric(asked, count)
        yield jobs
        tokens = CounterMetricFamily(
            "rbee_tokens", "Tokens of jobs that are done.", labels=["model", "kind"]
        )
        for kind, counted in ("read", seen.read), ("written", seen.written):
            for model, count in counted.items():
                tokens.add_metric([model, kind], count)
        yield tokens
        yield _spread("rbee_queue_seconds", "From a job to a slot for it.", seen.waited)
        yield _spread("rbee_first_token_seconds", "From a job to its answer.", seen.first_token)
        yield _spread("rbee_tokens_per_second", "Speed behind the first token.", seen.speed)
        claims = [claim for claim in self._state.claims.values() if not claim.moves]
        running = sum(bool(claim.worker_id) for claim in claims)
        now = GaugeMetricFamily("rbee_jobs_now", "Jobs that are not over.", labels=["state"])
        now.add_metric(["running"], running)
        now.add_metric(["waiting"], len(claims) - running)
        yield now

    def _swarm(self) -> Iterator[Metric]:
        yield _gauge("rbee_queen_info", "Who tells this.", [(1.0, {"version": __version__})])
        news = CounterMetricFamily(
            "rbee_events", "What happened in the swarm, as /events tells it.", labels=["action"]
        )
        for action, count in self._said.items():
            news.add_metric([action], count)
        yield news
        now = time.monotonic()
        hives = self._state.hives.values()
        ages = [(now - hive.last_beat, {"hive": hive.hive_id}) for hive in hives]
        yield _gauge("rbee_hive_heartbeat_age_seconds", "Of each hive that lives.", ages)
        asleep = [(1.0, {"hive": hive_id}) for hive_id in self._state.asleep]
        yield _gauge("rbee_machine_asleep", "Suspended, and woken when wanted.", asleep)
        memory, free = [], []
        for hive in hives:
            if hive.devices is None:
                continue
            cpu = {"hive": hive.hive_id, "device": "cpu"}
            memory.append((hive.devices.cpu.ram_gb * _GIB, cpu))
            free.append((hive.devices.cpu.ram_free_gb * _GIB, cpu))
            for gpu in hive.devices.gpus:
                labels = {"hive": hive.hive_id, "device": gpu.id}
                memory.append((gpu.vram_gb * _GIB, labels))
                free.append((gpu.vram_free_gb * _GIB, labels))
        yield _gauge("rbee_device_memory_bytes", "What each device has.", memory)
        yield _gauge("rbee_device_free_bytes", "Of that free, when last asked.", free)
        degraded = [
            (1.0, {"hive": each.hive_id, "device": each.device, "model": each.model_ref})
            for each in self._state.degraded
        ]
        yield _gauge("rbee_device_degraded", "Workers kept dying there.", degraded)
        slots, slots_free, promised = [], [], []
        for hive in hives:
            for worker in hive.workers.values():
                labels = {
                    "hive": hive.hive_id,
                    "worker": worker.worker_id,
                    "model": worker.model_ref,
                    "device": worker.device,
                    "state": worker.state.value,
                }
                slots.append((float(worker.slots), labels))
                slots_free.append((float(worker.slots_free), labels))
                promised.append((float(worker.vram_bytes or 0), labels))
        yield _gauge("rbee_worker_slots", "Jobs that a worker takes at once.", slots)
        yield _gauge("rbee_worker_slots_free", "Of these free.", slots_free)
        yield _gauge("rbee_worker_memory_bytes", "What it was promised.", promised)


def _gauge(name: str, about: str, values: Iterable[tuple[float, Mapping[str, str]]]) -> Metric:
    found = list(values)
    labels = list(found[0][1]) if found else []
    gauge = GaugeMetricFamily(name, about, labels=labels)
    for value, named in found:
        gauge.add_metric(list(named.values()), value)
    return gauge


def _spread(name: str, about: str, spreads: Mapping[str, Histogram]) -> Metric:
    histogram = HistogramMetricFamily(name, about, labels=["model"])
    for model, spread in spreads.items():
        histogram.add_metric([model], spread.buckets(), spread.total)
    return histogram
