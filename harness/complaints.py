"""What chaos and load find wrong: complaints, each about one concern, so that all can be told."""

from __future__ import annotations

import enum
import http.client
from collections.abc import Callable
from typing import NamedTuple


class Concern(enum.Enum):
    """What a complaint is about."""

    ANSWERS = "answers"
    COMMANDS = "commands"
    DISK = "disk"
    HELD = "held"
    JOBS = "jobs"
    LOGS = "logs"
    NEXT = "next prompt"
    PROCESSES = "processes"
    SLOTS = "slots"
    TURNED_AWAY = "turned away"


class Complaint(NamedTuple):
    """One thing that is not as it should be."""

    concern: Concern
    text: str

    def __str__(self) -> str:
        return f"[{self.concern.value}] {self.text}"


class Complaints(list[Complaint]):
    """All of them, in the order in which they were found."""

    def add(self, concern: Concern, text: str) -> None:
        """One more."""
        self.append(Complaint(concern, text))

    def check(self, concern: Concern, look: Callable[[], object]) -> bool:
        """Looks, and adds what is found wrong by it; whether all was well."""
        try:
            look()
        except (AssertionError, OSError, http.client.HTTPException) as error:
            self.add(concern, str(error) or repr(error))
            return False
        return True

    def about(self, *concerns: Concern) -> list[str]:
        """Those about any of these; all of them where none is named."""
        return [str(each) for each in self if not concerns or each.concern in concerns]
