"""The figures as bars, in SVG that can be read on light and on dark pages. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any, NamedTuple

from bench.peers import compare
from bench.peers.compare import CEILING, RBEE, TITLES, told_streams
from bench.peers.targets import KEPT, MEGABYTES, MICROSECONDS, MILLISECONDS, PERCENT, Unit

_WIDTH, _EDGE = 760, 16
#: Where bars begin and where the longest ends; its number is written behind it.
_FROM, _TO = 176, 640
_TITLE_BASELINE, _MARK_BASELINE, _TOP = 26, 50, 58
_ROW, _BAR, _GROUP, _GAP = 24, 16, 26, 8
_SECONDS = Unit(" s", digits=2)

#: Contrast against white and against GitHub's dark page is at least 4.5 for text, 3 for bars.
_STYLE = """
  text { font: 13px system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif; }
  text { fill: #1f2328; }
  .title { font-size: 16px; font-weight: 600; }
  .group { font-weight: 600; }
  .faint { fill: #59636e; }
  .ceiling { fill: #6e7781; } .rbee { fill: #b26a00; } .peer { fill: #4f7cac; }
  .mark { stroke: #59636e; stroke-dasharray: 4 3; }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc; } .faint { fill: #a3adb8; }
    .ceiling { fill: #8b949e; } .rbee { fill: #f0a020; } .peer { fill: #6fa3d8; }
    .mark { stroke: #a3adb8; }
  }
"""


class Plot(NamedTuple):
    """A picture, and what it shows in one line."""

    shows: str
    svg: str


class _Bar(NamedTuple):
    server: str
    value: float


class _Chart(NamedTuple):
    """Groups of bars on one scale; a mark is a line across all of them, two at the most."""

    title: str
    unit: Unit
    groups: Mapping[str, Sequence[_Bar]]
    marks: Mapping[str, float]


def plots(measured: Mapping[str, Any]) -> dict[str, Plot]:
    """By the name of their file."""
    return {
        f"performance-{name}.svg": Plot(chart.title, _drawn(chart))
        for name, chart in _charts(measured).items()
    }


def _charts(measured: Mapping[str, Any]) -> dict[str, _Chart]:
    names = compare.present(measured)
    others = [name for name in names if name != CEILING]
    loads = list(measured["settings"]["loads"])
    first = {name: compare.first_token(measured, name) for name in names}
    return {
        "speed": _Chart(
            f"tokens/s, as a share of the {TITLES[CEILING]}'s",
            PERCENT,
            {
                told_streams(streams): [
                    _Bar(name, compare.speed(measured, name, streams).ratio.median)
                    for name in others
                ]
                for streams in loads
            },
            {"target": min(least for least, _ in KEPT.values()), "ceiling": 1.0},
        ),
        "first-token": _Chart(
            "Time to the first token of a warm server",
            MILLISECONDS,
            {
                "p50": [_Bar(name, first[name].p50.value) for name in names],
                "p99": [_Bar(name, first[name].p99.value) for name in names],
            },
            {},
        ),
        "cold": _Chart(
            "From nothing that runs to the first token",
            _SECONDS,
            {"": [_Bar(name, compare.cold(measured, name).value) for name in names]},
            {},
        ),
        "processor": _Chart(
            "Processor time of all processes, by token",
            MICROSECONDS,
            {
                told_streams(streams): [
                    _Bar(name, compare.cpu(measured, name, streams).value) for name in names
                ]
                for streams in loads
            },
            {},
        ),
        "memory": _Chart(
            "Memory of all processes, model included (PSS)",
            MEGABYTES,
            {"": [_Bar(name, compare.memory(measured, name).value) for name in names]},
            {},
        ),
    }


def _drawn(chart: _Chart) -> str:
    longest = max(bar.value for bars in chart.groups.values() for bar in bars)
    scale = (_TO - _FROM) / max(longest, *chart.marks.values(), 1e-9)
    top = _TOP if chart.marks else _MARK_BASELINE - _ROW // 2
    body: list[str] = []
    at = top
    for header, bars in chart.groups.items():
        if header:
            body.append(_text(_EDGE, at + _GROUP - 9, header, "group"))
            at += _GROUP
        for bar in bars:
            body += _row(bar, at, scale, chart)
            at += _ROW
        at += _GAP
    body += _marks(chart.marks, scale, top, at - _GAP)
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {at}"'
            f' width="{_WIDTH}" height="{at}" role="img" aria-labelledby="title described">',
            f'<title id="title">{escape(chart.title)}</title>',
            f'<desc id="described">{escape(". ".join(_told(chart)))}</desc>',
            f"<style>{_STYLE}</style>",
            _text(_EDGE, _TITLE_BASELINE, chart.title, "title"),
            *body,
            "</svg>",
            "",
        ]
    )


def _row(bar: _Bar, at: int, scale: float, chart: _Chart) -> Iterator[str]:
    kind = {CEILING: "ceiling", RBEE: "rbee"}.get(bar.server, "peer")
    width = max(1.0, bar.value * scale)
    top, baseline = at + (_ROW - _BAR) // 2, at + _ROW - 8
    yield _text(_FROM - 10, baseline, TITLES[bar.server], end=True)
    yield (
        f'<rect class="{kind}" x="{_FROM}" y="{top}" width="{width:.1f}" height="{_BAR}" rx="2"/>'
    )
    number = _TO if chart.marks else _FROM + width  # no mark is to cross it
    yield _text(number + 6, baseline, chart.unit.of(bar.value))


def _marks(marks: Mapping[str, float], scale: float, top: int, bottom: int) -> Iterator[str]:
    for number, (what, value) in enumerate(marks.items()):
        x = _FROM + value * scale
        yield f'<line class="mark" x1="{x:.1f}" y1="{top}" x2="{x:.1f}" y2="{bottom}"/>'
        yield _text(x, _MARK_BASELINE, f"{what} {value:.0%}", "faint", end=number == 0)


def _text(x: float, y: float, text: str, kind: str = "", *, end: bool = False) -> str:
    attributes = f' class="{kind}"' if kind else ""
    attributes += ' text-anchor="end"' if end else ""
    return f'<text x="{x:.1f}" y="{y}"{attributes}>{escape(text)}</text>'


def _told(chart: _Chart) -> Iterator[str]:
    for header, bars in chart.groups.items():
        values = ", ".join(f"{TITLES[bar.server]} {chart.unit.of(bar.value)}" for bar in bars)
        yield f"{header}: {values}" if header else values
