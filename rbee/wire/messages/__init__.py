"""The typed bodies of every request, answer and event: a module for each noun.

None of them postpones its annotations (``from __future__ import annotations``), nor do the
settings: where they are types already, msgspec has no text to make types of when a program first
meets a message, which took each of the four programs of a cold prompt a few milliseconds.
"""
