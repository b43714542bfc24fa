"""Which draft a worker is started with: what of it is known before. Phase 9."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from rbee.process.content import content_id
from rbee.process.tasks import DISK, in_thread
from rbee.wire.errors import RbeeError
from rbee.wire.messages.workers import LEAST_GAIN, EngineFacts, StartWorker
from rbee.wire.model_ref import ModelRef, parse_model_ref
from rbee.wire.placement import Placement

if TYPE_CHECKING:
    from rbee.hive.models.catalog import ModelRow
    from rbee.hive.models.gguf import GgufHeader
    from rbee.hive.models.provisioner import Provisioner
    from rbee.hive.workers.worker import Worker


class Draft(NamedTuple):
    """A model that writes ahead of another: its files, their headers, and what it gained when that
    was measured (0: it was not). Without files there is none, and `why` says why, where somebody
    has wanted one."""

    ref: str = ""
    paths: Sequence[str] = ()
    headers: Sequence[GgufHeader] = ()
    gain: float = 0.0
    why: str = ""

    def left_out(self, why: str) -> Draft:
        """The same, which is not used."""
        return Draft(self.ref, gain=self.gain, why=why)


class Drafts:
    """The drafts of this hive, and what they gained, which is kept in its home."""

    def __init__(self, models: Provisioner, folder: Path) -> None:
        self._models = models
        self._file = folder / "drafts.json"

    async def of(
        self, wanted: StartWorker, placement: Placement, row: ModelRow, facts: EngineFacts
    ) -> Draft:
        """The draft of a worker that is to be started."""
        if not wanted.draft or wanted.vectors_up_to:
            return Draft()
        ref = parse_model_ref(wanted.draft)
        draft = Draft(str(ref))
        if "drafts" not in facts.can:
            return draft.left_out(f"engine {facts.engine} knows no drafts")
        if len(placement.parts) > 1:
            return draft.left_out("the model lies on several devices")
        try:
            return await self._fitting(draft, ref, placement, row)
        except (RbeeError, OSError) as error:
            return draft.left_out(str(error))

    async def _fitting(
        self, draft: Draft, ref: ModelRef, placement: Placement, row: ModelRow
    ) -> Draft:
        from rbee.hive.models.drafts import Gains, same_tokens, why_not  # late: few have one

        found = await self._models.find(ref)
        if found is None:
            return draft.left_out("it is not on this hive")
        model = await self._models.headers(parse_model_ref(row.ref))
        headers = await self._models.headers(ref)
        same = await in_thread(DISK, same_tokens, model[0], row.path, headers[0], found.path)
        if why := why_not(model, headers, is_same=same):
            return draft.left_out(why)
        contents = content_id(row.paths), content_id(found.paths)
        gain = await in_thread(DISK, Gains(self._file).of, *contents, placement.devices)
        draft = Draft(str(ref), found.paths, headers, gain)
        if 0 < gain < LEAST_GAIN:
            return draft.left_out(f"it gained nothing when that was measured ({gain:.2f} times)")
        return draft

    async def measured(self, worker: Worker, gain: float) -> None:
        """A worker has found out what its draft gains."""
        from rbee.hive.models.drafts import Gains  # late: few have one

        orders = worker.orders
        contents = content_id(orders.model_paths), content_id(orders.draft_paths)
        devices = orders.placement.devices
        await in_thread(DISK, Gains(self._file).keep, *contents, devices, gain)
