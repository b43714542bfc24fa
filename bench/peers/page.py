"""The page of figures, wholly made of the measurements. Pure."""

from __future__ import annotations

import functools
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from bench.figures import Spread
from bench.peers import compare
from bench.peers.compare import CEILING, RBEE, TITLES, Compared, told_streams
from bench.peers.targets import (
    MEGABYTES,
    MICROSECONDS,
    MILLISECONDS,
    Held,
    Unit,
    targets,
    unknown,
)

_SECONDS = Unit(" s", digits=2)
_SPEED = Unit("")
_GIB = 2**30
#: The load average up to which a machine counts as being at rest.
_AT_REST = 0.5

#: What stands in the table of versions; all the rest is folded away below it.
_CHIEF = (
    "rbee",
    "xllamacpp",
    "aiohttp",
    "litellm",
    "llama_cpp_python",
    "xinference",
    "torch",
    "fastapi",
    "uvicorn",
)

Row = Sequence[str]


def page(measured: Mapping[str, Any], plots: Mapping[str, str]) -> str:
    """Markdown. `plots` are files beside the page, each with what it shows."""
    parts = [
        _beginning(measured),
        _against_targets(measured),
        _time_goes(measured),
        _figures(measured, plots),
        _method(measured),
        _versions(measured),
    ]
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def _beginning(measured: Mapping[str, Any]) -> Iterator[str]:
    machine, settings = measured["machine"], measured["settings"]
    yield "# Performance"
    yield ""
    yield "rbee beside the HTTP server of its own engine, which is the ceiling, and beside its"
    yield "peers: on one machine, with the same model file, the same prompt and the same client, by"
    yield "turns in one run. `make bench-performance` measures anew and writes this page out of"
    yield "[performance.json](performance.json); nothing on it is written by hand."
    yield ""
    yield (
        f"Measured {machine['date']} on {machine['cpu']} with {machine['cores']} cores and"
        f" {machine['memory_bytes'] / _GIB:.0f} GiB, {machine['system']}, Python"
        f" {machine['python']}; {measured['seconds']} s in all. Every server had"
        f" {settings['threads']} engine {_plural(settings['threads'], 'thread')}."
    )
    yield from _reservations(measured)
    for name, reason in compare.failures(measured).items():
        yield ""
        yield f"**{TITLES[name]} was not measured:** {_plain(reason)}"


def where_measured(measured: Mapping[str, Any]) -> Iterator[str]:
    """When, on what and for how long; and what a reader has to know before believing it."""
    machine = measured["machine"]
    yield (
        f"Measured {machine['date']} on {machine['cpu']} with {machine['cores']} cores,"
        f" {machine['system']}, xllamacpp {machine['xllamacpp']}; {measured['seconds']} s in all."
    )
    yield from _reservations(measured)


def _reservations(measured: Mapping[str, Any]) -> Iterator[str]:
    """What a reader has to know before believing the figures; nothing of a whole, quiet run."""
    load = measured["load_average"]["before"][0]
    if load > _AT_REST:
        yield ""
        yield f"**The machine was busy with other things (load average {load}): this is a trial.**"
    if measured["quick"]:
        yield ""
        yield "**A trial run with few rounds: these figures are for those alone who work on rbee.**"


def _against_targets(measured: Mapping[str, Any]) -> Iterator[str]:
    held = targets(measured)
    met = sum(each.met for each in held)
    missing = unknown(measured)
    yield "## Against the targets"
    yield ""
    rest = f"; {len(missing)} could not be looked at" if missing else ""
    yield f"{met} of {len(held)} are met{rest}."
    yield ""
    rows = [
        [each.what, each.wanted, each.unit.of(each.measured), each.verdict, each.note]
        for each in held
    ]
    rows += [[what, "", "", "not measured", _plain(why)] for what, why in missing.items()]
    yield from table(["rbee", "wanted", "measured", "", "of which"], rows)


def _time_goes(measured: Mapping[str, Any]) -> Iterator[str]:
    yield "## Where the time goes"
    yield ""
    yield "Processor time of each process by token. The load generator has the same processors."
    yield ""
    loads = list(measured["settings"]["loads"])
    rows = []
    for name in compare.present(measured):
        parts = {streams: compare.cpu_by_part(measured, name, streams) for streams in loads}
        for part in parts[loads[0]]:
            cells = [MICROSECONDS.of(parts[streams][part]) for streams in loads]
            rows.append([TITLES[name], part, *cells])
        busy = [
            _cores_busy(measured, name, streams, sum(parts[streams].values())) for streams in loads
        ]
        rows.append([TITLES[name], "all, cores kept busy", *busy])
        client = [MICROSECONDS.of(compare.cpu_of_client(measured, name, each)) for each in loads]
        rows.append([TITLES[name], "(load generator)", *client])
    yield from table(["", "process", *map(told_streams, loads)], rows)
    missed = [each for each in targets(measured) if not each.met]
    if missed:
        yield ""
        yield "What is missed, and what it is made of:"
        yield ""
        for each in missed:
            yield f"- {each.what}: {_explained(measured, each)}"


