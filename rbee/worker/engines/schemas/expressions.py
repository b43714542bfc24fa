"""Regular sets of texts, closed under and, or, not: what strings and numbers a schema allows.

An expression is taken apart character by character, by its derivative: what has to follow once that
character is written. J. Brzozowski, Derivatives of Regular Expressions, 1964; S. Owens et al.,
Regular-expression derivatives re-examined, 2009. Each is made once and compared by identity, so
that the derivatives of one expression are finitely many: the states of its automaton.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple, TypeVar

S = TypeVar("S")

#: First and last code point of a range.
Range = tuple[int, int]

#: All that a text of JSON is made of: surrogates are halves of characters.
CHARACTERS: tuple[Range, ...] = ((0, 0xD7FF), (0xE000, 0x10FFFF))


class Expression:
    """One set of texts; made by `Expressions` alone.

    `kind` says what it is: "none" (no text), "empty" (the empty one), "set" (one character of
    `ranges`), "then" (two `parts`, one behind the other), "any", "all" and "not" of its `parts`,
    "times" (its part, `bounds` times) or "multiple" (`number`).
    """

    __slots__ = ("bounds", "has_empty", "kind", "number", "order", "parts", "ranges")

    def __init__(self, kind: str, has_empty: bool, order: int) -> None:
        self.kind = kind
        self.has_empty = has_empty
        self.order = order
        self.parts: tuple[Expression, ...] = ()
        self.ranges: tuple[Range, ...] = ()
        self.bounds: tuple[int, int | None] = (0, None)
        self.number = Multiple(1, 0, 0, False)


class Multiple(NamedTuple):
    """How far an unsigned decimal is read that is to be a multiple of `by`.

    Behind it `places` decimals still count; `rest` is what has been read so far modulo `by`, and
    `fraction` says whether the point has been read.
    """

    by: int
    rest: int
    places: int
    fraction: bool

    def is_one(self) -> bool:
        """Whether what has been read is a multiple, the decimals left out being zeros."""
        return int(self.rest * 10**self.places % self.by) == 0

    def behind(self, character: str) -> Multiple | None:
        """How far it is read behind one more character; None: no multiple begins like that."""
        if character == ".":
            return None if self.fraction else self._replace(fraction=True)
        if self.fraction and not self.places:
            return self if character == "0" and self.rest == 0 else None
        rest = (self.rest * 10 + int(character)) % self.by
        return self._replace(rest=self._alike(rest), places=self.places - self.fraction)

    def _alike(self, rest: int) -> int:
        """One of those that go on alike: ten times them is the same, and none is 0."""
        period = self.by // math.gcd(self.by, 10)
        return rest and (rest % period or period)


class Expressions:
    """Makes expressions, each one once; `spend` is told of every step and may raise."""

    def __init__(self, spend: Callable[[int], None]) -> None:
        self._spend = spend
        self._made: dict[object, Expression] = {}
        self._behind: dict[tuple[int, int], Expression] = {}
        self._cuts: dict[int, frozenset[int]] = {}
        self._moves: dict[Expression, dict[Expression, tuple[Range, ...]]] = {}
        self._none: dict[Expression, bool] = {}
        self._whole: dict[Expression, tuple[Range, ...]] = {}
        self.none = self._new(("none",), "none", False)
        self.empty = self._new(("empty",), "empty", True)
        self.character = self.one_of(CHARACTERS)
        self.every = self.times(self.character, 0, None)

    def _new(self, key: object, kind: str, has_empty: bool) -> Expression:
        made = self._made.get(key)
        if made is None:
            self._spend(1)
            made = self._made[key] = Expression(kind, has_empty, len(self._made))
        return made

    def one_of(self, ranges: Iterable[Range]) -> Expression:
        """One character out of these."""
        joined = join(ranges)
        if not joined:
            return self.none
        made = self._new(("set", joined), "set", False)
        made.ranges = joined
        return made

    def text(self, text: str) -> Expression:
        """That text alone."""
        return self.then(*(self.one_of([(ord(each), ord(each))]) for each in text))

    def then(self, *parts: Expression) -> Expression:
        """One behind the other."""
        made = self.empty
        for part in reversed(parts):
            made = self._pair(part, made)
        return made

    def _pair(self, first: Expression, rest: Expression) -> Expression:
        if self.none in (first, rest):
            return self.none
        if first is self.empty:
            return rest
        if rest is self.empty:
            return first
        if first.kind == "then":
            return self._pair(first.parts[0], self._pair(first.parts[1], rest))
        made = self._new(
            ("then", first.order, rest.order), "then", first.has_empty and rest.has_empty
        )
        made.parts = (first, rest)
        return made

    def any_of(self, *parts: Expression) -> Expression:
        """What one of them allows."""
        several = {each for part in parts for each in self._flat(part, "any")} - {self.none}
        if self.every in several:
            return self.every
        sets = [each for each in several if each.kind == "set"]
        if len(sets) > 1:
            several -= set(sets)
            several.add(self.one_of(one for each in sets for one in each.ranges))
        return self._of_several("any", several, self.none, any)

    def all_of(self, *parts: Expression) -> Expression:
        """What all of them allow."""
        several = {each for part in parts for each in self._flat(part, "all")} - {self.every}
        if self.none in several:
            return self.none
        sets = [each for each in several if each.kind == "set"]
        if len(sets) > 1:
            several -= set(sets)
            ranges = sets[0].ranges
            for each in sets[1:]:
                ranges = in_both(ranges, each.ranges)
            several.add(self.one_of(ranges))
        return self._of_several("all", several, self.every, all)

    def _flat(self, part: Expression, kind: str) -> tuple[Expression, ...]:
        return part.parts if part.kind == kind else (part,)

    def _of_several(
        self,
        kind: str,
        several: set[Expression],
        nothing: Expression,
        judge: Callable[[Iterable[bool]], bool],
    ) -> Expression:
        self._spend(len(several))
        if len(several) < 2:
            return next(iter(several), nothing)
        ordered = tuple(sorted(several, key=lambda each: each.order))
        key = (kind, *(each.order for each in ordered))
        made = self._new(key, kind, judge(each.has_empty for each in ordered))
        made.parts = ordered
        return made

    def but(self, part: Expression) -> Expression:
        """Every text that `part` does not allow."""
        if part is self.none:
            return self.every
        if part is self.every:
            return self.none
        if part.kind == "not":
            return part.parts[0]
        made = self._new(("not", part.order), "not", not part.has_empty)
        made.parts = (part,)
        return made

    def times(self, part: Expression, least: int, most: int | None) -> Expression:
        """`part` so many times, one behind the other."""
        if most == 0 or part is self.empty:
            return self.empty
        if part is self.none:
            return self.none if least else self.empty
        if (least, most) == (1, 1):
            return part
        has_empty = least == 0 or part.has_empty
        made = self._new(("times", part.order, least, most), "times", has_empty)
        made.parts, made.bounds = (part,), (least, most)
        return made

    def multiple(self, state: Multiple) -> Expression:
        """The unsigned decimals that are a multiple, from where `state` is on."""
        made = self._new(("multiple", state), "multiple", state.is_one())
        made.number = state
        return made

    def moves(self, one: Expression) -> dict[Expression, tuple[Range, ...]]:
        """What has to follow, by the characters behind which it has to; none where nothing can."""
        if one.kind == "all":
            counted = [each for each in one.parts if self._counts(each)]
            if len(counted) == 1:
                # A length concerns no single character: the moves of the rest serve for each bound.
                left = self.behind(counted[0], 0)
                others = self.all_of(*(each for each in one.parts if each is not counted[0]))
                found_of = {
                    self.all_of(rest, left): ranges for rest, ranges in self._steps(others).items()
                }
                found_of.pop(self.none, None)
                if len(found_of) == len(self._steps(others)):
                    return found_of
        return self._steps(one)

    def _counts(self, one: Expression) -> bool:
        return one.kind == "times" and one.parts[0] is self.character

    def _steps(self, one: Expression) -> dict[Expression, tuple[Range, ...]]:
        moves = self._moves.get(one)
        if moves is None:
            moves = self._moves[one] = self._found_moves(one)
        return moves

    def _found_moves(self, one: Expression) -> dict[Expression, tuple[Range, ...]]:
        if one.kind == "times" and one.parts[0].kind == "set":
            # All of its characters lead to the same: no need to look at each range.
            ranges = self._plain(one.parts[0])
            return {self.behind(one, ranges[0][0]): ranges} if ranges else {}
        cuts = sorted(self._cuts_of(one))
        found: dict[Expression, list[Range]] = {}
        for low, high in zip(cuts, [*cuts[1:], CHARACTERS[-1][1] + 1]):
            rest = self.behind(one, low)
            if rest is not self.none:
                found.setdefault(rest, []).append((low, high - 1))
        whole = {rest: in_both(join(ranges), CHARACTERS) for rest, ranges in found.items()}
        return {rest: ranges for rest, ranges in whole.items() if ranges}

    def _plain(self, one: Expression) -> tuple[Range, ...]:
        """The characters of a set, without halves of any."""
        if one not in self._whole:
            self._whole[one] = in_both(one.ranges, CHARACTERS)
        return self._whole[one]

    def allows(self, one: Expression, text: str) -> bool:
        """Whether a text is in it."""
        for character in text:
            one = self.behind(one, ord(character))
        return one.has_empty

    def behind(self, one: Expression, character: int) -> Expression:
        """What has to follow behind a character."""
        key = (one.order, character)
        made = self._behind.get(key)
        if made is None:
            self._spend(1)
            made = self._behind[key] = self._derived(one, character)
        return made

    def _derived(self, one: Expression, character: int) -> Expression:
        kind, parts = one.kind, one.parts
        if kind == "set":
            inside = any(low <= character <= high for low, high in one.ranges)
            return self.empty if inside else self.none
        if kind == "then":
            rest = self._pair(self.behind(parts[0], character), parts[1])
            return (
                self.any_of(rest, self.behind(parts[1], character)) if parts[0].has_empty else rest
            )
        if kind == "any":
            return self.any_of(*(self.behind(each, character) for each in parts))
        if kind == "all":
            return self.all_of(*(self.behind(each, character) for each in parts))
        if kind == "not":
            return self.but(self.behind(parts[0], character))
        if kind == "times":
            least, most = one.bounds
            left = self.times(parts[0], max(least - 1, 0), None if most is None else most - 1)
            return self._pair(self.behind(parts[0], character), left)
        if kind == "multiple" and (character == 46 or 48 <= character <= 57):
            state = one.number.behind(chr(character))
            return self.none if state is None else self.multiple(state)
        return self.none

    def _cuts_of(self, one: Expression) -> frozenset[int]:
        """Where characters begin that may be followed by something else than those before."""
        found = self._cuts.get(one.order)
        if found is None:
            self._spend(1 + len(one.parts))
            if one.kind == "set":
                cuts = {0, *(low for low, _ in one.ranges), *(high + 1 for _, high in one.ranges)}
                found = frozenset(cuts - {CHARACTERS[-1][1] + 1})
            elif one.kind == "multiple":
                found = frozenset([0, 46, 47, *range(48, 59)])
            elif one.kind == "then" and not one.parts[0].has_empty:
                found = self._cuts_of(one.parts[0])
            else:
                found = frozenset([0]).union(*(self._cuts_of(each) for each in one.parts))
            self._cuts[one.order] = found
        return found

    def lengths(self, one: Expression) -> tuple[int, int | None]:
        """How long its texts are: none is shorter, and none longer (None: that is not known)."""
        self._spend(1)
        several = [self.lengths(each) for each in one.parts]
        if one.kind == "set":
            return 1, 1
        if one.kind == "empty":
            return 0, 0
        if one.kind == "then":
            (low, high), (least, most) = several
            return low + least, None if high is None or most is None else high + most
        if one.kind == "any":
            highs = [high for _, high in several]
            known = [high for high in highs if high is not None]
            return min(low for low, _ in several), max(known) if len(known) == len(highs) else None
        if one.kind == "times":
            least, most = one.bounds
            ((low, high),) = several
            return low * least, None if most is None or high is None else most * high
        if one.kind == "all":
            known = [high for _, high in several if high is not None]
            return max(low for low, _ in several), min(known, default=None)
        return 0, None

    def states(self, one: Expression) -> dict[Expression, dict[Expression, tuple[Range, ...]]]:
        """All states of its automaton from which a text can still be ended, and their moves."""
        moves = {one: self.moves(one)}
        to_do = [one]
        while to_do:
            for rest in moves[to_do.pop()]:
                if rest not in moves:
                    moves[rest] = self.moves(rest)
                    to_do.append(rest)
        alive = leading_to((state for state in moves if state.has_empty), moves)
        return {
            state: {rest: ranges for rest, ranges in its.items() if rest in alive}
            for state, its in moves.items()
            if state in alive
        }

    def is_none(self, one: Expression) -> bool:
        """Whether no text is in it."""
        known = self._none.get(one)
        if known is None:
            known = self._none[one] = not self._is_made_of_texts(one) and self._leads_nowhere(one)
        return known

    def _is_made_of_texts(self, one: Expression) -> bool:
        """Whether it is plain from what it is made of that there is a text."""
        if one.kind in ("set", "empty"):
            return True
        if one.kind in ("all", "not", "multiple", "none"):
            return one.has_empty
        return (one.kind == "times" and not one.bounds[0]) or all(
            map(self._is_made_of_texts, one.parts)
        )

    def _leads_nowhere(self, one: Expression) -> bool:
        seen = {one}
        to_do = [one]
        while to_do:
            state = to_do.pop()
            if state.has_empty:
                return False
            for rest in self.moves(state):
                if rest not in seen:
                    seen.add(rest)
                    to_do.append(rest)
        return True


def leading_to(ends: Iterable[S], moves: Mapping[S, Iterable[S]]) -> set[S]:
    """The states from which one of these ends is reached, themselves among them."""
    before: dict[S, list[S]] = {}
    for state, its in moves.items():
        for rest in its:
            before.setdefault(rest, []).append(state)
    found = set(ends)
    to_do = list(found)
    while to_do:
        more = set(before.get(to_do.pop(), ())) - found
        found |= more
        to_do += more
    return found


def join(ranges: Iterable[Range]) -> tuple[Range, ...]:
    """The same characters in order, ranges that touch being one."""
    joined: list[Range] = []
    for low, high in sorted(ranges):
        if joined and low <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(joined[-1][1], high))
        elif low <= high:
            joined.append((low, high))
    return tuple(joined)


def in_both(ranges: Iterable[Range], others: Iterable[Range]) -> tuple[Range, ...]:
    """The characters that are in both."""
    return tuple(_in_both(tuple(ranges), tuple(others)))


def _in_both(ranges: tuple[Range, ...], others: tuple[Range, ...]) -> Iterator[Range]:
    for low, high in ranges:
        for first, last in others:
            if max(low, first) <= min(high, last):
                yield max(low, first), min(high, last)


def without(ranges: Iterable[Range]) -> tuple[Range, ...]:
    """All characters but these."""
    left: list[Range] = []
    begin = 0
    for low, high in join(ranges):
        left.append((begin, low - 1))
        begin = high + 1
    left.append((begin, CHARACTERS[-1][1]))
    return in_both([each for each in left if each[0] <= each[1]], CHARACTERS)
