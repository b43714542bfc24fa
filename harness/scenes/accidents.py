"""Accidents that happen to the programs from outside, at an exact moment.

A small module that Python imports at its start watches what a worker does; when it opens its
model it is killed or stopped, as the kernel would do it. The product is as it is.
"""

from __future__ import annotations

import os
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from harness.rig import swarm
from harness.rig.cluster import Cluster

_WATCH = """
import os, signal, sys, threading

_armed = None

def _watch(event, arguments):
    global _armed
    # A worker may be a copy of a hive, and has its own command line only from then on.
    if event != "open" or "rbee.worker" not in sys.orig_argv:
        return
    if not str(arguments[0]).endswith(".gguf"):
        return
    # It looks at its model before it gives up the sight of all other files, and then reads it.
    if _armed is None:
        try:
            os.unlink({plan!r} + "-" + str(sum(name.startswith({name!r} + "-")
                      for name in os.listdir({folder!r}))))
            _armed = True
        except FileNotFoundError:
            _armed = False
    if _armed and not arguments[2] & getattr(os, "O_PATH", 0):
        # This very thread, which goes no further: any other might take what is sent to the process.
        signal.pthread_kill(threading.get_ident(), signal.{signal})

sys.addaudithook(_watch)
"""

_MISSING = """
import sys
sys.modules[{package!r}] = None
"""


_VERSION = """
import sys

if {module!r} in sys.orig_argv:
    import rbee
    rbee.__version__ = {version!r}
"""

_RENAMED = """
import rbee
rbee.__version__ = {version!r}
"""


_HANG = """
import importlib.abc, importlib.util, json, sys, threading

class _Engine(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    # In the place of the engine's class stands one that has it do nothing for some prompts.
    def find_spec(self, name, path, target=None):
        if name != "xllamacpp":
            return None
        sys.meta_path.remove(self)
        self.found = importlib.util.find_spec(name)
        return importlib.util.spec_from_loader(
            name, self, origin=self.found.origin, is_package=True
        )

    def create_module(self, spec):
        spec.submodule_search_locations = self.found.submodule_search_locations
        return None

    def exec_module(self, module):
        module.__file__ = self.found.origin
        self.found.loader.exec_module(module)

        class Hanging(module.Server):
            def handle_chat_completions(self, body, callback):
                if {word!r} in json.dumps(body):
                    threading.Event().wait()
                return super().handle_chat_completions(body, callback)

        module.Server = Hanging

sys.meta_path.insert(0, _Engine())
"""


_BOUNDED = """
import resource

resource.setrlimit(resource.RLIMIT_AS, ({space}, {space}))
"""


_HANG_AGAIN = """
import os, pathlib, signal, sys

if "rbee.worker" in sys.orig_argv:
    # A worker writes to a log of its own from its first moment.
    logs = pathlib.Path(os.readlink("/proc/self/fd/1")).parent
    if len(list(logs.glob("worker-*.log"))) == 2:
        os.kill(os.getpid(), signal.SIGSTOP)
"""


_MUTE = """
import sys

if any(word in sys.orig_argv for word in ("rbee.queen", "rbee.hive")):
    import asyncio, os
    from rbee.hive.heartbeat import HeartbeatSender

    beat = HeartbeatSender._beat

    def be_first():
        try:
            with open({first!r}, "x") as file:
                file.write(str(os.getpid()))
        except FileExistsError:
            pass

    async def beat_unless_first(self):
        with open({first!r}) as file:
            is_first = file.read() == str(os.getpid())
        await (asyncio.Event().wait() if is_first else beat(self))

    HeartbeatSender._beat = beat_unless_first
    # A hive may be a copy of its queen.
    if "rbee.queen" in sys.orig_argv:
        os.register_at_fork(after_in_child=be_first)
    else:
        be_first()
"""


_CLOCK = """
import itertools, time

def _jumping(clock, hour):
    leaps = itertools.cycle((0, hour, 0, -hour))
    return lambda: clock() + next(leaps)

time.time = _jumping(time.time, 3600)
time.time_ns = _jumping(time.time_ns, 3600 * 10**9)
"""


_YEAR_AGO = """
import time

def _late(clock, year):
    return lambda: clock() - year

time.time = _late(time.time, 365 * 86400)
time.time_ns = _late(time.time_ns, 365 * 86400 * 10**9)
"""


_AT_THE_GATE = """
import sys

if {module!r} in sys.orig_argv:
    open({gate!r}).close()
"""


#: What of the product meets something nobody foresaw, and where it stands.
_UNFORESEEN = {
    "the watch over a worker": ("rbee.hive.workers.supervisor", "next_due"),
    "the heartbeat of a hive": ("rbee.hive.heartbeat", "HeartbeatSender._beat"),
    "the reading of a model": ("rbee.worker.daemon", "_read_ahead"),
}

_BREAK = """
import sys

if any(word in sys.orig_argv for word in ("rbee.queen", "rbee.hive", "rbee.worker")):
    import functools, importlib
    *path, name = {name!r}.split(".")
    place = functools.reduce(getattr, path, importlib.import_module({module!r}))

    def fail(*_):
        raise OSError("a bee has flown in")

    setattr(place, name, fail)
"""


