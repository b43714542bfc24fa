"""How a catalog's database is opened: durable, shared between processes, never in the way.

Serves the catalogs of queen and hive (phases 3 and 7).
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

# The dialect, too: what a queen has imported, the hive that she forks need not.
import sqlalchemy.dialects.sqlite
from sqlalchemy import Connection, Engine, exc
from sqlalchemy.engine import URL

from rbee.process import postgresql
from rbee.wire.errors import RbeeError, invalid


class Database(NamedTuple):
    """An open database. `set_aside` is the new name of a corrupt file found there, or empty."""

    engine: Engine
    set_aside: str


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
    target = _parsed(where)
    set_aside = ""
    if target.drivername == "sqlite":
        path = target.database or ""
        if path not in ("", ":memory:"):
            with _translated_errors(target):
                if _is_corrupt(path, busy):
                    set_aside = _put_aside(path)
        engine = sqlalchemy.create_engine(target, connect_args={"timeout": busy})
        sqlalchemy.event.listen(engine, "connect", _prepare)
    else:
        engine = postgresql.engine_of(target, busy)
    with _translated_errors(target), engine.connect():
        return Database(engine, set_aside)


@contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    """A connection whose statements take effect together at the end, or not at all.

    Raises `RbeeError` `home_unusable` when the file stays locked, is full or read-only, and
    `database_unusable` for what keeps a server from serving.
    """
    with _translated_errors(engine.url), engine.begin() as connection:
        yield connection


def _parsed(where: str | Path) -> URL:
    """The parts of a database's URL; a path is a file of SQLite.

    What cannot be read is not shown: it may be a password.
    """
    if isinstance(where, Path):
        return URL.create("sqlite", database=str(where))
    if where.startswith("/"):
        return URL.create("sqlite", database=where)
    with suppress(exc.ArgumentError, ValueError):
        target = sqlalchemy.make_url(where)
        if target.drivername in ("sqlite", "postgresql", postgresql.DRIVER):
            return target
    raise invalid(
        "cannot use this database URL: it names neither a file nor a server in a known way",
        "sqlite:////home/me/hives.db or postgresql+psycopg://USER:PASSWORD@SERVER/NAME",
        field="database",
    )


def _prepare(connection: Any, _record: object) -> None:
    """Set up one connection of the pool."""
    with closing(connection.cursor()) as cursor:
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")


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


@contextmanager
def _translated_errors(target: URL) -> Iterator[None]:
    """Turn the complaints of the driver about a database into `RbeeError`."""
    try:
        yield
    except (exc.DBAPIError, exc.TimeoutError, sqlite3.OperationalError) as error:
        if isinstance(error, exc.IntegrityError):
            raise  # about what was to be written
        cause = (error.orig if isinstance(error, exc.DBAPIError) else None) or error
        if target.get_backend_name() == "postgresql":
            raise postgresql.complaint(target, cause) from error
        raise _complaint(target.database or "", cause) from error


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
