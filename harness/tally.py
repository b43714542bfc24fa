"""``python -m harness.tally FILE...``: the outputs of several runs of scenarios, added up.

Each file is the output of the runner or of behave. One that tells no counts broke off, which is a
failure too. Prints ``N passed, N failed, N skipped``. Exit status: 0 all is well; 1 something
failed, or nothing passed. It needs nothing but Python, so that a failed installation is counted.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

_COUNTED = re.compile(r"^\d+ (?:scenarios? )?passed(?:, \d+ \w+)*$", re.MULTILINE)
_COUNT = re.compile(r"(\d+) (?:scenarios? )?(\w+)")


class Tally(NamedTuple):
    """What came of so many scenarios."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0

    @property
    def is_good(self) -> bool:
        """Whether something passed, and nothing failed."""
        return self.passed > 0 and self.failed == 0

    def __str__(self) -> str:
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


def tally_of(output: str) -> Tally:
    """What a run told of its scenarios last; whatever neither passed nor was skipped has failed."""
    told = _COUNTED.findall(output)
    if not told:
        return Tally(failed=1)
    counts = {word: int(count) for count, word in _COUNT.findall(told[-1])}
    passed, skipped = counts.pop("passed"), counts.pop("skipped", 0)
    return Tally(passed, sum(counts.values()), skipped)


def total(tallies: Iterable[Tally]) -> Tally:
    """All of them in one."""
    return Tally(*map(sum, zip(*tallies)))


def main(files: Sequence[str]) -> int:
    """Prints the sum; the exit status."""
    outputs = [Path(name).read_text("utf-8", "replace") for name in files]
    came_to = total(map(tally_of, outputs))
    print(f"\n{came_to}", flush=True)
    return 0 if came_to.is_good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
