"""Prints what rbee needs to run, without its extras, as ``pip -r`` reads it."""

from __future__ import annotations

from importlib import metadata

if __name__ == "__main__":
    print(*(need for need in metadata.requires("rbee") or () if "extra ==" not in need), sep="\n")
