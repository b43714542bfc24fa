"""``python -m harness.pythons``: a part of the specification on each other Python that is here.

Of the Pythons that rbee runs on (`PYTHONS`), the one that runs this has the whole specification;
each other one that is found gets an environment of its own from the locks, and `PART` of it. They
run side by side, each in a plain ``behave`` whose output is in ``reports/python-VERSION.txt``.
Those that are not found are named. Last line: ``N passed, N failed, N skipped``. Exit status: 0
nothing failed, also where there is no other Python; else 1.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from harness import tally
from harness.locks import FOLDER, PYTHONS

ROOT = FOLDER.parents[1]
REPORTS = ROOT / "reports"
#: What shows a Python that differs: values and their messages, the wire, and one walk over all
#: programs with what begins, forks and ends them.
PART = (
    "features/decisions",
    "features/wire",
    "features/flows/cold_infer.feature",
    "features/phases/phase_00_type_a_command.feature",
    "features/phases/phase_09_start_the_worker.feature",
)
#: The longest that it may take on one of them, in seconds.
LIMIT_S = 1200.0
_ASK = "import sys; print('%d.%d' % sys.version_info[:2])"


class Trial(NamedTuple):
    """The specification that runs on another Python."""

    version: str
    process: subprocess.Popen[bytes]
    output: Path
    began: float


def candidates(version: str, environ: Mapping[str, str], home: Path) -> Iterator[Path]:
    """Where a Python of this version (``3.12``) may be: on the path, with pyenv, with uv."""
    for folder in environ.get("PATH", os.defpath).split(os.pathsep):
        yield Path(folder or ".") / f"python{version}"
    pyenv = Path(environ.get("PYENV_ROOT") or home / ".pyenv")
    yield from sorted(pyenv.glob(f"versions/{version}.*/bin/python{version}"))
    uv = Path(environ.get("UV_PYTHON_INSTALL_DIR") or home / ".local/share/uv/python")
    yield from sorted(uv.glob(f"cpython-{version}.*/bin/python{version}"))


def version_of(python: Path) -> str:
    """The version that a Python tells of itself; "" for what is none, as a shim may be."""
    try:
        asked = subprocess.run([python, "-c", _ASK], capture_output=True, text=True, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return asked.stdout.strip() if asked.returncode == 0 else ""


def find(
    versions: Iterable[str],
    where: Callable[[str], Iterable[Path]],
    ask: Callable[[Path], str] = version_of,
) -> dict[str, Path | None]:
    """The first Python of each version that answers as one; None where there is none."""
    return {
        version: next((each for each in where(version) if ask(each) == version), None)
        for version in versions
    }


def told_of(found: Mapping[str, Path | None]) -> str:
    """The lines about what was found and what was not."""
    lines = [f"Python {version}: {path}" for version, path in found.items() if path]
    missing = [version for version, path in found.items() if not path]
    lines += [f"not found: {', '.join(missing)}"] if missing else []
    return "\n".join(lines)


def install(python: Path, folder: Path, uv: Path) -> Path:
    """Its environment in `folder`, with what the locks name; returns the Python in it."""
    inside = folder / "bin" / "python"
    if version_of(inside) != version_of(python):
        subprocess.run([uv, "venv", "--quiet", "--clear", "--python", python, folder], check=True)
    locked = ["--require-hashes", "--only-binary", ":all:"]
    locked += [str(FOLDER / f"{name}.txt") for name in ("build", "test")]
    ours = ["--no-deps", "--no-build-isolation", "-e", str(ROOT)]
    for verb, wanted in (("sync", locked), ("install", ours)):
        subprocess.run([uv, "pip", verb, "--quiet", "--python", inside, *wanted], check=True)
    # Without it each start compiles anew where Python is told to write no byte code.
    subprocess.run([inside, "-m", "compileall", "-q", "rbee", "fixtures"], cwd=ROOT, check=True)
    return inside


def begin(version: str, python: Path, part: Sequence[str] = PART) -> Trial:
    """Starts the specification on a Python that has its environment."""
    output = REPORTS / f"python-{version}.txt"
    with open(output, "wb") as file:
        process = subprocess.Popen(
            [python, "-m", "behave", "--no-color", "--format", "progress3", *part],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
        )
    return Trial(version, process, output, time.monotonic())


def end(trial: Trial) -> tally.Tally:
    """Waits for a trial, and tells what came of it."""
    try:
        status = trial.process.wait(LIMIT_S)
    except subprocess.TimeoutExpired:
        trial.process.kill()
        status = trial.process.wait()
    output = trial.output.read_text("utf-8", "replace")
    came_to = tally.tally_of(output)
    if status and came_to.is_good:
        came_to = came_to._replace(failed=1)
    if not came_to.is_good:
        print(output)
    took = time.monotonic() - trial.began
    print(f"Python {trial.version}: {came_to} in {took:.0f} s, with status {status}", flush=True)
    return came_to


def main() -> int:
    """Finds, installs, runs, adds up; the exit status."""
    home = Path.home()
    others = [each for each in PYTHONS if each != f"{sys.version_info[0]}.{sys.version_info[1]}"]
    found = find(others, lambda version: candidates(version, os.environ, home))
    print(told_of(found), flush=True)
    REPORTS.mkdir(exist_ok=True)
    environments = Path(sys.prefix) / ".pythons"
    uv = Path(sys.prefix) / ".uv" / "bin" / "uv"
    ready = {
        version: install(python, environments / version, uv)
        for version, python in found.items()
        if python
    }
    trials = [begin(version, python) for version, python in ready.items()]
    total = tally.total([tally.Tally(), *map(end, trials)])
    print(f"\n{total}", flush=True)
    return 1 if total.failed else 0


if __name__ == "__main__":
    sys.exit(main())
