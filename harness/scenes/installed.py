"""The locks, the Makefile that installs them, and what an environment has beside them."""

from __future__ import annotations

import json
import re
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from harness import locks
from harness.locks.moved import moved, table

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_ROOT = Path(__file__).resolve().parents[2]
_FOREIGN = re.compile(r"://|(?<![\w.-])/|--(?:extra-)?index-url|--find-links|--trusted-host")
#: An installation that takes what a lock names, or the project's own files and nothing else.
_LOCKED = re.compile(r"\$\(call from,|--require-hashes|--no-deps --no-build-isolation -e \.$")


def read_all() -> dict[str, str]:
    """The text of each lock, by name."""
    return {name: locks.text_of(name) for name in locks.names()}


def wants_of_project() -> dict[str, list[str]]:
    """What pyproject.toml wants, by the lock that has to have it."""
    told = tomllib.loads((_ROOT / "pyproject.toml").read_text("utf-8"))
    project, extras = told["project"], told["project"]["optional-dependencies"]
    everything = [*project["dependencies"], *(need for needs in extras.values() for need in needs)]
    return {
        "runtime": project["dependencies"],
        "test": [need for need in everything if not need.startswith("rbee[")],
        "build": told["build-system"]["requires"],
    }


def left_open(wants: Mapping[str, Sequence[str]]) -> list[str]:
    """What the locks leave open of it."""
    return [
        open_one
        for lock, needs in wants.items()
        for open_one in locks.unmet(needs, locks.text_of(lock))
    ]


def assert_hashed(texts: Mapping[str, str]) -> None:
    """Each package of each lock has a version and hashes, once for each Python and machine."""
    assert len(texts) > 5, sorted(texts)
    for name, text in texts.items():
        pins = locks.pins(text)
        assert pins, name
        assert all(pin.hashes for pin in pins), [pin for pin in pins if not pin.hashes]


def assert_portable(texts: Mapping[str, str]) -> None:
    """No lock says where its packages come from, or where it was made."""
    found = [line for text in texts.values() for line in text.splitlines() if _FOREIGN.search(line)]
    assert not found, found


def assert_same(texts: Mapping[str, str], package: str) -> None:
    """A package is in one version in all the locks that have it."""
    having = {
        name: found[package]
        for name, text in texts.items()
        if package in (found := locks.versions(text))
    }
    assert len(having) > 1, having
    assert len(set(having.values())) == 1, having


def installations() -> list[str]:
    """The commands of the Makefile by which something is installed or downloaded."""
    text = (_ROOT / "Makefile").read_text("utf-8").replace("\\\n", " ")
    return [
        line.strip()
        for line in text.splitlines()
        if line.startswith("\t") and re.search(r"\$\(INSTALL\)|\$\(PIP\)|\bpip\b", line)
    ]


def assert_locked(commands: Sequence[str]) -> None:
    """Each takes what it installs from a lock, or the project's own files."""
    assert len(commands) > 5, commands
    loose = [command for command in commands if not _LOCKED.search(command)]
    assert not loose, loose


def put_by_npm(rows: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """What npm is taken to have put into a folder, which says so as npm does; each row has a
    `place` and a `version`."""
    packages = {row["place"]: {"version": row["version"]} for row in rows}
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, ".package-lock.json").write_text(json.dumps({"packages": packages}), "utf-8")
        return locks.npm_versions(Path(folder))


def told_of(locked: Mapping[str, str], installed: Mapping[str, str]) -> str:
    """What is told of an environment that is held against a lock."""
    return table({"lent": moved(locked, installed)})
