"""Which hive runs on this machine without a parent, and whose it is: ``hive.json`` in RBEE_HOME.

Written by the program that started it, read by whoever comes over SSH to wake or to end it. A
process id alone says little, since the kernel hands it out again, so it stands beside the time
at which its process began.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import msgspec
import psutil

from rbee.process.home import Home

_NAME = "hive.json"


class Pidfile(msgspec.Struct, frozen=True):
    """A hive that was started to stay. `pid` is also the id of its process group."""

    pid: int
    began: float
    hive_id: str
    owner: str
    url: str

    def process(self) -> psutil.Process | None:
        """The hive's process; None when it has ended."""
        with contextlib.suppress(psutil.Error):
            process = psutil.Process(self.pid)
            if process.create_time() == self.began and process.status() != psutil.STATUS_ZOMBIE:
                return process
        return None


def read(home: Home) -> Pidfile | None:
    """What stands in the file; None where there is none that can be read."""
    with contextlib.suppress(OSError, msgspec.MsgspecError):
        return msgspec.json.decode(_path(home).read_bytes(), type=Pidfile)
    return None


def write(home: Home, pid: int, hive_id: str, owner: str, url: str) -> None:
    """Notes a hive that has just been started."""
    began = psutil.Process(pid).create_time()
    found = Pidfile(pid=pid, began=began, hive_id=hive_id, owner=owner, url=url)
    draft = _path(home).with_name(f"{_NAME}.{os.getpid()}")
    draft.write_bytes(msgspec.json.encode(found))
    draft.replace(_path(home))


def remove(home: Home) -> None:
    """There is no such hive any more."""
    _path(home).unlink(missing_ok=True)


def _path(home: Home) -> Path:
    return home.path / _NAME
