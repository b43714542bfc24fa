"""A program that a scenario runs: started, watched line by line, interrupted, ended.

`spawn` and `end` are for what a scenario or the bench needs beside it: servers, which nobody reads.

Its output is read by threads as it comes, so waiting for a line is waiting for an event. On a
terminal stdout and stderr are two pseudo-terminals, so that both are terminals to the program and
yet can be told apart.
"""

from __future__ import annotations

import codecs
import contextlib
import ctypes
import errno
import fcntl
import functools
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.rig import census, transcript
from harness.rig.ports import Ports

#: How long output may stay open after the program has ended, in seconds.
DRAIN_S = 5.0
#: How long what a program is to show is waited for; a model over several machines takes long where
#: the machine of the tests has other work.
LONGEST_S = 60.0
#: Rows and columns of a pseudo-terminal.
SIZE = (24, 100)
#: What a program never inherits from the one who runs the tests.
_SCRUBBED = (
    "RBEE_",
    "STUB_NVML_",
    "HF_",
    "HUGGING",
    "SSH_",
    "PYTHONOPTIMIZE",
    "PYTHONWARNINGS",
    "COLUMNS",
    # No command that is tried opens a browser.
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "BROWSER",
)
_PROXIES = ("http_proxy", "https_proxy", "all_proxy")
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None)


