"""How a catalog on a PostgreSQL server is reached: with psycopg, never without a time limit.

SQLAlchemy keeps the connections. It is imported when a server is named, and comes with psycopg.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rbee.process.database import AlreadyThere, Transaction, unreadable_url
from rbee.wire.errors import RbeeError

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine
    from sqlalchemy.engine import URL

_DRIVER = "postgresql+psycopg"
_OUT_OF_REACH = "start that server, or mend server, name, user and password in the URL"
#: What to do, by SQLSTATE or the class that it begins with (PostgreSQL's manual, appendix A).
_ADVICE = {
    "55P03": "stop the program that holds it, then try again",
    "25": "name a server that may be written to",
    "42": "let that user make and write tables there",
}


class Server:
    """A database on a server; each connection is looked at before it is used again.

    The server's answer to a connection, a lock of another program and a network that swallows
    everything are each waited for `busy` seconds at most.
    """

    set_aside = ""

    def __init__(self, rest: str, busy: float) -> None:
        """`rest` is what stands behind ``postgresql://`` in the URL.

        Raises `RbeeError`: `invalid_request` for a URL that is misread, `backend_unavailable`
        where SQLAlchemy or psycopg is not installed, `database_unusable` when it does not answer.
        """
        try:
            self._target = _parsed(f"{_DRIVER}://{rest}")
            self._engine = _engine(self._target, busy)
        except ImportError as error:
            raise RbeeError(
                "backend_unavailable",
                f"a database on a PostgreSQL server needs psycopg and SQLAlchemy: {error}",
                "pip install 'psycopg[binary]' sqlalchemy",
                {"field": "database"},
            ) from error
        with self._told(), self._engine.connect():
            pass

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """See `Database`."""
        with self._told(), self._engine.begin() as connection:
            yield _ServerTransaction(connection)

    def close(self) -> None:
        """See `Database`."""
        self._engine.dispose()

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Turns the complaints of driver and server into `RbeeError`."""
        from sqlalchemy import exc

        try:
            yield
        except exc.IntegrityError as error:
            raise AlreadyThere from error
        except (exc.DBAPIError, exc.TimeoutError) as error:
            cause = error.orig if isinstance(error, exc.DBAPIError) else None
            raise _complaint(self._target, cause or error) from error


class _ServerTransaction:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def run(self, sql: str, **values: Any) -> int:
        from sqlalchemy import text

        return self._connection.execute(text(sql), values).rowcount

    def rows(self, sql: str, **values: Any) -> list[dict[str, Any]]:
        from sqlalchemy import text

        return [dict(row) for row in self._connection.execute(text(sql), values).mappings()]


def _parsed(url: str) -> URL:
    from sqlalchemy import exc, make_url

    try:
        target = make_url(url)
    except (exc.ArgumentError, ValueError):
        raise unreadable_url() from None
    if "@" in (target.host or ""):
        # A password with an @ in it has been cut in two, and its end would be shown.
        raise RbeeError(
            "invalid_request",
            "cannot use this database URL: it has more than one @ in front of the server",
            "write @ / : in a password as %40 %2F %3A",
            {"field": "database"},
        )
    return target


def _engine(target: URL, busy: float) -> Engine:
    import sqlalchemy

    milliseconds = math.ceil(busy * 1000)
    limits = {
        "connect_timeout": math.ceil(busy),
        "tcp_user_timeout": milliseconds,
        "options": f"-c lock_timeout={milliseconds}",
    }
    return sqlalchemy.create_engine(
        target, connect_args=limits, pool_pre_ping=True, pool_timeout=busy
    )


def _complaint(target: URL, cause: BaseException) -> RbeeError:
    """What the driver or the server says of the database at `target`, without its password."""
    shown = target.set(query={}).render_as_string(hide_password=True)
    state = getattr(cause, "sqlstate", None) or ""
    return RbeeError(
        "database_unusable",
        f"cannot use the database {shown}: {' '.join(str(cause).split())}",
        _ADVICE.get(state, _ADVICE.get(state[:2], _OUT_OF_REACH)),
        {"database": shown},
    )
