"""A PostgreSQL server of this test process alone, with an empty database for each scenario.

It listens on a socket in a folder of its own and on no port, and forgets everything with that
folder. One server does for all scenarios: making one costs as much as a cold start of the swarm.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.rig.cluster import Cluster, folder_for_homes
from harness.rig.program import die_with_parent, spawn
from harness.rig.program import end as end_process
from harness.rig.waiting import wait_until

if TYPE_CHECKING:
    import psycopg

#: Where Debian keeps the programs of the server, which are on nobody's PATH.
_DEBIAN = Path("/usr/lib/postgresql")
#: It refuses to run as root.
_USER = "postgres"
_CONFIG = """
listen_addresses = ''
unix_socket_directories = '{folder}'
fsync = off
synchronous_commit = off
full_page_writes = off
autovacuum = off
shared_buffers = 1MB
max_wal_senders = 0
wal_level = minimal
"""
_WHO_MAY = f"local all {_USER} trust\nlocal all all scram-sha-256\n"


def reason_why_not() -> str:
    """Why no server can be started here; "" when one can."""
    if _programs() is None:
        return "no PostgreSQL server is installed"
    if os.geteuid() == 0:
        try:
            pwd.getpwnam(_USER)
        except KeyError:
            return f"there is no user {_USER} to run a PostgreSQL server as"
    return ""


class Database:
    """One empty database, and a user of it who has a password."""

    def __init__(self, server: PostgresServer, name: str) -> None:
        self.server = server
        self.name = self.user = name
        self.password = secrets.token_hex(12)
        server.execute(f"CREATE ROLE {self.user} LOGIN PASSWORD '{self.password}'")
        server.execute(f"CREATE DATABASE {name} OWNER {self.user}")

    def url(self, password: str = "") -> str:
        """As it is named to a queen, with its user's password or another."""
        login = f"{self.user}:{password or self.password}"
        return f"postgresql+psycopg://{login}@/{self.name}?host={self.server.folder}"

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        return self.server.execute(sql, self.name)


class PostgresServer:
    """A server that runs from `start` to `stop`, as often as wanted; `remove` ends it for good."""

    def __init__(self) -> None:
        programs = _programs()
        assert programs is not None, reason_why_not()
        self._programs = programs
        self._process: subprocess.Popen[bytes] | None = None
        self._numbers = itertools.count(1)
        self.folder = Path(tempfile.mkdtemp(prefix="rbee-postgresql-", dir=folder_for_homes()))
        if os.geteuid() == 0:
            shutil.chown(self.folder, _USER, _group())
        self._data = self.folder / "data"
        options = ("--auth=trust", "--no-sync", "--no-locale", "--encoding=UTF8")
        subprocess.run(
            [programs / "initdb", "-D", self._data, "-U", _USER, *options],
            stdout=subprocess.DEVNULL,
            check=True,
            **_as_its_user(),
        )
        with open(self._data / "postgresql.conf", "a") as config:
            config.write(_CONFIG.format(folder=self.folder))
        (self._data / "pg_hba.conf").write_text(_WHO_MAY)

    @property
    def is_running(self) -> bool:
        """Whether nobody has stopped it."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Starts it and waits until it answers."""
        with open(self.folder / "log", "ab") as log:
            self._process = spawn(
                [self._programs / "postgres", "-D", self._data],
                stdout=log,
                stderr=log,
                preexec_fn=die_with_parent(signal.SIGQUIT),
                **_as_its_user(),
            )
        wait_until("the PostgreSQL server answers", self._answers)

    def stop(self) -> None:
        """Ends it and every connection to it."""
        process, self._process = self._process, None
        if process is not None:
            end_process(process, signal.SIGINT)

    def remove(self) -> None:
        """Ends it, with all it holds."""
        self.stop()
        shutil.rmtree(self.folder)

    def database(self) -> Database:
        """A new one, in which there is nothing."""
        return Database(self, f"swarm_{next(self._numbers)}")

    def execute(self, sql: str, database: str = _USER) -> list[tuple[Any, ...]]:
        """The rows that a statement gives to the server's own user."""
        with self._connected(database) as connection:
            cursor = connection.execute(sql.encode())
            return cursor.fetchall() if cursor.description else []

    @contextlib.contextmanager
    def _connected(self, database: str) -> Iterator[psycopg.Connection]:
        # Late, so that scenarios without a server do not pay for it.
        import psycopg

        with psycopg.connect(
            host=str(self.folder), user=_USER, dbname=database, autocommit=True
        ) as connection:
            yield connection

    def _answers(self) -> bool:
        assert self._process is not None
        assert self.is_running, (self.folder / "log").read_text()
        import psycopg

        with contextlib.suppress(psycopg.OperationalError):
            return self.execute("SELECT 1") == [(1,)]
        return False


_servers: list[PostgresServer] = []


def keep_catalog_in_database(cluster: Cluster) -> Database:
    """The queens of the scenario keep their catalog in an empty database from now on."""
    if not _servers:
        _servers.append(PostgresServer())
    (server,) = _servers
    if not server.is_running:
        server.start()
    database = server.database()
    cluster.set(database=database.url())
    cluster.secrets.add(database.password)
    return database


def end() -> None:
    """Ends the server of this process, where there is one."""
    while _servers:
        _servers.pop().remove()


def name_badly(cluster: Cluster, database: Database, how: str) -> None:
    """Names a database to the queens that is none for them; `how` is a key of the table here."""
    other = secrets.token_hex(12)
    cluster.secrets.add(other)
    cluster.set(
        database={
            "a wrong password": database.url(other),
            "a password with an @ in it": database.url(f"start@{other}"),
        }[how]
    )


def assert_hive(database: Database, hive_id: str) -> None:
    """The database remembers a hive of this name, with what it has told of its devices."""
    rows = database.rows("SELECT id FROM hives WHERE devices IS NOT NULL")
    assert (hive_id,) in rows, rows


@functools.cache
def _programs() -> Path | None:
    """The folder with the programs of the newest server that is installed."""
    installed = sorted(_DEBIAN.glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    found = shutil.which("initdb", path=str(installed[-1].parent) if installed else None)
    return Path(found).parent if found else None


def _as_its_user() -> dict[str, Any]:
    """How a program of it is started: never as root, and with nothing of the scenarios'."""
    plain: dict[str, Any] = {"env": {"PATH": os.defpath}, "cwd": "/"}
    if os.geteuid() != 0:
        return plain
    return {**plain, "user": _USER, "group": _group(), "extra_groups": []}


def _group() -> int:
    return pwd.getpwnam(_USER).pw_gid
