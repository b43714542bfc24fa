"""The fuzzers for a moment, always with the same inputs; and readers that they have to find out."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Mapping

from harness.fuzz.run import Came, fuzz
from harness.fuzz.targets import TARGETS, Target

_SEED = "suite"


def feed(name: str, inputs: int) -> Came:
    """Feeds a reader with its corpus, and so many inputs made of it."""
    return fuzz(TARGETS[name], _SEED, inputs=inputs)


def feed_one_that(does: str, inputs: int) -> Came:
    """Feeds a reader that does what none may."""
    return fuzz(Target("no-reader", _BAD[does], 0.2, 64), _SEED, inputs=inputs)


def assert_nothing_found(came: Came) -> None:
    """Every input was taken, or refused as it should be."""
    assert came.tried and not came.findings, str(came)


def assert_found(came: Came, told: str) -> None:
    """What the reader does is among the findings."""
    assert any(told in finding.why for finding in came.findings), str(came)


def _divide(data: bytes) -> None:
    if len(data) > 3:
        raise ZeroDivisionError


def _spin(data: bytes) -> None:
    while len(data) > 3:
        pass


def _grow(data: bytes) -> None:
    if len(data) > 3:
        bytes(2**30)


def _die(data: bytes) -> None:
    if len(data) > 3:
        os.kill(os.getpid(), signal.SIGSEGV)


_BAD: Mapping[str, Callable[[bytes], None]] = {
    "raises something else": _divide,
    "never ends": _spin,
    "takes all memory there is": _grow,
    "dies": _die,
}
