"""What scenarios do with several machines, and see of them."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

import psutil

from fixtures import real
from harness.rig import census, network, swarm
from harness.rig import cluster as processes
from harness.rig.cluster import ROOT, Cluster
from harness.rig.hosts import SSH_PORT as SSH_PORT
from harness.rig.ports import DEFAULT_HIVE
from harness.rig.program import end, spawn
from harness.rig.waiting import wait_until
from harness.scenes import accidents
from rbee.hive.devices import ram_here
from rbee.hive.models.fit import worker_need
from rbee.hive.models.gguf.header import header_of_file
from rbee.hive.models.pooling import default_context

#: How long somebody who gets no answer at all is waited for, in seconds.
_SILENCE_S = 0.3

#: How long a machine that does not answer is waited for by the programs, in seconds.
_DEAF_S = 5.0

#: A test run that has a machine with a program on it, says its number, and goes no further.
_KILLED = """
import sys, time
from harness.rig.cluster import Cluster
from harness.rig.ports import PortSlice
ports = PortSlice()
cluster = Cluster(ports.take())
cluster.hosts.add("mac")
cluster.sit_at("mac")
cluster.start(sys.argv[1])
print(cluster.hosts.number, flush=True)
time.sleep(600)
"""


#: How long who was added is waited for to be asleep again, in seconds.
_ASLEEP_S = 20.0
#: What the homes of all machines hold once some of them were added, by the case.
_left: dict[str, list[dict[str, tuple[bytes, int]]]] = {}


def add(cluster: Cluster, names: str) -> None:
    """Machines, by their names."""
    for name in names.split(", "):
        cluster.hosts.add(name)


def sit_beside(cluster: Cluster, name: str, others: str) -> None:
    """The person sits at one machine and knows the host keys of the others.

    A machine that is off is given up soon.
    """
    cluster.set(ssh_connect_timeout=_DEAF_S, connect_timeout=_DEAF_S, connect_tries=1)
    add(cluster, f"{name}, {others}")
    for other in others.split(", "):
        cluster.hosts.introduce(other, to=name)
    cluster.sit_at(name)


def simulate_gpus(cluster: Cluster, name: str, table: Iterable[Mapping[str, str]]) -> None:
    """A machine has the GPUs of a table: `name`, `VRAM in GB`, and `backend` and `GB/s` where they
    matter."""
    host = cluster.hosts[name]
    gpus = [
        {
            "name": row["name"],
            "vram_gb": float(row["VRAM in GB"]),
            "backend": row.get("backend", "cuda"),
            "gb_per_second": float(row.get("GB/s", 0)),
        }
        for row in table
    ]
    host.environment["RBEE_SIMULATE_GPUS"] = str(host.write("gpus.json", json.dumps(gpus)))


def sit_beside_gpu(cluster: Cluster, name: str, other: str) -> None:
    """The person's swarm is the machine they sit at and another one, whose GPU is simulated."""
    sit_beside(cluster, name, other)
    simulate_gpus(cluster, other, [{"name": "RTX 3090", "VRAM in GB": "24"}])
    have_added(cluster, f"{other}, localhost")


def sit_beside_gpu_that_sleeps(cluster: Cluster, name: str, other: str) -> None:
    """The person sits beside a machine that has a GPU, and has added none yet."""
    sit_beside(cluster, name, other)
    simulate_gpus(cluster, other, [{"name": "RTX 3090", "VRAM in GB": "24"}])


def sit_beside_equal(cluster: Cluster, name: str, other: str, gb: float) -> None:
    """The same; each of them has a simulated GPU of so many GB."""
    sit_beside(cluster, name, other)
    simulate_equal(cluster, gb)
    have_added(cluster, f"{other}, localhost")


def join_equal(cluster: Cluster, name: str) -> None:
    """A machine joins that has the GPU of the others."""
    known = next(iter(cluster.hosts))
    (gpu,) = json.loads((known.home / "gpus.json").read_text())
    cluster.hosts.add(name, gpus=[gpu])
    cluster.hosts.introduce(name, to=known.name)
    with swarm.queen_meanwhile(cluster):
        add_hives(cluster, name)


def simulate_equal(cluster: Cluster, gb: float, gb_per_second: float = 0.0) -> None:
    """Each machine has a simulated GPU of so many GB, of whose speed its driver says this much."""
    gpu = {"name": "GTX 1630", "VRAM in GB": str(gb), "GB/s": str(gb_per_second)}
    for host in cluster.hosts:
        simulate_gpus(cluster, host.name, [gpu])


