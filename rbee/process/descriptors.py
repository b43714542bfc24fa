"""How many descriptors this process may have open: connections, files, pipes."""

from __future__ import annotations

import resource

#: As many as a queen of a thousand machines uses; the kernels' own bounds lie above.
_WANTED = 16384
#: What macOS takes where it says "unlimited" (OPEN_MAX).
_TAKEN = 10240


def raise_limit() -> int:
    """As many as this process may raise it to, up to what a large swarm needs; the limit then."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return _WANTED
    for wanted in (_WANTED, _TAKEN):
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        if most <= soft:
            break
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
        except (ValueError, OSError):
            continue  # less than it says
        return most
    return soft
