"""What rbee is held against, and whether it is met. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple

from bench.figures import Target
from bench.peers import compare
from bench.peers.compare import CEILING, RBEE, TITLES, told_streams

#: Share of the ceiling's tokens/s that must be kept, and that is aimed at, by streams.
KEPT = {"1": (0.85, 0.90), "8": (0.85, 0.95), "32": (0.85, 0.95)}
#: Milliseconds that may be added to the first token.
ADDED_P50, ADDED_P99 = 3.0, 6.0
#: Microseconds of processor time of the queen, by token.
QUEEN = 100.0
#: Bytes of queen, hive and worker together, without what the model takes.
MEMORY = 150e6
#: How many times as long as rbee Xinference is to need from nothing to a first token.
FASTER = 30.0
#: By how many milliseconds a first token after an idle gap may be later and count as the same.
SAME = 1.0

_SLOWEST = "xinference"


class Unit(NamedTuple):
    """How a number is written: times `factor`, with so many digits, and this behind it."""

    text: str
    factor: float = 1.0
    digits: int = 0

    def of(self, value: float) -> str:
        """`value` in this unit."""
        return f"{value * self.factor:,.{self.digits}f}{self.text}"


PERCENT = Unit(" %", 100.0, 1)
POINTS = Unit(" points", 100.0, 1)
MILLISECONDS = Unit(" ms", digits=2)
MICROSECONDS = Unit(" µs", digits=1)
MEGABYTES = Unit(" MB", 1e-6, 1)
TIMES = Unit(" times", digits=1)


class Held(NamedTuple):
    """A target, and what was measured of it."""

    what: str
    target: Target
    measured: float
    unit: Unit
    #: Unit of a difference, where that is another.
    apart: Unit
    #: A better value, which is what is after all wanted.
    aim: float | None = None
    note: str = ""
    #: What it is made of, for who asks why it is missed; `streams` tells of which load.
    made_of: Literal["load", "short answer", "memory", ""] = ""
    streams: str = ""

    @property
    def met(self) -> bool:
        """Whether the target is met."""
        return self.target.met_by(self.measured)

    @property
    def wanted(self) -> str:
        """The target, as it is read."""
        bound = "at least" if self.target.at_least else "at most"
        aim = "" if self.aim is None else f", aim {self.unit.of(self.aim)}"
        return f"{bound} {self.unit.of(self.target.limit)}{aim}"

    @property
    def verdict(self) -> str:
        """Met or missed, and by how much."""
        apart = self.apart.of(abs(self.measured - self.target.limit))
        if not self.met:
            return f"**missed** by {apart}"
        if self.aim is not None and self.measured < self.aim:
            return f"met by {apart}; {self.apart.of(self.aim - self.measured)} short of the aim"
        return f"met by {apart}"


def targets(measured: Mapping[str, Any]) -> list[Held]:
    """Every target whose figures were measured."""
    return [*_speeds(measured), *_others(measured)]


def unknown(measured: Mapping[str, Any]) -> dict[str, str]:
    """The targets that could not be looked at, each with the reason."""
    if _SLOWEST in compare.present(measured):
        return {}
    reason = compare.failures(measured).get(_SLOWEST, "was not asked for")
    return {_cold_target(): f"{TITLES[_SLOWEST]}: {reason}"}


def _speeds(measured: Mapping[str, Any]) -> Iterator[Held]:
    for streams, (least, aim) in KEPT.items():
        kept = compare.speed(measured, RBEE, streams).ratio
        yield Held(
            f"tokens/s kept at {told_streams(streams)}",
            Target(least, at_least=True),
            kept.median,
            PERCENT,
            POINTS,
            aim,
            f"{PERCENT.of(kept.low)} to {PERCENT.of(kept.high)} in {kept.runs} rounds",
            "load",
            streams,
        )


def _others(measured: Mapping[str, Any]) -> Iterator[Held]:
    first = compare.first_token(measured, RBEE)
    for percent, added, of, limit in (
        ("p50", first.added_p50, first.p50, ADDED_P50),
        ("p99", first.added_p99, first.p99, ADDED_P99),
    ):
        note = f"{MILLISECONDS.of(of.value)} in all"
        what = f"added to the first token, {percent}"
        yield Held(
            what, Target(limit), added, MILLISECONDS, MILLISECONDS, None, note, "short answer"
        )
    for streams in KEPT:
        queen = compare.cpu_by_part(measured, RBEE, streams)["queen"]
        what = f"processor time of the queen by token, {told_streams(streams)}"
        yield Held(
            what, Target(QUEEN), queen, MICROSECONDS, MICROSECONDS, None, "", "load", streams
        )
    held, model = compare.memory(measured, RBEE).value, measured["settings"]["model_bytes"]
    note = f"{MEGABYTES.of(held)} less {MEGABYTES.of(model)} for the model"
    what = "memory of queen, hive and worker without the model"
    yield Held(
        what, Target(MEMORY), held - model, MEGABYTES, MEGABYTES, None, note, made_of="memory"
    )
    idle, engine = compare.idle(measured, RBEE), compare.idle(measured, CEILING)
    gap = measured["settings"]["gap_s"]
    yield Held(
        f"first token after {gap:g} idle seconds, later than at once",
        Target(SAME),
        idle.after_gap - idle.at_once,
        MILLISECONDS,
        MILLISECONDS,
        note=f"{idle.after_gap:.2f} less {MILLISECONDS.of(idle.at_once)}; the {TITLES[CEILING]}:"
        f" {engine.after_gap:.2f} less {MILLISECONDS.of(engine.at_once)}",
    )
    if _SLOWEST in compare.present(measured):
        slow, own = (compare.cold(measured, name).value for name in (_SLOWEST, RBEE))
        note = f"{slow:.1f} s over {own:.2f} s"
        target = Target(FASTER, at_least=True)
        yield Held(_cold_target(), target, slow / own, TIMES, TIMES, note=note)


def _cold_target() -> str:
    return f"cold start faster than {TITLES[_SLOWEST]}'s"
