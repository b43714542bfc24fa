"""The part of the page about several machines, wholly made of the measurements. Pure."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping
from typing import Any

from bench.peers.page import table, where_measured


def splits_page(measured: Mapping[str, Any]) -> str:
    """Markdown."""
    return "\n".join([*_beginning(measured), "", *_rows(measured), "", *_method(measured)]) + "\n"


def speed(found: Mapping[str, Any]) -> float:
    """Tokens/s of an answer from its first token on, the median."""
    pairs = zip(found["tokens"], found["writing_s"])
    return float(statistics.median((count - 1) / took for count, took in pairs))


def first_token(found: Mapping[str, Any]) -> float:
    """Milliseconds to the first token, the median."""
    return float(statistics.median(found["first_ms"]))


def _beginning(measured: Mapping[str, Any]) -> Iterator[str]:
    yield "## A model over several machines"
    yield ""
    yield "One model over one, two and three machines, and what a slower network between them"
    yield "costs. `make bench-splits` measures anew and writes this part out of"
    yield "[performance-splits.json](performance-splits.json)."
    yield ""
    yield from where_measured(measured)


def _rows(measured: Mapping[str, Any]) -> Iterator[str]:
    alone = measured["engine"]
    rows = [
        [
            "engine alone",
            "",
            f"{speed(alone):,.1f}",
            "",
            "1.00",
            "",
            f"{first_token(alone):,.0f} ms",
            "",
        ]
    ]
    by_count: dict[int, float] = {}
    for found in measured["splits"]:
        by_count.setdefault(found["machines"], speed(found))
        later = 1e3 / speed(found) - 1e3 / by_count[found["machines"]]
        count = f"{found['machines']} machine{'s' * (found['machines'] > 1)}"
        trip = f"{found['added_ms']:.2f} ms" if found["machines"] > 1 else ""
        rows.append(
            [
                count,
                trip,
                f"{speed(found):,.1f}",
                f"{found['expected']:,.1f}" if "expected" in found else "not asked",
                f"{speed(found) / speed(alone):.2f}",
                f"{later:+,.1f} ms" if found["round_trip_ms"] else "",
                f"{first_token(found):,.0f} ms",
                f"{found['loads_s']:,.1f} s",
            ]
        )
    heads = ["", "added round trip", "tokens/s while writing", "expected", "of the engine's"]
    yield from table([*heads, "a token takes", "first token", "loads in"], rows)


def _method(measured: Mapping[str, Any]) -> Iterator[str]:
    settings = measured["settings"]
    gpus = ", ".join(f"{size:g}" for size in settings["gpus_gb"].values())
    yield (
        f"- `{settings['model']}` with a context of {settings['context']:,} tokens and one slot,"
        f" answers of {settings['max_tokens']} tokens to prompts of {settings['words']} new words,"
        " one after the other; medians."
    )
    yield (
        "- All machines are namespaces of one and compute on its processors in turn, each engine"
        f" with {settings['threads']} thread: what is shown is what the way between them costs, and"
        " no machine is faster for having less to do. Their GPUs are simulated, of"
        f" {gpus} GiB for one, two and three machines, so that as many are needed."
    )
    yield (
        "- The head is on the queen's machine. Everything between the machines goes through SSH, as"
        " rbee does by itself; the round trip is what a relay before the SSH servers of the others"
        " adds by its own measurement, on top of the network of the namespaces."
    )
    if "reads_gb" in measured:
        yield (
            "- Expected is what the queen tells before (`rbee-keeper plan`). The GPUs are said to"
            " be as fast as the processor by the measure of a hive,"
            f" {measured['reads_gb']:.1f} GB/s for {settings['threads']} thread, since it computes"
            " for them. It counts half of the context as in use, of which the answers here use a"
            " hundredth."
        )
    yield "- Loading is from the worker's first word until it is ready; weights are sent each time."
