"""The catalog of worker kinds: what this machine can run, with which engine. SQLite; blocking.

Phase 8. A row says that the engine itself found a device for that kind.
"""

from __future__ import annotations

import msgspec

from rbee.process.transactions import Database
from rbee.wire.messages.workers import WorkerKindView

_WORKERS = """CREATE TABLE IF NOT EXISTS workers (
    kind VARCHAR NOT NULL,
    engine VARCHAR NOT NULL,
    version VARCHAR NOT NULL,
    command VARCHAR NOT NULL,
    row VARCHAR NOT NULL,
    PRIMARY KEY (kind, engine)
)"""
_THIS = "kind = :kind AND engine = :engine"


class WorkerCatalog:
    """The table `workers` of ``hive.db``; `row` is the whole of it as JSON."""

    def __init__(self, database: Database) -> None:
        self._database = database
        with database.transaction() as transaction:
            transaction.change(_WORKERS)

    def find(self, kind: str, engine: str) -> WorkerKindView | None:
        """The row of a kind that was prepared before."""
        query = f"SELECT row FROM workers WHERE {_THIS}"
        with self._database.transaction() as transaction:
            found = transaction.rows(query, kind=kind, engine=engine)
        return msgspec.json.decode(found[0]["row"], type=WorkerKindView) if found else None

    def put(self, view: WorkerKindView) -> None:
        """Writes the row of a kind, over an older one."""
        with self._database.transaction() as transaction:
            transaction.change(
                f"DELETE FROM workers WHERE {_THIS}", kind=view.kind, engine=view.engine
            )
            transaction.insert(
                "workers",
                kind=view.kind,
                engine=view.engine,
                version=view.version,
                command=" ".join(view.command),
                row=msgspec.json.encode(view).decode(),
            )
