"""Whether a worker that ended is started again. Pure."""

from __future__ import annotations

from collections.abc import Sequence


def restart_delay(restarts: int, delays: Sequence[float]) -> float | None:
    """Seconds to wait before restart number `restarts` + 1; None: no more, it has failed.

    `delays` has one entry for each restart that is allowed.
    """
    return delays[restarts] if restarts < len(delays) else None


def how_it_ended(status: int) -> str:
    """An exit status for people: ``signal 9``, ``exit status 1``."""
    return f"signal {-status}" if status < 0 else f"exit status {status}"
