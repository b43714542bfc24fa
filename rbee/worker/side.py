"""A side's life: it computes on devices of its machine for a worker of another one.

It opens no file and no port, and reads no model: weights and all else come by the one stream that
it was started with. It ends when that does, and with its hive.
"""

from __future__ import annotations

import os
import sys

from rbee.process.lifeline import Lifeline
from rbee.process.tasks import start_thread
from rbee.wire.errors import RbeeError
from rbee.wire.messages.sides import SideOrders
from rbee.worker.confined import bound_memory, confine
from rbee.worker.engines import engine_called


def compute(lifeline: Lifeline, engine_name: str) -> None:
    """Computes as it is ordered to until nobody wants it any more, then ends this process."""
    engine = engine_called(engine_name)
    orders = lifeline.orders(SideOrders)
    if engine.remote is not None:
        lifeline.or_say_why(engine.remote.load)  # now: once it is confined it may read no library
    bound_memory(orders.memory_limit)
    if orders.confine_workers:
        confine(files=[], on_gpu=any(orders.devices), folder="", write=[orders.log])
    start_thread(_leave_with_parent, "lifeline")
    status = 1
    try:
        if engine.remote is not None:
            engine.remote.serve(orders)
            status = 0
    except RbeeError as error:
        print(error.message, file=sys.stderr)
    os._exit(status)


def _leave_with_parent() -> None:
    """The hive holds the other end of stdin as long as it wants this process."""
    while sys.stdin.buffer.read(1):
        pass
    os._exit(0)
