"""How a worker ended, and what its hive makes of it."""

from __future__ import annotations

import io
import os
import sys

from rbee.hive.workers.restart import Cause, Ended, cause_of, then

_CAUSES = {
    "itself": Cause.ITSELF,
    "perhaps memory": Cause.PERHAPS_MEMORY,
    "memory": Cause.MEMORY,
}


def cause(status: int, *, by_hive: bool, killed: int) -> Cause:
    """What its hive takes for the cause of an end."""
    return cause_of(status, killed_by_hive=by_hive, memory_kills=killed)


def assert_cause(found: Cause, named: str) -> None:
    """Its hive takes this for the cause."""
    assert found is _CAUSES[named], found


def ended(status: int, does: str, named: str, has: str) -> Ended:
    """A worker of the CPU that has ended; `has` says what it would load, and what was before."""
    return Ended(
        status,
        _CAUSES[named],
        may_restart="no restart left" not in has,
        was_loading=does == "loaded",
        loads_died=1 if "a crash before" in has else 0,
        on_cpu="on a GPU" not in has,
        draft="draft" in has,
        projector="projector" in has,
    )


def seen_of_lost() -> tuple[int | None, int]:
    """What is seen of a copy whose status somebody else has collected: asked once, and waited for.

    That is how it looks where the kernel collects it.
    """
    from rbee.process.forked import Forked  # late: it is for Linux

    pid = os.posix_spawn(sys.executable, [sys.executable, "-c", ""], {})
    os.waitpid(pid, 0)
    return Forked(pid, io.BytesIO()).poll(), Forked(pid, io.BytesIO()).wait()


def assert_done(what: Ended, done: str) -> None:
    """This is done about it."""
    assert then(what).name == done, then(what)
