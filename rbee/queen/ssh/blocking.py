"""Blocking work beside the event loop, in threads that keep no program from ending."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import TypeVar

from rbee.process.tasks import raisable

T = TypeVar("T")


async def in_thread(work: Callable[[], T], abandon: Callable[[T], object]) -> T:
    """What `work` returns or raises; it runs in a thread of its own.

    Where the one who waits is cancelled, `abandon` gets rid of what nobody waits for any more.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def fail(error: BaseException) -> None:
        if not future.done():
            future.set_exception(raisable(error))

    def succeed(result: T) -> None:
        if future.done():
            start(lambda: abandon(result))
        else:
            future.set_result(result)

    def run() -> None:
        try:
            result = work()
        except BaseException as error:
            _tell(loop, fail, error)
        else:
            if not _tell(loop, succeed, result):
                abandon(result)

    start(run)
    return await future


def start(work: Callable[[], object]) -> threading.Thread:
    """A thread that runs `work` and is waited for by nobody at the end of the program."""
    thread = threading.Thread(target=work, name="ssh", daemon=True)
    thread.start()
    return thread


def _tell(loop: asyncio.AbstractEventLoop, hear: Callable[[T], None], what: T) -> bool:
    """Whether the loop is still there to hear of it."""
    try:
        loop.call_soon_threadsafe(hear, what)
    except RuntimeError:
        return False
    return True
