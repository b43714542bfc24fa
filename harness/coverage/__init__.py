"""Which lines of the product the specification runs, daemons and their forked children counted.

``python -m harness.coverage [--jobs N] [what to run]``. While a run lasts, every Python of this
environment executes `begin` at its start: it counts lines with coverage.py and writes them down at
its end, however that comes about but for a SIGKILL. `collect` adds up what they wrote, `rooms` says
how much of each role that is.
"""

from __future__ import annotations

import contextlib
import sysconfig
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from coverage import CoverageData

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ROOT / "rbee"
#: What is for checkers of types alone, and is never run.
_NEVER_RUN = (r"if TYPE_CHECKING:", r"^\s*\.\.\.$")
_LENGTH = 8


class Counted(NamedTuple):
    """What the programs have written: their lines, and which of them wrote any (process ids)."""

    lines: CoverageData
    told: list[int]
    silent: list[int]


class Share(NamedTuple):
    """How many lines a part of the product has, and how many of them were run."""

    name: str
    lines: int
    run: int

    def __str__(self) -> str:
        percent = 100 * self.run / self.lines if self.lines else 100.0
        return f"{self.name:<44}{self.lines:>7}{self.run:>7}{percent:>7.1f} %"


def startup(folder: Path, pause_s: float = 1.0) -> str:
    """The line with which a Python begins to count into `folder`, for as long as that exists.

    A program that serves writes what it has run when it waits for events, every `pause_s` seconds.
    """
    begin = str(Path(__file__).with_name("begin.py"))
    names = {
        "__name__": f"{__name__}.begin",
        "FOLDER": str(folder),
        "PRODUCT": str(PRODUCT),
        "PAUSE_S": pause_s,
    }
    run = f"exec(compile(open({begin!r}).read(), {begin!r}, 'exec'), {names!r})"
    return f"import os; os.path.isdir({str(folder)!r}) and {run}\n"


@contextlib.contextmanager
def everywhere(folder: Path) -> Iterator[None]:
    """Every Python of this environment that starts in the block counts into `folder`."""
    folder.mkdir(parents=True)
    folder.chmod(0o777)  # some programs of a scenario are another user's
    hook = Path(sysconfig.get_path("purelib")) / "zz_rbee_coverage.pth"
    hook.write_text(startup(folder), "utf-8")
    try:
        yield
    finally:
        hook.unlink()


def collect(folder: Path) -> Counted:
    """What all programs have written into `folder`."""
    # Late: only who counts pays for it.
    from coverage import CoverageData

    found = CoverageData(no_disk=True)
    told: list[int] = []
    silent: list[int] = []
    for path in folder.iterdir():
        pid = int(path.name.partition("-")[0])
        written = path.read_bytes()
        length = int.from_bytes(written[:_LENGTH], "big")
        if not length:
            silent.append(pid)
            continue
        one = CoverageData(no_disk=True)
        one.loads(written[_LENGTH : _LENGTH + length])
        found.update(one)
        one.close()
        told.append(pid)
    return Counted(found, told, silent)


def files(lines: CoverageData, html: Path | None = None) -> list[Share]:
    """The share of each file of the product; a page for each line of it in the folder `html`."""
    import coverage

    judge = coverage.Coverage(data_file=None, config_file=False, source=[str(PRODUCT)])
    for pattern in _NEVER_RUN:
        judge.exclude(pattern)
    judge.get_data().update(lines)
    if html is not None:
        judge.html_report(directory=str(html), title="rbee")
    found = []
    for path in sorted(PRODUCT.rglob("*.py")):
        _, statements, _, missing, _ = judge.analysis2(str(path))
        count = len(statements)
        found.append(Share(str(path.relative_to(PRODUCT)), count, count - len(missing)))
    return found


def rooms(shares: Sequence[Share]) -> list[Share]:
    """The shares of files, added up for each folder below ``rbee/``. Pure."""
    names = sorted({share.name.partition("/")[0] for share in shares if "/" in share.name})
    return [
        Share(name, sum(one.lines for one in within), sum(one.run for one in within))
        for name in names
        for within in [[one for one in shares if one.name.startswith(f"{name}/")]]
    ]
