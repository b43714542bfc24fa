"""Whether a file or a folder can be believed: nobody but its owner has written it.

As OpenSSH's StrictModes: what is believed, and each folder above it, belongs to this user or to
root, and nobody else may write there. A folder whose sticky bit is set, such as ``/tmp``, lets
nobody replace what is another's.
"""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path
from typing import NamedTuple

#: A path with more links than this leads in a circle: the kernel follows 40.
_LONGEST_WAY = 1000
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH
_OTHERS_READ = stat.S_IRGRP | stat.S_IROTH


class Distrust(NamedTuple):
    """Why something is not believed, and what to do about it."""

    why: str
    remedy: str


def distrust_of(path: Path, found: os.stat_result, me: int, *, above: bool) -> Distrust | None:
    """What speaks against something at `path`; pure, but for the members of a group.

    `me` is the user's id, `above`: it is a folder above what is believed.
    """
    mode = stat.S_IMODE(found.st_mode)
    if found.st_uid not in (me, 0):
        return Distrust(
            f"{path} belongs to another user (uid {found.st_uid})",
            "name a folder of your own: export RBEE_HOME=/path/to/folder",
        )
    if stat.S_ISLNK(found.st_mode) or (above and mode & stat.S_ISVTX):
        return None
    others = mode & _OTHERS_WRITE
    if others & stat.S_IWGRP and _is_alone(found.st_gid, found.st_uid):
        others &= ~stat.S_IWGRP
    if others:
        return Distrust(f"{path} can be written by others (mode {mode:o})", f"chmod go-w {path}")
    return None


def distrust(path: Path, *, in_believed: bool = False) -> Distrust | None:
    """What speaks against believing `path`, or what leads to it; None: nothing does.

    Whoever may set a link decides where it leads, so each one on the way is looked at, with the
    folder that it is in. What is not there is no danger. `in_believed`: the folder that it is in,
    and what leads there, has been looked at.
    """
    if sys.platform == "win32":
        return None  # a profile is its user's alone by access lists, of which a mode says nothing
    me = os.geteuid()
    if in_believed:
        try:
            found = os.lstat(path)
        except FileNotFoundError:
            return None
        if not stat.S_ISLNK(found.st_mode):
            return distrust_of(path, found, me, above=False)
    passed, is_there = _on_the_way(path)
    for number, (each, found) in enumerate(reversed(passed)):
        if reason := distrust_of(each, found, me, above=number > 0 or not is_there):
            return reason
    return None


def _on_the_way(path: Path) -> tuple[list[tuple[Path, os.stat_result]], bool]:
    """The folders and links that lead to an absolute path, and what is there, as far as it is; and
    whether it is there."""
    at = Path(path.anchor)
    passed = [(at, os.lstat(at))]
    ahead = list(reversed(path.parts[1:]))
    while ahead and len(passed) < _LONGEST_WAY:
        name = ahead.pop()
        if name == os.pardir:
            at = at.parent
            continue
        with_it = at / name
        try:
            found = os.lstat(with_it)
        except OSError:  # whoever wants to use it is told why that is not possible
            return passed, False
        passed.append((with_it, found))
        if stat.S_ISLNK(found.st_mode):
            to = Path(os.readlink(with_it))
            at = Path(to.anchor) if to.is_absolute() else at
            ahead += reversed(to.parts[1:] if to.is_absolute() else to.parts)
        else:
            at = with_it
    return passed, not ahead


def is_read_by_others(path: Path) -> bool:
    """Whether somebody else may read a file."""
    if sys.platform == "win32":
        return False
    try:
        return bool(os.stat(path).st_mode & _OTHERS_READ)
    except FileNotFoundError:
        return False


def _is_alone(group: int, user: int) -> bool:
    """Whether a group is a user's own, as many systems give each user one."""
    import grp  # late: hardly ever wanted
    import pwd

    try:
        name = pwd.getpwuid(user)
        known = grp.getgrgid(group)
    except KeyError:
        return False
    return name.pw_gid == group and known.gr_name == name.pw_name and not known.gr_mem
