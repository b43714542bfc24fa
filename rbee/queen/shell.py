"""What the queen has the shell of another machine do, and how its answers are read. Pure.

rbee lives over there in a virtual environment of its own, to which ``venv`` in RBEE_HOME
(``~/.rbee``) is a link; where there is none, in whatever ``python3`` is. What is started is started
from the environment itself, so that it stays with it when the link comes to lead elsewhere.
"""

from __future__ import annotations

import re
import shlex

import msgspec

from rbee.wire import addresses, narration
from rbee.wire.errors import RbeeError
from rbee.wire.narration import Line

#: The oldest Python that rbee runs on.
OLDEST_PYTHON = (3, 10)
#: What an environment with the default engine takes on the disk while it is made (bytes): 240 MB
#: stay, the rest are the packages that are fetched and unpacked.
INSTALLATION_BYTES = 400_000_000

# From `/`: Python imports from the current folder first, and in a home anything may lie.
_FIND = """
case "$RBEE_HOME" in "" | /*) ;; *) export RBEE_HOME="$PWD/$RBEE_HOME" ;; esac
cd /
home="${RBEE_HOME:-$HOME/.rbee}"
python="$(cd "$home/venv/bin" 2>/dev/null && pwd -P)/python"
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
ask='import sys; print("%d.%d.%d" % sys.version_info[:3])'
[ -z "$base" ] || echo "version=$("$base" -c "$ask")"
[ -z "$python" ] || echo "runs_on=$("$python" -c "$ask")"
echo "free_kb=$(df -Pk "$HOME" | awk 'NR == 2 {print $4}')"
echo "rbee=$(version)"
"""
)

#: Prints the record of a hive that was started to stay, if its process lives; else nothing. Only
#: the user who logs in can write the record, and `kill -0` fails for processes of other users.
RECORDED = """
record="${RBEE_HOME:-$HOME/.rbee}/hive.json"
pid=$(sed -n 's/.*"pid":\\([0-9]*\\).*/\\1/p' "$record" 2>/dev/null)
[ -z "$pid" ] || ! kill -0 "$pid" 2>/dev/null || cat "$record"
"""

END = _FIND + '[ -z "$python" ] || exec "$python" -m rbee.hive end\n'

_ENVIRONMENT_MADE = "the environment is made"
#: How pip tells what it fetches, where that takes a while, and what it installs.
_LOADING = re.compile(r" *Downloading (?P<package>\w+)-\S+ \((?P<size>[\d.]+ [MG]B)\)")
_PLACING = re.compile(r"Installing collected packages: (?P<names>.+)")
#: How the machine tells whether models can be spread over it; see `rbee.worker.engines.rpc.build`.
_SHARES = re.compile(r"\S+ speaks RPC (?P<version>[\d.]{1,20})")
_ALONE = re.compile(r"llama\.cpp's RPC backend is not built: (?P<why>.{1,300})")
#: How Debian tells that its Python comes without the means to make environments.
_NO_VENV = re.compile(r"apt install (?P<package>python[\w.+-]{0,16}venv)\b")
_LAST_LINES = 12
#: The longest fact that is believed, and the longest line that is repeated (characters).
_LONGEST = 200
_VERSION = re.compile(r"[\w.+!-]{1,64}")

#: Exit status of `wake` where another version of rbee is there, or none.
OTHER_VERSION = 78


class Facts(msgspec.Struct, frozen=True):
    """What was found on a machine; empty where there is none of it."""

    user: str = ""
    home: str = ""
    python: str = ""
    version: str = ""
    runs_on: str = ""
    free_kb: str = ""
    rbee: str = ""

    @property
    def free_bytes(self) -> int:
        """Room on the disk that holds the user's home."""
        return int(self.free_kb) * 1024 if re.fullmatch(r"[0-9]{1,15}", self.free_kb) else 0


class _Recorded(msgspec.Struct):
    url: str


def facts(output: str) -> Facts:
    """What `INSPECT` has found."""
    found = dict(line.split("=", 1) for line in output.splitlines() if "=" in line)
    read = msgspec.convert({name: text[:_LONGEST] for name, text in found.items()}, Facts)
    return msgspec.structs.replace(read, rbee=version_of(read.rbee))


def version_of(text: str) -> str:
    """A version that a machine tells, empty for none; what is no version is called so."""
    return text if not text or _VERSION.fullmatch(text) else "of no version"


def recorded_url(output: str) -> str:
    """Where the hive listens that `RECORDED` has found, on the loopback address; else empty."""
    try:
        url = msgspec.json.decode(output, type=_Recorded).url
    except (ValueError, msgspec.MsgspecError):
        return ""
    there = addresses.at(url)
    return url if there is not None and addresses.is_loopback(there[0]) else ""


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
            f"to install rbee takes {INSTALLATION_BYTES / 1e6:.0f} MB",
            "free some space there, then try again",
        )


