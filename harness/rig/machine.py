"""The edges of a scenario's machine: its GPUs, its hub, its configuration, other programs."""

from __future__ import annotations

import contextlib
import http.server
import json
import os
import platform
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from fixtures.nvml.build import build_stub
from fixtures.nvml.facts import DRIVER_NOT_LOADED, GIB, StubGpu, write_facts
from harness.rig import client
from harness.rig.cluster import Cluster
from harness.rig.serving import serve
from harness.rig.waiting import wait_until

#: An end of a pipe: the pipe's name, and whether it is written to there.
End = tuple[str, bool]


def simulate_gpus(cluster: Cluster, table: Iterable[Mapping[str, str]]) -> None:
    """Describes the GPUs of a table with the columns `name` and `VRAM in GB`; `GB/s` and `backend`
    where they matter."""
    gpus = [
        {
            "name": row["name"],
            "vram_gb": float(row["VRAM in GB"]),
            "gb_per_second": float(row.get("GB/s", 0)),
            "backend": row.get("backend", "cuda"),
        }
        for row in table
    ]
    cluster.set(simulate_gpus=cluster.write("gpus.json", json.dumps(gpus)))


def simulate_gpu_in_use(cluster: Cluster, name: str, gb: float, free_gb: float) -> None:
    """Describes one GPU of which another program has left so much."""
    gpu = {"name": name, "vram_gb": gb, "vram_free_gb": free_gb}
    cluster.set(simulate_gpus=cluster.write("gpus.json", json.dumps([gpu])))


def free_simulated_gpu(cluster: Cluster) -> None:
    """The other program has ended."""
    described = Path(cluster.environment["RBEE_SIMULATE_GPUS"])
    (gpu,) = json.loads(described.read_text())
    del gpu["vram_free_gb"]
    described.write_text(json.dumps([gpu]))


def install_driver(cluster: Cluster, table: Iterable[Mapping[str, str]]) -> None:
    """Puts the stub NVML library in the way, with the GPUs of a table."""
    gpus = [
        StubGpu(
            row["name"],
            total=int(float(row["VRAM in GB"]) * GIB),
            used=int(float(row["used in GB"]) * GIB),
            memory_mhz=int(row.get("memory in MHz", 0)),
            bus_bits=int(row.get("bus in bits", 0)),
        )
        for row in table
    ]
    facts = cluster.folder / "nvml-facts"
    write_facts(facts, gpus)
    _use_stub(cluster, str(facts))


def install_broken_driver(cluster: Cluster) -> None:
    """Puts a stub NVML library in the way whose driver is not loaded."""
    facts = cluster.folder / "nvml-facts"
    write_facts(facts, [], init_error=DRIVER_NOT_LOADED)
    _use_stub(cluster, str(facts))


def hub_with(cluster: Cluster, repository: str) -> None:
    """Starts the fixture hub, which holds this repository. Raises AssertionError if it does not."""
    # Late: naming the repositories makes their models.
    from fixtures.hub.repositories import REPOSITORIES

    assert repository in REPOSITORIES, f"the fixture hub holds {sorted(REPOSITORIES)}"
    assert cluster.hub.url


def corrupt(cluster: Cluster, database: str) -> None:
    """Writes nonsense over the beginning of a database file, and over its write-ahead log."""
    for path in cluster.home.glob(f"{database}*"):
        path.write_bytes(b"no database any more" * 50 + path.read_bytes()[1000:])


def lock(cluster: Cluster, database: str) -> None:
    """Another program holds a database for itself until the scenario ends."""
    holder = sqlite3.connect(cluster.home / database, isolation_level=None)
    holder.execute("PRAGMA locking_mode=EXCLUSIVE")
    holder.execute("BEGIN EXCLUSIVE")
    cluster.on_close(holder.close)


def change_a_byte(cluster: Cluster, pattern: str) -> None:
    """Turns one byte in the middle of the one file below RBEE_HOME that matches."""
    (path,) = cluster.home.rglob(pattern)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)


def configure(cluster: Cluster, text: str) -> None:
    """Writes config.toml."""
    cluster.home.mkdir(mode=0o700, exist_ok=True)
    (cluster.home / "config.toml").write_text(text + "\n")


def hold_port(cluster: Cluster, port: int) -> None:
    """A web server of somebody else's listens on a port until the scenario ends."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), _Stranger)
    cluster.on_close(serve(server))


def wait_for_processor_name(cluster: Cluster) -> None:
    """Waits until the hive's query has left its answer."""
    wait_until("the processor's name is kept", lambda: "cpu-name" in cluster.files(), 30.0)


def assert_processor_name(cluster: Cluster) -> None:
    """The hive tells the name that was kept, which is more than an architecture."""
    kept = (cluster.home / "cpu-name").read_text().strip()
    told = cluster.http("GET", "hive", "/devices").json()["cpu"]["name"]
    assert told == kept, (told, kept)
    assert told != platform.machine(), told


