"""GBNF, llama.cpp's notation for grammars; see its ``grammars/README.md``."""

from __future__ import annotations


def literal(text: str) -> str:
    """A text that stands for itself."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
