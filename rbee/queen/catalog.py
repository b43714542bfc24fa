"""The queen's catalog of hives, API keys and names: what is remembered when everything is off.

Phase 3.1 reads it, phase 4.2 writes the devices. SQLAlchemy, SQLite unless ``--database`` names
a PostgreSQL server; every method blocks and is called in a thread.

Queens may share a database: each row is written whole, the last one who writes it wins. What one
queen adds or removes, another sees when she starts, or changes something herself. A hive has one
queen; another who wants to wake it is refused while that one lives. `localhost` is to each queen
the machine that she runs on.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import BigInteger, Column, Engine, Integer, MetaData, String, Table, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.schema import CreateTable

from rbee.process.database import Database, open_database, transaction
from rbee.queen.rights import Rights, Use
from rbee.wire.messages.devices import Devices
from rbee.wire.messages.hives import HiveStatus, SshTarget, WakeTarget
from rbee.wire.messages.models import ModelView
from rbee.wire.messages.names import AddName, NameSettings
from rbee.wire.narration import now_ms

_metadata = MetaData()
_hives = Table(
    "hives",
    _metadata,
    Column("id", String, primary_key=True),
    Column("host", String, nullable=False),
    Column("port", Integer, nullable=False),
    Column("status", String, nullable=False),
    Column("ssh", String),
    Column("devices", String),
    Column("devices_at_ms", BigInteger),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("updated_at_ms", BigInteger, nullable=False),
)
_keys = Table(
    "api_keys",
    _metadata,
    Column("name", String, primary_key=True),
    Column("digest", String, nullable=False, unique=True),
    Column("created_at_ms", BigInteger, nullable=False),
)
# A table of its own, by digest: a catalog of an older rbee needs no change, and what was allowed to
# a key that is gone is never taken for that of another one with its name.
_rights = Table(
    "api_key_rights",
    _metadata,
    Column("digest", String, primary_key=True),
    Column("rights", String, nullable=False),
)


# Of its own, for the same reason.
_power = Table(
    "hive_power",
    _metadata,
    Column("id", String, primary_key=True),
    Column("mac", String, nullable=False),
    Column("broadcast", String, nullable=False),
    Column("models", String, nullable=False),
)
_networks = Table(
    "hive_networks",
    _metadata,
    Column("id", String, primary_key=True),
    Column("bytes_per_second", BigInteger, nullable=False),
    Column("measured_at_ms", BigInteger, nullable=False),
)
_uses = Table(
    "api_key_uses",
    _metadata,
    Column("digest", String, primary_key=True),
    Column("day", Integer, primary_key=True),
    Column("requests", BigInteger, nullable=False),
    Column("tokens", BigInteger, nullable=False),
)
_names = Table(
    "model_names",
    _metadata,
    Column("name", String, primary_key=True),
    Column("model_ref", String, nullable=False),
    Column("settings", String, nullable=False),
)


class HiveRow(NamedTuple):
    """A machine the queen knows. `ssh` is None for the machine she runs on.

    `wake` is how it is woken where it may be suspended; `models` are those that were on its disk
    when it was suspended last. `bytes_per_second` pass between it and the queen, as was measured
    last (0: never).
    """

    hive_id: str
    host: str
    port: int
    status: HiveStatus
    ssh: SshTarget | None
    devices: Devices | None
    devices_at_ms: int
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
    with suppress(IntegrityError), transaction(database.engine) as connection:
        for table in (_hives, _keys, _rights, _uses, _names, _power, _networks):
            connection.execute(CreateTable(table, if_not_exists=True))
    return database


class HiveCatalog:
    """The tables `hives`, `hive_power` and `hive_networks`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def list(self) -> list[HiveRow]:
        """Every hive, by id."""
        network = _networks.c.bytes_per_second, _networks.c.measured_at_ms
        query = select(_hives, _power.c.mac, _power.c.broadcast, _power.c.models, *network)
        query = query.outerjoin(_power, _hives.c.id == _power.c.id)
        query = query.outerjoin(_networks, _hives.c.id == _networks.c.id).order_by(_hives.c.id)
        with transaction(self._engine) as connection:
            rows = connection.execute(query).all()
        return [
            HiveRow(
                row.id,
                row.host,
                row.port,
                HiveStatus(row.status),
                ssh_from(row.ssh) if row.ssh else None,
                msgspec.json.decode(row.devices, type=Devices) if row.devices else None,
                row.devices_at_ms or 0,
                WakeTarget(row.mac, row.broadcast) if row.mac else None,
                tuple(msgspec.json.decode(row.models, type=list[ModelView])) if row.models else (),
                row.bytes_per_second or 0,
                row.measured_at_ms or 0,
            )
            for row in rows
        ]

    def add(self, hive_id: str, host: str, port: int, ssh: SshTarget | None) -> None:
        """A new machine; its devices are unknown yet. One of this name stays as it is."""
        now = now_ms()
        values = {
            "id": hive_id,
            "host": host,
            "port": port,
            "status": HiveStatus.WAKING.value,
            "ssh": msgspec.json.encode(ssh).decode() if ssh is not None else None,
            "created_at_ms": now,
            "updated_at_ms": now,
        }
        with suppress(IntegrityError), transaction(self._engine) as connection:
            connection.execute(_hives.insert().values(values))

    def describe(self, hive_id: str, devices: Devices) -> None:
        """Phase 4.2: what a hive told of its devices."""
        text = msgspec.json.encode(devices).decode()
        self._update(hive_id, devices=text, devices_at_ms=now_ms(), status=HiveStatus.ONLINE.value)

    def mark(self, hive_id: str, status: HiveStatus) -> None:
        """Notes whether a hive is on."""
        self._update(hive_id, status=status.value)

    def wakes(self, hive_id: str, target: WakeTarget) -> None:
        """From now on a machine may be suspended, and is woken so."""
        values = {"id": hive_id, "models": "[]", **msgspec.structs.asdict(target)}
        with transaction(self._engine) as connection:
            connection.execute(_power.delete().where(_power.c.id == hive_id))
            connection.execute(_power.insert().values(values))

    def suspended(self, hive_id: str, models: Sequence[ModelView]) -> None:
        """Notes what is on the disk of a machine that is suspended."""
        text = msgspec.json.encode(models).decode()
        with transaction(self._engine) as connection:
            connection.execute(update(_power).where(_power.c.id == hive_id).values(models=text))

    def measured(self, hive_id: str, bytes_per_second: float) -> None:
        """Notes how fast bytes pass between the queen and a hive."""
        values = {
            "id": hive_id,
            "bytes_per_second": round(bytes_per_second),
            "measured_at_ms": now_ms(),
        }
        with transaction(self._engine) as connection:
            connection.execute(_networks.delete().where(_networks.c.id == hive_id))
            connection.execute(_networks.insert().values(values))

    def remove(self, hive_id: str) -> None:
        """Forgets a hive."""
        with transaction(self._engine) as connection:
            for table in (_hives, _power, _networks):
                connection.execute(table.delete().where(table.c.id == hive_id))

    def _update(self, hive_id: str, **values: Any) -> None:
        with transaction(self._engine) as connection:
            connection.execute(
                update(_hives)
                .where(_hives.c.id == hive_id)
                .values(updated_at_ms=now_ms(), **values)
            )


