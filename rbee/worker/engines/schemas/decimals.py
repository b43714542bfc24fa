"""What numbers may be, as texts: all ways to write a value, without an exponent.

So a value is in such a set with each of its texts, 1 and 1.0, or with none, and what is not in it
is what has another value.
"""

from __future__ import annotations

from decimal import Decimal
from math import inf, isfinite
from typing import NamedTuple

from rbee.worker.engines.schemas.expressions import Expression, Expressions, Multiple

_DIGIT = ((48, 57),)
#: How many digits are written of a number at most: a double keeps them apart.
_WRITTEN = 15
#: How many digits a bound may have before the point, and behind it.
_LONGEST = 40


class TooLongError(ValueError):
    """A number of more digits than are followed."""


class Decimals(NamedTuple):
    """Sets of numbers, made by `make`."""

    make: Expressions

    def every(self) -> Expression:
        """Every number; 0 has no sign."""
        make = self.make
        zero = make.then(make.text("-0"), make.times(self._point(self._zeros()), 0, 1))
        signed = make.then(make.times(make.text("-"), 0, 1), self._unsigned())
        return make.all_of(signed, make.but(zero))

    def integers(self) -> Expression:
        """Those without decimals."""
        return self.make.all_of(self.every(), self._has(self._point(self._zeros())))

    def whole(self) -> Expression:
        """Those that are written without a point."""
        return self._has(self.make.empty)

    def written(self) -> Expression:
        """As many digits as are written: of what has more, a program would read another value."""
        make = self.make
        ways = [
            make.then(
                make.times(make.text("-"), 0, 1),
                make.times(make.one_of(_DIGIT), whole, whole),
                make.times(self._point(self._digits(1, _WRITTEN - whole)), 0, 1)
                if whole < _WRITTEN
                else make.empty,
            )
            for whole in range(1, _WRITTEN + 1)
        ]
        return make.any_of(*ways)

    def plain(self) -> Expression:
        """Those without zeros at the end: each value once."""
        make = self.make
        last = make.then(self._digits(0, None), make.one_of(((49, 57),)))
        return self._has(make.times(self._point(last), 0, 1))

    def is_value(self, value: float | Decimal) -> Expression:
        """All texts of one value. Raises `TooLongError`."""
        make = self.make
        sign, whole, fraction = _parts(value)
        if fraction:
            return make.then(make.text(f"{sign}{whole}.{fraction}"), self._digits_of("0", 0, None))
        zeros = make.times(self._point(self._zeros()), 0, 1)
        return make.then(make.text(f"{sign}{whole}"), zeros)

    def below(self, bound: float, inclusive: bool) -> Expression:
        """Those below a bound, or at it. Raises `TooLongError`."""
        make = self.make
        if not isfinite(bound):
            return self.every() if bound == inf else make.none
        sign, whole, fraction = _parts(bound)
        less = self._less(whole, fraction)
        here = self.is_value(bound)
        if sign:
            more = make.all_of(
                self._unsigned(), make.but(less), make.but(self.is_value(abs(_decimal(bound))))
            )
            found = make.then(make.text("-"), more)
        else:
            found = make.any_of(less, make.then(make.text("-"), self._unsigned()))
        found = make.any_of(found, here) if inclusive else found
        return make.all_of(self.every(), found)

    def above(self, bound: float, inclusive: bool) -> Expression:
        """Those above a bound, or at it. Raises `TooLongError`."""
        return self.make.all_of(self.every(), self.make.but(self.below(bound, not inclusive)))

    def multiples(self, of: float) -> Expression:
        """Those that are a multiple. Raises `TooLongError`."""
        make = self.make
        _, whole, fraction = _parts(of)
        state = Multiple(int(whole + fraction), 0, len(fraction), False)
        signed = make.then(make.times(make.text("-"), 0, 1), make.multiple(state))
        return make.all_of(self.every(), signed)

    def _has(self, behind: Expression) -> Expression:
        make = self.make
        sign = make.times(make.text("-"), 0, 1)
        return make.then(sign, self._digits(1, None), make.times(behind, 0, 1))

    def _point(self, behind: Expression) -> Expression:
        return self.make.then(self.make.text("."), behind)

    def _digits(self, least: int, most: int | None) -> Expression:
        return self.make.times(self.make.one_of(_DIGIT), least, most)

    def _digits_of(self, digit: str, least: int, most: int | None) -> Expression:
        return self.make.times(self.make.text(digit), least, most)

    def _zeros(self) -> Expression:
        return self._digits_of("0", 1, None)

    def _unsigned(self) -> Expression:
        make = self.make
        whole = make.any_of(
            make.text("0"), make.then(make.one_of(((49, 57),)), self._digits(0, None))
        )
        return make.then(whole, make.times(self._point(self._digits(1, None)), 0, 1))

    def _less(self, whole: str, fraction: str) -> Expression:
        """The unsigned ones that are less than this one."""
        make = self.make
        decimals = make.times(self._point(self._digits(1, None)), 0, 1)
        ways = [make.then(self._lower(whole), decimals)]
        if len(whole) > 1:
            first = make.one_of(((49, 57),))
            shorter = make.then(first, self._digits(0, len(whole) - 2))
            ways.append(make.then(make.any_of(make.text("0"), shorter), decimals))
        if fraction:
            starts = [make.text(fraction[:length]) for length in range(1, len(fraction))]
            lower = make.any_of(
                *(
                    make.then(make.text(fraction[:at]), _under(digit, make), self._digits(0, None))
                    for at, digit in enumerate(fraction)
                ),
                *starts,
            )
            ways.append(make.then(make.text(whole), make.times(self._point(lower), 0, 1)))
        return make.all_of(self._unsigned(), make.any_of(*ways))

    def _lower(self, whole: str) -> Expression:
        """The whole numbers of as many digits that are less."""
        make = self.make
        return make.any_of(
            *(
                make.then(
                    make.text(whole[:at]),
                    _under(digit, make),
                    self._digits(len(whole) - at - 1, len(whole) - at - 1),
                )
                for at, digit in enumerate(whole)
            )
        )


def _under(digit: str, make: Expressions) -> Expression:
    return make.one_of([(48, ord(digit) - 1)] if digit > "0" else [])


def _decimal(value: float | Decimal) -> Decimal:
    return value if isinstance(value, Decimal) else Decimal(repr(value))


def _parts(value: float | Decimal) -> tuple[str, str, str]:
    """The sign, the digits before the point and those behind it, without zeros at the end."""
    exact = _decimal(value)
    if exact and not -_LONGEST < exact.adjusted() < _LONGEST:
        raise TooLongError
    text = format(exact, "f")
    if len(text) > 3 * _LONGEST:
        raise TooLongError
    whole, _, fraction = text.removeprefix("-").partition(".")
    return "-" if exact < 0 else "", whole.lstrip("0") or "0", fraction.rstrip("0")