def _cores_busy(measured: Mapping[str, Any], name: str, streams: str, used: float) -> str:
    busy = compare.speed(measured, name, streams).value * used / 1e6
    return f"{MICROSECONDS.of(used)}, {busy:.2f}"


def _explained(measured: Mapping[str, Any], missed: Held) -> str:
    """Of what is known, that which bears on the target: always figures, never a guess."""
    if missed.made_of == "load":
        own = compare.cpu_by_part(measured, RBEE, missed.streams)
        engine = sum(compare.cpu_by_part(measured, CEILING, missed.streams).values())
        made_of = ", ".join(f"{part} {MICROSECONDS.of(used)}" for part, used in own.items())
        return (
            f"{MICROSECONDS.of(sum(own.values()))} of processor time by token ({made_of}) where"
            f" the {TITLES[CEILING]} takes {MICROSECONDS.of(engine)}."
        )
    if missed.made_of == "short answer":
        own = compare.cpu_of_short_answer(measured, RBEE)
        engine = sum(compare.cpu_of_short_answer(measured, CEILING).values())
        made_of = ", ".join(f"{part} {MILLISECONDS.of(used)}" for part, used in own.items())
        return (
            f"an answer of {measured['settings']['short']} tokens takes"
            f" {MILLISECONDS.of(sum(own.values()))} of processor time ({made_of}); from the"
            f" {TITLES[CEILING]} {MILLISECONDS.of(engine)}."
        )
    if missed.made_of == "memory":
        parts = measured["servers"][RBEE]["memory"].items()
        return ", ".join(f"{part} {MEGABYTES.of(of['pss'])}" for part, of in parts) + "."
    return f"{missed.note}."


def _figures(measured: Mapping[str, Any], plots: Mapping[str, str]) -> Iterator[str]:
    names = compare.present(measured)
    yield "## The figures"
    yield ""
    yield f"Each with its ratio to the {TITLES[CEILING]}: the median over the rounds, and in"
    yield "brackets the lowest and the highest where there are several."
    yield ""

    def row(what: str, cell: Callable[[str], str]) -> Row:
        return [what, *(cell(name) for name in names)]

    def of(compared: Callable[[str], Compared], unit: Unit) -> Callable[[str], str]:
        return lambda name: _cell(compared(name), unit, name)

    rows = [
        row("cold start to first token", of(lambda each: compare.cold(measured, each), _SECONDS)),
        row(
            "first token, p50",
            of(lambda each: compare.first_token(measured, each).p50, MILLISECONDS),
        ),
        row(
            "first token, p99",
            of(lambda each: compare.first_token(measured, each).p99, MILLISECONDS),
        ),
        row(
            "added to the first token, p50 / p99",
            lambda each: _added(compare.first_token(measured, each), each),
        ),
    ]
    loads = measured["settings"]["loads"]
    rows += [
        row(
            f"tokens/s, {told_streams(streams)}",
            of(functools.partial(compare.speed, measured, streams=streams), _SPEED),
        )
        for streams in loads
    ]
    rows += [
        row(
            f"processor time by token, {told_streams(streams)}",
            of(functools.partial(compare.cpu, measured, streams=streams), MICROSECONDS),
        )
        for streams in loads
    ]
    rows += [
        row("memory, PSS", of(lambda each: compare.memory(measured, each), MEGABYTES)),
        row("memory, RSS", of(lambda each: compare.memory(measured, each, "rss"), MEGABYTES)),
        row("processes", lambda each: str(sum(measured["servers"][each]["processes"].values()))),
        row(
            f"first token after {measured['settings']['gap_s']:g} idle seconds / at once",
            lambda each: _idle(compare.idle(measured, each)),
        ),
    ]
    yield from table(["", *(TITLES[name] for name in names)], rows)
    infer = measured["servers"][RBEE].get("cold_infer_s")
    if infer:
        yield ""
        yield (
            "A cold `rbee-keeper infer` has its first token on the terminal after"
            f" {_SECONDS.of(statistics.median(infer))}."
        )
    for file, shows in plots.items():
        yield ""
        yield f"![{shows}]({file})"


def _added(first: compare.FirstToken, name: str) -> str:
    if name == CEILING:
        return ""
    return f"{first.added_p50:+.2f} / {first.added_p99:+.2f} ms"


def _idle(waits: compare.Idle) -> str:
    return f"{waits.after_gap:.2f} / {MILLISECONDS.of(waits.at_once)}"


def _cell(compared: Compared, unit: Unit, name: str) -> str:
    if name == CEILING:
        return unit.of(compared.value)
    return f"{unit.of(compared.value)}; {_ratio(compared.ratio)}"


def _ratio(ratio: Spread) -> str:
    middle = f"{_significant(ratio.median)}×"
    if ratio.runs == 1:
        return middle
    return f"{middle} ({_significant(ratio.low)}–{_significant(ratio.high)})"


