"""What can be wrong between a person and a machine to be added: keys, machines, ways."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping

from harness.rig.cluster import Cluster
from harness.rig.hosts import SSH_PORT, Host, draw_key
from harness.rig.waiting import wait_until
from harness.scenes import machines
from harness.scenes.chat import Dialogue

PASSPHRASE = "bees-never-tell"
WRONG_PASSPHRASE = "wasps-always-tell"

#: What a machine has besides Python, for what the queen wants to know of it.
_TOOLS = ("sh", "bash", "id", "df", "awk", "cat", "chmod", "mkdir", "mv", "rm", "ln", "readlink")
#: Names that the queen looks for in what a machine says.
_TALES = 'echo "good morning"; echo "rbee=0.0.1"; echo "version=3.8.10"; echo "oh dear" >&2\n'
_OLD_PYTHON = "import sys; sys.version_info = (3, 8, 10); exec(sys.argv[1])"
_OLD_RBEE = "import rbee\nrbee.__version__ = '0.0.1'\n"
#: Over SSH: the home becomes a small disk with what was in it before.
_SMALL_DISK = "cp -a ~ ~/../kept && mount -t tmpfs -o size=8m none ~ && cp -a ~/../kept/. ~"


# Machines.


def befall(cluster: Cluster, table: Iterable[Mapping[str, str]]) -> None:
    """Brings trouble to machines: a table with the columns `machine` and `what is wrong`."""
    for row in table:
        _OF_MACHINES[row["what is wrong"]](cluster, cluster.hosts[row["machine"]])


def _end_shell(_cluster: Cluster, host: Host) -> None:
    host.write(".bashrc", "exit 3\n")


def _tell_tales(_cluster: Cluster, host: Host) -> None:
    host.write(".bashrc", _TALES)


def _take_rbee(_cluster: Cluster, host: Host) -> None:
    (host.rbee_home / "venv").unlink()
    _use_python(host, f'{shlex.quote(sys.executable)} -I -S "$@"')


def _take_python(cluster: Cluster, host: Host) -> None:
    _take_rbee(cluster, host)
    (host.home / "bin" / "python3").unlink()


def _age_python(cluster: Cluster, host: Host) -> None:
    _take_rbee(cluster, host)
    _use_python(host, f'{shlex.quote(sys.executable)} -I -S -c "{_OLD_PYTHON}" "$2"')


def _age_rbee(_cluster: Cluster, host: Host) -> None:
    host.write("at-start/sitecustomize.py", _OLD_RBEE)
    host.environment["PYTHONPATH"] = str(host.home / "at-start")


def _fill_disk(cluster: Cluster, host: Host) -> None:
    _take_rbee(cluster, host)
    person = next(iter(cluster.hosts))
    cluster.hosts.run_on(person.name, ["ssh", host.name, _SMALL_DISK])


def _use_python(host: Host, command: str) -> None:
    """The machine has this `python3`, and none besides."""
    host.write("bin/python3", f"#!/bin/sh\nexec {command}\n", mode=0o700)
    for tool in _TOOLS:
        link = host.home / "bin" / tool
        if not link.is_symlink():
            link.symlink_to(f"/usr/bin/{tool}")
    host.environment["PATH"] = str(host.home / "bin")


_OF_MACHINES: Mapping[str, Callable[[Cluster, Host], None]] = {
    "its login shell ends at once": _end_shell,
    "its login shell tells tales": _tell_tales,
    "it has no rbee": _take_rbee,
    "its rbee is 0.0.1": _age_rbee,
    "it has no Python": _take_python,
    "its Python is 3.8.10": _age_python,
    "its disk is almost full": _fill_disk,
}


def assert_others_idle(cluster: Cluster) -> None:
    """Nothing runs on any machine but the one at which the person sits, now or in a moment."""

    def idle() -> bool:
        busy = {host.name: cluster.hosts.processes(host.name) for host in cluster.hosts}
        others = {name: found for name, found in busy.items() if found and name != _seat(cluster)}
        assert not others, others
        return True

    wait_until("nothing runs on the other machines", idle)


def _seat(cluster: Cluster) -> str:
    return next(host.name for host in cluster.hosts if host.rbee_home == cluster.home)


# Host keys.


def run_with_fingerprint(cluster: Cluster, command_line: str, name: str) -> None:
    """Runs a command with the fingerprint of a machine's host key behind it."""
    cluster.run(f"{command_line} {cluster.hosts.fingerprint(name)}")


def assert_advises_fingerprint(cluster: Cluster, name: str) -> None:
    """What is advised is what was typed, with the fingerprint of this machine's host key."""
    accept = f"add-hive --accept-host-key {cluster.hosts.fingerprint(name)}"
    expected = cluster.last.command_line.replace("add-hive", accept)
    assert _advised(cluster) == expected, cluster.last


def run_advised(cluster: Cluster) -> None:
    """Types what the command that failed advises."""
    cluster.run(_advised(cluster))


def assert_own_known_hosts(cluster: Cluster) -> None:
    """The file of agreed host keys is there, for its owner alone."""
    assert (cluster.home / "known_hosts").stat().st_mode & 0o777 == 0o600


def _advised(cluster: Cluster) -> str:
    (line,) = (each for each in cluster.last.stderr.splitlines() if each.startswith("  try: "))
    return line.partition(": ")[2].partition(": ")[2]


# Keys of the person.


def draw_useless_keys(cluster: Cluster, table: Iterable[Mapping[str, str]]) -> None:
    """Key files where the person types: a table with the columns `key` and `what is wrong`."""
    for row in table:
        draw_key(cluster.work / row["key"])
        _OF_KEYS[row["what is wrong"]](cluster, row["key"])


