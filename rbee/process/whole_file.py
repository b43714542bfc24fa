"""Small files of one's own: written whole or not at all, for their owner alone, and read if whole.

Whoever reads one finds what was there before or what is there now, and never the half of it.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TypeVar

import msgspec

T = TypeVar("T")


def write(path: Path, data: bytes) -> None:
    """Puts `data` at `path`, in one step. Raises `OSError`, and leaves nothing of it then."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.unlink(missing_ok=True)  # of a program that had this number and was killed
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(data)
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise


def read_as(path: Path, kind: type[T]) -> T | None:
    """The JSON at `path` as a `kind`; None where there is none that can be read as that."""
    with contextlib.suppress(OSError, msgspec.MsgspecError):
        return msgspec.json.decode(path.read_bytes(), type=kind)
    return None