def _significant(ratio: float) -> str:
    """Three digits of a ratio."""
    digits = 2 if ratio < 10 else 1 if ratio < 100 else 0
    return f"{ratio:.{digits}f}"


def _method(measured: Mapping[str, Any]) -> Iterator[str]:
    settings, servers = measured["settings"], measured["servers"]
    loads = settings["loads"]
    asked = ", ".join(f"{told_streams(of)} with {each} each" for of, each in loads.items())
    yield "## How it was measured"
    yield ""
    yield (
        f"- All serve the model that ships with rbee (minillama), which is so small that what"
        f" stands around the engine weighs as much as it can. The client asks"
        f" `POST /v1/chat/completions` for `{settings['prompt']}`, streaming, temperature 0,"
        f" over a new connection each time. Tokens are the events that carry text."
    )
    yield (
        f"- Engine server, rbee and Xinference have {settings['slots']} slots of"
        f" {settings['context']} tokens; llama-cpp-python's server answers one request at a time;"
        f" LiteLLM's proxy stands in front of an engine server of its own, whose processor time and"
        f" memory count with the proxy's."
    )
    differs = [
        f"{TITLES[name]}: {servers[name]['differs']}"
        for name in compare.present(measured)
        if servers[name].get("differs")
    ]
    if differs:
        yield f"- Set other than they come. {'. '.join(differs)}."
    yield (
        f"- Warm: in each round the {TITLES[CEILING]} and the other server take turns, load by"
        f" load, and who is first changes: answers of {settings['short']} tokens one after another"
        f" for the first token, then answers of {settings['max_tokens']} tokens, {asked}. tokens/s"
        f" is over the whole time from the first request to the last token. The p99 is of all"
        f" rounds together."
    )
    counted = ", ".join(
        f"{TITLES[name]} {len(of.get('rounds', ()))}"
        for name, of in servers.items()
        if of.get("rounds")
    )
    yield f"- Rounds: {counted}. The ceiling's own column is of its turns in all of them."
    starts = ", ".join(
        f"{TITLES[name]} {len(servers[name]['cold_s'])}" for name in compare.present(measured)
    )
    yield (
        f"- Cold start: from nothing that runs to the first token of the first answer over HTTP,"
        f" for rbee `rbee-keeper up` and then the request, with an empty RBEE_HOME; nothing empties"
        f" the page cache between them. Times: {starts}; the median."
    )
    yield (
        "- Processor time: user and system time of all processes of a server, by the process table,"
        " over all tokens that it gave."
    )
    yield (
        "- Memory: after every slot has answered once, while none of the other servers runs. PSS"
        " shares out the pages that several processes map. What the model takes is its weights and"
        f" the KV cache of all slots ({MEGABYTES.of(settings['model_bytes'])}), by the formula that"
        " a hive plans with; the buffers in which the engine computes are left in."
    )
    odd = [
        TITLES[name]
        for name in compare.present(measured)
        if not compare.whole_answers(measured, name)
    ]
    if odd:
        yield (
            f"- Not every answer had {settings['max_tokens']} tokens as its client counts them:"
            f" {', '.join(odd)}."
        )
    texts = [
        TITLES[name]
        for name in compare.present(measured)
        if servers[name]["text"] != servers[CEILING]["text"]
    ]
    if texts:
        yield f"- Another text than the {TITLES[CEILING]} for the same prompt: {', '.join(texts)}."
    yield (
        "- Not measured: GPUs, larger models, a network between the machines, prompts that are long"
        " or new to the cache, several workers of one model."
    )


def _versions(measured: Mapping[str, Any]) -> Iterator[str]:
    yield "## Versions"
    yield ""
    names = [name for name in TITLES if "packages" in measured["servers"].get(name, ())]
    packages = {name: measured["servers"][name]["packages"] for name in names}
    rows = [
        [TITLES[name], ", ".join(f"{each} {of[each]}" for each in _CHIEF if each in of)]
        for name, of in packages.items()
    ]
    yield from table(["", "made of"], rows)
    yield ""
    yield "`make bench-peers` installs the peers, each into an environment of its own."
    for name, of in packages.items():
        if name in (CEILING, RBEE):
            continue
        yield ""
        yield f"<details><summary>All that is installed with {TITLES[name]}</summary>"
        yield ""
        yield ", ".join(f"{each} {version}" for each, version in sorted(of.items()))
        yield ""
        yield "</details>"


def table(head: Row, rows: Sequence[Row]) -> Iterator[str]:
    """A table in Markdown."""
    yield f"| {' | '.join(head)} |"
    yield f"|{' --- |' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def _plural(count: int, noun: str) -> str:
    return noun if count == 1 else f"{noun}s"


def _plain(reason: str) -> str:
    """A reason in one line, without what Markdown would understand."""
    return " ".join(reason.split()).replace("|", "/").replace("<", "‹")[:300]
