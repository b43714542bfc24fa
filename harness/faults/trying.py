"""Tries a fault: a copy of the project that has it, and whether the scenario named for it goes red.

The copy has an environment of its own, so that it is what every program of a scenario imports: the
daemons, their forked children, and those on machines over SSH.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import venv
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from behave.parser import parse_file

from harness import ledger
from harness.faults import TAG, Fault
from harness.run import ROOT

#: The longest that what is named for one fault may take, in seconds: more than a scenario waits at
#: most for a program that never ends (`harness.rig.program`), which is red and not without an end.
LIMIT_S = 300.0
#: What of a project is the product and its tools, and what is its specification.
_PRODUCT = ("rbee", "harness", "fixtures", "bench", "docs", "pyproject.toml", "README.md")
_SPECIFICATION = ("features", "steps", "environment.py")


@dataclass(frozen=True)
class Verdict:
    """What came of a fault: ``plain`` has to be passed, ``broken`` failed."""

    fault: Fault
    places: tuple[str, ...]
    plain: str
    broken: str

    @property
    def has_teeth(self) -> bool:
        """Whether all that is named for it is green as it is, and some of it red with the fault."""
        return self.plain == "passed" and self.broken == "failed"


def named_in(project: Path) -> dict[str, list[str]]:
    """The tags of faults in the features of a project, each with every ``file:line`` it is at."""
    found: dict[str, list[str]] = {}
    for file in sorted((project / "features").rglob("*.feature")):
        feature = parse_file(str(file))
        for scenario in feature.walk_scenarios() if feature is not None else ():
            place = f"{file.relative_to(project)}:{scenario.line}"
            for tag in map(str, scenario.tags):
                if tag.startswith(TAG):
                    found.setdefault(tag, []).append(place)
    return found


@contextlib.contextmanager
def broken(fault: Fault, project: Path) -> Iterator[Path]:
    """A copy of `project` with the fault in it, for as long as the block runs.

    Raises DoesNotApply.
    """
    with tempfile.TemporaryDirectory(prefix="rbee-fault-") as folder:
        copy = Path(folder).resolve()
        copy.chmod(0o755)  # what a scenario runs as somebody else reads it
        for name in _PRODUCT:
            _copy(ROOT / name, copy / name)
        for name in _SPECIFICATION:
            _copy(project / name, copy / name)
        fault.break_files(copy)
        _make_environment(copy)
        yield copy


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target)
    elif source.exists():
        shutil.copy2(source, target)


def _make_environment(copy: Path) -> None:
    """Like the one that runs this, with the copy in front of everything else."""
    here = Path(sys.prefix)
    made = copy / ".venv"
    venv.EnvBuilder(with_pip=False, symlinks=True).create(made)
    place = Path(sysconfig.get_path("purelib", vars={"base": str(made), "platbase": str(made)}))
    # Packages alone, not the projects that `.pth` files among them may name.
    packages = [path for path in sys.path if Path(path).name == "site-packages"]
    (place / "a_copy.pth").write_text("\n".join([str(copy), *packages, ""]), encoding="utf-8")
    for script in (here / "bin").iterdir():
        target = made / "bin" / script.name
        if not target.exists() and script.is_file() and not script.is_symlink():
            text = script.read_bytes().replace(str(here).encode(), str(made).encode(), 1)
            target.write_bytes(text)
            target.chmod(0o755)
    for fetched in here.glob(".*"):
        (made / fetched.name).symlink_to(fetched)
    if (here / "lib" / "rbee").exists():  # what `make rpc` has built
        (made / "lib" / "rbee").symlink_to(here / "lib" / "rbee")


def outcome_of(project: Path, places: Sequence[str], python: str = sys.executable) -> str:
    """What came of these ``file:line`` in a project: passed, failed, or why neither."""
    with tempfile.TemporaryDirectory(prefix="rbee-") as folder:
        written = Path(folder) / "ledger"
        try:
            subprocess.run(
                [python, "-m", "behave", "--no-summary", "-f", "plain", *places],
                cwd=project,
                env={**os.environ, ledger.VARIABLE: str(written)},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=LIMIT_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return "no end"
        ran = [entry.status for entry in ledger.read(written) if entry.place in places]
    if not ran:
        return "did not run"
    return next((status for status in ("failed", "passed") if status in ran), ran[0])


def try_all(faults: Sequence[Fault], project: Path, jobs: int) -> Iterator[Verdict]:
    """A verdict for each fault, in their order; what is named for several runs plainly but once."""
    named = named_in(project)
    where = {fault: tuple(named.get(fault.tag, ())) for fault in faults}

    def with_it(fault: Fault) -> str:
        with broken(fault, project) as copy:
            return outcome_of(copy, where[fault], str(copy / ".venv" / "bin" / "python"))

    with ThreadPoolExecutor(jobs) as pool:
        plain: dict[tuple[str, ...], Future[str]] = {}
        tried: dict[Fault, Future[str]] = {}
        for fault in faults:
            if places := where[fault]:
                if places not in plain:
                    plain[places] = pool.submit(outcome_of, project, places)
                tried[fault] = pool.submit(with_it, fault)
        for fault in faults:
            places = where[fault]
            if places:
                yield Verdict(fault, places, plain[places].result(), tried[fault].result())
            else:
                yield Verdict(fault, places, "nothing named", "nothing named")
