"""How this machine is suspended, and whether its user may do that.

`suspend_command` judges what was found, and is pure; `find_suspend_command` finds it. On Linux
``systemctl suspend``, which polkit allows to who sits at the machine, and to others by a rule or by
sudo; logind tells which (`CanSuspend` of org.freedesktop.login1, which suspends nothing). On a Mac
``pmset sleepnow``, which everybody may.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from typing import NamedTuple

#: How long a program of the system has to answer (seconds).
_ANSWERS = 5.0
_CAN_SUSPEND = (
    "call",
    "org.freedesktop.login1",
    "/org/freedesktop/login1",
    "org.freedesktop.login1.Manager",
    "CanSuspend",
)


class Found(NamedTuple):
    """What there is to suspend a machine by.

    `program` is the path of systemctl or pmset, empty where there is none; `polkit` what logind
    says: ``yes``, ``challenge`` (after a password), ``no``, ``na`` (the machine cannot), empty
    where it is not asked; `sudo`: whether sudo runs it without a password.
    """

    platform: str
    program: str
    user: str
    polkit: str = ""
    sudo: bool = False


class SuspendCommand(NamedTuple):
    """The command that suspends this machine; empty where none does: why, and what to type."""

    command: tuple[str, ...]
    why: str = ""
    fix: str = ""


def suspend_command(found: Found) -> SuspendCommand:
    """How it is done with what was found."""
    if not found.program:
        what = "pmset" if found.platform == "darwin" else "systemctl"
        fix = "look for /usr/bin/pmset" if what == "pmset" else "install systemd there"
        return SuspendCommand(
            (), f"there is no {what} to suspend it", f"{fix}, or leave --wake out"
        )
    if found.platform == "darwin":
        return SuspendCommand((found.program, "sleepnow"))
    command = (found.program, "suspend")
    if found.polkit == "na":
        fix = "look into /sys/power/state and the settings of its firmware"
        return SuspendCommand((), "it cannot be suspended at all", fix)
    if found.user == "root" or found.polkit == "yes":
        return SuspendCommand(command)
    if found.sudo:
        return SuspendCommand(("sudo", "-n", *command))
    line = f"{found.user} ALL=(root) NOPASSWD: {' '.join(command)}"
    fix = f"echo {shlex.quote(line)} | sudo tee /etc/sudoers.d/rbee-suspend"
    return SuspendCommand((), f"{found.user} may not suspend it", fix)


def find_suspend_command() -> SuspendCommand:
    """How this machine is suspended. Blocks, for as long as the system's programs take."""
    name = "pmset" if sys.platform == "darwin" else "systemctl"
    import getpass  # late: few machines sleep

    program = shutil.which(name) or ""
    user = "root" if os.geteuid() == 0 else getpass.getuser()
    if not program or name == "pmset":
        return suspend_command(Found(sys.platform, program, user))
    polkit = said(("busctl", *_CAN_SUSPEND)).removeprefix("s ").strip('" \n')
    sudo = user != "root" and polkit not in ("yes", "na") and _sudo_runs((program, "suspend"))
    return suspend_command(Found(sys.platform, program, user, polkit, sudo))


def said(command: Sequence[str]) -> str:
    """What a program of the system prints; empty where it is not there, fails, or hangs. Blocks."""
    try:
        ran = _run(command)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return ran.stdout if ran.returncode == 0 else ""


def suspend(command: Sequence[str]) -> str:
    """Suspends this machine by the command of a `SuspendCommand`; why not, or empty. Blocks until
    the system has taken the order, which it carries out in its own time."""
    try:
        ran = _run(command)
    except OSError as error:
        return f"{command[0]}: {error.strerror}"
    except subprocess.TimeoutExpired:
        return ""  # it was suspended before its order was acknowledged
    lines = ran.stderr.strip().splitlines()
    return "" if ran.returncode == 0 else (lines[-1] if lines else f"exit status {ran.returncode}")


def _run(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Raises `OSError` and TimeoutExpired. It speaks English: some of what it says is read."""
    return subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=_ANSWERS,
        check=False,
        env={**os.environ, "LC_ALL": "C"},
        encoding="utf-8",
        errors="replace",
    )


def _sudo_runs(command: Sequence[str]) -> bool:
    """Whether sudo would run a command without asking; it runs nothing."""
    return bool(said(("sudo", "-n", "-l", *command)).strip())
