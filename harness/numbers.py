"""The numbers that a person meets, asked of the code in this process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from harness import settings_page
from rbee.wire.settings import Settings, settings_from, with_flags

#: A word for an empty cell.
_NOTHING = ("nothing", "no flag")
_FLAGS = {"--host": "queen_host", "--port": "queen_port", "--database": "database"}


def read(environment: str, file: str, flag: str) -> Settings:
    """The settings of a queen that is started with this variable, file and flag."""
    name, _, value = environment.partition("=")
    environ = {} if environment in _NOTHING else {name: value}
    settings = settings_from(environ, "" if file in _NOTHING else file)
    if flag in _NOTHING:
        return settings
    word, _, given = flag.partition(" ")
    field = _FLAGS[word]
    kind = type(getattr(settings, field))
    return with_flags(settings, {field: kind(given)})


def in_words(value: object) -> str:
    """A value as the features write it."""
    if isinstance(value, tuple):
        return ", ".join(map(in_words, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def assert_all(settings: Settings, rows: Sequence[Mapping[str, str]]) -> None:
    """The settings are those of the rows, each with its value, and there is no other."""
    there = {name: in_words(value) for name, value in msgspec.structs.asdict(settings).items()}
    expected = {row["setting"]: row["default"] for row in rows}
    differing = {
        name: f"{expected.get(name, 'not in the table')} is {there.get(name, 'no setting')}"
        for name in sorted(set(there) | set(expected))
        if there.get(name) != expected.get(name)
    }
    assert not differing, differing


def assert_page(page: str) -> None:
    """The page is the one in the documentation."""
    assert settings_page.PAGE.read_text("utf-8") == page, "type make docs"


def assert_tells_all(page: str) -> None:
    """Each setting has a row with its default and some words; each time and size a unit."""
    rows = {
        cells[0].strip("`"): cells[1:]
        for line in page.splitlines()
        if line.startswith("| `")
        for cells in [line.strip("| ").split(" | ")]
    }
    assert set(rows) >= set(Settings.__struct_fields__), set(Settings.__struct_fields__) - set(rows)
    for name in Settings.__struct_fields__:
        default, unit, _, about = rows[name]
        assert default and len(about.split()) > 2, (name, rows[name])
        is_time = isinstance(getattr(Settings(), name), float) and "factor" not in name
        assert unit == "seconds" or not is_time, (name, unit)
