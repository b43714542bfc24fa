"""Which processes belong to a scenario, and that none of them outlives it.

A process belongs to a scenario when its environment names the scenario's RBEE_HOME, when it
descends from one that does, or when it came back to the test runner as an orphan. For the last
the runner makes itself the child subreaper (Linux), which also means that it has to reap what it
adopts: a handler of SIGCHLD does so at once, as init would, so that the product never sees a
zombie which on a real machine would be gone.
"""

from __future__ import annotations

import contextlib
import ctypes
import itertools
import os
import resource
import select
import signal
import sys
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import psutil

from harness.rig import ports as port_numbers

#: How long the programs of a scenario may take to leave after its last step, in seconds: less than
#: one that does not hear has until it is ended (`stop_request` and `stop_term`).
DEADLINE_S = 14.0
#: How long what was killed by force may take to disappear, in seconds.
BURIAL_S = 20.0
#: How far the clock may be set while a process runs, in seconds.
CLOCK_S = 5.0

_PR_SET_CHILD_SUBREAPER = 36
_ADOPTS = _IS_LINUX = sys.platform.startswith("linux")
_SCRIPTS = {
    "rbee-keeper": "keeper",
    "queen-rbee": "queen",
    "rbee-hive": "hive",
    "llm-worker-rbee": "worker",
}
ROLES = tuple(_SCRIPTS.values())

#: Children that somebody in this process waits for; the handler leaves them alone.
_owned: set[int] = set()
_spawning = 0
#: Whether orphans come back to this process: it has asked for that.
_adopting = False
#: Processes that were there before this one, and still are.
_older: dict[int, int] = {}
#: RBEE_HOME of swarms that wait for the next scenario: they are part of none meanwhile.
resting: set[str] = set()


@dataclass(frozen=True)
class Member:
    """One process of a scenario as it was seen; `started` is seconds since the epoch."""

    pid: int
    parent: int
    role: str
    status: str
    command: tuple[str, ...]
    started: float

    @property
    def is_defunct(self) -> bool:
        """Whether it has ended and nobody has collected its exit status."""
        return self.status == str(psutil.STATUS_ZOMBIE)

    def __str__(self) -> str:
        line = " ".join(self.command) or "(no command line)"
        return f"pid {self.pid} (parent {self.parent}) {self.role}, {self.status}: {line[:300]}"


# Adoption.


def adopt_orphans() -> bool:
    """Makes this process the one to which orphans come back; False where no kernel offers it.

    To be called once, from the main thread, before the first scenario.
    """
    if not _ADOPTS:
        return False
    global _adopting
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")
    _adopting = True
    signal.signal(signal.SIGCHLD, _on_child)
    return True


def take_charge() -> None:
    """What a program that runs scenarios begins with: it adopts orphans, and hands Ctrl+C on.

    One in the background ignores Ctrl+C, and so would every program that it starts.
    """
    adopt_orphans()
    signal.signal(signal.SIGINT, signal.default_int_handler)


@contextlib.contextmanager
def spawning() -> Iterator[set[int]]:
    """While a child is made: add its pid to the set that this yields, and nobody else buries it."""
    global _spawning
    _spawning += 1
    try:
        yield _owned
    finally:
        _spawning -= 1
        reap_adopted()


def disown(pid: int) -> None:
    """Says that the exit status of this child has been collected."""
    _owned.discard(pid)


def reap_adopted() -> list[int]:
    """Collects the orphans that have ended and returns their pids."""
    reaped: list[int] = []
    while not _spawning and (ended := _ended_child()) is not None:
        # A thread may have collected it by now.
        with contextlib.suppress(OSError):
            if ended and _is_adopted(ended):
                reaped += _reap([ended])
                continue
            # It hides who has ended besides it.
            return reaped + _reap(_adopted())
    return reaped


def processor_s() -> float:
    """What this process has used of the processor, and those that it has reaped and theirs (s)."""
    used = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in used)


def _on_child(_number: int, _frame: FrameType | None) -> None:
    reap_adopted()


def _ended_child() -> int | None:
    """Some child that has ended; None where none has, 0 where the system does not tell."""
    if not hasattr(os, "waitid"):
        return 0
    try:
        found = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return None
    return found and found.si_pid


