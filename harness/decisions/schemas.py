"""JSON schemas as forms of answers, asked in this process: what is held to, and what is refused."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from harness.decisions import schema_suite
from harness.decisions.gbnf import Grammar
from harness.decisions.schema_suite import SchemaVerdict
from rbee.queen.openai.asked import in_words_of
from rbee.queen.openai.errors import failed
from rbee.queen.openai.requests import ChatRequest
from rbee.wire.errors import RbeeError
from rbee.wire.messages.basics import decode, encode
from rbee.wire.messages.inference import ToolFunction
from rbee.worker.engines.calls import functions_for_engine, in_functions, schema_of_call
from rbee.worker.engines.json_grammar import grammar_of

_SEED = 20261127
_KEYWORDS = [
    "$schema",
    "$id",
    "$anchor",
    "$ref",
    "$dynamicRef",
    "$dynamicAnchor",
    "$defs",
    "definitions",
    "type",
    "enum",
    "const",
    "format",
    "pattern",
    "minLength",
    "maxLength",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "items",
    "prefixItems",
    "additionalItems",
    "unevaluatedItems",
    "contains",
    "minContains",
    "maxContains",
    "minItems",
    "maxItems",
    "uniqueItems",
    "properties",
    "patternProperties",
    "additionalProperties",
    "required",
    "unevaluatedProperties",
    "propertyNames",
    "minProperties",
    "maxProperties",
    "dependencies",
    "dependentRequired",
    "dependentSchemas",
    "allOf",
    "anyOf",
    "oneOf",
    "not",
    "if",
    "then",
    "else",
    "nullable",
    "title",
]
_MANY_DIGITS = "9" * 5000
_VALUES: Sequence[Any] = (
    *(None, True, 2, -1.5, "bee", "#/" + _MANY_DIGITS, "^a{" + _MANY_DIGITS + "}$"),
    *([], [None], [1], ["a"], [{}], [[]], {}, {"a": None}, {"a": [1]}, {"a": {}}),
)
_BESIDE: Sequence[dict[str, Any]] = ({}, {"type": "object"}, {"type": "array"}, {"type": "string"})
#: How much of a schema is quoted (characters).
_QUOTED = 200


class FormMade(NamedTuple):
    """What became of a form: its grammar, what an engine is told, or the error and its path."""

    grammar: str = ""
    told: Any = None
    error: RbeeError | None = None
    bounds: tuple[int, int] = (0, 0)

    @property
    def path(self) -> str:
        """Where it is refused; empty: it is not."""
        return str(self.error.details.get("path")) if self.error else ""


def _form(make: Callable[[], str], bounds: tuple[int, int] = (0, 0)) -> FormMade:
    try:
        return FormMade(make(), bounds=bounds)
    except RbeeError as error:
        return FormMade(error=error)


def form_of(schema: str) -> FormMade:
    """What becomes of an answer that is to fit a schema."""
    return _form(lambda: grammar_of(json.loads(schema)))


def of_any_value(what: str) -> list[str]:
    """What is neither taken nor refused as `invalid_request`, of schemas where a keyword has any
    value: the schema and the error."""
    makers: dict[str, Callable[[str], FormMade]] = {
        "the form of an answer": form_of,
        "a function that may be called": lambda text: function_form(text, strict=False),
        "a strict function that may be called": lambda text: function_form(text, strict=True),
    }
    wrong = []
    for schema in _of_any_value():
        text = json.dumps(schema)
        try:
            error = makers[what](text).error
        except Exception as unexpected:
            wrong.append(f"{text[:_QUOTED]}: {unexpected!r}")
            continue
        if error is not None and error.code != "invalid_request":
            wrong.append(f"{text[:_QUOTED]}: {error.code}")
    return wrong


def _of_any_value() -> Iterator[dict[str, Any]]:
    for keyword, value, beside in itertools.product(_KEYWORDS, _VALUES, _BESIDE):
        yield {"properties": {"a": {**beside, keyword: value}}}


def text_form(least: int, most: int) -> FormMade:
    """The same of a text of so many letters."""
    schema = {"type": "string", "minLength": least, "maxLength": most}
    return _form(lambda: grammar_of(schema), (least, most))


def call_form(rows: Iterable[Mapping[str, str]]) -> FormMade:
    """What becomes of a call that has to be made, of one of these functions."""
    functions = [
        ToolFunction(name=row["name"], parameters=json.loads(row["parameters"])) for row in rows
    ]
    form = _form(lambda: grammar_of(schema_of_call(functions)))
    return form if form.error is None else form._replace(error=in_functions(form.error))


def function_form(parameters: str, *, strict: bool) -> FormMade:
    """What becomes of a function that may be called."""
    function = ToolFunction(name="f", parameters=json.loads(parameters), strict=strict)
    try:
        return FormMade(told=functions_for_engine([function])[0]["parameters"])
    except RbeeError as error:
        return FormMade(error=error)


def assert_lets_through(form: FormMade, this: str, that: str) -> None:
    """One text passes, and the other does not."""
    assert form.grammar, form
    grammar = Grammar(form.grammar)
    assert grammar.lets_through(this), f"{this} does not pass"
    assert not grammar.lets_through(that), f"{that} passes"


def assert_counted(form: FormMade) -> None:
    """As many letters pass as its bounds say, and no others."""
    assert form.grammar, form
    least, most = form.bounds
    grammar = Grammar(form.grammar)
    for count in {least - 1, least, least + 1, most - 1, most, most + 1, most + 2000} - {-1}:
        assert grammar.lets_through(f'"{"a" * count}"') is (least <= count <= most), count


def assert_told(form: FormMade, told: str) -> None:
    """The engine is told of a function in these words."""
    assert form.told == json.loads(told), form


def field_told(form: FormMade) -> str:
    """The field that a program hears of which has sent that as a chat."""
    asked = {"model": "m", "messages": [{"role": "user", "content": "x"}]}
    tools = [{"type": "function", "function": {"name": name}} for name in "fg"]
    assert form.error is not None
    request = decode(encode({**asked, "tools": tools}), ChatRequest)
    return str(failed(in_words_of(request, form.error)).error.param)


def of_suite() -> Sequence[SchemaVerdict]:
    """What becomes of each schema of the suite."""
    return schema_suite.judged()


def made_up(count: int) -> Sequence[SchemaVerdict]:
    """What becomes of each of so many schemas that are made up, the same ones each time."""
    from harness.decisions import made_up_schemas

    return [schema_suite.judged_one(made_up_schemas.made_up(seed)) for seed in range(count)]


def assert_let_through_rightly(verdicts: Sequence[SchemaVerdict]) -> None:
    """No invalid instance passes."""
    wrong = [(each.group.about, schema_suite.let_through_wrongly(each)) for each in _held(verdicts)]
    assert not any(texts for _, texts in wrong), [each for each in wrong if each[1]]


def assert_made_rightly(verdicts: Sequence[SchemaVerdict]) -> None:
    """Nothing is made that does not fit."""
    wrong = [(each.group.about, schema_suite.made_wrongly(each, _SEED)) for each in _held(verdicts)]
    assert not any(texts for _, texts in wrong), [each for each in wrong if each[1]]


def assert_refused_by_path(verdicts: Sequence[SchemaVerdict]) -> None:
    """Each refusal names a path that its schema has."""
    for each in verdicts:
        if not each.grammar:
            assert each.path in set(schema_suite.paths(each.group.schema)), each


def _held(verdicts: Sequence[SchemaVerdict]) -> list[SchemaVerdict]:
    return [each for each in verdicts if each.grammar]


def assert_quotes(form: FormMade, text: str) -> None:
    """The refusal holds this text."""
    assert form.error is not None and f"'{text}'" in form.error.message, form


def share(verdicts: Sequence[SchemaVerdict]) -> float:
    """How much is held to, of what applies."""
    return schema_suite.share(verdicts)
