"""`pattern` as an expression: regular expressions as ECMA-262 has them, which JSON Schema names.

A pattern is looked for anywhere in a text unless it is anchored. What is no regular set of texts
(references back, word boundaries, looking behind) is refused, and so are classes of Unicode that
are no general category (``\\p{Script=Greek}``).
"""

from __future__ import annotations

from typing import NamedTuple

from rbee.worker.engines.schemas.expressions import (
    CHARACTERS,
    Expression,
    Expressions,
    Range,
    without,
)

_DIGIT: tuple[Range, ...] = ((48, 57),)
_WORD: tuple[Range, ...] = ((48, 57), (65, 90), (95, 95), (97, 122))
_SPACE: tuple[Range, ...] = (
    *((9, 13), (32, 32), (0xA0, 0xA0), (0x1680, 0x1680), (0x2000, 0x200A)),
    *((0x2028, 0x2029), (0x202F, 0x202F), (0x205F, 0x205F), (0x3000, 0x3000), (0xFEFF, 0xFEFF)),
)
_CLASSES = {
    "d": _DIGIT,
    "w": _WORD,
    "s": _SPACE,
    "D": without(_DIGIT),
    "W": without(_WORD),
    "S": without(_SPACE),
}
_DOT = without([(10, 10), (13, 13), (0x2028, 0x2029)])
_CONTROLS = {"n": 10, "r": 13, "t": 9, "v": 11, "f": 12, "0": 0}
#: How many digits of a code point follow ``\x`` and ``\u``.
_DIGITS = {"x": 2, "u": 4}
#: The most digits of how often something comes: nobody counts that far.
_LONGEST_COUNT = 9
_QUANTIFIERS: dict[str, tuple[int, int | None]] = {"*": (0, None), "+": (1, None), "?": (0, 1)}


class NotRegularError(ValueError):
    """A pattern that cannot be held to; its text says what in it."""


class _Anchor(NamedTuple):
    at_start: bool


class _Ahead(NamedTuple):
    """What has to follow here, or must not."""

    ways: list[_Way]
    wanted: bool


class _Group(NamedTuple):
    ways: list[_Way]


_Item = Expression | _Anchor | _Ahead | _Group
_Way = list[_Item]


def pattern_of(pattern: str, make: Expressions) -> Expression:
    """The texts in which `pattern` is found. Raises `NotRegularError`."""
    reader = _PatternReader(pattern, make)
    ways = reader.ways()
    if reader.at < len(pattern):
        raise NotRegularError(f"`{pattern[reader.at]}` with nothing that it belongs to")
    return _found(ways, make, make.every, make.every)


def _found(
    ways: list[_Way], make: Expressions, before: Expression, behind: Expression
) -> Expression:
    """The whole texts for one of these ways, what may stand before and behind it being given."""
    return make.any_of(*(_found_way(way, make, before, behind) for way in ways))


def _found_way(way: _Way, make: Expressions, before: Expression, behind: Expression) -> Expression:
    items = list(way)
    while items and items[0] == _Anchor(True):
        before = make.empty
        del items[0]
    while items and items[-1] == _Anchor(False):
        behind = make.empty
        del items[-1]
    if len(items) == 1 and isinstance(items[0], _Group):
        return _found(items[0].ways, make, before, behind)
    rest = behind
    for at, item in reversed(list(enumerate(items))):
        if isinstance(item, _Ahead):
            if (at or before is not make.empty) and _looks_back(item.ways):
                raise NotRegularError("`^` behind something else")
            ahead = _found(item.ways, make, make.empty, make.every)
            rest = make.all_of(rest, ahead if item.wanted else make.but(ahead))
        else:
            rest = make.then(_plain(item, make), rest)
    return make.then(before, rest)


def _looks_back(ways: list[_Way]) -> bool:
    """Whether one of these is anchored to the beginning."""
    return any(
        item == _Anchor(True) or (isinstance(item, (_Ahead, _Group)) and _looks_back(item.ways))
        for way in ways
        for item in way
    )


def _plain(item: _Item, make: Expressions) -> Expression:
    if isinstance(item, Expression):
        return item
    if isinstance(item, _Group):
        ways = (make.then(*(_plain(each, make) for each in way)) for way in item.ways)
        return make.any_of(*ways)
    raise NotRegularError(
        "an anchor that is not at its edge" if isinstance(item, _Anchor) else "`(?=` in a group"
    )


