"""The keys of programs that speak OpenAI's API."""

from typing import Annotated

import msgspec

from rbee.wire.messages.basics import Answer, Name, Named, NonEmpty, Request
from rbee.wire.routes import NONE, Route

#: How many of something a day; 0: any number.
ADay = Annotated[int, msgspec.Meta(ge=0, le=2**53)]


class AddKey(Request, kw_only=True):
    """A name for people, such as the program or the machine that will use it.

    `models` are those that the key is limited to, where any are named: references, in which ``*``
    stands for any text. `may_fetch`: also those that no machine has yet. It may have so many
    requests, and tokens read and written, a day (UTC); 0: any number.
    """

    name: Name
    models: Annotated[list[NonEmpty], msgspec.Meta(max_length=256)] = []
    may_fetch: bool = False
    requests_a_day: ADay = 0
    tokens_a_day: ADay = 0


class NewKey(Answer, kw_only=True):
    """A key that was made; nobody is told `key` a second time."""

    name: str
    key: str


class KeyView(Answer, kw_only=True):
    """A key in a list; `models` are those that it is limited to, none: it is not."""

    name: str
    created_at_ms: int
    models: list[str] = []
    may_fetch: bool = False
    requests_a_day: int = 0
    tokens_a_day: int = 0
    requests_today: int = 0
    tokens_today: int = 0


class KeyList(Answer, kw_only=True):
    """The keys, by name."""

    keys: list[KeyView]


ADD_KEY = Route("POST", "/keys", AddKey, NewKey)
KEYS = Route("GET", "/keys", NONE, KeyList)
REMOVE_KEY = Route("DELETE", "/keys/{id}", Named, NONE)
