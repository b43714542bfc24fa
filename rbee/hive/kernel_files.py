"""Files in which a kernel tells something: a text or a number each, where they are there at all."""

from __future__ import annotations

from pathlib import Path


def text_of(path: Path) -> str:
    """What such a file says; empty where there is none, as on other systems."""
    try:
        return path.read_text("utf-8", "replace").strip()
    except OSError:
        return ""


def number_of(path: Path) -> int | None:
    """The whole number in one; None where there is none."""
    text = text_of(path)
    return int(text) if text.isdecimal() else None