def clean_environment() -> dict[str, str]:
    """The environment of this process without what would steer the product or its programs."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(_SCRUBBED) and name.lower() not in _PROXIES
    }


def spawn(argv: Sequence[str | Path], **options: Any) -> subprocess.Popen[Any]:
    """Starts a program in a session of its own, out of reach of Ctrl+C, to be ended with `end`."""
    with census.spawning() as owned:
        given = {"stdin": subprocess.DEVNULL, "start_new_session": True, **options}
        process = subprocess.Popen(argv, **given)
        owned.add(process.pid)
    return process


def end(
    process: subprocess.Popen[Any],
    number: signal.Signals = signal.SIGTERM,
    patience_s: float = 10.0,
) -> None:
    """Ends a program that still runs: by this signal, and by SIGKILL where that does not do."""
    for each in (number, signal.SIGKILL):
        if process.poll() is None:
            process.send_signal(each)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(patience_s)
    census.disown(process.pid)


def die_with_parent(number: signal.Signals) -> Callable[[], None]:
    """For `preexec_fn`: a program that the kernel ends when this one dies; Linux alone can."""

    def ask() -> None:
        if sys.platform.startswith("linux"):
            _LIBC.prctl(_PR_SET_PDEATHSIG, number, 0, 0, 0)

    return ask


@dataclass(frozen=True)
class Finished:
    """A program that has ended. `status` is its exit status, or -N when signal N ended it."""

    command_line: str
    stdout: str
    stderr: str
    status: int
    seconds: float

    def __str__(self) -> str:
        return (
            f"$ {self.command_line}\n[status {self.status} after {self.seconds:.2f} s]\n"
            f"--- stdout ---\n{self.stdout}\n--- stderr ---\n{self.stderr}"
        )


class _Stream:
    """One output of a program: everything that came so far, as text and as lines."""

    def __init__(self, changed: threading.Condition) -> None:
        self._changed = changed
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._text: list[str] = []
        self._pending = ""
        self.lines: list[str] = []
        self.ended = False

    @property
    def text(self) -> str:
        """Everything so far, with the line ends of a terminal made plain."""
        return "".join(self._text).replace("\r\n", "\n")

    @property
    def last(self) -> str:
        """The line that has not ended yet."""
        return self._pending

    def read_from(self, descriptor: int, on_output: Callable[[], None]) -> None:
        """Reads until the end; runs in a thread of its own."""
        while True:
            try:
                data = os.read(descriptor, 65536)
            except OSError as error:
                # That is how a pseudo-terminal ends.
                if error.errno != errno.EIO:
                    raise
                data = b""
            with self._changed:
                self._take(self._decoder.decode(data, final=not data))
                self.ended = not data
                self._changed.notify_all()
            if not data:
                os.close(descriptor)
                return
            on_output()

    def _take(self, text: str) -> None:
        self._text.append(text)
        *complete, self._pending = re.split(r"\r?\n|\r(?!\n|$)", self._pending + text)
        self.lines += complete


class Running:
    """A program that may still run. Made by `Cluster.start`."""

    def __init__(
        self,
        command_line: str,
        argv: Sequence[str],
        *,
        environment: Mapping[str, str],
        folder: Path,
        ports: Ports | None = None,
        terminal: bool = False,
        stdin: str | None = None,
        keep_stdin: bool = False,
        on_output: Callable[[], None] = lambda: None,
        explain: Callable[[], str] = lambda: "",
    ) -> None:
        self.command_line = command_line
        self._ports = ports
        self._explain = explain
        self._changed = threading.Condition()
        self._streams = {"stdout": _Stream(self._changed), "stderr": _Stream(self._changed)}
        self._began = time.monotonic()
        self._ended_at: float | None = None
        spawn = self._on_terminal if terminal else self._on_pipes
        with census.spawning() as owned:
            self._process, self._stdin, outputs = spawn(
                argv, dict(environment), folder, stdin is not None or keep_stdin
            )
            owned.add(self._process.pid)
        for name, descriptor in outputs.items():
            self._thread(functools.partial(self._streams[name].read_from, descriptor, on_output))
        self._thread(self._wait)
        if stdin is not None:
            self._thread(functools.partial(self._feed, stdin, not keep_stdin))

    # What it shows.

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def stdout(self) -> str:
        """What it has written to stdout so far."""
        return self._streams["stdout"].text

    @property
    def stderr(self) -> str:
        """What it has written to stderr so far."""
        return self._streams["stderr"].text

    def lines(self, stream: str) -> list[str]:
        """The whole lines of ``stdout`` or ``stderr`` so far."""
        return list(self._streams[stream].lines)

    @property
    def has_ended(self) -> bool:
        """Whether the process is gone."""
        return self._ended_at is not None

    def __str__(self) -> str:
        state = f"status {self._process.returncode}" if self.has_ended else "still running"
        return (
            f"$ {self.command_line}\n[{state} after {self._seconds():.2f} s]\n"
            f"--- stdout ---\n{self.stdout}\n--- stderr ---\n{self.stderr}"
        )

    # Waiting.

    def wait_for_line(
        self, pattern: str, deadline: float = LONGEST_S, stream: str = "stderr"
    ) -> str:
        """The first line that matches `pattern`, as soon as it is there.

        `pattern` is a whole line as in a transcript, with placeholders and default ports. Raises
        AssertionError after `deadline` seconds, or as soon as the program has ended without it.
        """
        expected = transcript.line_pattern(transcript.with_ports(pattern.strip(), self._ports))
        source = self._streams[stream]

        def found() -> str | None:
            # A line that may still grow is not looked at.
            lines = [*source.lines, source.last] if source.ended else source.lines
            read = transcript.plain
            return next((line for line in lines if expected.fullmatch(read(line))), None)

        return self._wait_for(found, f"the line {pattern.strip()!r} on {stream}", deadline, source)

    def wait_for_text(
        self, text: str = "", deadline: float = LONGEST_S, stream: str = "stdout"
    ) -> str:
        """Everything on `stream` once `text` stands in it; without `text`, once anything does."""
        source = self._streams[stream]
        what = f"{text!r} on {stream}" if text else f"anything on {stream}"
        return self._wait_for(
            lambda: source.text if source.text and text in source.text else None,
            what,
            deadline,
            source,
        )

    def finish(self, deadline: float = 180.0) -> Finished:
        """Waits for the end. Raises AssertionError, and kills it, after `deadline` seconds.

        Also raises when its output stays open after it has gone: somebody it started inherited it.
        """
        end = time.monotonic() + deadline
        with self._changed:
            while not self.has_ended and time.monotonic() < end:
                self._changed.wait(end - time.monotonic())
        if not self.has_ended:
            self.kill()
            self._fail(f"has not ended after {deadline} s")
        end = time.monotonic() + DRAIN_S
        with self._changed:
            while not self._drained() and time.monotonic() < end:
                self._changed.wait(end - time.monotonic())
        if not self._drained():
            self._fail("has ended, but something it started holds its stdout or stderr open")
        self.close_stdin()
        status = self._process.returncode
        assert status is not None
        return Finished(self.command_line, self.stdout, self.stderr, status, self._seconds())

    # Doing.

    def interrupt(self) -> None:
        """Ctrl+C: an interrupt to the program and to all of its process group."""
        self.send(signal.SIGINT, group=True)

    def kill(self) -> None:
        """kill -9 of this one process; what it started finds out by itself."""
        self.send(signal.SIGKILL)

    def send(self, number: signal.Signals, group: bool = False) -> None:
        """Sends a signal, to the process alone or to its group; does nothing when it is gone."""
        if self.has_ended:
            return
        with contextlib.suppress(ProcessLookupError):
            (os.killpg if group else os.kill)(self.pid, number)

    def type(self, text: str) -> None:
        """Types `text` and Enter. Needs a terminal, or `keep_stdin=True`."""
        self.press(text + "\n")

    def press(self, keys: str) -> None:
        """Presses keys, of which none is Enter by itself."""
        self._write(keys)

    def close_stdin(self) -> None:
        """The end of the input: Ctrl+D on a terminal, end-of-file on a pipe."""
        if self._stdin is None:
            return
        descriptor, self._stdin = self._stdin, None
        with contextlib.suppress(OSError):
            if os.isatty(descriptor):
                os.write(descriptor, b"\x04")
            os.close(descriptor)

    # Inside.

    def _on_pipes(
        self, argv: Sequence[str], environment: dict[str, str], folder: Path, with_stdin: bool
    ) -> tuple[subprocess.Popen[bytes], int | None, dict[str, int]]:
        reading, stdin = os.pipe() if with_stdin else (subprocess.DEVNULL, None)
        process = subprocess.Popen(
            argv,
            stdin=reading,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            cwd=folder,
            start_new_session=True,
        )
        if with_stdin:
            os.close(reading)
        assert process.stdout is not None
        assert process.stderr is not None
        # The threads own copies, so that no file object closes them a second time.
        outputs = {"stdout": os.dup(process.stdout.fileno())}
        outputs["stderr"] = os.dup(process.stderr.fileno())
        process.stdout.close()
        process.stderr.close()
        return process, stdin, outputs

    def _on_terminal(
        self, argv: Sequence[str], environment: dict[str, str], folder: Path, _with_stdin: bool
    ) -> tuple[subprocess.Popen[bytes], int | None, dict[str, int]]:
        screen, screen_end = pty.openpty()
        errors, errors_end = pty.openpty()
        for end in (screen_end, errors_end):
            fcntl.ioctl(end, termios.TIOCSWINSZ, struct.pack("HHHH", *SIZE, 0, 0))
        environment["TERM"] = "xterm-256color"
        process = subprocess.Popen(
            argv,
            stdin=screen_end,
            stdout=screen_end,
            stderr=errors_end,
            env=environment,
            cwd=folder,
            start_new_session=True,
            # A session leader gets its terminal by asking for it.
            preexec_fn=_take_terminal,
        )
        os.close(screen_end)
        os.close(errors_end)
        return process, os.dup(screen), {"stdout": screen, "stderr": errors}

    def _thread(self, work: Callable[[], None]) -> None:
        threading.Thread(target=work, daemon=True, name=self.command_line[:40]).start()

    def _wait(self) -> None:
        self._process.wait()
        census.disown(self.pid)
        with self._changed:
            self._ended_at = time.monotonic()
            self._changed.notify_all()

    def _feed(self, text: str, close: bool) -> None:
        # A program that does not read its input is no fault of the one who offers it.
        with contextlib.suppress(OSError):
            self._write(text)
        if close:
            self.close_stdin()

    def _write(self, text: str) -> None:
        assert self._stdin is not None, f"{self.command_line}: its stdin is closed"
        data = text.encode()
        while data:
            data = data[os.write(self._stdin, data) :]

    def _drained(self) -> bool:
        return all(stream.ended for stream in self._streams.values())

    def _seconds(self) -> float:
        return (self._ended_at or time.monotonic()) - self._began

    def _wait_for(
        self, found: Callable[[], str | None], what: str, deadline: float, source: _Stream
    ) -> str:
        end = time.monotonic() + deadline
        with self._changed:
            while True:
                answer = found()
                if answer is not None:
                    return answer
                gone = self.has_ended and source.ended
                if gone or time.monotonic() >= end:
                    break
                self._changed.wait(end - time.monotonic())
        if gone:
            self._fail(f"has ended without {what}")
        self._fail(f"has not shown {what} within {deadline} s")
        raise AssertionError

    def _fail(self, complaint: str) -> None:
        raise AssertionError(f"{self.command_line} {complaint}\n{self}\n{self._explain()}")


def _take_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
