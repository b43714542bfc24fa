"""What is told of one piece of the queen's work, a job or an operation, to whoever follows it."""

from __future__ import annotations

import asyncio
import secrets

from rbee.http.client import Peer
from rbee.http.events import EventLog
from rbee.wire import narration
from rbee.wire.errors import ErrorBody, RbeeError
from rbee.wire.messages.basics import decode
from rbee.wire.messages.models import (
    MODEL,
    PROVISION_MODEL,
    FindModel,
    Provisioned,
    ProvisionModel,
)
from rbee.wire.narration import Line, say


class TrackedTask:
    """Its events, and the task whose work they tell."""

    def __init__(self) -> None:
        self.task_id = secrets.token_hex(8)
        self.events = EventLog()
        self.task: asyncio.Task[None] | None = None

    def say(self, line: Line, **facts: object) -> None:
        """Narrates."""
        self.events.narrate(say(line, facts, self.task_id))

    def let_go(self) -> None:
        """Keeps of a story that is over no more than its end, and tells so whoever asks for it."""
        gone = narration.size(self.events.size)
        self.events.forget(say(narration.STORY_GONE, {"size": gone}, self.task_id))

    async def relay(self, peer: Peer, path: str, after_first: Line | None = None) -> bytes:
        """Passes on narration and progress of a peer's stream; the data of its `done`.

        `after_first` is what the queen adds to the first line of it. Raises the error in which
        the stream ends.
        """
        async for frames in peer.events(path):
            for _, event, data in frames:
                if event in ("narration", "progress"):
                    self.events.forward(event, data)
                    if after_first is not None:
                        self.say(after_first)
                        after_first = None
                elif event == "done":
                    return data
                elif event == "error":
                    raise RbeeError.from_body(decode(data, ErrorBody))
        raise RbeeError("hive_unreachable", f"{peer.name} is going to sleep", "try again")

    async def have_model(
        self, peer: Peer, ref: str, newest: bool = False, *, may_fetch: bool = True
    ) -> Provisioned:
        """Phase 7: sees to it that a hive has a model, with `newest` as the hub has it now.

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
            if newest and ref.startswith("HF:"):
                started = await peer.call(PROVISION_MODEL, wanted)
                return decode(await self.relay(peer, started.events_url), Provisioned)
            return Provisioned(model_ref=ref, path=found.path, size_bytes=found.size_bytes)
        started = await peer.call(PROVISION_MODEL, wanted)
        self.say(narration.MODEL_ASKED, model_ref=ref)
        done = await self.relay(peer, started.events_url)
        self.say(narration.MODEL_READY)
        return decode(done, Provisioned)
