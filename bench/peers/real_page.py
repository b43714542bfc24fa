"""The part of the page about real weights, wholly made of the measurements. Pure."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from bench.figures import Target
from bench.peers.page import table, where_measured

#: How much of the engine's own speed is to be kept.
KEPT = Target(0.95, at_least=True)


class Beside(NamedTuple):
    """The same figure of the engine's own server and of rbee; lower is better where it is a time.

    `kept` is how much of the engine's speed rbee keeps, 1 being as fast: the median over turns, in
    each of which both were asked one after the other, as the speed of a machine is not always the
    same.
    """

    engine: float
    rbee: float
    is_time: bool
    kept: float


#: What is asked of both sides by turns.
_Turns = Sequence[Mapping[str, Any]]


def first_token(rounds: _Turns) -> Beside:
    """Seconds to the first token, the median over all answers."""
    return _beside(rounds, lambda side: [first / 1e3 for first in side["first_ms"]], is_time=True)


def written(rounds: _Turns) -> Beside:
    """Tokens/s of an answer from its first token on, the median over all answers."""

    def speeds(side: Mapping[str, Any]) -> list[float]:
        return [
            (tokens - 1) / seconds for tokens, seconds in zip(side["tokens"], side["writing_s"])
        ]

    return _beside(rounds, speeds, is_time=False)


def whole(rounds: _Turns) -> Beside:
    """Seconds from the first request to the last token of all callers, the median over rounds."""
    return _beside(rounds, lambda side: [side["seconds"]], is_time=True)


def idle(measured: Mapping[str, Any], after_pause: bool) -> Beside:
    """Seconds to the first token after the pause, or at once; medians."""
    which = 0 if after_pause else 1
    return _beside(measured["idle"], lambda side: [side["first_ms"][which] / 1e3], is_time=True)


def _beside(
    turns: _Turns, of: Callable[[Mapping[str, Any]], list[float]], *, is_time: bool
) -> Beside:
    engine, rbee = ([of(turn[side]) for turn in turns] for side in ("engine", "rbee"))
    shares = [_median(one) / _median(other) for one, other in zip(engine, rbee)]
    kept = _median(shares if is_time else [1 / share for share in shares])
    ours, theirs = (_median(value for turn in side for value in turn) for side in (rbee, engine))
    return Beside(theirs, ours, is_time, kept)


def _median(values: Iterable[float]) -> float:
    return float(statistics.median(values))


def real_page(measured: Mapping[str, Any]) -> str:
    """Markdown."""
    return "\n".join([*_beginning(measured), "", *_loads(measured), "", *_method(measured)]) + "\n"


def _beginning(measured: Mapping[str, Any]) -> Iterator[str]:
    yield "## With real weights and everybody's defaults"
    yield ""
    yield "rbee with nothing set, beside its engine's own server with nothing set, by turns in one"
    yield "run. `make bench-real` measures anew and writes this part out of"
    yield "[performance-real.json](performance-real.json)."
    yield ""
    yield from where_measured(measured)


def _loads(measured: Mapping[str, Any]) -> Iterator[str]:
    rows = []
    for load in measured["loads"]:
        rounds = load["rounds"]
        what = [f"{load['words']:,} tokens", str(load["callers"]), f"{load['tokens']} tokens"]
        what += _cells(first_token(rounds), " s") + _cells(written(rounds), "")
        rows.append([*what, *_cells(whole(rounds), " s")])
    pause = measured["settings"]["pause_s"]
    for after_pause, when in ((True, f"after {pause:g} idle seconds"), (False, "at once after it")):
        cells = _cells(idle(measured, after_pause), " s")
        rows.append([f"20 tokens, {when}", "1", "", *cells, *[""] * 4])
    asked = ["prompt", "callers", "answers", "first token", "kept"]
    yield from table(
        [*asked, "tokens/s while writing", "kept", "until all have theirs", "kept"], rows
    )


def _cells(beside: Beside, unit: str) -> list[str]:
    digits = 3 if beside.is_time and beside.engine < 10 else 1
    both = f"{beside.rbee:,.{digits}f}, the engine's {beside.engine:,.{digits}f}{unit}"
    verdict = "" if KEPT.met_by(beside.kept) else f" (**below {KEPT.limit}**)"
    return [both, f"{beside.kept:.2f}{verdict}"]


def _method(measured: Mapping[str, Any]) -> Iterator[str]:
    settings = measured["settings"]
    yield (
        f"- `{settings['model']}`: SmolLM2-135M-Instruct in Q4_1, made to say no token that ends"
        " a story. No prompt comes twice, so that none is known already; the chat template puts"
        " some 30 tokens around each."
    )
    yield (
        f"- The engine's own server has the {settings['slots']} slots of {settings['context']:,}"
        " tokens that a worker has; its threads, batches, caches and warm-up are its own."
    )
    yield (
        "- Kept is speed over the engine's own, the median over turns in which both were asked one"
        " after the other: 1 is as fast, and 0.95 is wanted of each."
    )
    yield (
        "- Where several prompts come at once, chance decides how they fall into the engine's"
        " batches, and answers are written while others' prompts are read: of four that fall into"
        " one batch all begin late, of those in two batches half begin early and write slowly. The"
        " last column has all of it."
    )
    if not any(each["callers"] == 16 and each["words"] == 4000 for each in measured["loads"]):
        yield (
            "- Not measured: 16 callers with 4,000 tokens each, which take both servers ten"
            " minutes (`python -m bench.peers.real --whole` does)."
        )
