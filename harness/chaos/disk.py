"""What a home holds after a round: that the catalogs are sound and agree with the disk."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

from fixtures.hub.repositories import REPOSITORIES
from harness.rig.cluster import Cluster

_PARTIAL = re.compile(r"(?P<name>.+)\.[0-9a-f]{16}\.part")


def complaints_of(cluster: Cluster, removed: set[str]) -> list[str]:
    """One for each thing that is not as it should be. `removed`: models that were to go."""
    found = [f"a catalog was set aside: {name}" for name in cluster.files() if "corrupt" in name]
    for name in ("queen.db", "hive.db"):
        if (cluster.home / name).exists():
            told = [row["integrity_check"] for row in cluster.rows(name, "PRAGMA integrity_check")]
            if told != ["ok"]:
                found.append(f"{name} is not sound: {told}")
    rows = _models(cluster)
    for row in rows:
        if row["status"] == "ready":
            found += _complaints_of_row(row)
        elif row["ref"] not in removed:
            found.append(f"row {row['ref']} is {row['status']}, and nobody touched its files")
    known = {file["path"] for row in rows for file in json.loads(row["files"])}
    for path in sorted((cluster.home / "models").rglob("*")):
        if path.is_file() and str(path) not in known:
            found += _complaints_of_file(path, removed)
    return found


def _models(cluster: Cluster) -> list[dict[str, Any]]:
    if not (cluster.home / "hive.db").exists():
        return []
    tables = cluster.rows("hive.db", "select name from sqlite_master where name = 'models'")
    return cluster.rows("hive.db", "select * from models") if tables else []


def _complaints_of_row(row: dict[str, Any]) -> list[str]:
    """A row that is ready has all of its files, as they were checked."""
    ref, files = row["ref"], json.loads(row["files"])
    found = []
    if row["size_bytes"] != sum(file["size_bytes"] for file in files):
        found.append(f"row {ref} has the size {row['size_bytes']}, its files another")
    for file in files:
        path = Path(file["path"])
        if not path.is_file():
            found.append(f"row {ref} is ready without its file {path}")
        elif path.stat().st_size != file["size_bytes"]:
            found.append(f"row {ref}: {path} has {path.stat().st_size} bytes")
        elif file["sha256"] and hashlib.sha256(path.read_bytes()).hexdigest() != file["sha256"]:
            found.append(f"row {ref}: {path} has another content")
    return found


def _complaints_of_file(path: Path, removed: set[str]) -> list[str]:
    """A file without a row: the beginning of what the hub has, or all of it, to go on from."""
    partial = _PARTIAL.fullmatch(path.name)
    name = partial["name"] if partial else path.name
    repository = path.parts[-3].replace("--", "/")
    if repository not in REPOSITORIES or name not in REPOSITORIES[repository].recipes:
        return [f"{path} belongs to no row and to no file of the hub"]
    whole, data = REPOSITORIES[repository].files[name], path.read_bytes()
    if data != whole.read(0, min(len(data), whole.size)):
        return [f"{path} holds other bytes than the hub has"]
    if partial is None and len(data) < whole.size:
        return [f"{path} has its real name and {len(data)} of {whole.size} bytes"]
    if partial is None and any(_may_mean(ref, repository, name) for ref in removed):
        return [f"{path} was left on the disk when its row was removed"]
    return []


def _may_mean(ref: str, repository: str, file: str) -> bool:
    named, _, quant = ref.removeprefix("HF:").partition(":")
    return named == repository and quant.lower() in file.lower()