class _PatternReader:
    """Reads a pattern from left to right; `at` is where it is."""

    def __init__(self, pattern: str, make: Expressions) -> None:
        self._text = pattern
        self._make = make
        self.at = 0

    def ways(self) -> list[_Way]:
        """What the bars at this depth part."""
        ways: list[_Way] = [[]]
        while self.at < len(self._text) and self._text[self.at] != ")":
            if self._took("|"):
                ways.append([])
            else:
                ways[-1].append(self._item())
        return ways

    def _took(self, text: str) -> bool:
        if not self._text.startswith(text, self.at):
            return False
        self.at += len(text)
        return True

    def _next(self) -> str:
        if self.at >= len(self._text):
            raise NotRegularError("an end in the middle of it")
        self.at += 1
        return self._text[self.at - 1]

    def _item(self) -> _Item:
        one = self._next()
        item: _Item
        if one in "^$":
            return _Anchor(one == "^")
        if one == "(":
            item = self._group()
        elif one == "[":
            item = self._make.one_of(self._class())
        elif one == ".":
            item = self._make.one_of(_DOT)
        elif one == "\\":
            item = self._make.one_of(self._escaped())
        elif one in _QUANTIFIERS:
            raise NotRegularError(f"`{one}` with nothing before it")
        else:
            item = self._make.one_of([(ord(one), ord(one))])
        bounds = self._quantifier()
        if bounds is None:
            return item
        return self._make.times(_plain(item, self._make), *bounds)

    def _group(self) -> _Item:
        kind = ""
        if self._took("?"):
            kind = self._next()
            if kind == "<" and self._text[self.at : self.at + 1] not in ("=", "!"):
                while self._next() != ">":
                    pass
            elif kind not in ":=!":
                raise NotRegularError(f"`(?{kind}`")
        ways = self.ways()
        if not self._took(")"):
            raise NotRegularError("`(` without `)`")
        return _Ahead(ways, kind == "=") if kind in ("=", "!") else _Group(ways)

    def _quantifier(self) -> tuple[int, int | None] | None:
        one = self._text[self.at : self.at + 1]
        bounds = _QUANTIFIERS.get(one) if one else None
        if bounds is not None:
            self.at += 1
        elif one == "{":
            inside, closed, _ = self._text[self.at + 1 :].partition("}")
            least, comma, most = inside.partition(",")
            if not (closed and least.isdecimal() and (most.isdecimal() or not most)):
                return None  # a brace that stands for itself
            if max(len(least), len(most)) > _LONGEST_COUNT:
                raise NotRegularError(f"a count of more than {_LONGEST_COUNT} digits")
            self.at += len(inside) + 2
            bounds = int(least), (int(most) if most else None if comma else int(least))
            if bounds[1] is not None and bounds[0] > bounds[1]:
                raise NotRegularError(f"`{{{inside}}}`")
        if bounds is not None:
            self._took("?")  # as few as possible: the same texts
        return bounds

    def _class(self) -> tuple[Range, ...]:
        turned = self._took("^")
        ranges: list[Range] = []
        while not self._took("]"):
            low = self._of_class()
            ahead = self._text[self.at : self.at + 2]
            if ahead[:1] == "-" and ahead != "-]" and len(low) == 1 and low[0][0] == low[0][1]:
                self.at += 1
                high = self._of_class()
                if len(high) != 1 or high[0][0] != high[0][1] or high[0][0] < low[0][0]:
                    raise NotRegularError("a range that is none")
                ranges.append((low[0][0], high[0][0]))
            else:
                ranges += low
        return without(ranges) if turned else tuple(ranges)

    def _of_class(self) -> tuple[Range, ...]:
        one = self._next()
        if one != "\\":
            return ((ord(one), ord(one)),)
        if self._took("b"):
            return ((8, 8),)
        return self._escaped()

    def _escaped(self) -> tuple[Range, ...]:
        one = self._next()
        if one in _CLASSES:
            return _CLASSES[one]
        if one in "pP":
            return self._category(one == "P")
        if one in _CONTROLS and not (one == "0" and self._text[self.at : self.at + 1].isdecimal()):
            code = _CONTROLS[one]
        elif one == "c":
            code = ord(self._next()) % 32
        elif one in _DIGITS:
            code = self._code(_DIGITS[one])
        elif one.isalnum():
            raise NotRegularError(f"`\\{one}`")
        else:
            code = ord(one)
        return ((code, code),)

    def _category(self, turned: bool) -> tuple[Range, ...]:
        from rbee.worker.engines.schemas.categories import characters_of  # late: few ask for one

        name, closed, _ = self._text[self.at :].partition("}")
        ranges = characters_of(name[1:]) if closed and name[:1] == "{" else ()
        if not ranges:
            raise NotRegularError(f"`\\{'P' if turned else 'p'}` of no general category")
        self.at += len(name) + 1
        return without(ranges) if turned else ranges

    def _code(self, digits: int) -> int:
        if digits == 4 and self._took("{"):
            written, _, _ = self._text[self.at :].partition("}")
            self.at += len(written) + 1
        else:
            written = self._text[self.at : self.at + digits]
            self.at += digits
        try:
            code = int(written, 16)
        except ValueError:
            raise NotRegularError(f"`\\` with `{written}` behind it") from None
        if 0xD800 <= code < 0xDC00 and self._took("\\u"):
            return 0x10000 + ((code - 0xD800) << 10) + (self._code(4) - 0xDC00 & 0x3FF)
        if code > CHARACTERS[-1][1]:
            raise NotRegularError(f"`{written}`, which is no character,")
        return code
