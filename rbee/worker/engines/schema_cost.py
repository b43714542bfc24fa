"""What an answer in a form may cost, counted while the grammar is made. Pure.

An engine keeps every way open in which an answer may go on, and tries each token of its vocabulary
on each way: with 49,000 tokens a way costs about a millisecond for each token that is written, and
whoever else is written for on that worker waits for it. So ways are what is bounded most tightly;
the other bounds keep the making of a grammar under a tenth of a second.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from rbee.wire.errors import RbeeError, invalid


class Bound(NamedTuple):
    """The most that there may be of something; `fewer` is what would fit, in words."""

    most: int
    of: str
    fewer: str


#: In the order in which the page of limits shows them.
DEPTH = Bound(32, "values nested in one another", "nest it less")
VALUES = Bound(1000, "values of `enum` and `const`", "list fewer values, or take a plain string")
PROPERTIES = Bound(2000, "properties", "ask for fewer properties")
REPEATS = Bound(
    20_000,
    "repetitions, all of `minLength`, `maxLength`, `minItems` and `maxItems` together",
    "lower these, or leave them out",
)
WAYS = Bound(
    128,
    "ways in which an answer may go on at one point",
    "make more properties required, have fewer alternatives, or begin each of them with a required "
    "property that has a `const` of its own",
)
PARTS = Bound(
    10_000, "parts, each as often as it has to be looked at", "have fewer types and alternatives"
)
RULES = Bound(10_000, "rules of its grammar", "ask for fewer properties and alternatives")
STEPS = Bound(
    60_000, "steps in what its patterns and numbers allow", "take plainer patterns and bounds"
)
BYTES = Bound(512 * 1024, "bytes of its grammar", "shorten the names and values in it")
BOUNDS = (DEPTH, VALUES, PROPERTIES, REPEATS, WAYS, PARTS, STEPS, RULES, BYTES)

#: The characters that the values of each type begin with; a digit stands for all numbers.
BEGINS = {
    "string": '"',
    "integer": "0",
    "number": "0",
    "boolean": "tf",
    "null": "n",
    "any": '"0tfn{[',
}
#: The characters of a name that a path shows.
_QUOTED = 60
#: How often all ways are counted anew before they count as growing for ever.
_ROUNDS = 8


def longest_choice(required: list[bool]) -> int:
    """Among how many properties an object goes on at most: those that may be left out, in a row,
    and the one behind them."""
    written = "".join("!" if each else "?" for each in required)
    return 1 + max(map(len, written.split("!")))


class Count(msgspec.Struct):
    """How much there is of each so far."""

    _so_far: dict[Bound, int] = {}

    def add(self, bound: Bound, more: int, path: str) -> None:
        """Counts `more`. Raises where that is too much, naming `path`."""
        total = self._so_far.get(bound, 0) + more
        self._so_far[bound] = total
        if total > bound.most:
            raise too_much(bound, path)


def too_much(bound: Bound, path: str, unbounded: str = "") -> RbeeError:
    """The refusal of a schema that goes beyond a bound at `path`; `unbounded` says so of one that
    would grow for ever."""
    what = unbounded or f"the JSON schema has more than {bound.most} {bound.of} at {path}"
    return invalid(what, bound.fewer, path=path, most=bound.most)


def unknown(path: str, what: str) -> RbeeError:
    """The refusal of what a grammar cannot say."""
    wrong = f"the JSON schema has {what} at {path}, which cannot be enforced"
    return invalid(wrong, "leave it out, and check the answer for it", path=path)


def short(text: str) -> str:
    """A text of somebody else as an error quotes it."""
    return text if len(text) <= _QUOTED else f"{text[:_QUOTED]}..."


class Ways(msgspec.Struct, eq=False):
    """How a value may be written: the ways that are open at its beginning, and further on.

    `begins` are the kinds of its first character, `open_first` how many ways are open there and
    `open_later` the most that are further on, its parts left out. `any_of` are alternatives: all of
    these are open until the text tells them apart. `tag` is the first property of an object where
    each has to begin with that, and its constant.
    """

    begins: str = ""
    open_first: int = 1
    open_later: int = 1
    parts: list[Ways] = []
    any_of: list[Ways] = []
    tag: tuple[str, str | None] | None = None
    path: str = "$"
    _is_looked_at: bool = False
    _alternatives: list[Ways] | None = None
    _told_apart: list[list[Ways]] | None = None

    def alternatives(self) -> list[Ways]:
        """Itself, or what it is one of. Raises where these are too many, or contain themselves
        with nothing before."""
        if not self.any_of:
            return [self]
        if self._alternatives is None:
            if self._is_looked_at:
                raise too_much(
                    WAYS, self.path, f"the JSON schema leads from {self.path} to itself again"
                )
            self._is_looked_at = True
            found = {one: None for each in self.any_of for one in each.alternatives()}
            if len(found) > WAYS.most:
                raise too_much(WAYS, self.path)
            self._alternatives = list(found)
        return self._alternatives

    def told_apart(self) -> list[list[Ways]]:
        """Its alternatives, those together that may go on alike."""
        if self._told_apart is None:
            self._told_apart = list(_groups(self.alternatives()))
        return self._told_apart


def require_few_ways(root: Ways) -> None:
    """Raises where more ways may be open at one point of an answer than there may be."""
    order = _parts_first(root)
    most = dict.fromkeys(order, 0)
    for _ in range(_ROUNDS):
        settled = True
        for one in order:
            ways = _most(one, most)
            if ways > WAYS.most:
                raise too_much(WAYS, one.path)
            settled = settled and ways == most[one]
            most[one] = ways
        if settled:
            return
    at = max(order, key=lambda one: most[one]).path
    raise too_much(
        WAYS,
        at,
        f"the JSON schema has alternatives at {at} that contain themselves, and nothing in the "
        "answer would tell them apart",
    )


def _most(one: Ways, most: dict[Ways, int]) -> int:
    if not one.any_of:
        return max([one.open_first, one.open_later, *(most[part] for part in one.parts)])
    alternatives = one.alternatives()
    first = sum(each.open_first for each in alternatives)
    return max([first, *(sum(most[each] for each in group) for group in one.told_apart())])


def _groups(alternatives: list[Ways]) -> Iterator[list[Ways]]:
    """Those that begin with the same character; of objects those that begin with the same tag."""
    for kind in sorted({kind for each in alternatives for kind in each.begins}):
        alike = [each for each in alternatives if kind in each.begins]
        by_name = _by_tag(alike, 0)
        if kind != "{" or None in by_name:
            yield alike
            continue
        for named in by_name.values():
            constants = _by_tag(named, 1)
            if None in constants:
                yield named
            else:
                yield from constants.values()


def _by_tag(ways: list[Ways], part: int) -> dict[str | None, list[Ways]]:
    """These by what their tags are called (part 0), or by the constants of these (1)."""
    found: dict[str | None, list[Ways]] = {}
    for each in ways:
        found.setdefault(each.tag[part] if each.tag else None, []).append(each)
    return found


def _parts_first(root: Ways) -> list[Ways]:
    """All that a value is made of, each behind its parts as far as they do not contain it."""
    order: list[Ways] = []
    seen = {root}
    path = [(root, iter([*root.parts, *root.any_of]))]
    while path:
        one, rest = path[-1]
        part = next(rest, None)
        if part is None:
            order.append(one)
            path.pop()
        elif part not in seen:
            seen.add(part)
            path.append((part, iter([*part.parts, *part.any_of])))
    return order
