"""Combinations of what schemas allow: and, or, not, of sets of values by their type."""

from __future__ import annotations

import abc
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from rbee.worker.engines.schema_cost import PARTS, STEPS, WAYS, Count, short, too_much, unknown
from rbee.worker.engines.schemas.decimals import Decimals, TooLongError
from rbee.worker.engines.schemas.expressions import Expression, Expressions
from rbee.worker.engines.schemas.places import Places
from rbee.worker.engines.schemas.shapes import (
    ANYTHING,
    Array,
    Contained,
    Not,
    Object,
    Others,
    Value,
    Wanted,
    key_of,
    number_text,
)

TYPES = ("null", "boolean", "number", "integer", "string", "array", "object")
#: How many forms a value has at most, how many kinds of other members, and how deep it is looked
#: for whether any value fits.
_FORMS, _KINDS, LOOKED = 128, 16, 3


class Combining(abc.ABC):
    """Combines what schemas allow. What is within an array or object is known by the schemas that
    it has to fit; `value` says what these allow.

    Raises where a combination cannot be written as such a form, or costs more than `count` has room
    for; `at` is the path that the cost is reported at.
    """

    def __init__(self, schema: Any, count: Count) -> None:
        self.count = count
        self.at = "$"
        self.places = Places(schema)
        self.make = Expressions(lambda steps: count.add(STEPS, steps, self.at))
        self.decimals = Decimals(self.make)
        self.any_number = self.decimals.every()
        self.any_integer = self.decimals.integers()
        self.everything = self.of_types(TYPES)
        self.nothing = self.of_types(())

    @abc.abstractmethod
    def value(self, wanted: Wanted) -> Value:
        """What fits all of this."""

    def of_types(self, types: Iterable[str], path: str = "$") -> Value:
        """Every value of these types. Raises for one that there is not."""
        types = list(types)
        for one in types:
            if one not in TYPES:
                raise unknown(f"{path}.type", f"type {short(one)!r}")
        if len({*types}) < len(types):
            raise unknown(f"{path}.type", "a `type` twice")
        words = [
            *(["null"] if "null" in types else []),
            *(["true", "false"] if "boolean" in types else []),
        ]
        make = self.make
        number = make.none
        if "number" in types:
            number = self.any_number
        elif "integer" in types:
            number = self.any_integer
        return Value(
            frozenset(words),
            number,
            make.every if "string" in types else make.none,
            (Array(path=path),) if "array" in types else (),
            (self.an_object(path=path),) if "object" in types else (),
            {},
        )

    def an_object(self, **more: Any) -> Object:
        """An object about which nothing else is said."""
        return Object({}, (Others(self.make.every, ANYTHING),), **more)

    def both(self, one: Value, other: Value) -> Value:
        """What fits one and the other."""
        if one is self.everything or other is self.everything:
            return other if one is self.everything else one
        make = self.make
        found = Value(
            one.words & other.words,
            make.all_of(one.number, other.number),
            make.all_of(one.string, other.string),
            _distinct(self._both_arrays(a, b) for a in one.arrays for b in other.arrays),
            self._all_distinct(
                self._both_objects(a, b) for a in one.objects for b in other.objects
            ),
            {
                key: each
                for key, each in {**one.listed, **other.listed}.items()
                if self.fits(each, one) and self.fits(each, other)
            },
        )
        return self._about_texts(found, [one, other])

    def _about_texts(self, found: Value, of: Sequence[Value]) -> Value:
        """What is combined of these, with what is known of its texts."""
        narrow = next((each.narrow for each in of if each.narrow), "")
        wide = next((each.wide for each in of if each.wide), "")
        if not (narrow or wide):
            return found
        wide = wide if found.has_texts(self.make) else ""
        return found._replace(narrow=narrow, wide=wide)

    def either(self, values: Iterable[Value], path: str) -> Value:
        """What fits one of several."""
        several = list(values)
        found = Value(
            frozenset().union(*(each.words for each in several)),
            self.make.any_of(*(each.number for each in several)),
            self.make.any_of(*(each.string for each in several)),
            _distinct(one for each in several for one in each.arrays),
            self._all_distinct(one for each in several for one in each.objects),
            {key: one for each in several for key, one in each.listed.items()},
        )
        if len(found.objects) + len(found.arrays) > _FORMS:
            raise too_much(WAYS, path)
        return self._about_texts(found, several)

    def _all_distinct(self, objects: Iterable[Object]) -> tuple[Object, ...]:
        found: dict[object, Object] = {}
        for each in objects:
            self.count.add(PARTS, 1, each.path)
            named = tuple(each.members.items())
            found.setdefault((named, *each[1:6]), each)
        return tuple(found.values())

    def _both_arrays(self, one: Array, other: Array) -> Array:
        self.count.add(PARTS, 1, one.path)
        length = max(len(one.first), len(other.first))
        looked_at = (
            None
            if one.looked_at is None or other.looked_at is None
            else max(one.looked_at, other.looked_at)
        )
        return Array(
            tuple(one.item(number) | other.item(number) for number in range(length)),
            one.rest | other.rest,
            max(one.least, other.least),
            _lower(one.most, other.most),
            tuple(dict.fromkeys([*one.contains, *other.contains])),
            one.distinct or other.distinct,
            looked_at,
            max(one.path, other.path, key=len),
        )

    def _both_objects(self, one: Object, other: Object) -> Object:
        make = self.make
        names = dict.fromkeys([*one.members, *other.members])
        if one.members and other.members:
            self.count.add(PARTS, len(names), one.path)
        if one.others == other.others:
            others = list(one.others)
        else:
            others = [
                Others(
                    make.all_of(a.names, b.names),
                    a.wanted | b.wanted,
                    a.is_asked or b.is_asked,
                    a.is_looked_at or b.is_looked_at,
                )
                for a in one.others
                for b in other.others
            ]
            if len(others) > 1:
                others = self.parted(others, other.path)
        return Object(
            {name: self.member(one, name) | self.member(other, name) for name in names},
            tuple(others),
            tuple(dict.fromkeys([*one.required, *other.required])),
            max(one.least, other.least),
            _lower(one.most, other.most),
            one.looked_at | other.looked_at,
            max(one.path, other.path, key=len),
            one.least_at if one.least >= other.least else other.least_at,
        )

    def member(self, form: Object, name: str) -> Wanted:
        """What the member of a name has to fit."""
        if name in form.members:
            return form.members[name]
        if len(form.others) == 1:
            return form.others[0].wanted
        return next(each.wanted for each in form.others if self.make.allows(each.names, name))

    def other(self, value: Value, path: str) -> Value:
        """What does not fit. Raises where that is no such form."""
        make = self.make
        strings = [each for each in value.listed.values() if isinstance(each, str)]
        numbers = [each for each in value.listed.values() if isinstance(each, (int, float))]
        string = make.any_of(value.string, *map(make.text, strings))
        number = make.any_of(value.number, *map(self._texts_of, numbers))
        found = Value(
            frozenset(["null", "true", "false"]) - value.words,
            make.all_of(self.any_number, make.but(number)),
            make.but(string),
            (Array(path=path),),
            (self.an_object(path=path),),
            {},
            value.wide,
            value.narrow,
        )
        arrays = [each for each in value.listed.values() if isinstance(each, list)]
        objects = [each for each in value.listed.values() if isinstance(each, dict)]
        for array in [*value.arrays, *(self._as_array(each, path) for each in arrays)]:
            turned = self.nothing._replace(arrays=tuple(self._other_arrays(array, path)))
            found = found._replace(arrays=self.both(found, turned).arrays)
        for form in [*value.objects, *(self._as_object(each, path) for each in objects)]:
            turned = self.nothing._replace(objects=tuple(self._other_objects(form, path)))
            found = found._replace(objects=self.both(found, turned).objects)
        return found

    def _texts_of(self, number: float) -> Expression:
        try:
            return self.decimals.is_value(number)
        except TooLongError:
            return self.make.none

    def _as_array(self, value: list[Any], path: str) -> Array:
        first = tuple(self.places.made({"const": each}, path) for each in value)
        return Array(first, self.places.never, len(value), len(value), path=path)

    def _as_object(self, value: dict[str, Any], path: str) -> Object:
        members = {name: self.places.made({"const": each}, path) for name, each in value.items()}
        others = (Others(self.make.every, self.places.never),)
        return Object(members, others, tuple(value), path=path)

    def turned(self, wanted: Wanted, path: str) -> Wanted:
        """What does not fit all of this."""
        if wanted == ANYTHING:
            return self.places.never
        if wanted == self.places.never:
            return ANYTHING
        if len(wanted) == 1 and isinstance(one := next(iter(wanted)), Not):
            return one.wanted
        return frozenset([Not(wanted, path)])

    def _other_arrays(self, array: Array, path: str) -> Iterator[Array]:
        anything = ANYTHING
        if array.distinct and (array.most is None or array.most > 1):
            raise unknown(path, "the opposite of `uniqueItems`")
        if array.least:
            yield Array(most=array.least - 1, path=path)
        if array.most is not None:
            yield Array(least=array.most + 1, path=path)
        for number, wanted in enumerate(array.first):
            if wanted != ANYTHING:
                self.count.add(PARTS, 1 + number, path)
                first = (*[anything] * number, self.turned(wanted, path))
                yield Array(first, least=number + 1, path=path)
        if array.rest == self.places.never:
            yield Array(least=len(array.first) + 1, path=path)
        elif array.rest != ANYTHING:
            if array.first:
                raise unknown(path, "the opposite of `items` behind `prefixItems`")
            other = Contained(self.turned(array.rest, path), 1, None, path)
            yield Array(contains=(other,), path=path)
        for wanted, least, most, _ in array.contains:
            if least == 1:
                yield Array(rest=self.turned(wanted, path), path=path)
            elif least:
                yield Array(contains=(Contained(wanted, 0, least - 1, path),), path=path)
            if most is not None:
                yield Array(contains=(Contained(wanted, most + 1, None, path),), path=path)

    def _other_objects(self, form: Object, path: str) -> Iterator[Object]:
        if form.least:
            yield self.an_object(most=form.least - 1, path=path)
        if form.most is not None:
            yield self.an_object(least=form.most + 1, path=path, least_at=path)
        for name in form.required:
            yield self.an_object(path=path)._replace(members={name: self.places.never})
        for name, wanted in form.members.items():
            if wanted != ANYTHING:
                turned = self.turned(wanted, path)
                yield self.an_object(required=(name,), path=path)._replace(members={name: turned})
        for others in form.others:
            if others.wanted != ANYTHING:
                raise unknown(path, "the opposite of what says something of members without names")

    def parted(self, others: Iterable[Others], path: str) -> list[Others]:
        """`others` without those kinds that no name belongs to."""
        left = [each for each in others if not self.make.is_none(each.names)]
        if len(left) > _KINDS:
            raise unknown(f"{path}.patternProperties", f"names of more than {_KINDS} kinds")
        return left

    # Whether a value fits, and whether any does.

    def fits(self, value: Any, allowed: Value) -> bool:
        """Whether a value is one of these."""
        self.count.add(PARTS, 1, self.at)
        if value is None or isinstance(value, bool):
            return ("null" if value is None else str(value).lower()) in allowed.words
        if key_of(value) in allowed.listed:
            return True
        if isinstance(value, str):
            return self.make.allows(allowed.string, value)
        if isinstance(value, (int, float)):
            return self.make.allows(allowed.number, number_text(value))
        if isinstance(value, list):
            return any(self._fits_array(value, each) for each in allowed.arrays)
        return any(self._fits_object(value, each) for each in allowed.objects)

    def _fits_array(self, value: list[Any], array: Array) -> bool:
        if not array.least <= len(value) <= (len(value) if array.most is None else array.most):
            return False
        if array.distinct and len({key_of(each) for each in value}) < len(value):
            return False
        for wanted, least, most, _ in array.contains:
            found = sum(self.fits(each, self.value(wanted)) for each in value)
            if found < least or (most is not None and found > most):
                return False
        return all(
            self.fits(each, self.value(array.item(number))) for number, each in enumerate(value)
        )

    def _fits_object(self, value: dict[str, Any], form: Object) -> bool:
        if not form.least <= len(value) <= (len(value) if form.most is None else form.most):
            return False
        return set(form.required) <= set(value) and all(
            self.fits(each, self.value(self.member(form, name))) for name, each in value.items()
        )

    def is_empty(self, value: Value, depth: int = LOOKED) -> bool:
        """Whether it is certain, looking `depth` values deep, that nothing fits."""
        make = self.make
        return not (value.words or value.listed) and (
            make.is_none(value.number)
            and make.is_none(value.string)
            and all(self.is_empty_array(each, depth) for each in value.arrays)
            and all(self.is_empty_object(each, depth) for each in value.objects)
        )

    def never_fits(self, wanted: Wanted, depth: int) -> bool:
        """The same of what has to fit several schemas."""
        if wanted == ANYTHING:
            return False
        return self.places.never <= wanted or (
            depth > 0 and self.is_empty(self.value(wanted), depth - 1)
        )

    def is_empty_array(self, array: Array, depth: int) -> bool:
        """The same of a form of arrays."""
        if array.most is not None and array.least > array.most:
            return True
        return any(
            self.never_fits(array.item(number), depth)
            for number in range(min(array.least, len(array.first) + 1))
        )

    def is_empty_object(self, form: Object, depth: int) -> bool:
        """The same of a form of objects."""
        if form.most is not None and max(form.least, len(form.required)) > form.most:
            return True
        return any(self.never_fits(self.member(form, name), depth) for name in form.required)

    def are_told_apart(self, one: Value, other: Value) -> bool:
        """Whether both are objects alone, and a constant that each has tells them apart."""
        return all(self._is_of_objects(each) for each in (one, other)) and all(
            any(
                self._have_no_value_in_common(self.member(a, name), self.member(b, name))
                for name in a.required
                if name in b.required
            )
            for a in one.objects
            for b in other.objects
        )

    def _is_of_objects(self, value: Value) -> bool:
        return not (value.words or value.listed or value.arrays) and self._has_no_scalars(value)

    def _has_no_scalars(self, value: Value) -> bool:
        return self.make.is_none(value.number) and self.make.is_none(value.string)

    def _have_no_value_in_common(self, one: Wanted, other: Wanted) -> bool:
        several = self.value(one), self.value(other)
        listed = all(
            self._has_no_scalars(each) and not (each.arrays or each.objects) for each in several
        )
        a, b = several
        return listed and not (a.listed.keys() & b.listed.keys() or a.words & b.words)

    def endless(self, several: Mapping[Wanted, Value]) -> list[Wanted]:
        """Those of these for which no value comes to an end: each would contain another one."""
        left = dict(several)
        ended = {ANYTHING}
        while found := [
            wanted for wanted, value in left.items() if self.ends(value, ended.__contains__)
        ]:
            ended.update(found)
            for wanted in found:
                del left[wanted]
        return list(left)

    def ends(self, value: Value, ended: Callable[[Wanted], bool]) -> bool:
        """Whether some value comes to an end, given for which of those within one does."""
        return bool(
            value.words
            or value.listed
            or not self.make.is_none(value.number)
            or not self.make.is_none(value.string)
            or any(
                each.contains
                or all(ended(each.item(at)) for at in range(min(each.least, 1 + len(each.first))))
                for each in value.arrays
            )
            or any(
                all(ended(self.member(each, name)) for name in each.required)
                for each in value.objects
            )
        )


def _lower(one: int | None, other: int | None) -> int | None:
    return min((each for each in (one, other) if each is not None), default=None)


def _distinct(arrays: Iterable[Array]) -> tuple[Array, ...]:
    found: dict[object, Array] = {}
    for each in arrays:
        found.setdefault(each[:7], each)
    return tuple(found.values())
