"""``rbee-keeper name`` and ``names``: what people call their models."""

from __future__ import annotations

from collections.abc import Sequence

from rbee.keeper.awake import awake_queen
from rbee.keeper.options import Options, text_in_file
from rbee.keeper.queen_target import QueenTarget
from rbee.keeper.screen import Screen
from rbee.keeper.table import table
from rbee.wire import narration
from rbee.wire.messages.basics import Named
from rbee.wire.messages.names import (
    ADD_NAME,
    NAMES,
    REMOVE_NAME,
    AddName,
    NameView,
    settings_of,
)

#: How much of a text a table shows (characters).
_SHOWN = 40


def wanted_name(options: Options) -> AddName:
    """The name that is typed, with its settings. Raises `invalid_request`."""
    typed = [_with_text(each) for each in options["settings"]]
    typed += [f"draft={options['draft']}"] if options["draft"] else []
    return AddName(name=options["name"], model_ref=options["ref"], settings=settings_of(typed))


def name(screen: Screen, where: QueenTarget, wanted: AddName) -> None:
    """Gives a model a name. A queen woken for it sleeps again."""
    with awake_queen(screen, where) as queen:
        given = queen.client.call(ADD_NAME, wanted)
        screen.say(narration.NAME_GIVEN, name=given.name, model_ref=given.model_ref)
        screen.result(given, None)


def remove(screen: Screen, where: QueenTarget, name: str) -> None:
    """Removes a name."""
    with awake_queen(screen, where) as queen:
        queen.client.call(REMOVE_NAME, Named(id=name))
        screen.say(narration.NAME_REMOVED, name=name)


def names(screen: Screen, where: QueenTarget) -> None:
    """All names, and what is asked by each."""
    with awake_queen(Screen(quiet=True), where) as queen:
        found = queen.client.call(NAMES)
    screen.result(found, name_table(found.names))
    if not found.names:
        screen.hint("no names yet; rbee-keeper name bee HF:owner/repo gives one")


def name_table(rows: Sequence[NameView]) -> str:
    """One row for each name: its model, its settings, and where it stands."""
    return table(
        "NAME MODEL FROM SETTINGS",
        (
            (
                row.name,
                row.model_ref,
                "config.toml" if row.from_config else "catalog",
                " ".join(f"{name}={_short(value)}" for name, value in row.settings.items()),
            )
            for row in rows
        ),
    )


def _short(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    text = " ".join(str(value).split())
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _with_text(setting: str) -> str:
    """A setting whose value is typed as a file, with what that holds."""
    name, equals, text = setting.partition("=")
    is_file = name == "chat_template" and bool(equals)
    return f"{name}={text_in_file(text)}" if is_file else setting
