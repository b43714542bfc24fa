"""A socket on which an engine serves this process, and nobody else.

llama.cpp serves HTTP wherever it is used, a page and headers for the pages of others among it. On a
port, every user of the machine and every browser on it could ask. So it is given a Unix socket in a
folder that its owner alone may enter, and on Linux the name is gone as soon as it listens.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import socket
import sys
import tempfile
from collections.abc import Iterator

#: llama.cpp knows by this end that it is no name of a host.
_NAME = "engine.sock"
_HOST = "localhost"


class HiddenSocket:
    """The way to the engine behind a path at which it listens."""

    def __init__(self, path: str) -> None:
        self._path = path
        if sys.platform == "linux":
            # What is open keeps its place when its name is gone, and /proc leads there.
            self._path = f"/proc/self/fd/{os.open(path, os.O_PATH | os.O_CLOEXEC)}"

    @classmethod
    @contextlib.contextmanager
    def beginning(cls) -> Iterator[str]:
        """A path to listen at inside; on Linux it is gone afterwards.

        Elsewhere the folder stays as long as this process, and is tidied up with what is temporary:
        nobody connects to a socket without its name.
        """
        folder = tempfile.mkdtemp(prefix="rbee-engine-")
        path = os.path.join(folder, _NAME)
        try:
            yield path
        finally:
            if sys.platform == "linux":
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(path)
                os.rmdir(folder)

    def connection(self, patience: float) -> http.client.HTTPConnection:
        """A connection to the engine, on which an answer may take `patience` seconds."""
        connection = http.client.HTTPConnection(_HOST, timeout=patience)
        connection.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.sock.settimeout(patience)
        connection.sock.connect(self._path)
        return connection
