"""Supervises the children that feed the targets, with what is kept in fixtures/corpus/TARGET/."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from harness.fuzz.child import FuzzFinding, TriedInput, live
from harness.fuzz.targets import Target

#: The inputs that fuzzing begins with, and where what it finds is kept, by target.
HOME = Path(__file__).resolve().parents[2] / "fixtures" / "corpus"
#: A child that died is started anew, with other draws, so often in vain.
_CHILDREN = 5


class Came(NamedTuple):
    """What came of feeding a target: how many inputs, how many steps of code, what was found."""

    target: str
    tried: int
    reached: int
    findings: list[FuzzFinding]

    def __str__(self) -> str:
        reached = f", {self.reached} steps of the code" if self.reached else ""
        return f"{self.target}: {self.tried} inputs{reached}" + "".join(
            f"\n  {finding.why}" for finding in self.findings
        )


def fuzz(target: Target, seed: str, *, inputs: int = 0, seconds: float = 0.0) -> Came:
    """Feeds a target with its corpus and then `inputs` new ones, or for `seconds`.

    An input of the corpus that ends the child, and each that does so later, is a finding; the next
    child goes on without it.
    """
    end = time.monotonic() + seconds
    given = list(entries(target.name).values())
    came = Came(target.name, 0, 0, [])
    for number in range(_CHILDREN):

        def until(tried: int, known: int = len(given)) -> bool:
            return tried >= known + inputs if inputs else time.monotonic() >= end

        shared = TriedInput()
        looking = not inputs  # a short run is to be the same in each version of the code
        status, told = _child(target, given, f"{seed} {number}", until, shared, looking)
        if told:
            answer = json.loads(told)
            found = [
                FuzzFinding(where, why, bytes.fromhex(data)) for where, why, data in answer["found"]
            ]
            tried, reached = came.tried + answer["tried"], max(came.reached, answer["reached"])
            return came._replace(
                tried=tried, reached=reached, findings=_once([*came.findings, *found])
            )
        deadly = shared.read()
        why = _how(status, target)
        came.findings.append(FuzzFinding(f"{why} {len(deadly)}", f"{why}: {deadly[:80]!r}", deadly))
        given = [each for each in given if each != deadly]
        if not inputs and time.monotonic() >= end:
            break
    return came


def report(cames: Sequence[Came], *, keep: bool) -> int:
    """Says what came of it, and keeps the findings; 1 where there are any."""
    for came in cames:
        print(came, flush=True)
        for finding in came.findings if keep else ():
            print(f"  kept as {keep_input(came.target, finding.data)}")
    return 1 if any(came.findings for came in cames) else 0


def _child(
    target: Target,
    given: list[bytes],
    seed: str,
    until: Callable[[int], bool],
    shared: TriedInput,
    looking: bool,
) -> tuple[int, bytes]:
    reading, writing = os.pipe()
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        os.close(reading)
        live(target, given, seed, until, shared, looking, writing)
    os.close(writing)
    with open(reading, "rb") as pipe:
        told = pipe.read()
    _, status = os.waitpid(child, 0)
    return status, told


def _how(status: int, target: Target) -> str:
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        if number in (signal.SIGPROF, signal.SIGALRM):
            return f"more than {target.seconds:g} s"
        return f"ended by {signal.Signals(number).name}"
    return f"ended with {os.WEXITSTATUS(status)}"


def _once(findings: Sequence[FuzzFinding]) -> list[FuzzFinding]:
    return list({finding.where: finding for finding in reversed(findings)}.values())


def entries(target: str) -> dict[str, bytes]:
    """The inputs that are kept of a target, by name and in its order."""
    folder = HOME / target
    paths = sorted(folder.iterdir()) if folder.is_dir() else []
    return {path.name: path.read_bytes() for path in paths}


def keep_input(target: str, data: bytes) -> Path:
    """Keeps what a target has stumbled over, so that each run tries it again."""
    path = HOME / target / f"found-{hashlib.sha256(data).hexdigest()[:12]}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path
