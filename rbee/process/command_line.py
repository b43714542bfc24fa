"""What others see of a program that a person has started: its command line, which every user of the
machine may read, and the error in which it ends.

A prompt may stand in a command line. Linux keeps it where the program itself can write; elsewhere
it stays.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator, Sequence


def hide(words: Sequence[str]) -> None:
    """From now on ``ps`` shows a star for each byte of the last words of this command line.

    Until a program comes to call this, some 20 ms after its start, they can be read.
    """
    if sys.platform != "linux" or not words:
        return
    last = b"\0".join(map(os.fsencode, words)) + b"\0"
    with contextlib.suppress(OSError, ValueError, IndexError):
        with open("/proc/self/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
        start, end = int(fields[45]), int(fields[46])  # arg_start and arg_end of proc_pid_stat(5)
        with open("/proc/self/mem", "r+b", buffering=0) as memory:
            memory.seek(max(start, end - len(last)))
            found = memory.read(len(last))
            if found == last:
                memory.seek(end - len(last))
                memory.write(b"\0".join(b"*" * len(word) for word in last.split(b"\0")))


@contextlib.contextmanager
def told_on_stderr() -> Iterator[None]:
    """Ends this program with status 1 where an error of ours is raised, which a person is told."""
    from rbee.wire.errors import RbeeError  # late: a keeper that hides its words needs neither
    from rbee.wire.shown import shown

    try:
        yield
    except RbeeError as error:
        print(f"error: {shown(error.message)}\n  try: {shown(error.suggestion)}", file=sys.stderr)
        sys.exit(1)
