"""What becomes of JSON schemas."""

from __future__ import annotations

from harness.decisions import schemas
from harness.rig.sentences import Context, then, when


@when("each schema of the suite is the form of an answer")
def each_of_suite(context: Context) -> None:
    context.verdicts = schemas.of_suite()


@when("each of {count:d} made-up schemas is the form of an answer")
def each_made_up(context: Context, count: int) -> None:
    context.verdicts = schemas.made_up(count)


@then("more than half of them are held to")
def more_than_half_held(context: Context) -> None:
    share = schemas.share(context.verdicts)
    assert share > 0.5, f"{share:.1%}"


@then("no grammar lets an invalid instance through")
def nothing_invalid(context: Context) -> None:
    schemas.assert_let_through_rightly(context.verdicts)


@then("no grammar makes a value that another program calls invalid")
def nothing_made_invalid(context: Context) -> None:
    schemas.assert_made_rightly(context.verdicts)


@then("each that is refused is refused for a path in it")
def refused_by_path(context: Context) -> None:
    schemas.assert_refused_by_path(context.verdicts)


@then("at least {percent:d}% of those that apply are held to")
def share_held(context: Context, percent: int) -> None:
    share = schemas.share(context.verdicts)
    assert 100 * share >= percent, f"{share:.1%}"


@when("an answer is to fit {schema}")
def to_fit(context: Context, schema: str) -> None:
    context.form = schemas.form_of(schema)


@when("an answer is to be a text of {least:d} to {most:d} letters")
def to_be_text(context: Context, least: int, most: int) -> None:
    context.form = schemas.text_form(least, most)


@when("each keyword of {what} has a value of each kind")
def any_value(context: Context, what: str) -> None:
    context.errors = schemas.of_any_value(what)


@then("each is taken, or refused as an invalid request")
def taken_or_refused(context: Context) -> None:
    assert not context.errors, context.errors[:5]


@when("a model has to call one of these functions")
def has_to_call(context: Context) -> None:
    context.form = schemas.call_form(context.table)


@when("a model may call a function, {strict}, with {parameters}")
def may_call(context: Context, strict: str, parameters: str) -> None:
    context.form = schemas.function_form(parameters, strict=strict == "strict")


@then("it may be {this}, and not {that}")
def may_be(context: Context, this: str, that: str) -> None:
    schemas.assert_lets_through(context.form, this, that)


@then("that many letters pass, and one less or one more do not")
def letters_counted(context: Context) -> None:
    schemas.assert_counted(context.form)


@then('it is refused at the path "{path}"')
def refused_for(context: Context, path: str) -> None:
    assert context.form.path == path, context.form


@then('the refusal quotes "{text}"')
def refusal_quotes(context: Context, text: str) -> None:
    schemas.assert_quotes(context.form, text)


@then('a program that sent it as a chat is told of "{field}"')
def told_of_field(context: Context, field: str) -> None:
    assert schemas.field_told(context.form) == field, schemas.field_told(context.form)


@then("the engine is told {told}")
def engine_told(context: Context, told: str) -> None:
    schemas.assert_told(context.form, told)


@when("programs ask SmolLM2 for a person with homes, in a form and as a call")
def ask_for_person(context: Context) -> None:
    from harness.programs import real_forms

    context.told = real_forms.ask_for_person(context.cluster)


@then("each answer is such a person")
def persons(context: Context) -> None:
    from harness.programs import real_forms

    real_forms.assert_persons(context.told)


@when('a program asks "{model}" for a text of {least:d} to {most:d} letters')
def ask_for_text(context: Context, model: str, least: int, most: int) -> None:
    from harness.programs import real_forms

    context.bounds = range(least, most + 1)
    context.told = real_forms.ask_for_text(context.cluster, model, least, most)


@then("the answer has so many")
def has_so_many(context: Context) -> None:
    assert len(context.told) in context.bounds, len(context.told)
