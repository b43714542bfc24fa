"""Which traces are asked for, and what the trace of a job is made of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from rbee.process.traces import Span, is_asked_for
from rbee.queen.traces import parts_of
from rbee.wire.messages.events import Done
from rbee.wire.narration import Narration

#: A part of a trace: whose it is, what it is called, what it is within, and from when to when (ms).
Part = tuple[str, str, str, float, float]


def asked(variables: str) -> bool:
    """Whether an environment of these variables asks for traces."""
    return is_asked_for(dict(each.split("=", 1) for each in variables.split()))


def parts(rows: Iterable[Mapping[str, str]], end_ms: float, done: Done | None) -> set[Part]:
    """The parts of a job that came at 0 and was over at `end_ms`, of which each row was told."""
    lines = [
        Narration(actor=row["by"], action=row["action"], human="", at_ms=int(row["ms"]))
        for row in rows
    ]
    return set(_flat(parts_of(lines, 0, end_ms, done), "job"))


def _flat(spans: Iterable[Span], within: str) -> Iterator[Part]:
    for span in spans:
        yield span.role, span.name, within, span.begin_ms, span.end_ms
        yield from _flat(span.parts, span.name)


def assert_parts(found: set[Part], rows: Iterable[Mapping[str, str]]) -> None:
    """They are exactly those of the rows."""
    expected = {
        (row["by"], row["part"], row["within"], float(row["from"]), float(row["to"]))
        for row in rows
    }
    assert found == expected, found ^ expected


def measured(read_ms: float, all_ms: float) -> Done:
    """What a worker tells that took so long to read a prompt, and for all of it."""
    return Done(
        finish_reason="stop", tokens_in=9, tokens_out=9, ttft_ms=read_ms, duration_ms=all_ms
    )
