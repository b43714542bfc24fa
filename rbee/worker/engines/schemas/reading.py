"""A JSON schema (Draft 2020-12, and what earlier drafts said otherwise) as what it allows.

Each keyword is understood, or refused by its path, or says nothing about the form of a value. What
is understood may come out narrower than it is (no numbers with exponents between bounds), never
wider.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from rbee.worker.engines.schema_cost import (
    DEPTH,
    PARTS,
    REPEATS,
    VALUES,
    WAYS,
    Count,
    short,
    too_much,
    unknown,
)
from rbee.worker.engines.schemas.combining import LOOKED, TYPES, Combining
from rbee.worker.engines.schemas.decimals import TooLongError
from rbee.worker.engines.schemas.expressions import Expression, Expressions
from rbee.worker.engines.schemas.formats import EXACT, FORMATS, NOT_HELD
from rbee.worker.engines.schemas.keywords import (
    OF_TYPE,
    check_values,
    require_dialect,
    require_remark,
)
from rbee.worker.engines.schemas.patterns import NotRegularError, pattern_of
from rbee.worker.engines.schemas.shapes import (
    ANYTHING,
    Array,
    Contained,
    Not,
    Object,
    Others,
    Subschema,
    Value,
    Wanted,
    key_of,
)

_ALL = frozenset(TYPES)
#: How many levels deep it is looked for a value of the types that are meant.
_LEVELS = 6
#: What types those are.
_SPOKEN_OF = {
    kind: frozenset([kind, "integer"] if kind == "number" else [kind]) for kind in OF_TYPE
}


class Reader(Combining):
    """Reads one schema and all that it leads to."""

    def __init__(self, schema: Any, count: Count) -> None:
        super().__init__(schema, count)
        self._read: dict[Subschema, Value] = {}
        self._known: dict[Wanted, Value] = {}
        self._narrowed: dict[Wanted, Value] = {}
        self._meant: dict[Wanted, frozenset[str]] = {}
        self._ended: dict[tuple[Wanted, int], bool] = {}
        self._open: set[Subschema] = set()
        #: Every keyword that is understood, with what reads it.
        self._keywords: tuple[tuple[Iterable[str], Callable[[Subschema], Value]], ...] = (
            (("$ref",), self._reference),
            (("$dynamicRef",), self._dynamic_reference),
            (("const", "enum"), self._values),
            (OF_TYPE["number"], self._numbers),
            (OF_TYPE["string"], self._strings),
            (OF_TYPE["array"], self._arrays),
            (OF_TYPE["object"], self._objects),
            (("dependentRequired", "dependentSchemas", "dependencies"), self._dependencies),
            (("allOf",), self._all_of),
            (("anyOf",), self._any_of),
            (("oneOf",), self._one_of),
            (("not",), self._not),
            (("if", "then", "else"), self._if),
            (("unevaluatedItems", "unevaluatedProperties"), lambda place: self.everything),
        )
        self._understood = {name for names, _ in self._keywords for name in names}
        self._understood |= {"type", "$schema", "nullable"}

    def value(self, wanted: Wanted) -> Value:
        """What fits all of this."""
        known = self._known.get(wanted)
        if known is None:
            known = self.everything
            for each in sorted(wanted, key=lambda one: one.path):
                if isinstance(each, Not):
                    known = self.both(known, self.other(self.value(each.wanted), each.path))
                else:
                    known = self.both(known, self._allowed(each))
            self._known[wanted] = known
        return known

    def meant(self, wanted: Wanted) -> Value:
        """What fits, of the types that are meant where none is said.

        A schema that speaks of objects alone lets anything else be; its author wants an object.
        """
        return self._narrow(wanted) if self._comes_to_end(wanted, _LEVELS) else self.value(wanted)

    def _comes_to_end(self, wanted: Wanted, depth: int) -> bool:
        """Whether there are values of the types that are meant, so many levels deep."""
        key = (wanted, depth)
        if key not in self._ended:
            self.count.add(PARTS, 1, self.at)
            self._ended[key] = depth > 0 and self.ends(
                self._narrow(wanted), lambda inner: self._comes_to_end(inner, depth - 1)
            )
        return self._ended[key]

    def _narrow(self, wanted: Wanted) -> Value:
        found = self._narrowed.get(wanted)
        if found is None:
            found = self._narrowed[wanted] = self._of_types_meant(wanted)
        return found

    def _of_types_meant(self, wanted: Wanted) -> Value:
        value = self.value(wanted)
        types = self._types_meant(wanted)
        narrow = self.both(value, self.of_types(sorted(types)))
        return value if types == _ALL or self.is_empty(narrow, 1) else narrow

    def _types_meant(self, wanted: Wanted) -> frozenset[str]:
        if wanted not in self._meant:
            self._meant[wanted] = _ALL  # of what contains itself
            types = [self._types_spoken_of(each) for each in wanted if isinstance(each, Subschema)]
            self._meant[wanted] = _ALL.intersection(*types)
        return self._meant[wanted]

    def _types_spoken_of(self, place: Subschema) -> frozenset[str]:
        schema = place.schema
        if not isinstance(schema, dict) or "type" in schema:
            return _ALL
        spoken = frozenset(kind for kind, names in OF_TYPE.items() if names & set(schema))
        if len(spoken) == 1:
            return spoken | {"integer"} if spoken == {"number"} else spoken
        if "$ref" in schema:
            target = self.places.led_to(schema["$ref"], place)
            return self._types_meant(frozenset([target]))
        for keyword in ("anyOf", "oneOf"):
            if keyword in schema and not spoken:
                return frozenset().union(*map(self._types_of, self._several(place, keyword)))
        return _ALL

    def _types_of(self, wanted: Wanted) -> frozenset[str]:
        """The types of one of several alternatives."""
        value, meant = self.value(wanted), self._types_meant(wanted)
        return frozenset(kind for kind in meant if not self.is_empty(self._only(value, kind), 0))

    def _only(self, value: Value, kind: str) -> Value:
        return self.both(value, self.of_types([kind]))

    def _allowed(self, place: Subschema) -> Value:
        found = self._read.get(place)
        if found is not None:
            return found
        if place in self._open:
            raise too_much(
                WAYS, place.path, f"the JSON schema leads from {place.path} to itself again"
            )
        self.at = place.path
        self.count.add(PARTS, 1, place.path)
        if place.depth > DEPTH.most:
            raise too_much(DEPTH, place.path)
        self._open.add(place)
        try:
            found = self._read[place] = self._of_keywords(place)
        finally:
            self._open.remove(place)
        return found

    def _of_keywords(self, place: Subschema) -> Value:
        schema, path = place.schema, place.path
        if isinstance(schema, bool):
            return self.everything if schema else self.nothing
        if not isinstance(schema, Mapping):
            raise unknown(path, f"`{short(str(schema))}`")
        check_values(schema, path)
        for keyword in schema:
            if keyword not in self._understood:
                require_remark(keyword, path)
        require_dialect(schema, path)
        types = schema.get("type", TYPES)
        types = [types] if isinstance(types, str) else types
        value = self.of_types(types, path)
        nothing = {names for kind, names in OF_TYPE.items() if not _SPOKEN_OF[kind] & {*types}}
        for names, read in self._keywords:
            if names not in nothing and any(name in schema for name in names):
                value = self.both(value, read(place))
        if "unevaluatedItems" in schema:
            value = self._unevaluated_items(place, value)
        if "unevaluatedProperties" in schema:
            value = self._unevaluated_properties(place, value)
        if schema.get("nullable") is True:  # OpenAPI's word, up to 3.0
            value = self.either([value, self.of_types(["null"])], path)
        return value

    # Keywords.

    def _several(self, place: Subschema, keyword: str) -> list[Wanted]:
        """The schemas that a keyword lists."""
        count = len(place.schema.get(keyword, ()))
        return [self.places.within(place, keyword, number) for number in range(count)]

    def _reference(self, place: Subschema) -> Value:
        target = self.places.led_to(place.schema["$ref"], place)
        return self._allowed(target)

    def _dynamic_reference(self, place: Subschema) -> Value:
        reference = place.schema["$dynamicRef"]
        target = self.places.led_to(reference, place, "$dynamicRef")
        name = reference.rpartition("#")[2]
        # Where several have the name, which is meant depends on the way there.
        if self.places.is_one_of_several(target, name):
            raise unknown(f"{place.path}.$dynamicRef", "`$dynamicRef` to one of several")
        return self._allowed(target)

    def _values(self, place: Subschema) -> Value:
        schema = place.schema
        value = self.everything
        for keyword in ("const", "enum"):
            if keyword in schema:
                values = [schema["const"]] if keyword == "const" else schema["enum"]
                self.count.add(VALUES, len(values), f"{place.path}.{keyword}")
                try:
                    value = self.both(value, self._listed(values))
                except ValueError:  # Python writes no number of more than 4300 digits
                    raise unknown(
                        f"{place.path}.{keyword}", "a number of thousands of digits"
                    ) from None
        return value

    def _listed(self, values: Iterable[Any]) -> Value:
        words: set[str] = set()
        listed: dict[str, Any] = {}
        for each in values:
            if each is None or isinstance(each, bool):
                words.add("null" if each is None else str(each).lower())
            else:
                listed.setdefault(key_of(each), each)
        return self.nothing._replace(words=frozenset(words), listed=listed)

    def _numbers(self, place: Subschema) -> Value:
        schema, decimals = place.schema, self.decimals
        number = self.any_number
        ways: tuple[tuple[str, Callable[[Any], Expression]], ...] = (
            ("minimum", lambda bound: decimals.above(bound, True)),
            ("exclusiveMinimum", lambda bound: decimals.above(bound, False)),
            ("maximum", lambda bound: decimals.below(bound, True)),
            ("exclusiveMaximum", lambda bound: decimals.below(bound, False)),
            ("multipleOf", decimals.multiples),
        )
        for keyword, allowed in ways:
            if keyword in schema:
                try:
                    number = self.make.all_of(number, allowed(schema[keyword]))
                except TooLongError:
                    raise unknown(
                        f"{place.path}.{keyword}", f"a `{keyword}` of so many digits"
                    ) from None
        return self.everything._replace(number=number)

    def _strings(self, place: Subschema) -> Value:
        schema, make = place.schema, self.make
        least, most = _bounds(schema, "minLength", "maxLength", place.path)
        for keyword, bound in (("minLength", least), ("maxLength", most or 0)):
            if bound > REPEATS.most:
                raise too_much(REPEATS, f"{place.path}.{keyword}")
        found: list[tuple[Expression, ...]] = []
        if "pattern" in schema:
            found.append((self.pattern(schema["pattern"], f"{place.path}.pattern"),))
        name = schema.get("format")
        if name in NOT_HELD:
            raise unknown(f"{place.path}.format", f"the format {short(name)!r}")
        if name in FORMATS:
            found.append(tuple(pattern_of(each, make) for each in FORMATS[name]))
        # One that is within the bounds by itself needs not be counted through.
        within = [
            next((each for each in ways if self._is_within(each, least, most)), None)
            for ways in found
        ]
        parts = [one or ways[0] for one, ways in zip(within, found)]
        if (least or most is not None) and not any(within):
            parts.append(make.times(make.character, least, most))
        narrow = f"{place.path}.format" if name in FORMATS and name not in EXACT else ""
        return self.everything._replace(string=make.all_of(*parts), narrow=narrow)

    def _is_within(self, one: Expression, least: int, most: int | None) -> bool:
        shortest, longest = self.make.lengths(one)
        return least <= shortest and (most is None or (longest is not None and longest <= most))

    def pattern(self, pattern: str, path: str) -> Expression:
        """The texts that a pattern is found in."""
        try:
            return pattern_of(pattern, self.make)
        except NotRegularError as error:
            raise unknown(path, f"the pattern {short(pattern)!r} with {error}") from None

    def _arrays(self, place: Subschema) -> Value:
        schema = place.schema
        listed = "items" if isinstance(schema.get("items"), list) else "prefixItems"
        behind = "additionalItems" if listed == "items" else "items"
        first = self._several(place, listed)
        rest = self.places.within(place, behind) if behind in schema else ANYTHING
        least, most = _bounds(schema, "minItems", "maxItems", place.path)
        contains: tuple[Contained, ...] = ()
        if "contains" in schema:
            found = Contained(
                self.places.within(place, "contains"),
                int(schema.get("minContains", 1)),
                int(schema["maxContains"]) if "maxContains" in schema else None,
                f"{place.path}.contains",
            )
            contains = (found,)
        array = Array(
            tuple(first),
            rest,
            least,
            most,
            contains,
            f"{place.path}.uniqueItems" if schema.get("uniqueItems") else "",
            None if behind in schema else len(first),
            place.path,
        )
        return self.everything._replace(arrays=(array,))

    def _objects(self, place: Subschema) -> Value:
        schema, make, path = place.schema, self.make, place.path
        others = [Others(make.every, ANYTHING)]
        for pattern in schema.get("patternProperties", ()):
            names = self.pattern(pattern, f"{path}.patternProperties")
            wanted = self.places.within(place, "patternProperties", pattern)
            others = [
                Others(make.all_of(each.names, part), each.wanted | more, is_asked, is_asked)
                for each in others
                for part, more, is_asked in (
                    (names, wanted, True),
                    (make.but(names), ANYTHING, each.is_asked),
                )
            ]
            others = self.parted(others, path)
        kinds = Object({}, tuple(others))
        names = schema.get("properties", {})
        members = {
            name: self.places.within(place, "properties", name) | self.member(kinds, name)
            for name in names
        }
        if "additionalProperties" in schema:
            rest = self.places.within(place, "additionalProperties")
            others = [
                each
                if each.is_looked_at
                else each._replace(
                    wanted=rest, is_asked=rest != self.places.never, is_looked_at=True
                )
                for each in others
            ]
        if "propertyNames" in schema:
            allowed = self.names(self.places.within(place, "propertyNames"))
            others = self.parted(
                [
                    Others(make.all_of(each.names, part), wanted, is_asked, each.is_looked_at)
                    for each in others
                    for part, wanted, is_asked in (
                        (allowed, each.wanted, each.is_asked),
                        (make.but(allowed), self.places.never, False),
                    )
                ],
                path,
            )
            members = {
                name: wanted if make.allows(allowed, name) else self.places.never
                for name, wanted in members.items()
            }
        least, most = _bounds(schema, "minProperties", "maxProperties", place.path)
        required = tuple(dict.fromkeys(schema.get("required", ())))
        looked_at, least_at = frozenset(names), f"{path}.minProperties"
        made = Object(members, tuple(others), required, least, most, looked_at, path, least_at)
        return self.everything._replace(objects=(made,))

    def names(self, wanted: Wanted) -> Expression:
        """The texts that fit."""
        value = self.value(wanted)
        require_known_texts(value, self.make)
        texts = [each for each in value.listed.values() if isinstance(each, str)]
        return self.make.any_of(value.string, *map(self.make.text, texts))

    def _dependencies(self, place: Subschema) -> Value:
        schema = place.schema
        value = self.everything
        for keyword in ("dependentRequired", "dependentSchemas", "dependencies"):
            for name, needed in schema.get(keyword, {}).items():
                names = needed if isinstance(needed, list) else ()
                lacks = self.an_object(path=place.path)._replace(members={name: self.places.never})
                without = self.everything._replace(objects=(lacks,))
                has = self.an_object(required=(name, *names), path=place.path)
                having = self.everything._replace(objects=(has,))
                if not isinstance(needed, list):
                    having = self.both(having, self.value(self.places.within(place, keyword, name)))
                value = self.both(value, self.either([without, having], place.path))
        return value

    def _all_of(self, place: Subschema) -> Value:
        ways = map(self.value, self._several(place, "allOf"))
        return functools.reduce(self.both, ways, self.everything)

    def _any_of(self, place: Subschema) -> Value:
        return self.either(map(self.value, self._several(place, "anyOf")), place.path)

    def _one_of(self, place: Subschema) -> Value:
        path = f"{place.path}.oneOf"
        ways = list(map(self.value, self._several(place, "oneOf")))
        alone = []
        for number, way in enumerate(ways):
            for another, other in enumerate(ways):
                if another == number or self.are_told_apart(ways[number], other):
                    continue
                if not self.is_empty(self.both(way, other), LOOKED):
                    way = self.both(way, self.other(other, path))
            alone.append(way)
        return self.either(alone, place.path)

    def _not(self, place: Subschema) -> Value:
        return self.other(self.value(self.places.within(place, "not")), f"{place.path}.not")

    def _if(self, place: Subschema) -> Value:
        schema = place.schema
        if "if" not in schema or not {"then", "else"} & set(schema):
            return self.everything
        met = self.value(self.places.within(place, "if"))
        ways = []
        for keyword in ("then", "else"):
            here = met if keyword == "then" else self.other(met, f"{place.path}.if")
            if keyword in schema:
                here = self.both(here, self.value(self.places.within(place, keyword)))
            ways.append(here)
        return self.either(ways, place.path)

    def _unevaluated_items(self, place: Subschema, value: Value) -> Value:
        wanted = self.places.within(place, "unevaluatedItems")
        _require_no_listed(value, list, wanted, f"{place.path}.unevaluatedItems")
        arrays = []
        for each in value.arrays:
            if each.looked_at is None or wanted == ANYTHING:
                arrays.append(each._replace(looked_at=None))
                continue
            if each.contains:
                raise unknown(
                    f"{place.path}.unevaluatedItems", "`unevaluatedItems` beside `contains`"
                )
            seen = each.looked_at
            first = [
                one | (wanted if number >= seen else ANYTHING)
                for number, one in enumerate(each.first)
            ]
            first += [each.rest] * (seen - len(first))
            arrays.append(
                each._replace(first=tuple(first), rest=each.rest | wanted, looked_at=None)
            )
        return value._replace(arrays=tuple(arrays))

    def _unevaluated_properties(self, place: Subschema, value: Value) -> Value:
        wanted = self.places.within(place, "unevaluatedProperties")
        _require_no_listed(value, dict, wanted, f"{place.path}.unevaluatedProperties")
        objects = []
        for each in value.objects:
            members = {
                name: one
                if name in each.looked_at or self._is_looked_at(each, name)
                else one | wanted
                for name, one in each.members.items()
            }
            others = tuple(
                one
                if one.is_looked_at
                else one._replace(
                    wanted=one.wanted | wanted,
                    is_asked=wanted != self.places.never,
                    is_looked_at=True,
                )
                for one in each.others
            )
            objects.append(
                each._replace(members=members, others=others, looked_at=frozenset(members))
            )
        return value._replace(objects=tuple(objects))

    def _is_looked_at(self, form: Object, name: str) -> bool:
        return any(one.is_looked_at and self.make.allows(one.names, name) for one in form.others)


def require_known_texts(value: Value, make: Expressions) -> None:
    """Raises for texts some of which may not fit."""
    if value.wide and value.has_texts(make):
        raise unknown(value.wide, "the opposite of a `format`")


def _require_no_listed(value: Value, kind: type, wanted: Wanted, path: str) -> None:
    """Raises for values that are listed, within which it is not known what some keyword has
    applied to."""
    if wanted != ANYTHING and any(isinstance(each, kind) for each in value.listed.values()):
        raise unknown(path, "what is said of the rest of a listed value")


def _bounds(schema: Mapping[str, Any], least: str, most: str, path: str) -> tuple[int, int | None]:
    bounds = int(schema.get(least, 0)), schema.get(most)
    if bounds[1] is None:
        return bounds[0], None
    if bounds[0] > bounds[1]:
        raise unknown(f"{path}.{least}", f"`{least}` above `{most}`")
    return bounds[0], int(bounds[1])
