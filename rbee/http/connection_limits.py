"""How many connections a daemon holds, and which one gives way to another. Pure.

Everybody may connect, so that what a connection costs before anything is known of who made it has
to be little, and bounded: strangers have places of their own, and a flood of them takes those
alone. Whoever has shown the token, or a key, keeps the place.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from rbee.wire.settings import Settings

#: The least places that a daemon has, however few descriptors it may open.
_LEAST = 8


class Allowance(NamedTuple):
    """What one daemon allows. Durations are seconds."""

    #: Connections at once, of everybody.
    connections: int
    #: Of those, the ones on which nobody has shown a token or a key yet.
    strangers: int
    #: Of those, the ones on which one and the same key was shown.
    of_a_key: int
    #: How long the head of a request may take to arrive, from its first byte on; the first of a
    #: connection from the moment it was made.
    head: float
    #: How long the body of a request may pause.
    pause: float
    #: How long who reads an answer may take nothing of it.
    stall: float


class Stranger(NamedTuple):
    """A connection of which nothing is known but where it comes from."""

    source: str
    #: Whether a whole request has come and is being answered.
    asked: bool


def limits_of(settings: Settings, descriptors: int) -> Allowance:
    """What a daemon allows that may open so many descriptors.

    Half of them stay free: each job has connections to a hive and a worker of its own, and there
    are files, downloads and pipes. Of the connections half stay free of any one key.
    """
    connections = max(_LEAST, min(settings.connections, descriptors // 2))
    return Allowance(
        connections,
        max(_LEAST // 2, min(settings.strangers, connections // 4)),
        max(_LEAST // 2, connections // 2),
        settings.request_head,
        settings.request_pause,
        settings.reader_stall,
    )


def who_gives_way(strangers: Sequence[Stranger]) -> int:
    """Which of the strangers, first come first, leaves when there is one too many.

    Never the newest, who may be the owner and has not been heard yet: the oldest one of the
    address that has most of them, so that one machine that floods a queen drives out its own. Who
    has asked is answered in a moment, and goes only where all have.
    """
    silent = [number for number, each in enumerate(strangers) if not each.asked]
    candidates = silent or range(len(strangers))
    counts = Counter(strangers[number].source for number in candidates)
    most = max(counts.values())
    return next(number for number in candidates if counts[strangers[number].source] == most)
