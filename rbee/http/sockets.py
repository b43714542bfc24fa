"""A socket that listens, or why there is none."""

from __future__ import annotations

import errno
import socket

from rbee.wire.errors import RbeeError, invalid


def listen(host: str, port: int, upward: int) -> socket.socket:
    """A socket that listens on a port, 0 being any, or on one of so many above it. Raises
    `port_in_use`, and `invalid_request` for an address that this machine has not."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for candidate in range(port, port + upward + 1):
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, candidate))
            listener.listen(1024)
        except OSError as error:
            listener.close()
            if error.errno == errno.EADDRINUSE and candidate < port + upward:
                continue
            raise _cannot_bind(host, candidate, error) from None
        listener.setblocking(False)
        return listener
    raise AssertionError("the loop above returns or raises")


def _cannot_bind(host: str, port: int, error: OSError) -> RbeeError:
    if error.errno == errno.EADDRINUSE:
        return RbeeError(
            "port_in_use",
            f"port {port} on {host} is held by another program",
            "end that program, or choose another port (0 takes any free one)",
            {"host": host, "port": port},
        )
    return invalid(
        f"cannot listen on {host}:{port}: {error.strerror}",
        "name an address of this machine and a port above 1023",
        host=host,
        port=port,
    )
