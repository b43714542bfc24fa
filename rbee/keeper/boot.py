"""``rbee-keeper up --at-boot``: the swarm starts when this machine does, for this user.

A service of the user's own runs ``rbee-keeper up --stay``: of systemd, which lets it begin before
the user has logged in where lingering is on, or of launchd, which starts it with the first login.
"""

from __future__ import annotations

import os
import plistlib
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from rbee.process.home import Home
from rbee.wire.errors import RbeeError, invalid

_UNIT = "rbee.service"
_LABEL = "rbee.swarm"
_PROGRAM = (sys.executable, "-m", "rbee.keeper", "up", "--stay")
#: The exit status of a keeper that was told to end.
_TOLD_TO_END = 130


class Service(NamedTuple):
    """Where a service is written down, how, and what is called to begin it and to end it."""

    path: Path
    text: bytes
    begin: Sequence[Sequence[str]]
    end: Sequence[Sequence[str]]


def service(platform: str, home: Path, settings: Mapping[str, str]) -> Service:
    """The service of the user whose home this is, with the variables `settings`. Pure."""
    if platform == "darwin":
        path = home / "Library" / "LaunchAgents" / f"{_LABEL}.plist"
        domain = f"gui/{os.getuid()}"
        return Service(
            path,
            launchd_plist(_PROGRAM, settings),
            begin=[("launchctl", "bootstrap", domain, str(path))],
            end=[("launchctl", "bootout", f"{domain}/{_LABEL}")],
        )
    folder = Path(settings.get("XDG_CONFIG_HOME") or home / ".config")
    path = folder / "systemd" / "user" / _UNIT
    control = ("systemctl", "--user")
    ours = {name: value for name, value in settings.items() if name.startswith("RBEE_")}
    return Service(
        path,
        systemd_unit(_PROGRAM, ours).encode(),
        begin=[
            (*control, "daemon-reload"),
            (*control, "enable", "--now", _UNIT),
            ("loginctl", "enable-linger"),
        ],
        end=[(*control, "disable", "--now", _UNIT)],
    )


def systemd_unit(program: Sequence[str], settings: Mapping[str, str]) -> str:
    """See systemd.service(5) and systemd.syntax(7). Pure."""
    words = " ".join(_quoted(each, in_command=True) for each in program)
    return "\n".join(
        [
            "[Unit]",
            "Description=rbee: the computers at home as one LLM server",
            "After=network.target",
            "",
            "[Service]",
            *(f"Environment={_quoted(f'{name}={value}')}" for name, value in settings.items()),
            # systemd takes only plain names for what it executes itself.
            f"ExecStart=/usr/bin/env {words}",
            f"SuccessExitStatus={_TOLD_TO_END}",
            "Restart=on-failure",
            "RestartSec=5",
            "",
            "[Install]",
            "WantedBy=default.target",
            "",
        ]
    )


def launchd_plist(program: Sequence[str], settings: Mapping[str, str]) -> bytes:
    """See launchd.plist(5). Pure."""
    return plistlib.dumps(
        {
            "Label": _LABEL,
            "ProgramArguments": list(program),
            "EnvironmentVariables": dict(settings),
            "RunAtLoad": True,
            "KeepAlive": {"SuccessfulExit": False},
            "ThrottleInterval": 5,
        }
    )


def enable(host: str | None = None) -> Path:
    """The swarm starts now, and whenever this machine does; where that is written down. With a
    `host` the queen listens there.

    Raises `invalid_request` where it cannot be arranged, and leaves nothing of it then.
    """
    wanted = _of_this_user({} if host is None else {"RBEE_QUEEN_HOST": host})
    wanted.path.parent.mkdir(parents=True, exist_ok=True)
    wanted.path.write_bytes(wanted.text)
    try:
        for command in wanted.begin:
            _call(command)
    except RbeeError:
        disable()
        raise
    return wanted.path


def disable() -> bool:
    """The swarm starts with this machine no more; whether it did."""
    wanted = _of_this_user()
    if not wanted.path.exists():
        return False
    for command in wanted.end:
        # What the machine does not know of need not be ended.
        subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    wanted.path.unlink(missing_ok=True)
    return True


def _of_this_user(settings: Mapping[str, str] = MappingProxyType({})) -> Service:
    kept = {
        name: value
        for name, value in os.environ.items()
        if name.startswith("RBEE_") or name == "XDG_CONFIG_HOME"
    }
    kept["RBEE_HOME"] = str(Home.of_environment().path)
    return service(sys.platform, Path.home(), {**kept, **settings})


def _call(command: Sequence[str]) -> None:
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
        why = "" if done.returncode == 0 else done.stderr.strip() or f"status {done.returncode}"
    except FileNotFoundError:
        why = "there is no such program"
    if why:
        raise invalid(
            f"{' '.join(command)}: {why}",
            "log in as this user, then try again; where no systemd or launchd runs, have "
            "what starts the machine run: rbee-keeper up --stay",
        )


def _quoted(text: str, *, in_command: bool = False) -> str:
    """One word of a unit, whatever is in it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    escaped = escaped.replace("%", "%%")
    if in_command:
        escaped = escaped.replace("$", "$$")
    return f'"{escaped}"'
