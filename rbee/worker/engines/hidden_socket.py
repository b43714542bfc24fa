"""A socket on which an engine serves this process, and nobody else.

llama.cpp serves HTTP wherever it is used, a page and headers for the pages of others among it. On a
port, every user of the machine and every browser on it could ask. So it is given a Unix socket in a
folder that its owner alone may enter, which is tidied up with what is temporary.
"""

from __future__ import annotations

import http.client
import os
import socket
import sys
import tempfile

#: llama.cpp knows by this end that it is no name of a host.
_NAME = "engine.sock"
#: What it is called once it listens. A worker connects to short names alone; see `process.seccomp`.
_SHORT = "e"
_HOST = "localhost"


class HiddenSocket:
    """The way to an engine that is to listen at `path`."""

    def __init__(self) -> None:
        self._folder = tempfile.mkdtemp(prefix="rbee-engine-")
        if sys.platform == "linux":
            # Wherever it is (TMPDIR): the address of a socket has 107 bytes at most (unix(7)).
            folder = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            self._folder = f"/dev/fd/{folder}"
        self.path = os.path.join(self._folder, _NAME)
        self._reached_at = self.path

    def is_listened_at(self) -> None:
        """To be called once the engine listens at `path`: it is reached from then on."""
        if sys.platform == "linux":
            self._reached_at = os.path.join(self._folder, _SHORT)
            os.rename(self.path, self._reached_at)

    def connection(self, patience: float) -> http.client.HTTPConnection:
        """A connection to the engine, on which an answer may take `patience` seconds."""
        connection = http.client.HTTPConnection(_HOST, timeout=patience)
        connection.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.sock.settimeout(patience)
        connection.sock.connect(self._reached_at)
        return connection