def _keep(_cluster: Cluster, _name: str) -> None:
    """A good key, which nobody has been told of."""


def _open(cluster: Cluster, name: str) -> None:
    (cluster.work / name).chmod(0o644)


def _break(cluster: Cluster, name: str) -> None:
    cluster.write(name, "a key, once\n")


_OF_KEYS: Mapping[str, Callable[[Cluster, str], None]] = {
    "nobody knows it": _keep,
    "others may read it": _open,
    "it holds no key": _break,
}


def lock_key(cluster: Cluster) -> None:
    """The key of the person has a passphrase from now on."""
    cluster.secrets.update([PASSPHRASE, WRONG_PASSPHRASE])
    subprocess.run(
        ["ssh-keygen", "-q", "-p", "-P", "", "-N", PASSPHRASE, "-f", _key(cluster)],
        stdout=subprocess.DEVNULL,
        check=True,
    )


def mistype(dialogue: Dialogue) -> None:
    """A wrong passphrase is typed, and asked for again."""
    dialogue.answer_unseen(WRONG_PASSPHRASE)
    dialogue.assert_asks("Passphrase of ")


def type_passphrase(dialogue: Dialogue) -> None:
    """The right passphrase is typed, and the command goes on to its end."""
    dialogue.answer_unseen(PASSPHRASE)
    dialogue.end()


def start_agent(cluster: Cluster) -> None:
    """The person has an agent that holds the key; it ends with the scenario."""
    socket = cluster.folder / "agent"
    seat = _seat(cluster)
    agent = cluster.start(f"ssh-agent -D -a {socket}")
    cluster.on_close(lambda: agent.send(signal.SIGTERM))
    wait_until("the agent listens", socket.exists)
    cluster.environment["SSH_AUTH_SOCK"] = str(socket)
    answer = cluster.write("answer", f"#!/bin/sh\necho {PASSPHRASE}\n")
    answer.chmod(0o700)
    asking = ["SSH_ASKPASS_REQUIRE=force", f"SSH_ASKPASS={answer}"]
    cluster.hosts.run_on(seat, ["env", *asking, "ssh-add", "-q", _key(cluster)])


def assert_kept_nowhere(cluster: Cluster) -> None:
    """No file under RBEE_HOME holds the passphrase, or what was typed in its place."""
    files = [cluster.home / name for name in cluster.files()]
    assert files
    for file in files:
        data = file.read_bytes()
        assert PASSPHRASE.encode() not in data, file
        assert WRONG_PASSPHRASE.encode() not in data, file


def _key(cluster: Cluster) -> str:
    return os.fspath(cluster.user_home / ".ssh" / "id_ed25519")


# Ways.


def lead_over(cluster: Cluster, name: str, other: str, between: str) -> None:
    """A machine reaches another no longer, and both reach the one between."""
    address = cluster.hosts[other].network.address
    cluster.hosts.run_on(name, ["ip", "route", "add", "blackhole", address])
    machines.assert_unreachable(cluster, name, other, SSH_PORT)
    machines.assert_reaches(cluster, between, other, SSH_PORT)


def configure(cluster: Cluster, name: str, alias: str, between: str) -> None:
    """An alias in a file that ``~/.ssh/config`` includes, with a key under another name."""
    seat = cluster.hosts[_seat(cluster)]
    ssh = seat.home / ".ssh"
    (ssh / "id_ed25519").rename(ssh / "for-the-studio")
    jump = f"Host {between}\n  IdentityFile ~/.ssh/for-the-studio\n"
    seat.write(".ssh/config", f"Include machines/*\n{jump}")
    seat.write(
        ".ssh/machines/studio",
        f"Host {alias}\n  HostName {cluster.hosts[name].network.address}\n  User root\n"
        f"  Port 22\n  IdentityFile ~/.ssh/for-the-studio\n  ProxyJump {between}\n",
    )


def command_through(cluster: Cluster, between: str) -> str:
    """OpenSSH's own, which leads through a machine to the one that is meant."""
    seat, gate = cluster.hosts[_seat(cluster)], cluster.hosts[between].network.address
    key = seat.home / ".ssh" / "id_ed25519"
    trusting = "-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR"
    return f"ssh -F none -i {key} {trusting} -W %h:%p root@{gate}"


def configure_proxy(cluster: Cluster, name: str, alias: str, command: str) -> None:
    """An alias that is reached by a command."""
    address = cluster.hosts[name].network.address
    cluster.hosts[_seat(cluster)].write(
        ".ssh/config", f"Host {alias}\n  HostName {address}\n  ProxyCommand {command}\n"
    )


def certify(cluster: Cluster, name: str) -> None:
    """An authority has signed the person's key; a machine trusts it alone."""
    seat, host = cluster.hosts[_seat(cluster)], cluster.hosts[name]
    authority = cluster.folder / "authority"
    draw_key(authority)
    key = seat.home / ".ssh" / "id_ed25519.pub"
    if not key.exists():
        shutil.copy(host.home / ".ssh" / "authorized_keys", key)
    sign = ["ssh-keygen", "-q", "-s", str(authority), "-I", "anna", "-n", "root", str(key)]
    subprocess.run(sign, stdin=subprocess.DEVNULL, check=True)
    public = authority.with_suffix(".pub").read_text()
    host.write(".ssh/authorized_keys", f"cert-authority {public}")


def assert_no_authority(cluster: Cluster, name: str) -> None:
    """A machine lets in by keys alone, whoever has signed them."""
    known = (cluster.hosts[name].home / ".ssh" / "authorized_keys").read_text()
    assert "cert-authority" not in known, known
