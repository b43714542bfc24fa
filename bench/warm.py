"""What three hops cost a warm answer, over the engine called directly in one process.

Same engine, threads, slots, context and prompt, no sampling; both must give the same text. Measured
back to back, a few answers of one and then of the other, and with an idle second before each
answer: engines and processors fall asleep in a pause, and so do servers.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

from bench.engine_alone import default_threads
from bench.engine_direct import DirectEngine
from bench.figures import Figure, Target, spread
from bench.generation import Generation
from bench.report import Part
from bench.swarm import ROLES, RunFailed, cpu_seconds
from bench.three_hops import ThreeHops

PROMPT = "tell me a long story"
#: Answers of one kind before it is the other's turn, back to back.
_BLOCK = 10
#: Pairs with an idle gap in each round.
_GAP_PAIRS = 2
#: The idle gap, which is the subject of the measurement (seconds).
_GAP = 1.0
#: Milliseconds that the hops may add to the first token.
TTFT_TARGET = Target(4.0)
#: Share of the direct tokens/s that must be left.
SPEED_TARGET = Target(0.85, at_least=True)

_Ask = Callable[[str], Generation]


def measure_warm(rounds: int) -> Part:
    """Time to first token, speed, processor time and memory. Raises RunFailed."""
    threads = default_threads()
    with DirectEngine(threads) as direct, ThreeHops(threads) as hops:
        _warm_up(direct.ask, hops.ask)
        watched = {**hops.roles(), "direct": direct.watched}
        if set(watched) != {*ROLES, "direct"}:
            raise RunFailed(f"of the roles {ROLES} only {sorted(watched)} run")
        before = {name: cpu_seconds([process]) for name, process in watched.items()}
        steady = _back_to_back(direct.ask, hops.ask, rounds)
        after = {name: cpu_seconds([process]) for name, process in watched.items()}
        gapped = _with_gaps(direct.ask, hops.ask, rounds)
        resident = {name: process.memory_info().rss for name, process in watched.items()}
    tokens = sum(answer.tokens for answer in steady["hops"])
    cpu = {name: (after[name] - before[name]) * 1e6 / tokens for name in watched}
    figures = [
        *_compared("back to back", steady),
        *_compared(f"after {_GAP:g} s idle", gapped),
        *(Figure(f"cpu of {name}", used, "us/token") for name, used in cpu.items()),
        *(Figure(f"rss of {name}", rss / 2**20, "MiB") for name, rss in resident.items()),
    ]
    samples: dict[str, Any] = {
        "threads": threads,
        "tokens": steady["hops"][0].tokens,
        "back_to_back": _samples(steady),
        "idle_gap": _samples(gapped),
    }
    return Part(figures, samples)


def _warm_up(direct: _Ask, hops: _Ask) -> None:
    """One answer of each, which must be the same. Raises RunFailed."""
    texts = direct(PROMPT).text, hops(PROMPT).text
    if texts[0] != texts[1]:
        raise RunFailed(f"three hops gave {texts[1]!r}, the engine {texts[0]!r}")


def _back_to_back(direct: _Ask, hops: _Ask, rounds: int) -> dict[str, list[Generation]]:
    answers: dict[str, list[Generation]] = {"direct": [], "hops": []}
    for _ in range(rounds):
        answers["direct"] += [direct(PROMPT) for _ in range(_BLOCK)]
        answers["hops"] += [hops(PROMPT) for _ in range(_BLOCK)]
    return answers


def _with_gaps(direct: _Ask, hops: _Ask, rounds: int) -> dict[str, list[Generation]]:
    answers: dict[str, list[Generation]] = {"direct": [], "hops": []}
    for _ in range(rounds * _GAP_PAIRS):
        for name, ask in (("direct", direct), ("hops", hops)):
            time.sleep(_GAP)
            answers[name].append(ask(PROMPT))
    return answers


def _compared(when: str, answers: dict[str, list[Generation]]) -> list[Figure]:
    waits = {
        name: spread([answer.first_token * 1e3 for answer in given])
        for name, given in answers.items()
    }
    speeds = {
        name: statistics.median(answer.tokens_per_second for answer in given)
        for name, given in answers.items()
    }
    decoding = {
        name: statistics.median(answer.decoded_per_second for answer in given)
        for name, given in answers.items()
    }
    direct, hops = waits["direct"], waits["hops"]
    return [
        Figure(
            f"{when}: added to first token, p50",
            hops.median - direct.median,
            "ms",
            f"{hops.median:.2f} less {direct.median:.2f}, {hops.runs} each",
            TTFT_TARGET,
        ),
        Figure(
            f"{when}: added to first token, p99",
            hops.p99 - direct.p99,
            "ms",
            f"{hops.p99:.2f} less {direct.p99:.2f}",
        ),
        Figure(
            f"{when}: tokens/s over direct",
            speeds["hops"] / speeds["direct"],
            "x",
            f"{speeds['hops']:.0f} over {speeds['direct']:.0f}, whole request",
            SPEED_TARGET,
        ),
        Figure(
            f"{when}: decoding over direct",
            decoding["hops"] / decoding["direct"],
            "x",
            f"{decoding['hops']:.0f} over {decoding['direct']:.0f}, from the first token on",
        ),
    ]


def _samples(answers: dict[str, list[Generation]]) -> dict[str, dict[str, list[float]]]:
    return {
        name: {
            "first_token_ms": [round(answer.first_token * 1e3, 3) for answer in given],
            "tokens_per_s": [round(answer.tokens_per_second, 1) for answer in given],
        }
        for name, given in answers.items()
    }
