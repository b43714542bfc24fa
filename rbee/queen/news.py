"""What the queen tells of her swarm that belongs to no job, on ``/events`` and in her log."""

from __future__ import annotations

from collections import Counter

from rbee.http.events import EventLog
from rbee.http.operation import Operation
from rbee.process import journal
from rbee.wire.narration import Narration

#: How many of these events are kept for readers that come back.
_KEPT = 1000


class News(Operation):
    """All of it; it goes on as long as she does, and readers begin with what comes next."""

    unread_for = None

    def __init__(self) -> None:
        super().__init__("queen")
        self.events = EventLog(keep=_KEPT)
        #: How often each of its actions was told.
        self.counts: Counter[str] = Counter()

    def narrate(self, narration: Narration) -> None:
        """Tells a line, whoever said it."""
        self.counts[narration.action] += 1
        super().narrate(narration)
        journal.write(narration)

    def read_from(self) -> int:
        """Behind all that was told so far."""
        return self.events.last_id