def _has_child() -> bool:
    """Whether this process has any child, be it one that has ended, or one that came back."""
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def _reap(pids: Iterable[int]) -> list[int]:
    """Collects those of these children that have ended."""
    reaped = []
    for pid in pids:
        with contextlib.suppress(ChildProcessError):
            if os.waitpid(pid, os.WNOHANG)[0] == pid:
                reaped.append(pid)
    return reaped


def _adopted() -> list[int]:
    """The children that this process did not start itself."""
    found: list[int] = []
    for child in _children():
        with contextlib.suppress(OSError):
            if _is_adopted(child):
                found.append(child)
    return found


def _children() -> list[int]:
    """The children of this process, by proc_pid_children(5) where there is that: psutil looks
    through all processes of the machine."""
    try:
        return [
            int(pid)
            for thread in os.listdir("/proc/self/task")
            for pid in Path(f"/proc/self/task/{thread}/children").read_text().split()
        ]
    except FileNotFoundError:
        # It is not there, or a thread has ended meanwhile.
        return [child.pid for child in psutil.Process().children()]


def _is_adopted(child: int) -> bool:
    """Whether another has started this child. Raises OSError when it is gone.

    What a test starts plainly shares the runner's session; what the product detaches does not.
    """
    return child not in _owned and os.getsid(child) != os.getsid(0)


# Who is there.


def role_of(command: Iterable[str]) -> str:
    """The role that a command line plays, or the name of its program."""
    # A program that was forked shows its whole command line as one word.
    words = " ".join(command).split()
    for before, word in itertools.pairwise(words):
        if before == "-m" and word.split(".")[0] == "rbee":
            return word.removeprefix("rbee.")
    for word in words[:2]:
        if os.path.basename(word) in _SCRIPTS:
            return _SCRIPTS[os.path.basename(word)]
    return os.path.basename(words[0]) if words else "unknown"


def members(home: Path, also: Collection[int] = ()) -> list[Member]:
    """Every process of the scenario whose RBEE_HOME is `home`, oldest first.

    `also` are pids that belong to it whatever their environment says.
    """
    if _adopting and not _has_child():
        return []
    parents = _parents_of_younger()
    chosen: set[int] = {pid for pid in also if pid in parents}
    lives: dict[int, bool] = {}
    for pid in parents:
        if _adopting and _is_another_ones(pid, parents, lives):
            continue
        with contextlib.suppress(psutil.Error, OSError):
            came_back = _adopting and parents[pid] == os.getpid() and _is_adopted(pid)
            its_home = _home_of(pid)
            if its_home == str(home) or (came_back and its_home not in resting):
                chosen.add(pid)
    grown = True
    while grown:
        more = {pid for pid, parent in parents.items() if parent in chosen} - chosen
        chosen |= more
        grown = bool(more)
    return described(chosen)


def _is_another_ones(pid: int, parents: dict[int, int], lives: dict[int, bool]) -> bool:
    """Whether a process descends from somebody else, who lives: where orphans come back, it is none
    of ours. By the `parents` of all who are younger than this process; `lives` is filled."""
    while pid in parents:
        pid = parents[pid]
    if pid not in lives:
        lives[pid] = psutil.pid_exists(pid)
    return pid != os.getpid() and lives[pid]


def _home_of(pid: int) -> str:
    """Its RBEE_HOME; empty where it has none, and of one that is ending, which shows nothing."""
    with contextlib.suppress(psutil.Error, OSError):
        if not _IS_LINUX:
            return psutil.Process(pid).environ().get("RBEE_HOME", "")
        with open(f"/proc/{pid}/environ", "rb") as file:
            _, found, behind = (b"\0" + file.read()).partition(b"\0RBEE_HOME=")
        return os.fsdecode(behind.partition(b"\0")[0]) if found else ""
    return ""


def _parents_of_younger() -> dict[int, int]:
    """The processes that have started after this one, as all of a scenario has, each with its
    parent. On Linux by what the kernel shows, which takes the least time."""
    found: dict[int, int] = {}
    if _IS_LINUX:
        # The inode tells whether a pid is still the same process: another one gets another.
        there = {
            int(each.name): each.inode() for each in os.scandir("/proc") if each.name.isdecimal()
        }
        for pid in [pid for pid, inode in _older.items() if there.get(pid) != inode]:
            del _older[pid]
        _, mine = _parent_and_start(os.getpid())
        mine -= int(CLOCK_S * os.sysconf("SC_CLK_TCK"))
        for pid in there.keys() - _older.keys() - {os.getpid()}:
            with contextlib.suppress(OSError):
                parent, started = _parent_and_start(pid)
                if started >= mine:
                    found[pid] = parent
                else:
                    _older[pid] = there[pid]
        return found
    began = psutil.Process().create_time() - CLOCK_S
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.pid != os.getpid() and process.create_time() >= began:
                found[process.pid] = process.ppid()
    return found


