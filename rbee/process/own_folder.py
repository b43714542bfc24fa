"""A folder for what a program of ours writes for a moment, which its owner alone may enter.

A program removes its own. It holds a lock in it as long as it lives, so that what one has left that
crashed can be told from what is in use, and is removed by the next hive that looks.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
import time

_LOCK = "in-use"
#: How old a folder without a lock has to be: one that was made just now gets its lock (seconds).
_SETTLED = 60.0
#: The locks of this process, which end with it.
_held: list[int] = []


def make(role: str) -> str:
    """A new one, for this process."""
    folder = tempfile.mkdtemp(prefix=f"{_prefix(role)}{os.getpid()}-")
    lock = os.open(os.path.join(folder, _LOCK), os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    _held.append(lock)
    return folder


def remove(folder: str) -> None:
    """Removes it with what is in it; blocks."""
    shutil.rmtree(folder, ignore_errors=True)


def remove_left(role: str) -> None:
    """Removes what programs of this user that have ended have left; blocks."""
    above, names = tempfile.gettempdir(), []
    with contextlib.suppress(OSError):  # nobody may list it
        names = os.listdir(above)
    for name in names:
        if not name.startswith(_prefix(role)):
            continue
        folder = os.path.join(above, name)
        with contextlib.suppress(OSError):  # another one was faster, or it is somebody else's
            found = os.stat(folder, follow_symlinks=False)
            if found.st_uid == os.getuid() and not _is_in_use(folder, found.st_mtime):
                remove(folder)


def _is_in_use(folder: str, changed_at: float) -> bool:
    try:
        lock = os.open(os.path.join(folder, _LOCK), os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return time.time() - changed_at < _SETTLED
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(lock)
    return False


def _prefix(role: str) -> str:
    return f"rbee-{role}-"
