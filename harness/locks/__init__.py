"""What the Makefile installs, package by package in one version, with the hashes of its files.

``NAME.txt`` is a lock, made by ``make lock`` out of ``NAME.in`` or of ``pyproject.toml``; it holds
for every Python and machine of `PYTHONS` and `MACHINES`, told apart by markers. ``limits.in`` holds
bounds that concern the locks alone; ``client-javascript`` is npm's. `moved` tells what an
environment has that its lock has not.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

FOLDER = Path(__file__).parent
#: npm's lock, a folder.
NPM = "client-javascript"
_NPM_FOLDER = "node_modules/"
#: The Pythons that rbee runs on.
PYTHONS = ("3.10", "3.11", "3.12", "3.13")
#: The machines that rbee runs on: what `uv` calls them, and what markers do.
MACHINES: Mapping[str, tuple[str, str]] = {
    "x86_64-unknown-linux-gnu": ("linux", "x86_64"),
    "aarch64-unknown-linux-gnu": ("linux", "aarch64"),
    "aarch64-apple-darwin": ("darwin", "arm64"),
    "x86_64-apple-darwin": ("darwin", "x86_64"),
}
_PIN = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>\S+)(?: ; (?P<marker>.+?))? ?\\?$")


class Pin(NamedTuple):
    """A package in the one version that a lock has it in, where its marker holds."""

    name: str
    version: str
    marker: str
    hashes: int


def names() -> list[str]:
    """The locks that there are."""
    return sorted(path.stem for path in FOLDER.glob("*.txt"))


def npm_versions(folder: Path | None = None) -> dict[str, str]:
    """What npm's lock names, or by its own word npm has put into a ``node_modules``: the version
    at each place, which is ``a``, or ``b/node_modules/a`` for what another package has alone.
    """
    lock = FOLDER / NPM / "package-lock.json" if folder is None else folder / ".package-lock.json"
    packages = json.loads(lock.read_text("utf-8"))["packages"]
    return {
        place.removeprefix(_NPM_FOLDER): told["version"]
        for place, told in packages.items()
        if place and not told.get("link")
    }


def npm_name(place: str) -> str:
    """The name of the package at a place of `npm_versions`."""
    return place.rpartition(_NPM_FOLDER)[2]


def text_of(name: str) -> str:
    """What a lock says."""
    return (FOLDER / f"{name}.txt").read_text("utf-8")


def pins(text: str) -> list[Pin]:
    """The packages of a lock. Raises ValueError for a line that is none, and no hash of one."""
    found: list[Pin] = []
    for line in text.splitlines():
        bare = line.strip()
        if not bare or bare.startswith("#"):
            continue
        if bare.startswith("--hash=sha256:"):
            found[-1] = found[-1]._replace(hashes=found[-1].hashes + 1)
            continue
        pin = _PIN.match(bare)
        if pin is None:
            raise ValueError(f"not a package in one version: {bare}")
        name = canonicalize_name(pin["name"])
        found.append(Pin(name, pin["version"], pin["marker"] or "", 0))
    return found


def surroundings(python: str, machine: str) -> dict[str, str]:
    """What markers ask for, for a Python and a machine of ours."""
    system, processor = MACHINES[machine]
    return {
        "python_version": python,
        "python_full_version": f"{python}.0",
        "sys_platform": system,
        "platform_system": {"linux": "Linux", "darwin": "Darwin"}[system],
        "platform_machine": processor,
        "platform_python_implementation": "CPython",
        "implementation_name": "cpython",
        "os_name": "posix",
        "extra": "",
    }


def versions(text: str, around: Mapping[str, str] | None = None) -> dict[str, str]:
    """The versions of a lock by name, for these surroundings (of markers), else for this Python."""
    return {
        pin.name: pin.version
        for pin in pins(text)
        if not pin.marker or Marker(pin.marker).evaluate(dict(around) if around else None)
    }


def unmet(needs: Iterable[str], text: str) -> list[str]:
    """The needs, as packages write them, that a lock leaves open somewhere, with where and why."""
    wanted = [Requirement(need) for need in needs]
    told = []
    for python in PYTHONS:
        for machine in MACHINES:
            around = surroundings(python, machine)
            locked = versions(text, around)
            for need in wanted:
                if need.marker and not need.marker.evaluate(around):
                    continue
                version = locked.get(canonicalize_name(need.name))
                if version is None or not need.specifier.contains(Version(version), True):
                    told.append(f"{need} has {version} for Python {python} on {machine}")
    return told
