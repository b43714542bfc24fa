"""Which file of a repository is taken: the decision itself, asked in this process."""

from __future__ import annotations

from rbee.hive.models.choose import ListedFile, choose
from rbee.wire.errors import RbeeError
from rbee.wire.model_ref import parse_model_ref

_MB = 1_000_000


def choose_of(repository: str, files: str, asked: str) -> tuple[str, str, str]:
    """The first file that is taken of "name size, name size" (MB), or why none is, and what is told
    of the choice."""
    listing = []
    for written in files.split(", "):
        name, _, size = written.rpartition(" ")
        listing.append(ListedFile(name, int(size) * _MB))
    selector = "" if asked == "the model" else f":{asked}"
    try:
        choice = choose(listing, parse_model_ref(f"HF:{repository}{selector}"))
    except RbeeError as error:
        return "", error.message, ""
    return choice.files[0].name, "", choice.note
