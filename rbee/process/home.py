"""RBEE_HOME: where a machine's state lives, and who may read it.

``token``, ``queen.db``, ``hive.db``, ``models/``, ``logs/``, ``running/``, ``tls/``,
``config.toml``. What is
written there is its owner's alone, whatever the umask; what is found there is believed only where
nobody else can have written it.

Cheap to import, like `child`: a daemon uses both before its own imports.
"""

from __future__ import annotations

import codecs
import errno
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from rbee.process import owned

if TYPE_CHECKING:
    from rbee.wire.errors import RbeeError
    from rbee.wire.settings import Settings


#: What is there while rbee is being upgraded; see `rbee.keeper.upgrading`.
UPGRADE = "upgrade.json"
#: How it shows that a disk has no room, or none for this user.
_FULL = (errno.ENOSPC, errno.EDQUOT)
#: What of it decides what rbee does, each folder before what is in it.
_BELIEVED = (
    "token",
    "config.toml",
    # Each database with its journal: whoever can write the journal can change the database.
    *(f"{name}.db{end}" for name in ("queen", "hive") for end in ("", "-wal", "-shm")),
    "hive.json",
    "running",
    "running/queen.json",
    "running/hive.json",
    "tls",
    *(f"tls/{name}.pem" for name in ("key", "certificate", "authority", "authority-key")),
    "upgrade.json",
    "models",
    "logs",
)


class Home:
    """One machine's state folder."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def of_environment(cls) -> Home:
        """The folder named by RBEE_HOME, else ``~/.rbee``, which a parent has opened before.

        A ``~`` in front is the user's home, also where no shell has replaced it. Raises
        `home_unusable` where nothing says what is meant.
        """
        named = Path(os.environ.get("RBEE_HOME") or "~/.rbee")
        try:
            return cls(named.expanduser().absolute())
        except OSError as error:  # it is relative to a folder that has been removed
            raise _unusable(named, error) from None
        except RuntimeError:
            raise _unusable(named, OSError(2, "this user has no home")) from None

    @classmethod
    def open(cls) -> Home:
        """The folder named by RBEE_HOME, else ``~/.rbee``, created where it is missing.

        Whatever this process and its children write from now on is for their user alone. Raises
        `home_unusable` where the folder cannot be written, or cannot be believed.
        """
        os.umask(0o077)
        home = cls.of_environment()
        path = home.path
        try:
            os.fsencode(path).decode()  # it stands in messages, which are text
        except UnicodeError:
            raise _unusable(path, OSError(22, "its name is no text in UTF-8")) from None
        if os.path.lexists(path) and not path.is_dir():
            what = "is no folder" if path.exists() else "is a link that leads nowhere"
            how = "name another folder: export RBEE_HOME=/path/to/folder"
            raise _refused("home_unusable", f"{path} {what}", how, path=str(path))
        # Before anything is made where a link of somebody else's may lead.
        if reason := owned.distrust(path):
            raise _disbelieved(path, reason)
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            home.logs.mkdir(mode=0o700, exist_ok=True)
            home.models.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise _unusable(path, error) from None
        home.check()
        if not os.access(path, os.W_OK | os.X_OK):
            is_fixed = sys.platform != "win32" and os.statvfs(path).f_flag & os.ST_RDONLY
            number = errno.EROFS if is_fixed else errno.EACCES
            raise _unusable(path, OSError(number, os.strerror(number)))
        return home

    def check(self) -> None:
        """Raises `home_unusable` where somebody else may have written what is believed here."""
        for path in (self.path, *(self.path / name for name in _BELIEVED)):
            if reason := owned.distrust(path, in_believed=path is not self.path):
                raise _disbelieved(path, reason)
        token = self.path / "token"
        if owned.is_read_by_others(token):
            how = f"chmod 600 {token}; rbee-keeper rotate-token, where somebody has"
            raise _disbelieved(token, owned.Distrust(f"{token} can be read by others", how))
        for key in (self.tls / "key.pem", self.tls / "authority-key.pem"):
            if owned.is_read_by_others(key):
                how = f"chmod 600 {key}; rm -r {self.tls}, where somebody has"
                raise _disbelieved(key, owned.Distrust(f"{key} can be read by others", how))

    @property
    def logs(self) -> Path:
        """Where every daemon's output goes, one file each."""
        return self.path / "logs"

    @property
    def tls(self) -> Path:
        """Where the queen's certificate lies, with its keys."""
        return self.path / "tls"

    @property
    def trusted(self) -> Path:
        """Where what programs need to believe a queen's certificate is written for them."""
        return self.path / "trusted"

    @property
    def models(self) -> Path:
        """Where downloaded models lie."""
        return self.path / "models"

    def log(self, role: str, name: str = "") -> Path:
        """The log of one daemon: ``logs/<role>-<name>.log``."""
        return self.logs / (f"{role}-{name}.log" if name else f"{role}.log")

    def settings(self) -> Settings:
        """Environment over ``config.toml`` over defaults.

        Raises `invalid_request`, and `home_unusable` where the file cannot be read.
        """
        from rbee.wire.settings import settings_from, with_flags

        config = self.path / "config.toml"
        try:
            # Some editors begin a file with a mark, which is no part of what it says.
            text = config.read_text("utf-8-sig") if _is_file(config) else ""
        except OSError as error:
            raise _unusable(config, error) from None
        except UnicodeDecodeError as error:
            line = error.object[: error.start].count(b"\n") + 1
            wrong = f"{config}, line {line}: this is no text in UTF-8"
            is_utf16 = error.object.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
            how = f"save it in UTF-8: iconv -f {'utf16' if is_utf16 else 'latin1'} -t utf8 {config}"
            raise _refused("invalid_request", wrong, how) from None
        environ = dict(os.environ)
        if "RBEE_DATABASE" in environ:
            environ["RBEE_DATABASE"] = _placed(environ["RBEE_DATABASE"], Path.cwd)
        for name in ("RBEE_TLS_CERTIFICATE", "RBEE_TLS_KEY"):
            if environ.get(name):
                environ[name] = os.path.abspath(os.path.expanduser(environ[name]))
        settings = settings_from(environ, text, str(config))
        files = {
            name: os.path.join(self.path, os.path.expanduser(value))
            for name in ("tls_certificate", "tls_key")
            if (value := getattr(settings, name))
        }
        database = _placed(settings.database, lambda: self.path)
        return with_flags(settings, {"database": database, **files})

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

    def draw_new_token(self) -> None:
        """From now on the swarm has another token; there is always a whole one."""
        path = self.path / "token"
        try:
            _drafted(path).replace(path)
        except OSError as error:
            raise _unusable(path, error) from None

    def _draw_token(self, path: Path) -> str:
        try:
            draft = _drafted(path)
            try:
                os.link(draft, path)
            except FileExistsError:
                pass  # another program was faster
            finally:
                os.unlink(draft)
            return path.read_text().strip()
        except OSError as error:
            raise _unusable(path, error) from None


