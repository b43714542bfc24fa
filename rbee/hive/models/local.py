"""Models that nobody fetches: the one that ships with rbee, and files of this machine. Phase 7."""

from __future__ import annotations

import itertools
import os
from pathlib import Path

from rbee.hive.models.catalog import ModelRow, row_of, stored_file
from rbee.hive.models.gguf.header import changing, header_of_file, require_model
from rbee.hive.models.split import parts_of
from rbee.process.content import content_id, kind_of
from rbee.wire.errors import RbeeError, nearest
from rbee.wire.model_ref import BUNDLED, ModelRef

#: A missing file's name is compared with at most this many names of its folder.
_NEIGHBOURS = 1000


def bundled_path() -> Path:
    """Where the model that ships with rbee lies."""
    return Path(__file__).with_name("bundled") / f"{BUNDLED}.gguf"


def row_of_local(ref: ModelRef) -> ModelRow:
    """The row of the bundled model, or of a ``file:`` with all its parts and its projector; blocks
    while they are read. Raises `model_not_found`, or `model_invalid` for what is no model."""
    path = str(bundled_path()) if ref.source == "bundled" else ref.path
    if not os.path.isfile(path):  # unlike Path, it takes a name that no disk would
        kind = _kind_at(path)
        near = "" if kind else _near(path)
        raise RbeeError(
            "model_invalid" if kind else "model_not_found",
            f"{path} is {kind}, and no file" if kind else f"{path} is not on this machine",
            near or "check the path; it is read on the machine of the hive",
            {"path": path},
        )
    paths = parts_of(path)
    if projector := _projector_beside(path) if ref.source == "file" else "":
        paths = (*paths, projector)
    before = content_id(paths)
    header = header_of_file(paths[0])
    require_model(header, path)
    files = [stored_file(each, owned=False, is_projector=each == projector) for each in paths]
    row = row_of(ref, files, header, header.quant)
    if content_id(paths) != before:
        raise changing(path)
    return row


def sees_all(ref: ModelRef, row: ModelRow) -> bool:
    """Whether the projector that lies beside a file of somebody's own by now is in its row."""
    return bool(row.projector) or not _projector_beside(ref.path)


def _kind_at(path: str) -> str:
    """What lies at a path, where that is no file; empty: nothing."""
    try:
        return kind_of(os.stat(path).st_mode)
    except (OSError, ValueError):
        return ""


def _near(path: str) -> str:
    """A question after the file of that folder that was meant most likely; else empty."""
    folder, name = os.path.split(path)
    try:
        with os.scandir(folder) as entries:
            meant = nearest(name, [entry.name for entry in itertools.islice(entries, _NEIGHBOURS)])
    except (OSError, ValueError):  # there is no such folder either
        return ""
    return f"did you mean file:{os.path.join(folder, meant)}?" if meant else ""


def _projector_beside(path: str) -> str:
    """Where the projector of a model of somebody's own lies; empty: there is none."""
    from rbee.hive.models.projectors import beside  # late: most models are the hub's

    folder, name = os.path.split(path)
    try:
        with os.scandir(folder) as entries:
            found = beside(name, [each.name for each in itertools.islice(entries, _NEIGHBOURS)])
        projector = os.path.join(folder, found) if found else ""
        return projector if projector and header_of_file(projector).is_projector else ""
    except (OSError, RbeeError):  # what is no projector belongs to somebody else
        return ""
