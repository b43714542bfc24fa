"""A JSON schema as a grammar: what holds a model to answers of one form.

Written in GBNF, the notation of llama.cpp that every model takes; see its ``grammars/README.md``.
Not by llguidance, which xllamacpp has inside: llama.cpp tells it the tokens of a SentencePiece
vocabulary without the space that they begin with, so that answers miss their form, and where it
refuses a schema or gives up in the middle the answer goes on without any.

An object has the properties that the schema names, in their order, and any where it names none.
What the schema allows says `rbee.worker.engines.schemas`.
"""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from rbee.wire.errors import nested_too_deep
from rbee.worker.engines.gbnf import literal
from rbee.worker.engines.schema_cost import (
    BEGINS,
    BYTES,
    PROPERTIES,
    REPEATS,
    RULES,
    Count,
    Ways,
    longest_choice,
    require_few_ways,
    short,
    too_much,
    unknown,
)
from rbee.worker.engines.schemas.characters import characters
from rbee.worker.engines.schemas.expressions import Expression, Range, leading_to
from rbee.worker.engines.schemas.reading import Reader, require_known_texts
from rbee.worker.engines.schemas.shapes import ANYTHING, Array, Object, Value, Wanted

_BASICS = {
    "ws": '" "?',
    "hex": "[0-9a-fA-F]",
    "char": r'[^"\\\x7F\x00-\x1F] | "\\" (["\\bfnrt/] | "u" '
    r"([0-9abcefABCEF] hex hex hex | [dD] [0-7] hex hex))",
    "string": r'"\"" char* "\""',
    "integer": '"-"? ("0" | [1-9] [0-9]{0,15})',
    "number": 'integer ("." [0-9]{1,16})? ([eE] [-+]? [0-9]{1,2})?',
    "boolean": '"true" | "false"',
    "null": '"null"',
    "any": "string | number | boolean | null | anyobject | anyarray",
    "anyobject": '"{" (string ":" ws any ("," ws string ":" ws any)*)? "}"',
    "anyarray": '"[" (any ("," ws any)*)? "]"',
}
#: How deep the tree of an `enum` is made, before what is left is written down one by one.
_DEEPEST_TREE = 32
#: From how many bytes on what stands for a character has a name.
_LONG = 30
#: How often a part is repeated at once; llama.cpp takes {0,2001} for any number, {2001} for none.
_AT_ONCE = 1000


def grammar_of(schema: Any) -> str:
    """The grammar whose texts are JSON values that fit `schema`.

    Raises `invalid_request` that names the path of a keyword which cannot be enforced, or a bound
    of `schema_cost` that the schema goes beyond, and where in it.
    """
    try:
        return _Grammar(schema).text()
    except RecursionError:
        raise nested_too_deep("the JSON schema") from None


def text_grammar_of(schema: Any) -> str:
    """The grammar whose texts are those of the strings that fit `schema`, without their quotes and
    with nothing in them written otherwise. Raises as `grammar_of` does."""
    try:
        return _Grammar(schema).unquoted()
    except RecursionError:
        raise nested_too_deep("the JSON schema") from None


class _Value(NamedTuple):
    """What stands in a rule for one value, and how that may go on."""

    text: str
    ways: Ways


