"""A JSON schema (Draft 2020-12, and what earlier drafts said otherwise) as what it allows.

Each keyword is understood, or refused by its path, or says nothing about the form of a value. What
is understood may come out narrower than it is (no numbers with exponents between bounds), never
wider.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Annotated, Any, TypedDict
from urllib.parse import unquote, urldefrag, urljoin

import msgspec

from rbee.wire.errors import RbeeError, invalid
from rbee.worker.engines.schema_cost import (
    DEPTH,
    PARTS,
    REPEATS,
    STEPS,
    VALUES,
    WAYS,
    Count,
    short,
    too_much,
)
from rbee.worker.engines.schemas.decimals import Decimals, TooLongError
from rbee.worker.engines.schemas.expressions import Expression, Expressions
from rbee.worker.engines.schemas.formats import FORMATS, NOT_HELD
from rbee.worker.engines.schemas.patterns import NotRegularError, pattern_of
from rbee.worker.engines.schemas.shapes import (
    ANYTHING,
    Array,
    Contained,
    Not,
    Object,
    Others,
    Place,
    Value,
    Wanted,
    key_of,
    number_text,
)

#: Keywords that say something to people or to programs, and nothing about the form.
REMARKS = frozenset(
    [
        *("title", "description", "default", "examples", "example", "deprecated", "readOnly"),
        *("writeOnly", "strict", "$id", "$comment", "$defs", "definitions", "discriminator"),
        *("$anchor", "$dynamicAnchor", "contentEncoding", "contentMediaType", "contentSchema"),
    ]
)
#: Where in a schema msgspec finds a wrong value; what stands under a name is not looked into.
_WHERE = re.compile(r"at `\$((?:\.[^.\[`]+)*)")
_DIALECTS = ("https://json-schema.org/", "http://json-schema.org/")
_TYPES = ("null", "boolean", "number", "integer", "string", "array", "object")
#: What says something of the values of one type alone.
_OF_TYPE = {
    "number": frozenset(
        ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"]
    ),
    "string": frozenset(["minLength", "maxLength", "pattern", "format"]),
    "array": frozenset(
        [
            *("items", "prefixItems", "additionalItems", "minItems", "maxItems"),
            *("contains", "minContains", "maxContains", "uniqueItems"),
        ]
    ),
    "object": frozenset(
        [
            *("properties", "patternProperties", "additionalProperties", "required"),
            *("propertyNames", "minProperties", "maxProperties"),
        ]
    ),
}
#: How many forms a value has at most, how many kinds of other members, and how deep it is looked
#: for whether any value fits.
_FORMS, _KINDS, _LOOKED = 128, 16, 3
#: 2.0 is a whole number, too.
_Count = Annotated[int, msgspec.Meta(ge=0)] | Annotated[float, msgspec.Meta(ge=0, multiple_of=1)]
_Some = Annotated[list[Any], msgspec.Meta(min_length=1)]
_Names = dict[str, list[str]]
_Inner = dict[str, Any] | bool
#: The values that keywords have.
_Keywords = TypedDict(
    "_Keywords",
    {
        "$ref": str,
        "$dynamicRef": str,
        "$schema": str,
        "$id": str,
        "type": str | Annotated[list[str], msgspec.Meta(min_length=1)],
        "enum": _Some,
        "allOf": _Some,
        "anyOf": _Some,
        "oneOf": _Some,
        "format": str,
        "pattern": str,
        "minLength": _Count,
        "maxLength": _Count,
        "minimum": float,
        "maximum": float,
        "exclusiveMinimum": float,
        "exclusiveMaximum": float,
        "multipleOf": Annotated[float, msgspec.Meta(gt=0)],
        "prefixItems": _Some,
        "minItems": _Count,
        "maxItems": _Count,
        "minContains": _Count,
        "maxContains": _Count,
        "uniqueItems": bool,
        "properties": dict[str, Any],
        "patternProperties": dict[str, Any],
        "required": list[str],
        "minProperties": _Count,
        "maxProperties": _Count,
        "not": _Inner,
        "if": _Inner,
        "then": _Inner,
        "else": _Inner,
        "contains": _Inner,
        "propertyNames": _Inner,
        "additionalItems": _Inner,
        "additionalProperties": _Inner,
        "unevaluatedItems": _Inner,
        "unevaluatedProperties": _Inner,
        "items": dict[str, Any] | bool | list[Any],
        "dependentRequired": _Names,
        "dependentSchemas": dict[str, Any],
        "dependencies": dict[str, Any],
    },
    total=False,
)


class Reader:
    """Reads one schema and all that it leads to; `field` is what it was sent in."""

    def __init__(self, schema: Any, count: Count) -> None:
        self._count = count
        #: Where what is counted belongs to.
        self.at = "$"
        self.make = Expressions(lambda steps: count.add(STEPS, steps, self.at))
        self.decimals = Decimals(self.make)
        self.any_number = self.decimals.every()
        self.any_integer = self.decimals.integers()
        self._places: dict[tuple[int, str], Place] = {}
        self._kept: list[Any] = []
        self._roots: dict[str, Place] = {}
        self._dynamic: dict[str, set[Place]] = {}
        self._read: dict[Place, Value] = {}
        self._known: dict[Wanted, Value] = {}
        self._open: set[Place] = set()
        self.root = self._place(schema, "$", _id_of(schema, ""), 1)
        self.never: Wanted = frozenset([self._place(False, "$", "", 1)])
        self.everything = self._of_types(_TYPES)
        self._nothing = self._of_types(())
        #: Every keyword that is understood, with what reads it.
        self._keywords: tuple[tuple[tuple[str, ...], Callable[[Place], Value]], ...] = (
            (("$ref",), self._reference),
            (("$dynamicRef",), self._dynamic_reference),
            (("const", "enum"), self._values),
            (
                tuple(_OF_TYPE["number"]),
                self._numbers,
            ),
            (tuple(_OF_TYPE["string"]), self._strings),
            (tuple(_OF_TYPE["array"]), self._arrays),
            (tuple(_OF_TYPE["object"]), self._objects),
            (("dependentRequired", "dependentSchemas", "dependencies"), self._dependencies),
            (("allOf",), self._all_of),
            (("anyOf",), self._any_of),
            (("oneOf",), self._one_of),
            (("not",), self._not),
            (("if", "then", "else"), self._if),
            (("unevaluatedItems", "unevaluatedProperties"), lambda place: self.everything),
        )
        self._understood = {name for names, _ in self._keywords for name in names}

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
        """What fits, of the type that is meant where none is said: a schema that speaks of objects
        alone lets anything else be, and whoever wrote it wants an object."""
        value = self.value(wanted)
        spoken = {self._spoken_of(each) for each in wanted if isinstance(each, Place)} - {""}
        if len(spoken) != 1:
            return value
        (kind,) = spoken
        narrow = self.both(value, self._of_types([kind]))
        return value if self.is_empty(narrow, 1) else narrow

    def _spoken_of(self, place: Place) -> str:
        """The one type that a schema says something of without naming any; empty: there is none."""
        schema = place.schema
        for _ in range(DEPTH.most):
            if not isinstance(schema, dict) or "type" in schema:
                return ""
            kinds = {kind for kind, names in _OF_TYPE.items() if names & set(schema)}
            if kinds or "$ref" not in schema:
                return kinds.pop() if len(kinds) == 1 else ""
            place = self._led_to(schema["$ref"], place)
            schema = place.schema
        return ""

    def within(self, place: Place, keyword: str, *steps: str | int) -> Wanted:
        """What a schema within another one wants."""
        schema, path = place.schema[keyword], f"{place.path}.{keyword}"
        for step in steps:
            schema = schema[step]
            path += f"[{step}]" if isinstance(step, int) else f".{short(step)}"
        if schema is True or schema == {}:
            return ANYTHING
        if schema is False:
            return self.never
        base = _id_of(schema, place.base)
        return frozenset([self._place(schema, path, base, place.depth + 1)])

    def place(self, schema: Any, path: str) -> Wanted:
        """A part of the schema that it was made of."""
        return frozenset([self._place(schema, path, self.root.base, 1)])

    def _place(self, schema: Any, path: str, base: str, depth: int) -> Place:
        key = (id(schema), base)
        if key not in self._places:
            self._places[key] = Place(schema, path, base, depth)
        return self._places[key]

    def _made(self, schema: Any, path: str) -> Wanted:
        """A schema of our own."""
        self._kept.append(schema)
        return frozenset([self._place(schema, path, "", 1)])

    def _allowed(self, place: Place) -> Value:
        found = self._read.get(place)
        if found is not None:
            return found
        if place in self._open:
            raise too_much(
                WAYS, place.path, f"the JSON schema leads from {place.path} to itself again"
            )
        self.at = place.path
        self._count.add(PARTS, 1, place.path)
        if place.depth > DEPTH.most:
            raise too_much(DEPTH, place.path)
        self._open.add(place)
        try:
            found = self._read[place] = self._of_keywords(place)
        finally:
            self._open.remove(place)
        return found

    def _of_keywords(self, place: Place) -> Value:
        schema, path = place.schema, place.path
        if isinstance(schema, bool):
            return self.everything if schema else self._nothing
        if not isinstance(schema, Mapping):
            raise unknown(path, f"`{short(str(schema))}`")
        check_values(schema, path)
        for keyword in schema:
            if not (
                keyword in self._understood
                or keyword in REMARKS
                or keyword in ("type", "$schema")
                or keyword.startswith("x-")
            ):
                raise unknown(f"{path}.{short(keyword)}", f"`{short(keyword)}`")
        if not schema.get("$schema", _DIALECTS[0]).startswith(_DIALECTS):
            raise unknown(f"{path}.$schema", "a `$schema` of its own")
        types = schema.get("type", _TYPES)
        value = self._of_types([types] if isinstance(types, str) else types, path)
        for names, read in self._keywords:
            if any(name in schema for name in names):
                value = self.both(value, read(place))
        if "unevaluatedItems" in schema:
            value = self._unevaluated_items(place, value)
        if "unevaluatedProperties" in schema:
            value = self._unevaluated_properties(place, value)
        return value

    def _of_types(self, types: Iterable[str], path: str = "$") -> Value:
        types = list(types)
        for one in types:
            if one not in _TYPES:
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
            (self._object(path=path),) if "object" in types else (),
            {},
        )

    def _object(self, **more: Any) -> Object:
        return Object({}, (Others(self.make.every, ANYTHING),), **more)

    # Keywords.

    def _reference(self, place: Place) -> Value:
        target = self._led_to(place.schema["$ref"], place)
        return self._allowed(target)

    def _dynamic_reference(self, place: Place) -> Value:
        reference = place.schema["$dynamicRef"]
        target = self._led_to(reference, place, "$dynamicRef")
        name = reference.rpartition("#")[2]
        # Where several have the name, which is meant depends on the way there.
        several = len(self._dynamic.get(name, ())) > 1
        if several and target in self._dynamic[name]:
            raise unknown(f"{place.path}.$dynamicRef", "`$dynamicRef` to one of several")
        return self._allowed(target)

    def _values(self, place: Place) -> Value:
        schema = place.schema
        value = self.everything
        for keyword in ("const", "enum"):
            if keyword in schema:
                values = [schema["const"]] if keyword == "const" else schema["enum"]
                self._count.add(VALUES, len(values), place.path)
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
        return self._nothing._replace(words=frozenset(words), listed=listed)

    def _numbers(self, place: Place) -> Value:
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

    def _strings(self, place: Place) -> Value:
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
        string = make.all_of(*parts)
        return self.everything._replace(string=string)

    def _is_within(self, one: Expression, least: int, most: int | None) -> bool:
        shortest, longest = self.make.lengths(one)
        return least <= shortest and (most is None or (longest is not None and longest <= most))

    def pattern(self, pattern: str, path: str) -> Expression:
        """The texts that a pattern is found in."""
        try:
            return pattern_of(pattern, self.make)
        except NotRegularError as error:
            raise unknown(path, f"the pattern {short(pattern)!r} with {error}") from None

    def _arrays(self, place: Place) -> Value:
        schema = place.schema
        listed = "items" if isinstance(schema.get("items"), list) else "prefixItems"
        behind = "additionalItems" if listed == "items" else "items"
        first = [
            self.within(place, listed, number) for number in range(len(schema.get(listed, ())))
        ]
        rest = self.within(place, behind) if behind in schema else ANYTHING
        least, most = _bounds(schema, "minItems", "maxItems", place.path)
        contains: tuple[Contained, ...] = ()
        if "contains" in schema:
            found = Contained(
                self.within(place, "contains"),
                int(schema.get("minContains", 1)),
                int(schema["maxContains"]) if "maxContains" in schema else None,
            )
            contains = (found,)
        array = Array(
            tuple(first),
            rest,
            least,
            most,
            contains,
            schema.get("uniqueItems", False),
            None if behind in schema else len(first),
            place.path,
        )
        return self.everything._replace(arrays=(array,))

    def _objects(self, place: Place) -> Value:
        schema, make, path = place.schema, self.make, place.path
        others = [Others(make.every, ANYTHING)]
        for pattern in schema.get("patternProperties", ()):
            names = self.pattern(pattern, f"{path}.patternProperties")
            wanted = self.within(place, "patternProperties", pattern)
            others = [
                Others(make.all_of(each.names, part), each.wanted | more, is_asked, is_asked)
                for each in others
                for part, more, is_asked in (
                    (names, wanted, True),
                    (make.but(names), ANYTHING, each.is_asked),
                )
            ]
            others = self._parted(others, path)
        kinds = Object({}, tuple(others))
        names = schema.get("properties", {})
        members = {
            name: self.within(place, "properties", name) | self.member(kinds, name)
            for name in names
        }
        if "additionalProperties" in schema:
            rest = self.within(place, "additionalProperties")
            others = [
                each
                if each.is_looked_at
                else each._replace(wanted=rest, is_asked=rest != self.never, is_looked_at=True)
                for each in others
            ]
        if "propertyNames" in schema:
            allowed = self.names(self.within(place, "propertyNames"))
            others = self._parted(
                [
                    Others(make.all_of(each.names, part), wanted, is_asked, each.is_looked_at)
                    for each in others
                    for part, wanted, is_asked in (
                        (allowed, each.wanted, each.is_asked),
                        (make.but(allowed), self.never, False),
                    )
                ],
                path,
            )
            members = {
                name: wanted if make.allows(allowed, name) else self.never
                for name, wanted in members.items()
            }
        least, most = _bounds(schema, "minProperties", "maxProperties", place.path)
        required = tuple(dict.fromkeys(schema.get("required", ())))
        made = Object(members, tuple(others), required, least, most, frozenset(names), path)
        return self.everything._replace(objects=(made,))

    def _parted(self, others: Iterable[Others], path: str) -> list[Others]:
        """These without the kinds that no name is of."""
        left = [each for each in others if not self.make.is_none(each.names)]
        if len(left) > _KINDS:
            raise unknown(f"{path}.patternProperties", f"names of more than {_KINDS} kinds")
        return left

    def names(self, wanted: Wanted) -> Expression:
        """The texts that fit."""
        value = self.value(wanted)
        texts = [each for each in value.listed.values() if isinstance(each, str)]
        return self.make.any_of(value.string, *map(self.make.text, texts))

    def _dependencies(self, place: Place) -> Value:
        schema = place.schema
        value = self.everything
        for keyword in ("dependentRequired", "dependentSchemas", "dependencies"):
            for name, needed in schema.get(keyword, {}).items():
                without = self.everything._replace(
                    objects=(self._object(path=place.path)._replace(members={name: self.never}),)
                )
                if isinstance(needed, list):
                    having = self.everything._replace(
                        objects=(self._object(required=(name, *needed), path=place.path),)
                    )
                else:
                    needs = self.everything._replace(
                        objects=(self._object(required=(name,), path=place.path),)
                    )
                    having = self.both(needs, self.value(self.within(place, keyword, name)))
                value = self.both(value, self.either([without, having], place.path))
        return value

    def _all_of(self, place: Place) -> Value:
        value = self.everything
        for number in range(len(place.schema["allOf"])):
            value = self.both(value, self.value(self.within(place, "allOf", number)))
        return value

    def _any_of(self, place: Place) -> Value:
        ways = [
            self.value(self.within(place, "anyOf", number))
            for number in range(len(place.schema["anyOf"]))
        ]
        return self.either(ways, place.path)

    def _one_of(self, place: Place) -> Value:
        path = f"{place.path}.oneOf"
        ways = [
            self.value(self.within(place, "oneOf", number))
            for number in range(len(place.schema["oneOf"]))
        ]
        alone = []
        for number, way in enumerate(ways):
            for another, other in enumerate(ways):
                if another != number and not self.is_empty(self.both(way, other), _LOOKED):
                    way = self.both(way, self.other(other, path))
            alone.append(way)
        return self.either(alone, place.path)

    def _not(self, place: Place) -> Value:
        return self.other(self.value(self.within(place, "not")), f"{place.path}.not")

    def _if(self, place: Place) -> Value:
        schema = place.schema
        if "if" not in schema or not {"then", "else"} & set(schema):
            return self.everything
        met = self.value(self.within(place, "if"))
        ways = []
        for keyword in ("then", "else"):
            here = met if keyword == "then" else self.other(met, f"{place.path}.if")
            if keyword in schema:
                here = self.both(here, self.value(self.within(place, keyword)))
            ways.append(here)
        return self.either(ways, place.path)

    def _unevaluated_items(self, place: Place, value: Value) -> Value:
        wanted = self.within(place, "unevaluatedItems")
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

    def _unevaluated_properties(self, place: Place, value: Value) -> Value:
        wanted = self.within(place, "unevaluatedProperties")
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
                    wanted=one.wanted | wanted, is_asked=wanted != self.never, is_looked_at=True
                )
                for one in each.others
            )
            objects.append(
                each._replace(members=members, others=others, looked_at=frozenset(members))
            )
        return value._replace(objects=tuple(objects))

    def _is_looked_at(self, form: Object, name: str) -> bool:
        return any(one.is_looked_at and self.make.allows(one.names, name) for one in form.others)

    # What is made of several.

    def both(self, one: Value, other: Value) -> Value:
        """What fits one and the other."""
        if one is self.everything or other is self.everything:
            return other if one is self.everything else one
        make = self.make
        return Value(
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
        return found

    def _all_distinct(self, objects: Iterable[Object]) -> tuple[Object, ...]:
        found: dict[object, Object] = {}
        for each in objects:
            self._count.add(PARTS, 1, each.path)
            named = tuple(each.members.items())
            found.setdefault((named, *each[1:6]), each)
        return tuple(found.values())

    def _both_arrays(self, one: Array, other: Array) -> Array:
        self._count.add(PARTS, 1, one.path)
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
                others = self._parted(others, other.path)
        return Object(
            {name: self.member(one, name) | self.member(other, name) for name in names},
            tuple(others),
            tuple(dict.fromkeys([*one.required, *other.required])),
            max(one.least, other.least),
            _lower(one.most, other.most),
            one.looked_at | other.looked_at,
            max(one.path, other.path, key=len),
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
            (self._object(path=path),),
            {},
        )
        arrays = [each for each in value.listed.values() if isinstance(each, list)]
        objects = [each for each in value.listed.values() if isinstance(each, dict)]
        for array in [*value.arrays, *(self._as_array(each, path) for each in arrays)]:
            turned = self._nothing._replace(arrays=tuple(self._other_arrays(array, path)))
            found = found._replace(arrays=self.both(found, turned).arrays)
        for form in [*value.objects, *(self._as_object(each, path) for each in objects)]:
            turned = self._nothing._replace(objects=tuple(self._other_objects(form, path)))
            found = found._replace(objects=self.both(found, turned).objects)
        return found

    def _texts_of(self, number: float) -> Expression:
        try:
            return self.decimals.is_value(number)
        except TooLongError:
            return self.make.none

    def _as_array(self, value: list[Any], path: str) -> Array:
        first = tuple(self._made({"const": each}, path) for each in value)
        return Array(first, self.never, len(value), len(value), path=path)

    def _as_object(self, value: dict[str, Any], path: str) -> Object:
        members = {name: self._made({"const": each}, path) for name, each in value.items()}
        others = (Others(self.make.every, self.never),)
        return Object(members, others, tuple(value), path=path)

    def turned(self, wanted: Wanted, path: str) -> Wanted:
        """What does not fit all of this."""
        if wanted == ANYTHING:
            return self.never
        if wanted == self.never:
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
                self._count.add(PARTS, 1 + number, path)
                first = (*[anything] * number, self.turned(wanted, path))
                yield Array(first, least=number + 1, path=path)
        if array.rest == self.never:
            yield Array(least=len(array.first) + 1, path=path)
        elif array.rest != ANYTHING:
            if array.first:
                raise unknown(path, "the opposite of `items` behind `prefixItems`")
            yield Array(contains=(Contained(self.turned(array.rest, path), 1, None),), path=path)
        for wanted, least, most in array.contains:
            if least == 1:
                yield Array(rest=self.turned(wanted, path), path=path)
            elif least:
                yield Array(contains=(Contained(wanted, 0, least - 1),), path=path)
            if most is not None:
                yield Array(contains=(Contained(wanted, most + 1, None),), path=path)

    def _other_objects(self, form: Object, path: str) -> Iterator[Object]:
        if form.least:
            yield self._object(most=form.least - 1, path=path)
        if form.most is not None:
            yield self._object(least=form.most + 1, path=path)
        for name in form.required:
            yield self._object(path=path)._replace(members={name: self.never})
        for name, wanted in form.members.items():
            if wanted != ANYTHING:
                turned = self.turned(wanted, path)
                yield self._object(required=(name,), path=path)._replace(members={name: turned})
        for others in form.others:
            if others.wanted != ANYTHING:
                raise unknown(path, "the opposite of what says something of members without names")

    # Whether a value fits, and whether any does.

    def fits(self, value: Any, allowed: Value) -> bool:
        """Whether a value is one of these."""
        self._count.add(PARTS, 1, self.at)
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
        for wanted, least, most in array.contains:
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

    def is_empty(self, value: Value, depth: int = _LOOKED) -> bool:
        """Whether it is plain, so many values deep, that nothing fits."""
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
        return self.never <= wanted or (depth > 0 and self.is_empty(self.value(wanted), depth - 1))

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

    def endless(self, several: Iterable[Wanted]) -> list[Wanted]:
        """Those of these for which no value comes to an end: each would contain another one."""
        left = {wanted: self.value(wanted) for wanted in several}
        ended = {ANYTHING}
        while found := [wanted for wanted, value in left.items() if self._ends(value, ended)]:
            ended.update(found)
            for wanted in found:
                del left[wanted]
        return list(left)

    def _ends(self, value: Value, ended: set[Wanted]) -> bool:
        plain = value.words or value.listed
        return bool(
            plain
            or not self.make.is_none(value.number)
            or not self.make.is_none(value.string)
            or any(
                each.contains
                or all(
                    each.item(number) in ended
                    for number in range(min(each.least, 1 + len(each.first)))
                )
                for each in value.arrays
            )
            or any(
                all(self.member(each, name) in ended for name in each.required)
                for each in value.objects
            )
        )

    # References.

    def _led_to(self, reference: str, place: Place, keyword: str = "$ref") -> Place:
        path = f"{place.path}.{keyword}"
        if not self._roots:
            self._roots[""] = self.root
            self._roots[self.root.base] = self.root
            self._find_roots(self.root)
        uri, fragment = _joined(place.base, reference)
        if reference.startswith("#"):
            uri, fragment = place.base, unquote(reference[1:])
        found = self._roots.get(f"{uri}#{fragment}")
        if found is not None:
            return found
        root = self._roots.get(uri)
        if root is None or (fragment and not fragment.startswith("/")):
            raise unknown(path, f"$ref {short(reference)!r}, which leads to nothing in it,")
        schema, at, base = root.schema, root.path, root.base
        for step in fragment.split("/")[1:]:
            step = unquote(step).replace("~1", "/").replace("~0", "~")
            try:
                schema = schema[int(step)] if isinstance(schema, list) else schema[step]
            except (LookupError, TypeError, ValueError):
                raise unknown(
                    path, f"$ref {short(reference)!r}, which leads to nothing in it,"
                ) from None
            at += f"[{step}]" if step.isdecimal() else f".{short(step)}"
            base = _id_of(schema, base)
        if isinstance(schema, bool):
            return self._place(schema, at, "", 1)
        return self._place(schema, at, base, 1)

    def _find_roots(self, root: Place) -> None:
        """Finds what has an address of its own, wherever it stands."""
        to_do = [(root.schema, root.path, "")]
        while to_do:
            schema, path, base = to_do.pop()
            if isinstance(schema, list):
                to_do += [(each, f"{path}[{at}]", base) for at, each in enumerate(schema)]
            if not isinstance(schema, dict):
                continue
            inner = _id_of(schema, base)
            if inner != base:
                self._roots.setdefault(inner, self._place(schema, path, inner, 1))
            for keyword in ("$anchor", "$dynamicAnchor"):
                if isinstance(schema.get(keyword), str):
                    key = f"{inner}#{schema[keyword]}"
                    found = self._roots.setdefault(key, self._place(schema, path, inner, 1))
                    if keyword == "$dynamicAnchor":
                        self._dynamic.setdefault(schema[keyword], set()).add(found)
            to_do += [
                (each, f"{path}.{short(name)}", inner)
                for name, each in schema.items()
                if name not in ("const", "enum", "default", "examples", "example")
            ]


def unknown(path: str, what: str) -> RbeeError:
    """The refusal of what a grammar cannot say."""
    wrong = f"the JSON schema has {what} at {path}, which cannot be enforced"
    return invalid(wrong, "leave it out, and check the answer for it", path=path)


def _bounds(schema: Mapping[str, Any], least: str, most: str, path: str) -> tuple[int, int | None]:
    bounds = int(schema.get(least, 0)), schema.get(most)
    if bounds[1] is None:
        return bounds[0], None
    if bounds[0] > bounds[1]:
        raise unknown(f"{path}.{least}", f"`{least}` above `{most}`")
    return bounds[0], int(bounds[1])


def check_values(schema: Mapping[str, Any], path: str) -> None:
    """Raises where a keyword has a value that it cannot have."""
    try:
        msgspec.convert(schema, _Keywords)
    except msgspec.ValidationError as error:
        said = str(error)
        where = _WHERE.search(said)
        path += where[1] if where else ""
        raise unknown(path, f"a wrong value ({short(said)})") from None


def _id_of(schema: Any, base: str) -> str:
    """The URI that a schema is read against."""
    own = schema.get("$id") if isinstance(schema, dict) else None
    return _joined(base, own)[0] if isinstance(own, str) else base


def _joined(base: str, reference: str) -> tuple[str, str]:
    """The URI that a reference leads to, and its fragment."""
    try:
        uri, fragment = urldefrag(urljoin(base, reference))
        return uri, fragment
    except ValueError:  # it is no URI
        return reference, ""


def _lower(one: int | None, other: int | None) -> int | None:
    return min((each for each in (one, other) if each is not None), default=None)


def _distinct(arrays: Iterable[Array]) -> tuple[Array, ...]:
    found: dict[object, Array] = {}
    for each in arrays:
        found.setdefault(each[:7], each)
    return tuple(found.values())
