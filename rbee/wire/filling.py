"""A sentence of narration filled with its facts, which are shortened where they are too long."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: Longest line for people, in characters; see `fill`.
LONGEST = 100
#: The text of a line that somebody else has said.
AS_SAID = "{human}"

#: How the facts begin that are paths, or named like one.
_PATHS = ("/", "file:/", "HF:")
#: The facts that are names of machines.
_HOSTS = ("host", "address")


def fill(text: str, facts: Mapping[str, object]) -> str:
    """`text` on one line with its placeholders filled.

    Where that is longer than `LONGEST` characters, the longest facts are shortened, as far as they
    can be without a cut in the middle of a name.
    """
    filled: dict[str, Any] = {
        name: " ".join(fact.split()) if isinstance(fact, str) else fact
        for name, fact in facts.items()
    }
    line = text.format(**filled)
    if text == AS_SAID:
        return line  # it has been shortened before
    texts = [name for name, fact in filled.items() if isinstance(fact, str)]
    for name in sorted(texts, key=lambda name: -len(filled[name])):
        if len(line) > LONGEST:
            room = len(filled[name]) - (len(line) - LONGEST)
            filled[name] = shortened(filled[name], max(0, room), is_host=name in _HOSTS)
            line = text.format(**filled)
    return line


def shortened(text: str, room: int, *, is_host: bool = False) -> str:
    """`text` in `room` characters, or in as few more as its shortest whole part takes.

    Of a path or a model's name the end is kept, of a host's the first label, of a list and of a
    sentence the beginning, its paths shortened first.
    """
    if len(text) <= room:
        return text
    if is_host:
        return _beginning(text.split("."), ".", room, "…")
    if text.startswith(_PATHS) or ("/" in text and " " not in text):
        return _end_of_path(text, room)
    words = [_end_of_path(word, 0) if word.count("/") > 1 else word for word in text.split(" ")]
    text = " ".join(words)
    if len(text) <= room or len(words) == 1:
        return text
    if ", " in text:
        return _beginning(text.split(", "), ", ", room, ", …")
    return _beginning(words, " ", room, " …")


def _beginning(parts: list[str], between: str, room: int, mark: str) -> str:
    """The first of `parts`, and as many more as there is room for; never quite all of several."""
    if len(parts) == 1:
        return parts[0]
    count, length = 1, len(parts[0]) + len(mark)
    for part in parts[1:-1]:
        length += len(between) + len(part)
        if length > room:
            break
        count += 1
    return between.join(parts[:count]) + mark


def _end_of_path(path: str, room: int) -> str:
    parts = path.split("/")
    first = 1
    while first < len(parts) - 1 and len("/".join(["…", *parts[first:]])) > room:
        first += 1
    short = "/".join(["…", *parts[first:]])
    return short if len(short) < len(path) else path
