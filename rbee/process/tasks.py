"""Several tasks at once, on an event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


async def first_and_soon_after(
    tasks: Sequence[asyncio.Task[T]], patience: float
) -> list[T | BaseException]:
    """What each task comes to, those given up that take `patience` seconds longer than the first.

    What failed does not count as first; what was given up is a CancelledError.
    """
    try:
        pending: set[asyncio.Task[T]] = set(tasks)
        while pending and not any(task.done() and not task.exception() for task in tasks):
            _, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
        if pending:
            await asyncio.wait(pending, timeout=patience)
    finally:
        for task in tasks:
            task.cancel()
        come_to = await asyncio.gather(*tasks, return_exceptions=True)
    return come_to
