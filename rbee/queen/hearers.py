"""Who hears what happens in the cluster: an operation, a job, whoever reads the queen's news."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

from rbee.process.tasks import begin
from rbee.wire.filling import AS_SAID
from rbee.wire.narration import Line, Narration

T = TypeVar("T")
#: Has whoever listens hear a line: `say(line, **facts)`.
Say = Callable[..., None]


def repeat(say: Say, said: Narration) -> None:
    """Has whoever listens hear a line that somebody else has said."""
    say(Line(said.actor, said.action, AS_SAID), human=said.human)


class SharedWork(Generic[T]):
    """Work that several wait for, and hear the same of. It goes on when one of them leaves."""

    def __init__(self, work: Callable[[Say], Coroutine[Any, Any, T]], *hearers: Say) -> None:
        self.hearers = list(hearers)
        self.task = begin(work(self.say))

    def say(self, line: Line, **facts: object) -> None:
        """Has each of them hear a line."""
        for say in self.hearers:
            say(line, **facts)
