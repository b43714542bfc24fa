"""The queen's catalog of hives: what is remembered when everything is off.

Phase 3.1 reads it, phase 4.2 writes the devices. SQLAlchemy, SQLite unless ``--database`` names
a PostgreSQL server; every method blocks and is called in a thread.

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
from sqlalchemy import BigInteger, Column, Integer, MetaData, String, Table, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.schema import CreateTable

from rbee.process.database import open_database, transaction
from rbee.wire.messages import Devices, HiveStatus, SshTarget

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


class HiveCatalog:
    """The table `hives`."""

    def __init__(self, url: str, busy: float) -> None:
        self._engine, self.set_aside = open_database(url, busy)
        # PostgreSQL says so where another queen makes the table at the same moment.
        with suppress(IntegrityError), transaction(self._engine) as connection:
            connection.execute(CreateTable(_hives, if_not_exists=True))

    def list(self) -> list[HiveRow]:
        """Every hive, by id."""
        with transaction(self._engine) as connection:
            rows = connection.execute(select(_hives).order_by(_hives.c.id)).all()
        return [_row(row) for row in rows]

    def add(self, hive_id: str, host: str, port: int, ssh: SshTarget | None) -> None:
        """A new machine; its devices are unknown yet. One of this name stays as it is."""
        now = _now_ms()
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
        self._update(hive_id, devices=text, devices_at_ms=_now_ms(), status=HiveStatus.ONLINE.value)

    def mark(self, hive_id: str, status: HiveStatus) -> None:
        """Notes whether a hive is on."""
        self._update(hive_id, status=status.value)

    def remove(self, hive_id: str) -> None:
        """Forgets a hive."""
        with transaction(self._engine) as connection:
            connection.execute(_hives.delete().where(_hives.c.id == hive_id))

    def _update(self, hive_id: str, **values: Any) -> None:
        with transaction(self._engine) as connection:
            connection.execute(
                update(_hives)
                .where(_hives.c.id == hive_id)
                .values(updated_at_ms=_now_ms(), **values)
            )


def _row(row: Any) -> HiveRow:
    return HiveRow(
        row.id,
        row.host,
        row.port,
        HiveStatus(row.status),
        msgspec.json.decode(row.ssh, type=SshTarget) if row.ssh else None,
        msgspec.json.decode(row.devices, type=Devices) if row.devices else None,
        row.devices_at_ms or 0,
    )


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
