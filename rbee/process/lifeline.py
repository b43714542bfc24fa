"""A child's end of its lifeline: orders in, reports out, and the news that the parent is gone.

Started with ``--ready-fd N`` a daemon reads its orders from the first line of stdin, reports on
descriptor N, and leaves when stdin ends, unless it was told to stay. On Linux the kernel's
parent-death signal stands behind that for hives and workers, which may be too stuck to read. A
queen has none: she may have a job of somebody else to finish, and machines to put to sleep.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import msgspec

from rbee.process.child import STAY
from rbee.wire.errors import ErrorBody, RbeeError
from rbee.wire.messages.basics import decode, encode
from rbee.wire.messages.orders import Report
from rbee.wire.messages.workers import EngineFacts
from rbee.wire.narration import Narration

if TYPE_CHECKING:
    import asyncio

T = TypeVar("T")

_PR_SET_PDEATHSIG = 1


class Lifeline:
    """What ties a daemon to the process that started it.

    The ready descriptor stays open: that it ends is how the parent sees that this process did.
    """

    def __init__(self, ready_fd: int) -> None:
        self._ready_fd = ready_fd
        os.set_inheritable(ready_fd, False)

    def orders(self, kind: type[T], *later: type[object]) -> T:
        """Blocks until the orders have come. Exits in peace when the parent ends without any.

        `later` are messages that will come, too: to look at one for the first time takes msgspec a
        millisecond, in which nobody waits yet.
        """
        for each in (kind, *later):
            msgspec.json.Decoder(each)
        line = sys.stdin.buffer.readline()
        if not line.endswith(b"\n"):
            os._exit(0)
        return decode(line, kind, "orders")

    def or_say_why(self, attempt: Callable[[], T]) -> T:
        """What `attempt` returns; an error it raises is reported and ends this process."""
        try:
            return attempt()
        except RbeeError as error:
            self.failed(error.body())
            os._exit(1)

    def narrate(self, narration: Narration) -> None:
        """Says something before the HTTP server is up."""
        self._report(Report(narration=narration))

    def facts(self, engine: EngineFacts) -> None:
        """Tells the parent what this worker's engine can do."""
        self._report(Report(engine=engine))

    def ready(self, url: str, instance: str) -> None:
        """Tells the parent where this daemon listens."""
        self._report(Report(url=url, pid=os.getpid(), instance=instance))

    def failed(self, error: ErrorBody) -> None:
        """Tells the parent why this daemon cannot start."""
        self._report(Report(error=error))

    @property
    def is_heard(self) -> bool:
        """Whether anybody listens to what is reported."""
        import select

        poll = select.poll()
        poll.register(self._ready_fd, 0)
        return not poll.poll(0)

    def watch(self, on_gone: Callable[[], None], on_stay: Callable[[], None]) -> None:
        """Calls `on_gone` on the running loop when the parent ends, unless `on_stay` came first."""
        import asyncio

        loop = asyncio.get_running_loop()
        descriptor = sys.stdin.fileno()
        os.set_blocking(descriptor, False)
        loop.add_reader(descriptor, self._read, loop, descriptor, on_gone, on_stay)

    def _read(
        self,
        loop: asyncio.AbstractEventLoop,
        descriptor: int,
        on_gone: Callable[[], None],
        on_stay: Callable[[], None],
    ) -> None:
        try:
            chunk = os.read(descriptor, 4096)
        except OSError:
            chunk = b""  # a lifeline that cannot be read holds nobody
        if STAY in chunk:
            die_with_parent(None)
            on_stay()
            loop.remove_reader(descriptor)
        elif not chunk:
            loop.remove_reader(descriptor)
            on_gone()

    def _report(self, report: Report) -> None:
        try:
            os.write(self._ready_fd, encode(report) + b"\n")
        except BrokenPipeError:
            pass  # nobody listens any more; the lifeline will say so too


def die_with_parent(number: signal.Signals | None) -> None:
    """Has the kernel send `number` to this process when its parent dies; None takes it back.

    Linux only; elsewhere the lifeline alone does it.
    """
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, int(number or 0), 0, 0, 0)
