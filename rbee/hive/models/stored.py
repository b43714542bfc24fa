"""What lies in the folder of the models that rbee has fetched."""

from __future__ import annotations

import contextlib
from pathlib import Path

from rbee.hive.models.catalog import ModelRow
from rbee.hive.models.model_plan import repo_folder
from rbee.wire.model_ref import ModelRef


def unfinished(models: Path, ref: ModelRef, rows: tuple[ModelRow, ...]) -> list[Path]:
    """The files on the disk of a repository that belong to no model in the catalog."""
    if ref.source != "hf":
        return []
    whole = {path for row in rows for path in row.paths}
    there = (models / repo_folder(ref.repo)).rglob("*")
    return [path for path in there if path.is_file() and str(path) not in whole]


def take_off(models: Path, paths: list[Path]) -> None:
    """Removes files of the models, and the folders that are empty then. Blocks."""
    for path in paths:
        path.unlink(missing_ok=True)
        for folder in path.parents:
            if models not in folder.parents:
                break
            with contextlib.suppress(OSError):  # it holds other files
                folder.rmdir()
