"""The JSON-Schema Test Suite, Draft 2020-12: what becomes of each of its schemas as the form of an
answer, asked in this process; and the page about that, docs/schemas.md.

A schema is held to, or it is refused by the path of a keyword. It is held to where the grammar lets
through no instance that the suite calls invalid, and makes none.
"""

from __future__ import annotations

import functools
import json
import random
import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from harness.decisions.gbnf import Grammar
from rbee.wire.errors import RbeeError
from rbee.worker.engines.json_grammar import grammar_of
from rbee.worker.engines.schema_cost import short
from rbee.worker.engines.schemas.formats import FORMATS

_ROOT = Path(__file__).resolve().parents[2]
PAGE = _ROOT / "docs" / "schemas.md"
_SUITE = _ROOT / "fixtures" / "json_schema_suite" / "draft2020-12.jsonl"
#: The least share that is held to, of what applies.
WANTED = 0.9
#: How many values each grammar makes, to be looked at.
_MADE = 8
_SEPARATORS = ((", ", ": "), (",", ":"))
_HEAD = """\
# JSON schemas

An answer is held to a JSON schema (`response_format`, `json_schema`, `guided_json`, ollama's
`format`), and so are the arguments of a call that has to be made (`tool_choice`), by a grammar that
lets nothing else through. What a grammar cannot say is refused by the path of the keyword, before a
word is written: nothing is dropped in silence. Made by `make docs` out of the code.
"""
_RULES = """\
## How it is read

- Draft 2020-12; lists in `items`, `definitions` and `dependencies` of earlier ones, too.
- A schema without `type` that speaks of one type alone is taken to mean that one.
- Properties come in the order of the schema. An object that names some, by `properties` or by
  `patternProperties`, has no others, unless `additionalProperties` asks for them.
- What is made is valid, and need not be all that would be: numbers between bounds have no
  exponents and 15 digits at most, a time has no leap second.
- `format` is held to where JSON Schema names it ({formats}). `regex` and `uri-template` are
  refused; names that JSON Schema does not have (`int32`, `password`) are a remark, and so are
  `title`, `description`, `default`, `examples`, `deprecated`, `readOnly`, `contentEncoding`,
  `x-...`, and each keyword that JSON Schema does not have (`units`, `enumDescriptions`), unless it
  is nearly one that it has: `minlength` is refused. `nullable: true` of OpenAPI allows null.
- `pattern` is ECMA-262's, as far as it is regular: no references back, no word boundaries, no
  looking behind, and of classes of Unicode the general categories (`\\p{{L}}`).
- `uniqueItems` is held to where the items are listed in an `enum` (they come in its order).
- `oneOf`, `not` and `if` are held to where the opposite of a form is a form; where it is not, they
  are refused. The opposite of a `format` is refused but for `uuid` and `ipv4`: what is made of the
  others is narrower than what they mean.
- A keyword that says nothing of the types that are named is passed over: `pattern` of an integer.
- Nothing is fetched: a `$ref` leads into the schema itself, to itself as well.
- What it may cost is bounded; see [limits.md](limits.md).

An engine that makes the grammar itself knows less: of functions that may be called (`tool_choice:
"auto"`), of an answer that was begun, and of gpt-oss. There a form for the answer, and a function
with `strict: true`, is held to or refused by the same rule; a function without it is held to what
the engine knows, as OpenAI's API has it. What is refused there, too: `additionalProperties` beside
`properties`, `minimum` of a decimal, `allOf` of several, `uniqueItems`, `multipleOf`.

## The JSON-Schema Test Suite

Each schema of the suite is one that is held to (no instance that the suite calls invalid passes the
grammar) or refused. Left out of the share are schemas that no value fits, which are refused for
that, and those that lead to another document.
"""


class SuiteSchema(NamedTuple):
    """One schema of the suite with its instances, each with whether it is valid."""

    file: str
    about: str
    schema: Any
    instances: list[tuple[Any, bool]]


class SchemaVerdict(NamedTuple):
    """What becomes of a schema: its grammar, or why it is refused and by which path; and whether
    an answer could have its form at all."""

    group: SuiteSchema
    grammar: str
    path: str
    why: str
    applies: bool


def groups() -> Iterator[SuiteSchema]:
    """All of them, in the order of the suite."""
    for line in _SUITE.read_text("utf-8").rstrip().split("\n"):
        told = json.loads(line)
        instances = [(each["data"], each["valid"]) for each in told["tests"]]
        yield SuiteSchema(told["file"], told["description"], told["schema"], instances)


@functools.cache
def judged() -> tuple[SchemaVerdict, ...]:
    """What becomes of each of them."""
    return tuple(map(judged_one, groups()))


