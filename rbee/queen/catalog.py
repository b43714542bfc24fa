"""The queen's catalog of hives, API keys and names: what is remembered when everything is off.

Phase 3.1 reads it, phase 4.2 writes the devices. A file of SQLite unless ``--database`` names a
PostgreSQL server; every method blocks and is called in a thread.

Queens may share a database: each row is written whole, the last one who writes it wins. What one
queen adds or removes, another sees when she starts, or changes something herself. A hive has one
queen; another who wants to wake it is refused while that one lives. `localhost` is to each queen
the machine that she runs on.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import msgspec

from rbee.process.database import open_database
from rbee.process.transactions import Conflict, Database
from rbee.queen.rights import Rights, Use
from rbee.wire.messages.devices import Devices
from rbee.wire.messages.hives import HiveStatus, SshTarget, WakeTarget
from rbee.wire.messages.models import ModelView
from rbee.wire.messages.names import AddName, NameSettings
from rbee.wire.narration import now_ms

#: What is allowed to a key, what it has used and how a machine is woken have tables of their own,
#: by digest and id: a catalog of an older rbee needs no change, and what was allowed to a key that
#: is gone is never taken for that of another one with its name.
_TABLES = (
    """CREATE TABLE IF NOT EXISTS hives (
        id VARCHAR NOT NULL PRIMARY KEY,
        host VARCHAR NOT NULL,
        port INTEGER NOT NULL,
        status VARCHAR NOT NULL,
        ssh VARCHAR,
        devices VARCHAR,
        devices_at_ms BIGINT,
        created_at_ms BIGINT NOT NULL,
        updated_at_ms BIGINT NOT NULL
    )""",
    """CREATE TABLE IF NOT EXISTS api_keys (
        name VARCHAR NOT NULL PRIMARY KEY,
        digest VARCHAR NOT NULL UNIQUE,
        created_at_ms BIGINT NOT NULL
    )""",
    """CREATE TABLE IF NOT EXISTS api_key_rights (
        digest VARCHAR NOT NULL PRIMARY KEY,
        rights VARCHAR NOT NULL
    )""",
    """CREATE TABLE IF NOT EXISTS api_key_uses (
        digest VARCHAR NOT NULL,
        day INTEGER NOT NULL,
        requests BIGINT NOT NULL,
        tokens BIGINT NOT NULL,
        PRIMARY KEY (digest, day)
    )""",
    """CREATE TABLE IF NOT EXISTS model_names (
        name VARCHAR NOT NULL PRIMARY KEY,
        model_ref VARCHAR NOT NULL,
        settings VARCHAR NOT NULL
    )""",
    """CREATE TABLE IF NOT EXISTS hive_power (
        id VARCHAR NOT NULL PRIMARY KEY,
        mac VARCHAR NOT NULL,
        broadcast VARCHAR NOT NULL,
        models VARCHAR NOT NULL
    )""",
    """CREATE TABLE IF NOT EXISTS hive_networks (
        id VARCHAR NOT NULL PRIMARY KEY,
        bytes_per_second BIGINT NOT NULL,
        measured_at_ms BIGINT NOT NULL
    )""",
)
_HIVES = """SELECT hives.*, mac, broadcast, models, bytes_per_second, measured_at_ms
    FROM hives
    LEFT JOIN hive_power ON hives.id = hive_power.id
    LEFT JOIN hive_networks ON hives.id = hive_networks.id
    ORDER BY hives.id"""
_KEYS = """SELECT name, api_keys.digest, created_at_ms, rights, day, requests, tokens
    FROM api_keys
    LEFT JOIN api_key_rights ON api_keys.digest = api_key_rights.digest
    LEFT JOIN api_key_uses ON api_keys.digest = api_key_uses.digest
    ORDER BY name, day"""
# In one statement: two queens may write the first use of a day at once.
_COUNT_USE = """INSERT INTO api_key_uses (digest, day, requests, tokens)
    VALUES (:digest, :day, :requests, :tokens)
    ON CONFLICT (digest, day) DO UPDATE
    SET requests = api_key_uses.requests + excluded.requests,
        tokens = api_key_uses.tokens + excluded.tokens"""
_FORGET_NAME = "DELETE FROM model_names WHERE name = :name"
_OF_KEY = "digest IN (SELECT digest FROM api_keys WHERE name = :name)"


class HiveRow(NamedTuple):
    """A machine the queen knows. `ssh` is None for the machine she runs on.

    `wake` is how it is woken where it may be suspended; `models` are those that were on its disk
    when it was suspended last. `bytes_per_second` pass between it and the queen, as was measured
    last (0: never).
    """

    hive_id: str
    host: str
    port: int
    ssh: SshTarget | None
    devices: Devices | None
    wake: WakeTarget | None = None
    models: tuple[ModelView, ...] = ()
    bytes_per_second: int = 0
    measured_at_ms: int = 0

    @property
    def is_tunnelled(self) -> bool:
        """Whether HTTP goes there through SSH."""
        return self.ssh is not None and bool(self.ssh.tunnel)


class KeyRow(NamedTuple):
    """An API key; `digest` is the SHA-256 of its secret, in hexadecimal digits. `use` is what it
    has used on the last day on which it used anything."""

    name: str
    digest: str
    created_at_ms: int
    rights: Rights = Rights()
    use: Use = Use()


def open_catalog(where: str | Path, busy: float) -> Database:
    """The database with its tables, which are made where it is new."""
    database = open_database(where, busy)
    # PostgreSQL says so where another queen makes a table at the same moment.
    with suppress(Conflict), database.transaction() as transaction:
        for table in _TABLES:
            transaction.change(table)
    return database


class HiveCatalog:
    """The tables `hives`, `hive_power` and `hive_networks`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list(self) -> list[HiveRow]:
        """Every hive, by id."""
        with self._database.transaction() as transaction:
            rows = transaction.rows(_HIVES)
        return [
            HiveRow(
                row["id"],
                row["host"],
                row["port"],
                ssh_from(row["ssh"]) if row["ssh"] else None,
                msgspec.json.decode(row["devices"], type=Devices) if row["devices"] else None,
                WakeTarget(row["mac"], row["broadcast"]) if row["mac"] else None,
                tuple(msgspec.json.decode(row["models"] or "[]", type=list[ModelView])),
                row["bytes_per_second"] or 0,
                row["measured_at_ms"] or 0,
            )
            for row in rows
        ]

    def add(self, hive_id: str, host: str, port: int, ssh: SshTarget | None) -> None:
        """A new machine; its devices are unknown yet. One of this name stays as it is."""
        now = now_ms()
        with suppress(Conflict), self._database.transaction() as transaction:
            transaction.insert(
                "hives",
                id=hive_id,
                host=host,
                port=port,
                status=HiveStatus.WAKING.value,
                ssh=msgspec.json.encode(ssh).decode() if ssh is not None else None,
                created_at_ms=now,
                updated_at_ms=now,
            )

    def describe(self, hive_id: str, devices: Devices) -> None:
        """Phase 4.2: what a hive told of its devices."""
        text = msgspec.json.encode(devices).decode()
        self._update(hive_id, devices=text, devices_at_ms=now_ms(), status=HiveStatus.ONLINE.value)

    def mark(self, hive_id: str, status: HiveStatus) -> None:
        """Notes whether a hive is on."""
        self._update(hive_id, status=status.value)

    def wakes(self, hive_id: str, target: WakeTarget) -> None:
        """From now on a machine may be suspended, and is woken so."""
        with self._database.transaction() as transaction:
            transaction.change("DELETE FROM hive_power WHERE id = :id", id=hive_id)
            transaction.insert(
                "hive_power", id=hive_id, models="[]", **msgspec.structs.asdict(target)
            )

    def suspended(self, hive_id: str, models: Sequence[ModelView]) -> None:
        """Notes what is on the disk of a machine that is suspended."""
        text = msgspec.json.encode(models).decode()
        with self._database.transaction() as transaction:
            transaction.update("hive_power", "id", id=hive_id, models=text)

    def measured(self, hive_id: str, bytes_per_second: float) -> None:
        """Notes how fast bytes pass between the queen and a hive."""
        with self._database.transaction() as transaction:
            transaction.change("DELETE FROM hive_networks WHERE id = :id", id=hive_id)
            transaction.insert(
                "hive_networks",
                id=hive_id,
                bytes_per_second=round(bytes_per_second),
                measured_at_ms=now_ms(),
            )

    def remove(self, hive_id: str) -> None:
        """Forgets a hive."""
        with self._database.transaction() as transaction:
            transaction.change("DELETE FROM hives WHERE id = :id", id=hive_id)
            transaction.change("DELETE FROM hive_power WHERE id = :id", id=hive_id)
            transaction.change("DELETE FROM hive_networks WHERE id = :id", id=hive_id)

    def _update(self, hive_id: str, **values: object) -> None:
        with self._database.transaction() as transaction:
            transaction.update("hives", "id", id=hive_id, updated_at_ms=now_ms(), **values)


