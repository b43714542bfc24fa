"""Run by a Python at its start, before anything of the product: counts the lines that it runs.

``FOLDER``, ``PRODUCT`` and ``PAUSE_S`` are given by who runs it. The room for what is counted is
made at once, as memory that is a file: a worker gives up files later, a forked child closes
descriptors, and most programs of ours end by `os._exit`. A forked child counts on from what its
parent had run. What is killed has written at a pause before.
"""

from __future__ import annotations

import atexit
import mmap
import os
import selectors

# A worker loads nothing more when it ends, and then these are needed.
import sqlite3  # noqa: F401
import sys
import time
import zlib  # noqa: F401
from typing import NoReturn

import coverage

FOLDER: str = globals()["FOLDER"]
PRODUCT: str = globals()["PRODUCT"]
#: How often a program that serves writes what it has run, for one that will be killed (s).
PAUSE_S: float = globals()["PAUSE_S"]
_LENGTH = 8
#: Bytes for what one process has run; a tenth of that is the most that was seen.
_SIZE = 1 << 22


def _make_room() -> mmap.mmap | None:
    """A file of this process, as memory; None where it may write none."""
    path = os.path.join(FOLDER, f"{os.getpid()}-{time.monotonic_ns()}")
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError:
        return None
    os.ftruncate(descriptor, _SIZE)
    made = mmap.mmap(descriptor, _SIZE)
    os.close(descriptor)
    return made


class _Counter:
    """The lines that this process has run, until they are written down."""

    def __init__(self) -> None:
        self._room = _make_room()
        self._lines = coverage.Coverage(data_file=None, config_file=False, source=[PRODUCT])
        self._lines.set_option("run:disable_warnings", ["no-data-collected", "module-not-imported"])
        # It costs a fraction of a tracing function, and is there from Python 3.12 on.
        self._lines.set_option("run:core", "sysmon" if sys.version_info >= (3, 12) else "ctrace")
        self._lines.start()
        self._wrote = time.monotonic()

    def fork(self) -> None:
        """This is a copy of the process that counted so far."""
        self._room = _make_room()

    def write(self) -> None:
        """Writes down what has been run so far."""
        if self._room is None:
            return
        written = self._lines.get_data().dumps()
        self._room[_LENGTH : _LENGTH + len(written)] = written
        self._room[:_LENGTH] = len(written).to_bytes(_LENGTH, "big")
        self._wrote = time.monotonic()

    def write_at_times(self) -> None:
        """Writes where it is some time ago; called whenever an event loop waits for events."""
        if time.monotonic() - self._wrote >= PAUSE_S:
            self.write()


# Python looks through the packages of a virtual environment twice when it starts.
if not hasattr(sys, "_rbee_counter"):
    _counter = sys._rbee_counter = _Counter()  # type: ignore[attr-defined]
    _exit = os._exit

    def _write_and_exit(status: int) -> NoReturn:
        try:
            _counter.write()
        finally:
            _exit(status)

    _select = selectors.DefaultSelector.select

    def _write_and_select(
        selector: selectors.DefaultSelector, timeout: float | None = None
    ) -> list[tuple[selectors.SelectorKey, int]]:
        _counter.write_at_times()
        return _select(selector, timeout)

    os._exit = _write_and_exit
    selectors.DefaultSelector.select = _write_and_select  # type: ignore[assignment, method-assign]
    os.register_at_fork(after_in_child=_counter.fork)
    atexit.register(_counter.write)
