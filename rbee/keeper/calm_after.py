"""Narration becomes one line by itself once a person has read all of it often enough."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from rbee.keeper.screen import Screen
from rbee.wire import narration

#: How often narration was read, in the home.
_COUNT = "narrated"
#: A command that tells fewer lines is no story.
_STORY = 5


@contextlib.contextmanager
def grown_calm(screen: Screen, home: Path, after: int) -> Iterator[None]:
    """Has a command narrate in one line, where `after` others have told their story on a terminal
    before; counts those. 0: never.

    It is a comfort: what cannot be read or written of it is left out.
    """
    path = home / _COUNT
    seen = _seen(path) if after and screen.tells_all else after
    if after and seen >= after:
        screen.grow_calm()
    yield
    if seen < after and screen.told >= _STORY:
        with contextlib.suppress(OSError):
            path.write_text(f"{seen + 1}\n")
            if seen + 1 == after:
                screen.say(narration.GROWN_CALM, count=after)


def _seen(path: Path) -> int:
    with contextlib.suppress(OSError, ValueError):
        return int(path.read_text())
    return 0
