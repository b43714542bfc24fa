"""What was asked and answered, for as long as its job is kept."""

from __future__ import annotations

from weakref import WeakKeyDictionary

from rbee.queen.front.blocks import Blocks, blocks_of
from rbee.queen.jobs import Job
from rbee.queen.openai.responses.mapping import Answering
from rbee.wire.messages.events import Token


class Kept:
    """The requests of `store`, by their jobs. What they hold may be so many bytes together: the
    oldest are let go of first."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._by_job: WeakKeyDictionary[Job, Answering] = WeakKeyDictionary()

    def keep(self, job: Job, answering: Answering) -> None:
        """Keeps a request; it is let go of with its job."""
        self._by_job[job] = answering
        sizes = {each: answered.size for each, answered in self._by_job.items()}
        surplus = sum(sizes.values()) - self._most
        for oldest, size in sizes.items():
            if surplus <= 0:
                return
            del self._by_job[oldest]
            surplus -= size

    def of(self, job: Job, key: str) -> Answering | None:
        """The request of a job, for whose it is; None: it is not kept, or it is another's."""
        return self._by_job.get(job) if job.key == key else None

    def forget(self, job: Job) -> None:
        """A request is kept no more."""
        self._by_job.pop(job, None)


def blocks_so_far(job: Job) -> Blocks | None:
    """What a job has told of its answer so far; None: that is not all there any more."""
    tokens: list[Token] = []
    read = 0
    while events := job.events.after(read):
        tokens += [event.read(Token) for _, event in events if event.name == "token"]
        read = events[-1][0]
    return blocks_of(tokens) if len(tokens) == job.tokens_forwarded else None
