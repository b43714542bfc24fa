"""A child as its parent sees it: started, given its orders, listened to, signalled.

Blocking and cheap to import, so that a parent can start a child before its own heavy imports;
the waiting that belongs on an event loop is in `supervise`.
"""

from __future__ import annotations

import functools
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Protocol

from rbee.process import apart

if TYPE_CHECKING:
    from rbee.wire.errors import RbeeError
    from rbee.wire.messages.orders import Report
    from rbee.wire.narration import Narration

#: The most that is read of a child's reports (bytes): by then a worker may have opened a bad model.
_LONGEST_REPORTS = 4 * 1024 * 1024
#: What a parent writes on the lifeline to let a child outlive it.
STAY = b"stay\n"


class Process(Protocol):
    """What is asked of a process, however it was started; statuses are as in `subprocess`."""

    pid: int

    @property
    def stdin(self) -> IO[bytes] | None:
        """Where it reads."""

    def poll(self) -> int | None:
        """Its exit status; None while it runs."""

    def wait(self) -> int:
        """Blocks until it has ended; its exit status."""


class Child:
    """A program of ours that runs in a session of its own and ends when its parent does.

    Fresh from `start` or `fork` it is a spare: it imports what it needs and waits for its orders.
    It can be thrown away by closing the lifeline.
    """

    def __init__(self, role: str, process: Process, reports: int, log: Path) -> None:
        self.role = role
        self.process = process
        self.reports = reports
        self.log = log

    @classmethod
    def start(cls, role: str, log: Path, *options: str, keeps: Sequence[int] = ()) -> Child:
        """Starts the program of a role; its output is appended to `log`. It `keeps` these
        descriptors, under their numbers."""
        return cls._begin(functools.partial(_execute, keeps=keeps), role, log, options)

    @classmethod
    def fork(cls, role: str, log: Path, *options: str) -> Child:
        """The same as a copy of this process, which has no event loop and no second thread yet.

        It starts the plain way where copies cannot be trusted (see `forked`).
        """
        if sys.platform != "linux":
            return cls.start(role, log, *options)
        from rbee.process import forked

        return cls._begin(forked.fork, role, log, options)

    @classmethod
    def _begin(
        cls,
        begin: Callable[[str, Sequence[str], int, IO[bytes]], Process],
        role: str,
        log: Path,
        options: Sequence[str],
    ) -> Child:
        reports, child_end = os.pipe()
        try:
            with open(log, "ab") as output:
                process = begin(role, options, child_end, output)
        except BaseException:
            os.close(reports)
            raise
        finally:
            os.close(child_end)
        return cls(role, process, reports, log)

    @property
    def pid(self) -> int:
        """Its process id, and the id of its process group."""
        return self.process.pid

    def order(self, orders: object) -> None:
        """Hands the child its orders, the token among them, through its stdin."""
        from rbee.wire.messages.basics import encode

        self._write(encode(orders) + b"\n")

    def stay(self) -> None:
        """Lets the child go on after this process has ended."""
        self._write(STAY)

    def release(self) -> None:
        """Closes the lifeline: a child that was not told to stay drains and leaves."""
        if self.process.stdin is not None and not self.process.stdin.closed:
            try:
                self.process.stdin.close()
            except BrokenPipeError:
                pass  # it is gone already, which is what closing asks for

    def wait_ready(self, timeout: float, on_narration: Callable[[Narration], None]) -> Report:
        """Blocks until the child has bound its socket; what it narrates till then is passed on.

        Raises what the child reports, `internal` when it dies, and when `timeout` seconds pass.
        """
        lines = ReportLines(self)
        deadline = time.monotonic() + timeout
        while True:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.reports], [], [], left)[0]:
                raise self.start_timeout(timeout)
            for report in lines.feed(os.read(self.reports, 65536)):
                if report.narration is not None:
                    on_narration(report.narration)
                else:
                    return report

    def wait(self, timeout: float) -> int:
        """Blocks until the child has ended; its exit status, negative for a signal.

        Its end of the ready descriptor stays open as long as it lives, so this is an event.
        Raises subprocess.TimeoutExpired.
        """
        if not select.select([self.reports], [], [], timeout)[0]:
            raise subprocess.TimeoutExpired(self.role, timeout)
        return self.process.wait()

    def signal(self, number: signal.Signals) -> None:
        """Sends a signal to the child's whole process group, if it is still there."""
        if self.process.poll() is None:
            try:
                os.killpg(self.pid, number)
            except ProcessLookupError:
                pass  # it ended between the two lines

    def close_reports(self) -> None:
        """Stops listening to what the child reports."""
        if self.reports >= 0:
            os.close(self.reports)
            self.reports = -1

    def start_timeout(self, timeout: float) -> RbeeError:
        """The error for a child that is alive but never got ready."""
        return self.failure(f"was not ready within {timeout:g} s")

    def failure(self, how: str, **details: object) -> RbeeError:
        """The error for a child that does not get ready, with the end of its log."""
        from rbee.wire.errors import RbeeError

        return RbeeError(
            "internal",
            f"{self.role} {how}",
            f"read its log: {self.log}",
            {"log": tail(self.log), **details},
        )

    def _write(self, data: bytes) -> None:
        assert self.process.stdin is not None
        if self.process.stdin.closed:
            return  # it was released, and is about to leave
        try:
            self.process.stdin.write(data)
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # it died; whoever waits for it to be ready or to exit learns that


def _execute(
    role: str,
    options: Sequence[str],
    ready: int,
    output: IO[bytes],
    keeps: Sequence[int],
) -> subprocess.Popen[bytes]:
    os.set_inheritable(ready, True)
    return subprocess.Popen(
        apart.command_of(f"rbee.{role}", "--ready-fd", str(ready), *options),
        cwd=apart.FOLDER,
        env=apart.environment_of(os.environ, role),
        stdin=subprocess.PIPE,
        stdout=output,
        stderr=output,
        pass_fds=(ready, *keeps),
        start_new_session=True,
    )


class ReportLines:
    """Cuts what arrives on a ready descriptor into reports."""

    def __init__(self, child: Child) -> None:
        self._child = child
        self._pending = b""
        self._left = _LONGEST_REPORTS

    def feed(self, chunk: bytes) -> list[Report]:
        """The reports completed by `chunk`; an empty chunk is end-of-file, so the child died.

        Raises the error a child reports.
        """
        from rbee.wire.errors import RbeeError
        from rbee.wire.messages.basics import decode
        from rbee.wire.messages.orders import Report

        if not chunk:
            raise self._child.failure("ended while it was starting", died=True)
        self._left -= len(chunk)
        if self._left < 0:
            raise self._child.failure(f"reports more than {_LONGEST_REPORTS} bytes")
        *lines, self._pending = (self._pending + chunk).split(b"\n")
        reports = [decode(line, Report, f"report of {self._child.role}") for line in lines]
        for report in reports:
            if report.error is not None:
                raise RbeeError.from_body(report.error)
        return reports


def tail(log: Path, lines: int = 12) -> list[str]:
    """The last lines of a log file, at most 8 KiB of it."""
    try:
        with open(log, "rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - 8192))
            return file.read().decode("utf-8", "replace").splitlines()[-lines:]
    except OSError:
        return []
