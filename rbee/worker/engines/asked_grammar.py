"""A grammar of whoever asks, in GBNF: read, bounded, and written anew. Pure.

An engine keeps every way open in which a text may go on; a grammar of three lines can make it keep
twice as many with each character, which takes the worker with it. So a grammar is read here, the
ways that it may open are counted from above, and what goes to the engine is what was read. What is
counted as too much may be less: a grammar whose alternatives differ in their first character is
always taken. See llama.cpp's ``grammars/README.md`` for the notation.
"""

from __future__ import annotations

import graphlib
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from rbee.wire.errors import RbeeError, invalid
from rbee.worker.engines.schema_cost import WAYS

#: How many rules there may be, how deep groups may nest, and how many characters a rule may be with
#: all that it repeats.
MOST_RULES, _DEEPEST, _LARGEST = 500, 32, 20_000
#: How often something is repeated at most; llama.cpp takes no more.
_MOST_TIMES = 1000
_LAST = 0x10FFFF
_SPACE = re.compile(r"(?:[ \t]|#[^\r\n]*)*")
_SPACE_AND_LINES = re.compile(r"(?:[ \t\r\n]|#[^\r\n]*)*")
_NAME = re.compile(r"[A-Za-z0-9_-]+")
_TIMES = re.compile(r"\{\s*(\d{1,6})\s*(,)?\s*(\d{1,6})?\s*\}")
_CODES = {"x": 2, "u": 4, "U": 8}
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}
_SIGNS = {"?": (0, 1), "*": (0, None), "+": (1, None)}

Ranges = tuple[tuple[int, int], ...]


class Set(NamedTuple):
    """One character of these ranges, in order."""

    ranges: Ranges


class Ref(NamedTuple):
    """What a rule says."""

    name: str


class Times(NamedTuple):
    """A part so many times; `most` None: any number of times."""

    part: Part
    least: int
    most: int | None


class Branch(NamedTuple):
    """One of several sequences."""

    ways: tuple[tuple[Part, ...], ...]


Part = Set | Ref | Times | Branch


def bounded(grammar: str) -> str:
    """The grammar as the engine is given it. Raises `invalid_request` for one that cannot be read,
    or may open too many ways."""
    rules = _Reader(grammar).rules()
    _Cost(rules).check()
    names = {name: f"rule{number}" for number, name in enumerate(rules)}
    lines = [f"root ::= {names['root']}"]
    lines += [f"{names[name]} ::= {_written(body, names)}" for name, body in rules.items()]
    return "\n".join(lines)


def _wrong(what: str, advice: str = "correct it") -> RbeeError:
    return invalid(f"the grammar {what}", advice, field="grammar")


