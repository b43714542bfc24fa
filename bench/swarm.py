"""A place where rbee runs for a measurement, and out of which nothing gets.

A swarm has its own RBEE_HOME in a temporary folder and free ports. What runs in it carries that
RBEE_HOME in its environment, which is how leftovers are found.
"""

from __future__ import annotations

import abc
import functools
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from importlib import resources
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn, TypeVar

import psutil

from harness.rig import census, client, waiting
from harness.rig import program as programs
from harness.rig.cluster import ROOT as ROOT
from harness.rig.ports import free_port as free_port
from harness.rig.program import Finished as Finished
from harness.rig.program import Running

#: What `rbee-keeper` is here: the script that was installed beside this interpreter.
KEEPER = str(Path(sys.executable).with_name("rbee-keeper"))
T = TypeVar("T", bound="Resident")

#: The daemons of a swarm.
ROLES = ("queen", "hive", "worker")

#: A run that takes longer than this is stuck (seconds).
STUCK = 60.0
#: How long what ends by itself may still be seen (seconds).
_LINGER = 5.0
#: Ends a process that still runs: SIGTERM, on which rbee clears up within 30 seconds, then SIGKILL.
end = functools.partial(programs.end, patience_s=35.0)


class RunFailed(AssertionError):
    """A run that was to be measured went wrong, so that its time means nothing.

    What the harness finds wrong is an AssertionError, which means the same here.
    """


class Swarm:
    """One RBEE_HOME with its processes; use it as a context manager."""

    def __init__(self, settings: Mapping[str, object] | None = None) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="rbee-bench-"))
        self.home = self.folder / "home"
        self.queen_port = free_port()
        given = {
            "home": self.home,
            "queen_port": self.queen_port,
            "hive_port": 0,
            "worker_port": 0,
            **(settings or {}),
        }
        self.environment = {
            **programs.clean_environment(),
            **{f"RBEE_{name.upper()}": str(value) for name, value in given.items()},
        }

    def __enter__(self) -> Swarm:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            census.assert_nothing_left(self.home, deadline_s=_LINGER)
        except AssertionError:
            if error is None:
                raise
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def token(self) -> str:
        """The token that the product made."""
        return (self.home / "token").read_text().strip()

    def start(self, command: list[str], **options: Any) -> subprocess.Popen[bytes]:
        """Starts a program in this swarm, out of reach of the terminal's Ctrl+C."""
        return programs.spawn(command, env=self.environment, cwd=ROOT, **options)

    def watch(self, command: list[str], on_output: Callable[[], None] = lambda: None) -> Running:
        """Starts a program whose output is read as it comes; see `Running`."""
        return Running(
            shlex.join(command),
            command,
            environment=self.environment,
            folder=ROOT,
            on_output=on_output,
        )

    def infer(self, prompt: str, *options: str) -> Finished:
        """Runs ``rbee-keeper infer`` on the bundled model from start to exit.

        Raises RunFailed when it does not succeed.
        """
        return _successful(self.time([KEEPER, "infer", *options, prompt]))

    def time(self, command: list[str]) -> Finished:
        """Runs a program to its end. Raises AssertionError when it is stuck."""
        return self.watch(command).finish(STUCK)

    def wait_for_queen(self, queen: subprocess.Popen[bytes]) -> None:
        """Until a queen who was started here answers. Raises AssertionError."""

        def answers() -> bool:
            if queen.poll() is not None:
                self.failed("the queen has ended")
            return answered_well(self.queen_port, "/health")

        waiting.wait_until("the queen is healthy", answers, STUCK)

    def failed(self, what: str) -> NoReturn:
        """Raises RunFailed with the last lines of every log of this swarm."""
        logs = [
            f"{log.name}: {line}"
            for log in sorted(self.folder.rglob("*.log"))
            for line in log.read_text(errors="replace").splitlines()[-5:]
        ]
        raise RunFailed("\n  ".join([what, *logs]))

    def members(self, started: Iterable[int] = ()) -> list[census.Member]:
        """What runs in this swarm, oldest first, and what the processes `started` have begun."""
        found = census.members(self.home, list(started))
        return [member for member in found if not member.is_defunct]


def answered_well(port: int, path: str) -> bool:
    """Whether a server answers this with 200, now."""
    try:
        return client.ask("GET", f"http://127.0.0.1:{port}{path}", timeout=STUCK).status == 200
    except OSError:
        return False  # it does not listen yet


def cpu_seconds(processes: Iterable[psutil.Process]) -> float:
    """The processor time of all of them together."""
    times = [process.cpu_times() for process in processes]
    return float(sum(used.user + used.system for used in times))


def run_alone(swarm: Swarm, prompt: str) -> Finished:
    """Times the bare engine script on the bundled model. Raises RunFailed."""
    script = str(Path(__file__).with_name("engine_alone.py"))
    return _successful(swarm.time([sys.executable, script, model_path(), prompt]))


def model_path() -> str:
    """The model that ships with rbee."""
    return str(resources.files("rbee.hive.models.bundled") / "minillama.gguf")


def _successful(finished: Finished) -> Finished:
    if finished.status != 0:
        raise RunFailed(str(finished))
    return finished


class Resident(abc.ABC):
    """What runs in a swarm of its own; use it as a context manager.

    Making one starts nothing. On entering, everything it needs is started, and it can be asked as
    soon as that has returned.
    """

    def __init__(self, swarm: Swarm) -> None:
        self._swarm = swarm

    def __enter__(self: T) -> T:
        try:
            self._start()
        except BaseException as error:
            self.__exit__(type(error), error, error.__traceback__)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop()
        self._swarm.__exit__(kind, error, trace)

    @abc.abstractmethod
    def _start(self) -> None:
        """Starts it, and returns when it can be asked. Raises AssertionError."""

    @abc.abstractmethod
    def _stop(self) -> None:
        """Ends it, whatever of it has been started."""
