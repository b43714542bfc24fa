"""A model that writes ahead of another: which one a worker is started with, whether it can, and
whether that has gained anything. Phase 9.

The draft proposes some tokens, which the model then reads at once instead of making one after the
other; what it would not have written itself is dropped, so that the answer stays its own. A small
draft of a large model makes it faster; one that is as large, or proposes what the model does not
write, makes it slower. Where it gains nothing it is left out.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from rbee.hive.models.catalog import ModelRow
from rbee.hive.models.gguf.header import GgufHeader
from rbee.hive.models.pooling import makes
from rbee.hive.models.provisioner import Provisioner
from rbee.hive.workers.worker import Worker
from rbee.process import whole_file
from rbee.process.content import content_id, open_regular
from rbee.process.tasks import DISK, in_thread
from rbee.wire.errors import RbeeError
from rbee.wire.messages.workers import LEAST_GAIN, EngineFacts, StartWorker
from rbee.wire.model_ref import ModelRef, parse_model_ref
from rbee.wire.placement import Placement

#: By how many tokens, at the end, a vocabulary may be longer, as in llama.cpp: some are padded.
_PADDING = 128
#: What of a tokenizer has to be the same, besides its tokens.
_SAME = ("tokenizer.ggml.model", "tokenizer.ggml.pre")
#: Of how many pairs of models on how many devices it is remembered what they gained.
_MOST_KEPT = 100


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
        """The draft as one that is not used, and why."""
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
        orders = worker.orders
        contents = content_id(orders.model_paths), content_id(orders.draft_paths)
        devices = orders.placement.devices
        await in_thread(DISK, Gains(self._file).keep, *contents, devices, gain)


def why_not(model: Sequence[GgufHeader], draft: Sequence[GgufHeader], *, is_same: bool) -> str:
    """Why a draft cannot write ahead of a model, in words; empty: it can. `is_same`: they have the
    same tokens."""
    head, other = model[0], draft[0]
    if any(header.is_projector for header in model):
        return "the model is shown pictures, which a draft does not see"
    if makes(head) != "texts" or makes(other) != "texts":
        return "it takes two models that write"
    if not is_same or any(head.metadata.get(key) != other.metadata.get(key) for key in _SAME):
        return (
            "its vocabulary is another one than the model's; "
            "take a smaller model of the same family"
        )
    return ""


def same_tokens(model: GgufHeader, path: str, draft: GgufHeader, draft_path: str) -> bool:
    """Whether two files have the same tokens, but for some at the end of the longer list. Blocks.

    Raises `OSError`.
    """
    one, other = model.tokens, draft.tokens
    if not one.count or not other.count or abs(one.count - other.count) > _PADDING:
        return False
    size = min(one.end - one.begin, other.end - other.begin)
    return _read(path, one.begin, size) == _read(draft_path, other.begin, size)


def _read(path: str, begin: int, size: int) -> bytes:
    with open_regular(path) as file:
        return os.pread(file, size, begin)


class Gains:
    """What drafts have gained here, in a file: it is measured once, while a worker loads."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def of(self, content: str, draft: str, devices: str) -> float:
        """How many times as fast a model was with a draft; 0: that was not measured. Blocks."""
        return self._kept().get(_key(content, draft, devices), 0.0)

    def keep(self, content: str, draft: str, devices: str, gain: float) -> None:
        """Remembers what was measured. Blocks; a disk that takes nothing is no reason to fail."""
        kept = self._kept()
        kept.pop(_key(content, draft, devices), None)
        kept[_key(content, draft, devices)] = round(gain, 2)
        newest = dict(list(kept.items())[-_MOST_KEPT:])
        with contextlib.suppress(OSError):
            whole_file.write(self._file, msgspec.json.encode(newest) + b"\n")

    def _kept(self) -> dict[str, float]:
        return whole_file.read_as(self._file, dict[str, float]) or {}


def _key(content: str, draft: str, devices: str) -> str:
    return f"{content} {draft} {devices}"
