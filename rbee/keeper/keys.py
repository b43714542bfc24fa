"""``rbee-keeper add-key``, ``keys`` and ``remove-key``: who may ask for answers."""

from __future__ import annotations

from collections.abc import Sequence

from rbee.keeper.awake import awake_queen
from rbee.keeper.queen_target import QueenTarget
from rbee.keeper.screen import Screen
from rbee.keeper.streams import UNREAD
from rbee.keeper.table import age, table
from rbee.wire import narration
from rbee.wire.messages.basics import Named
from rbee.wire.messages.keys import ADD_KEY, KEYS, REMOVE_KEY, AddKey, KeyView


def add_key(screen: Screen, where: QueenTarget, wanted: AddKey) -> None:
    """Shows the secret of a new key, alone on stdout. A queen woken for it sleeps again."""
    with awake_queen(screen, where) as queen:
        new = queen.client.call(ADD_KEY, wanted)
        try:
            screen.say(narration.KEY_ADDED, name=wanted.name)
            screen.result(new, new.key)
        except UNREAD:  # nobody has seen it, and nobody ever would
            queen.client.call(REMOVE_KEY, Named(id=wanted.name))
            raise


def keys(screen: Screen, where: QueenTarget) -> None:
    """The names of all keys, and what each may use."""
    with awake_queen(Screen(quiet=True), where) as queen:
        found = queen.client.call(KEYS)
    screen.result(found, key_table(found.keys))
    if not found.keys:
        screen.hint("no keys yet; rbee-keeper add-key laptop makes one")


def remove_key(screen: Screen, where: QueenTarget, name: str) -> None:
    """Revokes a key."""
    with awake_queen(screen, where) as queen:
        queen.client.call(REMOVE_KEY, Named(id=name))
        screen.say(narration.KEY_REMOVED, name=name)


def key_table(rows: Sequence[KeyView]) -> str:
    """One row for each key: which models it may use, which of them it may have fetched, and what it
    has used today (UTC), of how much."""
    return table(
        "KEY AGE MODELS FETCH REQUESTS TOKENS",
        (
            (
                row.name,
                age(row.created_at_ms),
                ",".join(row.models) or "all",
                "yes" if row.may_fetch else "no",
                _of(row.requests_today, row.requests_a_day),
                _of(row.tokens_today, row.tokens_a_day),
            )
            for row in rows
        ),
    )


def _of(used: int, most: int) -> str:
    return f"{used}/{most}" if most else str(used)
