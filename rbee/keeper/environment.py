"""A virtual environment beside the one in use, and the step in which they change places.

Programs that run from an environment import from it as they go: nothing of rbee may run from either
while they change places, but for whoever does it.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from rbee.process.lifeline import die_with_parent
from rbee.wire.errors import RbeeError

#: What an environment holds that has not answered yet.
UNTRIED = "rbee-untried"
#: The variable by which a program that an upgrade runs knows by whom it was started.
PART_OF = "UPGRADE_OF_RBEE"
#: The longest script whose first line is looked at (bytes); those that pip writes are small.
_LONGEST_SCRIPT = 1 << 20
#: See renameat2(2), and renamex_np(2) of macOS.
_AT_FDCWD, _RENAME_EXCHANGE, _RENAME_SWAP = -100, 2, 2
_LAST_LINES = 12


def python_of(environment: Path) -> str:
    """The Python of an environment."""
    return str(environment / "bin" / "python")


def copy(prefix: Path, to: Path) -> None:
    """The same environment once more, with all that a person has installed into it.

    Files are links to the same ones: pip replaces files, and writes into none.
    """
    shutil.copytree(prefix, to, symlinks=True, copy_function=_link)
    (to / UNTRIED).touch()


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:  # another file system, or a file of somebody else
        shutil.copy2(source, target, follow_symlinks=False)


def at_home_in(environment: Path, prefix: Path) -> None:
    """Has the scripts of an environment name the path that it is going to have."""
    old, new = os.fsencode(environment), os.fsencode(prefix)
    for script in (environment / "bin").iterdir():
        if script.is_symlink() or not script.is_file() or script.stat().st_size > _LONGEST_SCRIPT:
            continue
        text = script.read_bytes()
        if old in text:
            draft = script.with_name(f"{script.name}.rbee")
            draft.write_bytes(text.replace(old, new))
            shutil.copymode(script, draft)
            draft.replace(script)


def exchange(one: Path, other: Path) -> None:
    """Has two folders of one file system change places, in one step where the system can."""
    libc = ctypes.CDLL(None, use_errno=True)
    names = os.fsencode(one), os.fsencode(other)
    done = -1
    with contextlib.suppress(AttributeError):  # a C library without it
        if sys.platform == "darwin":
            done = libc.renamex_np(*names, _RENAME_SWAP)
        else:
            done = libc.renameat2(
                _AT_FDCWD, names[0], _AT_FDCWD, names[1], ctypes.c_uint(_RENAME_EXCHANGE)
            )
    if done != 0:
        aside = other.with_name(f"{other.name}.aside")
        one.rename(aside)
        other.rename(one)
        aside.rename(other)


def remove(environment: Path) -> None:
    """Removes one that is not in use, as far as that is possible."""
    shutil.rmtree(environment, ignore_errors=True)


def run(
    python: str, *words: str, environ: Mapping[str, str] | None = None, limit: float | None = None
) -> subprocess.CompletedProcess[str]:
    """Runs a Python to its end; its output is text. It gets a session of its own, so that Ctrl+C is
    the affair of whoever runs it, and on Linux it ends with whoever that is. A limit (seconds) that
    passes is a failure."""
    command = [python, *words]
    environ = {**(os.environ if environ is None else environ), PART_OF: str(os.getpid())}
    with subprocess.Popen(
        command,
        cwd="/",
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        start_new_session=True,
        preexec_fn=functools.partial(die_with_parent, signal.SIGTERM),
    ) as program:
        try:
            out, told = program.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            program.terminate()
            out, told = program.communicate()
            told += f"\nit has not ended after {limit:g} s"
            return subprocess.CompletedProcess(command, 1, out, told)
        except BaseException:
            program.terminate()
            raise
    return subprocess.CompletedProcess(command, program.returncode, out, told)


def version_in(environment: Path) -> str:
    """Which rbee is in an environment. Raises `upgrade_failed` where there is none that runs."""
    ran = run(python_of(environment), "-c", "import rbee; print(rbee.__version__)")
    if ran.returncode:
        raise upgrade_failed("what pip has installed does not start", ran.stderr)
    return ran.stdout.strip()


def upgrade_failed(why: str, words: str, suggestion: str = "") -> RbeeError:
    """The error for an upgrade that changes nothing; `words` are what a program said."""
    said = [line for line in words.splitlines() if line.strip()]
    suggestion = suggestion or "mend that, then try again"
    return RbeeError("upgrade_failed", why, suggestion, {"log": said[-_LAST_LINES:]})
