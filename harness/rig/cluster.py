"""One scenario's machine: a home, an environment, ports, and the programs run on it.

Nothing here knows how the product works inside; it knows command lines, routes, the files under
RBEE_HOME and the process table, as an outsider does.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import signal
import sqlite3
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fixtures import real
from harness.rig import census, client, credentials, lending, logs, transcript
from harness.rig.ports import DefaultPorts, Ports
from harness.rig.program import Finished, Running, clean_environment
from harness.rig.waiting import wait_until

if TYPE_CHECKING:
    from fixtures.hub.control import FixtureHub
    from harness.rig.control_groups import ControlGroup
    from harness.rig.hosts import Host, Hosts
    from harness.rig.lent_swarms import LentSwarm

ROOT = Path(__file__).resolve().parents[2]
#: A folder in memory, where the system has one: a disk takes some 6 ms to sync a file or remove a
#: folder, and a scenario does a dozen of either.
IN_MEMORY = "/dev/shm"
#: How much has to be free there, in bytes.
_ROOM = 1 << 30
#: Nobody listens there: without a fixture hub a scenario reaches no hub at all.
NO_HUB = "http://127.0.0.1:9"

#: The console scripts and the module that each of them runs.
SCRIPTS = {
    "rbee-keeper": "rbee.keeper",
    "queen-rbee": "rbee.queen",
    "rbee-hive": "rbee.hive",
    "llm-worker-rbee": "rbee.worker",
}
_SHELL_WORDS = ("|", "||", "&&", ";", ">", ">>", "<", "2>", "&", ">&", "<&")


class Cluster:
    """Everything one scenario may touch. `close` says what was left or went wrong."""

    def __init__(
        self,
        ports: Ports,
        *,
        patience_s: float = census.DEADLINE_S,
    ) -> None:
        """`patience_s` is how long the programs may take to leave after the last step."""
        self.ports = ports
        self.patience_s = patience_s
        self.python = sys.executable
        self.folder = Path(tempfile.mkdtemp(prefix="rbee-", dir=folder_for_homes())).resolve()
        self.user_home = self.folder / "home"
        self.home = self.user_home / ".rbee"
        self.work = self.folder / "work"
        self.shelf = self.folder / "shelf"
        for made in (self.user_home, self.work, self.folder / "bin"):
            made.mkdir()
        self.environment = self._clean_environment()
        #: Texts that may stand in no log, no output and no command line, besides the token.
        self.secrets: set[str] = set()
        #: Every process seen so far, by pid, with its command line.
        self.seen: dict[int, census.Member] = {}
        self.finished: list[Finished] = []
        self.started: list[Running] = []
        self._hub: FixtureHub | None = None
        self._hosts: Hosts | None = None
        self._seat: Host | None = None
        self._group: ControlGroup | None = None
        self._give_hub_back: Callable[[], None] = _nothing
        #: Its swarm, where that serves other scenarios, too.
        self.lent: LentSwarm | None = None
        self._closers: list[Callable[[], object]] = []
        self._last_closers: list[Callable[[], object]] = []
        self._warm = False
        self._looked_at = 0.0
        self._looking = threading.Lock()

    # Running programs.

    def run(self, command_line: str, stdin: str | None = None, timeout: float = 180.0) -> Finished:
        """Runs a command line to its end, at most `timeout` seconds.

        The four console scripts and `python` mean those of the project under test. A line with
        pipes or redirections goes through `sh`; NAME=value before the program sets a variable.
        ``$MODELS`` is the folder of the real models, ``$SHELF`` one for models of the scenario.
        """
        running = self.start(command_line, stdin=stdin)
        return self.finish(running, timeout)

    def start(
        self,
        command_line: str,
        terminal: bool = False,
        *,
        stdin: str | None = None,
        keep_stdin: bool = False,
    ) -> Running:
        """Starts a command line and returns at once.

        With `terminal` its three streams are a terminal; with `keep_stdin` its stdin is a pipe
        that stays open for `Running.type`.
        """
        self._write_scripts()
        argv, variables = self._resolve(command_line)
        environment: Mapping[str, str] = self.environment
        if self._hosts is not None:
            self._hosts.write_environments()
        if self._seat is not None:
            argv = [*self._seat.prefix, *argv]
            environment = self.hosts.at_the_keyboard(self._seat.name)
        if self._group is not None:
            argv = [*self._group.prefix, *argv]
        running = Running(
            command_line,
            argv,
            environment={**environment, **variables},
            folder=self.work,
            ports=self.ports,
            terminal=terminal,
            stdin=stdin,
            keep_stdin=keep_stdin,
            on_output=self._look_around,
            explain=self._tails,
        )
        self.started.append(running)
        return running

    def finish(self, running: Running | None = None, timeout: float = 180.0) -> Finished:
        """Waits for the end of `running`, or of the program started last."""
        one = running or self.current
        self._look_around()
        finished = one.finish(timeout)
        self.finished.append(finished)
        return finished

    @property
    def last(self) -> Finished:
        """The program that finished last. Raises AssertionError when none has."""
        assert self.finished, "no program has been run to its end yet"
        return self.finished[-1]

    @property
    def current(self) -> Running:
        """The program started last. Raises AssertionError when none was."""
        assert self.started, "no program has been started yet"
        return self.started[-1]

    def set(self, **settings: object) -> None:
        """Sets numbers of the product for what starts from now on: ``set(idle_worker=0.5)``.

        Each becomes the variable RBEE_<NAME>; None takes it away.
        """
        for name, value in settings.items():
            variable = f"RBEE_{name.upper()}"
            if value is None:
                self.environment.pop(variable, None)
            else:
                self.environment[variable] = str(value)

    def use_home(self, home: Path) -> None:
        """Makes `home` the RBEE_HOME of what starts from now on."""
        self.home = home
        self.environment["RBEE_HOME"] = str(home)

    def write(self, name: str, content: str | bytes) -> Path:
        """A file in the folder in which the programs run."""
        path = self.work / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    # What an outsider sees.

    def assert_narrated(self, expected: str, finished: Finished | None = None) -> None:
        """The lines of `expected` stand on stderr in this order, as whole lines."""
        transcript.assert_in_order(expected, (finished or self.last).stderr, self.ports)

    def assert_not_narrated(self, unexpected: str, finished: Finished | None = None) -> None:
        """None of the lines of `unexpected` stands on stderr."""
        transcript.assert_absent(unexpected, (finished or self.last).stderr, self.ports)

    def assert_status(self, status: int, finished: Finished | None = None) -> None:
        """It ended with this exit status."""
        one = finished or self.last
        assert one.status == status, (
            f"exit status {one.status}, not {status}\n{one}\n{self._tails()}"
        )

    def assert_stdout(self, expected: str, finished: Finished | None = None) -> None:
        """Stdout is exactly this text; a newline at either end does not count."""
        one = finished or self.last
        assert one.stdout.strip("\n") == expected.strip("\n"), (
            f"stdout is {one.stdout!r}, not {expected!r}\n{one}"
        )

    def assert_running(self, role: str, count: int = 1, deadline_s: float = 20.0) -> None:
        """Exactly `count` processes of this role are running, now or within `deadline_s` s."""
        wait_until(
            f"{count} process(es) of the {role} are running",
            lambda: _expect_count(self.processes(role), count),
            deadline_s,
        )

    def assert_answers(self, role: str, deadline_s: float = 30.0) -> None:
        """The server of this role answers on its health route, now or within `deadline_s` s."""
        wait_until(f"the {role} answers", lambda: self._is_healthy(role), deadline_s)

    def assert_nothing_left(self, deadline_s: float | None = None) -> None:
        """No process of the scenario is left and its ports are free."""
        patience = self.patience_s if deadline_s is None else deadline_s
        census.assert_nothing_left(self.home, self.ports.all, patience, self._known_pids)

    def processes(self, role: str | None = None) -> list[census.Member]:
        """The processes of this scenario that have not ended, oldest first."""
        found = census.members(self.home, self._known_pids())
        self._remember(found)
        return [one for one in found if role in (None, one.role) and not one.is_defunct]

    def rows(
        self, database: str, sql: str, parameters: Sequence[object] = ()
    ) -> list[dict[str, Any]]:
        """The rows of a query on ``queen.db`` or ``hive.db``, read only."""
        path = self.home / database
        assert path.exists(), f"{database} is not there; RBEE_HOME holds {self.files()}"
        with contextlib.closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as opened:
            opened.row_factory = sqlite3.Row
            return [dict(row) for row in opened.execute(sql, tuple(parameters))]

    def files(self) -> list[str]:
        """Every file under RBEE_HOME, relative to it."""
        return sorted(
            str(path.relative_to(self.home)) for path in self.home.rglob("*") if path.is_file()
        )

    def logs(self) -> dict[str, str]:
        """Name and text of every log; those of other machines have its name before theirs."""
        found = logs.texts(self.home)
        for host in self._hosts or ():
            if host.rbee_home != self.home:
                texts = logs.texts(host.rbee_home)
                found.update({f"{host.name}/{name}": text for name, text in texts.items()})
        return found

    # HTTP.

    @property
    def token(self) -> str:
        """The token that the product made. Raises AssertionError when there is none yet."""
        path = self.home / "token"
        assert path.exists(), f"there is no token yet; RBEE_HOME holds {self.files()}"
        return path.read_text().strip()

    def secret(self, role_or_url: str) -> str:
        """What opens ``queen``, ``hive``, ``worker`` or the daemon at a URL: each has its own."""
        url = self.url(role_or_url)
        if url.startswith(self.url("queen")):
            return self.token
        return credentials.of(self.token, self._homes(), url)

    def _homes(self) -> list[Path]:
        return [self.home, *(host.rbee_home for host in self._hosts or ())]

    def url(self, role_or_url: str, path: str = "") -> str:
        """Address of ``queen``, ``hive`` or ``worker`` (the first), or of the URL given."""
        if role_or_url.startswith("http"):
            return role_or_url.rstrip("/") + path
        return f"http://127.0.0.1:{getattr(self.ports, role_or_url)}{path}"

    def http(
        self,
        method: str,
        role_or_url: str,
        path: str = "",
        json: Any = None,
        *,
        token: str | None = "the scenario's",
        headers: dict[str, str] | None = None,
        timeout: float = 30.0,
    ) -> client.Answer:
        """One request with what opens that daemon; ``token=None`` sends nothing."""
        with self._inside():
            sent = self.secret(role_or_url) if token == "the scenario's" else token
            return client.ask(
                method,
                self.url(role_or_url, path),
                token=sent,
                body=json,
                headers=headers,
                timeout=timeout,
            )

    def queen_get(self, path: str) -> Any:
        """The JSON that the queen answers with. Raises AssertionError unless it says 200."""
        answer = self.http("GET", "queen", path)
        assert answer.status == 200, f"GET {path}: {answer.status} {answer.text}"
        return answer.json()

    def listen(self, role_or_url: str, path: str, **how: Any) -> client.Stream:
        """A whole event stream, read with what opens that daemon; see `client.listen`."""
        with self._inside():
            secret = self.secret(role_or_url)
            return client.listen(self.url(role_or_url, path), token=secret, **how)

    # The hub.

    @property
    def hub(self) -> FixtureHub:
        """A fixture hub at its beginning, for this scenario alone.

        The first use borrows it, and what starts later uses it.
        """
        if self._hub is None:
            address = "127.0.0.1" if self._hosts is None else self._hosts.gateway
            self._hub, self._give_hub_back = lending.borrow(address)
            self.environment["HF_ENDPOINT"] = self._hub.url
        return self._hub

    # Other machines.

    @property
    def hosts(self) -> Hosts:
        """The other machines; the first use makes their network. They come before the hub."""
        if self._hosts is None:
            # Late, so that scenarios of one machine do not pay for it.
            from harness.rig.hosts import Hosts

            assert self._hub is None, "no other machine reaches a hub that was there before them"
            self._hosts = Hosts(
                self.ports.slice_number, self.folder / "hosts", lambda: self.environment
            )
        return self._hosts

    def sit_at(self, name: str) -> None:
        """The person of the scenario sits down at another machine.

        Its home, its default ports and its addresses are those of what is started and asked
        from now on.
        """
        self._seat = self.hosts[name]
        self.ports = DefaultPorts()
        self.user_home = self._seat.home
        self.home = self._seat.rbee_home

    @property
    def group(self) -> ControlGroup:
        """A control group around what starts from now on; the first use makes it."""
        if self._group is None:
            # Late, as few scenarios want one.
            from harness.rig.control_groups import ControlGroup

            self._group = ControlGroup()
        return self._group

    # The end.

    def expect_warm(self) -> None:
        """Says that programs are meant to run on at the end.

        `close` then asks the queen for a cascade, after which nobody may be left.
        """
        self._warm = True

    def expect_asleep(self) -> None:
        """Takes `expect_warm` back: the scenario itself puts everything to sleep."""
        self._warm = False

    def on_close(self, closer: Callable[[], object]) -> None:
        """Calls `closer` first at the end, the last one given before the others."""
        self._closers.append(closer)

    def on_end(self, closer: Callable[[], object]) -> None:
        """The same, of a swarm that is lent not before nobody else wants it."""
        (self._closers if self.lent is None else self._last_closers).append(closer)

    def rest(self) -> list[str]:
        """The end of a scenario whose swarm goes on; complaints as those of `close`."""
        complaints: list[str] = []
        while self._closers:
            _note(complaints, self._closers.pop())
        if self._hub is not None:
            _note(complaints, self._hub.reset)
        return complaints + self._complaints_of_texts(tracebacks_expected=False)

    def forget(self) -> None:
        """Another scenario begins with the same swarm: it knows of nothing that was done here."""
        self.started = [running for running in self.started if not running.has_ended]
        self.finished.clear()
        self.secrets.clear()
        shutil.rmtree(self.work)
        self.work.mkdir()

    def close(self, *, tracebacks_expected: bool = False) -> list[str]:
        """Ends the scenario and returns one complaint for each thing that is not as it should be.

        Afterwards no process of it runs and its folder is gone (kept with HARNESS_KEEP=1).
        """
        complaints: list[str] = []
        for closer in reversed([*self._last_closers, *self._closers]):
            _note(complaints, closer)
        if self._warm:
            _note(complaints, self._put_to_sleep)
        _note(complaints, self.assert_nothing_left)
        give_hub_back, self._give_hub_back = self._give_hub_back, _nothing
        _note(complaints, give_hub_back)
        complaints += self._complaints_of_texts(tracebacks_expected)
        if self._hosts is not None:
            _note(complaints, self._hosts.close)
        if self._group is not None:
            _note(complaints, self._group.close)
        return complaints

    def remove(self) -> None:
        """Removes the folder of the scenario."""
        if not os.environ.get("HARNESS_KEEP"):
            shutil.rmtree(self.folder, ignore_errors=True)

    def report(self) -> str:
        """What to read when the scenario has failed: each program run, and the logs' ends."""
        shown = {id(running): str(running) for running in self.started}
        return "\n\n".join([*shown.values(), self._tails()])

    # Inside.

    def _put_to_sleep(self) -> None:
        answer = self.http("POST", "queen", "/shutdown?cascade=true")
        assert answer.status == 202, f"the queen refuses to shut down: {answer}"

    def _complaints_of_texts(self, tracebacks_expected: bool) -> list[str]:
        texts = {f"logs/{name}": text for name, text in self.logs().items()}
        stories = {}
        for number, running in enumerate(self.started, 1):
            texts[f"stderr of command {number}"] = running.stderr
            stories[f"stdout of command {number}"] = running.stdout
        complaints = [] if tracebacks_expected else logs.faults_in(texts)
        secrets = set(self.secrets)
        secrets.add(self.environment.get("HF_TOKEN", ""))
        with contextlib.suppress(AssertionError, OSError):
            secrets.add(self.token)
        lines = {
            f"command line of the {member.role}": " ".join(member.command)
            for member in self.seen.values()
        }
        return complaints + logs.leaks_of(secrets, {**texts, **stories, **lines})

    def _look_around(self) -> None:
        """Notes who is there, at most ten times a second; called whenever output comes."""
        now = time.monotonic()
        if now - self._looked_at < 0.1 or not self._looking.acquire(blocking=False):
            return
        try:
            self._looked_at = now
            self._remember(census.members(self.home, self._known_pids()))
        finally:
            self._looking.release()

    def _is_healthy(self, role: str) -> bool:
        try:
            return self.http("GET", role, "/health", token=None).status == 200
        except OSError:
            return False

    def _known_pids(self) -> list[int]:
        started = [running.pid for running in self.started if not running.has_ended]
        return started if self._hosts is None else [*started, *self._hosts.pids()]

    def _inside(self) -> contextlib.AbstractContextManager[None]:
        """Where the scenario asks from: its person's machine."""
        return contextlib.nullcontext() if self._seat is None else self._seat.network.inside()

    def _tails(self) -> str:
        homes = [] if self._hosts is None else [host.rbee_home for host in self._hosts]
        return "\n".join(logs.tails(home) for home in dict.fromkeys([self.home, *homes]))

    def _remember(self, found: Sequence[census.Member]) -> None:
        self.seen.update({member.pid: member for member in found if member.command})

    def _resolve(self, command_line: str) -> tuple[list[str], dict[str, str]]:
        """Argument vector and extra variables of a command line."""
        splitter = shlex.shlex(command_line, posix=True, punctuation_chars=True)
        splitter.whitespace_split = True
        if "$(" in command_line or any(word in _SHELL_WORDS for word in splitter):
            return ["/bin/sh", "-c", command_line], {}
        folders = {"$MODELS": str(real.HOME), "$SHELF": str(self.shelf)}
        words = shlex.split(command_line)
        for name, folder in folders.items():
            words = [word.replace(name, folder) for word in words]
        variables: dict[str, str] = {}
        while words and words[0].partition("=")[0].isidentifier() and "=" in words[0]:
            name, _, value = words.pop(0).partition("=")
            variables[name] = value
        assert words, f"no program in {command_line!r}"
        if words[0] in SCRIPTS:
            words[:1] = [self.python, "-m", SCRIPTS[words[0]]]
        elif words[0] in ("python", "python3"):
            words[0] = self.python
        return words, variables

    def use_python(self, python: str) -> None:
        """Has what starts from now on run from the environment of this Python alone."""
        self.python = python
        self.environment.pop("PYTHONPATH", None)
        # It is written anew with what starts next.
        (self.folder / "bin" / "python").unlink(missing_ok=True)

    def _write_scripts(self) -> None:
        """The console scripts for lines that go through `sh`, with the first program: a decision
        starts none."""
        scripts = self.folder / "bin"
        if (scripts / "python").exists():
            return
        python = shlex.quote(self.python)
        for name, command in {
            **{name: f"{python} -m {module}" for name, module in SCRIPTS.items()},
            "python": python,
        }.items():
            path = scripts / name
            path.write_text(f'#!/bin/sh\nexec {command} "$@"\n')
            path.chmod(0o755)

    def _clean_environment(self) -> dict[str, str]:
        kept = clean_environment()
        search = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
        kept.update(
            HOME=str(self.user_home),
            MODELS=str(real.HOME),
            # Several scenarios share the cores, and threads that wait for one another there crawl.
            RBEE_ENGINE_THREADS="1",
            # It costs each hive that lives for five seconds one of the processor.
            RBEE_PROCESSOR_QUERY_AFTER="3600",
            HF_HOME=str(self.user_home / ".cache" / "huggingface"),
            HF_ENDPOINT=NO_HUB,
            HF_HUB_DISABLE_TELEMETRY="1",
            NO_PROXY="127.0.0.1,localhost",
            PATH=f"{self.folder / 'bin'}{os.pathsep}{kept.get('PATH', os.defpath)}",
            PYTHONPATH=os.pathsep.join(search),
            PYTHONUTF8="1",
            TERM="dumb",
            RBEE_HOME=str(self.home),
            RBEE_QUEEN_PORT=str(self.ports.queen),
            RBEE_HIVE_PORT=str(self.ports.hive),
            RBEE_WORKER_PORT=str(self.ports.worker),
            RBEE_RESTART_DELAYS="0.05,0.1,0.2",
            # So long may a machine that others use keep a program from its processor.
            RBEE_LIST_PATIENCE="8",
            RBEE_STREAM_PATIENCE="20",
            RBEE_READER_GRACE="10",
        )
        return kept


