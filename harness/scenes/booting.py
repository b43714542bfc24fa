"""Services that start the swarm with its machine, as those who run services read them."""

from __future__ import annotations

import plistlib
import subprocess
import tempfile
from pathlib import Path

from harness.rig.cluster import Cluster
from rbee.keeper import boot

PROGRAM = ['/opt/odd $HOME 100% "path"/python', "-m", "rbee.keeper", "up", "--stay"]
#: What a service with odd characters is to run, and with what.
VALUES = {"RBEE_HOME": "/srv/a b%c$d\\e", "RBEE_DEFAULT_MODEL": "HF:o/r"}


def hide_managers(cluster: Cluster) -> None:
    """Nobody answers whoever asks for a service: there is no bus, and the home is another."""
    home = cluster.work / "house"
    home.mkdir()
    for name in ("DBUS_SESSION_BUS_ADDRESS", "XDG_CONFIG_HOME"):
        cluster.environment.pop(name, None)
    cluster.environment["HOME"] = cluster.environment["XDG_RUNTIME_DIR"] = str(home)


def agree(cluster: Cluster) -> None:
    """Whoever asks for a service gets it said that it is there, and nothing is started."""
    hide_managers(cluster)
    scripts = cluster.folder / "bin"
    for name in ("systemctl", "loginctl", "launchctl"):
        (scripts / name).write_text("#!/bin/sh\n")
        (scripts / name).chmod(0o755)


def assert_sets(cluster: Cluster, name: str, value: str) -> None:
    """The one service that is written down does."""
    (path,) = written_down(cluster)
    told = path.read_bytes()
    if path.suffix == ".plist":
        assert plistlib.loads(told)["EnvironmentVariables"][name] == value, told
    else:
        assert f'Environment="{name}={value}"' in told.decode(), told


def written_down(cluster: Cluster) -> list[Path]:
    """The services of that home."""
    return [
        path
        for path in (cluster.work / "house").rglob("*")
        if path.suffix in (".service", ".plist")
    ]


def objections_of_systemd() -> str:
    """What systemd says of the service."""
    with tempfile.TemporaryDirectory() as folder:
        unit = Path(folder, "rbee.service")
        unit.write_text(boot.systemd_unit(PROGRAM, VALUES))
        command = ["systemd-analyze", "verify", str(unit)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
        return done.stdout + done.stderr


def read_by_launchd() -> tuple[list[str], dict[str, str]]:
    """The program and the values that launchd reads."""
    read = plistlib.loads(boot.launchd_plist(PROGRAM, VALUES))
    return read["ProgramArguments"], read["EnvironmentVariables"]
