"""``python -m bench.peers.install``: makes the environment of each peer, where it is not there.

llama-cpp-python is compiled, which takes many minutes of one core. Exit status: 0 all are there;
1 one could not be made, and the page of figures says so by name.
"""

from __future__ import annotations

import json
import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path

from bench.peers.environments import FOLDER, STEPS, failure_note, installed_marker, made_of
from bench.swarm import ROOT

#: Leaves the machine to whoever works on it.
_GENTLY = ["nice", "-n", "19"]


def main() -> int:
    """Makes what is missing; the exit status."""
    failed = [peer for peer, steps in STEPS.items() if not _made(peer, steps)]
    for peer in failed:
        print(f"{peer}: {failure_note(peer).read_text().strip()}", file=sys.stderr)
    return 1 if failed else 0


def _made(peer: str, steps: Sequence[Sequence[str]]) -> bool:
    marker, note = installed_marker(peer), failure_note(peer)
    if marker.exists() and json.loads(marker.read_text()) == made_of(peer):
        return True
    print(f"{peer}: {'; '.join(' '.join(step) for step in steps)}", flush=True)
    marker.unlink(missing_ok=True)
    environment = FOLDER / peer
    venv.create(environment, symlinks=True, with_pip=True)
    for step in steps:
        complaint = _failure(environment, ["pip", "install", "--quiet", *step])
        if complaint:
            note.write_text(complaint + "\n")
            return False
    # Also where Python is told to write none: without byte code every start compiles anew.
    _failure(environment, ["compileall", "-qq", "-j", "1", str(environment / "lib")])
    note.unlink(missing_ok=True)
    marker.write_text(json.dumps(made_of(peer)) + "\n")
    return True


def _failure(environment: Path, module: list[str]) -> str:
    """Runs a module of the environment's Python; its last words if it fails, else nothing."""
    command = [*_GENTLY, str(environment / "bin" / "python"), "-m", *module]
    finished = subprocess.run(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)
    if finished.returncode == 0:
        return ""
    lines = [line for line in finished.stderr.splitlines() if line.strip()]
    return lines[-1] if lines else f"{module[0]} ended with {finished.returncode}"


if __name__ == "__main__":
    sys.exit(main())
