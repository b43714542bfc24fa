"""From measurements to figures: each with its ratio to the ceiling. Pure.

`measured` is everywhere what `python -m bench.peers` has written as JSON. Ratios are taken within
a round, of what was measured by turns, and the median over the rounds counts.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from bench.figures import Spread, percentile, spread

CEILING = "engine"
RBEE = "rbee"
#: How the servers are called on the page, in its order.
TITLES: Mapping[str, str] = {
    CEILING: "engine's own server",
    RBEE: "rbee",
    "litellm": "LiteLLM proxy",
    "llama-cpp-python": "llama-cpp-python",
    "xinference": "Xinference",
}


class Compared(NamedTuple):
    """A figure of one server, and over that of the ceiling."""

    value: float
    ratio: Spread


class FirstToken(NamedTuple):
    """Milliseconds to the first token of a warm server, and how much more than the ceiling's."""

    p50: Compared
    p99: Compared
    added_p50: float
    added_p99: float


class Idle(NamedTuple):
    """Milliseconds to the first token, medians."""

    after_gap: float
    at_once: float


def present(measured: Mapping[str, Any]) -> list[str]:
    """The servers that were measured, in the order of the page."""
    servers = measured["servers"]
    return [name for name in TITLES if name in servers and "failed" not in servers[name]]


def failures(measured: Mapping[str, Any]) -> dict[str, str]:
    """The servers that could not be measured, each with the reason."""
    servers = measured["servers"]
    return {name: servers[name]["failed"] for name in TITLES if "failed" in servers.get(name, ())}


def told_streams(count: str) -> str:
    """How so many streams are told of."""
    return "1 stream" if count == "1" else f"{count} streams"


def cold(measured: Mapping[str, Any], name: str) -> Compared:
    """Seconds from nothing that runs to a first token."""
    seconds = {each: measured["servers"][each]["cold_s"] for each in (name, CEILING)}
    ceiling = statistics.median(seconds[CEILING])
    return Compared(
        statistics.median(seconds[name]), spread([of / ceiling for of in seconds[name]])
    )


def first_token(measured: Mapping[str, Any], name: str) -> FirstToken:
    """Of all rounds together; the ratios are those of each round."""
    rounds = [each["first_token"] for each in _rounds(measured, name)]

    def at(percent: float) -> tuple[Compared, float]:
        waits = {
            side: percentile([wait for each in rounds for wait in each[side]["first_ms"]], percent)
            for side in _SIDES
        }
        ratio = _ratios(rounds, lambda load: percentile(load["first_ms"], percent))
        return Compared(waits[_OWN], ratio), waits[_OWN] - waits[_CEILING]

    (p50, added_p50), (p99, added_p99) = at(50), at(99)
    return FirstToken(p50, p99, added_p50, added_p99)


def speed(measured: Mapping[str, Any], name: str, streams: str) -> Compared:
    """Tokens/s of all streams together."""
    return _of_loads(measured, name, streams, lambda load: float(load["tokens_per_s"]))


def cpu(measured: Mapping[str, Any], name: str, streams: str) -> Compared:
    """Microseconds of processor time of all processes, by token."""
    return _of_loads(measured, name, streams, _cpu_of)


def cpu_by_part(measured: Mapping[str, Any], name: str, streams: str) -> dict[str, float]:
    """Microseconds of processor time by token, of each part of a server."""
    loads = [each["streams"][streams][_OWN] for each in _rounds(measured, name)]
    return {
        part: statistics.median(load["cpu_us_per_token"][part] for load in loads)
        for part in loads[0]["cpu_us_per_token"]
    }


def cpu_of_short_answer(measured: Mapping[str, Any], name: str) -> dict[str, float]:
    """Milliseconds of processor time of a short answer, of each part of a server."""
    loads = [each["first_token"][_OWN] for each in _rounds(measured, name)]
    return {
        part: statistics.median(
            load["cpu_us_per_token"][part] * load["tokens"] / load["answers"] / 1e3
            for load in loads
        )
        for part in loads[0]["cpu_us_per_token"]
    }


def cpu_of_client(measured: Mapping[str, Any], name: str, streams: str) -> float:
    """Microseconds of processor time that the load generator took by token, its start included."""
    loads = [each["streams"][streams][_OWN] for each in _rounds(measured, name)]
    return statistics.median(
        float(load["client_cpu_seconds"] * 1e6 / load["tokens"]) for load in loads
    )


def memory(measured: Mapping[str, Any], name: str, kind: str = "pss") -> Compared:
    """Bytes of all processes: `pss`, which counts shared pages once, or `rss`."""
    held: dict[str, int] = {
        each: sum(part[kind] for part in measured["servers"][each]["memory"].values())
        for each in (name, CEILING)
    }
    return Compared(held[name], spread([held[name] / held[CEILING]]))


def idle(measured: Mapping[str, Any], name: str) -> Idle:
    """After the idle gap, and at once after another answer."""
    waits = measured["servers"][name]["idle_ms"]
    return Idle(statistics.median(waits["after_gap"]), statistics.median(waits["at_once"]))


def whole_answers(measured: Mapping[str, Any], name: str) -> bool:
    """Whether every long answer had as many tokens as it was to have."""
    wanted = measured["settings"]["max_tokens"]
    return all(
        load[side]["tokens"] == load[side]["answers"] * wanted
        for each in _rounds(measured, name)
        for load in each["streams"].values()
        for side in _SIDES
    )


_OWN, _CEILING = "server", "ceiling"
_SIDES = (_OWN, _CEILING)


def _rounds(measured: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """The rounds of a server; those of the ceiling are its turns in the rounds of all others."""
    servers = measured["servers"]
    if name != CEILING:
        rounds: list[dict[str, Any]] = servers[name]["rounds"]
        return rounds
    turns = [each for other in present(measured) for each in servers[other].get("rounds", ())]
    return [_against_itself(each) for each in turns]


def _against_itself(each: Mapping[str, Any]) -> dict[str, Any]:
    def twice(load: Mapping[str, Any]) -> dict[str, Any]:
        return dict.fromkeys(_SIDES, load[_CEILING])

    return {
        "first_token": twice(each["first_token"]),
        "streams": {streams: twice(load) for streams, load in each["streams"].items()},
    }


def _of_loads(
    measured: Mapping[str, Any],
    name: str,
    streams: str,
    value: Callable[[Mapping[str, Any]], float],
) -> Compared:
    loads = [each["streams"][streams] for each in _rounds(measured, name)]
    return Compared(statistics.median(value(load[_OWN]) for load in loads), _ratios(loads, value))


def _ratios(
    loads: Iterable[Mapping[str, Any]], value: Callable[[Mapping[str, Any]], float]
) -> Spread:
    return spread([value(load[_OWN]) / value(load[_CEILING]) for load in loads])


def _cpu_of(load: Mapping[str, Any]) -> float:
    return float(sum(load["cpu_us_per_token"].values()))
