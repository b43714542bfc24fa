"""An SSH server of the user's own on loopback, with a second RBEE_HOME behind it.

What `harness.rig.hosts` does with whole machines and root, in little and without: who comes over
SSH is the same user on the same machine, and finds rbee with a state of its own.
"""

from __future__ import annotations

import getpass
import socket
import sys
from pathlib import Path

from harness.rig.cluster import Cluster
from harness.rig.hosts import SSHD_CONFIG, draw_key, sshd_program
from harness.rig.ports import free_port
from harness.rig.program import end, spawn
from harness.rig.waiting import wait_until


def start(cluster: Cluster, name: str) -> None:
    """Starts it until the scenario ends; the user's SSH configuration calls it `name`."""
    folder = cluster.folder / name
    home = folder / "rbee"
    home.mkdir(parents=True, mode=0o700)
    (home / "venv").symlink_to(sys.prefix)
    for key in ("host_key", "key"):
        draw_key(folder / key)
    port = free_port()
    _introduce(cluster, name, folder, port)
    settings = {
        variable: value
        for variable, value in cluster.environment.items()
        if variable.startswith(("RBEE_", "HF_"))
    }
    settings["RBEE_HOME"] = str(home)
    config = folder / "sshd_config"
    config.write_text(
        f"{SSHD_CONFIG}Port {port}\nListenAddress 127.0.0.1\nHostKey {folder / 'host_key'}\n"
        f"AuthorizedKeysFile {folder / 'key.pub'}\n"
        f"SetEnv {' '.join(f'{variable}={value}' for variable, value in settings.items())}\n"
    )
    with open(folder / "sshd.log", "ab") as log:
        server = spawn([sshd_program(), "-D", "-e", "-f", config], stdout=log, stderr=log)
    cluster.on_close(lambda: end(server))

    def listens() -> bool:
        assert server.poll() is None, (folder / "sshd.log").read_text()
        try:
            socket.create_connection(("127.0.0.1", port), 1.0).close()
        except OSError as error:
            raise AssertionError(error) from None
        return True

    wait_until(f"the SSH server of {name} listens", listens)


def _introduce(cluster: Cluster, name: str, folder: Path, port: int) -> None:
    """The user has its key, knows its host key, and has an alias for it."""
    ssh = cluster.user_home / ".ssh"
    ssh.mkdir(mode=0o700)
    (ssh / "config").write_text(
        f"Host {name}\n  HostName 127.0.0.1\n  Port {port}\n  User {getpass.getuser()}\n"
        f"  IdentityFile {folder / 'key'}\n"
    )
    host_key = " ".join((folder / "host_key.pub").read_text().split()[:2])
    (ssh / "known_hosts").write_text(f"[127.0.0.1]:{port} {host_key}\n")
