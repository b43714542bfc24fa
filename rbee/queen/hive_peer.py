"""A hive as the queen speaks to it."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp

from rbee.http.client import Peer
from rbee.process.deadline import timeout
from rbee.process.tasks import begin
from rbee.queen.registry import Registry
from rbee.queen.state import Hive
from rbee.wire import addresses, proof
from rbee.wire.errors import RbeeError
from rbee.wire.messages.basics import HEALTH
from rbee.wire.routes import Route


class HivePeer(Peer):
    """A hive whose answer is not waited for any longer when it falls silent.

    With `patience` (seconds) a question that takes longer is accompanied by another one, whether
    the hive is well, again and again: a program that works answers that at once, one that is frozen
    answers neither. Then `hive_unreachable` is raised, `silent` among its details.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        hive: Hive,
        registry: Registry,
        credential: proof.Credential,
        job_id: str,
        patience: float | None,
        hub_token: str,
    ) -> None:
        """`hub_token` goes to a hive of this machine, or through a tunnel; nowhere in the open."""
        super().__init__(session, hive.url, credential, credential.name, correlation_id=job_id)
        if hub_token and addresses.is_loopback(addresses.host_of(hive.url)):
            self._headers[addresses.HUB_TOKEN_HEADER] = hub_token
        self._hive_id = hive.hive_id
        self._registry = registry
        self._patience = patience

    async def call(self, route: Route[Any, Any], wanted: Any = None) -> Any:
        """See `Peer`."""
        call = super().call(route, wanted)
        if self._patience is not None:
            call = self._unless_frozen(call, self._patience)
        return await self._registry.unless_offline(lambda: self._hive_id, call)

    async def _unless_frozen(self, call: Any, patience: float) -> Any:
        answer = begin(call)
        try:
            while True:
                await asyncio.wait([answer], timeout=patience)
                if answer.done():
                    return answer.result()
                if not await self._is_well(patience) and not answer.done():
                    raise silent(self._hive_id)
        finally:
            if not answer.done():
                answer.cancel()
                await asyncio.gather(answer, return_exceptions=True)

    async def _is_well(self, patience: float) -> bool:
        try:
            async with timeout(patience):
                await super().call(HEALTH)
        except (RbeeError, asyncio.TimeoutError):
            return False
        return True


def silent(hive_id: str) -> RbeeError:
    """The error for a hive that does not answer, and has not been given up yet."""
    return RbeeError(
        "hive_unreachable",
        f"hive {hive_id} does not answer",
        "look whether that machine is busy, frozen or cut off; rbee-keeper hives tells more",
        {"silent": True},
    )
