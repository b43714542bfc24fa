"""Feeds one target, in a process of its own that the kernel holds to its limits.

Memory: an address space that may grow by so much (Linux; macOS does not keep to it). Time: a timer
of the CPU that is set anew for each input, and a slower one of the clock; both end the process,
inside of C, too. What was being tried stands in memory that the parent shares.
"""

from __future__ import annotations

import json
import mmap
import os
import random
import resource
import signal
import sys
import time
import traceback
from collections.abc import Callable
from types import CodeType, FrameType
from typing import Any, NamedTuple

from harness.fuzz.mutation import LARGEST, Mutator
from harness.fuzz.targets import Target
from rbee.wire.errors import RbeeError
from rbee.wire.messages.basics import encode

_MIB = 1024 * 1024
#: A run of the clock is so much longer than one of the CPU, on a machine that does other things.
_CLOCK = 30
#: One input in so many is also looked at for what it reaches, which takes ten times as long.
_LOOKED_AT = 3
#: Inputs that reach something new are mutated further; at most so many are remembered.
_POOL = 2000
#: What is told of an error may not be longer (characters).
_LONGEST_TOLD = 8100


class FuzzFinding(NamedTuple):
    """What an input did that it should not; `where` tells findings apart."""

    where: str
    why: str
    data: bytes


class TriedInput:
    """The input that is being tried, for whoever looks at what a child died of."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, LARGEST + 8)

    def write(self, data: bytes) -> None:
        """Notes what is tried now."""
        self._memory[:8] = len(data).to_bytes(8, "little")
        self._memory[8 : 8 + len(data)] = data

    def read(self) -> bytes:
        """What was tried last."""
        length = int.from_bytes(self._memory[:8], "little")
        return self._memory[8 : 8 + length]


def feed(
    target: Target,
    given: list[bytes],
    seed: str,
    until: Callable[[int], bool],
    shared: TriedInput,
    looking: bool,
) -> dict[str, Any]:
    """Tries the `given` inputs, then new ones while `until` (of how many were tried) is false;
    `looking`: those that reach something new lead to others.

    Returns the counts and the findings, each once.
    """
    draw = random.Random(f"{target.name} {seed}")
    mutator = Mutator(draw, target.words, target.make)
    pool = list(given) or [b""]
    reached: set[tuple[CodeType, int, int]] = set()
    findings: dict[str, FuzzFinding] = {}
    tried = 0
    _limit_memory(target.mebibytes)
    while tried < len(given) or not until(tried):
        data = given[tried] if tried < len(given) else _next(mutator, pool)
        finding = _try(target, data, shared)
        if finding is not None and finding.where not in findings:
            findings[finding.where] = _smaller(target, finding, shared)
        if looking and (tried < len(given) or tried % _LOOKED_AT == 0):
            before = len(reached)
            _reach(target, data, reached)
            if len(reached) > before and len(data) < 20_000:
                pool.append(data)
                if len(pool) > _POOL:
                    del pool[draw.randrange(len(pool))]
        tried += 1
    found = [[each.where, each.why, each.data.hex()] for each in findings.values()]
    return {"tried": tried, "reached": len(reached), "found": found}


def live(
    target: Target,
    given: list[bytes],
    seed: str,
    until: Callable[[int], bool],
    shared: TriedInput,
    looking: bool,
    writing: int,
) -> None:
    """Feeds, tells what came of it, and ends this process."""
    try:
        told = json.dumps(feed(target, given, seed, until, shared, looking)).encode()
        with open(writing, "wb") as pipe:
            pipe.write(told)
        os._exit(0)
    except BaseException:
        traceback.print_exc()
        os._exit(3)


def _try(target: Target, data: bytes, shared: TriedInput) -> FuzzFinding | None:
    shared.write(data)
    _set_timers(target.seconds)
    try:
        target.judge(data)
    except RbeeError as error:
        return _ill_told(error, data)
    except target.allowed:
        return None
    except Exception as error:
        raised = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{type(error).__name__} at {os.path.basename(raised.filename)}:{raised.lineno}"
        return FuzzFinding(where, f"{where}: {str(error)[:200]}", data)
    finally:
        _set_timers(0)
    return None


def _next(mutator: Mutator, pool: list[bytes]) -> bytes:
    try:
        return mutator.mutate(pool)
    except MemoryError:  # it is the same process that makes them
        return b""


def _ill_told(error: RbeeError, data: bytes) -> FuzzFinding | None:
    """An error that is of the right type, and cannot be told."""
    try:
        encode(error.body())
    except Exception as failed:
        why = f"an error whose body cannot be sent ({failed!r}): {error.message[:100]!r}"
        return FuzzFinding(f"unsendable {error.code}", why, data)
    if len(error.message) + len(error.suggestion) > _LONGEST_TOLD:
        why = f"an error of {len(error.message)} characters: {error.message[:100]!r}"
        return FuzzFinding(f"endless {error.code}", why, data)
    return None


def _set_timers(seconds: float) -> None:
    signal.setitimer(signal.ITIMER_PROF, seconds)
    signal.setitimer(signal.ITIMER_REAL, seconds * _CLOCK)


def _limit_memory(mebibytes: int) -> None:
    for number in (signal.SIGPROF, signal.SIGALRM):
        signal.signal(number, signal.SIG_DFL)
    try:
        with open("/proc/self/statm") as told:
            now = int(told.read().split()[0]) * resource.getpagesize()
    except OSError:
        return
    most = now + mebibytes * _MIB
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


def _smaller(target: Target, finding: FuzzFinding, shared: TriedInput) -> FuzzFinding:
    """The same finding with less of its input, as far as a second of trying gets."""
    end = time.monotonic() + 1
    data = finding.data
    step = len(data) // 2
    while step and time.monotonic() < end:
        at = 0
        while at < len(data) and time.monotonic() < end:
            less = _try(target, data[:at] + data[at + step :], shared)
            if less is not None and less.where == finding.where:
                finding, data = less, less.data
            else:
                at += step
        step //= 2
    return finding


def _reach(target: Target, data: bytes, reached: set[tuple[CodeType, int, int]]) -> None:
    """Adds the steps from line to line in rbee's own files that an input takes."""
    last: dict[CodeType, int] = {}

    def step(frame: FrameType, event: str, argument: Any) -> Any:
        if event == "line":
            code, line = frame.f_code, frame.f_lineno
            reached.add((code, last.get(code, 0), line))
            last[code] = line
        return step

    def call(frame: FrameType, event: str, argument: Any) -> Any:
        return step if "/rbee/" in frame.f_code.co_filename else None

    _set_timers(target.seconds * 20)
    sys.settrace(call)
    try:
        target.judge(data)
    except Exception:
        pass  # it has been told
    finally:
        sys.settrace(None)
        _set_timers(0)
