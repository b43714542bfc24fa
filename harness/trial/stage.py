"""The swarm that is attacked: root's, with a home below folders that everybody may enter."""

from __future__ import annotations

import contextlib
import os
import re
import socket
from collections.abc import Iterator
from pathlib import Path

from harness.rig.cluster import Cluster
from harness.rig.ports import PortSlice

ROLES = ("queen", "hive", "worker")
_TABLES = Path(__file__).parent / "tables"
#: What nobody but the owner is to learn.
PROMPT = "a private prompt"


class Stage:
    """A cluster whose folder others may enter; what they find there is up to the product."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        for folder in (cluster.folder, cluster.user_home):
            folder.chmod(0o755)

    @property
    def home(self) -> Path:
        """RBEE_HOME."""
        return self.cluster.home

    @property
    def token(self) -> str:
        """The swarm's."""
        return self.cluster.token

    def warm(self) -> None:
        """A queen, a hive and a worker that stay."""
        self.cluster.assert_status(0, self.cluster.run("rbee-keeper infer --keep-alive hello"))
        self.cluster.expect_warm()

    def port(self, role: str) -> int:
        """Where a daemon listens."""
        port: int = getattr(self.cluster.ports, role)
        return port

    def pid(self, role: str) -> int:
        """The process of a daemon."""
        return self.cluster.processes(role)[0].pid

    def mebibytes(self, role: str) -> float:
        """The most memory that a daemon has held at once so far."""
        lines = Path(f"/proc/{self.pid(role)}/status").read_text().splitlines()
        (line,) = (each for each in lines if each.startswith("VmHWM:"))
        return int(line.split()[1]) / 1024

    def serves(self) -> str:
        """What the owner sees of the swarm; raises AssertionError where he is not served."""
        for command in ("rbee-keeper ps", "rbee-keeper infer --keep-alive hello"):
            self.cluster.assert_status(0, self.cluster.run(command))
        return "the owner lists and infers"


@contextlib.contextmanager
def staged(ports: PortSlice) -> Iterator[Stage]:
    """A stage of its own; afterwards nothing of it is left."""
    cluster = Cluster(ports.take())
    try:
        yield Stage(cluster)
    finally:
        for complaint in cluster.close(tracebacks_expected=True):
            print(f"          afterwards: {complaint}", flush=True)
        cluster.remove()


def send(port: int, data: bytes, patience: float = 3.0, host: str = "127.0.0.1") -> bytes:
    """What is answered to these bytes until the other side is silent or hangs up."""
    with socket.create_connection((host, port), patience) as asked:
        asked.sendall(data)
        answered = b""
        with contextlib.suppress(TimeoutError, ConnectionError):
            while len(answered) < 1 << 16 and (piece := asked.recv(65536)):
                answered += piece
                asked.settimeout(0.3)
        return answered


def statuses(answered: bytes) -> str:
    """The statuses of all the answers in what came; ``health`` for what everybody may ask for."""
    found = []
    for each in re.split(rb"(?=HTTP/1\.[01] \d\d\d)", answered):
        if each.startswith(b"HTTP/1."):
            is_health = b'"status":"ok"' in each and b'"role"' in each
            found.append("health" if is_health else each.split(b" ")[1].decode("latin-1"))
    return " ".join(found) or "nothing, and hangs up"


def readable(path: str | Path) -> str:
    """The beginning of a file, as whoever asks reads it."""
    with open(path, "rb") as file:
        return f"read {file.read(12)!r}"


def listed(path: str | Path) -> str:
    """What is in a folder."""
    return f"listed {sorted(os.listdir(path))[:4]}"


def table(name: str) -> list[str]:
    """The lines of ``tables/<name>.txt``, with what is escaped in them as in Python."""
    lines = (_TABLES / f"{name}.txt").read_text("ascii").splitlines()
    return [line.encode("ascii").decode("unicode_escape") for line in lines]


def pairs(name: str) -> list[tuple[str, str]]:
    """The same of a table of two columns, with `` | `` between them."""
    split = (line.partition(" | ") for line in table(name))
    return [(what, data) for what, _, data in split]
