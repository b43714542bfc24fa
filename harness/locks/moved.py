"""``python -m harness.locks.moved LOCK[+LOCK...]=WHERE...``: what is there that a lock has not.

WHERE is the Python of an environment, which is asked for its packages, or a folder with some; for
npm's lock, a ``node_modules``.
Prints a table of what moved, old to new. The exit status is 0, whatever moved.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from packaging.utils import canonicalize_name

from harness.locks import NPM, npm_versions, text_of, versions

_ASK = """
import json, sys
from importlib.metadata import distributions
found = distributions(path=sys.argv[1:] or sys.path)
print(json.dumps({each.metadata["Name"]: each.version for each in found}))
"""
#: What is in any environment, or is the project itself.
_OURS = frozenset(["pip", "setuptools", "wheel", "rbee"])


class Moved(NamedTuple):
    """A package that is there in another version than its lock has; "": it is not there."""

    package: str
    old: str
    new: str


def moved(locked: Mapping[str, str], installed: Mapping[str, str]) -> list[Moved]:
    """What differs, by name; both map packages to versions."""
    names = sorted(set(locked) | (set(installed) - _OURS))
    return [
        Moved(name, locked.get(name, ""), installed.get(name, ""))
        for name in names
        if locked.get(name) != installed.get(name)
    ]


def table(by_lock: Mapping[str, Sequence[Moved]]) -> str:
    """What moved, a line for each package under the name of its lock."""
    told = []
    for lock, changes in by_lock.items():
        told.append(f"{lock}: {len(changes)} moved" if changes else f"{lock}: nothing moved")
        width = max((len(one.package) for one in changes), default=0)
        told += [
            f"  {one.package:{width}}  {one.old or '(new)'} -> {one.new or '(gone)'}"
            for one in changes
        ]
    return "\n".join(told)


def installed_in(where: str) -> dict[str, str]:
    """The packages that an interpreter finds, or that are in a folder, by name."""
    asked = [sys.executable, "-c", _ASK, where] if Path(where).is_dir() else [where, "-c", _ASK]
    told = subprocess.run(asked, check=True, stdout=subprocess.PIPE)
    found: dict[str, str] = json.loads(told.stdout)
    return {canonicalize_name(name): version for name, version in found.items()}


def main(arguments: Sequence[str]) -> int:
    """Prints the table; the exit status."""
    print("\nAgainst the locks:", flush=True)
    for argument in arguments:
        locks, _, where = argument.partition("=")
        if not Path(where).exists():
            print(f"{locks}: not installed", flush=True)
            continue
        if locks == NPM:
            changes = moved(npm_versions(), npm_versions(Path(where)))
        else:
            locked = versions("\n".join(text_of(lock) for lock in locks.split("+")))
            changes = moved(locked, installed_in(where))
        print(table({locks: changes}), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
