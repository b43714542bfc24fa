"""The harness put to the test: small worlds in which something is wrong on purpose."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Sequence

import psutil

from harness import speclint
from harness.rig import client, transcript
from harness.rig.cluster import ROOT, Cluster
from harness.rig.ports import Ports, PortSlice
from harness.rig.program import Finished
from harness.rig.waiting import wait_until

#: How long a rehearsed scenario waits for what will never leave, in seconds.
PATIENCE_S = 0.5

#: Detaches itself as a daemon does, says its pid, and stays.
_LEFT_BEHIND = """
import os, sys, time
if os.fork():
    os._exit(0)
os.setsid()
if os.fork():
    os._exit(0)
{scrub}
print(os.getpid(), flush=True)
null = os.open(os.devnull, os.O_RDWR)
for stream in (0, 1, 2):
    os.dup2(null, stream)
time.sleep(600)
"""
_SCRUB = "os.execve(sys.executable, [sys.executable, '-c', 'import os, time; "
_SCRUB += "print(os.getpid(), flush=True); [os.close(n) for n in (1, 2)]; time.sleep(600)'], {})"

#: Steps of a rehearsed project.
STEPS = """
import asyncio

from harness.rig.sentences import Context, given, then, when


async def fail_soon():
    raise ValueError("nobody looks at this")


@given("a quiet home")
def quiet(context: Context) -> None:
    assert not context.cluster.files()


@when("nothing bad happens")
def nothing(context: Context) -> None:
    context.cluster.set(idle_worker=1)


@when("a coroutine is never awaited")
async def not_awaited(context: Context) -> None:
    fail_soon()


@when("a task fails in the background")
async def background(context: Context) -> None:
    asyncio.ensure_future(fail_soon())
    await asyncio.sleep(0.01)


@when("a task is still pending at the end")
async def pending(context: Context) -> None:
    asyncio.get_running_loop().call_soon(print, "")
    context.task = asyncio.ensure_future(asyncio.sleep(60))


@when("a log holds a traceback")
def traceback(context: Context) -> None:
    context.cluster.write_log("queen-1.log", "Traceback (most recent call last):")


@when("a log holds the token")
def token(context: Context) -> None:
    context.cluster.secrets.add("s3cret")
    context.cluster.write_log("queen-1.log", "Bearer s3cret")


@when("somebody else holds the port of the hive")
def port(context: Context) -> None:
    context.cluster.hold_port()


@when("the queen is asked")
def asked(context: Context) -> None:
    context.fault = ""


@then("all is well")
def well(context: Context) -> None:
    assert not getattr(context, "fault", "")


@then("it is not as it was promised")
def broken(context: Context) -> None:
    raise AssertionError("the promise was broken")
"""
ENVIRONMENT = f"""
import socket

from harness.rig import tags
from harness.rig.cluster import Cluster

exec(open({str(ROOT / "environment.py")!r}).read())
tags.NEEDS["needs-moon"] = lambda: "no moon is near"


def write_log(self, name, text):
    (self.home / "logs").mkdir(parents=True)
    (self.home / "logs" / name).write_text(text)


def hold_port(self):
    self.holder = socket.create_server(("127.0.0.1", self.ports.hive))


