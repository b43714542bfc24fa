"""Somebody who listens on the cable of a machine, and what they can read there."""

from __future__ import annotations

import contextlib
import socket
import threading

from harness.rig.cluster import Cluster

#: Every protocol, in the words of `packet(7)`.
_ALL = 0x0003
_LARGEST_FRAME = 1 << 17


class Wiretap:
    """All that passes on a network interface of this machine, from now until `close`."""

    def __init__(self, interface: str) -> None:
        self._heard = bytearray()
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ALL))
        self._socket.bind((interface, 0))
        self._socket.settimeout(0.1)
        self._closed = threading.Event()
        self._listener = threading.Thread(target=self._listen, name="wiretap", daemon=True)
        self._listener.start()

    def heard(self) -> bytes:
        """What has passed, headers and all."""
        return bytes(self._heard)

    def close(self) -> None:
        """Listens no more."""
        self._closed.set()
        self._listener.join()
        self._socket.close()

    def _listen(self) -> None:
        while not self._closed.is_set():
            with contextlib.suppress(TimeoutError):
                self._heard += self._socket.recv(_LARGEST_FRAME)


def listen(cluster: Cluster, name: str) -> Wiretap:
    """Listens on the cable of a machine until the scenario ends."""
    tap = Wiretap(cluster.hosts[name].network.cable)
    cluster.on_close(tap.close)
    return tap


def assert_reads(tap: Wiretap, text: str, readable: bool) -> None:
    """Whether somebody on the cable reads `text`. That anything was heard is asserted, too."""
    heard = tap.heard()
    assert b"SSH-2.0" in heard, f"nobody has spoken SSH on this cable: {len(heard)} bytes"
    assert (text.encode() in heard) == readable, f"{text!r} among {len(heard)} bytes"
