"""Errands: what the queen does for a client that is no job. Waking hives, having a model fetched.

Each has a story of its own, like a job. Nobody is left who reads it: then it is dropped.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

from rbee.http.client import Peer
from rbee.http.events import EventLog
from rbee.queen.catalog import HiveCatalog
from rbee.queen.hives import LOCAL, Hives
from rbee.queen.registry import Hive
from rbee.wire import addresses
from rbee.wire import narration as say_so
from rbee.wire.addresses import model_path
from rbee.wire.errors import ErrorBody, RbeeError, no_such
from rbee.wire.messages import (
    AddHive,
    HiveAdded,
    HivesAwake,
    ModelView,
    Provisioned,
    ProvisionModel,
    ProvisionStarted,
    decode,
)
from rbee.wire.narration import Line, say

log = logging.getLogger(__name__)

#: How many errands that are over can still be read about.
_KEPT = 64


class Errand:
    """One of them, and the story of it."""

    def __init__(self) -> None:
        self.errand_id = secrets.token_hex(8)
        self.events = EventLog()
        self.task: asyncio.Task[None] | None = None

    def say(self, line: Line, **facts: object) -> None:
        """Narrates to whoever asked for it."""
        self.events.narrate(say(line, facts, self.errand_id))


class Errands:
    """The errands of a queen."""

    def __init__(self, hives: Hives, catalog: HiveCatalog) -> None:
        self._hives = hives
        self._catalog = catalog
        self._errands: dict[str, Errand] = {}

    def wake(self, node: str | None) -> Errand:
        """Wakes hive `node`, or all, and asks for their devices."""

        async def work(errand: Errand) -> HivesAwake:
            hives = await self._awake(node, errand)
            return HivesAwake(hives=[hive.hive_id for hive in hives])

        return self._begin(work)

    def add(self, hive_id: str, wanted: AddHive) -> Errand:
        """Looks at a machine and makes it a hive of this swarm."""

        async def work(errand: Errand) -> HiveAdded:
            devices = await self._hives.add(hive_id, wanted, errand.say)
            return HiveAdded(hive_id=hive_id, devices=devices)

        return self._begin(work)

    def pull(self, ref: str, node: str | None) -> Errand:
        """Has hive `node`, or the one beside the queen, fetch a model."""

        async def work(errand: Errand) -> Provisioned:
            (hive,) = await self._awake(node or LOCAL, errand)
            peer = self._hives.peer(hive, errand.errand_id)
            return await self._hives.unless_offline(hive, self._pull(ref, peer, errand))

        return self._begin(work)

    def get(self, errand_id: str) -> Errand:
        """An errand by its id. Raises `not_found`."""
        try:
            return self._errands[errand_id]
        except KeyError:
            raise RbeeError(
                "not_found", f"no errand {errand_id} is known to this queen", "ask for it again"
            ) from None

    def stories(self) -> list[EventLog]:
        """What is told of the errands that are under way."""
        return [each.events for each in self._errands.values() if not each.events.closed]

    def running(self) -> list[asyncio.Task[None]]:
        """What is under way."""
        tasks = [each.task for each in self._errands.values() if each.task is not None]
        return [task for task in tasks if not task.done()]

    async def cancel(self, errand: Errand) -> None:
        """Drops an errand, and waits until it is over; one that is over already is left alone."""
        if errand.task is not None:
            errand.task.cancel()
            await asyncio.wait([errand.task])

    async def _awake(self, node: str | None, errand: Errand) -> list[Hive]:
        await self._hives.living(node, errand.say)
        hives = await self._hives.awake(node, errand.say)
        if not hives and node is not None:
            known = [row.hive_id for row in await asyncio.to_thread(self._catalog.list)]
            raise no_such("hive", node, known, "rbee-keeper hives lists them")
        return hives

    async def _pull(self, ref: str, peer: Peer, errand: Errand) -> Provisioned:
        found = await _found(ref, peer)
        if found is not None:
            errand.say(say_so.MODEL_FOUND, model_ref=ref)
            return Provisioned(model_ref=ref, path=found.path, size_bytes=found.size_bytes)
        wanted = ProvisionModel(model_ref=ref)
        started = await peer.post(addresses.MODELS_PROVISION, wanted, ProvisionStarted)
        errand.say(say_so.MODEL_ASKED, model_ref=ref)
        async for frame in peer.events(started.events_url):
            if frame.event in ("narration", "progress"):
                errand.events.forward(frame.body)
            elif frame.event == "done":
                return decode(frame.data, Provisioned)
            elif frame.event == "error":
                raise RbeeError.from_body(decode(frame.data, ErrorBody))
        raise RbeeError("hive_unreachable", f"{peer.name} is going to sleep", "try again")

    def _begin(self, work: Callable[[Errand], Awaitable[Any]]) -> Errand:
        errand = Errand()
        self._errands[errand.errand_id] = errand
        errand.task = asyncio.create_task(self._run(errand, work))
        over = [each.errand_id for each in self._errands.values() if each.events.closed]
        for errand_id in over[: max(0, len(over) - _KEPT)]:
            del self._errands[errand_id]
        return errand

    async def _run(self, errand: Errand, work: Callable[[Errand], Awaitable[Any]]) -> None:
        try:
            done = await work(errand)
        except asyncio.CancelledError:
            errand.events.cancelled()
        except RbeeError as error:
            errand.events.error(error.body(errand.errand_id))
        except Exception:
            log.exception("errand %s failed", errand.errand_id)
            lost = RbeeError("internal", "the queen lost her way", "rbee-keeper logs queen")
            errand.events.error(lost.body(errand.errand_id))
        else:
            errand.events.done(done)


async def _found(ref: str, peer: Peer) -> ModelView | None:
    try:
        return await peer.get(model_path(ref), ModelView)
    except RbeeError as error:
        if error.code != "model_not_found" or not ref.startswith("HF:"):
            raise
        return None
