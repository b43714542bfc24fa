"""What the queen has the shell of another machine do, and how its answers are read. Pure.

rbee lives over there in a virtual environment of its own, ``venv`` in RBEE_HOME (``~/.rbee``);
where there is none, in whatever ``python3`` is.
"""

from __future__ import annotations

import re
import shlex

import msgspec

from rbee.wire.errors import RbeeError

#: The oldest Python that rbee runs on.
OLDEST_PYTHON = (3, 10)
#: What an environment with the default engine takes on the disk (bytes).
INSTALLATION_BYTES = 700_000_000

_FIND = """
home="${RBEE_HOME:-$HOME/.rbee}"
python="$home/venv/bin/python"
[ -x "$python" ] || python=$(command -v python3) || python=""
version() { [ -z "$python" ] || "$python" -c 'import rbee; print(rbee.__version__)' 2>/dev/null; }
"""

INSPECT = (
    _FIND
    + """
base=$(command -v python3) || base="$python"
echo "user=$(id -un)"
echo "home=$home"
echo "python=$base"
[ -z "$base" ] || "$base" -c 'import sys; print("version=%d.%d.%d" % sys.version_info[:3])'
echo "free_kb=$(df -Pk "$HOME" | awk 'NR == 2 {print $4}')"
echo "rbee=$(version)"
"""
)

END = _FIND + '[ -z "$python" ] || exec "$python" -m rbee.hive end\n'

#: Exit status of `wake` where another version of rbee is there, or none.
OTHER_VERSION = 78


class Facts(msgspec.Struct, frozen=True):
    """What was found on a machine; empty where there is none of it."""

    user: str = ""
    home: str = ""
    python: str = ""
    version: str = ""
    free_kb: str = ""
    rbee: str = ""

    @property
    def free_bytes(self) -> int:
        """Room on the disk that holds the user's home."""
        return int(self.free_kb or 0) * 1024


def facts(output: str) -> Facts:
    """What `INSPECT` has found."""
    found = dict(line.split("=", 1) for line in output.splitlines() if "=" in line)
    return msgspec.convert(found, Facts)


def check_python(host: str, found: Facts) -> None:
    """Raises `hive_unfit` where there is no Python, or one that is too old."""
    oldest = ".".join(map(str, OLDEST_PYTHON))
    if not found.version:
        raise _unfit(host, "has no python3", f"install Python {oldest} or newer there")
    version = tuple(int(number) for number in re.findall(r"\d+", found.version))
    if version < OLDEST_PYTHON:
        raise _unfit(
            host,
            f"has Python {found.version}; rbee needs {oldest} or newer",
            f"install Python {oldest} or newer there, as python3",
        )


def check_room(host: str, found: Facts) -> None:
    """Raises `insufficient_disk` where rbee itself would not fit."""
    if found.free_bytes < INSTALLATION_BYTES:
        raise RbeeError(
            "insufficient_disk",
            f"{host} has {found.free_bytes / 1e6:.0f} MB free, "
            f"rbee takes {INSTALLATION_BYTES / 1e6:.0f} MB",
            "free some space there, then try again",
        )


def check_version(host: str, found: str, ours: str) -> None:
    """Raises `hive_unfit` where rbee is missing or of another version."""
    if found == ours:
        return
    raise _unfit(
        host,
        f"has rbee {found}, this queen is {ours}" if found else "has no rbee",
        f"rbee-keeper add-hive --install {host} brings it there",
    )


def wake(version: str) -> str:
    """Starts a hive from the orders on stdin, where rbee is of this version."""
    ours = shlex.quote(version)
    return (
        _FIND
        + f'[ "$(version)" = {ours} ] || {{ echo "rbee=$(version)"; exit {OTHER_VERSION}; }}\n'
        + 'exec "$python" -m rbee.hive wake\n'
    )


def install(wheel: str) -> str:
    """Installs a wheel from the user's home, in an environment that counts once it is complete."""
    return f"""
set -e
cd "$HOME"
home="${{RBEE_HOME:-$HOME/.rbee}}"
mkdir -p -m 700 "$home"
new="$home/venv-$$"
trap 'rm -rf "$new" {shlex.quote(wheel)}' EXIT
python3 -m venv "$new"
"$new/bin/python" -m pip install --quiet --disable-pip-version-check ./{shlex.quote(wheel)}
[ -L "$home/venv" ] && old=$(readlink "$home/venv") || old=""
[ -z "$old" ] && rm -rf "$home/venv"
ln -sfn "$new" "$home/venv"
trap 'rm -f {shlex.quote(wheel)}' EXIT
[ -z "$old" ] || rm -rf "$old"
"""


def _unfit(host: str, why: str, suggestion: str) -> RbeeError:
    return RbeeError("hive_unfit", f"{host} {why}", suggestion)
