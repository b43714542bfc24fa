"""``rbee-keeper logs``: what the programs of this machine wrote, from the files alone."""

from __future__ import annotations

import codecs
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from rbee.keeper.screen import Screen
from rbee.keeper.streams import readable
from rbee.keeper.table import age, table
from rbee.process.home import Home
from rbee.wire.errors import RbeeError, listed, nearest
from rbee.wire.narration import size

#: Seconds between two looks at a log that is followed, where the kernel does not tell of changes.
_LOOK_EVERY = 0.1


def list_logs(screen: Screen, home: Home) -> None:
    """The logs there are, with size and age, the one written last first."""
    found = [(readable(path.stem), path.stat()) for path in _newest_first(home)]
    logs = [
        {"log": name, "size_bytes": at.st_size, "written_at_ms": at.st_mtime_ns // 1_000_000}
        for name, at in found
    ]
    rows = [(name, size(at.st_size), age(at.st_mtime * 1000)) for name, at in found]
    screen.result({"logs": logs}, table("LOG SIZE AGE", rows) if rows else None)
    if not rows:
        screen.hint("no logs yet")


def show_logs(screen: Screen, home: Home, name: str) -> None:
    """The logs of a role, a hive or a worker; several of them under their names, oldest first.

    Raises `not_found` with a near match.
    """
    found = _called(name, home)
    for path in reversed(found):
        if len(found) > 1:
            screen.answer(f"==> {path.stem} <==")
        _write(screen, path.read_bytes().decode("utf-8", "replace"))


def follow_log(screen: Screen, home: Home, name: str) -> None:
    """The newest log of that name, and what is added to it, until Ctrl+C."""
    path = _called(name, home)[0]
    text_of = codecs.getincrementaldecoder("utf-8")("replace")  # a look may end within a character
    with open(path, "rb") as file:
        for _ in _changes(path):
            _write(screen, text_of.decode(file.read()))


def _changes(path: Path) -> Iterator[None]:
    """At once, and then whenever more may stand in the file; never ends.

    Linux tells (inotify); elsewhere it is looked again and again.
    Raises `home_unusable` where Linux has no watch left to give.
    """
    if sys.platform != "linux":
        while True:
            yield
            time.sleep(_LOOK_EVERY)
    from inotify_simple import INotify, flags  # late: it is for those who follow

    try:
        watch = INotify()
        watch.add_watch(path, flags.MODIFY)
    except OSError as error:
        raise RbeeError(
            "home_unusable",
            f"{path} cannot be followed: {error.strerror}",
            "end a program that watches files, or type: sysctl fs.inotify.max_user_instances=512",
        ) from None
    while True:
        yield
        watch.read()


def _newest_first(home: Home) -> list[Path]:
    return sorted(home.logs.glob("*.log"), key=lambda path: -path.stat().st_mtime_ns)


def _called(name: str, home: Home) -> list[Path]:
    """The logs that `name` means: one of that name, else a role's, else those that begin so."""
    logs = _newest_first(home)
    meant = (
        [path for path in logs if path.stem == name],
        [path for path in logs if name in path.stem.partition("-")[::2]],
        [path for path in logs if path.stem.startswith(name)],
    )
    if found := next(filter(None, meant), None):
        return found
    names = [path.stem for path in logs]
    near = nearest(name, names)
    raise RbeeError(
        "not_found",
        f"no log of this machine is called {name!r}",
        f"did you mean {near}?"
        if near
        else f"logs: {listed(names)}; those of another machine lie there, in ~/.rbee/logs",
    )


def _write(screen: Screen, text: str) -> None:
    if text:
        screen.answer(text.removesuffix("\n"))
