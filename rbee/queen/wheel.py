"""rbee itself as a wheel, made from the files this queen runs on, for another machine's pip."""

from __future__ import annotations

import importlib.metadata
import tempfile
from collections.abc import Mapping
from pathlib import Path

import rbee
from rbee import __version__
from rbee.process.registered import ENGINES, own
from rbee.wire.errors import RbeeError

_WHEEL = """\
Wheel-Version: 1.0
Generator: rbee
Root-Is-Purelib: true
Tag: py3-none-any
"""
_SCRIPTS = "console_scripts"
_KEPT = ("Name", "Summary", "License", "Requires-Python", "Requires-Dist", "Provides-Extra")


def build_wheel() -> tuple[str, bytes]:
    """Name and content of the wheel. Blocks for a tenth of a second.

    Raises `hive_unfit` where rbee runs from files that pip knows nothing of.
    """
    from wheel.wheelfile import WheelFile

    package = Path(rbee.__file__).parent
    metadata, scripts = _about()
    name = f"rbee-{__version__}-py3-none-any.whl"
    info = f"rbee-{__version__}.dist-info"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        with WheelFile(path, "w") as wheel:
            for file in sorted(package.rglob("*")):
                if file.is_file() and "__pycache__" not in file.parts:
                    wheel.write(file, str(file.relative_to(package.parent)))
            wheel.writestr(f"{info}/METADATA", metadata)
            wheel.writestr(f"{info}/WHEEL", _WHEEL)
            wheel.writestr(f"{info}/entry_points.txt", scripts)
        return name, path.read_bytes()


def _about() -> tuple[str, str]:
    """The metadata that pip has of the rbee here: its requirements, console scripts and engines.

    The version is that of the files: an editable installation keeps the one it was made at.
    """
    try:
        known = importlib.metadata.distribution("rbee")
    except importlib.metadata.PackageNotFoundError:
        raise RbeeError(
            "hive_unfit",
            "this rbee was not installed by pip, so that it does not know what it needs",
            "pip install . where its source is, then try again",
        ) from None
    about = [("Metadata-Version", "2.1"), ("Version", __version__)]
    about += [(name, text) for name in _KEPT for text in known.metadata.get_all(name) or ()]
    metadata = "".join(f"{name}: {text}\n" for name, text in about)
    scripts = {each.name: each for each in known.entry_points if each.group == _SCRIPTS}
    return metadata, _listed(_SCRIPTS, scripts) + _listed(ENGINES, own(ENGINES))


def _listed(group: str, named: Mapping[str, importlib.metadata.EntryPoint]) -> str:
    """A section of ``entry_points.txt``."""
    return f"[{group}]\n" + "".join(f"{name} = {each.value}\n" for name, each in named.items())
