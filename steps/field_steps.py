"""What becomes of the fields of a request."""

from __future__ import annotations

from harness.decisions import fields
from harness.rig.sentences import Context, then, when


@when("programs say each of these")
def say_each(context: Context) -> None:
    context.rows = list(context.table)


@then("each becomes the job that its row tells")
def each_becomes(context: Context) -> None:
    fields.assert_became(context.rows)


@then("no job comes of any, and each is refused for its field")
def each_refused(context: Context) -> None:
    fields.assert_refused(context.rows)


@when("the page of fields is made of the code")
def page_of_fields(context: Context) -> None:
    context.page = fields.page()


@then("it is the page of fields in the documentation")
def page_is_documented(context: Context) -> None:
    fields.assert_page(context.page)


@when('a job of a program fails with "{code}", the advice "{advice}" and {details}')
def job_fails(context: Context, code: str, advice: str, details: str) -> None:
    context.told = fields.told(code, advice, details)


@then('the program is told "{told}" about "{param}", with "{again}" for trying again')
@then('the program is told "{told}" about "", with "{again}" for trying again')
def program_is_told(context: Context, told: str, again: str, param: str = "") -> None:
    assert context.told == (told, param, again), context.told


@when("a program says hello behind a byte order mark")
def say_behind_mark(context: Context) -> None:
    context.became = fields.became_behind_mark()


@then("that becomes the job that it would be without")
def becomes_the_same(context: Context) -> None:
    fields.assert_same(context.became)


@when("the fields that are said to be done are looked up in the code")
def look_up_done(context: Context) -> None:
    context.unread = fields.unread()


@then("nothing reads these alone")
def nothing_reads(context: Context) -> None:
    expected = {row["field"] for row in context.table}
    assert context.unread == expected, context.unread
