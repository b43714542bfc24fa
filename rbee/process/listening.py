"""Where a daemon of this home listens: ``running/queen.json``, ``running/hive.json``.

Settings say where one that is started will listen; one that is awake listens where it was told to
when it was started. Each writes the file of its role when it listens and removes it when it leaves;
one that was killed leaves it behind, so that whoever reads it asks whether that instance is there.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import msgspec

from rbee.process.home import Home
from rbee.process.sabotage import sabotaged


class Listening(msgspec.Struct, frozen=True):
    """Its URL, and what its health tells apart from any other start of any daemon."""

    url: str
    instance: str


def note(home: Home, role: str, url: str, instance: str) -> None:
    """Writes that it listens. A disk that is full keeps no daemon from working."""
    if sabotaged("queen:leave-no-note"):
        return
    path = _path(home, role)
    draft = path.with_name(f"{role}.{os.getpid()}")
    with contextlib.suppress(OSError):
        path.parent.mkdir(mode=0o700, exist_ok=True)
        draft.write_bytes(msgspec.json.encode(Listening(url, instance)))
        draft.replace(path)


def noted(home: Home, role: str) -> Listening | None:
    """Where one was when it last said so; None where none has, or it has left."""
    with contextlib.suppress(OSError, msgspec.MsgspecError):
        return msgspec.json.decode(_path(home, role).read_bytes(), type=Listening)
    return None


def forget(home: Home, role: str, instance: str) -> None:
    """It leaves; what a later one has written stays."""
    known = noted(home, role)
    if known is not None and known.instance == instance:
        with contextlib.suppress(OSError):
            _path(home, role).unlink()


def _path(home: Home, role: str) -> Path:
    return home.path / "running" / f"{role}.json"
