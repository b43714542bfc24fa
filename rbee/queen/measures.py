"""What the queen counts of her jobs, for whoever watches her (`GET /metrics`). RAM."""

from __future__ import annotations

import bisect
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from rbee.queen.jobs import Job

#: How many models, and how many keys, have a label of their own. Callers choose names, and each
#: label costs whoever collects the metrics memory for ever.
_MOST_NAMES = 200
#: The label of all others.
OTHERS = "others"
#: Upper bounds of what takes time (seconds), and of speeds (tokens/s).
SECONDS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)
SPEEDS = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0)


class JobLabels(NamedTuple):
    """A job as it is counted: the API that it came by, its model, the key it came with, and how it
    ended (``done``, ``failed``, ``cancelled``)."""

    api: str
    model: str
    key: str
    outcome: str


class Histogram:
    """How many of some values lie up to each of some bounds, and their sum."""

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def add(self, value: float) -> None:
        """Counts a value."""
        self.counts[bisect.bisect_left(self.bounds, value)] += 1
        self.total += value

    def buckets(self) -> list[tuple[str, int]]:
        """How many values there are up to each bound, and in all."""
        names = [*map(str, self.bounds), "+Inf"]
        return [(name, sum(self.counts[: at + 1])) for at, name in enumerate(names)]


class JobMetrics:
    """What was counted since she woke. Jobs by `JobLabels`; times and speeds by model."""

    def __init__(self) -> None:
        self.jobs: Counter[JobLabels] = Counter()
        self.read: Counter[str] = Counter()
        self.written: Counter[str] = Counter()
        self.waited: defaultdict[str, Histogram] = defaultdict(lambda: Histogram(SECONDS))
        self.first_token: defaultdict[str, Histogram] = defaultdict(lambda: Histogram(SECONDS))
        self.speed: defaultdict[str, Histogram] = defaultdict(lambda: Histogram(SPEEDS))
        self._names: dict[str, set[str]] = {"model": set(), "key": set()}

    def count(self, api: str, job: Job) -> None:
        """A job that came by this API is over."""
        # A job that never had a worker may name anything, so its model gets no label of its own.
        model = self._named("model", job.request.model_ref) if job.worker_id else OTHERS
        self.jobs[JobLabels(api, model, self._named("key", job.key), job.state.value)] += 1
        if job.waited is not None:
            self.waited[model].add(job.waited)
        if job.first_after is not None:
            self.first_token[model].add(job.first_after)
        done = job.done
        if done is None or job.request.count_only or job.request.tokens_only:
            return
        self.read[model] += done.tokens_in
        self.written[model] += done.tokens_out
        if job.tokens_per_second:
            self.speed[model].add(job.tokens_per_second)

    def _named(self, kind: str, name: str) -> str:
        known = self._names[kind]
        if name in known or not name:
            return name
        if len(known) >= _MOST_NAMES:
            return OTHERS
        known.add(name)
        return name