class _Grammar:
    """The rules for one schema; each has a name, and a body that may use other names."""

    def __init__(self, schema: Any) -> None:
        self._count = Count()
        self._reader = Reader(schema, self._count)
        self._make = self._reader.make
        self._rules: dict[str, str] = {"root": "", **_BASICS}
        self._named: dict[str, str] = {}
        self._values: dict[Wanted, _Value] = {}
        self._to_follow: list[tuple[Wanted, _Value]] = []
        self._states: dict[tuple[Expression, bool], str] = {}
        self._characters: dict[tuple[tuple[Range, ...], bool], list[str]] = {}
        self._basics = {name: Ways(begins, len(begins)) for name, begins in BEGINS.items()}

    def text(self) -> str:
        """Every rule, one a line."""
        root = self._value(frozenset([self._reader.places.root]), "$")
        self._rules["root"] = root.text
        while self._to_follow:
            wanted, found = self._to_follow.pop()
            self._follow(wanted, found)
        values = {each: self._reader.meant(each) for each in self._values}
        for wanted in self._reader.endless(values):
            raise unknown(self._values[wanted].ways.path, "values that contain themselves for ever")
        require_few_ways(root.ways)
        return "\n".join(f"{name} ::= {body}" for name, body in self._rules.items())

    def unquoted(self) -> str:
        """Every rule, where a value is the text of a string alone."""
        value = self._reader.meant(frozenset([self._reader.places.root]))
        texts = sorted(each for each in value.listed.values() if isinstance(each, str))
        if len(texts) < len(value.listed) or value.words or value.arrays or value.objects:
            raise unknown("$", "values that are no texts")
        ways = []
        if texts:
            ways.append(self._told_apart(texts, 0, "$", 0)[0])
        if not self._make.is_none(value.string):
            ways.append(self._automaton(value.string, "$", in_string=False)[0])
        if not ways:
            raise unknown("$", "no text that fits")
        self._rules["root"] = " | ".join(ways)
        return "\n".join(f"{name} ::= {body}" for name, body in self._rules.items())

    def _value(self, wanted: Wanted, path: str) -> _Value:
        """What stands for one value that has to fit all of this."""
        if wanted == ANYTHING:
            return self._basic("any")
        found = self._values.get(wanted)
        if found is None:
            where = max((each.path for each in wanted), key=len, default=path)
            found = _Value(self._new("", where), Ways(any_of=[Ways()], path=where))
            self._values[wanted] = found
            self._to_follow.append((wanted, found))
        return found

    def _follow(self, wanted: Wanted, found: _Value) -> None:
        path = self._reader.at = found.ways.path
        value = self._written(self._reader.meant(wanted), path)
        self._rules[found.text] = value.text
        self._count.add(BYTES, len(value.text.encode(errors="replace")), path)
        found.ways.any_of = [value.ways]

    def _basic(self, name: str) -> _Value:
        return _Value(name, self._basics[name])

    def _written(self, value: Value, path: str) -> _Value:
        if value is self._reader.everything:
            return self._basic("any")
        require_known_texts(value, self._make)
        ways: list[_Value] = []
        if {"true", "false"} <= value.words:
            ways.append(self._basic("boolean"))
        words = value.words - {"true", "false"} if ways else value.words
        ways += [_Value(f'"{word}"', Ways(word[0])) for word in sorted(words)]
        if value.listed:
            ways.append(self._one_of(list(value.listed.values()), path))
        if not self._make.is_none(value.number):
            ways.append(self._number(value.number, path))
        if not self._make.is_none(value.string):
            ways.append(self._string(value.string, path))
        for form in value.objects:
            ways += self._object(form)
        for array in value.arrays:
            ways += self._array(array)
        if not ways:
            raise unknown(path, "no value that fits")
        return self._any_of(ways, path)

    def _any_of(self, values: Sequence[_Value], path: str) -> _Value:
        """One of several; those that are written alike are one."""
        alike = {value.text: value for value in values}
        if len(alike) == 1:
            return values[0]
        ways = Ways(any_of=[value.ways for value in alike.values()], path=path)
        return _Value(self._new(" | ".join(alike), path), ways)

    def _one_of(self, values: list[Any], path: str) -> _Value:
        texts = sorted({_json(value, path) for value in values})
        begins = "".join(sorted({_kind_of(text[0]) for text in texts}))
        text, most, first = self._told_apart(texts, 0, path, 0)
        return _Value(text, Ways(begins, first, most, path=path))

    def _told_apart(
        self, texts: list[str], done: int, path: str, depth: int
    ) -> tuple[str, int, int]:
        """The grammar for one of these sorted texts, which share their first `done` characters, as
        a tree of common beginnings; with the most ways that are open in it, and those that are open
        at first.

        In such a tree an engine has one way open for all texts that go on alike.
        """
        if len(texts) == 1:
            return literal(texts[0][done:]), 1, 1
        # What the first and the last of a sorted list have in common, all have.
        alike = len(os.path.commonprefix([texts[0], texts[-1]]))  # noqa: RUF071 -- of characters
        branches: list[str] = []
        most = count = 0
        groups = itertools.groupby(texts, lambda text: text[alike : alike + 1])
        for _, group in groups:
            inner = list(group)
            count += 1 if depth < _DEEPEST_TREE else len(inner)
            if depth < _DEEPEST_TREE:
                branch, open_, _ = self._told_apart(inner, alike, path, depth + 1)
                branches.append(branch)
                most = max(most, open_)
            else:
                branches += [literal(text[alike:]) for text in inner]
        rule = self._new(" | ".join(branches), path)
        if alike > done:
            return f"{literal(texts[0][done:alike])} {rule}", max(most, count), 1
        return rule, max(most, count), count

    def _number(self, number: Expression, path: str) -> _Value:
        reader, make = self._reader, self._make
        if number is reader.any_number:
            return self._basic("number")
        if number is reader.any_integer:
            return self._basic("integer")
        decimals = reader.decimals
        written = make.all_of(number, decimals.written())
        if make.is_none(make.all_of(number, make.but(reader.any_integer))):
            written = make.all_of(written, decimals.whole())
        elif make.is_none(make.all_of(written, make.but(decimals.plain()))):
            written = make.all_of(written, decimals.plain())
        if make.is_none(written):
            raise unknown(path, "numbers of more digits than are written")
        text, most = self._automaton(written, path, in_string=False)
        return _Value(text, Ways("0", most, most, path=path))

    def _string(self, string: Expression, path: str) -> _Value:
        if string is self._make.every:
            return self._basic("string")
        if string.kind == "times" and string.parts[0] is self._make.character:
            characters = self._times("char", *string.bounds, path)
            body = rf'"\"" {characters} "\""' if characters else r'"\"\""'
            return _Value(self._new(body, path), Ways('"', open_later=3, path=path))
        text, most = self._automaton(string, path, in_string=True)
        body = self._new(rf'"\"" {text}', path)
        return _Value(body, Ways('"', open_later=most, path=path))

    def _automaton(self, expression: Expression, path: str, in_string: bool) -> tuple[str, int]:
        """What stands for the texts of an expression, and how many ways are open in it at most."""
        states = self._make.states(expression)
        end = r'"\""' if in_string else '""'
        names: dict[Expression, str] = {}
        for state in states:
            self._count.add(RULES, 1, path)
            names[state] = self._states.setdefault((state, in_string), f"s{len(self._states)}")
        most = 1
        for state, moves in states.items():
            ways = []
            for rest, ranges in moves.items():
                behind = end if rest is self._make.empty else names[rest]
                ways += [f"{one} {behind}" for one in self._character(ranges, in_string, path)]
            if state.has_empty:
                ways.append(end)
            body = " | ".join(ways)
            self._rules[names[state]] = body
            self._count.add(BYTES, len(body), path)
            most = max(most, len(ways))
        return names[expression], most

    def _character(self, ranges: tuple[Range, ...], in_string: bool, path: str) -> list[str]:
        key = (ranges, in_string)
        if key not in self._characters:
            ways = characters(ranges, in_string)
            together = " | ".join(ways)
            self._characters[key] = [self._new(together, path)] if len(together) > _LONG else ways
        return self._characters[key]

    def _object(self, form: Object) -> list[_Value]:
        """What stands for one form of an object; nothing where none fits."""
        reader, path = self._reader, form.path
        if reader.is_empty_object(form, 1):
            return []
        needed = set(form.required)
        members = {
            name: wanted
            for name, wanted in [
                *form.members.items(),
                *((name, reader.member(form, name)) for name in form.required),
            ]
            if name in needed or not reader.never_fits(wanted, 1)
        }
        named = any(each.is_asked for each in form.others) or any(
            not reader.places.never <= wanted for wanted in form.members.values()
        )
        others = [
            each
            for each in form.others
            if each.is_asked or not named
            if not reader.never_fits(each.wanted, 1)
        ]
        self._count.add(PROPERTIES, len(members), path)
        values = {
            name: self._value(wanted, f"{path}.properties.{short(name)}")
            for name, wanted in members.items()
        }
        written = [
            (f'{literal(_json(name, path))} ":" ws {value.text}', name in needed)
            for name, value in values.items()
        ]
        names = {*form.members, *members}
        found = [self._other(each.names, each.wanted, names, path) for each in others]
        kinds = [each for each in found if each is not None]
        other = self._new(" | ".join(kind.text for kind in kinds), path) if kinds else ""
        body = self._members(written, other, form)
        if body is None:
            return []
        alternatives = longest_choice([required for _, required in written]) + len(kinds)
        ways = Ways(
            "{",
            open_later=max(2, alternatives) if kinds else alternatives,
            parts=[*(value.ways for value in values.values()), *(kind.ways for kind in kinds)],
            tag=self._tag(members, needed, form),
            path=path,
        )
        return [_Value(self._new(f'"{{" {body} "}}"', path), ways)]

    def _other(
        self, names: Expression, wanted: Wanted, named: Iterable[str], path: str
    ) -> _Value | None:
        """A member with one of `names`, but none of those in `named`; None where there is none."""
        make = self._make
        names = make.all_of(names, make.but(make.any_of(*map(make.text, named))))
        if make.is_none(names):
            return None
        name, value = self._string(names, path), self._value(wanted, path)
        ways = Ways('"', name.ways.open_first, name.ways.open_later, parts=[value.ways], path=path)
        return _Value(f'{name.text} ":" ws {value.text}', ways)

    def _members(self, written: list[tuple[str, bool]], other: str, form: Object) -> str | None:
        """The grammar between an object's braces; None where it cannot have enough members."""
        required = sum(needed for _, needed in written)
        most = form.most
        if most is not None and most >= len(written) and not other:
            most = None
        # Other members may have one name twice, and count as one.
        least = max(0, form.least - required)
        if least > len(written) - required + bool(other):
            if other:
                raise unknown(form.least_at, "`minProperties` of names that may be alike")
            return None
        made: dict[tuple[int, bool, int, int | None], str | None] = {}

        def behind(at: int, first: bool, lacking: int, left: int | None) -> str | None:
            """The grammar from member `at` on. `lacking` optional members have still to be written,
            and `left` may be."""
            key = (at, first, lacking, left)
            if key not in made:
                made[key] = self._step(written, other, key, behind, form.path)
            return made[key]

        free = None if most is None else most - required
        if (len(written) + 1) * (least + 1) * ((free or 0) + 1) > RULES.most:
            raise too_much(RULES, form.path)
        for at in range(len(written), -1, -1):
            for lacking in range(least + 1):
                for left in (None,) if free is None else range(free + 1):
                    behind(at, False, lacking, left)
            if free is None or free >= 0:
                behind(at, True, least, free)
        return behind(0, True, least, free) if free is None or free >= 0 else None

    def _step(
        self,
        written: list[tuple[str, bool]],
        other: str,
        key: tuple[int, bool, int, int | None],
        behind: Any,
        path: str,
    ) -> str | None:
        at, first, lacking, left = key
        comma = "" if first else '"," ws '
        if at < len(written):
            member, needed = written[at]
            ways = []
            if needed:
                rest = behind(at + 1, False, lacking, left)
                ways += [] if rest is None else [f"{comma}{member} {rest}"]
            else:
                if left is None or left > 0:
                    less = None if left is None else left - 1
                    rest = behind(at + 1, False, max(0, lacking - 1), less)
                    ways += [] if rest is None else [f"{comma}{member} {rest}"]
                skipped = behind(at + 1, first, lacking, left)
                ways += [] if skipped is None else [skipped]
        else:
            ways = [] if lacking else ['""']
            if other and lacking <= 1 and (left is None or left > 0):
                more = self._times(f'("," ws {other})', 0, None if left is None else left - 1, path)
                ways.append(f"{comma}{other} {more}".rstrip())
        if not ways:
            return None
        if len(ways) == 1 and (ways[0] == '""' or ways[0] in self._rules):
            return ways[0]
        return self._new(" | ".join(ways), path)

    def _array(self, array: Array) -> list[_Value]:
        """What stands for one form of an array; nothing where none fits."""
        reader, path = self._reader, array.path
        if reader.is_empty_array(array, 1):
            return []
        if array.distinct and (array.most is None or array.most > 1):
            return [self._distinct(array)]
        length = len(array.first)
        most = array.most
        for number in range(length + 1):
            if reader.never_fits(array.item(number), 1):
                most = number if most is None else min(most, number)
                break
        if most is not None and array.least > most:
            return []
        if array.contains:
            return self._containing(array, most)
        first = [
            self._value(wanted, f"{path}.prefixItems[{number}]")
            for number, wanted in enumerate(array.first[:most])
        ]
        parts = [each.ways for each in first]
        end = '""'
        if most is None or most > length:
            rest = self._value(array.rest, f"{path}.items")
            parts.append(rest.ways)
            left = None if most is None else most - length
            if not length:
                ways = Ways("[", open_later=2, parts=parts, path=path)
                body = self._list(rest.text, array.least, left, path)
                return [_Value(self._new(f'"[" {body} "]"', path), ways)]
            end = self._times(f'("," ws {rest.text})', max(array.least - length, 0), left, path)
        body = end
        for number in range(len(first) - 1, -1, -1):
            comma = '"," ws ' if number else ""
            body = f"{comma}{first[number].text} {body}"
            body = self._new(body if number < array.least else f'{body} | ""', path)
        ways = Ways("[", open_later=2, parts=parts, path=path)
        return [_Value(self._new(f'"[" {body} "]"', path), ways)]

    def _list(self, item: str, least: int, most: int | None, path: str) -> str:
        if most == 0:
            return '""'
        more = self._times(
            f'("," ws {item})', max(least - 1, 0), None if most is None else most - 1, path
        )
        filled = f"{item} {more}".rstrip()
        return filled if least else f"({filled})?"

    def _containing(self, array: Array, most: int | None) -> list[_Value]:
        """An array some of whose items have to fit something more, counted as they are written."""
        reader, path = self._reader, array.path
        if len(array.contains) > 1:
            raise unknown(array.contains[1].path, "`contains` beside another one")
        ((wanted, least, at_most, said_at),) = array.contains
        last = max(1, len(array.first), array.least, most or 0)
        parts: list[Ways] = []
        moves: dict[tuple[int, int], list[tuple[str, tuple[int, int]]]] = {}
        to_do = [(0, 0)]
        while to_do:
            key = number, found = to_do.pop()
            if key in moves:
                continue
            self._count.add(RULES, 1, said_at)
            moves[key] = []
            item = array.item(number)
            if most is not None and number >= most:
                continue
            kinds = [(item, found)]
            if at_most is not None:
                kinds = [(item | reader.turned(wanted, said_at), found)]
            if found < (least if at_most is None else at_most):
                kinds.append((item | wanted, found + 1))
            for kind, count in kinds:
                if not reader.never_fits(kind, 1):
                    value = self._value(kind, path)
                    parts.append(value.ways)
                    to_do.append((min(number + 1, last), count))
                    moves[key].append((value.text, to_do[-1]))
        ends = {key for key in moves if key[0] >= array.least and key[1] >= least}
        alive = leading_to(ends, {key: [to for _, to in its] for key, its in moves.items()})
        if (0, 0) not in alive:
            return []
        made = {key: self._new("", path) for key in alive}
        for key in alive:
            comma = '"," ws ' if key[0] else ""
            ways = [f"{comma}{text} {made[to]}" for text, to in moves[key] if to in alive]
            self._rules[made[key]] = " | ".join([*ways, *(['""'] if key in ends else [])])
        together = Ways(any_of=parts, path=path)
        ways_of = Ways("[", open_later=2, parts=[together], path=path)
        return [_Value(self._new(f'"[" {made[0, 0]} "]"', path), ways_of)]

    def _distinct(self, array: Array) -> _Value:
        """An array of listed values, each once and in their order."""
        reader, path = self._reader, array.distinct
        value = reader.value(array.rest)
        scalars = [*(_WORDS[word] for word in sorted(value.words)), *value.listed.values()]
        plain = self._make.is_none(value.number) and self._make.is_none(value.string)
        if not plain or value.arrays or value.objects or array.first or array.contains:
            raise unknown(path, "`uniqueItems` of what is not listed in an `enum`")
        members = [(literal(_json(each, path)), False) for each in scalars]
        form = Object({}, (), (), array.least, array.most, path=array.path)
        body = self._members(members, "", form)
        if body is None:
            raise unknown(path, "`uniqueItems` of fewer values than there have to be")
        ways = Ways("[", open_later=len(members) + 1, path=path)
        return _Value(self._new(f'"[" {body} "]"', path), ways)

    def _times(self, part: str, least: int, most: int | None, path: str) -> str:
        """`part` so many times; in pieces where llama.cpp would not count so far."""
        highest = max(least, most or 0)
        self._count.add(REPEATS, highest, path)
        if most == 0:
            return ""
        if highest <= _AT_ONCE:
            return f"{part}{{{least},{'' if most is None else most}}}"
        many = self._new(f"{part}{{{_AT_ONCE}}}", path)
        pieces = [many] * (least // _AT_ONCE)
        if least % _AT_ONCE:
            pieces.append(f"{part}{{{least % _AT_ONCE}}}")
        if most is None:
            return " ".join([*pieces, f"{part}*"])
        left = most - least
        rest = f"{part}{{0,{left % _AT_ONCE}}}" if left % _AT_ONCE else '""'
        for _ in range(left // _AT_ONCE):
            rest = self._new(f"{many} {rest} | {part}{{0,{_AT_ONCE - 1}}}", path)
        return " ".join([*pieces, rest])

    def _tag(
        self, members: Mapping[str, Wanted], needed: set[str], form: Object
    ) -> tuple[str, str | None] | None:
        """The property that the text of an object has to begin with, and the constant it has."""
        name = next(iter(members), None)
        if name is None or name not in needed:
            return None
        value = self._reader.value(members[name])
        constants = list(value.listed.values())
        nothing_else = not value.words and all(
            map(self._make.is_none, (value.number, value.string))
        )
        if len(constants) != 1 or value.arrays or value.objects or not nothing_else:
            return name, None
        return name, _json(constants[0], form.path)

    def _new(self, body: str, path: str) -> str:
        """The name of a rule; rules that say the same are one."""
        name = self._named.get(body) if body else None
        if name is None:
            self._count.add(RULES, 1, path)
            self._count.add(BYTES, len(body.encode(errors="replace")), path)
            name = f"r{len(self._rules)}"
            self._rules[name] = body
            if body:
                self._named[body] = name
        return name


_WORDS = {"null": None, "true": True, "false": False}


def _kind_of(character: str) -> str:
    """What stands for the first character of a value: all digits are alike, and a sign too."""
    return "0" if character in "-123456789" else character


def _json(value: Any, path: str) -> str:
    try:
        return json.dumps(value, ensure_ascii=False)
    except ValueError:  # Python writes no number of more than 4300 digits
        raise unknown(path, "a number of thousands of digits") from None
