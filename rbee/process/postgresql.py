"""How a catalog on a PostgreSQL server is reached: with psycopg, never without a time limit."""

from __future__ import annotations

import math

import sqlalchemy
from sqlalchemy import Engine
from sqlalchemy.engine import URL

from rbee.wire.errors import RbeeError, invalid

#: The one driver; a plain ``postgresql://`` means it, too.
DRIVER = "postgresql+psycopg"
_OUT_OF_REACH = "start that server, or mend server, name, user and password in the URL"
#: What to do, by SQLSTATE or the class that it begins with (PostgreSQL's manual, appendix A).
_ADVICE = {
    "55P03": "stop the program that holds it, then try again",
    "25": "name a server that may be written to",
    "42": "let that user make and write tables there",
}


def engine_of(target: URL, busy: float) -> Engine:
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
            target.set(drivername=DRIVER),
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


def complaint(target: URL, cause: BaseException) -> RbeeError:
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
