"""Waiting for a condition of the product that no event announces, with a named deadline."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

Value = TypeVar("Value")

#: Time between two looks at a condition, in seconds: at first, and where it is waited for long. A
#: look may go through all processes of the machine.
INTERVAL_S, LONG_INTERVAL_S = 0.02, 0.1
#: How much of the time that was waited by then passes until the next look.
_SHARE = 0.05
#: What a look counts for at most where it is said how soon something has to come, in seconds.
_LOOK_S = 0.1


def wait_until(what: str, predicate: Callable[[], Value], deadline_s: float = 30.0) -> Value:
    """Calls `predicate` until it is true and returns what it gave.

    `what` completes the sentence "waited 30.0 s until ...". An AssertionError of the predicate
    counts as "not yet"; any other exception passes through. Raises AssertionError with the last
    value, or the last AssertionError, after `deadline_s` seconds.
    """
    began = time.monotonic()
    while True:
        last: object
        try:
            value = predicate()
            if value:
                return value
            last = repr(value)
        except AssertionError as error:
            last = error
        waited = time.monotonic() - began
        if waited >= deadline_s:
            raise AssertionError(f"waited {deadline_s} s until {what}; last seen: {last}")
        time.sleep(min(max(INTERVAL_S, _SHARE * waited), LONG_INTERVAL_S))


def wait_in_turns(
    what: str, happened: Callable[[], bool], ask: Callable[[], object], seconds: float
) -> None:
    """Waits until something has happened that a program does within so many `seconds`, those not
    counted in which the machine is busy with others: before each look the program is asked for
    something, and a look that takes longer than `_LOOK_S` counts for no more.

    Raises AssertionError, with `what`, where that time has passed.
    """
    counted = 0.0
    while not happened():
        assert counted < seconds, f"waited {seconds:g} s, those of others aside, until {what}"
        began = time.monotonic()
        ask()
        time.sleep(INTERVAL_S)
        counted += min(time.monotonic() - began, _LOOK_S)
