"""Ports of one scenario, from a range that no other test process uses at the same time.

The range is cut into slices; a test process owns a slice by the lock it holds on a file in the
folder for temporary files, so several of them run side by side without knowing each other. All
of it lies below the ports that Linux and macOS hand out by themselves.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

FIRST = 12000
SLICES = 40
SLICE = 400
#: Ports of one scenario: a queen, a hive, and workers.
BLOCK = 20

#: The default port of each role and how far from the first port of a block its stand-in lies.
DEFAULT_QUEEN, DEFAULT_HIVE, DEFAULT_WORKER = 8500, 8600, 8601


@dataclass(frozen=True)
class Ports:
    """The ports of one scenario: `first` is the queen's, then the hive's, then the workers'."""

    first: int

    @property
    def slice_number(self) -> int:
        """The slice they are out of; no other test process has the same at the same time."""
        return (self.first - FIRST) // SLICE

    @property
    def queen(self) -> int:
        """Stands for 8500."""
        return self.first

    @property
    def hive(self) -> int:
        """Stands for 8600."""
        return self.first + 1

    @property
    def worker(self) -> int:
        """Stands for 8601; the workers after it follow."""
        return self.first + 2

    @property
    def all(self) -> range:
        """Every port of the block."""
        return range(self.first, self.first + BLOCK)

    def instead_of(self, default: int) -> int:
        """The port that stands for `default` here; any other number is returned as it is."""
        if default == DEFAULT_QUEEN:
            return self.queen
        if DEFAULT_HIVE <= default < DEFAULT_HIVE + BLOCK - 1:
            return self.hive + default - DEFAULT_HIVE
        return default


class DefaultPorts(Ports):
    """The ports of a host that has all its ports to itself; none of them is this machine's."""

    def __init__(self) -> None:
        super().__init__(DEFAULT_QUEEN)

    @property
    def hive(self) -> int:
        """8600."""
        return DEFAULT_HIVE

    @property
    def worker(self) -> int:
        """8601."""
        return DEFAULT_WORKER

    @property
    def all(self) -> range:
        """None on this machine."""
        return range(0)

    def instead_of(self, default: int) -> int:
        """Itself."""
        return default


def is_free(port: int) -> bool:
    """Whether a server could listen on this port of the loopback address now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind(("127.0.0.1", port))
            trial.listen(1)
        except OSError:
            return False
    return True


def held(candidates: Iterable[int]) -> list[int]:
    """Those of the ports on which somebody listens."""
    return [port for port in candidates if not is_free(port)]


def free_port() -> int:
    """A port of the loopback address at which nobody listens, as the system picks it."""
    with socket.create_server(("127.0.0.1", 0)) as trial:
        port: int = trial.getsockname()[1]
        return port


class PortSlice:
    """The slice of this test process; hands out one free block after the other."""

    def __init__(self) -> None:
        self._lock, number = _locked_slice()
        self._blocks = range(FIRST + number * SLICE, FIRST + (number + 1) * SLICE, BLOCK)
        self._turn = 0

    def take(self) -> Ports:
        """The next block in which every port is free. Raises RuntimeError when there is none."""
        for _ in self._blocks:
            ports = Ports(self._blocks[self._turn % len(self._blocks)])
            self._turn += 1
            if not held(ports.all):
                return ports
        raise RuntimeError(f"no free block of {BLOCK} ports in {self._blocks}")

    def close(self) -> None:
        """Gives the slice back."""
        os.close(self._lock)


@contextlib.contextmanager
def holding(number: int) -> Iterator[bool]:
    """Whether no other test process owns the slice of this number, and none does meanwhile."""
    lock = _lock(number)
    try:
        yield lock is not None
    finally:
        if lock is not None:
            os.close(lock)


def _locked_slice() -> tuple[int, int]:
    """A held lock (file descriptor) and the number of its slice."""
    for number in range(SLICES):
        lock = _lock(number)
        if lock is not None:
            return lock, number
    raise RuntimeError(f"{SLICES} test processes hold a slice of the ports already")


def _lock(number: int) -> int | None:
    """The lock of a slice, or None when somebody else holds it."""
    path = Path(tempfile.gettempdir()) / f"rbee-harness-ports-{number}.lock"
    try:
        lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        return None
    return lock
