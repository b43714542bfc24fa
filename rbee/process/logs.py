"""The log of a daemon, which is its stderr: faults are told once a minute, and the file is bounded.

A log is one file for all that a program of that name ever says, what a library writes straight to
the descriptor among it, so that it cannot be handed on to a new file: its older part is cut off.
Whoever floods a daemon from outside is not to fill its disk.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import re
import stat
import sys
import threading
import time
from pathlib import Path
from typing import TextIO

from rbee.process.repeats import Repeats
from rbee.process.tasks import DISK, in_thread, spawn

#: How often one and the same fault is told (seconds).
_TOLD_EVERY = 60.0
#: How often the size of a log is looked at (seconds).
_LOOK_EVERY = 2.0
_MIB = 1024 * 1024
#: What differs between two records of one fault: numbers and addresses.
_VARIES = re.compile(r"0x[0-9a-fA-F]+|\d+")
_STDERR = 2
#: How much of a fault names it (characters).
_NAMED = 200


def write_to(log: Path, most_mib: int) -> None:
    """On the running loop: faults go to stderr once a minute, and `log` is kept below a size.

    That file is left alone where stderr is another one: whoever started this program by hand sees
    to that. 0: it may grow.
    """
    logging.getLogger().addHandler(Faults(sys.stderr))
    if most_mib and _is_stderr(log):
        # A worker opens no file any more once it has a model.
        reads = os.open(log, os.O_RDONLY | os.O_CLOEXEC)
        keeping = _keep_below(reads, most_mib * _MIB)
        spawn(keeping, "the bound of the log", lambda ended: None)  # it ends with its program


def forget_old(folder: Path, pattern: str, kept: int, in_use: set[Path]) -> None:
    """Removes the logs of programs that have long ended, all but so many of the newest."""
    found = []
    for path in folder.glob(pattern):
        with contextlib.suppress(OSError):
            found.append((path.stat().st_mtime_ns, path))
    for _, path in sorted(found)[: max(0, len(found) - kept)]:
        if path not in in_use:
            with contextlib.suppress(OSError):
                path.unlink()


def shorten(reads: int, writes: int, most: int) -> None:
    """Cuts the older part of a log off, where it is longer than `most` bytes: half of that stays.

    It is there twice, open for reading and open for appending. Other programs that have it open go
    on at its new end, for they append; what one writes in the moment between is lost.
    """
    whole = os.fstat(reads).st_size
    if whole <= most:
        return
    kept = os.pread(reads, most // 2, whole - most // 2).partition(b"\n")[2]
    os.ftruncate(writes, 0)
    with open(os.dup(writes), "wb") as log:
        log.write(b"... cut off here: the log was longer than %d bytes\n" % most)
        log.write(kept)


async def _keep_below(reads: int, most: int) -> None:
    while True:
        with contextlib.suppress(OSError):  # gone, or a full disk
            if os.fstat(_STDERR).st_size > most:
                await in_thread(DISK, shorten, reads, _STDERR, most)
        await asyncio.sleep(_LOOK_EVERY)


def _is_stderr(log: Path) -> bool:
    with contextlib.suppress(OSError):
        mine = os.fstat(_STDERR)
        return stat.S_ISREG(mine.st_mode) and os.path.samestat(mine, log.stat())
    return False


class Faults(logging.StreamHandler):  # type: ignore[type-arg]
    """Writes what loggers tell, each fault once a minute, and how often it came meanwhile."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%Y-%m-%d %H:%M:%S"))
        self._repeats = Repeats(_TOLD_EVERY)
        self._timer: threading.Timer | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """One record, or one more of a count."""
        if self._repeats.may_tell(_fault_of(record), time.monotonic()):
            super().emit(record)
        elif self._timer is None:
            self._timer = threading.Timer(_TOLD_EVERY, self._tell_untold)
            self._timer.daemon = True
            self._timer.start()

    def close(self) -> None:
        """What was counted so far is told before this program ends."""
        self._tell(time.monotonic() + _TOLD_EVERY)
        super().close()

    def _tell_untold(self) -> None:
        with self.lock or contextlib.nullcontext():
            self._timer = None
            self._tell(time.monotonic())

    def _tell(self, now: float) -> None:
        for what, times in self._repeats.take_counts(now):
            at = time.strftime("%Y-%m-%d %H:%M:%S")
            self.stream.write(f"{at} ... {times:,} more of these in the last minute: {what}\n")
            self.flush()


def _fault_of(record: logging.LogRecord) -> str:
    """What a record tells, without what differs each time."""
    raised = record.exc_info[1] if record.exc_info else None
    first = record.getMessage().partition("\n")[0]
    named = f"{first} ({type(raised).__name__})" if raised is not None else first
    return _VARIES.sub("#", named)[:_NAMED]
