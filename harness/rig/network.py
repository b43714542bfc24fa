"""A private network on one Linux machine: a bridge, and hosts that are namespaces joined to it.

The number of the scenario's port slice is in every name, so that test processes side by side do
not meet. The lock of that slice also tells whose network is left over from a runner that was
killed: nobody holds it any more, and the next network to be opened removes what it finds.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from harness.rig.ports import holding
from harness.rig.waiting import wait_until

_NAMESPACES = Path("/run/netns")
#: `ip netns exec` lays each file of a folder of this name here over its namesake in /etc.
_ETC = Path("/etc/netns")
_LINKS = Path("/sys/class/net")
_OURS = re.compile(r"rbee(\d+)(-.+)?")
_CLONE_NEWNET = 0x40000000


class Network:
    """The bridge of one test process. This machine has the address `gateway` on it."""

    def __init__(self, number: int) -> None:
        self._number = number
        self._joined = 0
        self._bridge = f"rbee{number}"
        self.gateway = self._address(1)

    def open(self) -> None:
        """Makes the bridge, after what was left over has been removed."""
        remove_abandoned(self._number)
        _ip(
            f"link add {self._bridge} type bridge",
            f"addr add {self.gateway}/24 dev {self._bridge}",
            f"link set {self._bridge} up",
        )

    def join(self, name: str) -> NetworkHost:
        """Makes a host and plugs its cable into the bridge."""
        self._joined += 1
        namespace = f"{self._bridge}-{name}"
        cable = f"{self._bridge}v{self._joined}"
        _ip(
            f"netns add {namespace}",
            f"link add {cable} type veth peer name eth0 address {self._mac()} netns {namespace}",
            f"link set {cable} master {self._bridge} up",
        )
        host = NetworkHost(namespace, cable, self._address(1 + self._joined))
        _ip(
            f"addr add {host.address}/24 dev eth0",
            "link set eth0 up",
            "link set lo up",
            namespace=namespace,
        )
        return host

    def close(self) -> None:
        """Removes everything, and kills whoever is still on one of the hosts."""
        _remove(self._number)

    def _address(self, last: int) -> str:
        return f"10.213.{self._number}.{last}"

    def _mac(self) -> str:
        """That of the host that joins: the same whenever a machine with its address is made, as
        catalogs keep both."""
        return f"02:00:0a:d5:{self._number:02x}:{1 + self._joined:02x}"


class NetworkHost:
    """One host of a network: its namespace, its cable, its address."""

    def __init__(self, namespace: str, cable: str, address: str) -> None:
        self._namespace = namespace
        #: The interface of this machine that its cable is plugged into.
        self.cable = cable
        self.address = address
        self.prefix = (_program("ip"), "netns", "exec", namespace)
        """What a command line begins with to run on this host."""

    def write_etc(self, name: str, text: str) -> None:
        """Gives the host a file of its own in /etc, in place for the programs that run."""
        folder = _ETC / self._namespace
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)

    @property
    def mac(self) -> str:
        """The address of its network card."""
        shown = subprocess.run(
            [_program("ip"), "-n", self._namespace, "-o", "link", "show", "eth0"],
            capture_output=True,
            text=True,
            check=True,
        )
        found = re.search(r"link/ether (\S+)", shown.stdout)
        assert found, shown.stdout
        return found[1]

    def pids(self) -> list[int]:
        """Every process on this host."""
        return _pids_in(self._namespace)

    def clear(self) -> None:
        """Kills every process on this host, and waits until all are gone."""
        _clear(self._namespace)

    @contextlib.contextmanager
    def inside(self) -> Iterator[None]:
        """What this thread connects to within the block, it reaches from this host."""
        with open("/proc/thread-self/ns/net") as outside:
            with open(_NAMESPACES / self._namespace) as there:
                _enter(there.fileno())
            try:
                yield
            finally:
                _enter(outside.fileno())

    def cut_cable(self) -> None:
        """Nothing comes in, nothing goes out, and nobody is told."""
        _ip(f"link set {self.cable} down")

    def mend_cable(self) -> None:
        """Puts the cable together again."""
        _ip(f"link set {self.cable} up")

    def deafen(self) -> None:
        """No TCP reaches this host any more, as where its processors stand still; all else does."""
        _ip(
            "rule add pref 100 lookup local",
            "rule add pref 10 iif eth0 ipproto tcp blackhole",
            "rule del pref 0",
            namespace=self._namespace,
        )

    def undeafen(self) -> None:
        """It is reached again."""
        _ip(
            "rule add pref 0 lookup local",
            "rule del pref 10",
            "rule del pref 100",
            namespace=self._namespace,
        )

    def let_in_only(self, port: int) -> None:
        """A firewall that drops what others send to servers here, but for one below 1024.

        Answers to what the host itself asks for still come in.
        """
        # The local table is always asked first; ours have to stand before it.
        _ip(
            "rule add pref 100 lookup local",
            f"rule add pref 10 iif eth0 ipproto tcp dport 1-{port - 1} blackhole",
            f"rule add pref 11 iif eth0 ipproto tcp dport {port + 1}-32767 blackhole",
            "rule del pref 0",
            namespace=self._namespace,
        )


def reason_why_not() -> str:
    """Why this machine cannot hold such a network; "" when it can. To be asked as root."""
    for program in ("ip", "nsenter", "unshare", "ssh-keygen"):
        if not _found(program):
            return f"{program} is not installed"
    trial = f"rbeetry{os.getpid() % 10**6}"
    try:
        _ip(f"link add {trial} type bridge", f"link del {trial}")
        _ip(f"netns add {trial}", f"netns del {trial}")
    except AssertionError as error:
        return f"no network of its own: {str(error).splitlines()[0]}"
    return ""


def remains(number: int) -> list[str]:
    """What there is of the network with this number."""
    names = [*_listed(_NAMESPACES), *_listed(_ETC), *_listed(_LINKS)]
    return [name for name in names if re.fullmatch(rf"rbee{number}([-v].+)?", name)]


def remove_abandoned(own: int) -> None:
    """Removes networks that no test process owns; `own` is the number of the one that asks."""
    names = [*_listed(_NAMESPACES), *_listed(_ETC), *_listed(_LINKS)]
    found = {int(match.group(1)) for name in names if (match := _OURS.fullmatch(name))}
    for number in found - {own}:
        with holding(number) as is_abandoned:
            if is_abandoned:
                _remove(number)
    _remove(own)


def _remove(number: int) -> None:
    bridge = f"rbee{number}"
    # The kernel removes a namespace, and the cables into it, in its own time.
    cables = [link for link in _listed(_LINKS) if link.startswith(f"{bridge}v")]
    _ip(*[f"link del {cable}" for cable in cables])
    for namespace in _listed(_NAMESPACES):
        if namespace.startswith(f"{bridge}-"):
            _clear(namespace)
            _ip(f"netns del {namespace}")
    for folder in _listed(_ETC):
        if folder.startswith(f"{bridge}-"):
            shutil.rmtree(_ETC / folder)
    with contextlib.suppress(OSError):
        _ETC.rmdir()
    if (_LINKS / bridge).exists():
        _ip(f"link del {bridge}")


def _clear(namespace: str) -> None:
    wait_until(f"nobody is left on {namespace}", lambda: _is_empty(namespace))


def _is_empty(namespace: str) -> bool:
    """Whether nobody is there any more; kills whoever is."""
    found = _pids_in(namespace)
    for pid in found:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return not found


def _pids_in(namespace: str) -> list[int]:
    path = _NAMESPACES / namespace
    if not path.exists():
        return []
    wanted = path.stat().st_ino
    found = []
    for name in _listed(Path("/proc")):
        if name.isdecimal():
            # It may have ended by now; one that has, and is not reaped, is in no namespace.
            with contextlib.suppress(OSError):
                if os.stat(f"/proc/{name}/ns/net").st_ino == wanted:
                    found.append(int(name))
    return found


def _listed(folder: Path) -> list[str]:
    return os.listdir(folder) if folder.is_dir() else []


def _enter(descriptor: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(descriptor, _CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


def _found(program: str) -> str | None:
    return shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")


def _program(name: str) -> str:
    found = _found(name)
    assert found, f"{name} is not installed"
    return found


def _ip(*lines: str, namespace: str = "") -> None:
    """Runs `ip` with these lines. Raises AssertionError with what it says against them."""
    where: Sequence[str] = ("-n", namespace) if namespace else ()
    ran = subprocess.run(
        [_program("ip"), *where, "-batch", "-"],
        input="\n".join(lines) + "\n",
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, f"ip: {ran.stderr.strip()}\n" + "\n".join(lines)
