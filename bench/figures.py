"""Numbers that were measured several times, and what they are held against."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from typing import NamedTuple


class Spread(NamedTuple):
    """The middle and the edges of repeated measurements, in the unit of the measurement."""

    median: float
    p99: float
    low: float
    high: float
    runs: int


def spread(values: Sequence[float]) -> Spread:
    """Raises ValueError for no values."""
    if not values:
        raise ValueError("nothing was measured")
    return Spread(
        statistics.median(values), percentile(values, 99), min(values), max(values), len(values)
    )


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that at least `percent` of all values do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


class Target(NamedTuple):
    """What a figure is to be: at most `limit`, or at least."""

    limit: float
    at_least: bool = False

    def met_by(self, value: float) -> bool:
        """Whether `value` is good enough."""
        return value >= self.limit if self.at_least else value <= self.limit


class Figure(NamedTuple):
    """One line of the table. `note` says what the value is made of."""

    name: str
    value: float
    unit: str
    note: str = ""
    target: Target | None = None

    @property
    def verdict(self) -> str:
        """PASS or MISS where there is a target, else nothing."""
        if self.target is None:
            return ""
        return "PASS" if self.target.met_by(self.value) else "MISS"
