"""Whether the answer to a challenge is believed, and who holds the other end of a connection.

A proof that is relayed looks the same whether a tunnel relays it or somebody who has taken the
tunnel's port. Where the other end is on this machine, at any of its addresses, the kernel knows
which user's process holds it. The process that holds the connection is looked up, not the one that
listens: a process may stop listening after it has accepted.
"""

from __future__ import annotations

import contextlib
import os
import socket
import sys

from rbee.wire import proof

#: How an address of IPv4 begins in the table of IPv6.
_MAPPED = b"0000000000000000FFFF0000"


def believed(shown: str | None, nonce: str, ends: proof.Ends, credential: proof.Credential) -> bool:
    """Whether the other side knows the secret, and is who is meant; see `proof.holds`.

    Who passes a connection on is this user, or root, where that is done on this machine and the
    connection is not encrypted up to whoever has proved it.
    """
    if not proof.holds(shown, nonce, ends, credential):
        return False
    return bool(ends.key) or proof.is_direct(shown, ends) or not is_another_users(ends)


def is_another_users(ends: proof.Ends) -> bool:
    """Whether the server's end of a connection is on this machine, and held by somebody but this
    user and root.

    Linux tells that; elsewhere nobody is found.
    """
    server, client = _as_told(ends.server), _as_told(ends.client)
    wanted = {(server, client), (_MAPPED + server, _MAPPED + client)}
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with contextlib.suppress(OSError), open(table, "rb") as rows:
            for row in rows:
                _, local, remote, _, _, _, _, uid, *_ = row.split()
                if (local, remote) in wanted:
                    return int(uid) not in (os.getuid(), 0)
    return False


def _as_told(end: str) -> bytes:
    """An end as those tables have it: words of 32 bits, as this processor writes numbers."""
    host, _, port = end.rpartition(":")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    packed = socket.inet_pton(family, host.partition("%")[0])
    words = [packed[at : at + 4] for at in range(0, len(packed), 4)]
    address = b"".join(b"%08X" % int.from_bytes(word, sys.byteorder) for word in words)
    return b"%s:%04X" % (address, int(port))
