"""Work in the background, whose end always has somebody who sees it.

`spawn` is for work that goes on by itself: its owner is told how it ended, whatever that was.
`begin` is for work that the one who begins it also awaits. `in_thread` is for work that blocks, and
`in_own_thread` for what blocks as long as it likes.
These are the only places of rbee that make a task or a pool of threads (`make check` sees to it).
A task that dies unseen leaves everybody waiting who waits for what it was to do; work that hangs
keeps its thread, so that each kind of it has threads of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import functools
import logging
import threading
from collections.abc import Callable, Collection, Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

from rbee.wire.errors import RbeeError

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

T = TypeVar("T")

log = logging.getLogger(__name__)

#: How a task ended: None, what it raised, or a CancelledError.
End = BaseException | None

#: The event loop itself holds its tasks by weak references alone.
_running: set[asyncio.Task[Any]] = set()


def spawn(
    work: Coroutine[Any, Any, T], name: str, on_end: Callable[[End], object]
) -> asyncio.Task[T]:
    """Sets to work, and calls `on_end` once with how that ended, also where it never began.

    What nobody foresaw (no `RbeeError`) goes into the log of this program with its traceback.
    """
    task = begin(work, name)
    task.add_done_callback(functools.partial(_tell, name, on_end))
    return task


def begin(work: Coroutine[Any, Any, T], name: str = "") -> asyncio.Task[T]:
    """Sets to work; the caller awaits the task, or cancels it and does not care."""
    task = asyncio.create_task(work, name=name or None)
    _running.add(task)
    task.add_done_callback(_over)
    return task


class Threads:
    """The threads for one kind of blocking work: `most` at once, and what comes then stands in
    line. None is started before there is work for it.

    asyncio's own pool is left to the lookup of names, which it does there by itself.
    """

    def __init__(self, kind: str, most: int) -> None:
        self.kind = kind
        self.most = most
        self._pool: ThreadPoolExecutor | None = None

    def pool(self) -> ThreadPoolExecutor:
        """The pool, made now where this is the first work of its kind."""
        if self._pool is None:
            from concurrent.futures import ThreadPoolExecutor  # late: a keeper has no such work

            self._pool = ThreadPoolExecutor(self.most, self.kind)
        return self._pool


#: What programs of every role have to do in threads.
DATABASE = Threads("database", 4)
DISK = Threads("disk", 4)
DEVICES = Threads("devices", 2)
MODULES = Threads("modules", 2)


async def in_thread(kind: Threads, work: Callable[..., T], *arguments: Any) -> T:
    """What `work` returns or raises in a thread of its kind.

    Whatever it raises arrives: a future takes no StopIteration, and a SystemExit of a library
    would end this whole program; both come as a RuntimeError that names them.
    """
    loop = asyncio.get_running_loop()
    # As asyncio.to_thread does it: the thread sees the context variables of whoever asks.
    context = contextvars.copy_context()
    pool = kind.pool()
    return await loop.run_in_executor(pool, context.run, contained, work, *arguments)


def contained(work: Callable[..., T], *arguments: Any) -> T:
    """What `work` returns or raises, as `in_thread` has it: for an executor of one's own."""
    try:
        return work(*arguments)
    except BaseException as error:
        wrapped = raisable(error)
        if wrapped is error:
            raise
        raise wrapped from error


def raisable(error: BaseException) -> Exception:
    """`error` where it can be handed on through a future, else a RuntimeError that names it."""
    if isinstance(error, Exception) and not isinstance(error, StopIteration | StopAsyncIteration):
        return error
    named = RuntimeError(f"{type(error).__name__}: {error}")
    named.__cause__ = error
    return named


def in_own_thread(
    work: Callable[[], T],
    abandon: Callable[[T], object] = lambda _: None,
    name: str | None = None,
) -> asyncio.Future[T]:
    """What `work` comes to in a thread of its own, which keeps no program from ending.

    Where nobody waits for that any more, `abandon` gets rid of it.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def fail(error: BaseException) -> None:
        if not future.done():
            future.set_exception(raisable(error))

    def succeed(result: T) -> None:
        if future.done():
            start_thread(lambda: abandon(result), name)
        else:
            future.set_result(result)

    def run() -> None:
        try:
            result = work()
        except BaseException as error:
            with contextlib.suppress(RuntimeError):  # the loop has ended, and nobody waits any more
                loop.call_soon_threadsafe(fail, error)
            return
        try:
            loop.call_soon_threadsafe(succeed, result)
        except RuntimeError:
            abandon(result)

    start_thread(run, name)
    return future


def start_thread(work: Callable[[], object], name: str | None = None) -> threading.Thread:
    """A thread that runs `work` and is waited for by nobody at the end of the program."""
    thread = threading.Thread(target=work, name=name, daemon=True)
    thread.start()
    return thread


async def first_and_soon_after(tasks: Collection[asyncio.Task[Any]], patience: float) -> None:
    """Returns once all of the tasks are over, or `patience` seconds after the first that did not
    fail; then the others go on. Where it is cancelled, so are they."""
    try:
        pending: set[asyncio.Task[Any]] = set(tasks)
        while pending and not any(task.done() and not task.exception() for task in tasks):
            _, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
        if pending:
            await asyncio.wait(pending, timeout=patience)
    except asyncio.CancelledError:
        await called_off(tasks)
        raise


async def called_off(tasks: Collection[asyncio.Task[Any]]) -> None:
    """Cancels tasks, and returns once they are over."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _over(task: asyncio.Task[Any]) -> None:
    _running.discard(task)
    if not task.cancelled():
        task.exception()  # seen: asyncio need not complain about it


def _tell(name: str, on_end: Callable[[End], object], task: asyncio.Task[Any]) -> None:
    ended: End = asyncio.CancelledError() if task.cancelled() else task.exception()
    if ended is not None and not isinstance(ended, RbeeError | asyncio.CancelledError):
        log.error("%s failed", name, exc_info=ended)
    on_end(ended)
