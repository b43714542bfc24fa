"""What a worker gives up before it opens a model, which may be anybody's file.

It keeps its model, the socket that it listens on and the way to its hive, and what an engine needs
of the system: libraries, facts about processors, on a GPU the devices of its driver. It gets no
other file of its owner, no other program and none of their sockets; it can start no program and
look into none. Memory is bounded by what was promised for its model and a margin, and where the
machine runs short of it the kernel ends workers first.

Landlock holds for the thread that asks and those that it starts: what a driver of a GPU has started
before, when the engine looked for devices, keeps what it had. The filter of calls holds for all.

What the kernel does not offer is done without: a worker that cannot be confined serves all the
same, and `rbee-keeper doctor` tells what holds on a machine.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator, Sequence

import rbee
from rbee.process import landlock, seccomp

log = logging.getLogger(__name__)

#: What every program of a system may read: libraries, and how names and times are looked up.
_SYSTEM = (
    "/usr", "/lib", "/lib64", "/nix/store", "/gnu/store", "/etc/alternatives", "/etc/ld.so.cache",
    "/etc/localtime", "/etc/hosts", "/etc/host.conf", "/etc/resolv.conf", "/etc/nsswitch.conf",
    "/etc/gai.conf", "/etc/ssl/certs", "/etc/ssl/openssl.cnf", "/proc/self", "/proc/cpuinfo",
    "/proc/meminfo", "/proc/stat", "/sys/devices/system", "/dev/urandom", "/dev/random",
)  # fmt: skip
#: What drivers of GPUs want besides.
_OF_DRIVERS = (
    "/etc/nvidia", "/etc/OpenCL", "/etc/vulkan", "/opt/rocm", "/proc/driver", "/proc/devices",
    "/proc/modules", "/proc/sys/vm", "/proc/sys/kernel", "/run/opengl-driver",
    "/run/nvidia-persistenced", "/sys",
)  # fmt: skip
#: Devices of GPUs, by how their names in /dev begin, and where drivers keep what they compiled.
_DEVICES = ("nvidia", "dri", "kfd", "shm")
_CACHES = ("~/.nv", "~/.cache/mesa_shader_cache")
#: Where Metal compiles on a Mac.
_MAC_CACHES = "/private/var/folders"


def first_to_go() -> None:
    """Where memory runs out, the kernel ends this program before others. Wants no privilege."""
    if sys.platform == "linux":
        try:
            with open("/proc/self/oom_score_adj", "w") as file:
                file.write("1000")
        except OSError as error:
            log.warning("the kernel may end others first: %s", error)


def bound_memory(limit: int) -> None:
    """This program gets no more than `limit` bytes of memory of its own; 0: no bound.

    What is read from a file that is mapped, as weights are, does not count. Linux alone keeps to
    it. What crashes here leaves no copy of its memory, which holds prompts.
    """
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if not limit or sys.platform != "linux":
        return
    try:
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    except (OSError, ValueError) as error:
        # A lower bound is set already, and only root may raise it.
        log.warning("memory stays bounded as it was: %s", error)


def confine(
    *,
    files: Sequence[str],
    on_gpu: bool,
    folder: str,
    write: Sequence[str] = (),
    connect: Sequence[int] = (),
    ipv6: bool = False,
) -> None:
    """Gives up, for good, what a worker does not need; to be called before it has threads.

    `files` are those of its model, `folder` one of its own for what is temporary, empty for none,
    `write` are what else it may write to, `connect` the ports that it may still connect to, with
    `ipv6` at such addresses, too; it listens where it does by then. Never raises.
    """
    if sys.platform == "darwin":
        _confine_mac([folder, *write])
        return
    if sys.platform != "linux":
        return
    read = [*_SYSTEM, *_of_python(), *files, *_paths("LD_LIBRARY_PATH")]
    may_write = ["/dev/null", "/dev/zero", folder, *write]
    if on_gpu:
        read += _OF_DRIVERS
        may_write += _of_gpus()
    try:
        landlock.no_new_privileges()
        above = [os.path.dirname(folder)]
        landlock.restrict(landlock.Access(read, may_write, above, connect))
        seccomp.refuse_calls(execute=on_gpu, ipv6=ipv6)
    except OSError as error:
        log.warning("this worker is not confined as it should be: %s", error)


def _of_python() -> list[str]:
    """Where this Python has its modules; no folder that holds others' things as well."""
    home = os.path.expanduser("~")
    paths = [sys.prefix, sys.base_prefix, *sys.path]
    rbee_home = os.environ.get("RBEE_HOME") or os.path.join(home, ".rbee")
    private = [os.path.abspath(each) for each in (home, rbee_home)]
    kept = [path for path in map(os.path.abspath, paths) if not _holds(path, private)]
    return [*kept, rbee.__path__[0]]


def _holds(folder: str, others: Sequence[str]) -> bool:
    return any(os.path.commonpath([folder, other]) == folder for other in others)


def _of_gpus() -> Iterator[str]:
    for name in os.listdir("/dev"):
        if name.startswith(_DEVICES):
            yield f"/dev/{name}"
    yield from (os.path.expanduser(path) for path in _CACHES)
    yield from _paths("CUDA_CACHE_PATH")


def _paths(variable: str) -> list[str]:
    return [path for path in os.environ.get(variable, "").split(os.pathsep) if path]


def _confine_mac(write: Sequence[str]) -> None:
    """By the sandbox of macOS: nothing else is written or started, and the token is not read."""
    import ctypes

    rbee_home = os.environ.get("RBEE_HOME") or os.path.expanduser("~/.rbee")
    token = _quoted(os.path.join(rbee_home, "token"))
    may_write = " ".join(f"(subpath {_quoted(path)})" for path in [_MAC_CACHES, *write])
    profile = (
        "(version 1)(allow default)(deny process-exec)"
        f"(deny file-read* (literal {token}))"
        f'(deny file-write*)(allow file-write* (literal "/dev/null") {may_write})'
    )
    try:
        sandbox = ctypes.CDLL("/usr/lib/libsandbox.dylib")
        why = ctypes.c_char_p()
        if sandbox.sandbox_init(profile.encode(), ctypes.c_uint64(0), ctypes.byref(why)) != 0:
            log.warning("this worker is not confined: %s", (why.value or b"").decode())
    except (OSError, AttributeError) as error:
        log.warning("this worker is not confined: %s", error)


def _quoted(path: str) -> str:
    """A path as the profile of a sandbox has it, its links followed."""
    return '"' + os.path.realpath(path).replace("\\", "\\\\").replace('"', '\\"') + '"'
