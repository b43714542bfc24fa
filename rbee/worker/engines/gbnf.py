"""GBNF, llama.cpp's notation for grammars; see its ``grammars/README.md``."""

from __future__ import annotations


def literal(text: str) -> str:
    """A text that stands for itself."""
    written = text.replace("\\", "\\\\").replace('"', '\\"')
    for character, name in (("\n", "n"), ("\r", "r"), ("\t", "t")):
        written = written.replace(character, f"\\{name}")
    return f'"{written}"'
