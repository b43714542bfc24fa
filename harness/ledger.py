"""What came of each scenario, written by the hooks and read by the runner.

One JSON object a line. It is written after each feature, when every status is final, so a run
that breaks off is missed by what it did not write.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

#: Variable that names the file to write to.
VARIABLE = "HARNESS_LEDGER"
#: How a line of progress begins, among the other output of a behave process.
PROGRESS = "feature done: "


@dataclass(frozen=True)
class Entry:
    """One scenario: where it stands, what came of it, and why."""

    feature: str
    line: int
    name: str
    #: ``passed``, ``failed``, ``skipped`` (with a reason), or ``deselected``.
    status: str
    seconds: float
    reason: str = ""
    detail: str = ""
    #: What it took of the processor, its programs counted (seconds).
    processor_s: float = 0.0

    @property
    def place(self) -> str:
        """File and line."""
        return f"{self.feature}:{self.line}"


def entries_of(feature: Any) -> Iterator[Entry]:
    """One entry for each scenario of a feature that behave has run."""
    for scenario in feature.walk_scenarios():
        reason = getattr(scenario, "skip_reason", None) or ""
        yield Entry(
            feature=os.path.relpath(feature.filename),
            line=scenario.line,
            name=scenario.name,
            status=_status(scenario.status.name, reason),
            seconds=round(getattr(scenario, "whole_seconds", scenario.duration), 3),
            reason=reason,
            detail=_detail(scenario) if scenario.status.has_failed() else "",
            processor_s=round(getattr(scenario, "processor_s", 0.0), 3),
        )


def write(path: Path, feature: Any) -> str:
    """Adds the entries of a feature to the file, and returns a line of progress."""
    entries = list(entries_of(feature))
    with path.open("a", encoding="utf-8") as ledger:
        for entry in entries:
            ledger.write(json.dumps(asdict(entry)) + "\n")
    counts = [
        f"{sum(entry.status == status for entry in entries)} {status}"
        for status in ("passed", "failed", "skipped")
    ]
    seconds = sum(entry.seconds for entry in entries)
    return f"{PROGRESS}{os.path.relpath(feature.filename)}: {', '.join(counts)}, {seconds:.1f} s"


def read(path: Path) -> list[Entry]:
    """Every entry in the file; none when there is no file."""
    if not path.exists():
        return []
    return [Entry(**json.loads(line)) for line in path.read_text("utf-8").splitlines()]


def _status(name: str, reason: str) -> str:
    if name == "passed":
        return "passed"
    if name in ("skipped", "untested"):
        return "skipped" if reason else "deselected"
    return "failed"


def _detail(scenario: Any) -> str:
    parts = []
    for step in scenario.all_steps:
        if step.status.has_failed() or step.status.name == "undefined":
            parts.append(f"{step.keyword} {step.name}  [{step.status.name}]  {step.location}")
            parts.append(step.error_message or "")
    parts.append(scenario.error_message or "")
    parts.append(getattr(scenario, "report", ""))
    return "\n".join(part for part in parts if part)
