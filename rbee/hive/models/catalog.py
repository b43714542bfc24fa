"""The models a hive has on its disk: rows that survive a restart.

Phase 7, last step: a row is written only once every file of the model is complete, checked and on
the disk. Phase 9 asks it for the path that a worker loads.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from rbee.process.content import open_regular
from rbee.process.transactions import Database

if TYPE_CHECKING:
    from rbee.hive.models.gguf.header import GgufHeader
    from rbee.wire.model_ref import ModelRef

Status = Literal["ready", "missing", "changed"]

_BLOCK = 1024 * 1024

_MODELS = """CREATE TABLE IF NOT EXISTS models (
    ref VARCHAR NOT NULL PRIMARY KEY,
    repo VARCHAR NOT NULL,
    revision VARCHAR NOT NULL,
    path VARCHAR NOT NULL,
    files TEXT NOT NULL,
    size_bytes BIGINT NOT NULL,
    status VARCHAR NOT NULL,
    architecture VARCHAR NOT NULL,
    quant VARCHAR NOT NULL,
    context_length INTEGER NOT NULL,
    added_at_ms BIGINT NOT NULL,
    last_used_ms BIGINT NOT NULL
)"""
#: The files that no name leads to any more.
_SUPERSEDED = "CREATE TABLE IF NOT EXISTS superseded (path VARCHAR NOT NULL PRIMARY KEY)"
_FORGET = "DELETE FROM models WHERE ref = :ref"
_SWEPT = "DELETE FROM superseded WHERE path = :path"


class StoredFile(msgspec.Struct, frozen=True):
    """One file of a model, as it was when it was checked.

    `is_projector`: it is what the model is shown pictures by.

    `owned` files were put there by rbee and go when the model is removed; others lie in the
    user's hub cache, in the package, or where a `file:` reference points. `name` and `etag` are
    what the hub calls the file and its content. `ctime_ns`, where it is not 0, has to stay, too:
    of a file that others may write, whose other times they can set.
    """

    path: str
    size_bytes: int
    mtime_ns: int
    sha256: str = ""
    owned: bool = True
    inode: int = 0
    name: str = ""
    etag: str = ""
    ctime_ns: int = 0
    is_projector: bool = False

    def is_as_checked(self, now: os.stat_result) -> bool:
        """Whether it has the size and the times, and is the very file, that it was then."""
        return (
            (now.st_size, now.st_mtime_ns) == (self.size_bytes, self.mtime_ns)
            and self.inode in (0, now.st_ino)
            and self.ctime_ns in (0, now.st_ctime_ns)
        )


class ModelRow(msgspec.Struct, frozen=True):
    """A name of a model in the catalog; several may lead to the same files.

    `ref` is the canonical text of its reference, `path` the file that an engine opens (the first
    of `files`), `revision` the commit. `context_length` is in tokens, times are milliseconds
    since 1970; `last_used_ms` is 0 until a worker has loaded it. Only a row whose `status` is
    `ready` can be used: otherwise a file is missing, or its content changed.
    """

    ref: str
    repo: str
    revision: str
    path: str
    files: tuple[StoredFile, ...]
    size_bytes: int
    architecture: str
    quant: str
    context_length: int
    status: Status = "ready"
    added_at_ms: int = 0
    last_used_ms: int = 0

    @property
    def projector(self) -> str:
        """Where its projector lies; empty: it has none, and is shown no pictures."""
        return next((file.path for file in self.files if file.is_projector), "")

    @property
    def paths(self) -> list[str]:
        """Where its files lie, in order."""
        return [file.path for file in self.files]


def stored_file(
    path: str,
    sha256: str = "",
    owned: bool = True,
    name: str = "",
    etag: str = "",
    is_shared: bool = False,
    is_projector: bool = False,
) -> StoredFile:
    """The record of a file that was just checked; `is_shared`: others may write it.

    Raises `OSError` when it is gone.
    """
    status = os.stat(path)
    ctime_ns = status.st_ctime_ns if is_shared else 0
    return StoredFile(
        path,
        status.st_size,
        status.st_mtime_ns,
        sha256,
        owned,
        status.st_ino,
        name,
        etag,
        ctime_ns,
        is_projector,
    )


def row_of(
    ref: ModelRef, files: Sequence[StoredFile], header: GgufHeader, quant: str, revision: str = ""
) -> ModelRow:
    """The row of a model whose files are all here, and have been checked."""
    return ModelRow(
        ref=str(ref),
        repo=ref.repo,
        revision=revision,
        path=files[0].path,
        files=tuple(files),
        size_bytes=sum(file.size_bytes for file in files),
        architecture=header.architecture,
        quant=quant,
        context_length=header.context_length,
    )


class ModelCatalog:
    """The table `models` in the hive's database. All methods block.

    Raises `RbeeError` `home_unusable` when the database cannot be written or stays locked.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        with database.transaction() as transaction:
            for table in (_MODELS, _SUPERSEDED):
                transaction.change(table)

    def add(self, row: ModelRow) -> None:
        """Write `row`, in place of an earlier one of the same reference.

        Files of rbee's own that the earlier one led to are noted as superseded.
        """
        before = self._read(row.ref)
        values = msgspec.structs.asdict(row)
        values["files"] = msgspec.json.encode(row.files).decode()
        values["added_at_ms"] = row.added_at_ms or _now_ms()
        with self._database.transaction() as transaction:
            transaction.change(_FORGET, ref=row.ref)
            transaction.insert("models", **values)
            for file in before.files if before else ():
                if file.owned and file.path not in row.paths:
                    transaction.change(_SWEPT, path=file.path)
                    transaction.insert("superseded", path=file.path)

    def superseded(self) -> tuple[str, ...]:
        """Files that a newer version has replaced, and that no name leads to any more."""
        needed = {path for row in self.list() for path in row.paths}
        with self._database.transaction() as transaction:
            paths = [row["path"] for row in transaction.rows("SELECT path FROM superseded")]
        return tuple(path for path in paths if path not in needed)

    def swept(self, path: str) -> None:
        """A superseded file has been removed from the disk."""
        with self._database.transaction() as transaction:
            transaction.change(_SWEPT, path=path)

    def find(self, ref: str) -> ModelRow | None:
        """The row of `ref`, with the status that its files have now, which is also recorded.

        Sizes, times of change and inodes are compared; a file that differs is read through, which
        takes seconds for a large model, and keeps its row when the checksum still holds.
        """
        row = self._read(ref)
        if row is None:
            return row
        files, status = _verified(row.files)
        if files != row.files or status != row.status:
            row = msgspec.structs.replace(row, files=files, status=status)
            self._update(ref, files=msgspec.json.encode(files).decode(), status=status)
        return row

    def list(self) -> tuple[ModelRow, ...]:
        """All rows, the last used first, with the status as it was last recorded."""
        with self._database.transaction() as transaction:
            rows = transaction.rows("SELECT * FROM models ORDER BY last_used_ms DESC, ref")
        return tuple(map(_row, rows))

    def remove(self, ref: str) -> tuple[StoredFile, ...]:
        """Take `ref` out, and name the owned files that no other row needs.

        The caller deletes them; the row goes first, so a crash between leaves files, never a row
        without them. Removing what is not there is no error.
        """
        row = self._read(ref)
        with self._database.transaction() as transaction:
            transaction.change(_FORGET, ref=ref)
        needed = {path for other in self.list() for path in other.paths}
        files = row.files if row else ()
        return tuple(file for file in files if file.owned and file.path not in needed)

    def touch(self, ref: str) -> None:
        """Note that a worker loaded `ref` now."""
        self._update(ref, last_used_ms=_now_ms())

    def _read(self, ref: str) -> ModelRow | None:
        with self._database.transaction() as transaction:
            found = transaction.rows("SELECT * FROM models WHERE ref = :ref", ref=ref)
        return _row(found[0]) if found else None

    def _update(self, ref: str, **values: object) -> None:
        with self._database.transaction() as transaction:
            transaction.update("models", "ref", ref=ref, **values)


def _row(found: dict[str, Any]) -> ModelRow:
    return msgspec.convert({**found, "files": msgspec.json.decode(found["files"])}, ModelRow)


def _verified(files: tuple[StoredFile, ...]) -> tuple[tuple[StoredFile, ...], Status]:
    """The files with their present times where the content is the same, and their status."""
    status: Status = "ready"
    current = []
    for file in files:
        try:
            now = os.stat(file.path)
            if now.st_size != file.size_bytes:
                status = "changed"
            elif not file.is_as_checked(now):
                if file.sha256 and _sha256(file.path) == file.sha256:
                    file = msgspec.structs.replace(
                        file,
                        mtime_ns=now.st_mtime_ns,
                        inode=now.st_ino,
                        ctime_ns=now.st_ctime_ns if file.ctime_ns else 0,
                    )
                else:
                    status = "changed"
        except OSError:
            return files, "missing"
        current.append(file)
    return tuple(current), status


def _sha256(path: str) -> str:
    digest = hashlib.sha256()
    with open_regular(path) as file:
        while block := os.read(file, _BLOCK):
            digest.update(block)
    return digest.hexdigest()


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
