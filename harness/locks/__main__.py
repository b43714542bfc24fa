"""``python -m harness.locks [--upgrade]``: makes every lock with the `uv` beside this Python.

A lock keeps what it has unless its sources want otherwise; with ``--upgrade`` it takes the newest.
Then each is tried for every Python and machine: what it names must be there ready made. Exit
status: 0 they are made; 1 one cannot be.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from harness.locks import FOLDER, MACHINES, PYTHONS

ROOT = FOLDER.parents[1]
#: A person's own settings of uv are left out, and macOS is one that is still kept up.
_FOR_UV = {
    "UV_NO_CONFIG": "1",
    "UV_CUSTOM_COMPILE_COMMAND": "make lock",
    "MACOSX_DEPLOYMENT_TARGET": "14.0",
}


class Lock(NamedTuple):
    """One lock: what it is made of, and what is known of its packages."""

    name: str
    sources: Sequence[str] = ()
    #: Its packages are installed without what they need.
    alone: bool = False
    #: Packages that what it is installed for never loads; the lock leaves them out.
    without: Sequence[str] = ()
    #: What has to be built where it is installed.
    built: Sequence[str] = ()
    #: Machines that a package of it is no longer made for; the bounds for them are left out.
    nowhere: Sequence[str] = ()


_UNUSED_BY_AIDER = (
    *("flake8", "hf-xet", "mccabe", "pycodestyle", "pyflakes", "scipy", "sounddevice", "soundfile"),
)
#: Each after those that it must agree with.
LOCKS = (
    Lock("test", ("pyproject.toml", "--extra", "test")),
    Lock("runtime", ("pyproject.toml", "-c", "harness/locks/test.txt")),
    Lock("build"),
    Lock("clients"),
    Lock("client-instructor"),
    # Of its 660 MB 300 are for ranking the files of a repository, for voices and for linting.
    Lock("client-aider", without=_UNUSED_BY_AIDER),
    Lock("api-tests", built=("wget",)),
    Lock("models", alone=True),
    Lock("models-bench"),
    Lock("peers-build"),
    # Their newest packages have left Macs with an Intel processor.
    Lock("peer-litellm", nowhere=("x86_64-apple-darwin",)),
    Lock("peer-llama-cpp-python", built=("llama-cpp-python",)),
    Lock("peer-xinference", built=("quantile-python",), nowhere=("x86_64-apple-darwin",)),
    Lock("site"),
    Lock("uv"),
)


def main(arguments: Sequence[str]) -> int:
    """Makes them and tries them; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m harness.locks", description=__doc__)
    parser.add_argument("--upgrade", action="store_true", help="take the newest of everything")
    asked = parser.parse_args(list(arguments))
    uv = str(Path(sys.executable).with_name("uv"))
    environ = {**os.environ, **_FOR_UV}
    for lock in LOCKS:
        print(lock.name, flush=True)
        command = [uv, *_compile(lock), *["--upgrade"] * asked.upgrade]
        if subprocess.run(command, cwd=ROOT, env=environ).returncode != 0:
            return 1
    if shutil.which("npm") and _lock_for_node(upgrade=asked.upgrade) != 0:
        return 1
    missing = [why for lock in LOCKS for why in _missing(lock, uv, environ)]
    print("\n".join(missing), file=sys.stderr, end="\n" * bool(missing))
    return 1 if missing else 0


def _lock_for_node(*, upgrade: bool) -> int:
    """Makes the lock of the clients for Node.js by npm; its exit status."""
    command = ["npm", "update" if upgrade else "install", "--package-lock-only"]
    command += ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    return subprocess.run(command, cwd=FOLDER / "client-javascript").returncode


def _compile(lock: Lock) -> Iterator[str]:
    yield from ("pip", "compile", "--quiet", "--universal", "--generate-hashes")
    yield from ("--python-version", PYTHONS[0])
    if not lock.nowhere:
        yield from ("-c", "harness/locks/limits.in")
    yield from lock.sources or (f"harness/locks/{lock.name}.in",)
    yield from ("-o", f"harness/locks/{lock.name}.txt")
    if lock.alone:
        yield "--no-deps"
    for package in lock.without:
        yield from ("--no-emit-package", package)


def _missing(lock: Lock, uv: str, environ: dict[str, str]) -> Iterator[str]:
    """Where a lock cannot be installed, in uv's words."""
    with tempfile.TemporaryDirectory() as nowhere:
        for machine in MACHINES:
            for python in PYTHONS:
                command = [uv, "pip", "install", "--quiet", "--dry-run", "--target", nowhere]
                command += ["--python-platform", machine, "--python-version", python]
                command += ["--require-hashes", "-r", str(FOLDER / f"{lock.name}.txt")]
                command += ["--only-binary", ":all:"]
                if lock.alone or lock.without:
                    command.append("--no-deps")
                for package in lock.built:
                    command += ["--no-binary", package]
                if machine in lock.nowhere:
                    continue
                tried = subprocess.run(command, capture_output=True, text=True, env=environ)
                if tried.returncode != 0:
                    yield f"{lock.name} for Python {python} on {machine}: {tried.stderr.strip()}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
