"""Engines as packages register them, and the memory that models are promised."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import msgspec

from harness.rig.cluster import ROOT, Cluster
from rbee.hive.capacity import Capacity, Fit, Promise
from rbee.hive.devices import Gpus
from rbee.hive.models.gguf.header import GgufHeader, header_of_file
from rbee.hive.models.local import bundled_path
from rbee.hive.models.provisioner import Provisioner
from rbee.wire.errors import RbeeError
from rbee.wire.messages.inference import InferRequest
from rbee.wire.messages.workers import Ability, EngineDevice, EngineFacts
from rbee.wire.model_ref import parse_model_ref
from rbee.wire.placement import Placement
from rbee.wire.settings import Settings
from rbee.worker.engines import refuse_unsupported

_PACKAGES = ROOT / "fixtures" / "engines"
_ASKED = """
from rbee.process.registered import ENGINES, own
print(", ".join(sorted(own(ENGINES))))
"""
_MODEL = "minillama"
#: What is sent to an engine.
_SENT: dict[str, object] = {
    "prompt": "hello",
    "messages": [{"role": "user", "content": "hello"}],
    "inputs": ["hello"],
}


def install(cluster: Cluster) -> None:
    """A package with an engine is there for every program of the scenario."""
    search = cluster.environment["PYTHONPATH"]
    cluster.environment["PYTHONPATH"] = f"{_PACKAGES}{os.pathsep}{search}"


def refused(known: str, request: str) -> str:
    """The field that an engine which knows of so much refuses; empty: none."""
    can = [cast(Ability, each) for each in known.split(", ") if each]
    what, _, more = request.partition(" and ")
    name, _, value = more.partition("=")
    fields = {what: _SENT[what], **({name: json.loads(value)} if name else {})}
    asked = msgspec.convert(fields, InferRequest)
    try:
        refuse_unsupported(EngineFacts(engine="some", can=can, install={}), asked)
    except RbeeError as error:
        return str(error.details["field"])
    return ""


def found(files: str, names: str) -> str:
    """The engines that rbee finds in files whose metadata name these; empty: they name none."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "rbee").symlink_to(ROOT / "rbee")
        if files == "a source tree":
            (place / "pyproject.toml").symlink_to(ROOT / "pyproject.toml")
        about = place / "rbee-0.1.0.dist-info"
        about.mkdir()
        (about / "METADATA").write_text("Metadata-Version: 2.1\nName: rbee\nVersion: 0.1.0\n")
        listed = "".join(f"{name} = x:ENGINE\n" for name in names.split(", ") if name)
        (about / "entry_points.txt").write_text(f"[rbee.engines]\n{listed}" if listed else "")
        asked = subprocess.run(
            [sys.executable, "-c", _ASKED],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": folder},
            capture_output=True,
            text=True,
            check=True,
        )
        return asked.stdout.strip()


def of_project() -> str:
    """The engines that the project's ``pyproject.toml`` lists, llamacpp among them."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    _, listed = text.split('[project.entry-points."rbee.engines"]\n')
    group, *_ = listed.split("\n\n")
    names = sorted(line.partition(" = ")[0] for line in group.splitlines())
    assert "llamacpp" in names, names
    return ", ".join(names)


async def _no_engine() -> Sequence[EngineDevice]:
    return ()


class Promising:
    """A hive's memory, which is on paper, and what of it is promised to a model."""

    def __init__(self, gigabytes: float, folder: Path) -> None:
        described = folder / "gpus.json"
        gpus = [{"name": "RTX", "vram_gb": gigabytes} for _ in range(2)]
        described.write_text(json.dumps(gpus))
        self._gpus = str(described)
        settings = Settings(vram_margin_mib=0)
        self._capacity = Capacity(
            settings, cast(Provisioner, _Headers()), Gpus(_no_engine, lambda: ())
        )
        self.promises: list[Promise] = []

    def promise(self, placement: str) -> Promise:
        """Promises room on ``gpu0``, or ``gpu0+gpu1``. Raises where there is none."""
        self.promises.append(self._capacity.promise(self._check(placement)))
        return self.promises[-1]

    def _check(self, placement: str, unused: Sequence[Promise] = ()) -> Fit:
        os.environ["RBEE_SIMULATE_GPUS"] = self._gpus
        try:
            where, ref = Placement.on("localhost", placement), parse_model_ref(_MODEL)
            return asyncio.run(self._capacity.check(where, ref, unused=unused))
        finally:
            del os.environ["RBEE_SIMULATE_GPUS"]

    def promise_all(self, placement: str) -> None:
        """Promises room there until there is no more."""
        while self.has_room(placement):
            assert len(self.promises) < 1000, "it has room for ever"

    def has_room(self, placement: str) -> bool:
        """Promises room there, where there is any."""
        try:
            self.promise(placement)
        except RbeeError as error:
            assert error.code == "insufficient_vram", error.body()
            return False
        return True

    def layers(self, placement: str) -> list[int]:
        """How many layers would lie on each device, were nobody to use what is promised."""
        return [part.layers for part in self._check(placement, self.promises).parts]

    def give_back(self) -> None:
        """The first to whom something was promised is no more."""
        self._capacity.give_back(self.promises.pop(0))


def kept(promise: Promise) -> str:
    """Which share of a promise is kept of each device."""
    shares = (f"{device} {of / promise.total:.0%}" for device, of in promise.of.items())
    return ", ".join(shares)


class _Headers:
    """What a promise asks of the models of a hive."""

    async def headers(self, ref: object) -> Sequence[GgufHeader]:
        """Those of minillama."""
        return [header_of_file(str(bundled_path()))]
