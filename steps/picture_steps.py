"""Pictures that models are shown."""

from __future__ import annotations

from harness.programs import pictures
from harness.rig.sentences import Context, given, then, when


@given('a file of my own called "{name}"')
def own_file(context: Context, name: str) -> None:
    pictures.write(context.cluster, name)


@when("each of these is sent as a picture")
def sent_as_picture(context: Context) -> None:
    context.rows = list(context.table)
    context.told = [pictures.taken_for(row["sent"]) for row in context.rows]


@when("a body holds each of these, with a thousand letters each")
def body_holds(context: Context) -> None:
    context.rows = list(context.table)
    context.told = [str(pictures.size_of(row["body"])) for row in context.rows]


@when("a model lies among each of these files of its repository")
def lies_in_repository(context: Context) -> None:
    context.rows = list(context.table)
    context.told = [pictures.projector_for(row["model"], row["files"]) for row in context.rows]


@when("a model of somebody's own lies among each of these files")
def lies_in_folder(context: Context) -> None:
    context.rows = list(context.table)
    context.told = [pictures.projector_beside(row["model"], row["files"]) for row in context.rows]


@when("a text, a picture and a text come by each of these APIs")
def come_by(context: Context) -> None:
    context.rows = list(context.table)
    context.told = [pictures.parts_by(row["API"]) for row in context.rows]


@when('"{model}" is shown no picture, a red one and a dark one by each of these APIs')
def shown_by_each(context: Context, model: str) -> None:
    apis = [row["API"] for row in context.table]
    context.seen = [
        [pictures.shown_by(context.cluster, api, model, each) for each in ("", "red", "dark")]
        for api in apis
    ]


@then("each API is answered the same, a red picture otherwise than a dark one")
def assert_seen(context: Context) -> None:
    pictures.assert_seen(context.seen)


@when('"{model}" is sent each of these')
def sent_each(context: Context, model: str) -> None:
    context.rows = list(context.table)
    context.answered = [
        pictures.sent_by(context.cluster, row["API"], model, row["sent"]) for row in context.rows
    ]


@then("each of these is refused, by the place where it stands")
def refused_by_place(context: Context) -> None:
    pictures.assert_refused(context.answered, context.rows)


@when('"{model}" is shown a red picture of each of these kinds', timeout=180)
def shown_kinds(context: Context, model: str) -> None:
    context.told = [
        pictures.answer_to_kind(context.cluster, model, row["kind"]) for row in context.table
    ]


@then("all of them are answered the same")
def answered_alike(context: Context) -> None:
    assert len(set(context.told)) == 1, context.told
