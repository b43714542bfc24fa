"""What the queen has the shell of another machine do, and how its answers are read. Pure.

rbee lives over there in virtual environments of its own, one for each version, in ``environments``
of RBEE_HOME (``~/.rbee``); where there is none, in whatever ``python3`` is. The link ``venv`` leads
to the one that a hive has answered from last. A queen has a hive started from the environment of
her own version, so that before and after an upgrade each queen finds hers. What is started
is started from the environment itself, and stays with it when the link comes to lead elsewhere.
"""

from __future__ import annotations

import re
import shlex

import msgspec

from rbee.wire import addresses, narration
from rbee.wire.errors import RbeeError, invalid
from rbee.wire.narration import Line

#: The oldest Python that rbee runs on.
OLDEST_PYTHON = (3, 10)
#: What an environment with the default engine takes on the disk while it is made (bytes): 240 MB
#: stay, the rest are the packages that are fetched and unpacked.
INSTALLATION_BYTES = 400_000_000
#: The same where all packages are sent from here, as wheels that are not compressed.
SENT_INSTALLATION_BYTES = 500_000_000

# From `/`: Python imports from the current folder first, and in a home anything may lie.
_FIND = """
case "$RBEE_HOME" in "" | /*) ;; *) export RBEE_HOME="$PWD/$RBEE_HOME" ;; esac
cd /
home="${RBEE_HOME:-$HOME/.rbee}"
python="$(cd "$home/venv/bin" 2>/dev/null && pwd -P)/python"
[ -x "$python" ] || python=$(command -v python3) || python=""
version() { [ -z "$python" ] || "$python" -c 'import rbee; print(rbee.__version__)' 2>/dev/null; }
"""

#: What an environment holds once all of it is there.
_WHOLE = "whole"

#: Finds a Python, also those of pyenv, uv and Homebrew that no PATH names. A shim of pyenv may
#: lead to none, so each has to run.
_PICK = """
works() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; }
called() {
    for each in "python$1" "${PYENV_ROOT:-$HOME/.pyenv}/versions/$1".*/bin/"python$1" \\
        "${UV_PYTHON_INSTALL_DIR:-$HOME/.local/share/uv/python}"/cpython-"$1".*/bin/"python$1" \\
        "$HOME/.local/bin/python$1" "/opt/homebrew/bin/python$1" "/usr/local/bin/python$1"
    do
        found=$(command -v "$each") && "$found" -c '' 2>/dev/null && echo "$found" && return
    done
    return 1
}
pick() {
    case "$1" in
        "~/"*) command -v "$HOME/${1#??}"; return ;;
        */*) command -v "$1"; return ;;
        ?*) called "$1"; return ;;
    esac
    found=$(command -v python3) && works "$found" && echo "$found" && return
    for minor in 13 12 11 10; do called "3.$minor" && return; done
    command -v python3
}
"""


def inspect(version: str, python: str = "") -> str:
    """What `facts` reads; `python` is the one that is asked for, see `python_of`."""
    return (
        _FIND
        + _choose(version)
        + _PICK
        + f"""
base=$(pick {shlex.quote(python)}) || base=""
echo "user=$(id -un)"
echo "home=$home"
echo "python=$base"
echo "system=$(uname -sm)"
ask='import sys; print("%d.%d.%d" % sys.version_info[:3])'
[ -z "$base" ] || echo "version=$("$base" -c "$ask" 2>/dev/null)"
[ -z "$python" ] || echo "runs_on=$("$python" -c "$ask")"
echo "free_kb=$(df -Pk "$HOME" | awk 'NR == 2 {{print $4}}')"
echo "rbee=$rbee"
"""
    )


def _choose(version: str) -> str:
    """Has `$python` be that of the environment of this version, where the link leads to another;
    `$staged` is that environment, empty where the link leads there. `$rbee` is the version."""
    ours = shlex.quote(version)
    return f"""
staged="" rbee=$(version) || :
if [ "$rbee" != {ours} ]; then
    linked="$python"
    for each in "$home"/environments/{ours}-*; do
        [ -e "$each/{_WHOLE}" ] || continue
        python="$each/bin/python"
        if [ "$(version)" = {ours} ]; then staged="$each" rbee={ours}; break; fi
    done
    [ -n "$staged" ] || python="$linked"
fi
"""


