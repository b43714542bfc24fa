"""A database as the catalogs use it, whichever kind it is of."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import AbstractContextManager
from typing import Any

from rbee.wire.errors import RbeeError, invalid


class Conflict(Exception):
    """A row of this key is there already; nothing of the transaction was written."""


class Transaction(ABC):
    """Statements that take effect together at its end, or not at all."""

    @abstractmethod
    def rows(self, statement: str, **values: object) -> list[dict[str, Any]]:
        """What a query finds, by column."""

    @abstractmethod
    def change(self, statement: str, **values: object) -> int:
        """Does what a statement says; how many rows that concerned."""

    def insert(self, table: str, **values: object) -> None:
        """Writes a new row. Raises `Conflict`."""
        columns = ", ".join(values)
        marks = ", ".join(f":{name}" for name in values)
        self.change(f"INSERT INTO {table} ({columns}) VALUES ({marks})", **values)

    def update(self, table: str, key: str, **values: object) -> None:
        """Changes columns of the row whose `key`, one of the columns given, is as given."""
        changed = ", ".join(f"{name} = :{name}" for name in values if name != key)
        self.change(f"UPDATE {table} SET {changed} WHERE {key} = :{key}", **values)


class Database(ABC):
    """An open database. `set_aside` is the new name of a corrupt file found there, or empty."""

    set_aside = ""

    @abstractmethod
    def transaction(self) -> AbstractContextManager[Transaction]:
        """What is done in the block takes effect together at its end, or not at all.

        Raises `Conflict`, `RbeeError` `home_unusable` when the file stays locked, is full or
        read-only, and `database_unusable` for what keeps a server from serving.
        """


def unknown_url() -> RbeeError:
    """What cannot be read is not shown: it may be a password."""
    return invalid(
        "cannot use this database URL: it names neither a file nor a server in a known way",
        "sqlite:////home/me/hives.db or postgresql+psycopg://USER:PASSWORD@SERVER/NAME",
        field="database",
    )
