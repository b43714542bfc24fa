"""How a catalog's database is opened: durable, shared between processes, never in the way.

Serves the catalogs of queen and hive (phases 3 and 7). SQLAlchemy is imported when a database is
opened, not before: it costs 0.2 s.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from rbee.wire.errors import RbeeError

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine


class Database(NamedTuple):
    """An open database. `set_aside` is the new name of a corrupt file found there, or empty."""

    engine: Engine
    set_aside: str


def open_database(url: str, busy: float) -> Database:
    """The database at `url`, an SQLAlchemy URL such as ``sqlite:////home/me/.rbee/hive.db``.

    SQLite files are kept in write-ahead mode with full synchronisation: what has been committed
    survives `kill -9` and a power failure, and readers do not wait for a writer. A file that is
    corrupt is renamed to ``<name>.corrupt-<time>`` and a new one begun; the caller tells the user.
    Another process's transaction is waited for, `busy` seconds at most.

    Raises `RbeeError`: `invalid_request` for a URL that SQLAlchemy does not take or whose driver
    is not installed, `home_unusable` when the file cannot be opened or is locked.
    """
    import sqlalchemy

    try:
        target = sqlalchemy.make_url(url)
        if target.get_backend_name() != "sqlite":
            return Database(sqlalchemy.create_engine(target, pool_pre_ping=True), "")
    except (sqlalchemy.exc.ArgumentError, ImportError) as error:
        raise RbeeError(
            "invalid_request",
            f"cannot use this database URL: {type(error).__name__}",
            "use sqlite:////absolute/path.db, or install the driver that the URL names",
            {"field": "database"},
        ) from error
    path = target.database or ""
    set_aside = ""
    if path not in ("", ":memory:"):
        with _told(path):
            if _is_corrupt(path, busy):
                set_aside = _put_aside(path)
    engine = sqlalchemy.create_engine(target, connect_args={"timeout": busy})
    sqlalchemy.event.listen(engine, "connect", _prepare)
    with _told(path), engine.connect():
        return Database(engine, set_aside)


@contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    """A connection whose statements take effect together at the end, or not at all.

    Raises `RbeeError` `home_unusable` when the database stays locked, is full or read-only.
    """
    with _told(engine.url.database or engine.url.host or ""), engine.begin() as connection:
        yield connection


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
def _told(path: str) -> Iterator[None]:
    """Turn the driver's complaints about the file into `RbeeError`."""
    import sqlalchemy

    try:
        yield
    except (sqlalchemy.exc.OperationalError, sqlite3.OperationalError) as error:
        cause = error.orig if isinstance(error, sqlalchemy.exc.OperationalError) else error
        locked = "locked" in str(cause)
        raise RbeeError(
            "home_unusable",
            f"cannot use the database {path}: {cause}",
            "stop the program that holds it, then try again"
            if locked
            else "check that its folder exists, is writable and has room",
            {"path": path},
        ) from error
