"""What a grammar in GBNF lets through, and what it makes: as llama.cpp reads it, in this process.

Ways are kept open side by side, as the engine keeps them. See llama.cpp's ``grammars/README.md``.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

_TOKEN = re.compile(
    r'\s*(?:"(?P<text>(?:[^"\\]|\\.)*)"|\[(?P<turned>\^?)(?P<of>(?:[^\]\\]|\\.)*)\]'
    r"|(?P<times>\{\d*,?\d*\}|[?*+])|(?P<sign>[()|])|(?P<name>[A-Za-z][\w-]*))"
)
_CODES = {"x": 2, "u": 4, "U": 8}
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}
_LAST = 0x10FFFF
#: How many elements a text is made of before it is brought to its end.
_LONG = 300


class Set(NamedTuple):
    """One character of these ranges."""

    ranges: tuple[tuple[int, int], ...]

    def has(self, character: str) -> bool:
        """Whether it is one of them."""
        return any(low <= ord(character) <= high for low, high in self.ranges)


class Times(NamedTuple):
    """Something so many times; `most` None: any number of times."""

    part: Element
    least: int
    most: int | None


class Ways(NamedTuple):
    """One of several sequences."""

    ways: tuple[tuple[Element, ...], ...]


#: A name stands for its rule.
Element = Set | Times | Ways | str
#: What has still to come, from inside out: a sequence, from which element on, and what is behind.
_Stack = tuple[tuple[Element, ...], int, "_Stack"] | None


class Grammar:
    """The rules of a grammar."""

    def __init__(self, text: str) -> None:
        self.rules = {
            name: _Reader(body).ways()
            for name, body in (line.split(" ::= ", 1) for line in text.split("\n"))
        }
        self._heights: dict[str, float] = {}
        self._find_heights()

    def lets_through(self, text: str) -> bool:
        """Whether the whole text is one of its texts."""
        open_ = self._opened([((), 0, (("root",), 0, None))])
        for character in text:
            behind = []
            for stack in open_:
                if stack is not None:
                    sequence, at, rest = stack
                    element = sequence[at]
                    if isinstance(element, Set) and element.has(character):
                        behind.append((sequence, at + 1, rest))
            open_ = self._opened(behind)
            if not open_:
                return False
        return None in open_

    def _opened(self, stacks: Iterable[_Stack]) -> set[_Stack]:
        """The stacks that stand before a character, or at the end (None)."""
        found: set[_Stack] = set()
        to_do, seen = list(stacks), set(stacks)
        while to_do:
            stack = to_do.pop()
            if stack is None:
                found.add(None)
                continue
            sequence, at, rest = stack
            if at == len(sequence):
                more: Sequence[_Stack] = [rest]
            else:
                # What has come to its end leaves nothing behind: so repeating makes no stack grow.
                behind = (sequence, at + 1, rest) if at + 1 < len(sequence) else rest
                element = sequence[at]
                if isinstance(element, Set):
                    found.add(stack)
                    continue
                more = [(way, 0, behind) for way in self._ways(element)]
            for each in more:
                if each not in seen:
                    seen.add(each)
                    to_do.append(each)
        return found

    def _ways(self, element: Element) -> Sequence[tuple[Element, ...]]:
        if isinstance(element, str):
            return self.rules[element].ways
        if isinstance(element, Ways):
            return element.ways
        assert isinstance(element, Times)
        part, least, most = element
        left = Times(part, max(0, least - 1), None if most is None else most - 1)
        ways = [] if most == 0 else [(part, left) if left.most != 0 else (part,)]
        return ways if least else [*ways, ()]

    def made(self, draw: random.Random) -> str:
        """One of its texts, drawn at random."""
        text: list[str] = []
        to_do: list[Element] = ["root"]
        steps = 0
        while to_do:
            element = to_do.pop()
            steps += 1
            if isinstance(element, Set):
                text.append(_drawn(element, draw))
            elif isinstance(element, Times):
                most = element.least + 4 if element.most is None else element.most
                count = element.least
                if steps < _LONG:
                    count = draw.randint(count, max(count, min(most, count + 4)))
                to_do += [element.part] * count
            else:
                ways = self._ways(element)
                if steps > _LONG:
                    lowest = min(map(self._height, ways))
                    ways = [way for way in ways if self._height(way) == lowest]
                to_do += reversed(draw.choice(ways))
        return "".join(text)

    def _height(self, way: Sequence[Element]) -> float:
        return max(map(self._height_of, way), default=0.0)

    def _height_of(self, element: Element) -> float:
        if isinstance(element, Set):
            return 0.0
        if isinstance(element, str):
            return self._heights.get(element, float("inf"))
        if isinstance(element, Times):
            return self._height_of(element.part) if element.least else 0.0
        return min(map(self._height, element.ways))

    def _find_heights(self) -> None:
        """How deep the shortest way through each rule goes."""
        while True:
            heights = {
                name: 1 + min(map(self._height, ways.ways)) for name, ways in self.rules.items()
            }
            if heights == self._heights:
                return
            self._heights = heights


def _drawn(one: Set, draw: random.Random) -> str:
    ranges = [(low, min(high, low + 80)) for low, high in one.ranges]
    low, high = draw.choice([each for each in ranges if not 0xD800 <= each[0] <= 0xDFFF])
    return chr(draw.randint(low, min(high, 0xD7FF) if low < 0xD800 else high))


class _Reader:
    def __init__(self, body: str) -> None:
        self._body = body
        self._at = 0

    def ways(self) -> Ways:
        ways: list[list[Element]] = [[]]
        while self._at < len(self._body.rstrip()):
            token = _TOKEN.match(self._body, self._at)
            assert token, self._body[self._at :]
            self._at = token.end()
            sign = token["sign"]
            if sign == ")":
                break
            if sign == "|":
                ways.append([])
            elif sign == "(":
                ways[-1].append(self.ways())
            elif token["times"]:
                ways[-1][-1] = Times(ways[-1][-1], *_bounds(token["times"]))
            elif token["name"]:
                ways[-1].append(token["name"])
            elif token["text"] is not None:
                sets = [Set(((code, code),)) for code in _codes(token["text"])]
                ways[-1].append(sets[0] if len(sets) == 1 else Ways((tuple(sets),)))
            else:
                ways[-1].append(_set(token["of"], bool(token["turned"])))
        return Ways(tuple(map(tuple, ways)))


def _bounds(written: str) -> tuple[int, int | None]:
    if written in "?*+":
        return int(written == "+"), 1 if written == "?" else None
    least, comma, most = written[1:-1].partition(",")
    assert max(int(least), int(most or 0)) <= 2000, f"{written}: llama.cpp does not count so far"
    return int(least), (int(most) if most else None) if comma else int(least)


def _codes(text: str) -> list[int]:
    return [code for code, _ in _written(text)]


def _written(text: str) -> list[tuple[int, bool]]:
    """The characters of a literal or a class, and whether each stands for itself alone."""
    found: list[tuple[int, bool]] = []
    at = 0
    while at < len(text):
        one = text[at]
        at += 1
        if one != "\\":
            found.append((ord(one), False))
            continue
        kind = text[at]
        digits = _CODES.get(kind, 0)
        code = int(text[at + 1 : at + 1 + digits], 16) if digits else ord(_ESCAPES.get(kind, kind))
        found.append((code, True))
        at += 1 + digits
    return found


def _set(of: str, turned: bool) -> Set:
    codes = _written(of)
    ranges: list[tuple[int, int]] = []
    while codes:
        (low, _), codes = codes[0], codes[1:]
        if len(codes) > 1 and codes[0] == (ord("-"), False):
            ranges.append((low, codes[1][0]))
            codes = codes[2:]
        else:
            ranges.append((low, low))
    if not turned:
        return Set(tuple(ranges))
    left: list[tuple[int, int]] = []
    begin = 0
    for low, high in sorted(ranges):
        left.append((begin, low - 1))
        begin = high + 1
    return Set(tuple(each for each in [*left, (begin, _LAST)] if each[0] <= each[1]))
