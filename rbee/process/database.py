"""How a catalog's database is opened: durable, shared between processes, never in the way.

Serves the catalogs of queen and hive (phases 3 and 7). A statement is SQL that SQLite and
PostgreSQL both know, with ``:name`` where a value belongs. A file is opened by what Python itself
has; SQLAlchemy, which takes longer to load than all else, is for servers alone.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from rbee.process.transactions import Conflict, Database, Transaction, unknown_url
from rbee.wire.errors import RbeeError

_SQLITE = "sqlite://"


def open_database(where: str | Path, busy: float) -> Database:
    """The SQLite file at a path, or the database at a URL: ``sqlite:////home/me/hives.db``, or one
    of a PostgreSQL server.

    SQLite files are kept in write-ahead mode with full synchronisation: what has been committed
    survives `kill -9` and a power failure, and readers do not wait for a writer. A file that is
    corrupt is renamed to ``<name>.corrupt-<time>`` and a new one begun; the caller tells the user.
    Another process's transaction is waited for, `busy` seconds at most.

    Raises `RbeeError`: `invalid_request` for a URL that is neither, `backend_unavailable` where
    the driver is not installed, `home_unusable` when the file cannot be opened or is locked,
    `database_unusable` when the server does not let us in.
    """
    path = _file_at(where)
    if path:
        return _File(path, busy)
    if str(where).startswith(("postgresql://", "postgresql+psycopg://")):
        from rbee.process import postgresql  # late: few have a server, and it takes long to load

        return postgresql.open_server(str(where), busy)
    raise unknown_url()


def _file_at(where: str | Path) -> str:
    """The path of a file of SQLite; empty where none is named."""
    if isinstance(where, Path):
        return str(where)
    if where.startswith("/"):
        return where
    path = where.removeprefix(f"{_SQLITE}/") if where.startswith(f"{_SQLITE}/") else ""
    return "" if "?" in path or path == ":memory:" else path


class _File(Database):
    """A file of SQLite. Who asks while others do gets a connection of its own."""

    def __init__(self, path: str, busy: float) -> None:
        self._path, self._busy = path, busy
        #: Connections that nobody uses; a list is safe between threads.
        self._idle: list[sqlite3.Connection] = []
        with self._translated_errors():
            if _is_corrupt(path, busy):
                self.set_aside = _put_aside(path)
            self._idle.append(self._connect())

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        with self._translated_errors():
            connection = self._taken()
            try:
                with connection:
                    yield _OnFile(connection)
            finally:
                self._idle.append(connection)

    def _taken(self) -> sqlite3.Connection:
        try:
            return self._idle.pop()
        except IndexError:
            return self._connect()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=self._busy, check_same_thread=False)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")
        return connection

    @contextmanager
    def _translated_errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.IntegrityError as error:
            raise Conflict(str(error)) from error
        except sqlite3.DatabaseError as error:
            raise _complaint(self._path, error) from error


class _OnFile(Transaction):
    """One on a file of SQLite."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def rows(self, statement: str, **values: object) -> list[dict[str, Any]]:
        found = self._connection.execute(statement, values)
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found]

    def change(self, statement: str, **values: object) -> int:
        return self._connection.execute(statement, values).rowcount


def _is_corrupt(path: str, busy: float) -> bool:
    """Whether the file at `path` is no sound SQLite database. A missing or empty one is sound."""
    if not os.path.exists(path):
        return False
    try:
        with closing(sqlite3.connect(path, timeout=busy)) as connection:
            return bool(connection.execute("PRAGMA quick_check(1)").fetchone() != ("ok",))
    except sqlite3.OperationalError:
        # Locked or unreadable says nothing about the content.
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
    advice = "check that its folder exists, is writable and has room"
    if "locked" in str(cause):
        advice = "stop the program that holds it, then try again"
    elif "full" in str(cause):
        models = os.path.join(os.path.dirname(path), "models")
        advice = f"free some space; models can be removed by hand, too, where they lie: {models}"
    what = f"cannot use the database {path}: {cause}"
    return RbeeError("home_unusable", what, advice, {"path": path})
