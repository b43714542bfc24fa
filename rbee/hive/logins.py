"""Who is logged in on this machine, besides the queen's own SSH connection.

`logged_in` judges what was found, and is pure; `find_logged_in` finds it. ``who`` knows terminals,
logind sessions of desktops, and the table of processes what runs over SSH without a terminal. An
SSH connection in which nothing runs is a tunnel, as the queen's is, and counts as nobody.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import psutil

from rbee.process.suspending import said

#: The programs that serve an SSH connection.
_SERVERS = ("sshd", "sshd-session", "sshd-auth", "dropbear")
_PROPERTIES = ("Name", "Class", "State", "Seat", "TTY")


class LoginSession(NamedTuple):
    """A session as logind knows it; empty: it has none of that."""

    user: str
    kind: str
    state: str
    seat: str = ""
    tty: str = ""


class OverSsh(NamedTuple):
    """A program that an SSH server has started."""

    user: str
    program: str


def logged_in(who: str, sessions: Iterable[LoginSession], over_ssh: Iterable[OverSsh]) -> list[str]:
    """Who is there, ``anna on pts/0`` each, nobody twice."""
    lines = (line.split() for line in who.splitlines())
    found = [f"{words[0]} on {words[1]}" for words in lines if len(words) > 1]
    for each in sessions:
        there = each.kind.startswith("user") and each.state != "closing"
        if there and (each.seat or each.tty):
            found.append(f"{each.user} on {each.tty or each.seat}")
    found += [f"{each.user} over SSH ({each.program})" for each in over_ssh]
    return list(dict.fromkeys(found))


def find_logged_in() -> list[str]:
    """Who is logged in on this machine. Blocks, for as long as the system's programs take."""
    ids = [line.split()[0] for line in said(_LIST).splitlines() if line.strip()]
    told = said(("loginctl", "show-session", *_asked(), *ids)) if ids else ""
    return logged_in(said(("who",)), sessions_of(told), _over_ssh())


_LIST = ("loginctl", "list-sessions", "--no-legend", "--no-pager")


def _asked() -> Sequence[str]:
    return [f"--property={name}" for name in _PROPERTIES]


def sessions_of(told: str) -> list[LoginSession]:
    """The sessions that ``loginctl show-session`` tells of: blocks of lines ``Name=anna``."""
    blocks = (block.splitlines() for block in told.split("\n\n"))
    facts = [dict(line.split("=", 1) for line in block if "=" in line) for block in blocks]
    return [LoginSession(*(each.get(name, "") for name in _PROPERTIES)) for each in facts if each]


def _over_ssh() -> list[OverSsh]:
    """What runs over SSH now; the queen's way in has started this hive, which is not counted."""
    names: dict[int, str] = {}
    children: list[psutil.Process] = []
    for process in psutil.process_iter(["name", "ppid", "username"]):
        names[process.pid] = process.info["name"] or ""
        children.append(process)
    found = []
    for process in children:
        parent, own = names.get(process.info["ppid"] or 0, ""), names[process.pid]
        if parent in _SERVERS and own not in _SERVERS and process.pid != os.getpid():
            found.append(OverSsh(process.info["username"] or "somebody", own))
    return found
