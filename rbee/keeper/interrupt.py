"""Ctrl+C, at each moment of a command."""

from __future__ import annotations

import os
import signal

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
