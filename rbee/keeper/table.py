"""Lists for people: aligned columns of plain text, the same on a terminal and in a pipe."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence

from rbee.wire.shown import columns_of, shown


def table(headings: str, rows: Iterable[Sequence[object]]) -> str:
    """`rows` under the words of `headings`; an empty cell is a dash, so that columns count."""
    lines = [headings.split(), *([_cell(each) for each in row] for row in rows)]
    widths = [max(map(columns_of, column)) for column in zip(*lines)]
    return "\n".join(
        "  ".join(
            cell + " " * (width - columns_of(cell)) for cell, width in zip(line, widths)
        ).rstrip()
        for line in lines
    )


def age(at_ms: float | None) -> str:
    """How long ago a moment was, in its largest unit: ``4s``, ``3m``, ``2h``, ``5d``."""
    return _amount(time.time() - at_ms / 1000) if at_ms else ""


def ahead(at_ms: float | None) -> str:
    """How far ahead a moment is: ``in 4m``; what is past by now may happen at once: ``in 0s``."""
    return f"in {_amount(at_ms / 1000 - time.time())}" if at_ms else ""


def _amount(seconds: float) -> str:
    amount = max(0, round(seconds))
    for unit, next_unit in (("s", 60), ("m", 60), ("h", 24)):
        if amount < next_unit:
            return f"{amount}{unit}"
        amount //= next_unit
    return f"{amount}d"


def _cell(value: object) -> str:
    text = "" if value is None else shown(str(value))
    return text or "-"
