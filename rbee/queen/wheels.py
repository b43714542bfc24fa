"""What pip on another machine is to install, as wheels that are made of the files that are here.

They are not compressed: `archive` does that to all of them at once, and quickly.

rbee itself always; where that machine reaches no index, all that it needs as well, in the versions
that run here: those go with the same system and the same Python alone. ``python -m
rbee.queen.wheels FOLDER [--all]`` writes them into a folder, for an upgrade that is tried before it
is in use.
"""

from __future__ import annotations

import importlib.metadata
import io
import re
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from importlib.metadata import Distribution
from pathlib import Path

import rbee
from rbee import __version__
from rbee.process.registered import ENGINES, own
from rbee.wire.errors import RbeeError, invalid

_WHEEL = """\
Wheel-Version: 1.0
Generator: rbee
Root-Is-Purelib: true
Tag: py3-none-any
"""
_SCRIPTS = "console_scripts"
#: How hard zlib tries. The default takes three times as long, for a twelfth less to send.
_QUICKLY = 1
_KEPT = ("Name", "Summary", "License", "Requires-Python", "Requires-Dist", "Provides-Extra")


def archive(folder: str, everything: bool) -> tuple[str, bytes]:
    """The name of rbee's wheel, and a tar archive of the wheels in `folder`, gzipped.

    Without a folder they are made of what runs here; with `everything` that is rbee and all that it
    needs, some 70 MB, else rbee alone. Blocks. Raises `hive_unfit`, and `invalid_request` for a
    folder without a wheel of rbee.
    """
    with tempfile.TemporaryDirectory() as made:
        there = Path(folder) if folder else write(Path(made), everything)
        rbees = sorted(there.glob("rbee-*.whl"))
        if not rbees:
            raise invalid(f"{there} holds no wheel of rbee", "rbee-keeper upgrade makes one")
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w:gz", compresslevel=_QUICKLY) as tar:
            for wheel in sorted(there.glob("*.whl")):
                tar.add(wheel, wheel.name)
    return rbees[-1].name, buffer.getvalue()


def write(folder: Path, everything: bool) -> Path:
    """Writes the wheels of what runs here into a folder. Raises `hive_unfit`."""
    _write_rbee(folder)
    if everything:
        for distribution in _needed("rbee"):
            _write_again(distribution, folder)
    return folder


def _write_rbee(folder: Path) -> None:
    from wheel.wheelfile import WheelFile

    package = Path(rbee.__file__).parent
    metadata, scripts = _about()
    info = f"rbee-{__version__}.dist-info"
    path = folder / f"rbee-{__version__}-py3-none-any.whl"
    with WheelFile(path, "w", zipfile.ZIP_STORED) as wheel:
        for file in sorted(package.rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                wheel.write(file, str(file.relative_to(package.parent)))
        wheel.writestr(f"{info}/METADATA", metadata)
        wheel.writestr(f"{info}/WHEEL", _WHEEL)
        wheel.writestr(f"{info}/entry_points.txt", scripts)


def _needed(name: str) -> Iterator[Distribution]:
    """What a package needs to run here, and what that needs. Raises `hive_unfit`."""
    from packaging.requirements import Requirement

    seen: dict[str, set[str]] = {}
    wanted = [(name, frozenset[str]())]
    while wanted:
        name, extras = wanted.pop()
        known = seen.setdefault(_normal(name), set())
        if known and extras <= known:
            continue
        is_new = not known
        known |= {"", *extras}
        try:
            found = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            raise RbeeError(
                "hive_unfit",
                f"{name}, which rbee needs, was not installed by pip here",
                "leave --offline out, and let pip there reach a package index",
            ) from None
        if is_new and _normal(name) != "rbee":
            yield found
        for text in found.requires or ():
            need = Requirement(text)
            if need.marker is None or any(need.marker.evaluate({"extra": each}) for each in known):
                wanted.append((need.name, frozenset(need.extras)))


def _write_again(found: Distribution, folder: Path) -> None:
    """The wheel that a package was installed from, but for its byte code and its scripts, which
    pip makes anew."""
    from wheel.wheelfile import WheelFile

    tags = re.findall(r"^Tag: (\S+)$", found.read_text("WHEEL") or "", re.MULTILINE)
    if not tags or found.files is None:
        raise RbeeError(
            "hive_unfit",
            f"{found.name} was installed here from no wheel, and cannot be sent",
            "leave --offline out, and let pip there reach a package index",
        )
    name = f"{_normal(found.name).replace('-', '_')}-{found.version}"
    left_out = ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json")
    with WheelFile(folder / f"{name}-{_tag(tags)}.whl", "w", zipfile.ZIP_STORED) as wheel:
        for file in found.files:
            is_outside = ".." in file.parts or file.is_absolute()
            is_of_pip = file.parent.suffix == ".dist-info" and file.name in left_out
            if is_outside or is_of_pip or file.suffix == ".pyc":
                continue
            wheel.write(str(file.locate()), str(file))


def _tag(tags: list[str]) -> str:
    """What several tags are in the name of one wheel: ``py2.py3-none-any``."""
    parts = zip(*(tag.split("-") for tag in tags))
    return "-".join(".".join(dict.fromkeys(part)) for part in parts)


def _normal(name: str) -> str:
    """The name of a package as every tool compares it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


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


if __name__ == "__main__":
    write(Path(sys.argv[1]), "--all" in sys.argv[2:])
