"""Another user of the machine: files, processes, sockets and ports of somebody else's swarm."""

from __future__ import annotations

import ctypes
import glob
import os
import resource
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

from harness.trial.stage import ROLES, Stage, listed, readable
from harness.trial.tricks import NOBODY, Trick, TrickOutcome, carry_out

_FILES = (
    "token", "queen.db", "queen.db-wal", "queen.db-shm", "hive.db", "hive.db-wal", "config.toml",
    "running/queen.json", "running/hive.json", "logs/queen.log", "logs/hive-localhost.log",
    "hive.json", "known_hosts",
)  # fmt: skip
_READ_OF_A_PROCESS = ("environ", "mem", "maps", "auxv", "stack", "syscall", "io", "pagemap")
_LINKS_OF_A_PROCESS = ("cwd", "root", "exe", "fd/0", "fd/1", "fd/2", "ns/net")
_PTRACE_ATTACH, _PTRACE_SEIZE = 16, 0x4206
_PIDFD_OPEN, _PIDFD_GETFD, _READV, _KCMP = 434, 438, 310, 312
_LIBC = ctypes.CDLL(None, use_errno=True)


def play(stage: Stage) -> list[TrickOutcome]:
    """All of it, on a swarm that is warm."""
    tricks = [*_of_files(stage), *_of_processes(stage), *_of_places(stage), *_of_ports(stage)]
    outcomes = carry_out("another user", tricks, uid=NOBODY)
    return [*outcomes, *carry_out("the owner", [Trick("is served", stage.serves, _any)])]


def _any(seen: str) -> bool:
    return not seen.startswith("refused")


def _of_files(stage: Stage) -> Iterator[Trick]:
    home = stage.home
    yield Trick("list the home", lambda: listed(home))
    yield Trick("list the logs", lambda: listed(home / "logs"))
    for name in _FILES:
        yield Trick(f"read {name}", _bound(readable, home / name))
    yield Trick("write a config.toml", lambda: (home / "config.toml").write_text("x"))
    yield Trick("put a token beside it", lambda: (home / "token.1").write_text("x"))
    yield Trick("set a link in the home", lambda: os.symlink("/etc", home / "venv"))
    yield Trick("rename the home", lambda: os.rename(home, stage.cluster.folder / "moved"))
    yield Trick("rename the folder above", lambda: os.rename(home.parent, "/tmp/moved"))
    yield Trick("link the token elsewhere", lambda: os.link(home / "token", "/tmp/rbee-linked"))
    yield Trick("chmod the home", lambda: os.chmod(home, 0o777))
    yield Trick("mount over the home", lambda: _called(165, b"none", bytes(home), b"tmpfs", 0, 0))
    yield Trick("watch the home", lambda: _watched(home))
    yield Trick("see whether the token is there", lambda: os.stat(home / "token"))


def _of_processes(stage: Stage) -> Iterator[Trick]:
    for role in ROLES:
        pid = stage.pid(role)
        for name in _READ_OF_A_PROCESS:
            yield Trick(
                f"{role}: read /proc/PID/{name}",
                _bound(readable, f"/proc/{pid}/{name}"),
                _nothing_private(stage),
            )
        for name in _LINKS_OF_A_PROCESS:
            yield Trick(
                f"{role}: follow /proc/PID/{name}", _bound(os.readlink, f"/proc/{pid}/{name}")
            )
        yield Trick(f"{role}: list /proc/PID/fd", _bound(listed, f"/proc/{pid}/fd"))
        yield Trick(f"{role}: read the command line", _bound(_command_line, pid), _without(stage))
        for number in (signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM, signal.SIGUSR1):
            yield Trick(f"{role}: send {number.name}", _bound(os.kill, pid, number))
        yield Trick(
            f"{role}: attach as a debugger", _bound(_called, 101, _PTRACE_ATTACH, pid, 0, 0)
        )
        yield Trick(f"{role}: seize as a debugger", _bound(_called, 101, _PTRACE_SEIZE, pid, 0, 0))
        yield Trick(f"{role}: take a descriptor", _bound(_taken, pid))
        yield Trick(
            f"{role}: bound its files",
            _bound(resource.prlimit, pid, resource.RLIMIT_NOFILE, (0, 0)),
        )
        yield Trick(f"{role}: slow it down", _bound(os.setpriority, os.PRIO_PROCESS, pid, 19))
        yield Trick(f"{role}: pin it to a processor", _bound(os.sched_setaffinity, pid, {0}))
        yield Trick(
            f"{role}: compare its files with ours", _bound(_called, _KCMP, os.getpid(), pid, 2, 0)
        )