def _is_file(path: Path) -> bool:
    """Whether there is a file; False: there is nothing. Raises `home_unusable` where something else
    is there: who has put it there does not mean that it is passed over."""
    if path.is_file():
        return True
    if not os.path.lexists(path):
        return False
    what = "is no file" if path.exists() else "is a link that leads nowhere"
    how = "remove it, or put a file of settings in its place"
    raise _refused("home_unusable", f"{path} {what}", how, path=str(path))


def _drafted(path: Path) -> Path:
    """A file beside `path` that holds a token just drawn, readable by its owner alone."""
    import secrets

    draft = path.with_name(f"token.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "w") as file:
        file.write(secrets.token_urlsafe(32))
    return draft


def _placed(url: str, folder: Callable[[], Path]) -> str:
    """A SQLite URL with an absolute path: a daemon's working directory is not that of a person.

    In the environment a relative one is in the folder it was typed in, in ``config.toml`` in that
    of the file.
    """
    start, _, name = url.partition("sqlite:///")
    if start or not name or name.startswith(("/", ":memory:")):
        return url
    return f"sqlite:///{folder() / name}"


def _disbelieved(path: Path, reason: owned.Distrust) -> RbeeError:
    return _refused("home_unusable", reason.why, reason.remedy, path=str(path))


def _unusable(path: Path, error: OSError) -> RbeeError:
    wrong = f"cannot use {path}: {error.strerror or error}"
    first = "make room there" if error.errno in _FULL else "make it writable"
    how = f"{first}, or name another folder: export RBEE_HOME=/path/to/folder"
    return _refused("home_unusable", wrong, how, path=str(path))


def _refused(code: str, message: str, suggestion: str, **details: str) -> RbeeError:
    from rbee.wire.errors import RbeeError  # late: a daemon that can begin never needs it here

    return RbeeError(code, message, suggestion, details)
