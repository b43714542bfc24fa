"""Whether an answer to a challenge is believed, and whose a port of this machine is.

A proof that is passed on looks the same whether a tunnel does that or somebody who has taken the
tunnel's port. Where the port is on this machine, the kernel knows whose it is.
"""

from __future__ import annotations

import contextlib
import os

from rbee.wire import addresses, proof

#: ``LISTEN`` in the tables of the kernel.
_LISTENS = b"0A"
#: How the addresses end, in those tables, that a connection to the loopback address may reach.
_HERE = (b"7F", b"00000000", b"01000000")


def believed(told: str | None, nonce: str, ends: proof.Ends, credential: proof.Credential) -> bool:
    """Whether the other side knows the secret, and is who is meant; see `proof.holds`.

    A connection that is passed on begins at a port of this user's, or of root's, where it begins
    on this machine.
    """
    if not proof.holds(told, nonce, ends, credential):
        return False
    host, _, port = ends.server.rpartition(":")
    if proof.is_direct(told, ends) or not addresses.is_loopback(host):
        return True
    return not is_another_users(int(port))


def is_another_users(port: int) -> bool:
    """Whether somebody but this user and root listens on a loopback port of this machine.

    Linux tells that; elsewhere nobody is found.
    """
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with contextlib.suppress(OSError), open(table, "rb") as rows:
            next(rows, None)  # the names of the columns
            for row in rows:
                _, local, _, state, _, _, _, uid, *_ = row.split()
                address, _, found = local.rpartition(b":")
                is_it = state == _LISTENS and int(found, 16) == port and address.endswith(_HERE)
                if is_it and int(uid) not in (os.getuid(), 0):
                    return True
    return False
