"""What the queen tells of her swarm, on ``/events`` and in her log."""

from __future__ import annotations

from collections import Counter
from typing import Any

from rbee.http.events import EventLog
from rbee.http.operation import Operation
from rbee.process import journal
from rbee.wire.narration import Narration

#: How many of these events are kept for readers that come back.
_KEPT = 1000
#: How many lines of jobs are kept for whoever comes, and how long one may be that a hive has sent
#: (bytes): what a machine sends that has turned is not kept here.
_KEPT_OF_JOBS, _LONGEST = 200, 4096


class News(Operation):
    """All that belongs to no job; it goes on as long as she does, and readers begin with what comes
    next."""

    unread_for = None

    def __init__(self) -> None:
        super().__init__("queen")
        self.events = EventLog(keep=_KEPT)
        #: How often each of its actions was told.
        self.counts: Counter[str] = Counter()
        self.with_jobs = WithJobs()

    def narrate(self, narration: Narration) -> None:
        """Tells a line, whoever said it."""
        self.counts[narration.action] += 1
        super().narrate(narration)
        self.with_jobs.narrate(narration)
        journal.write(narration)

    def read_from(self) -> int:
        """The number of the last line told so far."""
        return self.events.last_id

    def fall_silent(self) -> None:
        """Ends the stream of every reader."""
        self.succeed()
        self.with_jobs.succeed()


class WithJobs(Operation):
    """The same, and what is narrated of each job and operation; readers begin with the last of it.

    Who reads here reads no job, which ends where nobody does.
    """

    unread_for = None

    def __init__(self) -> None:
        super().__init__("queen")
        self.events = EventLog(keep=_KEPT_OF_JOBS)

    def overhear(self, line: Any) -> None:
        """Tells a line of a job: a `Narration`, or one as a hive has sent it, which may be none."""
        if not isinstance(line, bytes) or len(line) <= _LONGEST:
            self.emit("narration", line)
