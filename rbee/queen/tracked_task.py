"""A piece of the queen's work, a job or what she does for a client that is none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rbee.http.client import Peer
from rbee.http.operation import Operation
from rbee.wire import narration
from rbee.wire.errors import RbeeError
from rbee.wire.messages.basics import decode
from rbee.wire.messages.events import Progress
from rbee.wire.messages.models import MODEL, PROVISION_MODEL, FindModel, Provisioned, ProvisionModel
from rbee.wire.narration import Line


class TrackedTask(Operation):
    """One of them; what it tells is marked with its id."""

    def __init__(self) -> None:
        super().__init__("queen")
        self.mark = self.id
        #: Is told each of its lines, as a `Narration` or as a hive has sent it.
        self.overhear: Callable[[Any], None] = lambda line: None
        self._latest: Any = None

    @property
    def latest_progress(self) -> Progress | None:
        """How far it, or what it waits for, is; None: it has not said, or nonsense."""
        if isinstance(self._latest, bytes):
            try:
                self._latest = decode(self._latest, Progress)
            except RbeeError:
                self._latest = None
        return None if self.is_over else self._latest

    def emit(self, name: str, message: Any) -> None:
        """See `Operation`."""
        super().emit(name, message)
        self._note(name, message)

    def forward(self, name: str, data: bytes) -> None:
        """See `Operation`."""
        super().forward(name, data)
        self._note(name, data)

    def _note(self, name: str, data: Any) -> None:
        if name == "narration":
            self.overhear(data)
        elif name == "progress":
            self._latest = data

    async def relay_hive(self, peer: Peer, path: str, after_first: Line | None = None) -> bytes:
        """Passes on what a hive tells of its part; the data of its `done`. See `relay`."""
        end, data = await self.relay(peer, peer.events(path), after_first)
        if end != "done":
            raise RbeeError("hive_unreachable", f"{peer.name} is going to sleep", "try again")
        return data

    async def have_model(
        self,
        peer: Peer,
        ref: str,
        newest: bool = False,
        *,
        may_fetch: bool = True,
        when_known: Callable[[], None] = lambda: None,
    ) -> Provisioned:
        """Phase 7: sees to it that a hive has a model, with `newest` as the hub has it now.

        `when_known` is called once it is told whether the model is there.
        Raises `model_not_found` where it is to be fetched and may not.
        """
        wanted = ProvisionModel(model_ref=ref, newest=newest)
        try:
            found = await peer.call(MODEL, FindModel(ref=ref))
        except RbeeError as error:
            if error.code != "model_not_found" or not ref.startswith("HF:") or not may_fetch:
                raise
        else:
            self.say(narration.MODEL_FOUND, model_ref=ref)
            when_known()
            if newest and ref.startswith("HF:"):
                started = await peer.call(PROVISION_MODEL, wanted)
                return decode(await self.relay_hive(peer, started.events_url), Provisioned)
            return Provisioned(model_ref=ref, path=found.path, size_bytes=found.size_bytes)
        started = await peer.call(PROVISION_MODEL, wanted)
        self.say(narration.MODEL_ASKED, model_ref=ref)
        when_known()
        done = await self.relay_hive(peer, started.events_url)
        self.say(narration.MODEL_READY)
        return decode(done, Provisioned)
