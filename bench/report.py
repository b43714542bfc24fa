"""How figures are shown: a table for people, JSON for programs."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from bench import machine
from bench.figures import Figure
from bench.peers.client import AnswerFailed

#: Digits behind the point, by unit; 2 for any other.
_DIGITS = {"s": 3, "ms": 2, "tokens/s": 0, "us/token": 0, "MiB": 1}


class Part(NamedTuple):
    """The figures of one part, and every single measurement for who wants to look closer."""

    figures: list[Figure]
    samples: dict[str, Any]


def table(part: Part) -> str:
    """Name, value, unit, target with its verdict, and note: one line a figure."""
    rows = [
        (figure.name, _number(figure.value, figure.unit), figure.unit, _target(figure), figure.note)
        for figure in part.figures
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    return "\n".join(
        f"  {name:<{widths[0]}}  {value:>{widths[1]}} {unit:<{widths[2]}}"
        f"  {target:<{widths[3]}}  {note}".rstrip()
        for name, value, unit, target, note in rows
    )


def as_json(part: Part) -> dict[str, Any]:
    """Every figure with its target and verdict, and the samples behind them."""
    return {
        "figures": [
            {
                "name": figure.name,
                "value": round(figure.value, 6),
                "unit": figure.unit,
                "note": figure.note,
                "target": figure.target._asdict() if figure.target else None,
                "verdict": figure.verdict or None,
            }
            for figure in part.figures
        ],
        "samples": part.samples,
    }


def write(path: Path, document: dict[str, Any]) -> None:
    """`document` as JSON at `path`, whose folder is made where it is missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=1) + "\n")


def document_of(
    name: str, measure: Callable[[], dict[str, Any]], settings: dict[str, Any], *, quick: bool
) -> dict[str, Any]:
    """What is measured, with the machine and what it did besides. Raises SystemExit: 1 where a run
    failed, which is told, and 130 for Ctrl+C."""
    began, load_before = time.monotonic(), machine.load_average()
    try:
        measured = measure()
    except (AssertionError, AnswerFailed) as failure:
        print(f"{name}: {failure}", file=sys.stderr)
        raise SystemExit(1) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    return {
        "machine": machine.facts(),
        "load_average": {"before": load_before, "after": machine.load_average()},
        "seconds": round(time.monotonic() - began),
        "quick": quick,
        "settings": settings,
        **measured,
    }


def _number(value: float, unit: str) -> str:
    return f"{value:.{_DIGITS.get(unit, 2)}f}"


def _target(figure: Figure) -> str:
    target = figure.target
    if target is None:
        return ""
    return f"{'>=' if target.at_least else '<='} {target.limit:g} {figure.verdict}"
