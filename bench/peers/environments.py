"""The environments of the peers: what is installed into each, and whether it is there.

Each has a virtual environment of its own, ``.peers/NAME``; none of them is ever in the product's.
"""

from __future__ import annotations

import importlib.metadata
import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.swarm import ROOT

FOLDER = ROOT / ".peers"
#: The engine that Xinference is given: the one that rbee has.
_ENGINE = f"xllamacpp=={importlib.metadata.version('xllamacpp')}"
_TORCH = "torch==2.13.0"

#: What pip is asked for, step by step, by peer. PyTorch comes first, alone: pip takes its build
#: without CUDA where it finds one, and what comes after has to go with it.
STEPS: Mapping[str, Sequence[Sequence[str]]] = {
    "litellm": [["litellm[proxy]==1.102.4"]],
    "llama-cpp-python": [["llama-cpp-python[server]==0.3.36"]],
    "xinference": [[_TORCH], ["xinference==4.1.0", _TORCH, "torchvision==0.28.0", _ENGINE]],
}


class NotInstalled(Exception):
    """A peer is not there; its text says why."""


def program(peer: str, name: str) -> str:
    """A program out of a peer's environment. Raises NotInstalled."""
    marker = installed_marker(peer)
    if not marker.exists():
        raise NotInstalled(_why_not(peer))
    if json.loads(marker.read_text()) != STEPS[peer]:
        raise NotInstalled("what is installed is another version; run make bench-peers")
    return str(FOLDER / peer / "bin" / name)


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