def leave_ram(cluster: Cluster, model: str, share: float) -> None:
    """No machine has a GPU, and each holds its RAM for enough for such a share of a real model."""
    for host in cluster.hosts:
        simulate_gpus(cluster, host.name, [])
    header = header_of_file(str(real.HOME / f"{model}.gguf"))
    need = worker_need([header], default_context(header), 1)
    cluster.set(ram_factor=round(ram_here().free / (share * need.total), 2))


def put_model(cluster: Cluster, name: str, holder: str) -> None:
    """A model lies in a file of one machine's shelf; that of the others is empty."""
    cluster.shelf.mkdir()
    shutil.copyfile(ROOT / "fixtures" / "minillama" / "minillama-q4_0.gguf", cluster.shelf / name)
    for host in cluster.hosts:
        if host.name != holder:
            host.mount_empty(cluster.shelf)


def damage_model(cluster: Cluster, name: str) -> None:
    """The header of the only model that a machine has fetched is damaged, and its times tell
    nothing of it, as where a disk goes bad."""
    (path,) = (cluster.hosts[name].rbee_home / "models").rglob("*.gguf")
    times = path.stat()
    with path.open("r+b") as file:
        file.write(b"BEES")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def fill_disk(cluster: Cluster, name: str) -> None:
    """The disk that a machine keeps its models on has next to nothing free."""
    host = cluster.hosts[name]
    host.mount_empty(host.rbee_home / "models", "64k")


def kill_hive(cluster: Cluster, name: str) -> None:
    """SIGKILL for the hive of one machine."""
    processes.kill(hive_of(cluster, name))


def freeze_hive(cluster: Cluster, name: str) -> None:
    """SIGSTOP for the hive of one machine."""
    processes.freeze(hive_of(cluster, name))


def hive_of(cluster: Cluster, name: str) -> census.Member:
    """The hive of one machine. Raises AssertionError where none listens there."""
    # What woke it, and the spare worker that it forked, look like a hive, and do not listen.
    with cluster.hosts[name].network.inside():
        found = [one for one in cluster.hosts.processes(name) if _is_listening(one)]
    assert found, f"no hive listens on {name}"
    return found[0]


def is_side(member: census.Member) -> bool:
    """Whether a process computes a part of a model for a worker of another machine."""
    return "--side" in member.command


def add_hives(cluster: Cluster, names: str) -> None:
    """The person adds machines to the swarm."""
    for name in names.split(", "):
        cluster.assert_status(0, cluster.run(f"rbee-keeper add-hive {name}"))


def have_added(cluster: Cluster, names: str) -> None:
    """The person has added machines to the swarm, which is asleep again; `names` stand as they are
    typed, with their options: ``--wake auto attic, localhost``.

    The first scenario of a test process does so. Those after it that are in the same case begin
    with the homes that it has left, which spares them three programs for each machine.
    """
    case, homes = _case_of(cluster, names), [host.rbee_home for host in cluster.hosts]
    if case not in _left:
        with swarm.queen_meanwhile(cluster):
            add_hives(cluster, names)
        with contextlib.suppress(AssertionError):
            # What somebody still writes to is no beginning for others.
            wait_until("everybody has left", lambda: not cluster.hosts.pids(), _ASLEEP_S)
            _left[case] = list(map(_files_of, homes))
        return
    for home, files in zip(homes, _left[case], strict=True):
        for name, (content, mode) in files.items():
            file = home / name
            file.parent.mkdir(mode=0o700, exist_ok=True)
            file.write_bytes(content)
            file.chmod(mode)


def _case_of(cluster: Cluster, names: str) -> str:
    """All that the homes depend on in which these machines were added."""
    folder = str(cluster.folder)
    hosts = [
        {
            "name": host.name,
            "address": host.network.address,
            "settings": [
                each
                for each in cluster.hosts.environment(host.name).items()
                if each[0].startswith("RBEE_") and folder not in each[1]
            ],
            "files": {file.name: file.read_text() for file in host.home.glob("*.json")},
        }
        for host in cluster.hosts
    ]
    return json.dumps([names, str(cluster.home.relative_to(folder)), hosts])


def _files_of(home: Path) -> dict[str, tuple[bytes, int]]:
    """Content and mode of what is in a home, without the logs and what leads out of it."""
    return {
        str(file.relative_to(home)): (file.read_bytes(), stat.S_IMODE(file.stat().st_mode))
        for file in home.rglob("*")
        if file.is_file() and not file.is_symlink() and file.parent.name != "logs"
    }


