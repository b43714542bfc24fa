"""The queen's catalog of hives and of API keys: what is remembered when everything is off.

Phase 3.1 reads it, phase 4.2 writes the devices. SQLite unless ``--database`` names a PostgreSQL
server; every method blocks and is called in a thread.

Queens may share a database: each row is written whole, the last one who writes it wins. What one
queen adds or removes, another sees when she starts, or changes something herself. A hive has one
queen; another who wants to wake it is refused while that one lives. `localhost` is to each queen
the machine that she runs on.
"""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any, NamedTuple

import msgspec

from rbee.process.database import AlreadyThere, Database, open_database
from rbee.wire.messages import Devices, HiveStatus, SshTarget

_TABLES = (
    """
    CREATE TABLE IF NOT EXISTS hives (
        id VARCHAR NOT NULL PRIMARY KEY,
        host VARCHAR NOT NULL,
        port INTEGER NOT NULL,
        status VARCHAR NOT NULL,
        ssh VARCHAR,
        devices VARCHAR,
        devices_at_ms BIGINT,
        created_at_ms BIGINT NOT NULL,
        updated_at_ms BIGINT NOT NULL
    )
    """,
    """
    CREATE TABLE IF NOT EXISTS api_keys (
        name VARCHAR NOT NULL PRIMARY KEY,
        digest VARCHAR NOT NULL UNIQUE,
        created_at_ms BIGINT NOT NULL
    )
    """,
)


class HiveRow(NamedTuple):
    """A machine the queen knows. `ssh` is None for the machine she runs on."""

    hive_id: str
    host: str
    port: int
    status: HiveStatus
    ssh: SshTarget | None
    devices: Devices | None
    devices_at_ms: int

    @property
    def is_tunnelled(self) -> bool:
        """Whether HTTP goes there through SSH."""
        return self.ssh is not None and self.ssh.tunnel


class KeyRow(NamedTuple):
    """An API key; `digest` is the SHA-256 of its secret, in hexadecimal digits."""

    name: str
    digest: str
    created_at_ms: int


def open_catalog(url: str, busy: float) -> Database:
    """The database with its tables, which are made where it is new."""
    database = open_database(url, busy)
    # PostgreSQL says so where another queen makes a table at the same moment.
    with suppress(AlreadyThere), database.transaction() as catalog:
        for table in _TABLES:
            catalog.run(table)
    return database


class HiveCatalog:
    """The table `hives`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list(self) -> list[HiveRow]:
        """Every hive, by id."""
        with self._database.transaction() as catalog:
            rows = catalog.rows("SELECT * FROM hives ORDER BY id")
        return [_row(row) for row in rows]

    def add(self, hive_id: str, host: str, port: int, ssh: SshTarget | None) -> None:
        """A new machine; its devices are unknown yet. One of this name stays as it is."""
        with suppress(AlreadyThere), self._database.transaction() as catalog:
            catalog.run(
                "INSERT INTO hives (id, host, port, status, ssh, created_at_ms, updated_at_ms)"
                " VALUES (:id, :host, :port, :status, :ssh, :now, :now)",
                id=hive_id,
                host=host,
                port=port,
                status=HiveStatus.WAKING.value,
                ssh=msgspec.json.encode(ssh).decode() if ssh is not None else None,
                now=_now_ms(),
            )

    def describe(self, hive_id: str, devices: Devices) -> None:
        """Phase 4.2: what a hive told of its devices."""
        with self._database.transaction() as catalog:
            catalog.run(
                "UPDATE hives SET devices = :devices, devices_at_ms = :now, status = :status,"
                " updated_at_ms = :now WHERE id = :id",
                id=hive_id,
                devices=msgspec.json.encode(devices).decode(),
                status=HiveStatus.ONLINE.value,
                now=_now_ms(),
            )

    def mark(self, hive_id: str, status: HiveStatus) -> None:
        """Notes whether a hive is on."""
        with self._database.transaction() as catalog:
            catalog.run(
                "UPDATE hives SET status = :status, updated_at_ms = :now WHERE id = :id",
                id=hive_id,
                status=status.value,
                now=_now_ms(),
            )

    def remove(self, hive_id: str) -> None:
        """Forgets a hive."""
        with self._database.transaction() as catalog:
            catalog.run("DELETE FROM hives WHERE id = :id", id=hive_id)


class KeyCatalog:
    """The table `api_keys`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list(self) -> list[KeyRow]:
        """Every key, by name."""
        with self._database.transaction() as catalog:
            rows = catalog.rows("SELECT name, digest, created_at_ms FROM api_keys ORDER BY name")
        return [KeyRow(**row) for row in rows]

    def name_of(self, digest: str) -> str | None:
        """The name of the key with this digest."""
        with self._database.transaction() as catalog:
            found = catalog.rows("SELECT name FROM api_keys WHERE digest = :digest", digest=digest)
        return found[0]["name"] if found else None

    def add(self, name: str, digest: str) -> bool:
        """A new key; False where the name is taken."""
        try:
            with self._database.transaction() as catalog:
                catalog.run(
                    "INSERT INTO api_keys (name, digest, created_at_ms)"
                    " VALUES (:name, :digest, :now)",
                    name=name,
                    digest=digest,
                    now=_now_ms(),
                )
        except AlreadyThere:
            return False
        return True

    def remove(self, name: str) -> bool:
        """Forgets a key; False where there is none of this name."""
        with self._database.transaction() as catalog:
            return catalog.run("DELETE FROM api_keys WHERE name = :name", name=name) > 0


def _row(row: dict[str, Any]) -> HiveRow:
    return HiveRow(
        row["id"],
        row["host"],
        row["port"],
        HiveStatus(row["status"]),
        msgspec.json.decode(row["ssh"], type=SshTarget) if row["ssh"] else None,
        msgspec.json.decode(row["devices"], type=Devices) if row["devices"] else None,
        row["devices_at_ms"] or 0,
    )


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
