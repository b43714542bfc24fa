"""What reading a file and reckoning with it costs, whatever stands in the file."""

from __future__ import annotations

import os
import pickle
import resource
import socket
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

import psutil

from fixtures import hostile
from harness.rig import swarm
from harness.rig.cluster import Cluster
from harness.rig.program import Finished
from rbee.hive.models.fit import largest_context, worker_need
from rbee.hive.models.gguf.header import GgufHeader, header_of_file
from rbee.hive.models.pooling import batch_of, default_context, pooling_of
from rbee.wire.errors import RbeeError
from rbee.wire.messages.basics import encode

T = TypeVar("T")

_MIB = 1024 * 1024
#: The longest that a hive may keep anybody waiting while it looks at a file (seconds).
_PATIENCE = 2.0


class Look(NamedTuple):
    """What came of looking at a file: its architecture, or what was told of it; and the cost."""

    what: str
    architecture: str
    told: str
    mebibytes: float = 0.0
    seconds: float = 0.0


def look_at_file(folder: Path, what: str) -> Look:
    """Writes the file that is called so, reads its header and reckons what a worker would need.

    Each in a process of its own: what one of them has let go of would be used again by the other.
    """
    path = folder / "model.gguf"
    _in_a_child(lambda: hostile.write(path, what))
    try:
        return _in_a_child(lambda: _weighed(path, what))
    finally:
        path.unlink()


def _weighed(path: Path, what: str) -> Look:
    before, began = _largest(), time.thread_time()
    look = _judge(path, what)
    return look._replace(mebibytes=_largest() - before, seconds=time.thread_time() - began)


def _largest() -> float:
    """The largest size that this process has had (MiB)."""
    told = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return told / (_MIB if sys.platform == "darwin" else 1024)


def _in_a_child(work: Callable[[], T]) -> T:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(writing, pickle.dumps(work()))
        finally:
            os._exit(0)
    os.close(writing)
    with open(reading, "rb") as told:
        answer = told.read()
    os.waitpid(child, 0)
    assert answer, "the child has ended without an answer"
    result: T = pickle.loads(answer)
    return result


def assert_refused(looks: Sequence[Look], expected: Sequence[Mapping[str, str]]) -> None:
    """Each was refused in the words of its row."""
    told = [look.told for look in looks]
    wanted = [row["what is told"] for row in expected]
    wrong = [
        f"{look.what}: {look.told!r}, not {want!r}"
        for look, want in zip(looks, wanted)
        if look.told != want
    ]
    assert told == wanted, "\n".join(wrong)


def assert_models(looks: Sequence[Look]) -> None:
    """Each was taken for a model."""
    wrong = [f"{look.what}: {look.told}" for look in looks if look.architecture != "llama"]
    assert not wrong, "\n".join(wrong)


def assert_cheap(looks: Sequence[Look], mebibytes: float, seconds: float) -> None:
    """None took more memory, or more computing time, than that."""
    dear = [
        f"{look.what}: {look.mebibytes:.1f} MiB and {look.seconds:.2f} s"
        for look in looks
        if look.mebibytes > mebibytes or look.seconds > seconds
    ]
    assert not dear, "\n".join(dear)


def _judge(path: Path, what: str) -> Look:
    try:
        header = header_of_file(str(path))
        _reckon((header,))
    except RbeeError as refused:
        assert refused.code == "model_invalid", refused.code
        return Look(what, "", refused.message.replace(f"{path} ", ""))
    return Look(what, header.architecture, "")


def _reckon(headers: tuple[GgufHeader, ...]) -> None:
    """Everything that a hive makes of a header before it starts a worker."""
    context = default_context(headers[0])
    for slots in (4, 1):
        need = worker_need(headers, context, slots)
        assert 0 <= need.total < 2**53, need  # every program reads such a number as it is
        encode({"need_bytes": need.total, "kv": need.kv, "batch": batch_of(headers, context)})
    largest_context(headers, 2**27, lambda need: False, on_gpu=True)
    pooling_of(headers[0])


def look_at_no_file(folder: Path, what: str) -> Look:
    """What is told of a path where something else than a file lies."""
    path, close = _NO_FILES[what](folder)
    try:
        header = header_of_file(path)
    except RbeeError as refused:
        return Look(what, "", refused.message.replace(path, "it", 1))
    finally:
        close()
    return Look(what, header.architecture, "")


def look_while_it_is_written(folder: Path) -> str:
    """What is told of a file that grows while its header is read."""
    path = folder / "model.gguf"
    hostile.write(path, "with small things only")
    # Another program writes, each time the hive has read a piece.
    real = os.pread

    def write_more(descriptor: int, count: int, offset: int) -> bytes:
        with path.open("ab") as file:
            file.write(bytes(4096))
        return real(descriptor, count, offset)

    os.pread = write_more
    try:
        header_of_file(str(path))
    except RbeeError as refused:
        return refused.message.replace(str(path), "it", 1)
    finally:
        os.pread = real
    return ""


class Meanwhile:
    """A command, and how long the hive kept others waiting while it ran."""

    def __init__(self, cluster: Cluster, command: str, what: str) -> None:
        hostile.write(cluster.work / "hostile.gguf", what)
        running = cluster.start(command.replace("$HERE", str(cluster.work)))
        hive = psutil.Process(swarm.the_one(cluster, "hive").pid)
        self._longest = 0.0
        while not running.has_ended:
            began, before = time.monotonic(), _computed(hive)
            answer = cluster.http("GET", "hive", "/workers")
            assert answer.status == 200, answer
            # A machine that serves others as well keeps it from its processor, and us from ours.
            took = min(time.monotonic() - began, _computed(hive) - before)
            self._longest = max(self._longest, took)
        self.finished: Finished = cluster.finish(running)

    def assert_quick(self) -> None:
        """Nobody waited long for the hive, while it computed something else."""
        assert self._longest < _PATIENCE, f"{self._longest:.1f} s"


def _computed(program: psutil.Process) -> float:
    """The seconds of a processor that a program has used."""
    used = program.cpu_times()
    return used.user + used.system


def _pipe(folder: Path) -> tuple[str, Callable[[], object]]:
    path = folder / "pipe.gguf"
    os.mkfifo(path)
    return str(path), path.unlink


def _folder(folder: Path) -> tuple[str, Callable[[], object]]:
    path = folder / "folder.gguf"
    path.mkdir()
    return str(path), path.rmdir


def _socket(folder: Path) -> tuple[str, Callable[[], object]]:
    path = folder / "s.gguf"
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    return str(path), listener.close


def _link(folder: Path) -> tuple[str, Callable[[], object]]:
    path = folder / "link.gguf"
    path.symlink_to("/dev/zero")
    return str(path), path.unlink


def _loop(folder: Path) -> tuple[str, Callable[[], object]]:
    path = folder / "loop.gguf"
    path.symlink_to(path)
    return str(path), path.unlink


def _at(path: str) -> Callable[[Path], tuple[str, Callable[[], object]]]:
    return lambda folder: (path, lambda: None)


_NO_FILES: dict[str, Callable[[Path], tuple[str, Callable[[], object]]]] = {
    "a pipe that nobody writes to": _pipe,
    "a folder": _folder,
    "a socket": _socket,
    "a link to a device of endless zeros": _link,
    "a link to itself": _loop,
    "a device of endless zeros": _at("/dev/zero"),
    "a terminal": _at("/dev/tty"),
    "the environment of a program": _at("/proc/self/environ"),
    "the log of the kernel": _at("/proc/kmsg"),
}