def keep_awake(cluster: Cluster, name: str, other: str) -> None:
    """The person at one machine has a swarm of their own, with another machine in it."""
    keeper = [sys.executable, "-m", "rbee.keeper"]
    cluster.hosts.introduce(other, to=name)
    cluster.on_close(lambda: cluster.hosts.run_on(name, [*keeper, "down"]))
    cluster.hosts.run_on(name, [*keeper, "up"])
    cluster.hosts.run_on(name, [*keeper, "add-hive", other])


def hold_wake(cluster: Cluster, name: str) -> accidents.Gate:
    """Hives of a machine come no further than their first moment until the gate is opened; they
    are soon gone on without."""
    cluster.set(hive_patience=0.1)
    host = cluster.hosts[name]
    gate = accidents.Gate(host.folder / "gate")
    cluster.on_close(gate.close)
    host.environment["PYTHONPATH"] = str(accidents.wait_at(host.folder, gate, "rbee.hive"))
    cluster.hosts.write_environments()
    return gate


def remember_way(cluster: Cluster, name: str, bytes_per_second: int, minutes: int) -> None:
    """The queen's catalog has a speed of the network to a machine, measured so many minutes ago."""
    then = round(1000 * (time.time() - 60 * minutes))
    with contextlib.closing(sqlite3.connect(cluster.home / "queen.db")) as catalog, catalog:
        row = (name, bytes_per_second, then)
        catalog.execute("INSERT INTO hive_networks VALUES (?, ?, ?)", row)


def assert_loading(cluster: Cluster, *, slow: bool) -> None:
    """Whether the weights of the place that is taken pass the network for more than an hour."""
    (taken,) = [each for each in json.loads(cluster.last.stdout)["places"] if each["taken"]]
    assert (taken["loading_s"] > 3600) is slow, taken


def assert_way_remembered(cluster: Cluster, name: str, *, anew: bool) -> None:
    """Whether the queen's catalog has another speed than the one that was there before."""
    rows = cluster.rows("queen.db", "SELECT * FROM hive_networks")
    (way,) = [each for each in rows if each["id"] == name]
    assert (way["bytes_per_second"] > 1000) is anew, way


def set_clock_back(cluster: Cluster, name: str) -> None:
    """The time of day is a year earlier on a machine."""
    host = cluster.hosts[name]
    host.environment["PYTHONPATH"] = str(accidents.slow_clock(host.folder))


def serve(cluster: Cluster, name: str) -> None:
    """A server on the hive's port of a machine, which shuts when the scenario ends."""
    host = cluster.hosts[name]
    with host.network.inside():
        server = socket.create_server(("", DEFAULT_HIVE))
    cluster.on_close(server.close)


def cut_cable(cluster: Cluster, name: str) -> None:
    """Cuts a cable, and sees to it that nothing gets through. Raises AssertionError if it does."""
    cluster.hosts.cut_cable(name)
    for other in cluster.hosts:
        if other.name != name:
            assert_unreachable(cluster, other.name, name)


def assert_reaches(cluster: Cluster, name: str, other: str, port: int = DEFAULT_HIVE) -> None:
    """A machine reaches a port of another, now or in a moment."""

    def reaches() -> bool:
        try:
            _connect(cluster, name, other, port)
        except OSError as error:
            raise AssertionError(f"{name} does not reach {other}: {error}") from None
        return True

    wait_until(f"{name} reaches port {port} of {other}", reaches)


def assert_unreachable(cluster: Cluster, name: str, other: str, port: int = DEFAULT_HIVE) -> None:
    """A machine gets no answer from a port of another."""
    try:
        _connect(cluster, name, other, port)
    except OSError:
        return
    raise AssertionError(f"{name} reaches port {port} of {other}")


def assert_open_to_others(cluster: Cluster, expected: bool) -> None:
    """Whether any machine listens to others with a program that is not its SSH server."""
    found = [
        f"{host.name} {address}:{port}"
        for host in cluster.hosts
        for address, port in _listening(cluster, host.name)
        if not address.startswith(("127.", "[::1]")) and port != SSH_PORT
    ]
    assert bool(found) == expected, found


def assert_listens_alone(cluster: Cluster, name: str, port: int) -> None:
    """Besides its SSH server a machine listens on this port alone, and only to itself."""
    found = [each for each in _listening(cluster, name) if each[1] != SSH_PORT]
    assert found == [("127.0.0.1", port)], found


def _listening(cluster: Cluster, name: str) -> list[tuple[str, int]]:
    lines = cluster.hosts.run_on(name, ["ss", "-Hltn"]).splitlines()
    ends = [line.split()[3].rpartition(":") for line in lines]
    return [(address, int(port)) for address, _, port in ends]


