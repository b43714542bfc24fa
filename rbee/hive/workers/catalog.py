"""The catalog of worker kinds: what this machine can run, with which engine. SQLite; blocking.

Phase 8. A row says that the engine itself found a device for that kind.
"""

from __future__ import annotations

import msgspec

from rbee.process.database import open_database
from rbee.wire.messages import WorkerKindView

_TABLE = """
    CREATE TABLE IF NOT EXISTS workers (
        kind VARCHAR NOT NULL,
        engine VARCHAR NOT NULL,
        version VARCHAR NOT NULL,
        command VARCHAR NOT NULL,
        "row" VARCHAR NOT NULL,
        PRIMARY KEY (kind, engine)
    )
    """
_WHERE = "WHERE kind = :kind AND engine = :engine"


class WorkerCatalog:
    """The table `workers` of ``hive.db``; `row` is the whole of it as JSON."""

    def __init__(self, url: str, busy: float) -> None:
        self._database = open_database(url, busy)
        with self._database.transaction() as catalog:
            catalog.run(_TABLE)

    def find(self, kind: str, engine: str) -> WorkerKindView | None:
        """The row of a kind that was prepared before."""
        query = f'SELECT "row" FROM workers {_WHERE}'
        with self._database.transaction() as catalog:
            found = catalog.rows(query, kind=kind, engine=engine)
        return msgspec.json.decode(found[0]["row"], type=WorkerKindView) if found else None

    def put(self, view: WorkerKindView) -> None:
        """Writes the row of a kind, over an older one."""
        with self._database.transaction() as catalog:
            catalog.run(f"DELETE FROM workers {_WHERE}", kind=view.kind, engine=view.engine)
            catalog.run(
                'INSERT INTO workers (kind, engine, version, command, "row")'
                " VALUES (:kind, :engine, :version, :command, :row)",
                kind=view.kind,
                engine=view.engine,
                version=view.version,
                command=" ".join(view.command),
                row=msgspec.json.encode(view).decode(),
            )
