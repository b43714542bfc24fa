"""How fast this machine reads its RAM: measured once, and kept with what it was measured on.

A bounded read by all usable cores at a time. `memcmp` of the C library reads two areas, in wide
steps and without the interpreter's lock. What is read is larger than the caches of most machines;
the fastest of a few times counts, since others use the memory, too, and none in which others had
the cores.
"""

from __future__ import annotations

import ctypes
import threading
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from rbee.process.whole_file import read_as

#: The most that is read at once, by all threads together, and how often (bytes).
_MOST, _TIMES = 256 * 1024 * 1024, 5
#: How long it is tried (seconds), and for which share of a time all cores must have worked for it.
_PATIENCE, _RAN = 2.0, 0.8
#: The share of the free RAM that may be taken for it.
_SHARE = 8
#: Less than this says nothing (bytes).
_LEAST = 16 * 1024 * 1024


class _Measured(msgspec.Struct):
    machine: str
    gb_per_second: float


def kept_in(file: Path, machine: Callable[[], str]) -> float:
    """GB (10^9 bytes) per second that were measured on this `machine`; 0: none were."""
    found = read_as(file, _Measured)
    return found.gb_per_second if found is not None and found.machine == machine() else 0.0


def kept(machine: str, gb_per_second: float) -> bytes:
    """The content of the file of `kept_in`."""
    return msgspec.json.encode(_Measured(machine, round(gb_per_second, 1))) + b"\n"


def measured(cores: int, free: int) -> float:
    """GB per second, measured now with so many cores and bytes of RAM that are free; 0: others
    keep the cores busy, or there is too little RAM. Takes some tenths of a second, and blocks."""
    each = min(_MOST, free // _SHARE) // (2 * cores)
    if 2 * each * cores < _LEAST:
        return 0.0
    areas = [(bytearray(each), bytearray(each)) for _ in range(cores)]
    for area in (area for pair in areas for area in pair):
        # Written to, since pages that were never written are all the same one, in the cache.
        ctypes.memset((ctypes.c_char * each).from_buffer(area), 1, each)
    found: list[float] = []
    end = time.monotonic() + _PATIENCE
    while len(found) < _TIMES and time.monotonic() < end:
        seconds = _seconds(areas, each)
        found += [seconds] if seconds else []
    return 2 * each * cores / min(found) / 1e9 if found else 0.0


def _seconds(areas: list[tuple[bytearray, bytearray]], each: int) -> float:
    """How long all cores take to read these areas once, at the same time; 0: they did not have
    their cores for themselves."""
    compare = ctypes.CDLL(None).memcmp
    compare.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t]
    begin = threading.Barrier(len(areas) + 1)
    used: list[float] = []

    def read(pair: tuple[bytearray, bytearray]) -> None:
        one, other = ((ctypes.c_char * each).from_buffer(area) for area in pair)
        begin.wait()
        began = time.thread_time()
        compare(ctypes.addressof(one), ctypes.addressof(other), each)
        used.append(time.thread_time() - began)

    threads = [threading.Thread(target=read, args=(pair,)) for pair in areas]
    for thread in threads:
        thread.start()
    begin.wait()
    began = time.monotonic()
    for thread in threads:
        thread.join()
    seconds = time.monotonic() - began
    return seconds if sum(used) > _RAN * seconds * len(areas) else 0.0
