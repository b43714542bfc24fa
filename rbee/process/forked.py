"""A child that begins as a copy of its parent, and so has what the parent has imported.

Imports are most of a daemon's start and of its memory; like this they are made once, and the
copies share the pages. It is for Linux, where nothing that a program imports starts a thread of
its own behind Python's back, and for a parent that has no event loop and no second thread yet.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import os
import sys
import threading
from collections.abc import Mapping, Sequence
from typing import IO, NoReturn

from rbee.process import apart

assert sys.platform == "linux"

#: The descriptor on which the copy reports.
_READY_FD = 3


class Forked:
    """The process, as `subprocess.Popen` would show it."""

    def __init__(self, pid: int, stdin: IO[bytes]) -> None:
        self.pid = pid
        self.stdin = stdin
        self._status: int | None = None
        #: Two threads must not both collect it: its number may be somebody else's by then.
        self._collecting = threading.Lock()

    def poll(self) -> int | None:
        """Its exit status, negative for a signal; None while it runs. Where nobody knows it, it is
        0, as with `subprocess`."""
        with self._collecting:
            if self._status is None:
                try:
                    pid, status = os.waitpid(self.pid, os.WNOHANG)
                except ChildProcessError:
                    # Whoever started us has us ignore SIGCHLD, and its status was told to nobody.
                    self._status = 0
                else:
                    if pid:
                        self._status = os.waitstatus_to_exitcode(status)
            return self._status

    def wait(self) -> int:
        """Blocks until it has ended; its exit status."""
        while (status := self.poll()) is None:
            try:
                os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT)
            except ChildProcessError:
                pass  # another thread was faster
        return status


def fork(role: str, options: Sequence[str], ready: int, output: IO[bytes]) -> Forked:
    """Starts the program of a role; it reports on `ready` and writes to `output`.

    Returns in the parent alone, once the child leads a session of its own.
    """
    orders, lifeline = os.pipe()
    apart, begins = os.pipe()
    pid = os.fork()
    if pid == 0:
        _play(role, options, orders, ready, output.fileno())
    for descriptor in (orders, begins):
        os.close(descriptor)
    os.read(apart, 1)  # ends when the child has closed what is not its own
    os.close(apart)
    return Forked(pid, os.fdopen(lifeline, "wb"))


def _play(role: str, options: Sequence[str], orders: int, ready: int, output: int) -> NoReturn:
    """Is that program until it ends. Nothing of the parent's is unwound."""
    status = 1
    try:
        os.setsid()
        for number, descriptor in enumerate((orders, output, output)):
            os.dup2(descriptor, number)
        os.dup2(ready, _READY_FD, inheritable=False)
        os.closerange(_READY_FD + 1, os.sysconf("SC_OPEN_MAX"))
        sys.argv = [f"rbee.{role}", "--ready-fd", str(_READY_FD), *options]
        sys.orig_argv = [sys.executable, "-m", *sys.argv]
        _show_as(" ".join(sys.orig_argv))
        _forget_all_but(apart.environment_of(os.environ, role))
        os.chdir(apart.FOLDER)
        importlib.import_module(f"rbee.{role}.__main__").main()
        status = 0
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        with contextlib.suppress(OSError):  # a full disk, say
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)


def _forget_all_but(environment: Mapping[str, str]) -> None:
    """Replaces the environment, also in the memory that ``/proc/PID/environ`` shows.

    The copy starts with the environment of its parent, which may hold secrets that it is not to
    have.
    """
    begun = dict(os.environb)
    os.environ.clear()
    os.environ.update(environment)
    if begun == dict(os.environb):
        return
    with open("/proc/self/stat", "rb") as file:
        fields = file.read().rpartition(b")")[2].split()
    start, end = int(fields[47]), int(fields[48])  # env_start and env_end of proc_pid_stat(5)
    if not 0 < start < end:
        return  # the kernel does not tell where the environment is
    kept = b"".join(b"%s=%s\0" % each for each in os.environb.items())
    # Cut where it is longer than what the kernel gave: variables may have been set since.
    ctypes.memset(start, 0, end - start)
    ctypes.memmove(start, kept[: end - start - 1], min(len(kept), end - start - 1))


def _show_as(command: str) -> None:
    """What `ps` shows of this process; its environment stays readable there."""
    os.environ["SPT_NOENV"] = "1"
    from setproctitle import setproctitle, setthreadtitle

    setproctitle(command)
    setthreadtitle(os.path.basename(sys.executable))
    del os.environ["SPT_NOENV"]
