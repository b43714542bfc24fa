"""``rbee-keeper doctor``: what this machine offers, and what holds of it and of the others; wakes
nobody.

Each check is a function of the home, and says one thing. A check of another area is one more
function in `CHECKS`.
"""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal, NamedTuple

from rbee import __version__
from rbee.keeper import installation
from rbee.keeper.screen import Screen
from rbee.keeper.table import table
from rbee.keeper.windows import refuse_on_windows
from rbee.process import apart, landlock, seccomp
from rbee.process.child import Child
from rbee.process.home import Home
from rbee.process.registered import ENGINES, registered
from rbee.process.suspending import find_suspend_command
from rbee.wire import narration
from rbee.wire.errors import RbeeError
from rbee.wire.messages.basics import decode
from rbee.wire.messages.hives import Examined
from rbee.wire.messages.workers import EngineFacts

#: The version of Landlock since which ports are bounded, too.
_WITH_PORTS = 4
_PROC = Path("/proc")
#: Where a disk is short of room for a model, and for catalogs and logs (bytes).
_LITTLE_ROOM, _NO_ROOM = 2_000_000_000, 50_000_000
_LINUX = sys.platform == "linux"


State = Literal["ok", "partly", "no"]


class Finding(NamedTuple):
    """What a check has found. ``no`` is a fault; ``partly`` is what one can live with."""

    check: str
    state: State
    detail: str
    advice: str = ""


Check = Callable[[Home], Finding]


def files_of_workers(home: Home) -> Finding:
    """Whether a worker sees its model and its socket alone."""
    if not home.settings().confine_workers:
        return _switched_off("files")
    return judged_landlock(landlock.abi())


def _switched_off(check: str) -> Finding:
    advice = "unset RBEE_CONFINE_WORKERS, or remove confine_workers from config.toml"
    return Finding(check, "no", "workers may do what their owner may", advice)


def judged_landlock(abi: int, platform: str = sys.platform) -> Finding:
    """The same, from the version of Landlock that a kernel offers; 0: none. Pure."""
    check = "files"
    if platform == "darwin":
        return Finding(check, "partly", "workers write no file and start no program (sandbox)")
    if not abi:
        advice = "Linux 5.13 or newer with Landlock: lsm=landlock,... among its boot parameters"
        return Finding(check, "no", "workers read whatever their owner may", advice)
    if abi < _WITH_PORTS:
        detail = f"workers see their model alone, and every port (Landlock {abi})"
        return Finding(check, "partly", detail, "Linux 6.7 or newer bounds ports, too")
    return Finding(check, "ok", f"workers see their model and their socket alone (Landlock {abi})")


def calls_of_workers(home: Home) -> Finding:
    """Whether a worker may start programs and look into others."""
    check = "calls"
    if not home.settings().confine_workers:
        return _switched_off(check)
    if not _LINUX:
        return Finding(check, "partly", "workers gain no rights; calls are not filtered here")
    if not seccomp.is_offered():
        detail = "workers gain no rights (no_new_privs); calls are not filtered"
        return Finding(check, "partly", detail, "a kernel with seccomp, on x86-64 or arm64")
    return Finding(check, "ok", "workers start no program and look into none (seccomp)")


def memory_of_workers(home: Home) -> Finding:
    """Whether a worker's memory is bounded, and by what."""
    check, margin = "memory", home.settings().worker_margin_mib
    if not _LINUX:
        return Finding(check, "partly", "this system does not bound the memory of a program")
    if not margin:
        advice = "unset RBEE_WORKER_MARGIN_MIB, or remove worker_margin_mib from config.toml"
        return Finding(check, "no", "workers take as much as there is", advice)
    detail = f"what a model was promised and {margin} MiB (RLIMIT_DATA); first to go when it lacks"
    return Finding(check, "ok", detail)


def engines(home: Home) -> Iterator[Finding]:
    """What each engine of this machine says of itself, the one of its settings first.

    Each is asked as a hive asks it: in a worker, which gets no orders and ends.
    """
    check, settings = "engine", home.settings()
    wanted = settings.engine
    names = [wanted, *sorted(registered(ENGINES).keys() - {wanted})]
    asked = [Child.start("worker", Path(os.devnull), "--engine", name) for name in names]
    for name, child in zip(names, asked, strict=True):
        try:
            facts = child.wait_ready(settings.health_wait_total, lambda line: None).engine
        except RbeeError as error:
            state: State = "no" if name == wanted else "partly"
            yield Finding(check, state, error.message, error.suggestion)
        else:
            assert facts is not None, "a worker's first report is about its engine"
            where, can = ", ".join(facts.backends), ", ".join(["text", *facts.can])
            yield Finding(check, "ok", f"{name} {facts.version}, on {where}: {can}")
            if facts.splits:
                yield over_machines(facts)
        finally:
            child.release()
            child.signal(signal.SIGKILL)
            child.process.wait()
            child.close_reports()


def over_machines(facts: EngineFacts) -> Finding:
    """Whether an engine can lay a model on several machines. Pure."""
    check = "machines"
    if facts.rpc:
        detail = f"{facts.engine} shares a model with machines that speak RPC {facts.rpc}, too"
        return Finding(check, "ok", detail)
    return Finding(check, "partly", facts.no_rpc, facts.install.get("rpc", ""))


def workers_awake(home: Home) -> Finding:
    """Whether the workers that run here now are confined, by what the kernel says of them."""
    check = "workers"
    if not _LINUX:
        return Finding(check, "partly", "this system does not tell of running programs")
    found = list(_workers_of(home))
    loose = [pid for pid, confined in found if not confined]
    if loose:
        pids = ", ".join(map(str, loose))
        advice = "rbee-keeper down ends them; the log of each tells why (rbee-keeper logs worker)"
        return Finding(check, "no", f"not confined: process {pids}", advice)
    return Finding(check, "ok", f"{len(found)} awake, each confined" if found else "none awake")


