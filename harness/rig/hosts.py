"""The other machines of a scenario: hosts of a private network, each with a home and an sshd.

A host has a name, an address, all ports, a table of processes and a `root` whose home is a folder
of the scenario; only the files outside it are this machine's. Programs that stand for a person
at a host start there without SSH (`Host.prefix`); everybody else has to come through its sshd.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import psutil
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from harness.rig import census, tags
from harness.rig.network import Network, NetworkHost
from harness.rig.program import die_with_parent, end, spawn
from harness.rig.waiting import wait_until

SSH_PORT = 22
#: How the variables begin that the project's programs read.
_FOR_PROGRAMS = ("RBEE_", "HF_", "NO_PROXY", "PYTHONUTF8")
#: What each host decides for itself.
_OF_THE_HOST = ("RBEE_HOME", "RBEE_QUEEN_PORT", "RBEE_HIVE_PORT", "RBEE_WORKER_PORT", "HF_HOME")
#: What the SSH servers of scenarios have in common.
SSHD_CONFIG = (
    "PidFile none\nPermitRootLogin yes\nStrictModes no\nUsePAM no\nPasswordAuthentication no\n"
    "KbdInteractiveAuthentication no\nUseDNS no\n"
)


class Host:
    """One machine: made by `Hosts.add`."""

    def __init__(self, name: str, network_host: NetworkHost, folder: Path) -> None:
        self.name = name
        self.network = network_host
        self.folder = folder
        self.home = folder / "home"
        #: What is set for its programs besides the scenario's own settings.
        self.environment: dict[str, str] = {}
        #: How long the log of its sshd was when its host key changed (characters).
        self.changed_at: int | None = None
        self._power: subprocess.Popen[bytes] | None = None
        #: What makes it a machine: the process that is its power, and its sshd.
        self._parts: frozenset[int] = frozenset()

    @property
    def rbee_home(self) -> Path:
        """RBEE_HOME of the programs here."""
        return self.home / ".rbee"

    @property
    def prefix(self) -> list[str]:
        """What a command line begins with to run here, in the same process."""
        assert self._power is not None, f"{self.name} is off"
        names = f"--uts=/proc/{self._power.pid}/ns/uts"
        return [*self.network.prefix, "nsenter", names, "--"]

    def write(self, path: str, content: str, mode: int = 0o600) -> Path:
        """A file in the home of its user."""
        file = self.home / path
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.write_text(content)
        file.chmod(mode)
        return file

    def host_key(self) -> str:
        """The public key of its sshd: type and base64."""
        return " ".join((self.folder / "host_key.pub").read_text().split()[:2])

    def draw_host_key(self) -> None:
        """Gives its sshd a new key, which counts from the next `switch_on`."""
        for suffix in ("", ".pub"):
            (self.folder / f"host_key{suffix}").unlink(missing_ok=True)
        draw_key(self.folder / "host_key")

    def log_since_change(self) -> str:
        """What its sshd has logged since its host key changed; empty where it has not."""
        if self.changed_at is None:
            return ""
        return (self.folder / "sshd.log").read_text()[self.changed_at :]

    def switch_on(self) -> None:
        """Starts its sshd and waits until it listens."""
        config = self.folder / "sshd_config"
        config.write_text(
            f"{SSHD_CONFIG}Port {SSH_PORT}\nHostKey {self.folder / 'host_key'}\n"
            "AuthorizedKeysFile .ssh/authorized_keys\nPermitUserEnvironment yes\n"
            "Subsystem sftp internal-sftp\n"
        )
        script = f"hostname {self.name}; exec {sshd_program()} -D -e -f {config}"
        apart = ("--uts", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")
        with open(self.folder / "sshd.log", "ab") as log:
            self._power = spawn(
                [*self.network.prefix, "unshare", *apart, "sh", "-c", script],
                stdout=log,
                stderr=log,
                env={"PATH": os.environ.get("PATH", os.defpath)},
                preexec_fn=die_with_parent(signal.SIGKILL),
            )
        wait_until(f"the sshd of {self.name} listens", self._listens)
        children = psutil.Process(self._power.pid).children()
        self._parts = frozenset([self._power.pid, *(child.pid for child in children)])

    def switch_off(self) -> None:
        """Pulls the plug: everything on it is gone at once, and said nobody goodbye."""
        power, self._power = self._power, None
        self._parts = frozenset()
        if power is not None:
            end(power, signal.SIGKILL)
        self.network.clear()

    def mount_empty(self, folder: Path, size: str = "") -> None:
        """Lays an empty disk over a folder, for who comes by SSH; `size` as ``64k``."""
        assert self._power is not None, f"{self.name} is off"
        inside = ["nsenter", f"--mount=/proc/{self._power.pid}/ns/mnt", "--"]
        room = ["-o", f"size={size},mode=700"] if size else []
        subprocess.run([*inside, "mkdir", "-p", folder], check=True)
        subprocess.run([*inside, "mount", "-t", "tmpfs", *room, "none", folder], check=True)

    def pids(self) -> list[int]:
        """What runs here, without what makes it a machine."""
        parts = self._parts  # another thread may pull the plug meanwhile
        return [pid for pid in self.network.pids() if pid not in parts]

    def _listens(self) -> bool:
        assert self._power is not None
        assert self._power.poll() is None, (self.folder / "sshd.log").read_text()
        with contextlib.suppress(OSError):
            with self.network.inside():
                socket.create_connection((self.network.address, SSH_PORT), 1.0).close()
            return True
        return False


class Hosts:
    """The machines of one scenario. `close` removes them."""

    def __init__(
        self, number: int, folder: Path, settings: Callable[[], Mapping[str, str]]
    ) -> None:
        """`number` is that of the port slice; `settings` gives the scenario's environment."""
        self.number = number
        self._network = Network(number)
        self._folder = folder
        self._settings = settings
        self._hosts: dict[str, Host] = {}
        self.gateway = self._network.gateway
        self._network.open()
        draw_key(folder / "key")

    def __getitem__(self, name: str) -> Host:
        assert name in self._hosts, f"the machines are {', '.join(self._hosts)}, not {name}"
        return self._hosts[name]

    def __iter__(self) -> Iterator[Host]:
        return iter(self._hosts.values())

    def add(
        self, name: str, *, gpus: Iterable[Mapping[str, object]] = (), rbee: bool = True
    ) -> Host:
        """A machine that is on, and lets in whoever has the key of the scenario's person.

        `gpus` are those that it simulates, each with `name` and `vram_gb`; with `rbee` the project
        is installed in its ``~/.rbee/venv``.
        """
        host = Host(name, self._network.join(name), self._folder / name)
        host.home.mkdir(parents=True)
        self._hosts[name] = host
        public = (self._folder / "key.pub").read_text()
        host.write(".ssh/authorized_keys", public)
        host.write(".ssh/id_ed25519", (self._folder / "key").read_text())
        host.write(".ssh/id_ed25519.pub", public)
        if rbee:
            host.rbee_home.mkdir(mode=0o700)
            (host.rbee_home / "venv").symlink_to(sys.prefix)
        described = [dict(gpu) for gpu in gpus]
        if described:
            path = host.write("gpus.json", json.dumps(described))
            host.environment["RBEE_SIMULATE_GPUS"] = str(path)
        host.draw_host_key()
        self._write_etc()
        self.write_environments()
        host.switch_on()
        return host

    def write_environments(self) -> None:
        """Tells each machine what the programs are to find in their environment from now on."""
        for host in self:
            lines = [f"{name}={value}" for name, value in self.environment(host.name).items()]
            host.write(".ssh/environment", "\n".join([*lines, ""]))

    def environment(self, name: str) -> dict[str, str]:
        """What the scenario's settings come to on a machine, for those who come by SSH."""
        kept = {
            variable: value
            for variable, value in self._settings().items()
            if variable.startswith(_FOR_PROGRAMS) and variable not in _OF_THE_HOST
        }
        return {**kept, **self[name].environment}

    def at_the_keyboard(self, name: str) -> dict[str, str]:
        """The environment of a person who sits at a machine."""
        host = self[name]
        plain = {key: value for key, value in self._settings().items() if key not in _OF_THE_HOST}
        own = {"HOME": str(host.home), "RBEE_HOME": str(host.rbee_home)}
        return {**plain, **host.environment, **own}

    def run_on(self, name: str, argv: Sequence[str]) -> str:
        """What a short program on a machine prints. Raises AssertionError unless it succeeds."""
        ran = subprocess.run(
            [*self[name].prefix, *argv],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            env=self.at_the_keyboard(name),
            timeout=60.0,
            check=False,
        )
        assert ran.returncode == 0, f"{argv} on {name}: {ran.returncode} {ran.stdout} {ran.stderr}"
        return ran.stdout

    def fingerprint(self, name: str) -> str:
        """``SHA256:...`` of the host key of a machine."""
        key = self._folder / name / "host_key.pub"
        shown = subprocess.run(
            ["ssh-keygen", "-l", "-f", key], capture_output=True, text=True, check=True
        )
        return shown.stdout.split()[1]

    def introduce(self, name: str, to: str) -> None:
        """Writes the host key of `name` into the known hosts of the person at `to`."""
        host = self[name]
        known = self[to].home / ".ssh" / "known_hosts"
        before = known.read_text() if known.exists() else ""
        self[to].write(
            ".ssh/known_hosts",
            f"{before}{host.name},{host.network.address} {host.host_key()}\n",
        )

    def change_host_key(self, name: str) -> None:
        """Another machine answers under the name of this one, as after an installation anew."""
        host = self[name]
        host.switch_off()
        host.changed_at = len((host.folder / "sshd.log").read_text())
        host.draw_host_key()
        host.switch_on()

    def put_plug_back(self, name: str) -> None:
        """A machine that was off starts anew; nothing runs on it but its sshd."""
        self[name].network.mend_cable()
        self[name].switch_on()

    def pull_plug(self, name: str) -> None:
        """A machine goes off without a word; its cable leads nowhere any more."""
        self[name].network.cut_cable()
        self[name].switch_off()

    def cut_cable(self, name: str) -> None:
        """A machine runs on, and nobody reaches it, nor it them."""
        self[name].network.cut_cable()

    def mend_cable(self, name: str) -> None:
        """It is reachable again."""
        self[name].network.mend_cable()

    def let_in_only_ssh(self, name: str) -> None:
        """A firewall on a machine drops what comes in for any server but its sshd."""
        self[name].network.let_in_only(SSH_PORT)

    def processes(self, name: str) -> list[census.Member]:
        """What runs on a machine, oldest first; its sshd is part of the machine."""
        return census.described(self[name].pids())

    def pids(self) -> list[int]:
        """What runs on all of them."""
        return [pid for host in self for pid in host.pids()]

    def close(self) -> None:
        """Switches everything off and removes it."""
        try:
            for host in self:
                host.switch_off()
        finally:
            self._network.close()

    def _write_etc(self) -> None:
        """The files in /etc of each machine: who is who, and that nobody else is to be asked."""
        names = [f"{host.network.address} {host.name}\n" for host in self]
        users = Path("/etc/passwd").read_text().splitlines()[1:]
        for host in self:
            root = f"root:x:0:0:root:{host.home}:/bin/bash"
            host.network.write_etc("passwd", "\n".join([root, *users, ""]))
            host.network.write_etc("shadow", "root:*:20000:0:99999:7:::\n")
            host.network.write_etc("hosts", "".join(["127.0.0.1 localhost\n", *names]))
            host.network.write_etc("nsswitch.conf", "passwd: files\nshadow: files\nhosts: files\n")


def draw_key(path: Path, passphrase: str = "") -> None:
    """A pair of ed25519 keys: `path` and its ``.pub``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    key = Ed25519PrivateKey.generate()
    pem, form = serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH
    path.touch(0o600)
    path.write_bytes(key.private_bytes(pem, form, _hidden_by(passphrase)))
    public = key.public_key().public_bytes(
        serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
    )
    path.with_name(f"{path.name}.pub").write_bytes(public + b"\n")


def _hidden_by(passphrase: str) -> serialization.KeySerializationEncryption:
    if not passphrase:
        return serialization.NoEncryption()
    return serialization.BestAvailableEncryption(passphrase.encode())


def sshd_program() -> str:
    """The SSH server of this machine, and the folder that it wants where root runs it."""
    found = tags.sshd()
    assert found is not None, "no sshd is installed"
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    return found
