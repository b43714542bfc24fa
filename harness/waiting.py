"""Waiting for a condition of the product that no event announces, with a named deadline."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

Value = TypeVar("Value")

#: Time between two looks at a condition, in seconds.
INTERVAL_S = 0.02


def wait_until(what: str, predicate: Callable[[], Value], deadline_s: float = 10.0) -> Value:
    """Calls `predicate` until it is true and returns what it gave.

    `what` completes the sentence "waited 10.0 s until ...". An AssertionError of the predicate
    counts as "not yet"; any other exception passes through. Raises AssertionError with the last
    value, or the last AssertionError, after `deadline_s` seconds.
    """
    end = time.monotonic() + deadline_s
    while True:
        last: object
        try:
            value = predicate()
            if value:
                return value
            last = repr(value)
        except AssertionError as error:
            last = error
        if time.monotonic() >= end:
            raise AssertionError(f"waited {deadline_s} s until {what}; last seen: {last}")
        time.sleep(INTERVAL_S)