def disk(home: Home) -> Finding:
    """Whether the disk of the home has room, and what the models on it take."""
    models = home.path / "models"
    taken = sum(map(_size_of, models.rglob("*")))
    return judged_disk(shutil.disk_usage(home.path).free, taken, os.fspath(models))


def _size_of(path: Path) -> int:
    try:
        found = path.lstat()
    except OSError:  # a download has come to its end, say
        return 0
    return found.st_size if stat.S_ISREG(found.st_mode) else 0


def judged_disk(free: int, taken: int, models: str) -> Finding:
    """The same, from the bytes that are free, and those that models in this folder take. Pure."""
    check = "disk"
    detail = f"{narration.size(free)} free; models take {narration.size(taken)} ({models})"
    if free >= _LITTLE_ROOM:
        return Finding(check, "ok", detail)
    advice = "free some space; rbee-keeper models tells what each takes, rbee-keeper rm REF removes"
    return Finding(check, "partly" if free >= _NO_ROOM else "no", detail, advice)


def this_rbee(home: Home) -> Finding:
    """How this rbee was installed, and what upgrades it."""
    found = installation.installation()
    told = installation.obstacle(found)
    if told is None:
        detail = f"{__version__}, in {found.prefix}; to upgrade it: rbee-keeper upgrade"
    else:
        detail = f"{__version__}; {told.why}; to upgrade it: {told.type_this}"
    return Finding("rbee", "ok", detail)


def machines(home: Home) -> Iterator[Finding]:
    """What is on each other machine of the catalog, asked over SSH."""
    if not home.settings().database and not (home.path / "queen.db").exists():
        return
    command = apart.command_of("rbee.queen.examine")
    environ = apart.environment_of(os.environ)
    ran = subprocess.run(
        command, cwd=apart.FOLDER, env=environ, stdin=subprocess.DEVNULL, capture_output=True
    )
    for line in ran.stdout.splitlines():
        yield judged_machine(decode(line, Examined, "what is told of a machine"))
    if ran.returncode:
        words = ran.stderr.decode("utf-8", "replace").split("\n")
        why = next((each for each in reversed(words) if each.strip()), "no reason is told")
        yield Finding("hives", "no", f"the catalog cannot be read: {why}")


def judged_machine(found: Examined) -> Finding:
    """Whether a machine has what it needs to be woken. Pure."""
    check, upgrade = f"hive {found.hive_id}", f"rbee-keeper upgrade --only {found.hive_id}"
    free = narration.size(found.free_bytes)
    if found.error is not None and found.error.code == "ssh_failed":
        return Finding(check, "partly", found.error.message, found.error.suggestion)
    if found.error is not None:
        return Finding(
            check, "no", found.error.message, f"{found.error.suggestion}; then: {upgrade}"
        )
    if found.rbee != __version__:
        has = f"rbee {found.rbee}" if found.rbee else "no rbee"
        return Finding(check, "no", f"{has}, and this is {__version__}; {free} free", upgrade)
    return Finding(check, "ok", f"rbee {found.rbee} on Python {found.python}; {free} free")


def suspension(home: Home) -> Finding:
    """Whether this machine can be suspended by its user, which a hive does that was added with
    ``--wake``."""
    check, found = "suspend", find_suspend_command()
    if found.command:
        detail = f"a hive added with --wake suspends this machine by: {shlex.join(found.command)}"
        return Finding(check, "ok", detail)
    detail = f"a hive added with --wake leaves this machine awake: {found.why}"
    return Finding(check, "partly", detail, found.fix)


CHECKS: tuple[Check, ...] = (
    files_of_workers,
    calls_of_workers,
    memory_of_workers,
    workers_awake,
    disk,
    this_rbee,
    suspension,
)


def doctor(screen: Screen, home: Home) -> int:
    """Tells what each check finds. Returns 1 where one of them finds a fault."""
    refuse_on_windows()
    findings = [*engines(home), *(check(home) for check in CHECKS), *machines(home)]
    rows = [(each.check, each.state, each.detail) for each in findings]
    value = {"checks": [each._asdict() for each in findings]}
    screen.result(value, table("CHECK STATE DETAIL", rows))
    for each in findings:
        if each.advice:
            screen.hint(f"{each.check}: {each.advice}")
    return int(any(each.state == "no" for each in findings))


def _workers_of(home: Home) -> Iterator[tuple[int, bool]]:
    """The workers of this home that hold a model, or load it: process id, whether confined."""
    for folder in _PROC.glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes()
            if b"rbee.worker" not in command or not _is_of(home, folder):
                continue
            lines = (folder / "status").read_text().splitlines()
        except OSError:
            continue  # it has ended, or is somebody else's
        fields = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
        confined = fields.get("NoNewPrivs") == "1" and fields.get("Seccomp", "0") != "0"
        if confined or fields.get("Threads") != "1":  # one with a single thread waits for a model
            yield int(folder.name), confined


def _is_of(home: Home, folder: Path) -> bool:
    names = (folder / "environ").read_bytes().split(b"\0")
    variables = dict(name.split(b"=", 1) for name in names if b"=" in name)
    default = os.path.join(os.fsdecode(variables.get(b"HOME", b"/")), ".rbee")
    return os.fsdecode(variables.get(b"RBEE_HOME", os.fsencode(default))) == os.fspath(home.path)
