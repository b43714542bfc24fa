"""Models that change behind their name: files of the user's own, and new versions on the hub."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import psutil

from harness.rig.census import Member
from harness.rig.cluster import ROOT, Cluster
from harness.rig.waiting import wait_until
from rbee.process.content import content_id

#: What the model says whatever it is asked, that takes the place of another one.
OTHER_SAYS = "Hello!"
_STOPPED = str(psutil.STATUS_STOPPED)


def take_place(cluster: Cluster, name: str) -> None:
    """Another model is moved to where a file was, as most programs replace a file."""
    # Late: naming the repositories makes their models.
    from fixtures.hub.models import caller_llama

    new = cluster.write(f"{name}.new", caller_llama().body)
    os.replace(new, cluster.work / name)


def own_parts(cluster: Cluster, count: int) -> str:
    """A model of the user's own, cut into so many files; the name of the first."""
    from fixtures.hub.models import split_minillama

    names = [f"mine-{number:05}-of-{count:05}.gguf" for number in range(1, count + 1)]
    for number, name in enumerate(names, 1):
        cluster.write(name, split_minillama("q8_0", number, count).body)
    return names[0]


def put_projector(cluster: Cluster) -> None:
    """The projector of the only model lies in the folder, too, from now on."""
    from fixtures.hub.models import projector

    cluster.write("mmproj-f16.gguf", projector().body)


def ask_about(cluster: Cluster, name: str, picture: str) -> None:
    """Asks the model in a file of the user's own about a picture; the swarm stays warm."""
    cluster.run(f"{_question(cluster, name)} --image {cluster.work / picture}")


def lead_elsewhere(cluster: Cluster, link: str, name: str) -> None:
    """A link leads to this file from now on."""
    path = cluster.work / link
    path.unlink(missing_ok=True)
    path.symlink_to(cluster.work / name)


def move_away(cluster: Cluster, name: str) -> None:
    """A file is called otherwise from now on."""
    os.rename(cluster.work / name, cluster.work / f"{name}.old")


def ask_file(cluster: Cluster, name: str) -> None:
    """Asks the model in a file of the user's own something; the swarm stays warm."""
    cluster.run(_question(cluster, name))


def ask_file_until_opened(cluster: Cluster, name: str) -> Member:
    """A question is under way whose worker stopped when it was to open its model."""
    cluster.start(_question(cluster, name))

    def stopped() -> Member:
        found = [each for each in cluster.processes("worker") if each.status == _STOPPED]
        assert found, cluster.processes("worker")
        return found[0]

    return wait_until("a worker has stopped before it reads its model", stopped)


def have_asked_file(cluster: Cluster, name: str) -> None:
    """The same, as a state: it has answered, and what was woken for it is warm."""
    cluster.assert_status(0, cluster.run(_question(cluster, name)))
    cluster.expect_warm()


def run_file_until(cluster: Cluster, name: str) -> None:
    """A long answer of the model in a file is under way in another terminal."""
    cluster.start(_question(cluster, name, 100_000)).wait_for_text()


def assert_version(cluster: Cluster, repository: str, file: str, number: int) -> None:
    """The disk holds this version of a file (from 1), and no other, now or in a moment."""
    from fixtures.hub.repositories import REPOSITORIES
    from fixtures.hub.server import content_at

    wanted = [content_at(REPOSITORIES[repository], file, number - 1).size]

    def alone() -> bool:
        found = [path.stat().st_size for path in (cluster.home / "models").rglob(file)]
        assert found == wanted, f"{found} bytes, not {wanted}; {cluster.files()}"
        return True

    wait_until(f"version {number} of {file} is on the disk alone", alone)


# What counts as the same content, in this process.


def verdict_on(change: str) -> str:
    """What a model in two parts is after a change: ``the same``, ``another`` or ``gone``."""
    with tempfile.TemporaryDirectory(prefix="rbee-") as made:
        folder = Path(made)
        first, second = (folder / f"a-0000{number}-of-00002.gguf" for number in (1, 2))
        for part in (first, second):
            part.write_bytes(b"GGUF" * 64)
        link = folder / "link.gguf"
        link.symlink_to(first)
        before = content_id([os.fspath(link), os.fspath(second)])
        asked = _CHANGES[change](first, second, link)
        try:
            after = content_id([os.fspath(path) for path in asked])
        except FileNotFoundError:
            return "gone"
        return "the same" if after == before else "another"


def _look_alike(first: Path, second: Path, link: Path) -> list[Path]:
    new = second.with_suffix(".new")
    new.write_bytes(b"GGML" * 64)
    shutil.copystat(second, new)
    os.replace(new, second)
    return [first, second]


def _write_into(first: Path, second: Path, link: Path) -> list[Path]:
    with open(second, "r+b") as file:
        file.write(b"GGML")
    old = second.stat().st_mtime_ns
    os.utime(second, ns=(old + 1, old + 1))  # a clock may stand still between the two
    return [first, second]


def _lengthen(first: Path, second: Path, link: Path) -> list[Path]:
    with open(first, "ab") as file:
        file.write(bytes(1))
    return [first, second]


def _lead_elsewhere(first: Path, second: Path, link: Path) -> list[Path]:
    link.unlink()
    link.symlink_to(second)
    return [link, second]


def _copy(first: Path, second: Path, link: Path) -> list[Path]:
    return [Path(shutil.copy2(first, first.with_suffix(".copy"))), second]


def _name_again(first: Path, second: Path, link: Path) -> list[Path]:
    other = first.with_suffix(".other")
    other.hardlink_to(first)
    return [other, second]


def _move_away(first: Path, second: Path, link: Path) -> list[Path]:
    second.rename(second.with_suffix(".old"))
    return [first, second]


_CHANGES: Mapping[str, Callable[[Path, Path, Path], list[Path]]] = {
    "nothing happens": lambda first, second, link: [link, second],
    "it is asked for without the link": lambda first, second, link: [first, second],
    "the second part is replaced by one as long and as old": _look_alike,
    "the second part is written into": _write_into,
    "the first part grows": _lengthen,
    "the link leads elsewhere": _lead_elsewhere,
    "another name of the first part is asked for": _name_again,
    "a copy of the first part is asked for": _copy,
    "the second part is moved away": _move_away,
}


def name_thrice(cluster: Cluster) -> list[str]:
    """The references of a model on the shelf: its file, a link to it, and another name of it."""
    cluster.shelf.mkdir(exist_ok=True)
    file, link, other = (cluster.shelf / f"{name}.gguf" for name in ("file", "link", "other"))
    shutil.copy2(ROOT / "rbee" / "hive" / "models" / "bundled" / "minillama.gguf", file)
    link.symlink_to(file)
    other.hardlink_to(file)
    return [f"file:{path}" for path in (file, link, other)]


def _question(cluster: Cluster, name: str, tokens: int = 24) -> str:
    return (
        f"rbee-keeper infer --keep-alive --temperature 0 --max-tokens {tokens} "
        f"--model file:{cluster.work / name} 'hello'"
    )
