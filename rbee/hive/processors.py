"""How many cores this machine's programs may use, and how many threads an engine gets of them.

Phases 4 and 9. An engine computes in lockstep: each of its threads waits for the slowest at every
step, so one thread too many, that has no core to itself, holds up all others (eight on one core:
3.3 times slower than one), while a thread too few leaves a core idle. Two logical processors of one
physical core have one set of arithmetic units between them, so physical cores count.
"""

from __future__ import annotations

import math
import os
import subprocess
import sys
from collections.abc import Collection
from pathlib import Path

from rbee.hive.control_groups import limits_of_this_process
from rbee.hive.kernel_files import text_of

#: Where a processor's file tells which others share its core.
_SIBLINGS = "sys/devices/system/cpu/cpu{}/topology/{}"
#: By its newer name and by the one before.
_SIBLING_FILES = ("core_cpus_list", "thread_siblings_list")
#: Up to so many bytes of weights a step is shorter than what threads take to wait for one another:
#: with the model of 1 MB a second thread gives a quarter more while it is busy, and takes two
#: thirds of the speed when it was idle for a second before.
_ONE_THREAD_IS_ENOUGH = 16 * 1024 * 1024


def usable_cores(
    root: Path = Path("/"),
    processors: Collection[int] | None = None,
    quota: float | None = None,
) -> int:
    """Physical cores that this process may keep busy, at least 1.

    `processors` are the numbers of the logical processors it may run on, `quota` is processor
    time over time that it may use; None: as the system says. A quota of 1.5 is one core: who is
    behind with a second thread is stopped for the rest of the period, and with it the first.
    """
    if processors is None:
        if sys.platform == "darwin":
            return _performance_cores(os.cpu_count() or 1)
        processors = os.sched_getaffinity(0)
        quota = limits_of_this_process(root).processors if quota is None else quota
    cores = len({_core_of(root, number) for number in processors})
    if quota is not None:
        cores = min(cores, math.floor(quota))
    return max(1, cores)


def engine_threads(cores: int, weights: int) -> int:
    """Threads for a model of so many bytes of weights where so many cores may be used."""
    return 1 if weights <= _ONE_THREAD_IS_ENOUGH else cores


def _core_of(root: Path, number: int) -> str:
    """A name of the physical core of a logical processor: the list of those that share it."""
    names = (text_of(root / _SIBLINGS.format(number, name)) for name in _SIBLING_FILES)
    return next(filter(None, names), str(number))


def _performance_cores(otherwise: int) -> int:
    """Of a Mac: its fast cores; the slow ones would hold them up."""
    for name in ("hw.perflevel0.physicalcpu", "hw.physicalcpu"):
        count = sysctl(name)
        if count.isdecimal():
            return max(1, int(count))
    return otherwise


def sysctl(name: str) -> str:
    """What a Mac says of itself under a name; empty where it does not."""
    asked = ["/usr/sbin/sysctl", "-n", name]
    return subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
