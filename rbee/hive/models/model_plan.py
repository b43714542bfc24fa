"""Which files of a hub a reference stands for, and how long a question to it may take."""

from __future__ import annotations

from urllib.parse import urlsplit

import msgspec

from rbee.hive.models.choose import ListedFile
from rbee.wire.model_ref import ModelRef


class Patience(msgspec.Struct, frozen=True):
    """How long a question may take: `answer_s` seconds for an answer, or between two bytes of a
    header, and how many `tries` it gets."""

    answer_s: float = 30.0
    tries: int = 3


class HubFile(ListedFile, frozen=True, kw_only=True):
    """One file at one commit.

    `cached_path` is where the user's own cache of the hub's client holds it, else empty: such a
    file is used where it lies.
    """

    repo: str
    commit: str
    url: str
    cached_path: str = ""

    @property
    def host(self) -> str:
        """Where it comes from, as people read it."""
        return host_of(self.url)


class ModelPlan(msgspec.Struct, frozen=True):
    """What a reference stands for right now.

    `quants` are the repository's quants with their sizes in bytes; `note` is a sentence to
    narrate, or empty. `is_asked`: the hub itself said so, and not the user's cache of it.
    """

    ref: ModelRef
    commit: str
    files: tuple[HubFile, ...]
    quant: str
    quants: dict[str, int]
    note: str = ""
    is_asked: bool = True

    @property
    def size_bytes(self) -> int:
        """Bytes of all files together."""
        return sum(file.size for file in self.files)

    @property
    def folder(self) -> str:
        """Where the files belong, below the models folder."""
        return f"{repo_folder(self.ref.repo)}/{self.commit[:12]}"


def repo_folder(repo: str) -> str:
    """The folder of a repository, below the models folder."""
    return repo.replace("/", "--")


def host_of(url: str) -> str:
    """Host and port of `url`, without user, password, path or query: fit for a message."""
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)
