"""What a worker tries whose engine a bad model has taken over; run in a real one, confined.

No module of the project is imported: `worker` hands this text to the Python that a worker is.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import json
import os
import resource
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

_TOLD = "a bad model: "
#: Where the harness writes what there is to attack.
_PLAN = ""
_libc = ctypes.CDLL(None, use_errno=True)


def _call(number: int, *words: int | bytes) -> str:
    given = [ctypes.c_char_p(w) if isinstance(w, bytes) else ctypes.c_long(w) for w in words]
    ctypes.set_errno(0)
    if _libc.syscall(number, *given) == -1:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return "done"


def _read(path: str) -> str:
    with open(path, "rb") as file:
        return repr(file.read(8))


def _write(path: str, text: str = "") -> str:
    with open(path, "a") as file:
        file.write(text)
    return "written"


def _unix(path: str, kind: int = socket.SOCK_STREAM) -> str:
    with socket.socket(socket.AF_UNIX, kind) as asked:
        asked.connect(path)
    return "connected"


def _unix_by_handle(path: str) -> str:
    handle = os.open(path, os.O_PATH)
    return _unix(f"/dev/fd/{handle}")


def _unix_from_there(path: str) -> str:
    os.chdir(os.path.dirname(path))
    return _unix(os.path.basename(path))


def _unix_by_link(path: str, folder: str) -> str:
    os.symlink(path, f"{folder}/s")
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    return _unix(f"/dev/fd/{handle}/s")


def _unix_hard_linked(path: str, folder: str) -> str:
    os.link(path, f"{folder}/s")
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    return _unix(f"/dev/fd/{handle}/s")


def _tcp(host: str, port: int) -> str:
    with socket.create_connection((host, port), 2) as asked:
        asked.sendall(b"GET /workers HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        return asked.recv(12).decode()


def _udp(host: str) -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sent:
        return sent.sendto(b"x", (host, 53))


def _socket(*words: int) -> str:
    with socket.socket(*words):
        return "opened"


def _listen(port: int) -> str:
    with socket.create_server(("127.0.0.1", port)):
        return "listens"


def _fast_open(port: int) -> int:
    with socket.socket() as sent:
        return sent.sendto(b"x", 0x20000000, ("127.0.0.1", port))


def _descriptors() -> list[str]:
    found = []
    for name in sorted(os.listdir("/proc/self/fd"), key=int):
        with contextlib.suppress(OSError):
            found.append(os.readlink(f"/proc/self/fd/{name}"))
    return found


def _rows(told: dict[str, Any]) -> Iterator[tuple[str, Callable[[], object]]]:
    home, note, hive, queen = told["home"], told["note"], os.getppid(), told["queen_pid"]
    agent, own = told["agent"], told["folder"] or "/tmp"
    yield "read the token", lambda: _read(home + "/token")
    yield "read the queen's catalog", lambda: _read(home + "/queen.db")
    yield "read a log of the queen", lambda: _read(home + "/logs/queen.log")
    yield "list the home", lambda: os.listdir(home)
    yield "list the models", lambda: os.listdir(home + "/models")
    yield "read a file of its owner", lambda: _read(note)
    yield "read it by another way", lambda: _read("/proc/self/root" + note)
    yield "read it from where a daemon works", lambda: _read("/proc/self/cwd" + note)
    yield "read /etc/passwd", lambda: _read("/etc/passwd")
    yield "read /etc/shadow", lambda: _read("/etc/shadow")
    yield "list /tmp", lambda: os.listdir("/tmp")
    yield "list /root", lambda: os.listdir("/root")
    yield "write into the home", lambda: _write(home + "/bee")
    yield "write a program that Python starts with", lambda: _write(told["site"])
    yield "write beside the engine", lambda: _write(os.path.dirname(os.__file__) + "/bee.py")
    yield "truncate a file of its owner", lambda: os.truncate(note, 0)
    yield "rename a file of its owner", lambda: os.rename(note, note + "2")
    yield "remove a file of its owner", lambda: os.unlink(note)
    yield "link a file of its owner", lambda: os.link(note, own + "/note")
    yield "let others read the token", lambda: os.chmod(home + "/token", 0o666)
    yield "let others write its model", lambda: os.chmod(told["model"], 0o666)
    yield "let others write its log", lambda: os.fchmod(2, 0o666)
    yield "give its log away", lambda: os.fchown(2, 65534, 65534)
    yield "give a file of its owner away", lambda: os.chown(note, 65534, 65534)
    yield "mark a file of its owner", lambda: os.setxattr(note, "user.bee", b"x")
    yield "date a file of its owner", lambda: os.utime(note, (0, 0))
    yield (
        "watch a file of its owner",
        lambda: _call(254, _libc.inotify_init1(0), note.encode(), 0xFFF),
    )
    yield "make a device", lambda: os.mknod(own + "/bee", 0o20666, os.makedev(1, 1))
    yield "start a program", lambda: os.execv("/bin/true", ["true"])
    yield "start a program beside it", lambda: subprocess.run(["/bin/true"], check=True)
    yield "start one out of memory", lambda: _call(322, os.memfd_create("x"), b"", 0, 0, 0x1000)
    yield "look into its hive", lambda: _read(f"/proc/{hive}/environ")
    yield "look into the queen", lambda: _read(f"/proc/{queen}/environ")
    yield "look into the memory of its hive", lambda: _read(f"/proc/{hive}/mem")
    yield "list the files of its hive", lambda: os.listdir(f"/proc/{hive}/fd")
    yield "read the command line of its hive", lambda: _read(f"/proc/{hive}/cmdline")
    yield "attach to its hive as a debugger", lambda: _call(101, 16, hive, 0, 0)
    yield "read the memory of its hive by a call", lambda: _call(310, hive, 0, 0, 0, 0, 0)
    yield "take a file of its hive", lambda: _call(438, 3, 0, 0)
    for number in (signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM, 0):
        yield f"send its hive signal {int(number)}", functools.partial(os.kill, hive, number)
    yield "send the queen a signal", lambda: os.kill(queen, signal.SIGKILL)
    yield "send the group of its hive a signal", lambda: os.killpg(os.getpgid(hive), signal.SIGTERM)
    yield "send everybody a signal", lambda: os.kill(-1, 0)
    yield "bound its hive", lambda: resource.prlimit(hive, resource.RLIMIT_NOFILE, (0, 0))
    yield "slow its hive down", lambda: os.setpriority(os.PRIO_PROCESS, hive, 19)
    yield "slow its owner down", lambda: os.setpriority(os.PRIO_USER, os.getuid(), 19)
    yield "lift its own bound", lambda: resource.setrlimit(resource.RLIMIT_DATA, (-1, -1))
    yield "be ended last", lambda: _write("/proc/self/oom_score_adj", "-1000")
    yield "take 64 GB", lambda: len(bytearray(1 << 36))
    yield "speak to a program of its owner", lambda: _unix(agent)
    yield "speak to it by a handle", lambda: _unix_by_handle(agent)
    yield "speak to it from its folder", lambda: _unix_from_there(agent)
    yield "speak to it by a link", lambda: _unix_by_link(agent, own)
    yield "speak to it by another name", lambda: _unix_hard_linked(agent, own)
    yield "send it a datagram", lambda: _unix(agent + ".dgram", socket.SOCK_DGRAM)
    yield "speak to an abstract socket", lambda: _unix("\0rbee-trial-agent")
    yield "connect to the queen", lambda: _tcp("127.0.0.1", told["queen"])
    yield "connect to an SSH server", lambda: _tcp("127.0.0.1", 22)
    yield "connect to another machine", lambda: _tcp("192.0.2.1", 80)
    yield "connect without connecting", lambda: _fast_open(told["queen"])
    yield "send a datagram here", lambda: _udp("127.0.0.1")
    yield "send a datagram elsewhere", lambda: _udp("192.0.2.1")
    yield "open a raw socket", lambda: _socket(socket.AF_INET, socket.SOCK_RAW, 1)
    yield "listen to the cable", lambda: _socket(17, 3, 0)
    yield "speak to the kernel by netlink", lambda: _socket(16, 3, 0)
    yield "open a socket of a virtual machine", lambda: _socket(40, 1, 0)
    yield "open TCP over several ways", lambda: _socket(socket.AF_INET, socket.SOCK_STREAM, 262)
    yield "listen on another port", lambda: _listen(told["queen"] + 17)
    yield "mount something", lambda: _call(165, b"none", own.encode(), b"tmpfs", 0, 0)
    yield "take namespaces of its own", lambda: _call(272, 0x10000000)
    yield "change its root", lambda: os.chroot(own)
    yield "load code into the kernel", lambda: _call(175, b"", 0, b"")
    yield "load a filter into the kernel", lambda: _call(321, 0, 0, 0)
    yield (
        "make calls that no filter sees",
        lambda: _call(425, 8, ctypes.addressof(ctypes.create_string_buffer(120))),
    )
    yield "ask for keys of the kernel", lambda: _call(250, 0, -3, 0)
    yield (
        "type into a terminal",
        lambda: __import__("fcntl").ioctl(os.open("/dev/tty", 2), 0x5412, b"x"),
    )
    yield "read a terminal", lambda: os.open("/dev/pts/0", os.O_RDONLY)
    yield "read shared memory of others", lambda: os.listdir("/dev/shm")
    yield (
        "find more than its own open",
        lambda: (
            [each for each in _descriptors() if home in each and "/logs/worker" not in each]
            or "none"
        ),
    )
    yield (
        "find a secret in its environment",
        lambda: [name for name in os.environ if "TOKEN" in name or "SECRET" in name] or "none",
    )
    yield "ask its hive for other workers", lambda: _tcp("127.0.0.1", told["hive"])


def _try_all(told: dict[str, Any]) -> None:
    for what, attempt in _rows(told):
        try:
            seen = str(attempt())
        except (OSError, ValueError, MemoryError, TypeError) as error:
            seen = f"refused: {type(error).__name__}: {error}"
        sys.stderr.write(_TOLD + json.dumps([what, seen[:200]]) + "\n")
        sys.stderr.flush()


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    global _told, _tried
    if event != "open" or _tried or "rbee.worker" not in sys.orig_argv:
        return
    model = str(arguments[0])
    if not model.endswith(".gguf"):
        return
    if _told is None and os.path.exists(_PLAN):
        # It looks at its model before it gives up the sight of all other files.
        with open(_PLAN) as plan:
            _told = {**json.load(plan), "model": model}
    elif _told is not None and not arguments[2] & os.O_PATH:
        _tried = True
        import tempfile

        _try_all({**_told, "folder": tempfile.tempdir})


_told: dict[str, Any] | None = None
_tried = False
sys.addaudithook(_watch)
