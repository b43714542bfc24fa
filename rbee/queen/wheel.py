"""rbee itself as a wheel, made from the files this queen runs on, for another machine's pip."""

from __future__ import annotations

import importlib.metadata
import tempfile
from pathlib import Path

import rbee
from rbee import __version__

_WHEEL = """\
Wheel-Version: 1.0
Generator: rbee
Root-Is-Purelib: true
Tag: py3-none-any
"""


def build_wheel() -> tuple[str, bytes]:
    """Name and content of the wheel. Blocks for a tenth of a second."""
    from wheel.wheelfile import WheelFile

    package = Path(rbee.__file__).parent
    about = importlib.metadata.distribution("rbee")
    metadata = about.read_text("METADATA") or about.read_text("PKG-INFO") or ""
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
            wheel.writestr(f"{info}/entry_points.txt", about.read_text("entry_points.txt") or "")
        return name, path.read_bytes()