def assert_offered_no_key(cluster: Cluster) -> None:
    """The machine that answers since its host key changed was told no user and shown no key."""
    changed = [log for host in cluster.hosts for log in [host.log_since_change()] if log]
    assert changed, "no machine has another host key than before"
    for log in changed:
        assert "Connection" in log, log
        assert "Accepted" not in log, log
        assert "user root" not in log, log


def kill_part(cluster: Cluster, name: str) -> None:
    """SIGKILL for what computes on a machine for a worker of another one."""
    os.kill(_part(cluster, name), signal.SIGKILL)


def lose_part(cluster: Cluster, name: str) -> None:
    """The same, and it is gone."""
    kill_part(cluster, name)
    assert_no_part(cluster, name)


def assert_no_part(cluster: Cluster, name: str) -> None:
    """Nothing computes there for a worker of another machine, now or in a moment."""

    def is_gone() -> bool:
        found = [each for each in cluster.hosts.processes(name) if is_side(each)]
        assert not found, found
        return True

    wait_until(f"{name} computes no part any more", is_gone)


def assert_part_has_no_port(cluster: Cluster, name: str) -> None:
    """What computes there speaks by one socket, which has no name."""
    pid = _part(cluster, name)
    opened = [os.readlink(each) for each in Path(f"/proc/{pid}/fd").iterdir()]
    sockets = [each.removeprefix("socket:[")[:-1] for each in opened if each.startswith("socket:")]
    assert len(sockets) == 1, opened
    named = [line.split() for line in Path(f"/proc/{pid}/net/unix").read_text().splitlines()]
    assert [fields[7:] for fields in named if fields[6] == sockets[0]] == [[]], sockets


def _part(cluster: Cluster, name: str) -> int:
    found = [each.pid for each in cluster.hosts.processes(name) if is_side(each)]
    assert len(found) == 1, cluster.hosts.processes(name)
    return found[0]


def cut_ssh(cluster: Cluster, name: str) -> None:
    """Every SSH connection to a machine breaks off; its server lets in as before."""
    sessions = [
        each.pid
        for each in cluster.hosts.processes(name)
        if psutil.Process(each.pid).name() == "sshd"
    ]
    assert sessions, f"nobody is connected to {name}"
    for pid in sessions:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def assert_all_reachable(cluster: Cluster) -> None:
    """Every machine reaches the hive's port of each of them."""
    names = [host.name for host in cluster.hosts]
    for name in names:
        for other in names:
            assert_reaches(cluster, name, other)


def assert_nothing_runs(cluster: Cluster, name: str) -> None:
    """No process is left on a machine, now or in a moment."""

    def nothing() -> bool:
        assert not cluster.hosts.processes(name), cluster.hosts.processes(name)
        return True

    wait_until(f"nothing runs on {name}", nothing)


def leave_running(cluster: Cluster, name: str, command_line: str, other: str) -> None:
    """The person at one machine starts a program on another over SSH, and logs out again."""
    cluster.hosts.introduce(other, to=name)
    cluster.hosts.run_on(name, ["ssh", other, f"{command_line} >/dev/null 2>&1 </dev/null &"])
    wait_until(f"it runs alone on {other}", lambda: len(cluster.hosts.processes(other)) == 1)


def kill_a_run(cluster: Cluster, command_line: str) -> int:
    """The number of a test run that is no more: it had a machine and a program on it."""
    argv = [sys.executable, "-c", _KILLED, command_line]
    run = spawn(argv, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert run.stdout is not None
    with run.stdout:
        said = run.stdout.readline()
    stood = network.remains(int(said or -1))
    end(run, signal.SIGKILL)
    assert stood, "it has not come as far as its machine"
    return int(said)


def assert_no_remains(number: int) -> None:
    """Nothing is left of the network with this number."""
    # Another test process may be at it.
    wait_until("nothing is left of it", lambda: _expect_nothing(network.remains(number)))


def _expect_nothing(remains: list[str]) -> bool:
    assert not remains, remains
    return True


def _connect(cluster: Cluster, name: str, other: str, port: int) -> None:
    with cluster.hosts[name].network.inside():
        address = cluster.hosts[other].network.address
        socket.create_connection((address, port), _SILENCE_S).close()


def _is_listening(member: census.Member) -> bool:
    if member.role != "hive":
        return False
    sockets = psutil.Process(member.pid).net_connections("inet")
    return any(each.status == psutil.CONN_LISTEN for each in sockets)
