"""A machine that is reached through a program, as ``ProxyCommand`` in ``~/.ssh/config`` asks."""

from __future__ import annotations

import os
import socket
import subprocess

from rbee.process.tasks import start_thread

#: The most that is kept of what the program complains of (bytes), and how long its end is waited
#: for (seconds).
_MOST, _PATIENCE_S = 4096, 2.0


class Proxy:
    """A program whose stdin and stdout lead to an SSH server: they are the other end of `socket`.

    It is started as OpenSSH starts it, and ends when `socket` is closed or with `close`, also where
    this process is killed, since its stdin ends then.
    """

    def __init__(self, command: str) -> None:
        self.socket, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                ["/bin/sh", "-c", f"exec {command}"],
                stdin=theirs.fileno(),
                stdout=theirs.fileno(),
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        self._said = b""
        self._reaper = start_thread(self._reap)

    def close(self) -> None:
        """Ends the program."""
        self.socket.close()
        self._process.terminate()

    def complaint(self) -> str:
        """The last line of what it has said on stderr before it ended; "" where it did not."""
        self._reaper.join(_PATIENCE_S)
        lines = self._said.decode("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines and not self._reaper.is_alive() else ""

    def _reap(self) -> None:
        """Reads all that it says, so that it never waits for a reader, and collects its status."""
        assert self._process.stderr is not None
        with self._process.stderr as stderr:
            while piece := os.read(stderr.fileno(), _MOST):
                self._said = (self._said + piece)[-_MOST:]
        self._process.wait()
