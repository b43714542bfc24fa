"""What a program asks for, request after request: a pure function of the seed and its number."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from harness.load.apis import APIS

#: One request in so many is cut.
CUT_ONE_IN = 10
#: A job's events are read a second time, one job in so many.
_REPLAY_ONE_IN = 5
_TOKENS = (1, 5, 10, 20, 40, 80)


class Form(enum.Enum):
    """How something is asked for, and in which form the answer comes."""

    STREAMED = "streamed"
    WHOLE = "in one piece"
    JOB = "job"
    VECTORS = "vectors"


class CutMoment(enum.Enum):
    """When a connection is cut: mostly in the queue, before the first token, or in the middle."""

    AT_ONCE = "at once"
    LATER = "later"
    MIDDLE = "in the middle"


@dataclass(frozen=True)
class Cut:
    """The program hangs up `after_s` seconds after it has asked, or after so many tokens."""

    moment: CutMoment
    after_s: float = 0.0
    after_tokens: int = 0


@dataclass(frozen=True)
class Order:
    """One request for exactly `tokens` tokens, or vectors of as many texts, by an API of
    `apis.APIS`. `replayed`: the events of its job are read a second time."""

    form: Form
    tokens: int
    api: str = "chat"
    cut: Cut | None = None
    replayed: bool = False


def orders(seed: str, number: int) -> Iterator[Order]:
    """What program `number` asks for, without end."""
    dice = Random(f"{seed}-{number}")
    while True:
        form = dice.choices(tuple(Form), (6, 2, 1, 1))[0]
        tokens = dice.choice(_TOKENS)
        api = dice.choice(tuple(APIS))
        is_cut, is_replayed = dice.randrange(CUT_ONE_IN) == 0, dice.randrange(_REPLAY_ONE_IN) == 0
        cut = _cut(dice, form, tokens)
        yield Order(form, tokens, api, cut if is_cut else None, is_replayed and not is_cut)


def _cut(dice: Random, form: Form, tokens: int) -> Cut:
    moment = dice.choice(tuple(CutMoment))
    if moment is CutMoment.MIDDLE and form in (Form.STREAMED, Form.JOB):
        return Cut(moment, after_tokens=dice.randint(1, tokens))
    if moment is CutMoment.AT_ONCE:
        return Cut(moment, after_s=dice.uniform(0, 0.02))
    return Cut(CutMoment.LATER, after_s=dice.uniform(0, 1.0))