class _Reader:
    """Reads GBNF."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._depth = 0
        self._used: set[str] = set()

    def rules(self) -> dict[str, Branch]:
        """The rules by their names."""
        found: dict[str, Branch] = {}
        self._skip(lines=True)
        while self._at < len(self._text):
            name = self._name()
            self._skip()
            if not self._text.startswith("::=", self._at):
                raise self._unread("`::=`")
            self._at += 3
            self._skip(lines=True)
            found[name] = self._choice()
            if len(found) > MOST_RULES:
                raise _wrong(f"has more than {MOST_RULES} rules", "have fewer")
            if self._at < len(self._text) and self._text[self._at] not in "\r\n":
                raise self._unread("the end of the line")
            self._skip(lines=True)
        if missing := next(
            (name for name in sorted({*self._used, "root"}) if name not in found), None
        ):
            raise _wrong(f"has no rule called {missing[:60]!r}", f"write {missing[:60]} ::= ...")
        return found

    def _choice(self) -> Branch:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise _wrong(f"nests more than {_DEEPEST} groups in one another", "nest it less")
        ways = [self._sequence()]
        while self._text.startswith("|", self._at):
            self._at += 1
            self._skip(lines=True)
            ways.append(self._sequence())
            if len(ways) > WAYS.most:
                raise _wrong(f"has more than {WAYS.most} alternatives in one place", "have fewer")
        self._depth -= 1
        return Branch(tuple(ways))

    def _sequence(self) -> tuple[Part, ...]:
        parts: list[Part] = []
        while self._at < len(self._text) and self._text[self._at] not in "|)\r\n":
            of = list(self._element())
            self._skip(lines=self._depth > 1)
            while times := self._times():
                last = of.pop() if of else Set(())
                of.append(Times(last, *times))
                self._skip(lines=self._depth > 1)
            parts += of
        return tuple(parts)

    def _element(self) -> Iterator[Part]:
        sign = self._text[self._at]
        if sign == '"':
            self._at += 1
            while self._peek() != '"':
                code = self._character()
                yield Set(((code, code),))
            self._at += 1
        elif sign == "[":
            yield self._set()
        elif sign == ".":
            self._at += 1
            yield Set(((0, _LAST),))
        elif sign == "(":
            self._at += 1
            self._skip(lines=True)
            choice = self._choice()
            if self._peek() != ")":
                raise self._unread("`)`")
            self._at += 1
            yield choice
        elif _NAME.match(sign):
            name = self._name()
            self._used.add(name)
            yield Ref(name)
        else:
            raise self._unread("a text, a set of characters, a group, or a name")

    def _set(self) -> Set:
        self._at += 1
        turned = self._peek() == "^"
        self._at += turned
        ranges = []
        while self._peek() != "]":
            low = high = self._character()
            if self._peek() == "-" and self._text[self._at + 1 : self._at + 2] != "]":
                self._at += 1
                high = self._character()
            ranges.append((low, high))
        self._at += 1
        if any(low > high for low, high in ranges):
            raise _wrong("has a range of characters that ends before it begins")
        joined = _joined(ranges)
        return Set(_others(joined) if turned else joined)

    def _times(self) -> tuple[int, int | None] | None:
        sign = self._text[self._at : self._at + 1]
        if sign in _SIGNS and sign:
            self._at += 1
            return _SIGNS[sign]
        if sign != "{":
            return None
        found = _TIMES.match(self._text, self._at)
        if not found:
            raise self._unread("how often, as {2} or {2,5}")
        self._at = found.end()
        least = int(found[1])
        most = int(found[3]) if found[3] else None if found[2] else least
        if max(least, most or 0) > _MOST_TIMES or (most is not None and most < least):
            raise _wrong(f"repeats something more than {_MOST_TIMES} times", "repeat it less")
        return least, most

    def _character(self) -> int:
        sign = self._peek()
        self._at += 1
        if sign != "\\":
            return ord(sign)
        sign = self._peek()
        self._at += 1
        if sign in _CODES:
            digits = self._text[self._at : self._at + _CODES[sign]]
            if not re.fullmatch(rf"[0-9a-fA-F]{{{_CODES[sign]}}}", digits):
                raise self._unread(f"{_CODES[sign]} hexadecimal digits")
            self._at += _CODES[sign]
            return min(int(digits, 16), _LAST)
        return ord(_ESCAPES.get(sign, sign))

    def _peek(self) -> str:
        if self._at >= len(self._text):
            raise _wrong("ends too early, within a text or a group")
        return self._text[self._at]

    def _name(self) -> str:
        found = _NAME.match(self._text, self._at)
        if not found:
            raise self._unread("the name of a rule")
        self._at = found.end()
        return found[0]

    def _skip(self, *, lines: bool = False) -> None:
        space = (_SPACE_AND_LINES if lines else _SPACE).match(self._text, self._at)
        self._at = space.end() if space else self._at

    def _unread(self, wanted: str) -> RbeeError:
        line = self._text.count("\n", 0, self._at) + 1
        there = self._text[self._at : self._at + 20]
        return _wrong(f"cannot be read in line {line}: {wanted} is wanted before {there!r}")


class _Facts(NamedTuple):
    """What is known of a part: the characters that it may begin with, those that it has anywhere,
    and those by which it may go on where it might have ended; whether it may be empty. How many
    ways are open at its beginning, and anywhere in it, at most; how large it is written out."""

    first: Ranges = ()
    has: Ranges = ()
    more: Ranges = ()
    is_empty: bool = False
    opens: int = 1
    ways: int = 1
    size: int = 1


_NOTHING = _Facts(is_empty=True, opens=0, ways=0, size=0)


class _Cost:
    """Counts what a grammar may cost: again and again, until nothing grows any more."""

    def __init__(self, rules: dict[str, Branch]) -> None:
        self._rules = rules
        self._facts = dict.fromkeys(rules, _Facts())
        self._rule = ""
        self._left: dict[str, set[str]] = {}

    def check(self) -> None:
        """Raises `invalid_request` for what cannot be had."""
        order = list(self._rules)
        for _ in range(2 * WAYS.most):
            before = dict(self._facts)
            for name in order:
                self._rule, self._left[name] = name, set()
                self._facts[name] = self._choice(self._rules[name], at_end=True, at_start=True)
                self._bound(name)
            if self._facts == before:
                return self._refuse_left_recursion()
            order.reverse()
        raise _wrong("has rules that depend on one another too deeply", "have fewer of them")

    def _bound(self, name: str) -> None:
        facts, shown = self._facts[name], name[:60]
        if facts.ways > WAYS.most:
            self._refuse_left_recursion()
            raise _wrong(
                f"may open more than {WAYS.most} ways in which a text goes on, at {shown}",
                "let alternatives differ in their first character, and repeat by * and +",
            )
        if facts.size > _LARGEST:
            raise _wrong(f"is more than {_LARGEST} characters written out, at {shown}")

    def _refuse_left_recursion(self) -> None:
        try:
            graphlib.TopologicalSorter(self._left).prepare()
        except graphlib.CycleError as error:
            name = error.args[1][0][:60]
            raise _wrong(f"has a rule that begins with itself: {name}", "begin otherwise") from None

    def _choice(self, choice: Branch, *, at_end: bool, at_start: bool) -> _Facts:
        parts = [self._sequence(way, at_end=at_end, at_start=at_start) for way in choice.ways]
        clashing = [
            part
            for at, part in enumerate(parts)
            if any(_meet(part.first, other.first) for n, other in enumerate(parts) if n != at)
        ]
        # One of those may be the beginning of another.
        more = [*(part.more for part in parts), *(part.has for part in clashing)]
        opens = sum(max(part.opens, part.is_empty) for part in parts)
        together = sum(part.ways for part in clashing)
        return _Facts(
            first=_union(part.first for part in parts),
            has=_union(part.has for part in parts),
            more=_union(more),
            is_empty=any(part.is_empty for part in parts),
            opens=opens,
            ways=max(opens, together, *(part.ways for part in parts)),
            size=sum(part.size for part in parts),
        )

    def _sequence(self, parts: Sequence[Part], *, at_end: bool, at_start: bool) -> _Facts:
        told: list[_Facts] = []
        for at, part in enumerate(parts):
            last, first = at == len(parts) - 1, all(each.is_empty for each in told)
            told.append(self._part(part, at_end=at_end and last, at_start=at_start and first))
        behind = _NOTHING
        for facts in reversed(told):
            goes_on = _union([facts.more, facts.first if facts.is_empty else ()])
            clash = _meet(goes_on, behind.first)
            opens = facts.opens + (behind.opens if facts.is_empty else 0)
            together = facts.ways + behind.ways if clash else max(facts.ways, behind.ways)
            behind = _Facts(
                first=_union([facts.first, behind.first if facts.is_empty else ()]),
                has=_union([facts.has, behind.has]),
                more=_union([behind.more, *((facts.more, behind.first) * behind.is_empty)]),
                is_empty=facts.is_empty and behind.is_empty,
                opens=opens,
                ways=max(opens, together),
                size=facts.size + behind.size,
            )
        return behind

    def _part(self, part: Part, *, at_end: bool, at_start: bool) -> _Facts:
        if isinstance(part, Set):
            return _Facts(part.ranges, part.ranges, is_empty=not part.ranges)
        if isinstance(part, Branch):
            return self._choice(part, at_end=at_end, at_start=at_start)
        if isinstance(part, Ref):
            if at_start:
                self._left[self._rule].add(part.name)
            facts = self._facts[part.name]
            # A rule that ends with itself leaves nothing behind: its ways are open already.
            ways = 0 if at_end and part.name == self._rule else facts.ways
            return facts._replace(ways=ways, size=1)
        return self._times(part, at_start=at_start)

    def _times(self, times: Times, *, at_start: bool) -> _Facts:
        facts = self._part(times.part, at_end=False, at_start=at_start)
        if times.most == 0:
            return _NOTHING
        copies = times.least + 1 if times.most is None else times.most
        again = copies > 1 or times.most is None
        clash = again and bool(_meet(facts.more, facts.first))
        ways = facts.ways * (copies + 1) if clash or (facts.is_empty and again) else facts.ways
        return facts._replace(
            more=_union([facts.more, facts.first if times.most != times.least else ()]),
            is_empty=times.least == 0 or facts.is_empty,
            ways=ways,
            size=facts.size * copies,
        )


def _union(several: Iterable[Ranges]) -> Ranges:
    return _joined([each for ranges in several for each in ranges])


def _joined(ranges: Sequence[tuple[int, int]]) -> Ranges:
    """The same characters, in order and apart from each other."""
    found: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if found and low <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(high, found[-1][1]))
        else:
            found.append((low, high))
    return tuple(found)


def _others(ranges: Ranges) -> Ranges:
    """All other characters."""
    found, at = [], 0
    for low, high in ranges:
        if low > at:
            found.append((at, low - 1))
        at = high + 1
    return (*found, (at, _LAST)) if at <= _LAST else tuple(found)


def _meet(one: Ranges, other: Ranges) -> bool:
    """Whether a character is in both."""
    return any(low <= end and begin <= high for low, high in one for begin, end in other)


def _written(part: Part, names: dict[str, str]) -> str:
    if isinstance(part, Ref):
        return names[part.name]
    if isinstance(part, Set):
        inner = "".join(f"\\U{low:08x}-\\U{high:08x}" for low, high in part.ranges)
        return f"[{inner}]" if inner else '""'
    if isinstance(part, Branch):
        ways = (" ".join(_within(each, names) for each in way) or '""' for way in part.ways)
        return " | ".join(ways)
    most = "" if part.most is None else part.most
    return f"{_within(part.part, names)}{{{part.least},{most}}}"


def _within(part: Part, names: dict[str, str]) -> str:
    text = _written(part, names)
    return f"({text})" if isinstance(part, Branch | Times) else text
