"""A program on another machine, run past whatever its login shell says before."""

from __future__ import annotations

import contextlib
import secrets
import shlex
from dataclasses import dataclass

import paramiko

from rbee.process.tasks import start_thread
from rbee.queen.ssh.config import Target
from rbee.queen.ssh.errors import ssh_failed

_CHUNK = 65536
#: How much is sent at once of what a program is to read (bytes).
_PIECE = 1 << 20
#: Characters of a login shell's last words that an error repeats.
_LAST_WORDS = 200
#: The most that is kept of what a program says on stdout to its end, in one line, or last on stderr
#: (bytes): a machine that was added may be anything by now.
_MOST = 1 << 20
#: How much is remembered of what a login shell prints before (bytes): its last words.
_NOISE = 4096
#: How long the end of stderr may come after that of stdout, in seconds.
_STDERR_AFTER = 5.0


@dataclass(frozen=True)
class Ran:
    """A program that has ended; `status` is its exit status, -1 where a signal ended it."""

    status: int
    stdout: bytes
    stderr: bytes


def for_any_shell(text: str) -> str:
    """A command line by which any login shell has ``sh`` run this text as it stands."""
    return f"sh -c {shlex.quote(text)}"


class Program:
    """POSIX shell text that runs over there. All of it blocks but `close`.

    The login shell, any, is made to run ``sh -c``. Before the text comes a mark on stdout and on
    stderr; what a ``.bashrc`` has printed stands before it, and is dropped.
    """

    def __init__(
        self,
        transport: paramiko.Transport,
        target: Target,
        command: str,
        stdin: bytes,
        seconds: float,
        stdin_stays: bool = False,
    ) -> None:
        """Its stdin ends after `stdin`, or where that stays, when the connection does.

        Raises `ssh_failed`, reason ``lost``, where no program starts within `seconds`.
        """
        self._transport = transport
        self._target = target
        number = secrets.token_hex(8)
        self._mark = f"\nrbee-{number}\n".encode()
        # Made by printf over there: a shell that echoes its commands must not show the whole mark.
        say = f"printf '\\nrbee-%s\\n' {number}"
        try:
            self._channel = transport.open_session(timeout=seconds)
            self._channel.exec_command(for_any_shell(f"{say}; {say} >&2; {command}"))
        except (paramiko.SSHException, EOFError, OSError):
            raise self._lost() from None
        self._noise: bytes | None = b""
        self._stderr = bytearray()
        self._listener = start_thread(self._listen)
        start_thread(lambda: self._feed(stdin, stdin_stays))

    def read(self) -> bytes:
        """The next piece of its stdout, b"" at the end.

        Raises `ssh_failed`, reason ``shell``, where the login shell ended before it began.
        """
        while True:
            data = self._channel.recv(_CHUNK)
            if self._noise is None:
                return data
            if not data:
                raise self._never_ran()
            before, mark, after = (self._noise + data).partition(self._mark)
            self._noise = None if mark else before[-_NOISE:]
            if after:
                return after

    def status(self) -> int:
        """Its exit status, once `read` has come to the end. Raises `ssh_failed`, ``lost``."""
        status = self._channel.recv_exit_status()
        if status == -1 and not self._transport.is_active():
            raise self._lost()
        return status

    def stderr(self) -> bytes:
        """What it has said on stderr until its end."""
        self._listener.join(_STDERR_AFTER)
        said = bytes(self._stderr)
        return said.partition(self._mark)[2] if self._mark in said else said

    def finish(self) -> Ran:
        """Waits for its end. Raises `ssh_failed`, reason ``lost``, where it says too much."""
        said = b""
        while len(said) <= _MOST and (piece := self.read()):
            said += piece
        if len(said) > _MOST:
            self.close()
            raise self.says_too_much(_MOST)
        return Ran(self.status(), said, self.stderr())

    def close(self) -> None:
        """Leaves it alone; whoever reads comes to the end."""
        with contextlib.suppress(OSError, EOFError, paramiko.SSHException):
            self._channel.close()

    def _feed(self, data: bytes, stays: bool) -> None:
        # Errors are dropped: a program need not read its input.
        with contextlib.suppress(OSError, EOFError):
            # In pieces: paramiko copies what is left of one with each packet.
            for at in range(0, len(data), _PIECE):
                self._channel.sendall(data[at : at + _PIECE])
            if not stays:
                self._channel.shutdown_write()

    def _listen(self) -> None:
        with contextlib.suppress(OSError, EOFError):
            while data := self._channel.recv_stderr(_CHUNK):
                self._stderr += data
                del self._stderr[:-_MOST]

    def _never_ran(self) -> Exception:
        status = self.status()
        words = (self.stderr() + (self._noise or b"")).decode("utf-8", "replace").strip()
        last = words.splitlines()[-1].strip()[:_LAST_WORDS] if words else ""
        return ssh_failed(
            "shell",
            f"the login shell of {self._target.user} on {self._target.name} ends with status "
            f"{status} before it runs anything{f': {last}' if last else ''}",
            f"look into ~/.bashrc there; this has to work: ssh {self._target.login} true",
            status=status,
        )

    def says_too_much(self, most: int) -> Exception:
        """The error where it says more than `most` bytes."""
        return ssh_failed(
            "lost",
            f"a program on {self._target.name} says more than {most} bytes, and was left alone",
            f"look what answers there: ssh {self._target.login}",
        )

    def _lost(self) -> Exception:
        return ssh_failed(
            "lost",
            f"the SSH connection to {self._target.name} broke off",
            "look whether that machine is on and reachable, then try again",
        )


class LineReader:
    """Takes pieces of text and gives whole lines, without their ends."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, piece: bytes) -> list[str]:
        """The lines that `piece` ends; with b"", the last one that had no end."""
        *lines, self._rest = (self._rest + piece).split(b"\n")
        self._rest = self._rest[:_MOST]
        if not piece and self._rest:
            lines, self._rest = [self._rest], b""
        return [line.decode("utf-8", "replace").removesuffix("\r") for line in lines]