def check_version(host: str, found: str, ours: str, add_as: str) -> None:
    """Raises `hive_unfit` where rbee is missing or of another version.

    `add_as` is what `rbee-keeper add-hive` calls the machine, with the options that it takes.
    """
    if found == ours:
        return
    raise _unfit(
        host,
        f"has rbee {found}, this queen is {ours}" if found else "has no rbee",
        f"rbee-keeper add-hive --install {add_as} brings it there",
    )


def wake(version: str) -> str:
    """Starts a hive from the orders on stdin, where rbee is of this version."""
    ours = shlex.quote(version)
    return (
        _FIND
        + f'[ "$(version)" = {ours} ] || {{ echo "rbee=$(version)"; exit {OTHER_VERSION}; }}\n'
        + 'exec "$python" -m rbee.hive wake\n'
    )


def install(wheel: str, size: int, version: str) -> str:
    """Installs the wheel that comes on stdin, in a new environment beside the one in use.

    Until it is complete, all of it is one folder, which goes when anything fails or stdin ends.
    Then it is taken into use in one step, and environments that nothing runs from are removed.
    `size` is that of the wheel in bytes; `progress` reads stdout, `not_installed` stderr.
    """
    name = shlex.quote(wheel)
    return f"""
set -e
trap '' PIPE
trap 'exit 1' HUP INT TERM
umask 077
home="${{RBEE_HOME:-$HOME/.rbee}}"
mkdir -p "$home/environments"
cd "$home/environments"
new="$(pwd -P)/"{shlex.quote(version)}"-$(date +%s)-$$"
trap 'rm -rf "$new"' EXIT
sweep() {{
    running=$(ps -A -ww -o args=) || return 0
    for each in *-*; do
        case "$running" in *"/$each/"*) continue ;; esac
        case "$(readlink ../venv)" in *"/$each") continue ;; esac
        kill -0 "${{each##*-}}" 2>/dev/null || rm -rf "$each"
    done
}}
sweep || true
mkdir "$new"
head -c {size} >"$new/"{name}
exec 3<&0
{{ cat <&3; kill 0; }} >/dev/null 2>&1 &
python3 -m venv "$new" >&2
echo "{_ENVIRONMENT_MADE}"
PIP_USER=0 "$new/bin/python" -m pip install --disable-pip-version-check --no-input \\
    --progress-bar off "$new/"{name}
rm "$new/"{name}
"$new/bin/python" -c 'import rbee; print("rbee", rbee.__version__)'
"$new/bin/python" -m rbee.worker.engines.rpc.build 2>&1 || true
trap '' HUP INT TERM
[ -L ../venv ] || [ ! -e ../venv ] || mv ../venv "../venv-before-$$"
ln -s "$new" "$new/link"
"$new/bin/python" -c 'import os, sys; os.replace(*sys.argv[1:])' "$new/link" ../venv
trap - EXIT
sweep || true
"""


def progress(line: str) -> tuple[Line, dict[str, str]] | None:
    """What a line of `install` is told as, but for the host; None: it is not worth telling."""
    if line == _ENVIRONMENT_MADE:
        return narration.MACHINE_ENVIRONMENT, {}
    if loading := _LOADING.match(line):
        return narration.MACHINE_LOADS, loading.groupdict()
    if placing := _PLACING.match(line):
        return narration.MACHINE_PLACES, {"count": str(placing["names"].count(",") + 1)}
    if shares := _SHARES.match(line):
        return narration.MACHINE_SHARES, shares.groupdict()
    if alone := _ALONE.match(line):
        return narration.MACHINE_ALONE, alone.groupdict()
    return None


def not_installed(host: str, stderr: str) -> RbeeError:
    """Why `install` has failed."""
    no_venv = _NO_VENV.search(stderr)
    suggestion = "mend what pip complains about on that machine, then try again"
    if no_venv:
        suggestion = f"ssh -t {host} sudo apt install {no_venv['package']}, then try again"
    return RbeeError(
        "hive_unfit",
        f"rbee could not be installed on {host}",
        suggestion,
        {"log": last_lines(stderr)},
    )


def last_lines(text: str) -> list[str]:
    """The end of what a program has said, for an error."""
    return [line[:_LONGEST] for line in text.splitlines()[-_LAST_LINES:]]


def _unfit(host: str, why: str, suggestion: str) -> RbeeError:
    return RbeeError("hive_unfit", f"{host} {why}", suggestion)
