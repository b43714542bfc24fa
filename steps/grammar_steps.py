"""Sentences about grammars that somebody asks for."""

from harness.decisions import asked_grammars
from harness.rig.sentences import Context, then, when


@when("these grammars are read, a line break as \\n")
def read_grammars(context: Context) -> None:
    context.rows = list(context.table)
    context.told = [asked_grammars.read(row["grammar"]) for row in context.rows]


@then("each takes the first text of its row, and not the other")
def takes_the_first(context: Context) -> None:
    asked_grammars.assert_takes(context.told, context.rows)


@then("each is refused for what its row tells")
def is_refused(context: Context) -> None:
    asked_grammars.assert_refused(context.told, context.rows)
