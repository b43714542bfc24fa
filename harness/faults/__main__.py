"""``python -m harness.faults [--check] [--jobs N] [--real] [words]``: the suite has teeth.

What is named for a fault runs twice, as the project is (it has to be green) and in a copy with the
fault (it has to be red). `words` select the faults whose ``role:name`` contains one of them,
``--real`` those that a scenario with real weights notices. ``--check`` runs nothing: it tells of
faults that apply no more, and of those that no scenario is named for.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from harness import faults
from harness.faults import trying

_REAL = "features/real/"


def main(arguments: Sequence[str]) -> int:
    """Prints the table and returns 0 when every fault turned red what is named for it."""
    parser = argparse.ArgumentParser(prog="python -m harness.faults", description=__doc__)
    parser.add_argument("--check", action="store_true", help="run nothing")
    parser.add_argument("--jobs", type=int, default=2, help="behave processes (default 2)")
    parser.add_argument("--real", action="store_true", help="only those of features/real")
    parser.add_argument("words", nargs="*", help="only faults that contain one of these")
    chosen = parser.parse_args(list(arguments))
    project = Path.cwd()
    folder = project / "harness" / "faults"
    kept = faults.kept(folder if folder.is_dir() else faults.FOLDER)
    named = trying.named_in(project)
    if chosen.check:
        found = faults.complaints(kept, named, project)
        print("\n".join(found) or f"{len(kept)} faults apply, and each is named by a scenario")
        return 1 if found else 0
    selected = [
        fault
        for fault in kept
        if (not chosen.words or any(word in fault.name for word in chosen.words))
        and (not chosen.real or any(each.startswith(_REAL) for each in named.get(fault.tag, ())))
    ]
    red = 0
    print(f"{'fault':32} {'as it is':16} {'with it':16} named")
    for verdict in trying.try_all(selected, project, max(1, chosen.jobs)):
        red += verdict.has_teeth
        mark = "" if verdict.has_teeth else "   <-- should be passed, then failed"
        where = " ".join(verdict.places[:1])
        line = f"{verdict.fault.name:32} {verdict.plain:16} {verdict.broken:16} {where}{mark}"
        print(line, flush=True)
    print(f"\n{red} of {len(selected)} faults turned red what is named for them")
    return 0 if selected and red == len(selected) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
