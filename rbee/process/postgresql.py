"""How a catalog on a PostgreSQL server is reached: with psycopg, never without a time limit."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy
from sqlalchemy import Connection, Engine, exc
from sqlalchemy.engine import URL

from rbee.process.transactions import Conflict, Database, Transaction, unknown_url
from rbee.wire.errors import RbeeError, invalid

#: The one driver; a plain ``postgresql://`` means it, too.
_DRIVER = "postgresql+psycopg"
_OUT_OF_REACH = "start that server, or mend server, name, user and password in the URL"
#: What to do, by SQLSTATE or the class that it begins with (PostgreSQL's manual, appendix A).
_ADVICE = {
    "55P03": "stop the program that holds it, then try again",
    "25": "name a server that may be written to",
    "42": "let that user make and write tables there",
}


def open_server(where: str, busy: float) -> Database:
    """The database at a URL. Raises as `database.open_database` does."""
    try:
        target = sqlalchemy.make_url(where)
    except (exc.ArgumentError, ValueError):
        raise unknown_url() from None
    return _OnServer(target, busy)


class _OnServer(Database):
    """A database on a server."""

    def __init__(self, target: URL, busy: float) -> None:
        self._target = target
        self._engine = _engine_of(target, busy)
        with self._translated_errors(), self._engine.connect():
            pass

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        with self._translated_errors(), self._engine.begin() as connection:
            yield _Sent(connection)

    @contextmanager
    def _translated_errors(self) -> Iterator[None]:
        try:
            yield
        except exc.IntegrityError as error:
            raise Conflict(str(error.orig)) from error
        except (exc.DBAPIError, exc.TimeoutError) as error:
            cause = (error.orig if isinstance(error, exc.DBAPIError) else None) or error
            raise _complaint(self._target, cause) from error


class _Sent(Transaction):
    """One on a server."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def rows(self, statement: str, **values: object) -> list[dict[str, Any]]:
        found = self._connection.execute(sqlalchemy.text(statement), values).mappings()
        return [{str(name): value for name, value in row.items()} for row in found]

    def change(self, statement: str, **values: object) -> int:
        return self._connection.execute(sqlalchemy.text(statement), values).rowcount


def _engine_of(target: URL, busy: float) -> Engine:
    """Connections to the database at `target`; each is looked at before it is used again.

    The server's answer to a connection, a lock of another program and a network that swallows
    everything are each waited for `busy` seconds at most. Raises `RbeeError` `invalid_request`
    for a URL that is misread or where psycopg is not installed.
    """
    if "@" in (target.host or ""):
        # A password with an @ in it has been cut in two, and its end would be shown.
        raise invalid(
            "cannot use this database URL: it has more than one @ in front of the server",
            "write @ / : in a password as %40 %2F %3A",
            field="database",
        )
    milliseconds = math.ceil(busy * 1000)
    limits = {
        "connect_timeout": math.ceil(busy),
        "tcp_user_timeout": milliseconds,
        "options": f"-c lock_timeout={milliseconds}",
    }
    try:
        return sqlalchemy.create_engine(
            target.set(drivername=_DRIVER),
            connect_args=limits,
            pool_pre_ping=True,
            pool_timeout=busy,
        )
    except ImportError as error:
        raise RbeeError(
            "backend_unavailable",
            "a database on a PostgreSQL server needs psycopg, which is not installed",
            "pip install 'psycopg[binary]'",
            {"field": "database"},
        ) from error


def _complaint(target: URL, cause: BaseException) -> RbeeError:
    """What the driver or the server says of the database at `target`, without its password."""
    shown = target.set(query={}).render_as_string(hide_password=True)
    text = " ".join(str(cause).split())
    for secret in (target.password, target.query.get("password")):
        text = text.replace(str(secret), "***") if secret else text
    state = getattr(cause, "sqlstate", None) or ""
    return RbeeError(
        "database_unusable",
        f"cannot use the database {shown}: {text}",
        _ADVICE.get(state, _ADVICE.get(state[:2], _OUT_OF_REACH)),
        {"database": shown},
    )
