"""How this rbee was installed, which decides how it is upgraded. Pure, but for `installation`."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import sys
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

#: What pipx and uv leave in the environments that they make.
_PIPX, _UV_TOOL = "pipx_metadata.json", "uv-receipt.toml"
#: What an environment holds that a queen has brought to this machine; see `rbee.queen.shell`.
_BROUGHT = "whole"
#: What the environment of the container image holds; see the Containerfile.
_OF_IMAGE = "rbee-image"


class Origin(msgspec.Struct, frozen=True):
    """Where pip was told to take rbee from, by ``direct_url.json`` (PEP 610); empty: an index."""

    url: str = ""
    dir_info: dict[str, Any] | None = None
    vcs_info: dict[str, str] | None = None

    @property
    def folder(self) -> str:
        """The folder that holds its source; else empty."""
        if self.dir_info is None or not self.url.startswith("file:"):
            return ""
        return urllib.request.url2pathname(urllib.parse.urlsplit(self.url).path)


class Installation(NamedTuple):
    """What is known of it. `tool` is ``pipx``, ``uv`` or empty."""

    prefix: Path
    python: str
    is_environment: bool
    tool: str = ""
    is_brought: bool = False
    is_image: bool = False
    has_pip: bool = True
    is_writable: bool = True
    origin: Origin = Origin()


class Obstacle(NamedTuple):
    """Why this rbee is not upgraded from here, and what to type instead."""

    why: str
    type_this: str


def installation() -> Installation:
    """The one that this process runs from."""
    prefix = Path(sys.prefix)
    tools = {_PIPX: "pipx", _UV_TOOL: "uv"}
    return Installation(
        prefix=prefix,
        python=sys.executable,
        is_environment=sys.prefix != sys.base_prefix and not prefix.is_symlink(),
        tool=next((name for file, name in tools.items() if (prefix / file).exists()), ""),
        is_brought=(prefix.resolve() / _BROUGHT).exists(),
        is_image=(prefix / _OF_IMAGE).exists(),
        has_pip=importlib.util.find_spec("pip") is not None,
        is_writable=os.access(prefix, os.W_OK) and os.access(prefix.parent, os.W_OK),
        origin=_origin(),
    )


def _origin() -> Origin:
    try:
        told = importlib.metadata.distribution("rbee").read_text("direct_url.json")
        return msgspec.json.decode(told, type=Origin) if told else Origin()
    except (importlib.metadata.PackageNotFoundError, msgspec.MsgspecError):
        return Origin()


def obstacle(found: Installation) -> Obstacle | None:
    """What keeps this rbee from upgrading itself; None: nothing does. Pure."""
    if found.is_brought:
        why = "a queen has brought it to this machine"
        return Obstacle(why, "rbee-keeper upgrade, on the machine of that queen")
    if found.is_image:
        return Obstacle("it is that of an image", "start a container of the new image in its place")
    if (found.origin.dir_info or {}).get("editable"):
        folder = found.origin.folder
        return Obstacle(f"it runs from the files in {folder}", f"git -C {folder} pull")
    if found.tool == "uv":
        return Obstacle("uv has installed it", "uv tool upgrade rbee")
    if not found.is_environment:
        why = "it is in no environment of its own"
        return Obstacle(why, f"{found.python} -m pip install --upgrade rbee")
    if not found.has_pip:
        why = "there is no pip in its environment"
        return Obstacle(why, f"uv pip install --python {found.python} --upgrade rbee")
    if not found.is_writable:
        why = f"{found.prefix} is not yours to write"
        return Obstacle(why, f"sudo {found.python} -m pip install --upgrade rbee")
    return None


def to_install(origin: Origin, version: str) -> str:
    """What pip is to install: this version, else the newest from where rbee was taken. Pure."""
    if version:
        return f"rbee=={version}"
    if origin.vcs_info:
        return f"{origin.vcs_info['vcs']}+{origin.url}"
    return origin.folder or "rbee"