def break_inside(cluster: Cluster, what: str) -> None:
    """A part of a program meets an error that nobody foresaw, whenever it is needed."""
    module, name = _UNFORESEEN[what]
    at_start(cluster, _BREAK.format(module=module, name=name))


def kill_while_loading(cluster: Cluster, times: int) -> None:
    """So many workers, one after the other, are killed when they open their model."""
    _plan(cluster, "SIGKILL", times)


def hang_while_loading(cluster: Cluster) -> None:
    """The first worker stops answering when it opens its model, and is soon ended by force."""
    for name in ("RBEE_STOP_REQUEST", "RBEE_STOP_TERM"):
        cluster.environment.setdefault(name, "1")
    _plan(cluster, "SIGSTOP", 1)


def bound_programs(cluster: Cluster, space: int) -> None:
    """Each program may have so many bytes of address space, as a shell bounds it (``ulimit``)."""
    at_start(cluster, _BOUNDED.format(space=space))


def hang_when_started_again(cluster: Cluster) -> None:
    """The second worker stops before it has done anything."""
    at_start(cluster, _HANG_AGAIN)


def mute_first_hive(cluster: Cluster) -> None:
    """The first hive that is woken never sends a heartbeat; all else it does."""
    at_start(cluster, _MUTE.format(first=os.fspath(cluster.folder / "first-hive")))


def hang_engine_at(cluster: Cluster, word: str) -> None:
    """An engine that is asked something with this word in it computes nothing and says nothing."""
    at_start(cluster, _HANG.format(word=word))


def uninstall(cluster: Cluster, package: str) -> None:
    """No program finds this package any more."""
    at_start(cluster, _MISSING.format(package=package))


def change_version(cluster: Cluster, version: str, module: str) -> None:
    """The programs of this module are of another version."""
    at_start(cluster, _VERSION.format(module=module, version=version))


def let_clock_jump(cluster: Cluster) -> None:
    """The time of day is another hour at every look; what is measured goes on as it did."""
    at_start(cluster, _CLOCK)


class Gate:
    """What programs stop at until it is opened: a named pipe that nobody has written to yet."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._opened = -1
        os.mkfifo(path)

    def open(self) -> None:
        """Whoever stops there goes on, and whoever comes later does not stop."""
        self._opened = os.open(self.path, os.O_RDWR)

    def close(self) -> None:
        """Nothing is held open for them any more."""
        if self._opened >= 0:
            os.close(self._opened)


def wait_at(folder: Path, gate: Gate, module: str) -> Path:
    """Where Python finds what makes programs of this module stop at a gate, below `folder`."""
    return _customised(folder, _AT_THE_GATE.format(module=module, gate=os.fspath(gate.path)))


def slow_clock(folder: Path) -> Path:
    """Where Python finds what makes its clock a year late, below `folder`."""
    return _customised(folder, _YEAR_AGO)


def other_version(folder: Path, version: str, module: str = "") -> Path:
    """Where Python finds what makes rbee another version, for `module` alone where one is named."""
    code = _VERSION if module else _RENAMED
    return _customised(folder, code.format(module=module, version=version))


def _customised(folder: Path, code: str) -> Path:
    made = folder / "at-start"
    made.mkdir()
    (made / "sitecustomize.py").write_text(textwrap.dedent(code))
    return made


def _plan(cluster: Cluster, signal: str, times: int) -> None:
    folder = cluster.folder / "accidents"
    folder.mkdir()
    for number in range(1, times + 1):
        (folder / f"plan-{number}").touch()
    plan = os.fspath(folder / "plan")
    at_start(
        cluster, _WATCH.format(plan=plan, name="plan", folder=os.fspath(folder), signal=signal)
    )


def at_start(cluster: Cluster, code: str) -> None:
    """Every Python that the scenario starts from now on runs this code first."""
    folder = _customised(cluster.folder, code)
    search = cluster.environment["PYTHONPATH"]
    cluster.environment["PYTHONPATH"] = f"{folder}{os.pathsep}{search}"


def kill_each(cluster: Cluster, line: str, table: Iterable[Mapping[str, str]]) -> list[str]:
    """Runs the `command` of each row, one after the other in the same home, and kills the program
    of its `role` as soon as the command narrates this line. Where the row has a command that is
    `next`, it is run then.

    Returns what was left running after each of them: an empty text where nothing was. Raises
    AssertionError where a command says no such line, or goes on without an end, and where the next
    one fails.
    """
    left = []
    for row in table:
        cluster.start(row["command"]).wait_for_line(line)
        swarm.kill(cluster, row["role"])
        cluster.finish(timeout=90)
        try:
            cluster.assert_nothing_left()
        except AssertionError as error:
            left.append(f"after the {row['role']} was killed: {error}")
        else:
            left.append("")
        if "next" in row:
            cluster.assert_status(0, cluster.run(row["next"]))
    return left


def assert_nothing_left(left: Sequence[str]) -> None:
    """There were commands, and after none of them anything was left running."""
    assert left and not any(left), "\n".join(filter(None, left))
