"""What lies behind paths: a name for content that changes when the content does.

A file may be replaced behind its name, and have several names. What it is, is told by its inode
and its disk, its size and its time of change: microseconds to look at, where reading it takes
seconds.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager


def content_id(paths: Sequence[str]) -> str:
    """The name of what lies at these paths now, 16 hexadecimal digits; links are followed.

    Raises `OSError` where a file is gone.
    """
    digest = hashlib.sha256()
    for path in paths:
        status = os.stat(path)
        facts = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
        digest.update(repr(facts).encode())
    return digest.hexdigest()[:16]


def is_still(content: str, paths: Sequence[str]) -> bool:
    """Whether what lies at these paths is what it was; empty: not known, and counts as so."""
    try:
        return not content or content_id(paths) == content
    except OSError:
        return False


def leads_to(path: str, paths: Sequence[str]) -> bool:
    """Whether a path leads to one of these files now, be it a link or another name of it."""
    try:
        return path in paths or any(os.path.samefile(path, each) for each in paths)
    except OSError:
        return False


@contextmanager
def open_regular(path: str) -> Iterator[int]:
    """The descriptor of a file that is open for reading, and is a file.

    Pipes, devices and sockets are not opened: one may never answer, another does something.
    Raises `OSError`, whose `strerror` is a sentence's end.
    """
    _require_file(os.stat(path), path)
    # O_NONBLOCK: if the file has become a pipe meanwhile, opening it must not wait for a writer.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    try:
        _require_file(os.fstat(descriptor), path)
        yield descriptor
    finally:
        os.close(descriptor)


def kind_of(mode: int) -> str:
    """What lies at a path, from its `st_mode`, for a sentence; empty: a file."""
    kinds = {
        stat.S_IFDIR: "a folder",
        stat.S_IFIFO: "a pipe",
        stat.S_IFCHR: "a device",
        stat.S_IFBLK: "a device",
        stat.S_IFSOCK: "a socket",
    }
    return "" if stat.S_ISREG(mode) else kinds.get(stat.S_IFMT(mode), "no file")


def _require_file(status: os.stat_result, path: str) -> None:
    kind = kind_of(status.st_mode)
    if kind:
        raise OSError(errno.EINVAL, f"it is {kind}, and no file", path)
