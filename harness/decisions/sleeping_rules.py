"""When machines sleep, on paper: the rule of a hive, who is logged in, what suspends a machine."""

from __future__ import annotations

from rbee.hive.logins import LoginSession, OverSsh, logged_in
from rbee.hive.suspension import MachineUse, why_awake
from rbee.process.suspending import Found, SuspendCommand, suspend_command

_NO_RIGHT = SuspendCommand((), "hives may not suspend it", "a rule of polkit")


def judged(described: str) -> str:
    """Whether a machine may be suspended, and why not; of ``was woken, has 1 worker``."""
    origin, *has = described.split(", has ")
    counts, here, suspends = {"worker": 0, "download": 0}, [], SuspendCommand(("suspend",))
    for each in has:
        number, _, what = each.partition(" ")
        if number.isdecimal():
            counts[what.removesuffix("s")] = int(number)
        elif each == "no right":
            suspends = _NO_RIGHT
        else:
            here.append(each)
    woken = origin == "was woken"
    why = why_awake(MachineUse(woken, counts["worker"], counts["download"], here, suspends))
    return f"may not: {why}" if why else "may"


def people_of(who: str, session: str, over_ssh: str) -> str:
    """Who is there: ``anna on pts/0, ...``, or ``nobody``; of a session ``anna user active seat0
    tty2`` and a program ``anna rsync``."""
    sessions = [LoginSession(*session.split())] if cell(session) else []
    programs = [OverSsh(*over_ssh.split())] if cell(over_ssh) else []
    return ", ".join(logged_in(cell(who), sessions, programs)) or "nobody"


def way_of(user: str, platform: str, has: str) -> SuspendCommand:
    """How a machine is suspended that has ``/bin/systemctl, polkit challenge, sudo``."""
    program, *others = has.split(", ")
    polkit = next((each.removeprefix("polkit ") for each in others if "polkit" in each), "")
    return suspend_command(Found(platform, cell(program), user, polkit, "sudo" in others))


def cell(text: str) -> str:
    """What a cell says; ``nothing`` is empty."""
    return "" if text == "nothing" else text
