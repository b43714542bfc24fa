"""RBEE_HOME: where a machine's state lives, and who may read it.

``token`` (0600), ``queen.db``, ``hive.db``, ``models/``, ``logs/``, ``config.toml``; the folder
itself is created 0700.

Cheap to import, like `child`: a daemon uses both before its own imports.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rbee.wire.errors import RbeeError
    from rbee.wire.settings import Settings


class Home:
    """One machine's state folder."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def of_environment(cls) -> Home:
        """The folder named by RBEE_HOME, else ``~/.rbee``, which a parent has opened before."""
        return cls(Path(os.environ.get("RBEE_HOME") or Path.home() / ".rbee").absolute())

    @classmethod
    def open(cls) -> Home:
        """The folder named by RBEE_HOME, else ``~/.rbee``, created where it is missing.

        Raises `home_unusable` where it cannot be written.
        """
        home = cls.of_environment()
        path = home.path
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            home.logs.mkdir(mode=0o700, exist_ok=True)
            home.models.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise _unusable(path, error) from None
        if not os.access(path, os.W_OK | os.X_OK):
            raise _unusable(path, PermissionError(13, "Permission denied"))
        return home

    @property
    def logs(self) -> Path:
        """Where every daemon's output goes, one file each."""
        return self.path / "logs"

    @property
    def models(self) -> Path:
        """Where downloaded models lie."""
        return self.path / "models"

    def log(self, role: str, name: str = "") -> Path:
        """The log of one daemon: ``logs/<role>-<name>.log``."""
        return self.logs / (f"{role}-{name}.log" if name else f"{role}.log")

    def database_url(self, name: str) -> str:
        """The SQLAlchemy URL of the SQLite file `name` in this folder."""
        return f"sqlite:///{self.path / name}"

    def settings(self) -> Settings:
        """Environment over ``config.toml`` over defaults. Raises `invalid_request`."""
        from rbee.wire.settings import settings_from

        config = self.path / "config.toml"
        text = config.read_text() if config.is_file() else ""
        return settings_from(os.environ, text, str(config))

    def token(self) -> str:
        """The swarm's bearer token, drawn on first use and readable by its owner alone.

        Two programs that ask at the same moment get the same one.
        """
        path = self.path / "token"
        try:
            return path.read_text().strip() or self._draw_token(path)
        except FileNotFoundError:
            return self._draw_token(path)
        except OSError as error:
            raise _unusable(path, error) from None

    def _draw_token(self, path: Path) -> str:
        import secrets

        token = secrets.token_urlsafe(32)
        draft = path.with_name(f"token.{os.getpid()}")
        try:
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with open(descriptor, "w") as file:
                file.write(token)
            try:
                os.link(draft, path)
            except FileExistsError:
                return path.read_text().strip()
            finally:
                os.unlink(draft)
        except OSError as error:
            raise _unusable(path, error) from None
        return token


def _unusable(path: Path, error: OSError) -> RbeeError:
    from rbee.wire.errors import RbeeError

    return RbeeError(
        "home_unusable",
        f"cannot use {path}: {error.strerror or error}",
        "make it writable, or name another folder: export RBEE_HOME=/path/to/folder",
        {"path": str(path)},
    )