class KeyCatalog:
    """The tables `api_keys` and `api_key_rights`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def list(self) -> list[KeyRow]:
        """Every key, by name."""
        query = (
            select(_keys, _rights.c.rights, _uses.c.day, _uses.c.requests, _uses.c.tokens)
            .outerjoin(_rights, _keys.c.digest == _rights.c.digest)
            .outerjoin(_uses, _keys.c.digest == _uses.c.digest)
            .order_by(_keys.c.name, _uses.c.day)
        )
        with transaction(self._engine) as connection:
            rows = connection.execute(query).all()
        keys = {
            row.digest: KeyRow(
                row.name,
                row.digest,
                row.created_at_ms,
                msgspec.json.decode(row.rights, type=Rights) if row.rights else Rights(),
                Use(row.day, row.requests, row.tokens) if row.day is not None else Use(),
            )
            for row in rows
        }
        return list(keys.values())

    def count(self, digest: str, more: Use) -> None:
        """A key has used so much more on a day; what it used on others is forgotten."""
        this = (_uses.c.digest == digest) & (_uses.c.day == more.day)
        added = {
            "requests": _uses.c.requests + more.requests,
            "tokens": _uses.c.tokens + more.tokens,
        }
        with transaction(self._engine) as connection:
            if connection.execute(update(_uses).where(this).values(added)).rowcount:
                return
            others = (_uses.c.digest == digest) & (_uses.c.day < more.day)
            connection.execute(_uses.delete().where(others))
            values = {"digest": digest, **msgspec.structs.asdict(more)}
            connection.execute(_uses.insert().values(values))

    def add(self, name: str, digest: str, rights: Rights) -> bool:
        """A new key; False where the name is taken."""
        values = {"name": name, "digest": digest, "created_at_ms": now_ms()}
        allowed = {"digest": digest, "rights": msgspec.json.encode(rights).decode()}
        try:
            with transaction(self._engine) as connection:
                connection.execute(_keys.insert().values(values))
                connection.execute(_rights.insert().values(allowed))
        except IntegrityError:
            return False
        return True

    def remove(self, name: str) -> bool:
        """Forgets a key; False where there is none of this name."""
        digests = select(_keys.c.digest).where(_keys.c.name == name)
        with transaction(self._engine) as connection:
            for table in (_rights, _uses):
                connection.execute(table.delete().where(table.c.digest.in_(digests)))
            found = connection.execute(_keys.delete().where(_keys.c.name == name))
        return found.rowcount > 0


class NameCatalog:
    """The table `model_names`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def list(self) -> list[AddName]:
        """Every name, in their order."""
        with transaction(self._engine) as connection:
            rows = connection.execute(select(_names).order_by(_names.c.name)).all()
        return [
            AddName(
                name=row.name,
                model_ref=row.model_ref,
                settings=msgspec.json.decode(row.settings, type=NameSettings),
            )
            for row in rows
        ]

    def put(self, wanted: AddName) -> None:
        """A new name, or another meaning of one."""
        settings = msgspec.json.encode(wanted.settings).decode()
        values = {"name": wanted.name, "model_ref": wanted.model_ref, "settings": settings}
        with transaction(self._engine) as connection:
            connection.execute(_names.delete().where(_names.c.name == wanted.name))
            connection.execute(_names.insert().values(values))

    def remove(self, name: str) -> bool:
        """Forgets a name; False where there is none."""
        with transaction(self._engine) as connection:
            found = connection.execute(_names.delete().where(_names.c.name == name))
        return found.rowcount > 0


def ssh_from(text: str) -> SshTarget:
    """How a machine is reached. A row that says nothing of a tunnel is older than the default."""
    ssh = msgspec.json.decode(text, type=SshTarget)
    ssh.tunnel = bool(ssh.tunnel)
    return ssh
