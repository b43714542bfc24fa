"""What a schema allows, by the type of the value.

What stands within a value, in an array or under a name, is not looked into here: it is known by the
schemas that it has to fit, all of them (`Wanted`). So a schema that contains itself is no trouble.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from rbee.worker.engines.schemas.expressions import Expression, Expressions


class Subschema:
    """A schema where it stands: `path` for people, `base` is the URI that it is read against, and
    `depth` how many values lie around it. Each is made once and compared by identity."""

    __slots__ = ("base", "depth", "path", "schema")

    def __init__(self, schema: Any, path: str, base: str, depth: int) -> None:
        self.schema = schema
        self.path = path
        self.base = base
        self.depth = depth


class Not(NamedTuple):
    """What does not fit all of these; `path` is where that is said."""

    wanted: Wanted
    path: str


#: What a value has to fit, all of it; nothing: any value does.
Wanted = frozenset[Subschema | Not]
ANYTHING: Wanted = frozenset()


class Contained(NamedTuple):
    """How many items of an array fit something; `path` is the keyword that says so."""

    wanted: Wanted
    least: int
    most: int | None
    path: str


class Array(NamedTuple):
    """An array: its first items, the `rest` behind them, how many there are.

    `distinct`: the path of the keyword by which each is another one; empty: there is none.
    `looked_at`: to how many of the first items some keyword has applied; None: to all.
    """

    first: tuple[Wanted, ...] = ()
    rest: Wanted = ANYTHING
    least: int = 0
    most: int | None = None
    contains: tuple[Contained, ...] = ()
    distinct: str = ""
    looked_at: int | None = 0
    path: str = "$"

    def item(self, number: int) -> Wanted:
        """What an item has to fit, counted from 0."""
        return self.first[number] if number < len(self.first) else self.rest


class Others(NamedTuple):
    """Members that are not named by `properties`: `names` are their possible names, `is_asked`
    whether a keyword says that there may be such, and `is_looked_at` whether a keyword applies to
    them."""

    names: Expression
    wanted: Wanted
    is_asked: bool = False
    is_looked_at: bool = False


class Object(NamedTuple):
    """An object: its named members, and the others by their names, each name in one of these.

    `looked_at`: the named ones that some keyword has applied to. `least_at`: the path of the
    keyword that says `least`.
    """

    members: Mapping[str, Wanted]
    others: tuple[Others, ...]
    required: tuple[str, ...] = ()
    least: int = 0
    most: int | None = None
    looked_at: frozenset[str] = frozenset()
    path: str = "$"
    least_at: str = "$"


class Value(NamedTuple):
    """What is allowed: of `words` (null, true, false), numbers, strings, arrays and objects, each
    array and object being one of several forms; and `listed`, values by their texts.

    `narrow`: the keyword by which some texts are left out that would fit; so the opposite of these
    is too `wide`, and may hold texts that do not fit.
    """

    words: frozenset[str]
    number: Expression
    string: Expression
    arrays: tuple[Array, ...]
    objects: tuple[Object, ...]
    listed: Mapping[str, Any]
    narrow: str = ""
    wide: str = ""

    def has_texts(self, make: Expressions) -> bool:
        """Whether there are texts among them."""
        listed = any(isinstance(each, str) for each in self.listed.values())
        return listed or not make.is_none(self.string)


def key_of(value: Any) -> str:
    """The same text for values that JSON Schema takes for equal."""
    return json.dumps(_plain(value), sort_keys=True)


def _plain(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    return value


def number_text(value: float) -> str:
    """A number as the sets of numbers have it: without an exponent."""
    text = format(Decimal(repr(value)), "f")
    return "0" if text.strip("-0.") == "" else text
