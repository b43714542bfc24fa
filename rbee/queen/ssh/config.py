"""Where a machine is and who to be there: what was typed over what ``~/.ssh/config`` says.

But for `read_config`, pure: it is handed the text.
"""

from __future__ import annotations

import contextlib
import importlib
import re
import shlex
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import paramiko
import paramiko.config

from rbee.process.owned import distrust
from rbee.queen.ssh.errors import ssh_failed
from rbee.wire.messages.hives import SshTarget
from rbee.wire.names import quoted, why_no_host, why_no_user

SSH_PORT = 22
#: The keys that are tried when none is named, as OpenSSH does.
_USUAL_KEYS = ("id_ed25519", "id_ecdsa", "id_rsa")
_SYSTEM_KNOWN_HOSTS = "/etc/ssh/ssh_known_hosts"
#: How deep files may include files, and jumps lead over jumps.
_DEEPEST = 16
_HEADER = re.compile(r"\s*(host|match)[\s=]", re.IGNORECASE)
_INCLUDE = re.compile(r"\s*include[\s=]+(?P<names>.+?)\s*$", re.IGNORECASE)
_JUMP = re.compile(r"(ssh://)?((?P<user>[^@]+)@)?(?P<host>\[[^\]]+\]|[^:\[\]]+)(:(?P<port>\d+))?/?")


@dataclass(frozen=True)
class Target:
    """A machine to reach. `name` is what was typed, `address` what is connected to."""

    name: str
    address: str
    port: int
    user: str
    key_files: tuple[Path, ...]
    #: The key was named by the user: no other is offered, and an error with it ends the login.
    key_is_typed: bool
    #: Whether any key of the agent may be offered, or only those of `key_files`.
    any_agent_key: bool
    #: What the machine is called in files of known hosts.
    known_as: str
    known_hosts: tuple[Path, ...]
    #: Shell text whose stdin and stdout lead to its SSH port; "" where that is reached by itself.
    command: str = ""
    #: The machines to go through, the nearest first.
    jumps: tuple[Target, ...] = ()

    @property
    def login(self) -> str:
        """As a person types it: ``anna@workstation``, with ``-p 2222`` before it."""
        port = "" if self.port == SSH_PORT else f"-p {self.port} "
        return port + shlex.quote(f"{self.user}@{self.name}")


def read_config(home: Path) -> str:
    """The text of ``.ssh/config`` below `home`, each Include replaced by what it names."""
    folder = home / ".ssh"

    def read(name: str) -> list[str]:
        pattern = Path(name.replace("~", str(home), 1) if name.startswith("~/") else name)
        base, parts = (Path("/"), pattern.parts[1:]) if pattern.is_absolute() else (folder, ())
        found = sorted(base.glob(str(Path(*parts)) if parts else str(pattern)))
        return [_owned(file).read_text("utf-8", "replace") for file in found if file.is_file()]

    try:
        return "\n".join(included(text, read) for text in read("config"))
    except OSError as error:
        raise ssh_failed(
            "config",
            f"cannot read the SSH configuration: {error.filename}: {error.strerror}",
            f"chmod 600 {error.filename}",
        ) from None


def _owned(file: Path) -> Path:
    """`file`, unless somebody else could have written there what is run in our name.

    OpenSSH (`read_config_file_depth`) looks at the file alone, this at the folders above it, too.
    """
    strange = distrust(file)
    if strange is not None:
        raise ssh_failed(
            "config",
            f"the SSH configuration may run commands, and {strange.why}",
            f"see to it that it is yours, and: {shlex.join(['chmod', 'go-w', str(file)])}",
        )
    return file


def included(text: str, read: Callable[[str], Sequence[str]], depth: int = 0) -> str:
    """`text` with each Include replaced by the texts that `read` gives for its names.

    What follows belongs to the block in which the Include stands, so its header is said again.
    """
    if depth > _DEEPEST:
        raise ssh_failed(
            "config", "the SSH configuration includes itself", "look into ~/.ssh/config"
        )
    header, lines = "Host *", []
    for line in text.splitlines():
        include = _INCLUDE.fullmatch(line)
        if include is None:
            header = line if _HEADER.match(line) else header
            lines.append(line)
            continue
        for name in shlex.split(include["names"]):
            lines += [included(each, read, depth + 1) for each in read(name)]
        lines.append(header)
    return "\n".join(lines)