def folder_for_homes() -> str | None:
    """Where homes are made: in memory if there is room and programs may be started there."""
    try:
        found = os.statvfs(IN_MEMORY)
    except OSError:
        return None
    fits = found.f_bavail * found.f_frsize > _ROOM and not found.f_flag & os.ST_NOEXEC
    return IN_MEMORY if fits and os.access(IN_MEMORY, os.W_OK) else None


def freeze(member: census.Member) -> None:
    """Stops a process as SIGSTOP does: it is there, and answers nobody."""
    os.kill(member.pid, signal.SIGSTOP)


def thaw(member: census.Member) -> None:
    """Lets a frozen process go on."""
    os.kill(member.pid, signal.SIGCONT)


def kill(member: census.Member) -> None:
    """kill -9 of a process of the scenario, as an outsider would do it."""
    os.kill(member.pid, signal.SIGKILL)


def _expect_count(found: Sequence[census.Member], count: int) -> bool:
    names = [str(member) for member in found]
    assert len(found) == count, f"{len(found)} found: {names}"
    return True


def _nothing() -> None:
    """No hub was borrowed, none is given back."""


def _note(complaints: list[str], work: Callable[[], object]) -> None:
    """Runs a part of the clean-up; the others run whatever comes of it."""
    try:
        work()
    except Exception as error:
        complaints.append(str(error) or repr(error))
