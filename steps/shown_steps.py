"""What a terminal is shown."""

from __future__ import annotations

from harness.decisions import shown
from harness.rig.sentences import Context, given, then, when


@when("each of these texts is shown")
def each_shown(context: Context) -> None:
    context.rows = list(context.table)
    context.told = [shown.shown_both_ways(row) for row in context.rows]


@then("a terminal gets what its row tells, wherever the text was cut on its way")
def terminal_gets(context: Context) -> None:
    shown.assert_shown(context.told, context.rows)


@when("everything that the keeper shows holds what would steer a terminal")
def everything_hostile(context: Context) -> None:
    context.told = shown.told_by_screen()


@then("nothing of it steers the terminal")
def steered_by_nobody(context: Context) -> None:
    shown.assert_steered_by_nobody(context.told)


@then("no line of what is quoted can be taken for one of its own")
def one_line_each(context: Context) -> None:
    shown.assert_one_line_each(context.told)


@when("a model writes what would steer a terminal into a pipe")
def into_a_pipe(context: Context) -> None:
    context.told = shown.answer_in_a_pipe()


@then("the pipe holds what the model wrote")
def pipe_holds(context: Context) -> None:
    assert context.told == shown.HOSTILE, context.told


@when('a log quotes "{text}"')
def log_quotes(context: Context, text: str) -> None:
    context.lines = shown.logged(shown.decoded(text))


@then("it has one line for each that was written, and the rest indented below it")
def not_forged(context: Context) -> None:
    shown.assert_not_forged(context.lines)


@when('something is called "{name}"')
def called(context: Context, name: str) -> None:
    context.refusal = shown.refusal_of(shown.decoded(name))


@when("something is called by {count:d} letters")
def called_at_length(context: Context, count: int) -> None:
    context.refusal = shown.refusal_of("x" * count)


@then('as a name, a reference, and a field that is "{told}"')
def refused_as(context: Context, told: str) -> None:
    assert context.refusal == told, context.refusal


@when("the modules of the keeper are looked through for what writes to a terminal")
def look_through(context: Context) -> None:
    context.found = shown.past_the_screen()


@then("its screen is the only one")
def only_one(context: Context) -> None:
    assert context.found == [], context.found


@given('a log called "{name}" with what would steer a terminal in it')
def hostile_log(context: Context, name: str) -> None:
    assert shown.write_hostile_log(context.cluster, name)


@then("the terminal shows it, and is not steered")
def unsteered(context: Context) -> None:
    shown.assert_terminal_unsteered(context.cluster.last.stdout + context.cluster.last.stderr)


@when('"{does}" happens "{where}"')
def narrated_there(context: Context, does: str, where: str) -> None:
    context.written = shown.narrated(does, where)


@then('there stands written "{spelt}"')
def stands_written(context: Context, spelt: str) -> None:
    assert context.written == shown.decoded(spelt), context.written


@when("a table has these cells in its first column")
def table_of_cells(context: Context) -> None:
    context.cells = list(context.table)


@then("each takes so many columns, and the second one begins behind the widest")
def below_one_another(context: Context) -> None:
    shown.assert_below_one_another(context.cells)
