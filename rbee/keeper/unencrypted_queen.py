"""A queen of another machine who is spoken to without encryption, and how to reach her by SSH."""

from __future__ import annotations

import shlex
import socket

from rbee.wire import addresses

#: How far the tunnel's local port is above the queen's, which a queen here may use.
_ABOVE = 10


def warning(url: str) -> str:
    """That others can read what is said to the queen at `url`, and what to type instead.

    The tunnel leads to the address that she is reached at from here: on her own machine its name
    may mean the loopback address, where she need not listen.
    """
    there = addresses.at(url)
    assert there is not None, "the address of a queen was checked when it was read"
    host, port = there
    here = port + _ABOVE if port + _ABOVE < 65536 else port - _ABOVE
    forward = addresses.base_url(_address_of(host), port).removeprefix("http://")
    tunnel = shlex.join(["ssh", "-N", "-L", f"{here}:{forward}", host])
    return (
        f"the queen at {url} is spoken to without encryption: "
        "whoever is on that network reads what is typed and answered\n"
        f"  encrypted: --queen {addresses.encrypted(url)}; "
        f"through SSH: {tunnel}, and --queen {addresses.base_url('127.0.0.1', here)}"
    )


def _address_of(host: str) -> str:
    try:
        return str(socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)[0][4][0])
    except OSError:
        return host