#: Removes the environments that nothing runs from, the link does not lead to and nobody makes.
_SWEEP = """
sweep() {
    running=$(ps -A -ww -o args=) || return 0
    for each in *-*; do
        case "$running" in *"/$each/"*) continue ;; esac
        case "$(readlink ../venv)" in *"/$each") continue ;; esac
        kill -0 "${each##*-}" 2>/dev/null || rm -rf "$each"
    done
}
"""


def settle(version: str) -> str:
    """Has the link lead to the environment of this version, in one step, once a hive has answered
    from it. The one before stays until `TIDY`, and is found by its version.

    It does nothing where the link leads there already.
    """
    return (
        _FIND
        + _choose(version)
        + f"""
[ -n "$staged" ] || exit 0
trap '' HUP INT TERM PIPE
cd "$home/environments" || exit 1
case "$(readlink ../venv)" in "$(pwd -P)"/*) : >../venv/{_WHOLE} ;; esac
[ -L ../venv ] || [ ! -e ../venv ] || mv ../venv "../venv-before-$$"
ln -s "$(pwd -P)/${{staged##*/}}" "$staged/link" || exit 1
exec "$python" -c 'import os, sys; os.replace(*sys.argv[1:])' "$staged/link" ../venv
"""
    )


#: Removes what nobody needs any more once a swarm of a new version has answered.
TIDY = _FIND + _SWEEP + 'cd "$home/environments" 2>/dev/null && sweep\n'


def discard(version: str) -> str:
    """Removes the environment of this version, from which no hive comes up."""
    return _FIND + _choose(version) + '[ -z "$staged" ] || rm -rf "$staged"\n'


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
#: How pip tells that it has reached no index, or one that lacks what it wants; and a full disk.
_NO_INDEX = re.compile(
    r"NewConnectionError|ConnectTimeoutError|ReadTimeoutError|NameResolutionError|Max retries"
    r"|Could not find a version|No matching distribution"
)
_NO_ROOM = re.compile(r"No space left on device|Disk quota exceeded")
_PYTHON_NAME = re.compile(r"(?:python)?(?P<version>3(?:\.\d{1,2})?)")
_LAST_LINES = 12
#: The longest fact that is believed, and the longest line that is repeated (characters).
_LONGEST = 200
_VERSION = re.compile(r"[\w.+!-]{1,64}")

#: Exit status of `wake` where another version of rbee is there, or none.
OTHER_VERSION = 78
#: What it says where it starts a hive from an environment that has not been used yet.
STAGED = "staged"


class Facts(msgspec.Struct, frozen=True):
    """What was found on a machine; empty where there is none of it."""

    user: str = ""
    home: str = ""
    python: str = ""
    version: str = ""
    runs_on: str = ""
    free_kb: str = ""
    rbee: str = ""
    system: str = ""

    @property
    def free_bytes(self) -> int:
        """Room on the disk that holds the user's home."""
        return int(self.free_kb) * 1024 if re.fullmatch(r"[0-9]{1,15}", self.free_kb) else 0


class _Recorded(msgspec.Struct):
    url: str


def facts(output: str) -> Facts:
    """What `inspect` has found."""
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


def python_of(text: str) -> str:
    """What a person types for a Python: a path, or ``3.12``, which ``python3.12`` means, too.

    Raises `invalid_request`.
    """
    if not text or "/" in text:
        return text
    name = _PYTHON_NAME.fullmatch(text)
    if name is None:
        raise invalid(f"{text!r} is no Python", "name a version, 3.12, or a path: /opt/bin/python3")
    return name["version"]


def check_python(host: str, found: Facts, asked: str = "") -> None:
    """Raises `hive_unfit` where there is no Python, or one that is too old.

    `asked` is the one that is to be taken, empty for whichever there is.
    """
    oldest = ".".join(map(str, OLDEST_PYTHON))
    where = f"{oldest} or newer there"
    if not found.version and asked:
        name = asked if "/" in asked else f"Python {asked}"
        raise _unfit(host, f"has no {name}", f"leave --python out, or install Python {where}")
    if not found.version:
        raise _unfit(host, "has no python3", f"install Python {where}")
    version = tuple(int(number) for number in re.findall(r"\d+", found.version))
    if version < OLDEST_PYTHON:
        raise _unfit(
            host,
            f"has Python {found.version}; rbee needs {oldest} or newer",
            f"install Python {where}; one that lies elsewhere is named with --python PATH",
        )


