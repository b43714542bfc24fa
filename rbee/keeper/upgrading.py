"""An upgrade as other commands, and the next ones, see it: a note in RBEE_HOME, locked.

Whoever upgrades holds a lock on the note. A command that finds it locked waits, and begins anew
then, from what is in use by then. One that finds it without the lock knows that the upgrade was
broken off, by a power failure or a kill: it puts back what was in use before.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import sys
from pathlib import Path
from typing import IO

import msgspec

from rbee import __version__
from rbee.keeper import environment
from rbee.keeper.screen import Screen
from rbee.process.home import UPGRADE, Home
from rbee.wire import narration
from rbee.wire.errors import RbeeError

_ANEW = (sys.executable, *sys.orig_argv[1:])


class Note(msgspec.Struct):
    """What is being upgraded: the environment in use, of which version, and what is made beside."""

    prefix: str
    aside: str
    version: str


class Upgrading:
    """The lock, and what stands in the note."""

    def __init__(self, home: Home, file: IO[bytes], note: Note | None) -> None:
        self._path = home.path / UPGRADE
        self._file = file
        self.note = note

    @classmethod
    def begin(cls, home: Home, prefix: Path) -> Upgrading:
        """Takes the lock. Raises `upgrade_failed` where somebody else has it."""
        path = home.path / UPGRADE
        with contextlib.ExitStack() as opened:
            file = opened.enter_context(open(path, "a+b"))
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise _is_under_way() from None
            if not _is_there(home, file):  # whoever had it has just come to its end
                raise _is_under_way()
            upgrading = cls(home, file, _read(file))
            upgrading.restore()
            aside = prefix.with_name(f".{prefix.name}.upgrade-{os.getpid()}")
            upgrading.keep(Note(str(prefix), str(aside), __version__))
            opened.pop_all()  # from here on `end` closes it
        return upgrading

    def keep(self, note: Note) -> None:
        """Notes it down, on the disk."""
        self.note = note
        self._file.seek(0)
        self._file.truncate()
        self._file.write(msgspec.json.encode(note))
        self._file.flush()
        os.fsync(self._file.fileno())

    def restore(self) -> bool:
        """Puts back what was in use before, where something else is; whether it was."""
        if self.note is None:
            return False
        prefix, aside = Path(self.note.prefix), Path(self.note.aside)
        is_switched = (prefix / environment.UNTRIED).exists() and aside.is_dir()
        if is_switched:
            environment.run(environment.python_of(prefix), "-m", "rbee.keeper", "down")
            environment.exchange(prefix, aside)
        environment.remove(aside)
        return is_switched

    def end(self) -> None:
        """Nothing is being upgraded any more."""
        self._path.unlink(missing_ok=True)
        self._file.close()


def _is_under_way() -> RbeeError:
    what = "rbee is being upgraded already"
    return RbeeError("upgrade_failed", what, "wait until that is done")


def wait_for_upgrade(screen: Screen, home: Home) -> None:
    """Returns at once to a part of the upgrade itself; begins this command anew, once what it is
    to run from is in use."""
    with contextlib.suppress(FileNotFoundError), open(home.path / UPGRADE, "r+b") as file:
        if part_of := os.environ.get(environment.PART_OF):
            if part_of == str(os.getppid()):
                return
            os._exit(1)  # who has started this is gone, and what it was for with it
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            screen.say(narration.UPGRADE_AWAITED)
            fcntl.flock(file, fcntl.LOCK_EX)
        if _is_there(home, file):  # whoever has locked it is gone, and has not come to its end
            broken_off = Upgrading(home, file, _read(file))
            if broken_off.restore() and broken_off.note is not None:
                screen.say(narration.UPGRADE_CUT, version=broken_off.note.version)
            broken_off.end()
    sys.stderr.flush()
    os.execv(_ANEW[0], _ANEW)


def _is_there(home: Home, file: IO[bytes]) -> bool:
    """Whether the note is still the one in RBEE_HOME."""
    with contextlib.suppress(FileNotFoundError):
        return os.path.samestat(os.stat(home.path / UPGRADE), os.fstat(file.fileno()))
    return False


def _read(file: IO[bytes]) -> Note | None:
    file.seek(0)
    with contextlib.suppress(msgspec.MsgspecError):
        return msgspec.json.decode(file.read(), type=Note)
    return None