def judged_one(group: SuiteSchema) -> SchemaVerdict:
    """What becomes of one of them."""
    try:
        return SchemaVerdict(group, grammar_of(group.schema), "", "", True)
    except RbeeError as error:
        assert error.code == "invalid_request", error.code
        fits = any(valid for _, valid in group.instances)
        elsewhere = "localhost:1234" in json.dumps(group.schema) or (
            "leads to nothing" in error.message and not _leads_inside(error.message)
        )
        path = str(error.details.get("path", ""))
        return SchemaVerdict(group, "", path, error.message, fits and not elsewhere)


def _leads_inside(message: str) -> bool:
    return "$ref '#" in message


def let_through_wrongly(verdict: SchemaVerdict) -> list[str]:
    """The invalid instances that a grammar lets through."""
    grammar = Grammar(verdict.grammar)
    return [
        written
        for value, valid in verdict.group.instances
        if not valid
        for written in _texts(value)
        if grammar.lets_through(written)
    ]


def let_through_rightly(verdict: SchemaVerdict) -> int:
    """How many of the valid instances a grammar lets through."""
    grammar = Grammar(verdict.grammar)
    return sum(
        any(map(grammar.lets_through, _texts(value)))
        for value, valid in verdict.group.instances
        if valid
    )


def made_wrongly(verdict: SchemaVerdict, seed: int) -> list[str]:
    """Of some texts that a grammar makes those that do not fit, in another program's judgement."""
    import jsonschema  # late: only what is made needs a judge

    draft = jsonschema.Draft202012Validator
    by_format = draft.FORMAT_CHECKER if verdict.group.file.startswith("optional/format") else None
    schema = _exact(json.dumps(verdict.group.schema))
    judge = draft(schema, format_checker=by_format)
    grammar, draw = Grammar(verdict.grammar), random.Random(seed)
    texts = [grammar.made(draw) for _ in range(_MADE)]
    try:
        return [text for text in texts if not judge.is_valid(_exact(text))]
    except re.error:  # classes of Unicode, which Python's patterns do not know
        assert "\\\\p{" in json.dumps(verdict.group.schema), verdict
        return []


def _exact(text: str) -> Any:
    """JSON with decimals as they are written: 6.3 is a multiple of 0.1."""
    return json.loads(text, parse_float=_number)


def _number(text: str) -> int | Decimal:
    exact = Decimal(text)
    return int(exact) if exact == exact.to_integral_value() else exact


def _texts(value: Any) -> list[str]:
    return [
        json.dumps(value, ensure_ascii=False, separators=separators) for separators in _SEPARATORS
    ]


def paths(schema: Any, path: str = "$") -> Iterator[str]:
    """Every path in a schema, as errors have it."""
    yield path
    if isinstance(schema, dict):
        for name, each in schema.items():
            yield from paths(each, f"{path}.{short(name)}")
    if isinstance(schema, list):
        for number, each in enumerate(schema):
            yield from paths(each, f"{path}[{number}]")


def share(verdicts: Iterable[SchemaVerdict]) -> float:
    """How much is held to, of what applies."""
    applying = [each for each in verdicts if each.applies]
    return sum(bool(each.grammar) for each in applying) / len(applying)


def page() -> str:
    """The page, in Markdown."""
    verdicts = judged()
    files: dict[str, list[SchemaVerdict]] = {}
    for each in verdicts:
        files.setdefault(each.group.file, []).append(each)
    applying = [each for each in verdicts if each.applies]
    held = [each for each in applying if each.grammar]
    passed = sum(let_through_rightly(each) for each in held)
    valid = sum(is_valid for each in held for _, is_valid in each.group.instances)
    formats = ", ".join(f"`{name}`" for name in FORMATS)
    lines = [
        _HEAD,
        _RULES.format(formats=formats),
        f"**{share(verdicts):.1%}** are held to: {len(held)} of {len(applying)} that apply, out "
        f"of {len(verdicts)}; {WANTED:.0%} are wanted. Of the valid instances {passed} of {valid} "
        "pass; the others are of a type that is not meant, in another order, with an exponent or "
        "the like.",
        "",
        "| of the suite | held to | refused | why |",
        "| --- | --- | --- | --- |",
        *_rows(files),
    ]
    return "\n".join(lines) + "\n"


def _rows(files: Mapping[str, list[SchemaVerdict]]) -> Iterator[str]:
    for file, verdicts in files.items():
        applying = [each for each in verdicts if each.applies]
        refused = [each for each in applying if not each.grammar]
        whys = dict.fromkeys(_in_short(each) for each in refused)
        if applying:
            held = len(applying) - len(refused)
            yield f"| `{file}` | {held} | {len(refused) or ''} | {'; '.join(whys)} |"


def _in_short(verdict: SchemaVerdict) -> str:
    what = verdict.why.removeprefix("the JSON schema has ").split(" at $")[0]
    return what.replace("|", "\\|")
