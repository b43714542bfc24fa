"""How fast this machine reads its RAM: measured once, and kept with what it was measured on.

A bounded read by all usable cores at a time. `memcmp` of the C library reads two areas, in wide
steps and without the interpreter's lock. What is read is larger than the caches of most machines;
the fastest of a few times counts, since others use the memory, too.
"""

from __future__ import annotations

import ctypes
import threading
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

#: The most that is read at once, by all threads together, and how often (bytes).
_MOST, _TIMES = 256 * 1024 * 1024, 5
#: The share of the free RAM that may be taken for it.
_SHARE = 8
#: Less than this says nothing (bytes).
_LEAST = 16 * 1024 * 1024


class _Kept(msgspec.Struct):
    machine: str
    gb_per_second: float


def kept_in(file: Path, machine: Callable[[], str]) -> float:
    """GB (10^9 bytes) per second that were measured on this `machine`; 0: none were."""
    try:
        kept = msgspec.json.decode(file.read_bytes(), type=_Kept)
    except (OSError, msgspec.MsgspecError):
        return 0.0
    return kept.gb_per_second if kept.machine == machine() else 0.0


def measured(machine: str, cores: int, free: int) -> str:
    """What `kept_in` reads, measured now with so many cores and bytes of RAM that are free; takes
    a tenth of a second or two, and blocks."""
    speed = _measure(cores, free)
    return msgspec.json.encode(_Kept(machine, round(speed, 1))).decode() + "\n"


def _measure(cores: int, free: int) -> float:
    each = min(_MOST, free // _SHARE) // (2 * cores)
    if 2 * each * cores < _LEAST:
        return 0.0
    areas = [(bytearray(each), bytearray(each)) for _ in range(cores)]
    for area in (area for pair in areas for area in pair):
        # Written to, since pages that were never written are all the same one, in the cache.
        ctypes.memset((ctypes.c_char * each).from_buffer(area), 1, each)
    fastest = min(_seconds(areas, each) for _ in range(_TIMES))
    return 2 * each * cores / fastest / 1e9


def _seconds(areas: list[tuple[bytearray, bytearray]], each: int) -> float:
    """How long all cores take to read these areas once, at the same time."""
    compare = ctypes.CDLL(None).memcmp
    compare.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t]
    begin = threading.Barrier(len(areas) + 1)

    def read(pair: tuple[bytearray, bytearray]) -> None:
        one, other = ((ctypes.c_char * each).from_buffer(area) for area in pair)
        begin.wait()
        compare(ctypes.addressof(one), ctypes.addressof(other), each)

    threads = [threading.Thread(target=read, args=(pair,)) for pair in areas]
    for thread in threads:
        thread.start()
    begin.wait()
    began = time.monotonic()
    for thread in threads:
        thread.join()
    return time.monotonic() - began
