"""What a stream tells a reader whose patience is over, in this process."""

from __future__ import annotations

import asyncio
import types
from typing import Any, cast

from rbee.queen.front.answering import Asker, RequestWork
from rbee.queen.front.offer import Offer
from rbee.queen.tracked_task import TrackedTask
from rbee.wire import narration
from rbee.wire.settings import Settings

#: How long the program is patient, and far less than until a comment is due (seconds).
_PATIENCE_S = 0.02
_AT_ONCE_S = 5.0


def is_told_at_once() -> bool:
    """Whether the end of patience is told where it comes while a line is being sent."""
    return asyncio.run(_is_told())


async def _is_told() -> bool:
    loop = asyncio.get_running_loop()
    offer = cast(Offer, types.SimpleNamespace(settings=Settings()))
    work, task = RequestWork(offer, Asker(None, "minillama")), TrackedTask()
    work.follow(task)
    told = work.events(loop.time() + _PATIENCE_S)
    task.say(narration.WAIT_PREPARING, model_ref="minillama")
    news, _ = await told.__anext__()
    assert news, "what is narrated is news"
    await asyncio.sleep(2 * _PATIENCE_S)  # being sent
    try:
        comes: Any = await asyncio.wait_for(told.__anext__(), _AT_ONCE_S)
    except asyncio.TimeoutError:
        return False
    finally:
        await told.aclose()
    return bool(comes == ([], False))