Cluster.write_log = write_log
Cluster.hold_port = hold_port
"""


class Rehearsal:
    """One small world; the methods are what the steps of `features/harness` do and see."""

    def __init__(self, cluster: Cluster, slice_of_ports: PortSlice) -> None:
        """`cluster` is that of the real scenario; what is rehearsed gets its own."""
        self.stage = cluster
        self.inner = Cluster(slice_of_ports.take(), patience_s=PATIENCE_S)
        self.stage.on_close(self.inner.remove)
        self.stage.on_close(self.inner.close)
        self.shown = ""
        self.complaints: list[str] = []
        self.pids: list[int] = []

    # A scenario that leaves something behind.

    def leave_behind(self, with_environment: bool) -> None:
        """A program that outlives the one that started it; else with an empty environment."""
        text = _LEFT_BEHIND.format(scrub="" if with_environment else _SCRUB)
        (self.inner.work / "program.py").write_text(text)
        self.pids.append(int(self.inner.run("python program.py").stdout))

    def found_by_another(self) -> int:
        """How many belong to this home for a program that orphans do not come back to."""
        looks = "import pathlib, sys; from harness.rig import census; "
        looks += "print(len(census.members(pathlib.Path(sys.argv[1]))))"
        environment = {k: v for k, v in os.environ.items() if k != "RBEE_HOME"}
        command = [sys.executable, "-c", looks, str(self.inner.home)]
        found = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True
        )
        return int(found.stdout)

    def bereave(self) -> None:
        """A program that is left an orphan and ends at once; returns when it has."""
        script = "(exec 1<&- 2<&-; exec python -c 'import os; os.setsid()') & echo $!"
        self.pids.append(int(self.inner.run(script).stdout))

    def assert_reaped(self) -> None:
        """The orphan leaves the process table, and nobody had to ask for it."""
        wait_until("the orphan is gone", lambda: not any(map(psutil.pid_exists, self.pids)))

    def end(self) -> None:
        """Ends the rehearsed scenario and keeps its complaints."""
        self.complaints = self.inner.close()

    def assert_complains(self, text: str) -> None:
        """One of the complaints holds `text`."""
        shown = "\n".join(self.complaints)
        assert text in shown, f"no complaint holds {text!r}; there is: {shown or 'none'}"

    def assert_content(self) -> None:
        """There was nothing to complain about."""
        assert not self.complaints, "\n".join(self.complaints)

    def assert_gone(self) -> None:
        """What was left behind was ended, by its pid."""
        left = [pid for pid in self.pids if psutil.pid_exists(pid)]
        assert not left, f"still there: {left}"

    # Narration.

    def match(self, expected: str) -> None:
        """Holds `expected` against what was shown."""
        self._attempt(transcript.assert_in_order, expected, self.shown, Ports(12340))

    # A program that is watched.

    def wait_for(self, line: str) -> None:
        """Waits for a line of the program that was started last, however long."""
        self._attempt(self.stage.current.wait_for_line, line)

    def finish(self) -> None:
        """Waits for the end of the program that was started last."""
        self._attempt(self.stage.finish)

    # The lint.

    def write(self, path: str, text: str) -> None:
        """A file of the rehearsed project."""
        self.stage.write(path, text + "\n")

    def lint(self) -> None:
        """Reads the rehearsed project; each finding is a complaint."""
        folder = self.stage.work
        (folder / "features").mkdir(exist_ok=True)
        (folder / "steps").mkdir(exist_ok=True)
        found = speclint.lint(folder / "features", folder / "steps", ROOT / "harness")
        self.complaints = [str(finding) for finding in found]

    def assert_objections(self, rules: Sequence[str]) -> None:
        """Exactly these rules were broken, each at least once."""
        broken = sorted({line.split("[")[1].split("]")[0] for line in self.complaints})
        assert broken == sorted(rules), f"broken: {broken}\n" + "\n".join(self.complaints)

    # The runner.

    def set_up_project(self) -> None:
        """A project with steps of its own and the hooks of this one."""
        self.write("steps/steps.py", STEPS)
        self.write("environment.py", ENVIRONMENT)

    def run_project(self, arguments: str) -> Finished:
        """Runs the runner on the rehearsed project."""
        return self.stage.run(f"python -m harness.run {arguments}", timeout=180)

    def run_project_faults(self, arguments: str) -> Finished:
        """Tries, or checks, the faults that the rehearsed project keeps."""
        return self.stage.run(f"python -m harness.faults {arguments}", timeout=180)

    def assert_last_line(self, expected: str) -> None:
        """The output of what ran last ends with this line."""
        last = self.stage.last
        lines = last.stdout.splitlines()
        assert lines[-1:] == [expected], f"{lines[-1:]} is not {expected!r}\n{last}"

    def assert_shows(self, text: str) -> None:
        """What ran last printed `text`."""
        assert text in self.stage.last.stdout, f"{text!r} is missing\n{self.stage.last}"

    def assert_shows_all(self, texts: Sequence[str]) -> None:
        """What ran last printed each of these."""
        for text in texts:
            self.assert_shows(text)

    # Event streams.

    async def stream_from(self, text: str) -> client.Stream:
        """What the client makes of a server that answers with `text` as an event stream."""
        head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"

        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(head + text.encode())
            await writer.drain()
            writer.close()

        async with await asyncio.start_server(answer, "127.0.0.1", self.inner.ports.queen):
            return await asyncio.to_thread(client.listen, self.inner.url("queen", "/events"))

    def _attempt(self, work: object, *arguments: object) -> None:
        """Calls `work` and keeps what it complains about."""
        assert callable(work)
        self.complaints = []
        try:
            work(*arguments)
        except AssertionError as error:
            self.complaints = [str(error)]
