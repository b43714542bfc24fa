"""Measurements as the bench of the peers writes them, made up, and the page that comes of them."""

from __future__ import annotations

from typing import Any

from bench.peers.page import page
from bench.peers.real_page import real_page

_CEILING_SPEED = 1000.0
_CPU = {"engine": {"engine": 400.0}, "rbee": {"queen": 120.0, "hive": 1.0, "worker": 500.0}}


class _Page:
    _page = ""

    def assert_line(self, about: str, text: str) -> None:
        """The row of the table that is about something has a cell that is `text`."""
        rows = [line.strip("| ").split(" | ") for line in self._page.splitlines()]
        found = [row for row in rows if row[0] == about]
        assert found and text in found[0], f"no {text!r} about {about!r} in\n{self._page}"


class Figures(_Page):
    """Measurements in which rbee keeps a share of the ceiling's tokens/s, and their page."""

    def __init__(self, kept: float) -> None:
        self._measured = _measurements(kept)

    def leave_out(self, server: str, reason: str) -> None:
        """`server` could not be measured."""
        self._measured["servers"][server] = {"failed": reason}

    def make_page(self) -> None:
        """Makes the page as the bench does."""
        self._page = page(self._measured, {})

    def assert_says(self, text: str) -> None:
        """The page has a line that is `text`."""
        assert text in self._page.splitlines(), f"no line {text!r} in\n{self._page}"

    def assert_explains(self, about: str, text: str) -> None:
        """The list of what is missed has `text` for something."""
        found = [line for line in self._page.splitlines() if line.startswith(f"- {about}: ")]
        assert found and text in found[0], f"no {text!r} about {about!r} in\n{self._page}"


def _measurements(kept: float) -> dict[str, Any]:
    server = {
        "packages": {},
        "cold_s": [1.0],
        "text": "Once",
        "memory": {"engine": {"pss": 1, "rss": 1}},
        "processes": {"engine": 1},
        "idle_ms": {"after_gap": [1.0], "at_once": [1.0]},
    }
    loads = ("1", "8", "32")
    turns = {
        "first_token": {"ceiling": _load("engine", 1.0), "server": _load("rbee", kept)},
        "streams": {
            streams: {"ceiling": _load("engine", 1.0), "server": _load("rbee", kept)}
            for streams in loads
        },
    }
    machine = {"date": "", "cpu": "", "cores": 2, "memory_bytes": 0, "system": "", "python": ""}
    settings = {
        "prompt": "",
        "max_tokens": 1,
        "short": 1,
        "loads": dict.fromkeys(loads, 1),
        "gap_s": 10,
        "slots": 1,
        "context": 1,
        "threads": 1,
        "model_bytes": 0,
    }
    return {
        "machine": machine,
        "load_average": {"before": [0.0], "after": [0.0]},
        "seconds": 0,
        "quick": False,
        "settings": settings,
        "servers": {"engine": server, "rbee": {**server, "rounds": [turns]}},
    }


def _load(server: str, kept: float) -> dict[str, Any]:
    return {
        "first_ms": [1.0],
        "tokens": 1,
        "answers": 1,
        "tokens_per_s": _CEILING_SPEED * kept,
        "cpu_us_per_token": _CPU[server],
        "client_cpu_seconds": 0.1,
    }


class RealFigures(_Page):
    """Made-up measurements with real weights: rbee keeps a share of the engine's speed."""

    def __init__(self, kept: float) -> None:
        engine = {"first_ms": [100.0], "writing_s": [1.0], "tokens": [49], "seconds": 2.0}
        rbee = {
            "first_ms": [100.0 / kept],
            "writing_s": [1.0 / kept],
            "tokens": [49],
            "seconds": 2.0 / kept,
        }
        sides = {"engine": engine, "rbee": rbee}
        waits = [{"engine": {"first_ms": [200.0, 100.0]}, "rbee": {"first_ms": [200.0, 100.0]}}]
        machine = {"date": "", "cpu": "", "cores": 2, "system": "", "xllamacpp": ""}
        self._page = real_page(
            {
                "machine": machine,
                "load_average": {"before": [0.0], "after": [0.0]},
                "seconds": 0,
                "quick": False,
                "settings": {"model": "", "slots": 4, "context": 8192, "pause_s": 10},
                "loads": [{"words": 500, "callers": 4, "tokens": 49, "rounds": [sides]}],
                "idle": waits,
            }
        )
