"""A folder for what a program of ours writes for a moment, which its owner alone may enter.

A program removes its own; what one that crashed has left is removed by whoever started it.
"""

from __future__ import annotations

import glob
import os
import shutil
import tempfile


def make(role: str) -> str:
    """A new one, for this process."""
    return tempfile.mkdtemp(prefix=_prefix(role, os.getpid()))


def remove(folder: str) -> None:
    """Removes it with what is in it; blocks."""
    shutil.rmtree(folder, ignore_errors=True)


def remove_of(role: str, pid: int) -> None:
    """Removes what a process that has ended has left; blocks."""
    begun = os.path.join(tempfile.gettempdir(), _prefix(role, pid))
    for folder in glob.glob(glob.escape(begun) + "*"):
        if os.stat(folder, follow_symlinks=False).st_uid == os.getuid():
            remove(folder)


def _prefix(role: str, pid: int) -> str:
    return f"rbee-{role}-{pid}-"
