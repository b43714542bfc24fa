"""What lies behind paths: a name for content that changes when the content does.

A file may be replaced behind its name, and have several names. What it is, is told by where it
really lies, its inode, its size and its time of change: microseconds to look at, where reading
it takes seconds.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence


def content_id(paths: Sequence[str]) -> str:
    """The name of what lies at these paths now, 16 hexadecimal digits; links are followed.

    Raises `OSError` where a file is gone.
    """
    digest = hashlib.sha256()
    for path in paths:
        status = os.stat(path)
        real = os.path.realpath(path)
        facts = (real, status.st_ino, status.st_size, status.st_mtime_ns)
        digest.update(repr(facts).encode("utf-8", "surrogateescape"))
    return digest.hexdigest()[:16]
