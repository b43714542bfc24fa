"""Who hears what happens in the cluster: an operation, a job, whoever reads the queen's news."""

from __future__ import annotations

from collections.abc import Callable

from rbee.wire.narration import Line

#: Has whoever listens hear a line: `say(line, **facts)`.
Say = Callable[..., None]


class Hearers:
    """Those who wait for the same thing, and hear the same of it."""

    def __init__(self, *says: Say) -> None:
        self.each = list(says)

    def say(self, line: Line, **facts: object) -> None:
        """Has each of them hear a line."""
        for say in self.each:
            say(line, **facts)
