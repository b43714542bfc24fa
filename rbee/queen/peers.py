"""The hives and workers of the swarm as the queen speaks to them, each with its own secret."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import Any, TypeVar

import aiohttp

from rbee.http.client import Peer
from rbee.process.deadline import timeout
from rbee.process.tasks import begin
from rbee.queen.hive_directory import HiveDirectory
from rbee.queen.machines import Here
from rbee.queen.registry import Registry
from rbee.queen.state import Hive
from rbee.wire import addresses, proof
from rbee.wire.errors import RbeeError
from rbee.wire.messages.basics import HEALTH, Unreachable
from rbee.wire.messages.models import MODEL, FindModel
from rbee.wire.routes import Route

Q = TypeVar("Q")
T = TypeVar("T")


class Peers:
    """Makes clients for hives and workers."""

    def __init__(
        self,
        here: Here,
        session: aiohttp.ClientSession,
        registry: Registry,
        directory: HiveDirectory,
    ) -> None:
        self._here = here
        self._session = session
        self._registry = registry
        self._directory = directory

    def hive(
        self, hive: Hive, job_id: str = "", hub_token: str = "", *, patient: bool = False
    ) -> Peer:
        """A hive to speak to, for a job, with the hub's token of whoever asked for that.

        `patient`: until its heartbeats say that it is offline.
        """
        patience = None if patient else self._here.settings.list_patience
        return _HivePeer(
            self._session,
            hive,
            self._registry,
            self._credential(hive),
            job_id,
            patience,
            hub_token,
        )

    def silent_hive(self, hive: Hive) -> Peer:
        """A hive to speak to that has fallen silent, which one of `hive` would not be asked."""
        credential = self._credential(hive)
        return Peer(self._session, hive.url, credential, credential.name)

    def _credential(self, hive: Hive) -> proof.Credential:
        secret = proof.hive_secret(self._here.token, hive.hive_id)
        return proof.Credential(secret, proof.hive_name(hive.hive_id), forwarded=hive.tunnelled)

    async def worker(self, hive_id: str, url: str, worker_id: str, job_id: str = "") -> Peer:
        """A worker to speak to, for a job, which its hive knows at `url`."""
        hive = self._registry.hives.get(hive_id)
        secret = proof.worker_secret(proof.hive_secret(self._here.token, hive_id), worker_id)
        name = proof.worker_name(worker_id)
        return Peer(
            self._session,
            await self._directory.known(hive_id).way_to(url),
            proof.Credential(secret, name, forwarded=hive is not None and hive.tunnelled),
            name,
            "worker_crashed",
            job_id,
        )

    async def ask_each(
        self, route: Route[Q, T], wanted: Q, hives: Collection[Hive] | None = None
    ) -> tuple[list[tuple[Hive, T]], list[Unreachable]]:
        """What each hive (of `hives`) answers, asked side by side, and those that do not answer.

        Each has its own short time. A hive that has fallen silent is one of those; one that sleeps
        is not asked.
        """
        patience = self._here.settings.list_patience

        async def answer(hive: Hive) -> T | str:
            """What it answers, or why that is not known."""
            try:
                async with timeout(patience):
                    return await self.hive(hive, patient=True).call(route, wanted)
            except RbeeError as error:
                return error.message
            except asyncio.TimeoutError:
                return f"it takes longer than {patience:g} s"

        asked = list(self._registry.hives.values() if hives is None else hives)
        answers = await asyncio.gather(*map(answer, asked))
        known = [(hive, one) for hive, one in zip(asked, answers) if not isinstance(one, str)]
        unknown = [(hive.hive_id, one) for hive, one in zip(asked, answers) if isinstance(one, str)]
        if hives is None:
            unknown += [(hive_id, "it has fallen silent") for hive_id in self._registry.silent()]
        return known, [Unreachable(hive_id=hive_id, why=why) for hive_id, why in sorted(unknown)]

    async def holders(self, model_ref: str, hives: Collection[Hive]) -> frozenset[str]:
        """Those of `hives` that have a model on their disk, as far as they say so in time."""
        found, _ = await self.ask_each(MODEL, FindModel(ref=model_ref), hives)
        return frozenset(hive.hive_id for hive, _ in found)


class _HivePeer(Peer):
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
                    raise _silent(self._hive_id)
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


def _silent(hive_id: str) -> RbeeError:
    """The error for a hive that does not answer, and has not been given up yet."""
    return RbeeError(
        "hive_unreachable",
        f"hive {hive_id} does not answer",
        "look whether that machine is busy, frozen or cut off; rbee-keeper hives tells more",
        {"silent": True},
    )
