"""Python as it is on Windows: without the modules and functions that only POSIX has."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence

from harness.rig.cluster import ROOT, Cluster

#: What Windows has none of: modules, and what is left out of others.
MODULES = (
    "fcntl",
    "grp",
    "posix",
    "pty",
    "pwd",
    "readline",
    "resource",
    "syslog",
    "termios",
    "tty",
)
MISSING = {
    "os": ("fork", "getuid", "geteuid", "getgid", "killpg", "uname", "getpgid", "mkfifo", "wait3"),
    "signal": ("SIGKILL", "SIGPIPE", "SIGHUP", "SIGUSR1", "SIGALRM", "SIGWINCH", "pthread_sigmask"),
    "socket": ("AF_UNIX", "socketpair"),
}
_BEGIN = """
import asyncio, os, signal, socket, subprocess, sys
import click, click._termui_impl, click.shell_completion, shutil, tempfile, webbrowser
for name, missing in {missing!r}.items():
    for each in missing:
        if hasattr(sys.modules[name], each):
            delattr(sys.modules[name], each)
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name in {modules!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
for name in {modules!r}:
    if name != "posix":
        sys.modules.pop(name, None)
sys.meta_path.insert(0, Refuse())
sys.platform = "win32"
sys.argv = ["rbee-keeper", *sys.argv[1:]]
from rbee.keeper.__main__ import main
main()
"""


def run(words: Sequence[str], environ: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Runs ``rbee-keeper`` with these words on such a Python."""
    begin = _BEGIN.format(missing=MISSING, modules=MODULES)
    return subprocess.run(
        [sys.executable, "-c", begin, *words],
        env={**environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def run_each(
    cluster: Cluster, command_line: str, *, named: bool
) -> list[subprocess.CompletedProcess[str]]:
    """Runs each of the commands that differ by their names alone: ``rbee-keeper ps, hives``.

    With `named` they name the queen of the scenario, and have no home in common with her.
    """
    words = command_line.replace(",", "").split()[1:]
    commands = [[each] for each in words] if "," in command_line else [words]
    home = cluster.work / "windows"
    environ = {**cluster.environment, "HOME": str(home), "RBEE_HOME": str(home / ".rbee")}
    home.mkdir()
    queen = ["--queen", cluster.url("queen"), "--token-file", str(cluster.home / "token")]
    return [run([*each, *(queen if named else [])], environ) for each in commands]


def assert_status(there: Sequence[subprocess.CompletedProcess[str]], status: int) -> None:
    """Each has ended with this status, and without a traceback."""
    for ran in there:
        assert ran.returncode == status, ran
        assert "Traceback" not in ran.stderr, ran