def assert_ram_speed(cluster: Cluster) -> None:
    """The hive tells how fast its RAM is read, as it was measured; not at all where others were
    busy."""
    kept = cluster.home / "ram-speed.json"
    measured = json.loads(kept.read_text())["gb_per_second"] if kept.exists() else 0.0
    told = cluster.http("GET", "hive", "/devices").json()["cpu"]["gb_per_second"]
    assert told == measured, (told, measured)


def assert_remembered_speed(cluster: Cluster, device: str, gb_per_second: float) -> None:
    """The queen's catalog has a GPU of this machine that reads so many GB per second."""
    (row,) = cluster.rows("queen.db", "SELECT devices FROM hives")
    told = {gpu["id"]: gpu.get("gb_per_second") for gpu in json.loads(row["devices"])["gpus"]}
    assert told[device] == gb_per_second, told


def assert_remembered_processor(cluster: Cluster) -> None:
    """The queen's catalog has the processor's name, which is more than an architecture."""

    def is_remembered() -> bool:
        (row,) = cluster.rows("queen.db", "SELECT devices FROM hives")
        name = json.loads(row["devices"])["cpu"]["name"]
        kept = cluster.home / "cpu-name"
        assert name not in ("", platform.machine()), name
        assert not kept.exists() or name == kept.read_text().strip(), name
        return True

    wait_until("the catalog has the processor's name", is_remembered)


def assert_downloads(cluster: Cluster, count: int) -> None:
    """So many whole files have been served; reading a header by range is none."""
    served = [
        seen
        for seen in cluster.hub.requests()
        if seen.is_download and (seen.range is None or not _is_header(seen.range))
    ]
    assert len(served) == count, f"{len(served)} downloads: {served}"


def _is_header(range_header: str) -> bool:
    return range_header.startswith("bytes=") and not range_header.endswith("-")


def _use_stub(cluster: Cluster, facts: str) -> None:
    library = build_stub(cluster.folder / "nvml")
    cluster.environment["LD_LIBRARY_PATH"] = str(library.parent)
    cluster.environment["STUB_NVML_FACTS"] = facts


class _Stranger(http.server.BaseHTTPRequestHandler):
    """Answers as a web server that knows nothing of bees."""

    def do_GET(self) -> None:
        """Says hello in HTML."""
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<html>hello</html>")

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing on stderr."""


def start_worker(cluster: Cluster, device: str) -> client.Answer:
    """Asks the hive to start a worker for the minillama, as a queen does."""
    wanted = {"device": device, "model_ref": "minillama"}
    return cluster.http("POST", "hive", "/workers/start", wanted)


def assert_refused(answer: client.Answer, code: str) -> None:
    """The answer is an error with this code, and with what helps."""
    error = answer.json()["error"]
    assert error["code"] == code, answer
    assert error["suggestion"], answer


# What the programs of a swarm have loaded, and the pipes that tie them together, as the kernel
# lists both.


def libraries(cluster: Cluster) -> dict[str, str]:
    """The files that the program of each role has in its memory, a line for each part of one."""
    members = cluster.processes()
    return {member.role: Path(f"/proc/{member.pid}/maps").read_text() for member in members}


def assert_none_of(loaded: Mapping[str, str], package: str) -> None:
    """No program has loaded a library of this package; each has loaded one of another."""
    assert loaded.keys() >= {"queen", "hive", "worker"}, loaded
    assert all("/msgspec/" in files for files in loaded.values()), loaded
    found = [role for role, files in loaded.items() if f"/{package}/" in files]
    assert not found, found


def ends_held(cluster: Cluster) -> dict[End, list[str]]:
    """Which roles hold each end of each pipe, one that holds it twice named once."""
    held: defaultdict[End, list[str]] = defaultdict(list)
    for member in cluster.processes():
        for end in _ends_of(member.pid):
            held[end].append(member.role)
    return held


def assert_held_once(held: Mapping[End, list[str]]) -> None:
    """Each end is held by one program alone; queen, hive and worker are tied together."""
    assert {role for roles in held.values() for role in roles} >= {"queen", "hive", "worker"}, held
    shared = {end: roles for end, roles in held.items() if len(roles) > 1}
    assert not shared, shared


def _ends_of(pid: int) -> set[End]:
    """Of every pipe that this process has open."""
    ends = set()
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # it was closed in between
            target = os.readlink(descriptor)
            if target.startswith("pipe:"):
                facts = Path(f"/proc/{pid}/fdinfo/{descriptor.name}").read_text().split()
                flags = int(facts[facts.index("flags:") + 1], 8)
                ends.add((target, flags & os.O_ACCMODE == os.O_WRONLY))
    return ends
