"""The files of a plan on this disk: which are here, where the others go, and what is trusted.

What is fetched lies below the models folder; what the hub's cache holds stays there.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from rbee.hive.models import hub
from rbee.hive.models.catalog import ModelRow, StoredFile, row_of, stored_file
from rbee.hive.models.download import arrived_size
from rbee.hive.models.gguf.header import (
    GgufHeader,
    check_size,
    header_of_file,
    read_header,
    require_model,
)
from rbee.hive.models.model_plan import HubFile, ModelPlan, Patience
from rbee.process import owned
from rbee.wire.errors import RbeeError


class PlanFiles(NamedTuple):
    """The files of a plan on this disk: in the hub's cache, `here` under another name or of an
    earlier version, by name, or in `folder`, where those that are fetched go."""

    plan: ModelPlan
    folder: Path
    here: Mapping[str, StoredFile]

    def missing(self) -> list[HubFile]:
        """Those that have to be fetched."""
        return [
            file for file in self.plan.files if not file.cached_path and file.name not in self.here
        ]

    def path(self, file: HubFile) -> str:
        """Where one lies, or will."""
        stored = self.here.get(file.name)
        return stored.path if stored else file.cached_path or str(self.folder / file.name)

    def arrived_size(self) -> int:
        """Bytes of them that are on the disk."""
        left = sum(file.size - arrived_size(file, self.path(file)) for file in self.missing())
        return self.plan.size_bytes - left

    def checked_row(self) -> ModelRow:
        """The catalog row of the model, all of it fetched; what is none leaves the disk again."""
        plan = self.plan
        paths = [self.path(file) for file in plan.files]
        try:
            headers = [header_of_file(path) for path in paths]
            require_model(headers[0], plan.files[0].name)
        except RbeeError:
            for file in self.missing():
                Path(self.path(file)).unlink(missing_ok=True)
            raise
        files = [
            self._stored(file, header.is_projector) for file, header in zip(plan.files, headers)
        ]
        return row_of(plan.ref, files, headers[0], plan.quant, plan.commit)

    def _stored(self, file: HubFile, is_projector: bool) -> StoredFile:
        known = self.here.get(file.name)
        return stored_file(
            self.path(file),
            file.sha256,
            known.owned if known else not file.cached_path,
            file.name,
            file.etag,
            is_shared=bool(file.cached_path) and bool(open_to_others([file])),
            is_projector=is_projector,
        )


def open_to_others(files: Sequence[HubFile]) -> list[HubFile]:
    """Those files of a cache that somebody else may have written."""
    return [file for file in files if owned.distrust(Path(file.cached_path)) is not None]


def unvouched(file: HubFile) -> RbeeError:
    """The error for a file that somebody else may have put there, and no hub was asked about."""
    reason = owned.distrust(Path(file.cached_path))
    why = f": {reason.why}" if reason else ""
    return RbeeError(
        "download_failed",
        f"others may have put {file.name} into the Hugging Face cache, and the hub cannot be asked"
        f" whether it is right{why}",
        "let the hub be reached once, or have the cache belong to you or root, with nobody else"
        " writing there (chmod -R go-w)",
        {"path": file.cached_path, "repo": file.repo},
    )


def header_on_hub(file: HubFile, patience: Patience) -> GgufHeader:
    """The header of a file that is not here yet. Raises what the hub says, and `model_invalid`."""

    def read(offset: int, size: int) -> bytes:
        return hub.read_range(file, offset, size, patience)

    name = f"{file.repo}/{file.name}"
    try:
        header = read_header(read, name)
        check_size(header, file.size, name)
    except RbeeError as error:
        if error.code == "model_invalid":
            # To fetch it again would bring the same.
            error.suggestion = f"name another file or quant, or another repository than {file.repo}"
        raise
    return header


def require_inside(models: Path, folder: Path, plan: ModelPlan) -> None:
    """Refuse a plan one of whose files would lie elsewhere than below the models folder.

    Links are followed as far as they go. Raises `RbeeError` `home_unusable`.
    """
    root = os.path.realpath(models)
    for file in plan.files:
        place = os.path.realpath(os.path.dirname(folder / file.name))
        if os.path.commonpath([root, place]) != root:
            raise RbeeError(
                "home_unusable",
                f"{plan.ref.repo} would be written to {place}, which is outside of {root}",
                f"remove the link that leads out of {models}",
                {"path": place},
            )
