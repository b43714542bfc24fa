"""The environments of the peers: what is installed into each, and whether it is there.

Each has a virtual environment of its own, ``.peers/NAME``; none of them is ever in the product's.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.swarm import ROOT

FOLDER = ROOT / ".peers"


def _from(lock: str, *options: str) -> list[str]:
    """What pip is asked for so that it takes what a lock of ``harness/locks`` names."""
    return ["--require-hashes", *options, "-r", f"harness/locks/{lock}.txt"]


#: What pip is asked for, step by step, by peer. What has to be built is built with what was
#: installed before it.
STEPS: Mapping[str, Sequence[Sequence[str]]] = {
    "litellm": [_from("peer-litellm")],
    "llama-cpp-python": [
        _from("peers-build"),
        _from("peer-llama-cpp-python", "--no-build-isolation"),
    ],
    "xinference": [_from("build"), _from("peer-xinference", "--no-build-isolation")],
}


class NotInstalled(Exception):
    """A peer is not there; its text says why."""


def program(peer: str, name: str) -> str:
    """A program out of a peer's environment. Raises NotInstalled."""
    marker = installed_marker(peer)
    if not marker.exists():
        raise NotInstalled(_why_not(peer))
    if json.loads(marker.read_text()) != made_of(peer):
        raise NotInstalled("what is installed is another version; run make bench-peers")
    return str(FOLDER / peer / "bin" / name)


def made_of(peer: str) -> list[str]:
    """What a peer's environment is made of: the SHA-256 of its locks, step by step."""
    locks = [ROOT / step[-1] for step in STEPS[peer]]
    return [hashlib.sha256(lock.read_bytes()).hexdigest() for lock in locks]


def packages(peer: str) -> dict[str, str]:
    """Everything in a peer's environment, by name. Raises NotInstalled."""
    command = [program(peer, "python"), "-m", "pip", "list", "--format=json"]
    listed = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
    return {each["name"]: each["version"] for each in json.loads(listed.stdout)}


def installed_marker(peer: str) -> Path:
    """The file that tells what an environment was made of, once it is complete."""
    return FOLDER / peer / "installed.json"


def failure_note(peer: str) -> Path:
    """The file that tells why an environment could not be made."""
    return FOLDER / f"{peer}.failed"


def _why_not(peer: str) -> str:
    note = failure_note(peer)
    if note.exists():
        return f"could not be installed: {note.read_text().strip()}"
    return "not installed; make bench-peers does it"
