"""What of this machine its programs may use: memory and processor time, as control groups bound it.

Phases 4 and 6. A container, a service of systemd and a job of a batch system see all the RAM and
all the cores of the machine they run on, and are throttled, or killed by the kernel, where they
take more than their share. The share of a process is the smallest of the groups it is in, up to
the root. A shell and a batch system bound each program besides, which is refused what is more.
Functions of a file tree: `root` is the root of the file system unless it is said
otherwise, and a machine without control groups has no limits.

Source: the kernel's ``admin-guide/cgroup-v2.rst`` and ``admin-guide/cgroup-v1/memory.rst``;
``proc_pid_mountinfo(5)``.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from rbee.hive.kernel_files import number_of, text_of

#: Version 1 writes a number of pages close to 2**63 bytes where there is no limit.
_NO_LIMIT = 1 << 60
_ROOT = Path("/")
#: Of address space and of data a worker takes so many bytes besides its model: 570 and 200 MB when
#: measured, most of the first for libraries and the stacks of its threads.
_SPACE_WITHOUT_MODEL, _DATA_WITHOUT_MODEL = 640 * 2**20, 256 * 2**20


class ProcessLimits(NamedTuple):
    """What a process may use; None: as much as there is.

    `memory` and `memory_free` are bytes: the smallest limit, and the least that is left below
    any, cached files that nobody has used lately being as good as free. Swap is not counted, for
    a model that is swapped out is of no use. `processors` is processor time over time.
    """

    memory: int | None = None
    memory_free: int | None = None
    processors: float | None = None


class _MemoryFiles(NamedTuple):
    """Files with a limit, the file with the use, and what of `memory.stat` is as good as free."""

    limits: tuple[str, ...]
    used: str
    idle: str


_MEMORY_FILES = {
    1: _MemoryFiles(("memory.limit_in_bytes",), "memory.usage_in_bytes", "total_inactive_file"),
    2: _MemoryFiles(("memory.max", "memory.high"), "memory.current", "inactive_file"),
}


class _ControlGroup(NamedTuple):
    """The folder of a control group, and the version of its files."""

    folder: Path
    version: int


def limits_of_this_process(root: Path = _ROOT) -> ProcessLimits:
    """The limits of this process and of what it starts, now."""
    rooms = [room for group in _groups("memory", root) if (room := _memory(group))]
    shares = [share for group in _groups("cpu", root) if (share := _processors(group))]
    return ProcessLimits(
        min((limit for limit, _ in rooms), default=None),
        max(0, min(limit - used for limit, used in rooms)) if rooms else None,
        min(shares, default=None),
    )


def room_of_a_program(space: int | None, data: int | None) -> int | None:
    """Bytes that a model may take in a program of its own that may have so many bytes of address
    space and of data (``ulimit -v`` and ``-d``); None: as many as there are. Pure."""
    rooms = [
        bound - taken
        for bound, taken in ((space, _SPACE_WITHOUT_MODEL), (data, _DATA_WITHOUT_MODEL))
        if bound is not None
    ]
    return max(0, min(rooms)) if rooms else None


def room_in_a_program() -> int | None:
    """The same for what this process starts, as whoever started it has bounded that."""
    if sys.platform != "linux":
        return None  # elsewhere it is not kept to
    import resource

    bounds = (resource.getrlimit(each)[0] for each in (resource.RLIMIT_AS, resource.RLIMIT_DATA))
    return room_of_a_program(*(None if each == resource.RLIM_INFINITY else each for each in bounds))


def memory_kills(root: Path = _ROOT) -> int:
    """How many processes of this one's group the kernel has killed for want of memory, so far.

    Of the whole machine where the group does not count them; 0 where nobody does.
    """
    for group in _groups("memory", root):
        name = "memory.events" if group.version == 2 else "memory.oom_control"
        counted = _numbers(group.folder / name)
        if "oom_kill" in counted:
            return counted["oom_kill"]
    return _numbers(root / "proc/vmstat").get("oom_kill", 0)


def _memory(group: _ControlGroup) -> tuple[int, int] | None:
    """Limit and use of a group in bytes, if it has a limit."""
    files = _MEMORY_FILES[group.version]
    limits = (number_of(group.folder / name) for name in files.limits)
    limit = min((each for each in limits if each is not None), default=_NO_LIMIT)
    if limit >= _NO_LIMIT:
        return None
    used = number_of(group.folder / files.used) or 0
    return limit, used - min(used, _numbers(group.folder / "memory.stat").get(files.idle, 0))


def _processors(group: _ControlGroup) -> float | None:
    if group.version == 2:
        quota, _, period = text_of(group.folder / "cpu.max").partition(" ")
    else:
        quota = text_of(group.folder / "cpu.cfs_quota_us")
        period = text_of(group.folder / "cpu.cfs_period_us")
    if quota.isdecimal() and period.isdecimal() and int(period):
        return int(quota) / int(period)
    return None  # "max", or -1


def _groups(controller: str, root: Path) -> Sequence[_ControlGroup]:
    """The groups of this process that a controller can have limits in, the innermost first.

    Both versions can be mounted at the same time, each with controllers of its own.
    """
    texts = text_of(root / "proc/self/cgroup"), text_of(root / "proc/self/mountinfo")
    before = _found.get((controller, root))
    if before is not None and before[0] == texts:
        return before[1]
    groups = _groups_in(controller, root, *texts)
    _found[controller, root] = texts, groups
    return groups


#: What was found last, by controller, with the files that it was found in: they seldom change.
_found: dict[tuple[str, Path], tuple[tuple[str, str], Sequence[_ControlGroup]]] = {}


def _groups_in(controller: str, root: Path, groups: str, mounts: str) -> Sequence[_ControlGroup]:
    found: list[_ControlGroup] = []
    paths = _paths(groups)
    for mount in mounts.splitlines():
        before, _, after = mount.partition(" - ")
        fields, kind = before.split(), after.split()
        if len(fields) < 5 or len(kind) < 3:
            continue
        if kind[0] == "cgroup2":
            path, version = paths.get(""), 2
        elif kind[0] == "cgroup" and controller in kind[2].split(","):
            path, version = paths.get(controller), 1
        else:
            continue
        if path is None:
            continue
        point = root / _unescaped(fields[4]).lstrip("/")
        # In a container what is mounted may be the group itself, not the root of all.
        try:
            inside = PurePosixPath(path).relative_to(_unescaped(fields[3]))
        except ValueError:
            inside = PurePosixPath()  # the mount is of another namespace
        if ".." in inside.parts:
            inside = PurePosixPath()
        found += [_ControlGroup(point / folder, version) for folder in (inside, *inside.parents)]
    return found


def _paths(text: str) -> dict[str, str]:
    """The group of this process by controller; that of version 2 has no name."""
    found = {}
    for line in text.splitlines():
        _, controllers, path = line.split(":", 2)
        for controller in controllers.split(","):
            found[controller] = path
    return found


def _unescaped(path: str) -> str:
    """A path of mountinfo, where blanks and the like stand in octal."""
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), path)


def _numbers(path: Path) -> dict[str, int]:
    """A file of lines, each a name and a number."""
    lines = (line.split() for line in text_of(path).splitlines())
    return {line[0]: int(line[1]) for line in lines if len(line) == 2 and line[1].isdecimal()}
