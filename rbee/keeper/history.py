"""What was typed before, also in other sessions."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path

from rbee.process import whole_file

#: How much of it is kept: entries, each of which may have several lines, and bytes.
_ENTRIES = 1000
_BYTES = 1024 * 1024


class History:
    """A file of JSON texts, one a line, for its owner alone.

    It is a comfort: what cannot be read or written of it is left out.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def lines(self) -> list[str]:
        """What was typed, oldest first. A file that has grown too long is cut."""
        with contextlib.suppress(OSError):
            if self._path.stat().st_size > _BYTES:
                self._cut()
            return [text for line in self._path.open("rb") for text in _texts(line)][-_ENTRIES:]
        return []

    def add(self, typed: str) -> None:
        """Keeps what was typed."""
        line = json.dumps(typed).encode() + b"\n"
        with contextlib.suppress(OSError):
            file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            try:
                os.write(file, line)
            finally:
                os.close(file)

    def _cut(self) -> None:
        """Keeps the newer half."""
        kept = self._path.read_bytes()[-_BYTES // 2 :].partition(b"\n")[2]
        whole_file.write(self._path, kept)


def _texts(line: bytes) -> list[str]:
    """The text of a line; none where another program has written it."""
    with contextlib.suppress(ValueError):
        text = json.loads(line)
        if isinstance(text, str):
            return [text]
    return []