def _of_places(stage: Stage) -> Iterator[Trick]:
    yield Trick("find a folder of theirs that can be entered", _entered, lambda seen: seen == "[]")
    yield Trick("find a named socket of theirs", _sockets, lambda seen: seen == "[]")
    yield Trick(
        "find shared memory of theirs",
        lambda: [
            name
            for name in os.listdir("/dev/shm")
            if os.access(f"/dev/shm/{name}", os.R_OK)
            and os.stat(f"/dev/shm/{name}").st_uid == 0
            and "rbee" in name
            # The trial's own folder, which it opens for them, may lie there.
            and Path("/dev/shm", name) not in stage.home.parents
        ],
        lambda seen: seen == "[]",
    )
    yield Trick(
        "find a core of theirs",
        lambda: glob.glob("/core*") + glob.glob("/tmp/core*"),
        lambda seen: seen == "[]",
    )
    yield Trick(
        "find their secrets in any command line",
        _bound(_told_everywhere, stage.token),
        lambda seen: seen == "[]",
    )
    yield Trick(
        "find a writable file below the folder of the scenario",
        lambda: _writable(stage.cluster.folder),
        lambda seen: seen == "[]",
    )


def _of_ports(stage: Stage) -> Iterator[Trick]:
    for role in ROLES:
        port = stage.port(role)
        for host in ("127.0.0.1", "0.0.0.0"):
            for option in (socket.SO_REUSEADDR, socket.SO_REUSEPORT):
                yield Trick(
                    f"{role}: listen on {host} too ({_NAMES[option]})",
                    _bound(_listened, host, port, option),
                )


_NAMES = {socket.SO_REUSEADDR: "SO_REUSEADDR", socket.SO_REUSEPORT: "SO_REUSEPORT"}


def _bound(function: Callable[..., object], *words: object) -> Callable[[], object]:
    return lambda: function(*words)


def _called(number: int, *words: object) -> str:
    given = [
        ctypes.c_char_p(word) if isinstance(word, bytes) else ctypes.c_long(int(str(word)))
        for word in words
    ]
    ctypes.set_errno(0)
    if _LIBC.syscall(number, *given) == -1:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return "done"


def _taken(pid: int) -> str:
    handle = _LIBC.syscall(_PIDFD_OPEN, pid, 0)
    return _called(_PIDFD_GETFD, handle, 3, 0)


def _watched(folder: Path) -> str:
    handle = _LIBC.inotify_init1(0)
    if _LIBC.inotify_add_watch(handle, bytes(folder / "token"), 0xFFF) == -1:
        raise OSError(ctypes.get_errno(), "no watch")
    return "watches"


def _command_line(pid: int) -> str:
    with open(f"/proc/{pid}/cmdline", "rb") as file:
        return file.read().replace(b"\0", b" ").decode()


def _nothing_private(stage: Stage) -> Callable[[str], bool]:
    return lambda seen: seen.startswith("refused") or seen == "read b''"


def _without(stage: Stage) -> Callable[[str], bool]:
    return lambda seen: stage.token not in seen and "hello" not in seen


def _entered() -> list[str]:
    return [
        path
        for path in glob.glob("/tmp/rbee-*")
        if os.access(path, os.W_OK) and not path.endswith(".lock")
    ]


def _sockets() -> list[str]:
    with open("/proc/net/unix") as rows:
        named = [row.split()[-1] for row in rows if "/" in row]
    return [path for path in named if "rbee" in path and os.access(path, os.W_OK)]


def _told_everywhere(token: str) -> list[str]:
    found = []
    for path in glob.glob("/proc/[0-9]*/cmdline"):
        try:
            told = _command_line(int(path.split("/")[2]))
        except OSError:
            continue
        if token in told:
            found.append(told)
    return found


def _writable(folder: Path) -> list[str]:
    return [
        path
        for root, _, names in os.walk(folder)
        for path in (root, *(os.path.join(root, name) for name in names))
        if os.access(path, os.W_OK)
    ]


def _listened(host: str, port: int, option: int) -> str:
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, option, 1)
        listener.bind((host, port))
        listener.listen()
        return "listens"
