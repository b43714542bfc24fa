"""``python -m bench [--rounds N] [--only cold,warm,...]``: runs the parts, shows the figures.

Exit status: 0 measured, whatever the figures are; 1 a run failed; 2 usage; 130 Ctrl+C.
"""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench import machine, report
from bench.beside import measure_beside
from bench.cold import measure_cold
from bench.fleet import measure_fleet
from bench.report import Part
from bench.streams import measure_streams
from bench.timeline import measure_timeline
from bench.typed import measure_typed
from bench.warm import measure_warm

PARTS: dict[str, Callable[[int], Part]] = {
    "cold": measure_cold,
    "typed": measure_typed,
    "warm": measure_warm,
    "beside": measure_beside,
    "timeline": measure_timeline,
    "fleet": measure_fleet,
    "streams": measure_streams,
}
RESULTS = Path(__file__).parent / "results" / "latest.json"
ROUNDS = 10


def main(arguments: list[str]) -> int:
    """Measures what was asked for; the exit status."""
    asked = _asked(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    facts = machine.facts()
    load_before = machine.load_average()
    print("; ".join(f"{name} {value}" for name, value in facts.items()), flush=True)
    parts: dict[str, Part] = {}
    try:
        for name in asked.only:
            began = time.monotonic()
            parts[name] = PARTS[name](asked.rounds)
            print(f"\n{name} ({time.monotonic() - began:.0f} s)", flush=True)
            print(report.table(parts[name]), flush=True)
    except AssertionError as failure:
        print(f"bench: {failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    document: dict[str, Any] = {
        "machine": facts,
        "load_average": {"before": load_before, "after": machine.load_average()},
        "rounds": asked.rounds,
        "parts": {name: report.as_json(part) for name, part in parts.items()},
    }
    report.write(RESULTS, document)
    print(f"\nload average {load_before} before, {machine.load_average()} after")
    print(f"written to {RESULTS}")
    return 0


def _asked(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__.splitlines()[0])
    parser.add_argument(
        "--rounds", type=_count, default=ROUNDS, metavar="N", help=f"rounds of each part [{ROUNDS}]"
    )
    parser.add_argument(
        "--only",
        type=_part_names,
        default=list(PARTS),
        metavar="PARTS",
        help=f"some of {','.join(PARTS)}",
    )
    return parser.parse_args(arguments)


def _count(text: str) -> int:
    count = int(text)
    if count < 1:
        raise argparse.ArgumentTypeError(f"{count} is no number of rounds; take 1 or more")
    return count


def _part_names(text: str) -> list[str]:
    names = text.split(",")
    unknown = [name for name in names if name not in PARTS]
    if unknown:
        raise argparse.ArgumentTypeError(f"no part {unknown[0]!r}; parts: {', '.join(PARTS)}")
    return names


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
