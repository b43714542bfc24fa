"""The inputs that fuzzing begins with, and where what it finds is kept: fixtures/corpus/TARGET/."""

from __future__ import annotations

import hashlib
from pathlib import Path

HOME = Path(__file__).resolve().parents[2] / "fixtures" / "corpus"


def entries(target: str) -> dict[str, bytes]:
    """The inputs that are kept of a target, by name and in its order."""
    folder = HOME / target
    paths = sorted(folder.iterdir()) if folder.is_dir() else []
    return {path.name: path.read_bytes() for path in paths}


def keep(target: str, data: bytes) -> Path:
    """Keeps what a target has stumbled over, so that each run tries it again."""
    path = HOME / target / f"found-{hashlib.sha256(data).hexdigest()[:12]}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path
