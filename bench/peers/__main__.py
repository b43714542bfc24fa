"""``python -m bench.peers``: measures rbee and its peers; writes figures, page and plots.

``--quick`` measures little, for who works on it, and leaves ``docs/`` alone; ``--page`` measures
nothing and makes the page anew from the figures that are there. Exit status: 0 written, whatever
the figures are; 1 the ceiling or rbee could not be measured; 2 usage; 130 Ctrl+C.
"""

from __future__ import annotations

import argparse
import signal
import sys
import time
from typing import Any

from bench import machine, report
from bench.engine_alone import CONTEXT, default_threads
from bench.peers import memory
from bench.peers.measure import (
    FULL,
    GAP,
    LOADS,
    MAX_TOKENS,
    PROMPT,
    QUICK,
    SERVERS,
    SHORT,
    measure_all,
)
from bench.peers.servers import SLOTS
from bench.peers.writing import FIGURES, write_page
from bench.swarm import ROOT

#: What a reader sees, and where `--quick` writes instead.
DOCS = ROOT / "docs"
TRIAL = ROOT / "bench" / "results" / "peers"
#: Without these two there is nothing to compare.
_NEEDED = ("engine", "rbee")


def main(arguments: list[str]) -> int:
    """Measures what was asked for; the exit status."""
    asked = _asked(arguments)
    folder = TRIAL if asked.quick else DOCS
    if asked.page:
        print(f"written to {write_page(folder)}")
        return 0
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        measured = _measured(asked)
    except KeyboardInterrupt:
        return 130
    report.write(folder / FIGURES, measured)
    failed = {name: of["failed"] for name, of in measured["servers"].items() if "failed" in of}
    for name, reason in failed.items():
        print(f"{name}: {reason}", file=sys.stderr)
    if any(name in failed for name in _NEEDED):
        return 1
    print(f"written to {write_page(folder)}")
    return 0


def _measured(asked: argparse.Namespace) -> dict[str, Any]:
    began = time.monotonic()

    def announce(name: str) -> None:
        print(f"{time.monotonic() - began:4.0f} s  {name}", flush=True)

    facts, load_before = machine.facts(), machine.load_average()
    servers = measure_all(asked.only, QUICK if asked.quick else FULL, announce)
    return {
        "machine": {**facts, "memory_bytes": machine.memory()},
        "load_average": {"before": load_before, "after": machine.load_average()},
        "seconds": round(time.monotonic() - began),
        "quick": asked.quick,
        "settings": {
            "prompt": PROMPT,
            "max_tokens": MAX_TOKENS,
            "short": SHORT,
            "loads": {str(streams): requests for streams, requests in LOADS.items()},
            "gap_s": GAP,
            "slots": SLOTS,
            "context": CONTEXT,
            "threads": default_threads(),
            "model_bytes": memory.of_the_model(),
        },
        "servers": servers,
    }


def _asked(arguments: list[str]) -> argparse.Namespace:
    names = [kind.name for kind in SERVERS]
    parser = argparse.ArgumentParser(
        prog="python -m bench.peers", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--quick", action="store_true", help="measure little, leave docs/ alone")
    parser.add_argument("--page", action="store_true", help="only make the page anew")
    parser.add_argument(
        "--only",
        type=lambda text: text.split(","),
        default=names,
        metavar="SERVERS",
        help=f"some of {','.join(names)}",
    )
    asked = parser.parse_args(arguments)
    unknown = set(asked.only) - set(names)
    if unknown:
        parser.error(f"no server {unknown.pop()!r}; servers: {', '.join(names)}")
    asked.only = sorted({*asked.only, *_NEEDED}, key=names.index)
    return asked


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