def resolve(
    host: str, given: SshTarget | None = None, *, config: str, home: Path, local_user: str
) -> Target:
    """The target that `host` stands for: `given` over the text `config` over what is usual.

    `host` may be a name, an address or an alias of the configuration, which may have shell text run
    in which that name stands (`Match exec`). Raises `ssh_failed`, reason ``config``.
    """
    if "exec" in config.lower():
        _let_match_exec()
    try:
        parsed = paramiko.SSHConfig.from_text(config)
    except paramiko.ConfigParseError as error:
        raise _unreadable(str(error)) from None
    return _Resolver(parsed, home, local_user).target(host, given or SshTarget(), frozenset())


def _let_match_exec() -> None:
    """Gives paramiko what it runs commands with, where that is installed; see the package."""
    with contextlib.suppress(ImportError):
        vars(paramiko.config)["invoke"] = importlib.import_module("invoke")


class _Resolver:
    def __init__(self, config: paramiko.SSHConfig, home: Path, local_user: str) -> None:
        self._config = config
        self._home = home
        self._local_user = local_user

    def target(self, host: str, given: SshTarget, on_the_way: frozenset[str]) -> Target:
        """`on_the_way` are those that lead there, none of which it may go through."""
        _require(host, why_no_host, "machine")  # before `%h` and the like are replaced by it
        said = self._said(host)
        address = _require(said.get("hostname", host), why_no_host, "machine")
        user = given.user or said.get("user") or self._local_user
        port = given.port or _number(said.get("port"), host)
        typed = given.key_path
        keys = [typed] if typed else said.get("identityfile", [])
        usual = [self._home / ".ssh" / name for name in _USUAL_KEYS]
        alias = _require(said.get("hostkeyalias", address), why_no_host, "machine")
        files = shlex.split(said.get("userknownhostsfile", "~/.ssh/known_hosts"))
        return Target(
            name=host,
            address=address,
            port=port,
            user=_require(user, why_no_user, "user"),
            key_files=tuple(map(self._path, keys)) or tuple(usual),
            key_is_typed=typed is not None,
            any_agent_key=typed is None and said.get("identitiesonly", "no").lower() != "yes",
            known_as=alias if port == SSH_PORT or "hostkeyalias" in said else f"[{alias}]:{port}",
            known_hosts=(*map(self._path, files), Path(_SYSTEM_KNOWN_HOSTS)),
            command="" if "proxyjump" in said else said.get("proxycommand", ""),
            jumps=tuple(self._jumps(said.get("proxyjump", "none"), on_the_way | {host})),
        )

    def _said(self, host: str) -> dict[str, Any]:
        try:
            return dict(self._config.lookup(host))
        except ImportError:
            raise _unreadable("`Match exec` needs: pip install invoke") from None
        except (paramiko.SSHException, ValueError, KeyError) as error:
            raise _unreadable(str(error)) from None

    def _jumps(self, text: str, on_the_way: frozenset[str]) -> Iterator[Target]:
        """The machines of a ProxyJump; the first may itself have to be reached over others."""
        if text.lower() == "none":
            return
        for number, word in enumerate(text.split(",")):
            match = _JUMP.fullmatch(word.strip())
            if match is None:
                raise _unreadable(f"ProxyJump {text!r} names no machine")
            host = match["host"].strip("[]")
            if host in on_the_way:
                raise _unreadable(f"the way to {host} leads over {host}")
            port = int(match["port"]) if match["port"] else None
            jump = self.target(host, SshTarget(user=match["user"], port=port), on_the_way)
            if number == 0:
                yield from jump.jumps
            yield jump

    def _path(self, name: str) -> Path:
        return self._home / name[2:] if name.startswith("~/") else Path(name)


def _number(text: str | None, host: str) -> int:
    if text is None:
        return SSH_PORT
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise _unreadable(f"Port {text!r} of {host} is not one of 1 to 65535")
    return int(text)


def _require(text: str, why_not: Callable[[str], str], what: str) -> str:
    """`text`, if it can be the name of a machine or a user. Raises for anything else."""
    if why := why_not(text):
        raise ssh_failed(
            "config",
            f"{quoted(text)} cannot be the name of a {what}: {why}",
            "look for that name in ~/.ssh/config and in what was typed",
        )
    return text


def _unreadable(why: str) -> Exception:
    return ssh_failed("config", f"cannot use ~/.ssh/config: {why}", "mend ~/.ssh/config")
