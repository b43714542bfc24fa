"""JSON schemas that nobody has written, of all keywords and each beside others, with values of
which another program says whether they fit."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any

from harness.decisions.schema_suite import SuiteSchema

_TYPES = ("null", "boolean", "number", "integer", "string", "array", "object")
#: What means the same to a judge in Python as in ECMA-262.
_PATTERNS = ("^a", "b", "x_", "^[a-c]+", "(?:ab)+", "^(?!a)", "^(?=[a-z]*b)", "^(?:a|b)[0-9]?")
_FORMATS = ("date", "date-time", "duration", "uuid", "ipv4", "ipv6", "email", "json-pointer")
_NAMES = "abcd"
_TEXTS = ("", "a", "b", "ab", "abc", "x_1", "é", "2024-02-29", "10.0.0.1")
#: Values that each schema is tried with, and how deep a schema may be.
_TRIED, _DEEPEST = 12, 3


def made_up(seed: int) -> SuiteSchema:
    """One of them, the same for the same seed."""
    import jsonschema  # late: only what is made up needs a judge

    draw = random.Random(seed)
    schema = _Schemas(draw).whole()
    draft = jsonschema.Draft202012Validator
    judge = draft(schema, format_checker=draft.FORMAT_CHECKER)
    values = [_value(draw, 0) for _ in range(_TRIED)]
    tried = [(value, judge.is_valid(value)) for value in values]
    return SuiteSchema("optional/format/made-up", f"made of {seed}", schema, tried)


class _Schemas:
    def __init__(self, draw: random.Random) -> None:
        self._draw = draw
        self._references: tuple[str, ...] = ()
        whole, some, many = self._whole, self._one, self._several
        self._keywords: Mapping[str, Callable[[int], Any]] = {
            "enum": lambda depth: [_value(draw, 0) for _ in range(draw.randint(1, 4))],
            "const": lambda depth: _value(draw, 0),
            "minimum": lambda depth: draw.choice([-2, 0, 1.5, 3]),
            "maximum": lambda depth: draw.choice([0, 2, 5.5, 10]),
            "exclusiveMinimum": lambda depth: draw.choice([-2, 0, 1.5]),
            "exclusiveMaximum": lambda depth: draw.choice([2, 5.5, 10]),
            "multipleOf": lambda depth: draw.choice([1, 2, 0.5, 0.1, 3, 7, 0.25]),
            "minLength": whole(3),
            "maxLength": whole(5),
            "pattern": lambda depth: draw.choice(_PATTERNS),
            "format": lambda depth: draw.choice(_FORMATS),
            "items": some,
            "prefixItems": many,
            "minItems": whole(3),
            "maxItems": whole(4),
            "contains": some,
            "minContains": whole(2),
            "maxContains": whole(3),
            "uniqueItems": lambda depth: draw.random() < 0.7,
            "properties": self._members,
            "required": lambda depth: draw.sample(_NAMES, draw.randint(0, 2)),
            "additionalProperties": some,
            "patternProperties": lambda depth: {draw.choice(_PATTERNS): some(depth)},
            "propertyNames": some,
            "minProperties": whole(2),
            "maxProperties": whole(3),
            "dependentRequired": lambda depth: {draw.choice(_NAMES): [draw.choice(_NAMES)]},
            "dependentSchemas": lambda depth: {draw.choice(_NAMES): some(depth)},
            "allOf": many,
            "anyOf": many,
            "oneOf": many,
            "not": some,
            "if": some,
            "then": some,
            "else": some,
            "unevaluatedProperties": some,
            "unevaluatedItems": some,
        }

    def whole(self) -> dict[str, Any]:
        """A schema, in some of which names lead to it or to others."""
        if self._draw.random() > 0.3:
            return self._object(0)
        self._references = ("#", "#/$defs/p", "#/$defs/q")
        return {**self._object(0), "$defs": {"p": self._object(1), "q": self._object(1)}}

    def _whole(self, most: int) -> Callable[[int], int]:
        return lambda depth: self._draw.randint(0, most)

    def _object(self, depth: int) -> dict[str, Any]:
        draw = self._draw
        made: dict[str, Any] = {}
        if draw.random() < 0.55:
            several = draw.sample(_TYPES, draw.randint(1, 3))
            made["type"] = several if draw.random() < 0.3 else several[0]
        for name in draw.sample(
            sorted(self._keywords), draw.choice([2, 2, 3, 4] if depth else [3, 4, 5])
        ):
            made[name] = self._keywords[name](depth)
        return made

    def _one(self, depth: int) -> Any:
        draw = self._draw
        if draw.random() < 0.05:
            return draw.random() < 0.5
        if depth >= _DEEPEST:
            return draw.choice([{}, {"type": "string"}, {"type": "integer"}, {"const": "a"}])
        return self._object(depth + 1)

    def _several(self, depth: int) -> list[Any]:
        return [self._one(depth) for _ in range(self._draw.randint(1, 3))]

    def _members(self, depth: int) -> dict[str, Any]:
        # Only here, so that each name leads further into a value.
        draw, references = self._draw, self._references
        return {
            name: {"$ref": draw.choice(references)}
            if references and draw.random() < 0.4
            else self._one(depth)
            for name in draw.sample(_NAMES, draw.randint(0, 3))
        }


def _value(draw: random.Random, depth: int) -> Any:
    kind = draw.randrange(7 if depth < 2 else 5)
    if kind == 5:
        return [_value(draw, depth + 1) for _ in range(draw.randint(0, 3))]
    if kind == 6:
        names = draw.sample(_NAMES, draw.randint(0, 3))
        return {name: _value(draw, depth + 1) for name in names}
    plain = (None, draw.random() < 0.5, draw.randint(-3, 12), draw.choice([0.5, 2.5, -1.5]))
    return (*plain, draw.choice(_TEXTS))[kind]
