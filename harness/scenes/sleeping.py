"""Machines that can be suspended, and are woken by a magic packet.

What a suspended machine does is played with what the kernel has: all its processes are stopped, and
no TCP reaches it; a thread of the test process stands for its network card, which hears of UDP port
9. Its ``systemctl suspend`` gives that thread the order, and its ``who`` tells what the scenario
says.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import socket
import sys
import threading
from pathlib import Path

from harness.rig.cluster import Cluster
from harness.rig.hosts import Host
from harness.rig.waiting import wait_until
from harness.scenes import machines

_MAGIC_PORT = 9
_ORDERS_PORT = 1009
#: How long a machine is waited for to fall asleep, or to wake (seconds).
_PATIENCE_S = 30.0
_SYSTEMCTL = """#!/bin/sh
[ "$1" = suspend ] || exit 1
[ ! -e {refusal} ] || {{ cat {refusal} >&2; exit 1; }}
exec {python} -S -c "import socket
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'suspend', ('127.0.0.1', {port}))"
"""
_WHO = """#!/bin/sh
cat {who} 2>/dev/null || true
"""


class Sleeper:
    """The network card and the power of one machine, which is awake at first.

    `packets` is the number of those that came while it was suspended; it wakes at the one with the
    number `wakes_at`, at none where that is 0.
    """

    def __init__(self, host: Host) -> None:
        self.host = host
        self.wakes_at = 1
        self.packets = 0
        self._asleep = threading.Event()
        with host.network.inside():
            self._card = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self._card.bind(("", _MAGIC_PORT))
            self._orders = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self._orders.bind(("127.0.0.1", _ORDERS_PORT))
        self._end, self._ended = socket.socketpair()
        self._thread = threading.Thread(target=self._serve, name=f"power of {host.name}")
        self._thread.start()
        self._write_programs()

    @property
    def who(self) -> Path:
        """What its ``who`` prints."""
        return self.host.folder / "who.txt"

    @property
    def refusal(self) -> Path:
        """Where this is, its ``systemctl`` suspends nothing and says this."""
        return self.host.folder / "refusal.txt"

    @property
    def is_asleep(self) -> bool:
        """Whether it is suspended now."""
        return self._asleep.is_set()

    def suspend(self) -> None:
        """Everything stands still. Nobody is told."""
        self.packets = 0
        self.host.network.deafen()
        self._signal_all(signal.SIGSTOP)
        self._asleep.set()

    def wake(self) -> None:
        """Everything goes on."""
        self._asleep.clear()
        self.host.network.undeafen()
        self._signal_all(signal.SIGCONT)

    def close(self) -> None:
        """The plug of a suspended machine is pulled: what stands still on it would go on."""
        self._end.close()
        self._thread.join()
        for each in (self._card, self._orders, self._ended):
            each.close()
        if self.is_asleep:
            self.host.switch_off()

    def _serve(self) -> None:
        with selectors.DefaultSelector() as selector:
            for each in (self._card, self._orders, self._ended):
                selector.register(each, selectors.EVENT_READ)
            while True:
                ready = [key.fileobj for key, _ in selector.select()]
                if self._ended in ready:
                    return
                if self._orders in ready:
                    self._orders.recv(64)
                    self.suspend()
                if self._card in ready:
                    self._heard(self._card.recv(1024))

    def _heard(self, packet: bytes) -> None:
        mac = bytes.fromhex(self.host.network.mac.replace(":", ""))
        if packet == b"\xff" * 6 + mac * 16 and self.is_asleep:
            self.packets += 1
            if self.packets == self.wakes_at:
                self.wake()

    def _signal_all(self, number: signal.Signals) -> None:
        """Also those that are started while the others are being stopped."""
        known: set[int] = set()
        while new := set(self.host.network.pids()) - known:
            known |= new
            for pid in new:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)

    def _write_programs(self) -> None:
        folder = self.host.folder / "bin"
        folder.mkdir(exist_ok=True)
        systemctl = _SYSTEMCTL.format(
            refusal=self.refusal, python=sys.executable, port=_ORDERS_PORT
        )
        texts = {"systemctl": systemctl, "who": _WHO.format(who=self.who)}
        for name, text in texts.items():
            (folder / name).write_text(text)
            (folder / name).chmod(0o755)
        self.host.environment["PATH"] = f"{folder}:{os.environ.get('PATH', os.defpath)}"


def may_sleep(cluster: Cluster, name: str) -> Sleeper:
    """A machine that can be suspended and woken from now on."""
    host = cluster.hosts[name]
    # Its SSH server has been tried: what has served that would be stopped, and stay.
    wait_until(f"nobody is on {name}", lambda: not host.pids(), _PATIENCE_S)
    sleeper = Sleeper(host)
    cluster.on_close(sleeper.close)
    return sleeper


def sit_beside_equal(cluster: Cluster, name: str, other: str, gb: float) -> Sleeper:
    """The person sits beside a machine that was added and is suspended; both have a simulated GPU
    of so many GB."""
    machines.sit_beside(cluster, name, other)
    machines.simulate_equal(cluster, gb)
    sleeper = may_sleep(cluster, other)
    machines.have_added(cluster, f"--wake auto {other}, localhost")
    sleeper.suspend()
    return sleeper


def assert_asleep(sleeper: Sleeper, *, expected: bool = True) -> None:
    """Whether a machine is suspended, now or in a moment."""
    what = f"{sleeper.host.name} is {'suspended' if expected else 'awake'}"
    wait_until(what, lambda: sleeper.is_asleep is expected, _PATIENCE_S)


def assert_shows(cluster: Cluster, command_line: str, texts: str) -> None:
    """A command succeeds, and shows each of ``one" and "another``."""
    shown = cluster.run(command_line)
    cluster.assert_status(0, shown)
    for text in texts.split('" and "'):
        assert text in shown.stdout, shown.stdout
