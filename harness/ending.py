"""How a worker ended, and what its hive makes of it."""

from __future__ import annotations

from rbee.hive.workers.restart import Cause, cause_of

_CAUSES = {
    "itself": Cause.ITSELF,
    "perhaps memory": Cause.PERHAPS_MEMORY,
    "memory": Cause.MEMORY,
}


class Ended:
    """A worker that has ended, with what is known about it."""

    def __init__(self, status: int, *, by_hive: bool, killed: int) -> None:
        self._cause = cause_of(status, killed_by_hive=by_hive, memory_kills=killed)

    def assert_cause(self, cause: str) -> None:
        """Its hive takes this for the cause."""
        assert self._cause is _CAUSES[cause], self._cause
