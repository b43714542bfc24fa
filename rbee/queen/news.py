"""What the queen tells of her swarm that belongs to no job, on ``/events`` and in her log."""

from __future__ import annotations

from rbee.http.events import EventLog
from rbee.process import journal
from rbee.wire.narration import Line, Narration, say

#: How many of these events are kept for readers that come back.
_KEPT = 1000


class News:
    """All of it, in `events`."""

    def __init__(self) -> None:
        self.events = EventLog(keep=_KEPT)

    def say(self, line: Line, **facts: object) -> None:
        """Tells a line of her own."""
        self.narrate(say(line, facts))

    def narrate(self, narration: Narration) -> None:
        """Tells a line, whoever said it."""
        if not self.events.closed:
            self.events.narrate(narration)
        journal.write(narration)
