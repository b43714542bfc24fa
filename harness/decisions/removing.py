"""What a queen's registry does with the heartbeats of a hive, asked in this process."""

from __future__ import annotations

import asyncio

from rbee.queen.registry import Registry
from rbee.wire.messages.hives import Heartbeat

_SILENCE_S = 60.0


def is_let_in(state: str, *, removed: bool) -> bool:
    """Whether the next heartbeat is taken over of a hive that was so, and whose machine was
    removed then, or not."""

    async def ask() -> bool:
        registry = Registry(_SILENCE_S, lambda *_, **__: None)
        registry.woken("attic", "attic", "http://127.0.0.1:8600")
        if state == "has fallen silent":
            registry.lost("attic")
        if removed:
            registry.gone("attic")
        return registry.beat(Heartbeat(hive_id="attic", timestamp="now", workers=[]))

    return asyncio.run(ask())
