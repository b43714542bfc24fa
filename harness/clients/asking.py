"""What the programs have in common: what they ask with, and how they tell what they got."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Literal

from pydantic import BaseModel

HELLO = "hello"
#: More than the context of minillama holds.
TOO_LONG = "bee " * 900
#: A model that never ends.
ENDLESS = "HF:author/endless-llama"


class Mood(BaseModel):
    """The form that an answer is to have."""

    mood: Literal["happy", "sad"]
    reasons: int


def serve(asked: Mapping[str, Callable[[], object]]) -> None:
    """Asks for each name that comes on stdin, and tells what it got, or the error it was told."""
    for line in sys.stdin:
        name = line.strip()
        try:
            got = asked[name]()
        except Exception as error:
            got = type(error).__name__
        print(f"{got}\t{name}", flush=True)
