"""The commands around a prompt."""

from __future__ import annotations

from harness.rig.sentences import Context, given, then, when
from harness.scenes import commands


@given("the queen has been killed")
def queen_was_killed(context: Context) -> None:
    commands.kill_queen(context.cluster)


@given('a model file of my own called "{name}"')
def own_model(context: Context, name: str) -> None:
    commands.own_model(context.cluster, name)


@given("it is remembered that this draft was twice as fast")
def remember_twice(context: Context) -> None:
    commands.remember_gains(context.cluster, 2.0)


@given('I have pulled the file "{name}"')
def have_pulled_file(context: Context, name: str) -> None:
    commands.on_own_model(context.cluster, "pull", name)


@given('a log called "{name}" that reads "{text}"')
@given('the log called "{name}" goes on with "{text}"')
def log_reads(context: Context, name: str, text: str) -> None:
    commands.write_log(context.cluster, name, text)


@given('"{command_line}" has shown "{text}"')
def has_shown(context: Context, command_line: str, text: str) -> None:
    context.cluster.start(command_line).wait_for_text(text)


@given('the command has shown "{text}"')
def goes_on_to_show(context: Context, text: str) -> None:
    context.cluster.current.wait_for_text(text)


@given("the file of the token is gone")
def token_is_gone(context: Context) -> None:
    (context.cluster.home / "token").unlink()


@when('I type what "{command_line}" advises me to end her by')
def end_as_advised(context: Context, command_line: str) -> None:
    commands.end_as_advised(context.cluster, command_line)


@when('I put the swarm to sleep with "{command_line}"')
def put_to_sleep(context: Context, command_line: str) -> None:
    context.interrupted = context.cluster.started[-1] if context.cluster.started else None
    commands.put_to_sleep(context.cluster, command_line)


@when('I put the swarm to sleep with "{command_line}" in another home, naming the queen')
def put_to_sleep_from_afar(context: Context, command_line: str) -> None:
    commands.put_to_sleep(context.cluster, command_line, from_another_home=True)


@when("I type each of these commands in another home, naming the queen and her token's file")
def type_in_another_home(context: Context) -> None:
    lines = [row["command"] for row in context.table]
    context.finished = [commands.run_in_another_home(context.cluster, each) for each in lines]


@when('I type "{command_line}" in another home, naming the queen without her token\'s file')
def type_without_token(context: Context, command_line: str) -> None:
    commands.run_in_another_home(context.cluster, command_line, with_token=False)


@when('I type "{command_line}" naming a queen that is not there')
def type_naming_nobody(context: Context, command_line: str) -> None:
    commands.run_naming_nobody(context.cluster, command_line)


@when('I type every example of the help of "{command}"')
def type_examples(context: Context, command: str) -> None:
    context.finished = commands.run_examples(context.cluster, command)


@when("I type every example of the help of these commands")
def type_all_examples(context: Context) -> None:
    context.typed = [row["command"] for row in context.table]
    context.finished = commands.run_all_examples(context.cluster, context.typed)


@when("I type each of these commands")
def type_each(context: Context) -> None:
    context.rows = list(context.table)
    context.finished = [context.cluster.run(row["command"]) for row in context.rows]


@when("the keeper reads each of these commands in the quick way and with click")
def read_both_ways(context: Context) -> None:
    lines = [row["command"] for row in context.table]
    context.readings = commands.read_both_ways(context.cluster, lines)


@when('I remove the file "{name}" with the keeper')
def remove_file(context: Context, name: str) -> None:
    commands.on_own_model(context.cluster, "rm", name)


@when("I stop the worker by the first letters of its id")
def stop_by_prefix(context: Context) -> None:
    commands.stop_by_prefix(context.cluster)


@when("I stop a worker by an id with a slip in it")
def stop_misspelt(context: Context) -> None:
    commands.stop_misspelt(context.cluster)


@then('stdout shows a row "{row}"')
def shows_row(context: Context, row: str) -> None:
    commands.assert_row(context.cluster.last, row)


@then("stdout shows these rows")
def shows_rows(context: Context) -> None:
    commands.assert_rows(context.cluster.last, context.table)


@then('stdout is one answer for programs with "{fields}"')
def answers_programs(context: Context, fields: str) -> None:
    commands.assert_answer(context.cluster.last, fields)


@then("the swarm stays up")
def stays_up(context: Context) -> None:
    commands.assert_stays_up(context.cluster)


@then("the command that was interrupted fails")
def interrupted_fails(context: Context) -> None:
    commands.assert_interrupted(context.cluster, context.interrupted)


@then("each of them has worked")
def all_worked(context: Context) -> None:
    commands.assert_worked(context.finished)


@then("each of them has worked, in less than {seconds:d} seconds")
def all_worked_soon(context: Context, seconds: int) -> None:
    commands.assert_worked(context.finished, seconds)


@then("both ways understand the same by each of them")
def same_both_ways(context: Context) -> None:
    commands.assert_read_as(context.readings, "the same")


@then("the quick way leaves each of them to click")
def left_to_click(context: Context) -> None:
    commands.assert_read_as(context.readings, "left to click")


@then("none of them says anything on stderr")
def all_silent(context: Context) -> None:
    commands.assert_silent(context.finished)


@then("each of them shows its heading and its row")
def all_show_rows(context: Context) -> None:
    commands.assert_show_rows(context.finished, context.rows)


@then("each of them is one answer for programs with its fields")
def all_answer_programs(context: Context) -> None:
    commands.assert_answers(context.finished, context.rows)


@then("each of them is refused with its error and its advice")
def all_refused(context: Context) -> None:
    commands.assert_refused(context.cluster, context.finished, context.rows)


@then('the file "{name}" is where it was')
def file_stays(context: Context, name: str) -> None:
    assert (context.cluster.work / name).is_file(), name


@then("the queen lists no worker")
def lists_no_worker(context: Context) -> None:
    commands.assert_no_worker_listed(context.cluster)


@then("each of them says what its row tells, and ends with its status")
def each_says_and_ends(context: Context) -> None:
    commands.assert_says(context.finished, context.rows)


@when("the help of each command is read")
def help_is_read(context: Context) -> None:
    context.helps = commands.helps()


@then("each shows an example of its command")
def shows_example(context: Context) -> None:
    commands.assert_show_examples(context.helps)


@then("each other command is typed elsewhere")
def typed_elsewhere(context: Context) -> None:
    where = {row["command"]: row["where"] for row in context.table}
    commands.assert_all_typed(context.typed, where)


@then("all of them have shown the same")
def all_the_same(context: Context) -> None:
    shown = {each.stdout for each in context.finished}
    assert len(shown) == 1, shown
