"""``python -m harness.fuzz [TARGET...] [--seconds S] [--inputs N] [--seed X] [--forget]``.

Feeds each target, or all, with what is kept of it in fixtures/corpus and with new inputs made of
that, for S seconds each or N inputs. An input is a finding where the code raises anything but its
typed error, takes longer or more memory than it may, or dies; it is kept in the corpus. Prints the
seed and what came of it; the status is 1 where there are findings.
"""

from __future__ import annotations

import argparse
import secrets
import sys
from collections.abc import Sequence

from harness.fuzz.run import fuzz, report
from harness.fuzz.targets import TARGETS


def main(arguments: Sequence[str]) -> int:
    """Fuzzes, prints what came of it, and returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m harness.fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"of {', '.join(TARGETS)}")
    parser.add_argument("--seconds", type=float, default=60, help="for each (default 60)")
    parser.add_argument("--inputs", type=int, default=0, help="new inputs, in the place of seconds")
    parser.add_argument("--seed", default="", help="what they are drawn from; else random")
    parser.add_argument("--forget", action="store_true", help="do not keep the findings")
    chosen = parser.parse_args(list(arguments))
    unknown = set(chosen.targets) - set(TARGETS)
    if unknown:
        parser.error(f"no target is called {', '.join(sorted(unknown))}")
    seed = chosen.seed or secrets.token_hex(4)
    print(f"seed {seed}", flush=True)
    status = 0
    for name in chosen.targets or TARGETS:
        came = fuzz(TARGETS[name], seed, inputs=chosen.inputs, seconds=chosen.seconds)
        status |= report([came], keep=not chosen.forget)
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
