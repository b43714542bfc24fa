"""What came out of a command."""

from __future__ import annotations

from harness.rig.sentences import Context, given, then, when
from harness.scenes import answers


@given('"{command_line}" with a prompt of {count:d} words runs until it narrates "{line}"')
def long_prompt_runs(context: Context, command_line: str, count: int, line: str) -> None:
    context.cluster.start(command_line, stdin="story " * count).wait_for_line(line)


@when('I type "{command_line}" with a prompt of {count:d} words')
def type_long_prompt(context: Context, command_line: str, count: int) -> None:
    context.cluster.run(command_line, stdin="bee " * count)


@then('the file "{name}" holds "{text}"')
def file_holds(context: Context, name: str, text: str) -> None:
    answers.assert_file(context.cluster, name, text)


@then('the file "{name}" does not hold "{text}"')
def file_does_not_hold(context: Context, name: str, text: str) -> None:
    answers.assert_not_in_file(context.cluster, name, text)


@then("each line of stderr is an event for programs")
def events_for_programs(context: Context) -> None:
    answers.assert_events(context.cluster)


@then('the events for programs end with "{name}" before the cascade')
def ends_before_cascade(context: Context, name: str) -> None:
    answers.assert_ends_before_cascade(context.cluster, name)


@then('the event "{name}" tells "{field}" as "{value}"')
def event_tells(context: Context, name: str, field: str, value: str) -> None:
    answers.assert_event_tells(context.cluster, name, field, value)


@then('the event "done" tells times and counts')
def counts_and_times(context: Context) -> None:
    answers.assert_counts_and_times(context.cluster)


@then('stdout holds what the engine alone writes to "{prompt}"')
def as_engine_alone(context: Context, prompt: str) -> None:
    context.cluster.assert_stdout(answers.of_engine_alone(prompt))


@then("the first of the last three answers is the same as the last")
def first_is_last(context: Context) -> None:
    assert context.cluster.finished[-3].stdout == context.cluster.last.stdout


@then("the second of them is another")
def second_is_another(context: Context) -> None:
    assert context.cluster.finished[-2].stdout != context.cluster.last.stdout


@then("the exit status is not {status:d}")
def exit_status_is_not(context: Context, status: int) -> None:
    assert context.cluster.last.status != status, context.cluster.last
