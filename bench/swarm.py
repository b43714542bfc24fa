"""A place where rbee runs for a measurement, and out of which nothing gets.

A swarm has its own RBEE_HOME in a temporary folder and free ports. What runs in it carries that
RBEE_HOME in its environment, which is how leftovers are found.
"""

from __future__ import annotations

import abc
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, NoReturn, TypeVar

import psutil

#: What `rbee-keeper` is here: the script that was installed beside this interpreter.
KEEPER = str(Path(sys.executable).with_name("rbee-keeper"))
T = TypeVar("T", bound="Resident")

#: The daemons of a swarm.
ROLES = ("queen", "hive", "worker")
#: Where `python -m bench.…` and `python -m rbee.…` find their packages.
ROOT = Path(__file__).resolve().parents[1]

#: A run that takes longer than this is stuck (seconds).
STUCK = 60.0
#: How long rbee may take to clear up before it is killed (seconds); its own limit is 30.
_STOP = 35.0
#: How long what ends by itself may still be seen (seconds).
_LINGER = 5.0


def role_of(process: psutil.Process) -> str | None:
    """Which daemon of rbee a process is; None for what is none, or has ended."""
    try:
        # One that was forked shows its whole command line as one word.
        words = " ".join(process.cmdline()).split()
    except psutil.NoSuchProcess:
        return None
    return next((role for role in ROLES if f"rbee.{role}" in words), None)


class RunFailed(Exception):
    """A run that was to be measured went wrong, so that its time means nothing."""


class Finished(NamedTuple):
    """A process that has ended: its output and its whole life in seconds."""

    status: int
    stdout: str
    stderr: str
    seconds: float


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
            **{name: value for name, value in os.environ.items() if not name.startswith("RBEE_")},
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
        left = self._left_behind()
        for process in left:
            process.kill()
        psutil.wait_procs(left, _LINGER)
        shutil.rmtree(self.folder, ignore_errors=True)
        if left and error is None:
            raise RunFailed(f"{len(left)} processes of rbee were left behind: {left}")

    def start(self, command: list[str], **options: Any) -> subprocess.Popen[bytes]:
        """Starts a program in this swarm, out of reach of the terminal's Ctrl+C."""
        return subprocess.Popen(
            command,
            env=self.environment,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            **options,
        )

    def infer(self, prompt: str, *options: str) -> Finished:
        """Runs ``rbee-keeper infer`` on the bundled model from start to exit.

        Raises RunFailed when it does not succeed.
        """
        command = [KEEPER, "infer", *options, prompt]
        return _successful(self.time(command), "rbee-keeper infer")

    def time(self, command: list[str]) -> Finished:
        """Runs a program to its end. Raises RunFailed when it is stuck."""
        began = time.perf_counter()
        process = self.start(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            stdout, stderr = process.communicate(timeout=STUCK)
            ended = time.perf_counter()
        except subprocess.TimeoutExpired:
            raise RunFailed(f"{command[0]} did not end within {STUCK:g} s") from None
        finally:
            end(process)
        return Finished(process.returncode, stdout.decode(), stderr.decode(), ended - began)

    def failed(self, what: str) -> NoReturn:
        """Raises RunFailed with the last lines of every log of this swarm."""
        logs = [
            f"{log.name}: {line}"
            for log in sorted(self.folder.rglob("*.log"))
            for line in log.read_text(errors="replace").splitlines()[-5:]
        ]
        raise RunFailed("\n  ".join([what, *logs]))

    def processes(self) -> list[psutil.Process]:
        """What runs in this swarm."""
        return list(filter(self._lives_here, psutil.process_iter()))

    def _left_behind(self) -> list[psutil.Process]:
        """The processes that name this home and do not end by themselves within moments."""
        _, alive = psutil.wait_procs(self.processes(), _LINGER)
        return alive

    def _lives_here(self, process: psutil.Process) -> bool:
        try:
            return process.environ().get("RBEE_HOME") == str(self.home)
        except psutil.Error:
            return False


def end(process: subprocess.Popen[bytes]) -> None:
    """Ends a process that still runs: SIGTERM, on which rbee clears up, then SIGKILL."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is not None:
            return
        process.send_signal(number)
        try:
            process.wait(_STOP)
        except subprocess.TimeoutExpired:
            continue


def run_alone(swarm: Swarm, prompt: str) -> Finished:
    """Times the bare engine script on the bundled model. Raises RunFailed."""
    script = str(Path(__file__).with_name("engine_alone.py"))
    command = [sys.executable, script, model_path(), prompt]
    return _successful(swarm.time(command), "the bare engine script")


def model_path() -> str:
    """The model that ships with rbee."""
    return str(resources.files("rbee.hive.models.bundled") / "minillama.gguf")


def _successful(finished: Finished, what: str) -> Finished:
    if finished.status != 0:
        raise RunFailed(f"{what} ended with {finished.status}:\n{finished.stderr[-2000:]}")
    return finished


def free_port() -> int:
    """A port that nothing listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


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
        """Starts it, and returns when it can be asked. Raises RunFailed."""

    @abc.abstractmethod
    def _stop(self) -> None:
        """Ends it, whatever of it has been started."""
