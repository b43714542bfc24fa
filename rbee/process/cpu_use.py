"""Whether a program works, told by the CPU time that it uses. Pure.

What works on one long batch says nothing until the batch is done. The machine knows better: a
program that waits for nothing uses no CPU time at all.
"""

from __future__ import annotations

#: The share of one core below which a program idles. An engine that has nothing to do uses 0.00006
#: of one (measured); one that computes on a machine that is far too busy still gets more than this.
_LEAST_SHARE = 0.001


def uses_cpu(used: float, elapsed: float) -> bool:
    """Whether `used` seconds of CPU time in `elapsed` seconds are work."""
    return used > 0 and used >= _LEAST_SHARE * elapsed