def _parent_and_start(pid: int) -> tuple[int, int]:
    """By proc_pid_stat(5); when it has started is in ticks of the system. Raises OSError."""
    with open(f"/proc/{pid}/stat", "rb") as file:
        fields = file.read().rpartition(b")")[2].split()
    return int(fields[1]), int(fields[19])


def described(pids: Iterable[int]) -> list[Member]:
    """Those of the processes that are still there, oldest first."""
    found = [_member(pid) for pid in pids]
    return sorted((one for one in found if one is not None), key=lambda one: one.started)


def used_s(found: Iterable[Member]) -> float:
    """What these processes have used of the processor until now, in seconds; nothing of those that
    are gone."""
    used = 0.0
    for one in found:
        with contextlib.suppress(psutil.Error):
            times = psutil.Process(one.pid).cpu_times()
            used += times.user + times.system
    return used


def _member(pid: int) -> Member | None:
    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        with process.oneshot():
            try:
                command = tuple(process.cmdline())
            except (psutil.ZombieProcess, psutil.AccessDenied):
                command = ()
            return Member(
                pid=pid,
                parent=process.ppid(),
                role=role_of(command),
                status=str(process.status()),
                command=command,
                started=process.create_time(),
            )
    return None


# That nobody is left.


def assert_nothing_left(
    home: Path,
    ports: Iterable[int] = (),
    deadline_s: float = DEADLINE_S,
    also: Callable[[], Collection[int]] = tuple,
) -> None:
    """Waits until no process of the scenario is left and none of its `ports` is held.

    After `deadline_s` seconds it kills what is left, each by its pid, so that the next scenario
    starts clean, and raises AssertionError that names them. `also` gives pids that belong to it
    and run at the time of the call, whatever their environment says.
    """
    left = _wait_for_nobody(home, deadline_s, also)
    complaints = []
    if left:
        names = "\n".join(f"    {member}" for member in left)
        complaints.append(f"{len(left)} left behind after {deadline_s} s:\n{names}")
        stubborn = kill_all(home, also)
        complaints += [f"could not be killed: {member}" for member in stubborn]
    complaints += [f"port {port} is still held" for port in port_numbers.held(ports)]
    if complaints:
        raise AssertionError("\n".join(complaints))


def kill_all(home: Path, also: Callable[[], Collection[int]] = tuple) -> list[Member]:
    """Kills every process of the scenario by its pid; returns those that would not go."""
    end = time.monotonic() + BURIAL_S
    left = members(home, also())
    while left and time.monotonic() < end:
        for member in left:
            with contextlib.suppress(psutil.Error):
                process = psutil.Process(member.pid)
                if process.create_time() == member.started:
                    process.kill()
        _wait_for_an_exit(left, 0.2)
        reap_adopted()
        left = members(home, also())
    return left


def _wait_for_nobody(
    home: Path, deadline_s: float, also: Callable[[], Collection[int]]
) -> list[Member]:
    end = time.monotonic() + deadline_s
    while True:
        reap_adopted()
        left = members(home, also())
        remaining = end - time.monotonic()
        if not left or remaining <= 0:
            return left
        # Somebody may start while we wait for another to end, hence the second look.
        _wait_for_an_exit(left, min(remaining, 0.5))


def _wait_for_an_exit(watched: Iterable[Member], timeout_s: float) -> None:
    """Returns when the first of them ends, at the latest after `timeout_s` seconds."""
    alive = [member for member in watched if not member.is_defunct]
    if not alive or not hasattr(os, "pidfd_open"):
        time.sleep(min(timeout_s, 0.02))
        return
    poll = select.poll()
    descriptors = []
    try:
        for member in alive:
            with contextlib.suppress(OSError):
                descriptors.append(os.pidfd_open(member.pid))
                poll.register(descriptors[-1], select.POLLIN)
        if len(descriptors) == len(alive):
            poll.poll(timeout_s * 1000)
    finally:
        for descriptor in descriptors:
            os.close(descriptor)
    # The end shows before the one who has to collect it has done so.
    time.sleep(0.005)
