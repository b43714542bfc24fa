"""Runs the specification in several processes and says whether to believe the result.

``python -m harness.run [--jobs N] [--limit S] [behave arguments]``. Each of N behave processes
gets another feature file when it has done the last, longest first, by the time each took the last
time. A run is good when
no scenario failed, at least one passed, and every scenario that stands in the files either ran or
was skipped for a reason that is named; with a selection (tags, names, lines) the last is relaxed
to what was selected. Last line: ``N passed, N failed, N skipped``, counted in scenarios.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TextIO

from behave.parser import ParserError, parse_file

from harness import feeding, ledger
from harness.ledger import Entry

ROOT = Path(__file__).resolve().parents[1]
#: Where reports and the durations of the last run go, under the current folder.
REPORTS = Path("reports")
DURATIONS = "durations.json"
#: Estimates for a scenario that has never run, in seconds, by its folder: a decision starts no
#: program, real weights and other machines take long.
UNKNOWN_S = {"decisions": 0.02, "wire": 0.5, "harness": 0.5, "page": 4, "machines": 5, "real": 6}
ELSEWHERE_S = 1.5
#: behave's options that are followed by a value.
_WITH_VALUE = frozenset(
    [
        "-D",
        "--define",
        "-e",
        "--exclude",
        "-f",
        "--format",
        "-i",
        "--include",
        "-n",
        "--name",
        "-o",
        "--outfile",
        "-t",
        "--tags",
        "--junit-directory",
        "--lang",
        "--logging-level",
        "--stage",
        "-r",
        "--runner",
        "--color",
    ]
)
_LOCATION = re.compile(r"^(?P<file>.+\.feature)(?P<lines>(:\d+)*)$")


@dataclass
class Slice:
    """The feature files that one behave process was given, and what came of it."""

    number: int
    features: list[str] = field(default_factory=list)
    seconds: float = 0.0
    status: int = 0
    output: str = ""

    def path(self, suffix: str) -> Path:
        """A report of this slice."""
        return REPORTS / f"slice-{self.number}.{suffix}"


@dataclass
class Outcome:
    """What a run came to."""

    entries: list[Entry]
    missing: list[Entry]
    slices: list[Slice]
    broken: list[Slice]

    def with_status(self, status: str) -> list[Entry]:
        """The entries with this status."""
        return [entry for entry in self.entries if entry.status == status]

    @property
    def failed(self) -> list[Entry]:
        """What failed, and what stands in the files but did not run."""
        return self.with_status("failed") + self.missing

    @property
    def is_good(self) -> bool:
        """Whether to believe that the product does what the features say."""
        return bool(self.with_status("passed")) and not self.failed and not self.broken

    @property
    def last_line(self) -> str:
        """The line that ends the run."""
        passed, skipped = self.with_status("passed"), self.with_status("skipped")
        return f"{len(passed)} passed, {len(self.failed)} failed, {len(skipped)} skipped"


def scenarios_in(location: str) -> list[Entry]:
    """Every scenario of a feature file, each row of an outline counted; none if it has none.

    Raises ParserError when behave cannot read the file.
    """
    path = _file_of(location)
    feature = parse_file(path)
    if feature is None:
        return []
    return [
        Entry(os.path.relpath(path), one.line, one.name, "missing", 0.0, detail="it did not run")
        for one in feature.walk_scenarios()
    ]


def feature_files(paths: Sequence[str]) -> list[str]:
    """The feature files (and ``file:line`` locations) that the paths stand for, each once."""
    found: dict[str, None] = {}
    for path in paths:
        if Path(path).is_dir():
            found.update(dict.fromkeys(map(str, sorted(Path(path).rglob("*.feature")))))
        else:
            found[path] = None
    return list(found)


def split(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """The paths and the other arguments of a behave command line."""
    paths: list[str] = []
    options: list[str] = []
    expects_value = False
    for argument in arguments:
        if expects_value or argument.startswith("-"):
            options.append(argument)
            expects_value = not expects_value and argument in _WITH_VALUE
        elif Path(argument).is_dir() or _LOCATION.match(argument):
            paths.append(argument)
        else:
            options.append(argument)
    return paths, options


def longest_first(features: Sequence[str], durations: dict[str, float]) -> list[str]:
    """The files in the order in which to begin them, so that none is long at the end."""
    return sorted(features, key=lambda name: -_expected(name, durations))


def run(arguments: Sequence[str], jobs: int = 2, limit_s: float = 1800.0) -> Outcome:
    """Runs behave over the features in `jobs` processes, each for at most `limit_s` seconds."""
    paths, options = split(arguments)
    features = feature_files(paths or ["features"])
    REPORTS.mkdir(exist_ok=True)
    waiting: SimpleQueue[str] = SimpleQueue()
    for name in longest_first(features, _durations()):
        waiting.put(name)
    slices = [Slice(number) for number in range(1, min(jobs, len(features)) + 1)]
    command = [sys.executable, "-m", "behave", "--no-summary", "--no-color", *options]
    command += ["--runner", f"{feeding.__name__}:{feeding.FedRunner.__name__}", *features]
    threads = [
        threading.Thread(target=_run_slice, args=(one, command, waiting, limit_s)) for one in slices
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    outcome = judge(slices, features, bool(options) or any(map(_has_lines, features)))
    _remember(outcome.entries)
    return outcome


def judge(slices: Sequence[Slice], features: Sequence[str], is_selection: bool) -> Outcome:
    """What the ledgers of the slices come to, held against what stands in the files."""
    entries = [entry for one in slices for entry in ledger.read(one.path("jsonl"))]
    settled = {
        (entry.feature, entry.line)
        for entry in entries
        if is_selection or entry.status != "deselected"
    }
    missing: list[Entry] = []
    for location in features:
        try:
            standing = scenarios_in(location)
        except (ParserError, OSError) as error:
            why = str(error)
            missing.append(Entry(location, 0, "the file cannot be read", "missing", 0.0, "", why))
            continue
        if not standing:
            missing.append(Entry(location, 0, "the file holds no scenario", "missing", 0.0))
        missing += [entry for entry in standing if (entry.feature, entry.line) not in settled]
    if is_selection:
        # A file of which nothing was selected writes no entry.
        written = {entry.feature for entry in entries}
        missing = [entry for entry in missing if entry.feature in written or not entry.line]
    red = {entry.feature for entry in entries if entry.status == "failed"}
    broken = [
        one
        for one in slices
        if one.status != 0 and not red & {os.path.relpath(_file_of(name)) for name in one.features}
    ]
    return Outcome(entries, missing, list(slices), broken)


def show(outcome: Outcome) -> None:
    """Prints what failed with its output, why the skipped were skipped, and the last line."""
    for entry in outcome.failed:
        print(f"\n{'=' * 80}\nFAILED {entry.place} {entry.name}\n{entry.detail}")
    for one in outcome.broken:
        print(f"\n{'=' * 80}\nbehave ended with status {one.status}: {' '.join(one.features)}")
        print(one.output)
    skipped = outcome.with_status("skipped")
    if skipped:
        print("\nSkipped:")
    for entry in skipped:
        print(f"  {entry.place} {entry.name}: {entry.reason}")
    for one in outcome.slices:
        files = f"{len(one.features)} feature file{'s' * (len(one.features) != 1)}"
        print(f"behave process {one.number}: {files} in {one.seconds:.1f} s")
    if outcome.failed:
        print("\nFailed:")
    for entry in outcome.failed:
        print(f"  {entry.place} {entry.name}")
    if not outcome.with_status("passed"):
        print("\nno scenario passed: this is no success")
    print(f"\n{outcome.last_line}", flush=True)


def _run_slice(
    one: Slice, command: Sequence[str], waiting: SimpleQueue[str], limit_s: float
) -> None:
    """Runs a behave process and gives it a file that waits whenever it asks, until none does."""
    for suffix in ("jsonl", "txt", "out"):
        one.path(suffix).unlink(missing_ok=True)
    reports = ["-f", "plain", "-o", str(one.path("txt"))]
    reports += ["--junit", "--junit-directory", str(REPORTS / "junit")]
    began = time.monotonic()
    reading, writing = os.pipe()
    process = subprocess.Popen(
        [*command, *reports],
        pass_fds=[reading],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={
            **os.environ,
            ledger.VARIABLE: str(one.path("jsonl").resolve()),
            feeding.VARIABLE: str(reading),
        },
    )
    os.close(reading)
    watch = threading.Timer(limit_s, process.kill)
    watch.start()
    lines: list[str] = []
    assert process.stdout is not None
    with process.stdout, open(writing, "w", encoding="utf-8") as mouth:
        for line in process.stdout:
            if line.rstrip() == feeding.HUNGRY:
                _feed(one, waiting, mouth)
            elif line.startswith(ledger.PROGRESS):
                print(line, end="", flush=True)
            else:
                lines.append(line)
    one.status = process.wait()
    watch.cancel()
    one.seconds = time.monotonic() - began
    one.output = "".join(lines)
    one.path("out").write_text(one.output, "utf-8")


def _feed(one: Slice, waiting: SimpleQueue[str], mouth: TextIO) -> None:
    """Hands over the next file, or says that there is none."""
    try:
        name = waiting.get_nowait()
    except Empty:
        mouth.close()
        return
    one.features.append(name)
    mouth.write(name + "\n")
    mouth.flush()


def _file_of(location: str) -> str:
    found = _LOCATION.match(location)
    return found.group("file") if found else location


def _has_lines(location: str) -> bool:
    found = _LOCATION.match(location)
    return bool(found and found.group("lines"))


def _expected(location: str, durations: dict[str, float]) -> float:
    try:
        standing = scenarios_in(location)
    except (ParserError, OSError):
        return 0.0
    folder = Path(_file_of(location)).parent.name
    unknown = UNKNOWN_S.get(folder, ELSEWHERE_S)
    return sum(durations.get(entry.place, unknown) for entry in standing)


def _durations() -> dict[str, float]:
    path = REPORTS / DURATIONS
    try:
        known: dict[str, float] = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return known


def _remember(entries: Sequence[Entry]) -> None:
    took = {entry.place: entry.seconds for entry in entries if entry.status == "passed"}
    (REPORTS / DURATIONS).write_text(json.dumps({**_durations(), **took}, indent=1), "utf-8")


def main(arguments: Sequence[str]) -> int:
    """Runs, prints, and returns the exit status: 0 for a good run, else 1."""
    parser = argparse.ArgumentParser(prog="python -m harness.run", description=__doc__)
    parser.add_argument("--jobs", type=int, default=2, help="behave processes (default 2)")
    parser.add_argument("--limit", type=float, default=1800.0, help="seconds a process may take")
    chosen, rest = parser.parse_known_args(list(arguments))
    began = time.monotonic()
    outcome = run(rest, max(1, chosen.jobs), chosen.limit)
    used = sum(entry.processor_s for entry in outcome.entries)
    print(
        f"\n{len(outcome.entries)} scenarios looked at in {time.monotonic() - began:.1f} s, "
        f"with {used:.0f} s of the processor"
    )
    show(outcome)
    return 0 if outcome.is_good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
