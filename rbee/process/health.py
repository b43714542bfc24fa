"""The wait for a daemon that starts: it is asked whether it is there, ever more slowly."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from rbee.wire.settings import Settings

T = TypeVar("T")


def wait_healthy(ask: Callable[[], T | None], settings: Settings) -> T | None:
    """The first answer of `ask` that is not None, or None when the time is up; blocking.

    Waits from 10 ms, growing by half, to 250 ms between two questions, 30 s in all.
    """
    end = time.monotonic() + settings.health_wait_total
    wait = settings.health_wait_first
    while (answer := ask()) is None:
        if time.monotonic() + wait > end:
            return None
        time.sleep(wait)
        wait = min(wait * settings.health_wait_factor, settings.health_wait_longest)
    return answer
