"""The catalog of worker kinds: what this machine can run, with which engine. SQLite; blocking.

Phase 8. A row says that the engine itself found a device for that kind.
"""

from __future__ import annotations

import msgspec
from sqlalchemy import Column, Engine, MetaData, String, Table, delete, insert, select
from sqlalchemy.schema import CreateTable

from rbee.process.database import transaction
from rbee.wire.messages.workers import WorkerKindView

_metadata = MetaData()
_workers = Table(
    "workers",
    _metadata,
    Column("kind", String, primary_key=True),
    Column("engine", String, primary_key=True),
    Column("version", String, nullable=False),
    Column("command", String, nullable=False),
    Column("row", String, nullable=False),
)


class WorkerCatalog:
    """The table `workers` of ``hive.db``; `row` is the whole of it as JSON."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        with transaction(self._engine) as connection:
            connection.execute(CreateTable(_workers, if_not_exists=True))

    def find(self, kind: str, engine: str) -> WorkerKindView | None:
        """The row of a kind that was prepared before."""
        where = (_workers.c.kind == kind) & (_workers.c.engine == engine)
        with transaction(self._engine) as connection:
            row = connection.execute(select(_workers.c.row).where(where)).scalar()
        return None if row is None else msgspec.json.decode(row, type=WorkerKindView)

    def put(self, view: WorkerKindView) -> None:
        """Writes the row of a kind, over an older one."""
        where = (_workers.c.kind == view.kind) & (_workers.c.engine == view.engine)
        with transaction(self._engine) as connection:
            connection.execute(delete(_workers).where(where))
            connection.execute(
                insert(_workers).values(
                    kind=view.kind,
                    engine=view.engine,
                    version=view.version,
                    command=" ".join(view.command),
                    row=msgspec.json.encode(view).decode(),
                )
            )
