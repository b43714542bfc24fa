"""A control group of Linux, with a limit of memory, around the programs of a scenario."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from harness.rig.waiting import wait_until

_MOUNT = Path("/sys/fs/cgroup")
_MIB = 1024 * 1024
#: What a program of a group may still take once memory is short: as little as the kernel can
#: agree to, which has some of its own in there (MiB).
_LITTLE = range(4, 15, 2)


class ControlGroup:
    """A group that holds what is started through `prefix`, and all that this starts in turn."""

    def __init__(self) -> None:
        name = f"rbee-{os.getpid()}-{id(self):x}"
        self._is_second = (_MOUNT / "cgroup.controllers").exists()
        self._folder = (_MOUNT if self._is_second else _MOUNT / "memory") / name
        self._folder.mkdir()

    @property
    def prefix(self) -> list[str]:
        """What stands before a command line, so that it runs inside."""
        enter = 'echo $$ > "$0/cgroup.procs" && exec "$@"'
        return ["sh", "-c", enter, str(self._folder)]

    def limit(self, mebibytes: int) -> None:
        """Allows so much memory."""
        self._set_limit(mebibytes * _MIB)

    def run_short(self) -> None:
        """Allows next to no more memory than is taken now; cached files count as none."""
        text = (self._folder / "memory.stat").read_text()
        amounts = dict(line.split() for line in text.splitlines())
        taken = amounts["anon"] if self._is_second else amounts["total_rss"]
        for little in _LITTLE:
            try:
                self._set_limit(int(taken) + little * _MIB)
                return
            except OSError as error:
                if error.errno != errno.EBUSY or little == _LITTLE[-1]:
                    raise

    def assert_killed(self, count: int) -> None:
        """The kernel has ended so many programs in it for want of memory."""
        name = "memory.events" if self._is_second else "memory.oom_control"
        lines = (self._folder / name).read_text().splitlines()
        killed = dict(line.split() for line in lines)["oom_kill"]
        assert int(killed) == count, f"{killed} programs were ended, not {count}"

    def close(self) -> None:
        """Removes it, once its programs have ended."""
        wait_until("the control group is empty", self._is_empty)
        self._folder.rmdir()

    def _is_empty(self) -> bool:
        return not (self._folder / "cgroup.procs").read_text().strip()

    def _set_limit(self, amount: int) -> None:
        name = "memory.max" if self._is_second else "memory.limit_in_bytes"
        (self._folder / name).write_text(f"{amount}\n")


def reason_why_not() -> str:
    """Why no control group with a limit of memory can be made here; "" where it can."""
    try:
        tried = ControlGroup()
    except OSError as error:
        return f"a control group cannot be made here: {error.strerror}"
    try:
        tried.limit(4096)
    except OSError:
        return "a control group has no limit of memory here"
    finally:
        tried.close()
    return ""
