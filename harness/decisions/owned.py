"""Homes that somebody else may have written."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

from harness.rig.cluster import Cluster

_SOMEBODY = 4321


def use(cluster: Cluster, state: str) -> None:
    """A home with what a prompt leaves there, which is then as `state` says."""
    above = cluster.home.parent / "above"
    above.mkdir(mode=0o700)
    home = above / "home"
    home.mkdir(mode=0o700)
    for name in ("token", "queen.db", "config.toml"):
        (home / name).touch(0o600)
    (home / "token").write_text("a-token-of-this-home\n")
    cluster.use_home(home)
    _CHANGES[state](cluster, above, home)


def _give(path: Path) -> None:
    os.chown(path, _SOMEBODY, _SOMEBODY)


def _open_journal(home: Path) -> None:
    journal = home / "queen.db-wal"
    journal.touch()
    journal.chmod(0o666)


def _linked(cluster: Cluster, above: Path) -> None:
    open_to_all = above / "open"
    open_to_all.mkdir()
    (open_to_all / "link").symlink_to(cluster.home)
    open_to_all.chmod(0o777)
    cluster.use_home(open_to_all / "link")


def _linked_on(cluster: Cluster, above: Path) -> None:
    """A link of one's own leads to one that anybody may set."""
    _linked(cluster, above)
    (above / "link").symlink_to(cluster.home)
    cluster.use_home(above / "link")


def _linked_by_another(cluster: Cluster, above: Path) -> None:
    link, theirs = above / "theirs", above / "chosen"
    theirs.mkdir()
    link.symlink_to(theirs)
    os.lchown(link, _SOMEBODY, _SOMEBODY)
    cluster.use_home(link)


def _copied(cluster: Cluster) -> None:
    cluster.shelf.mkdir(exist_ok=True)
    copy = cluster.shelf / "copy"
    copy.write_text(cluster.token)
    copy.chmod(0o666)


#: What is done to a home in a folder, by what is then said of it.
_CHANGES: dict[str, Callable[[Cluster, Path, Path], None]] = {
    "into which anybody may write": lambda _c, _a, home: home.chmod(0o777),
    "whose settings anybody may write": lambda _c, _a, home: (home / "config.toml").chmod(0o666),
    "whose catalog anybody may write": lambda _c, _a, home: (home / "queen.db").chmod(0o666),
    "whose catalog's journal anybody may write": lambda _c, _a, home: _open_journal(home),
    "in a folder into which anybody may write": lambda _c, above, _h: above.chmod(0o777),
    "reached by a link that anybody may set": lambda cluster, above, _h: _linked(cluster, above),
    "reached by a link to one that anybody may set": lambda cluster, above, _h: _linked_on(
        cluster, above
    ),
    "that is a link of another user": lambda cluster, above, _h: _linked_by_another(cluster, above),
    "whose token anybody may read": lambda _c, _a, home: (home / "token").chmod(0o644),
    "that belongs to another user": lambda _c, _a, home: _give(home),
    "whose settings belong to another user": lambda _c, _a, home: _give(home / "config.toml"),
    "whose token belongs to another user": lambda _c, _a, home: _give(home / "token"),
    "and a file with its token that anybody may write": lambda cluster, _a, _h: _copied(cluster),
}


def assert_nothing_made(cluster: Cluster) -> None:
    """Nothing was made where that home leads."""
    found = list(cluster.home.resolve().iterdir())
    assert not found, found


def assert_private(cluster: Cluster) -> None:
    """No other user may read or write anything in the home."""
    found = {path: stat.S_IMODE(path.stat().st_mode) for path in cluster.home.rglob("*")}
    assert {path.name for path in found} >= {"token", "queen.db", "hive.db", "logs"}, found
    assert not {path: oct(mode) for path, mode in found.items() if mode & 0o077}
