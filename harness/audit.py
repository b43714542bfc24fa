"""Asks the OSV database about every version that the locks name: ``python -m harness.audit``.

Exit status: 0 none has a known advisory, or the database is out of reach, which is said; 1 some
have, each told with the advisory's id.
"""

from __future__ import annotations

import json
import re
import sys
import urllib.request
from pathlib import Path
from typing import NamedTuple

from harness import locks

LOCKS = locks.FOLDER
_API = "https://api.osv.dev/v1/querybatch"
_PAGE = "https://osv.dev/vulnerability/"
_PATIENCE_S = 20.0
_PINNED = re.compile(r"^([A-Za-z0-9][\w.-]*)==([^\s;\\]+)", re.MULTILINE)
#: Locks that are installed beside rbee and never with it: the bench's peers, and clients that pin
#: versions of their own.
_BESIDE = ("peer", "client")


class Pinned(NamedTuple):
    """A version of a package, the locks that name it, and where the package comes from, as the
    database calls that."""

    name: str
    version: str
    locks: tuple[str, ...]
    ecosystem: str = "PyPI"


def pinned_by_npm() -> list[Pinned]:
    """All versions that npm's lock names."""
    found = {(locks.npm_name(place), version) for place, version in locks.npm_versions().items()}
    return [Pinned(*each, (locks.NPM,), "npm") for each in sorted(found)]


def pinned(folder: Path = LOCKS) -> list[Pinned]:
    """All versions that the locks of a folder name, without npm's."""
    found: dict[tuple[str, str], list[str]] = {}
    for lock in sorted(folder.glob("*.txt")):
        for name, version in _PINNED.findall(lock.read_text()):
            found.setdefault((name.lower(), version), []).append(lock.stem)
    return [Pinned(*key, tuple(dict.fromkeys(locks))) for key, locks in sorted(found.items())]


def asked_about() -> list[Pinned]:
    """All versions that all locks name."""
    return pinned() + pinned_by_npm()


def advisories(versions: list[Pinned]) -> list[tuple[Pinned, list[str]]]:
    """Those of which something is known, with the ids. Raises OSError and ValueError."""
    queries = [
        {"package": {"name": each.name, "ecosystem": each.ecosystem}, "version": each.version}
        for each in versions
    ]
    request = urllib.request.Request(
        _API, json.dumps({"queries": queries}).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=_PATIENCE_S) as answer:
        results = json.load(answer)["results"]
    known = [[each["id"] for each in result.get("vulns", [])] for result in results]
    return [(version, ids) for version, ids in zip(versions, known, strict=True) if ids]


def main() -> int:
    """Tells what is known; the exit status."""
    versions = asked_about()
    try:
        found = advisories(versions)
    except (OSError, ValueError, KeyError) as error:
        print(f"audit: {_API} is out of reach, so nothing was asked: {error}")
        return 0
    ours = [each for each in found if not all(lock.startswith(_BESIDE) for lock in each[0].locks)]
    for version, ids in found:
        where = ", ".join(version.locks)
        print(f"{version.name} {version.version} ({where}): {' '.join(_PAGE + one for one in ids)}")
    told = f"{len(found)} with advisories, {len(ours)} of them of what rbee is installed with"
    print(f"audit: {len(versions)} versions, {told}")
    return 1 if ours else 0


if __name__ == "__main__":
    sys.exit(main())
