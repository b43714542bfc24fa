"""What is around a command: the name of its home, the folder it is typed in, the hub's token."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from harness.rig.cluster import Cluster
from rbee.keeper.queen_target import QueenTarget
from rbee.process.home import Home
from rbee.wire import narration
from rbee.wire.settings import Settings

#: Modules that a keeper, a queen, a hive or a worker imports early.
_MODULES = ("secrets", "json", "asyncio", "typing", "signal", "socket", "msgspec", "aiohttp")
_RAN = "ran"


def home_from_here(cluster: Cluster, name: str) -> None:
    """RBEE_HOME is a folder with this name in the one that commands are typed in."""
    cluster.use_home(cluster.work / name)
    cluster.environment["RBEE_HOME"] = name


def assert_catalogs_at_home(cluster: Cluster) -> None:
    """Both databases are in the home, and there is no other."""
    found = set(cluster.folder.rglob("*.db"))
    assert found == {cluster.home / "queen.db", cluster.home / "hive.db"}, found


def files_called_as_modules(cluster: Cluster) -> None:
    """Files in the folder that commands are typed in; each that is run leaves a mark."""
    for name in _MODULES:
        cluster.write(f"{name}.py", f"open({str(cluster.work / _RAN)!r}, 'a').write('{name} ')\n")


def assert_none_has_run(cluster: Cluster) -> None:
    """None of those files has been run."""
    mark = cluster.work / _RAN
    assert not mark.exists(), f"run: {mark.read_text()}"


def set_ports_anew(cluster: Cluster) -> None:
    """What starts from now on would listen elsewhere."""
    cluster.set(queen_port=cluster.ports.queen + 500, hive_port=cluster.ports.hive + 500)


def assert_token_in_no_file(cluster: Cluster) -> None:
    """No file of the home holds the hub's token."""
    token = cluster.environment["HF_TOKEN"].encode()
    holders = [path for path in cluster.home.rglob("*") if path.is_file()]
    assert holders, "the home is empty"
    assert not [path for path in holders if token in path.read_bytes()]


def tokens_sent(rows: Sequence[Mapping[str, str]]) -> list[bool]:
    """Whether a command with HF_TOKEN around it sends it to the queen of each row."""
    before = os.environ.get("HF_TOKEN")
    os.environ["HF_TOKEN"] = "hf_fixture"
    try:
        return [bool(_meaning(row["queen"]).hub_token("HF:author/gated")) for row in rows]
    finally:
        del os.environ["HF_TOKEN"]
        if before is not None:
            os.environ["HF_TOKEN"] = before


def _meaning(queen: str) -> QueenTarget:
    named = queen != "her own"
    url = queen if named else "http://127.0.0.1:8500"
    return QueenTarget(Home(Path("/none")), Settings(), url, "token", named)


def line_of_a_deep_model() -> str:
    """What is narrated of a worker whose model lies far down in the folders."""
    path = "/".join(["", *["folder"] * 20, "minillama.gguf"])
    facts = {"port": 8601, "path": path, "device": "gpu0"}
    return narration.say(narration.WORKER_WAKE, facts).human
