"""Work in the background, in this process: how its end reaches whoever waits for it."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import rbee
from rbee.hive.models.turns import next_of
from rbee.http.events import EventLog
from rbee.http.operation import Operation
from rbee.process import tasks
from rbee.process.deadline import timeout
from rbee.process.tasks import DATABASE, DISK, begin, in_thread
from rbee.wire import sse
from rbee.wire.errors import RbeeError

#: How long somebody waits for the end of work that takes no time, in seconds.
PATIENCE_S = 10.0
_POOLED = re.compile(r"\brun_in_executor\(|\bto_thread\(|\bThreadPoolExecutor\(")


def _raise(error: BaseException) -> None:
    raise error


async def _nothing() -> None:
    return None


async def _fail_as_meant() -> None:
    raise RbeeError("model_not_found", "minillama is not here")


def _raising(error: BaseException) -> Callable[[], Coroutine[Any, Any, None]]:
    return lambda: in_thread(DISK, _raise, error)


_WORK: dict[str, Callable[[], Coroutine[Any, Any, None]]] = {
    "raises what nobody foresaw": _raising(ValueError("the moon\n  is full")),
    "raises what says nothing": _raising(KeyError()),
    "raises what a future cannot hold": _raising(StopIteration(7)),
    "asks the whole program to end": _raising(SystemExit(3)),
    "fails as it is meant to fail": _fail_as_meant,
    "is cancelled before it began": _nothing,
    "has nothing to say": _nothing,
}


def told_of(ends: str) -> str:
    """What somebody who reads the story of such work is told at its end.

    Raises TimeoutError where nobody tells anything.
    """
    return asyncio.run(_told_of(ends))


def seconds_beside_what_hangs() -> float:
    """How long a database takes to answer while more work hangs than there are threads for it."""
    return asyncio.run(_seconds_beside_what_hangs())


async def _seconds_beside_what_hangs() -> float:
    goes_on = threading.Event()
    hanging = [begin(in_thread(DISK, goes_on.wait)) for _ in range(40)]
    began = time.monotonic()
    try:
        async with timeout(PATIENCE_S):
            await in_thread(DATABASE, str)
    finally:
        goes_on.set()
        await asyncio.gather(*hanging)
    return time.monotonic() - began


def pools_elsewhere() -> list[str]:
    """Where rbee makes threads for work, or has asyncio make them, but in the one place for it."""
    there = Path(rbee.__file__).parent
    return [
        f"{path.relative_to(there)}: {line.strip()}"
        for path in there.rglob("*.py")
        if path != Path(tasks.__file__)
        for line in path.read_text("utf-8").splitlines()
        if _POOLED.search(line)
    ]


def next_download(waiting: str, running: str, most: int, of_one: int) -> str:
    """The host of the download that begins, of those that wait; ``none`` where none does."""
    hosts = waiting.split()
    index = next_of(hosts, Counter(running.split()), most, of_one)
    return "none" if index is None else hosts[index]


async def _told_of(ends: str) -> str:
    operation = Operation("hive")
    logging.getLogger("rbee").setLevel(logging.CRITICAL)
    try:
        operation.begin(_WORK[ends](), "the work")
        if ends == "is cancelled before it began":
            operation.cancel()
        async with timeout(PATIENCE_S):
            return await _end_of(operation.events)
    finally:
        logging.getLogger("rbee").setLevel(logging.NOTSET)


async def _end_of(events: EventLog) -> str:
    reader = sse.FrameReader()
    async for piece in events.follow():
        for frame in reader.feed(piece):
            if frame.event == "error":
                return str(json.loads(frame.data)["message"])
            if not frame.is_done:
                return frame.event
    return "nothing"
