"""How rbee was installed, which Python a machine has, what the doctor says of it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any
from unittest import mock

from rbee import __version__
from rbee.keeper.doctor import Finding, judged_disk, judged_machine
from rbee.keeper.installation import Installation, Obstacle, Origin, obstacle, to_install
from rbee.keeper.upgrading import Upgrading
from rbee.process.home import UPGRADE, Home
from rbee.queen import shell
from rbee.queen.catalog import HiveRow
from rbee.queen.examine import judged
from rbee.wire.errors import ErrorBody, RbeeError
from rbee.wire.messages.hives import Examined, SshTarget

_PREFIX = Path("/home/me/rbee")
_PYTHON = "/home/me/rbee/bin/python"
_IN_PIP = Installation(_PREFIX, _PYTHON, is_environment=True)
_CLONE = Origin(url="file:///home/me/clone", dir_info={"editable": True})

#: Installations, by what is said of them.
INSTALLATIONS = {
    "pip in an environment": _IN_PIP,
    "pipx": _IN_PIP._replace(tool="pipx"),
    "uv tool": _IN_PIP._replace(tool="uv", has_pip=False),
    "uv in an environment": _IN_PIP._replace(has_pip=False),
    "pip from a clone, to be edited": _IN_PIP._replace(origin=_CLONE),
    "pip in no environment": _IN_PIP._replace(is_environment=False, python="/usr/bin/python3"),
    "an administrator": _IN_PIP._replace(is_writable=False),
    "a queen": _IN_PIP._replace(is_brought=True),
    "the image": _IN_PIP._replace(is_image=True),
}

#: Where rbee was taken from, by what is said of it.
ORIGINS = {
    "an index": Origin(),
    "a folder": Origin(url="file:///home/me/my%20clone", dir_info={}),
    "a wheel": Origin(url="file:///tmp/rbee-0.1.0-py3-none-any.whl"),
    "a repository": Origin(url="https://example.org/rbee.git", vcs_info={"vcs": "git"}),
}

#: What a Python of a machine is, by its name, relative to the home of its user.
_PLACES = {
    "python3": "bin/python3",
    "python3.12": "bin/python3.12",
    "pyenv's 3.12": ".pyenv/versions/3.12.4/bin/python3.12",
    "uv's 3.13": ".local/share/uv/python/cpython-3.13.1-linux-x86_64-gnu/bin/python3.13",
    "a shim of pyenv": "bin/python3.13",
}


def obstacle_of(how: str) -> Obstacle | None:
    """What keeps an rbee that was installed so from upgrading itself."""
    return obstacle(INSTALLATIONS[how])


def begun_while(does: str) -> tuple[str, bool]:
    """What an upgrade is told that begins while another is under way, or comes to its end just
    when this one has opened its note; and whether the home has a note then."""
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder))
        first = Upgrading.begin(home, home.path / "environment")
        lock = fcntl.flock

        def end_then_lock(file: Any, how: int) -> None:
            first.end()
            lock(file, how)

        came_to_its_end = mock.patch("fcntl.flock", end_then_lock)
        with came_to_its_end if "end" in does else contextlib.nullcontext():
            try:
                Upgrading.begin(home, home.path / "environment").end()
                told = ""
            except RbeeError as error:
                told = error.message
        is_noted = (home.path / UPGRADE).exists()
        first.end()
    return told, is_noted


def wanted_from(origin: str, version: str) -> str:
    """What pip is to install where rbee was taken from there."""
    return to_install(ORIGINS[origin], version)


def found_with(pythons: dict[str, str], asked: str) -> shell.Facts:
    """What is found on a machine that has these Pythons, with the version of each by its name;
    one without a version runs nothing."""
    with tempfile.TemporaryDirectory() as home:
        (Path(home) / "bin").mkdir()
        for name, version in pythons.items():
            _write_python(Path(home, _PLACES[name]), version)
        path = f"{home}/bin:{_without_pythons(Path(home))}"
        command = ["sh", "-c", shell.inspect("9.9", asked)]
        environ = {"HOME": home, "PATH": path}
        ran = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
        return shell.facts(ran.stdout)


def python_meant(typed: str) -> str:
    """The Python that is looked for where a person types this, or what to type instead."""
    try:
        return shell.python_of(typed)
    except RbeeError as error:
        return error.suggestion


def doctor_on(rbee: str, version: str = "3.11.7", free_kb: str = "9000000") -> Finding:
    """What the doctor says of a machine that has this rbee, Python and room; `ours` is this one."""
    found = shell.Facts(
        version=version,
        runs_on=version,
        free_kb=free_kb,
        rbee=__version__ if rbee == "ours" else rbee,
    )
    row = HiveRow("attic", "attic", 8600, SshTarget(), None)
    return judged_machine(judged(row, found))


def doctor_on_disk(free_gb: float) -> Finding:
    """What the doctor says of a home with so much room on its disk."""
    return judged_disk(int(free_gb * 1e9), 0, "models")


def doctor_without(message: str, suggestion: str) -> Finding:
    """What the doctor says of a machine that is not reached."""
    error = ErrorBody("ssh_failed", message, suggestion)
    return judged_machine(Examined(hive_id="attic", host="attic", error=error))


def _write_python(path: Path, version: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    too_old = version.startswith(("3.8", "3.9"))
    answers = (
        f'#!/bin/sh\ncase "$2" in *exit*) exit {int(too_old)} ;; *print*) echo {version} ;; esac\n'
    )
    path.write_text(answers if version else "#!/bin/sh\nexit 127\n")
    path.chmod(0o755)


def _without_pythons(home: Path) -> str:
    """A folder of the programs of this machine that are asked, none of them a Python."""
    tools = home / "tools"
    tools.mkdir()
    for name in ("sh", "id", "uname", "df", "awk"):
        found = next(
            Path(folder, name)
            for folder in [*os.defpath.split(":"), "/usr/bin", "/bin"]
            if Path(folder, name).exists()
        )
        (tools / name).symlink_to(found)
    return str(tools)
