"""Names and texts that come from outside, judged by the code in this process."""

from __future__ import annotations

import getpass
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from harness.rig.cluster import Cluster
from rbee.queen import shell
from rbee.queen.catalog import HiveRow, ssh_from
from rbee.queen.hive_directory import with_way
from rbee.queen.ssh.config import read_config, resolve
from rbee.queen.ssh.program import for_any_shell
from rbee.wire.errors import RbeeError
from rbee.wire.messages.hives import AddHive, SshTarget
from rbee.wire.names import why_no_host, why_no_user

_KINDS: Mapping[str, Callable[[str], str]] = {"machine": why_no_host, "user": why_no_user}


def spelled(text: str) -> str:
    """What a cell of a table stands for: ``\\n``, ``\\0``, ``64 letters``."""
    many = re.fullmatch(r"(\d+) letters", text)
    if many:
        return "a" * int(many[1])
    return text.replace("\\n", "\n").replace("\\0", "\0")


def judged(text: str, kind: str) -> str:
    """``fine``, or that it is refused, and why."""
    why = _KINDS[kind](spelled(text))
    return f"refused: {why}" if why else "fine"


class Asked(NamedTuple):
    """An SSH configuration that was asked about a host, and the file that its commands write."""

    refusal: str
    ran: str


def look_up(folder: Path, does: str, host: str) -> Asked:
    """Asks a configuration that does this about a host; what it runs, it writes down."""
    ran = folder / "ran"
    ran.unlink(missing_ok=True)
    refusal = ""
    try:
        resolve(
            spelled(host),
            config=_configuration(does, ran),
            home=folder,
            local_user=getpass.getuser(),
        )
    except RbeeError as error:
        refusal = f"{error.code} {error.details['reason']}"
    return Asked(refusal, ran.read_text() if ran.exists() else "")


def configure(cluster: Cluster) -> None:
    """The person's SSH configuration runs a command for each host, and writes down what it ran."""
    ssh = cluster.user_home / ".ssh"
    ssh.mkdir(mode=0o700, exist_ok=True)
    text = _configuration("runs a command for each host", cluster.folder / "ran")
    (ssh / "config").write_text(text)


def assert_ran_nothing(cluster: Cluster) -> None:
    """Nothing was written down by it."""
    assert not (cluster.folder / "ran").exists(), (cluster.folder / "ran").read_text()


def _configuration(does: str, ran: Path) -> str:
    if does == "runs a command for each host":
        return f'Match exec "echo %n >{shlex.quote(str(ran))}"\n  User maria\n'
    name = does.partition('"')[2].rpartition('"')[0]
    options = {
        "jumps over": f"ProxyJump {name}",
        "calls the machine": f"HostName {name}",
        "knows the host key": f"HostKeyAlias {name}",
        "logs in": f"User {name}",
    }
    (option,) = (line for words, line in options.items() if does.startswith(words))
    return f"Host attic\n  {option}\n"


def assert_refused(asked: Asked) -> None:
    """It was refused, and nothing was run."""
    assert asked == Asked("ssh_failed config", ""), asked


_ROWS = {
    "with nothing said of a tunnel": "{}",
    "in the open": '{"tunnel": false}',
    "through SSH": '{"tunnel": true}',
}
_TYPED = {"--tunnel": True, "--no-tunnel": False}


def way_to(typed: str, known: str) -> str:
    """How a machine is spoken to that is added by this command where the catalog has that."""
    host, _, way = known.partition(", ")
    ssh = ssh_from(_ROWS[way]) if way else None
    rows = [HiveRow(host, host, 8600, ssh, None)] if way else []
    tunnel = next((_TYPED[word] for word in typed.split() if word in _TYPED), None)
    target = None if tunnel is None else SshTarget(tunnel=tunnel)
    name = typed.split()[-1]
    decided = with_way(name, AddHive(host=name, ssh=target, install="--install" in typed), rows)
    assert decided.ssh is not None, "it is another machine than the queen's"
    return "through SSH" if decided.ssh.tunnel else "in the open"


def config_of_others(folder: Path, mode: int) -> str:
    """Why an SSH configuration of this mode is not read; empty where it is."""
    ssh = folder / ".ssh"
    ssh.mkdir(mode=0o700, exist_ok=True)
    (ssh / "config").write_text("Host attic\n")
    (ssh / "config").chmod(mode)
    try:
        read_config(folder)
    except RbeeError as error:
        return f"{error.code} {error.details['reason']}"
    return ""


def printed_by(login_shell: str, text: str) -> str:
    """What a program prints that a login shell is to have print `text`."""
    program = shutil.which(login_shell)
    assert program is not None, f"there is no {login_shell}"
    command = for_any_shell(f"printf %s {shlex.quote(spelled(text))}")
    ran = subprocess.run([program, "-c", command], capture_output=True, text=True, check=True)
    return ran.stdout


def believed(told: str) -> list[str]:
    """What is believed of a machine that tells this of itself."""
    facts = shell.facts(told)
    return [f"rbee {facts.rbee}", f"{facts.free_bytes} bytes free"]


def advice(words: str) -> str:
    """What is advised where an installation on `attic` ends with these words."""
    return shell.not_installed("attic", words).suggestion
