"""A hive as the queen speaks to it."""

from __future__ import annotations

from typing import Any, TypeVar

import aiohttp

from rbee.http.client import Peer
from rbee.queen.registry import Hive, Registry
from rbee.wire import addresses

T = TypeVar("T")


class HivePeer(Peer):
    """A hive whose answer is not waited for any longer when it falls silent."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        hive: Hive,
        registry: Registry,
        job_id: str,
        hub_token: str = "",
    ) -> None:
        """`hub_token` goes to a hive of this machine, or through a tunnel; nowhere in the open."""
        super().__init__(session, hive.url, f"hive {hive.hive_id}", correlation_id=job_id)
        if hub_token and addresses.is_loopback(addresses.host_of(hive.url)):
            self._headers[addresses.HUB_TOKEN_HEADER] = hub_token
        self._hive_id = hive.hive_id
        self._registry = registry

    async def _call(self, method: str, path: str, kind: type[T], **options: Any) -> T:
        call = super()._call(method, path, kind, **options)
        return await self._registry.unless_offline(lambda: self._hive_id, call)
