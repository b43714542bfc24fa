"""``python -m harness.coverage [--jobs N] [what to run]``: the lines of each role that are run.

What to run is what `harness.run` takes, everything where nothing is named. Prints a line for each
role and for the files with the most lines that nothing runs, and writes ``reports/coverage/html``.
A scenario about time may be red, since counting takes some: that is told and fails nothing here.
Exit status: 0 lines were counted; 1 none were.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from collections.abc import Sequence

from harness.coverage import ROOT, Share, collect, everywhere, files, rooms

REPORT = ROOT / "reports" / "coverage"
#: How many files are named for the lines that nothing runs.
_NAMED = 15


def main(arguments: Sequence[str]) -> int:
    """Runs, collects, prints; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m harness.coverage", description=__doc__)
    parser.add_argument("--jobs", default="2", help="behave processes (default 2)")
    chosen, rest = parser.parse_known_args(list(arguments))
    shutil.rmtree(REPORT, ignore_errors=True)
    written = REPORT / "processes"
    with everywhere(written):
        command = [sys.executable, "-m", "harness.run", "--jobs", chosen.jobs, *rest]
        subprocess.run(command, cwd=ROOT, check=False)
    counted = collect(written)
    shares = files(counted.lines, REPORT / "html")
    print(f"\n{'role':<44}{'lines':>7}{'run':>7}")
    print(*rooms(shares), sep="\n")
    print("\nmost lines that nothing runs")
    print(*sorted(shares, key=lambda one: one.run - one.lines)[:_NAMED], sep="\n")
    told, silent = len(counted.told), len(counted.silent)
    print(f"\n{told} processes counted, {silent} were killed before they wrote")
    print(Share("all", sum(one.lines for one in shares), sum(one.run for one in shares)))
    shutil.rmtree(written)
    return 0 if any(one.run for one in shares) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
