"""What keys may use and are told, asked in this process; and how often the database is."""

from __future__ import annotations

import asyncio
import secrets
import tempfile
from collections.abc import Mapping
from pathlib import Path

from rbee.queen.catalog import KeyCatalog, KeyRow, NameCatalog, open_catalog
from rbee.queen.front.for_keys import for_key
from rbee.queen.front.heard import heard_by_key
from rbee.queen.keys import Keys
from rbee.queen.names import Names
from rbee.queen.openai.errors import failed
from rbee.queen.rights import Rights, Use, granted, limits_of, require_left
from rbee.wire.errors import RbeeError
from rbee.wire.narration import Narration
from rbee.wire.settings import Settings

#: What is on the machines of the swarm.
PRESENT = (
    "HF:author/minillama",
    "HF:other/secret:Q4_K_M",
    "file:/home/maria/models/diary.gguf",
    "file:/data/one/same.gguf",
    "file:/data/two/same.gguf",
)


def answer_to(limits: str, fetch: str, asked: str) -> str:
    """What a key gets for a name: a reference, fetched where it has to be, or what it is told."""
    models = () if limits == "nothing" else limits_of(limits.split(", "))
    rights = Rights(models=models, may_fetch=fetch == "fetch")
    try:
        found = granted(asked, PRESENT, rights)
    except RbeeError as error:
        return error.code
    return found.ref if found.ref in PRESENT else f"{found.ref}, fetched"


def left_of(requests: str, tokens: str, used: str) -> str:
    """What a key that may have so many a day is told that has ``2 requests, 30 tokens`` so far."""
    most = [int(each) if each.isdecimal() else 0 for each in (requests, tokens)]
    had = [int(each.split()[0]) for each in used.split(", ")]
    rights = Rights(requests_a_day=most[0], tokens_a_day=most[1])
    try:
        require_left("guest", rights, Use(1, *had), 60)
    except RbeeError as error:
        return error.message
    return "nothing"


def error_told(message: str, code: str) -> str:
    """An error of the swarm as it reaches the holder of a key."""
    error = RbeeError(code, message, "rbee-keeper logs worker-7 on attic", {"log": ["/etc/x"]})
    return failed(for_key(error, "author/minillama")).error.message


def narration_told(row: Mapping[str, str]) -> str:
    """A line as it reaches the holder of a key; ``nothing`` where it does not."""
    line = Narration(actor=row["actor"], action=row["action"], human=row["human"])
    return heard_by_key(line, "author/minillama") or "nothing"


class _Counted(KeyCatalog):
    """A catalog that knows how often it was read."""

    reads = 0

    def list(self) -> list[KeyRow]:
        self.reads += 1
        return super().list()


def reads_for_guesses(count: int) -> int:
    """How often the database is read while so many keys are tried, each another one."""

    async def guess(keys: Keys) -> None:
        for _ in range(count):
            assert await keys.recognise(f"Bearer rbee-{secrets.token_urlsafe(24)}") is None

    with tempfile.TemporaryDirectory() as folder:
        database = open_catalog(Path(folder) / "queen.db", 1.0)
        catalog, names = _Counted(database), Names(NameCatalog(database), Settings())
        asyncio.run(guess(Keys(catalog, names)))
    return catalog.reads
