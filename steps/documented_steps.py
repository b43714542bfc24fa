"""What the documents show to be typed."""

from __future__ import annotations

from harness.rig.sentences import Context, given, then, when
from harness.scenes import commands, documented, documents


@when("each rbee-keeper line of the documents is read as rbee-keeper reads it")
def read_lines(context: Context) -> None:
    texts = documents.documents()
    lines = [line for page, text in texts.items() for line in documented.lines_of(page, text)]
    context.missed = documented.misspelt(lines) + documented.of_no_kind(texts)


@when("the targets of make, the extras and the features are looked up that documents name")
def look_up(context: Context) -> None:
    context.missed = documented.gone(documents.documents())


@when("a document is read that shows these lines")
def read_shown(context: Context) -> None:
    lines = [documented.Line("README.md", 1, "sh", row["line"]) for row in context.table]
    texts = {"README.md": "\n".join(f"`{line.text}`" for line in lines)}
    context.missed = documented.misspelt(lines) + documented.gone(texts)


@given("these are not typed here")
def typed_elsewhere(context: Context) -> None:
    rows = [(row["what begins so"], row["since"]) for row in context.table]
    context.elsewhere = [documented.Elsewhere(*row) for row in rows]


@when("each page of the documents is typed in a shell, with these words for its own")
def type_pages(context: Context) -> None:
    words = [(row["shown"], row["typed"]) for row in context.table]
    context.typing = documented.type_all(context.cluster, words, context.elsewhere)


@then("each line of each page has worked")
def lines_worked(context: Context) -> None:
    commands.assert_worked(context.typing.finished)


@then("no page shows what is typed nowhere")
def all_typed(context: Context) -> None:
    missed = documented.untyped(context.typing, context.elsewhere)
    assert not missed, missed
