"""Ctrl+C, at each moment of a command."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator

#: The exit status of a command that Ctrl+C has ended.
INTERRUPTED = 130


def leave_on_interrupt() -> None:
    """Until a command runs, nothing is to be undone: it ends this program without a word."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, lambda *_: os._exit(INTERRUPTED))


def raise_on_interrupt() -> None:
    """From now on it is a KeyboardInterrupt; what is started in the background ignores it."""
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@contextlib.contextmanager
def interrupted_later() -> Iterator[None]:
    """Ctrl+C and SIGTERM within take effect at its end: what is begun is known by then, and can be
    undone. A second one takes effect at once. So does each that no handler in Python takes."""
    before = {
        each: handler
        for each in (signal.SIGINT, signal.SIGTERM)
        if callable(handler := signal.getsignal(each))
    }
    came: list[int] = []

    def note(number: int, _frame: object) -> None:
        as_before()
        came.append(number)

    def as_before() -> None:
        for each, handler in before.items():
            signal.signal(each, handler)

    for each in before:
        signal.signal(each, note)
    try:
        yield
    finally:
        as_before()
        for number in came:
            signal.raise_signal(number)