def check_same(host: str, found: Facts, system: str, version: str) -> None:
    """Raises `hive_unfit` where packages of this machine do not go with the other one.

    `system` is what ``uname -sm`` says here, `version` this Python's.
    """
    ours, theirs = (".".join(each.split(".")[:2]) for each in (version, found.version))
    if found.system != system:
        raise _unfit(
            host,
            f"is {found.system}, and the packages of this machine are for {system}",
            "leave --offline out, and let pip there reach a package index",
        )
    if ours != theirs:
        raise _unfit(
            host,
            f"has Python {theirs}, and the packages of this machine are for {ours}",
            f"install Python {ours} there, or leave --offline out",
        )


def check_room(host: str, found: Facts, *, offline: bool = False) -> None:
    """Raises `insufficient_disk` where rbee itself would not fit; see `install` for `offline`."""
    needed = SENT_INSTALLATION_BYTES if offline else INSTALLATION_BYTES
    if found.free_bytes < needed:
        raise RbeeError(
            "insufficient_disk",
            f"{host} has {found.free_bytes / 1e6:.0f} MB free, "
            f"to install rbee takes {needed / 1e6:.0f} MB",
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
    """Starts a hive from the orders on stdin, where rbee is of this version.

    It says `STAGED` before, where that is not the version that the link leads to.
    """
    ours = shlex.quote(version)
    return (
        _FIND
        + _choose(version)
        + f'[ "$rbee" = {ours} ] || {{ echo "rbee=$rbee"; exit {OTHER_VERSION}; }}\n'
        + f'[ -z "$staged" ] || echo {STAGED}\n'
        + 'exec "$python" -m rbee.hive wake\n'
    )


def install(wheel: str, size: int, version: str, *, python: str = "", offline: bool = False) -> str:
    """Installs rbee in a new environment beside the one in use. On stdin comes a
    gzipped tar archive of `size` bytes with that wheel, and with `offline` all others that it
    needs.

    Until it is complete, all of it is one folder, which goes when anything fails or stdin ends. It
    is used once a hive of this version is woken; see `settle`. `progress` reads stdout,
    `not_installed` stderr.
    """
    name = shlex.quote(wheel)
    index, alone = ("--no-index", "PIP_NO_INDEX=1 ") if offline else ("", "")
    return f"""
set -e
trap '' PIPE
trap 'exit 1' HUP INT TERM
umask 077
{_PICK}{_SWEEP}
home="${{RBEE_HOME:-$HOME/.rbee}}"
mkdir -p "$home/environments"
cd "$home/environments"
new="$(pwd -P)/"{shlex.quote(version)}"-$(date +%s)-$$"
trap 'rm -rf "$new"' EXIT
sweep || true
mkdir -p "$new/wheels"
head -c {size} | tar -xzf - -C "$new/wheels"
exec 3<&0
{{ cat <&3; kill 0; }} >/dev/null 2>&1 &
base=$(pick {shlex.quote(python)})
"$base" -m venv "$new" >&2
echo "{_ENVIRONMENT_MADE}"
PIP_USER=0 "$new/bin/python" -m pip install --disable-pip-version-check --no-input \\
    --progress-bar off {index} --find-links "$new/wheels" "$new/wheels/"{name}
rm -r "$new/wheels"
"$new/bin/python" -c 'import rbee; print("rbee", rbee.__version__)'
{alone}"$new/bin/python" -m rbee.worker.engines.rpc.build 2>&1 || true
trap '' HUP INT TERM
: >"$new/{_WHOLE}"
trap - EXIT
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


def not_installed(host: str, stderr: str, add_as: str = "") -> RbeeError:
    """Why `install` has failed. `add_as` is what `rbee-keeper add-hive` calls the machine."""
    code, suggestion = "hive_unfit", "mend what pip complains about on that machine, then try again"
    if no_venv := _NO_VENV.search(stderr):
        suggestion = f"ssh -t {host} sudo apt install {no_venv['package']}, then try again"
    elif _NO_ROOM.search(stderr):
        code, suggestion = "insufficient_disk", "free some space there, then try again"
    elif _NO_INDEX.search(stderr):
        suggestion = (
            f"let pip there reach a package index, or send all of it from here: "
            f"rbee-keeper add-hive --install --offline {add_as or host}"
        )
    return RbeeError(
        code,
        f"rbee could not be installed on {host}",
        suggestion,
        {"log": last_lines(stderr)},
    )


def last_lines(text: str) -> list[str]:
    """The end of what a program has said, for an error."""
    return [line[:_LONGEST] for line in text.splitlines()[-_LAST_LINES:]]


def _unfit(host: str, why: str, suggestion: str) -> RbeeError:
    return RbeeError("hive_unfit", f"{host} {why}", suggestion)
