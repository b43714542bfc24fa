"""What packages register under a group of entry points, rbee itself among them.

Metadata are written when a package is installed. Those of an editable installation are as old as
that, and a source tree that is only on the path has none: rbee's own ``pyproject.toml``, where it
stands beside the package, says what they lack.
"""

from __future__ import annotations

import sys
from importlib.metadata import EntryPoint, PackageNotFoundError, distribution, entry_points
from pathlib import Path
from typing import Any

import rbee

#: What runs models: each name leads to a `rbee.worker.engines.Engine`.
ENGINES = "rbee.engines"


def registered(group: str) -> dict[str, EntryPoint]:
    """All that is registered under `group`, by name. Reads the metadata of every package."""
    return {**{each.name: each for each in entry_points(group=group)}, **own(group)}


def find(group: str, name: str) -> EntryPoint | None:
    """What is registered under this name. The metadata of others, which takes twenty milliseconds,
    are read where rbee itself has none."""
    return _installed(group).get(name) or own(group).get(name) or registered(group).get(name)


def own(group: str) -> dict[str, EntryPoint]:
    """What rbee itself registers."""
    return {**_in_source(group), **_installed(group)}


def _installed(group: str) -> dict[str, EntryPoint]:
    try:
        found = distribution("rbee").entry_points
    except PackageNotFoundError:
        return {}
    return {each.name: each for each in found if each.group == group}


def _in_source(group: str) -> dict[str, EntryPoint]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    path = Path(rbee.__file__).parent.parent / "pyproject.toml"
    try:
        project: dict[str, Any] = tomllib.loads(path.read_text("utf-8")).get("project", {})
    except (OSError, ValueError):
        return {}  # it is installed, and its metadata are whole
    if project.get("name") != "rbee":
        return {}  # somebody else's
    named = project.get("entry-points", {}).get(group, {})
    return {name: EntryPoint(name, value, group) for name, value in named.items()}
