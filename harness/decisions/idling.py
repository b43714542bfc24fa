"""What a hive is told of how long a worker may idle, asked in this process."""

from __future__ import annotations

import asyncio

import msgspec

from harness.decisions.side_by_side import beat
from rbee.queen.idling import Idling
from rbee.queen.registry import Registry
from rbee.queen.state import Hive
from rbee.wire.errors import RbeeError
from rbee.wire.messages.hives import Heartbeat
from rbee.wire.messages.workers import KeepWorker, WorkerState

_PATIENCE_S = 60.0
_USUAL = "as usual"
_WORKER = "worker-1"


def told_to(before: str, said: str, *, answers: bool = True, at_once: bool = False) -> str:
    """What a hive is told, one after the other, of a worker that may idle for `before` seconds,
    while those who use it say each of these; `at_once`: before the hive has answered."""
    return asyncio.run(_told_to(_seconds(before), said.split(", "), answers, at_once))


async def _told_to(before: float | None, said: list[str], answers: bool, at_once: bool) -> str:
    registry = Registry(_PATIENCE_S, lambda *_, **__: None)
    registry.woken("attic", "attic", "http://127.0.0.1:8600")
    told: list[str] = []
    all_said = asyncio.Event()

    def tells(seconds: float | None) -> None:
        worker = msgspec.structs.replace(
            beat(_WORKER, "cpu", WorkerState.READY, 0), may_idle_s=seconds
        )
        registry.beat(Heartbeat(hive_id="attic", timestamp="now", workers=[worker]))

    async def tell(_hive: Hive, wanted: KeepWorker) -> None:
        told.append(_USUAL if wanted.usual else f"{wanted.may_idle_s:g}")
        if at_once:
            await all_said.wait()
        if not answers:
            raise RbeeError("hive_unreachable", "it does not answer", "")
        tells(wanted.may_idle_s)

    tells(before)
    idling = Idling(registry, _PATIENCE_S, tell)
    telling = None
    for each in said:
        telling = idling.let("attic", _WORKER, _seconds(each))
        if at_once:
            await asyncio.sleep(0)
        elif telling is not None:
            await telling
    all_said.set()
    if telling is not None:
        await telling
    return ", ".join(told) or "nothing"


def _seconds(said: str) -> float | None:
    return None if said in (_USUAL, "nothing") else float(said)
