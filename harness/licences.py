"""Writes docs/licences.md: what is installed with rbee, and under which licence.

``python -m harness.licences [--check]``: with ``--check`` it writes nothing and exits with 1 where
the page is not as it would be written. Read from the metadata of what the lock of rbee names.
"""

from __future__ import annotations

import sys
from importlib import metadata
from pathlib import Path

from harness.audit import pinned

PAGE = Path(__file__).parent.parent / "docs" / "licences.md"
_HEAD = """# Licences

What `pip install` brings along with rbee (GPL or not, each stays under its own licence), as the
metadata of each package has it. `make docs` writes this page.

| package | licence |
| --- | --- |
"""
_HEADED = len(_HEAD.splitlines())
_CLASSIFIER = "License :: OSI Approved :: "


def licence_of(name: str) -> str:
    """In the words of the package: its SPDX expression, classifiers, or their first line."""
    told = metadata.metadata(name)
    if "License-Expression" in told:
        return str(told["License-Expression"])
    classifiers = [str(each) for each in told.get_all("Classifier") or []]
    named = [each.removeprefix(_CLASSIFIER) for each in classifiers if each.startswith(_CLASSIFIER)]
    if named:
        return ", ".join(named)
    lines = str((told.get_all("License") or [""])[0]).strip().splitlines()
    return lines[0].strip() if lines else "see the package"


def page() -> str:
    """The page as it has to be. What another Python or system needs keeps the row that it has."""
    known = dict(line[2:-2].split(" | ") for line in PAGE.read_text().splitlines()[_HEADED:])
    rows = []
    for name in sorted({each.name for each in pinned() if "runtime" in each.locks}):
        try:
            rows.append(f"| {name} | {licence_of(name)} |")
        except metadata.PackageNotFoundError:
            if name in known:
                rows.append(f"| {name} | {known[name]} |")
    return _HEAD + "\n".join(rows) + "\n"


def main(arguments: list[str]) -> int:
    """Writes or checks the page; the exit status."""
    if arguments != ["--check"]:
        PAGE.write_text(page())
        return 0
    known = {line for line in PAGE.read_text().splitlines() if line.startswith("| ")}
    # Another Python or system has a few packages more or less.
    missing = [line for line in page().splitlines() if line.startswith("| ") and line not in known]
    for line in missing:
        print(f"docs/licences.md lacks: {line}; make docs", file=sys.stderr)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
