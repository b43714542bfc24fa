"""``rbee-keeper logs``: what the programs of this machine wrote, from the files alone."""

from __future__ import annotations

import time
from pathlib import Path

from rbee.keeper.screen import Screen
from rbee.keeper.table import age, table
from rbee.process.home import Home
from rbee.wire.errors import RbeeError
from rbee.wire.messages import encode
from rbee.wire.narration import size

#: Seconds between two looks at a log that is followed.
_LOOK_EVERY = 0.1


def list_logs(screen: Screen, home: Home, *, as_json: bool) -> None:
    """The logs there are, with size and age, the one written last first."""
    found = [(path.stem, path.stat()) for path in _newest_first(home)]
    if as_json:
        logs = [
            {"log": name, "size_bytes": at.st_size, "written_at_ms": at.st_mtime_ns // 1_000_000}
            for name, at in found
        ]
        screen.answer(encode({"logs": logs}).decode())
        return
    rows = [(name, size(at.st_size), age(at.st_mtime * 1000)) for name, at in found]
    if rows:
        screen.answer(table("LOG SIZE AGE", rows))
    else:
        screen.hint("no logs yet")


def show_logs(screen: Screen, home: Home, name: str) -> None:
    """The logs of a role, a hive or a worker; several of them under their names, oldest first.

    Raises `not_found` with a near match.
    """
    found = _called(name, home)
    for path in reversed(found):
        if len(found) > 1:
            screen.answer(f"==> {path.stem} <==")
        _write(screen, path.read_bytes())


def follow_log(screen: Screen, home: Home, name: str) -> None:
    """The newest log of that name, and what is added to it, until Ctrl+C."""
    with open(_called(name, home)[0], "rb") as file:
        while True:
            _write(screen, file.read())
            time.sleep(_LOOK_EVERY)


def _newest_first(home: Home) -> list[Path]:
    return sorted(home.logs.glob("*.log"), key=lambda path: -path.stat().st_mtime_ns)


def _called(name: str, home: Home) -> list[Path]:
    """The logs that `name` means: one of that name, else a role's, else those that begin so."""
    logs = _newest_first(home)
    for means in (_is, _is_of, _begins_with):
        found = [path for path in logs if means(path.stem, name)]
        if found:
            return found
    import difflib

    near = difflib.get_close_matches(name, [path.stem for path in logs], 1)
    raise RbeeError(
        "not_found",
        f"no log is called {name!r}",
        f"did you mean {near[0]}?" if near else "rbee-keeper logs lists them",
    )


def _is(stem: str, name: str) -> bool:
    return stem == name


def _is_of(stem: str, name: str) -> bool:
    return name in (stem.partition("-")[0], stem.partition("-")[2])


def _begins_with(stem: str, name: str) -> bool:
    return stem.startswith(name)


def _write(screen: Screen, data: bytes) -> None:
    if data:
        screen.answer(data.decode("utf-8", "replace").removesuffix("\n"))