class KeyCatalog:
    """The tables `api_keys`, `api_key_rights` and `api_key_uses`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list(self) -> list[KeyRow]:
        """Every key, by name."""
        with self._database.transaction() as transaction:
            rows = transaction.rows(_KEYS)
        keys = {
            row["digest"]: KeyRow(
                row["name"],
                row["digest"],
                row["created_at_ms"],
                msgspec.json.decode(row["rights"], type=Rights) if row["rights"] else Rights(),
                Use(row["day"], row["requests"], row["tokens"])
                if row["day"] is not None
                else Use(),
            )
            for row in rows
        }
        return list(keys.values())

    def count(self, digest: str, more: Use) -> None:
        """A key has used so much more on a day; what it used on others is forgotten."""
        used = msgspec.structs.asdict(more)
        with self._database.transaction() as transaction:
            transaction.change(_COUNT_USE, digest=digest, **used)
            others = "DELETE FROM api_key_uses WHERE digest = :digest AND day < :day"
            transaction.change(others, digest=digest, day=more.day)

    def add(self, name: str, digest: str, rights: Rights) -> bool:
        """A new key; False where the name is taken."""
        allowed = msgspec.json.encode(rights).decode()
        try:
            with self._database.transaction() as transaction:
                transaction.insert("api_keys", name=name, digest=digest, created_at_ms=now_ms())
                transaction.insert("api_key_rights", digest=digest, rights=allowed)
        except Conflict:
            return False
        return True

    def remove(self, name: str) -> bool:
        """Forgets a key; False where there is none of this name."""
        with self._database.transaction() as transaction:
            for table in ("api_key_rights", "api_key_uses"):
                transaction.change(f"DELETE FROM {table} WHERE {_OF_KEY}", name=name)
            return transaction.change("DELETE FROM api_keys WHERE name = :name", name=name) > 0


class NameCatalog:
    """The table `model_names`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list(self) -> list[AddName]:
        """Every name, in their order."""
        with self._database.transaction() as transaction:
            rows = transaction.rows("SELECT * FROM model_names ORDER BY name")
        return [
            AddName(
                name=row["name"],
                model_ref=row["model_ref"],
                settings=msgspec.json.decode(row["settings"], type=NameSettings),
            )
            for row in rows
        ]

    def put(self, wanted: AddName) -> None:
        """A new name, or another meaning of one."""
        settings = msgspec.json.encode(wanted.settings).decode()
        with self._database.transaction() as transaction:
            transaction.change(_FORGET_NAME, name=wanted.name)
            transaction.insert(
                "model_names", name=wanted.name, model_ref=wanted.model_ref, settings=settings
            )

    def remove(self, name: str) -> bool:
        """Forgets a name; False where there is none."""
        with self._database.transaction() as transaction:
            return transaction.change(_FORGET_NAME, name=name) > 0


def ssh_from(text: str) -> SshTarget:
    """How a machine is reached. A row that says nothing of a tunnel is older than the default."""
    ssh = msgspec.json.decode(text, type=SshTarget)
    ssh.tunnel = bool(ssh.tunnel)
    return ssh
