"""How a catalog's database is opened: durable, shared between processes, never in the way.

Serves the catalogs of queen and hive (phases 3 and 7). A catalog is written in the SQL that SQLite
and PostgreSQL share, each value by its name (``:name``), and does not know which of them it is on.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from typing import Any, Protocol

from rbee.process.sabotage import sabotaged
from rbee.wire.errors import RbeeError

_FILE = "sqlite"
#: The one driver for PostgreSQL; a plain ``postgresql://`` means it, too.
_SERVER = ("postgresql", "postgresql+psycopg")


class AlreadyThere(Exception):
    """A row, or a table, with this key was there before; nothing was written."""


class Transaction(Protocol):
    """Statements that take effect together at the end, or not at all."""

    def run(self, sql: str, **values: Any) -> int:
        """Executes a statement that changes something; the number of rows it changed."""

    def rows(self, sql: str, **values: Any) -> list[dict[str, Any]]:
        """What a query finds, each row by the names of its columns."""


class Database(Protocol):
    """An open database. `set_aside` is the new name of a corrupt file found there, or empty."""

    set_aside: str

    def transaction(self) -> AbstractContextManager[Transaction]:
        """Blocks while it is open. Any thread may ask for one.

        Raises `AlreadyThere`, or `RbeeError`: `home_unusable` when the file stays locked, is full
        or read-only, and `database_unusable` for what keeps a server from serving.
        """

    def close(self) -> None:
        """Gives the connections back."""


def open_database(url: str, busy: float) -> Database:
    """The database at `url`: ``sqlite:////home/me/.rbee/hive.db``, or one of a PostgreSQL server.

    SQLite files are kept in write-ahead mode with full synchronisation: what has been committed
    survives `kill -9` and a power failure, and readers do not wait for a writer. A file that is
    corrupt is renamed to ``<name>.corrupt-<time>`` and a new one begun; the caller tells the user.
    Another process's transaction is waited for, `busy` seconds at most.

    Raises `RbeeError`: `invalid_request` for a URL that is neither, `backend_unavailable` where
    the driver is not installed, `home_unusable` when the file cannot be opened or is locked,
    `database_unusable` when the server does not let us in.
    """
    kind, separator, rest = url.partition("://")
    if separator and kind == _FILE:
        return _File(rest.removeprefix("/"), busy)
    if separator and kind in _SERVER:
        from rbee.process import postgresql  # late: it builds on this module

        return postgresql.Server(rest, busy)
    raise unreadable_url()


def unreadable_url() -> RbeeError:
    """The error for a URL that cannot be read. It is not shown: it may be a password."""
    return RbeeError(
        "invalid_request",
        "cannot use this database URL: it names neither a file nor a server in a known way",
        "sqlite:////home/me/hives.db or postgresql+psycopg://USER:PASSWORD@SERVER/NAME",
        {"field": "database"},
    )


class _File:
    """A database in a file; its one connection serves one thread after the other."""

    def __init__(self, path: str, busy: float) -> None:
        self._path = path
        self._turn = threading.Lock()
        self.set_aside = ""
        with self._told():
            if _is_corrupt(path, busy) and not sabotaged("queen:keep-the-corrupt"):
                self.set_aside = _put_aside(path)
            self._connection = sqlite3.connect(path, timeout=busy, check_same_thread=False)
            self._connection.row_factory = sqlite3.Row
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._connection.execute("PRAGMA synchronous=FULL")

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        with self._turn, self._told(), self._connection:
            yield _FileTransaction(self._connection)

    def close(self) -> None:
        self._connection.close()

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Turns the complaints of SQLite into `RbeeError`."""
        try:
            yield
        except sqlite3.IntegrityError as error:
            raise AlreadyThere from error
        except sqlite3.Error as error:
            raise _complaint(self._path, error) from error


class _FileTransaction:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def run(self, sql: str, **values: Any) -> int:
        return self._connection.execute(sql, values).rowcount

    def rows(self, sql: str, **values: Any) -> list[dict[str, Any]]:
        return [dict(row) for row in self._connection.execute(sql, values)]


def _is_corrupt(path: str, busy: float) -> bool:
    """Whether the file at `path` is no sound SQLite database. A missing or empty one is sound."""
    if not os.path.exists(path):
        return False
    try:
        with closing(sqlite3.connect(path, timeout=busy)) as connection:
            return bool(connection.execute("PRAGMA quick_check(1)").fetchone() != ("ok",))
    except sqlite3.OperationalError:
        # Locked or unreadable says nothing about the content.
        if sabotaged("queen:locked-is-corrupt"):
            return True
        raise
    except sqlite3.DatabaseError:
        return True


def _put_aside(path: str) -> str:
    """Rename the database with what belongs to it; the new name of the database."""
    stamp = time.strftime("%Y%m%d-%H%M%S")
    new = f"{path}.corrupt-{stamp}"
    number = 1
    while os.path.exists(new):
        number += 1
        new = f"{path}.corrupt-{stamp}-{number}"
    for suffix in ("-wal", "-shm", ""):
        # Another process that starts at the same moment may have been faster.
        with suppress(FileNotFoundError):
            os.rename(path + suffix, new + suffix)
    return new


def _complaint(path: str, cause: BaseException) -> RbeeError:
    locked = "locked" in str(cause)
    return RbeeError(
        "home_unusable",
        f"cannot use the database {path}: {cause}",
        "stop the program that holds it, then try again"
        if locked
        else "check that its folder exists, is writable and has room",
        {"path": path},
    )
