"""Writes the page of figures, with its plots, out of whatever was measured."""

from __future__ import annotations

import json
from pathlib import Path

from bench.peers.page import page
from bench.peers.plots import plots
from bench.peers.real_page import real_page
from bench.peers.splits_page import splits_page

#: What was measured, in the folder of the page: of the toy, of real weights, of several machines.
FIGURES = "performance.json"
REAL_FIGURES = "performance-real.json"
SPLIT_FIGURES = "performance-splits.json"
PAGE = "performance.md"


def write_page(folder: Path) -> Path:
    """The page in a folder that holds figures, at least of one kind."""
    parts = []
    toy, real, splits = (folder / name for name in (FIGURES, REAL_FIGURES, SPLIT_FIGURES))
    if toy.exists():
        measured = json.loads(toy.read_text())
        drawn = plots(measured)
        for name, plot in drawn.items():
            (folder / name).write_text(plot.svg)
        parts.append(page(measured, {name: plot.shows for name, plot in drawn.items()}))
    if real.exists():
        parts.append(real_page(json.loads(real.read_text())))
    if splits.exists():
        parts.append(splits_page(json.loads(splits.read_text())))
    (folder / PAGE).write_text("\n".join(parts))
    return folder / PAGE
