"""What a person types, and what the terminal shows."""

from __future__ import annotations

from harness.rig.sentences import Context, given, then, when
from harness.scenes import answers, replacing


@given('I have typed "{command_line}"')
def have_typed(context: Context, command_line: str) -> None:
    context.cluster.assert_status(0, context.cluster.run(command_line))


@when('I type "{command_line}"')
def type_command(context: Context, command_line: str) -> None:
    context.cluster.run(command_line)


@when('I type "{command_line}" with nothing on standard input')
def type_with_nothing(context: Context, command_line: str) -> None:
    context.cluster.run(command_line, stdin="")


@when('I type "{command_line}" on a terminal')
def type_on_terminal(context: Context, command_line: str) -> None:
    context.cluster.finish(context.cluster.start(command_line, terminal=True))


@when('I type "{command_line}" in two terminals at once')
def type_twice(context: Context, command_line: str) -> None:
    context.pair = [context.cluster.start(command_line), context.cluster.start(command_line)]


@when('I type "{command_line}" in {count:d} terminals at once')
def type_often(context: Context, command_line: str, count: int) -> None:
    running = [context.cluster.start(command_line) for _ in range(count)]
    context.finished += [context.cluster.finish(each) for each in running]


@given('"{command_line}" was typed for comparison')
def typed_alone(context: Context, command_line: str) -> None:
    context.finished = [context.cluster.run(command_line)]


@given("a file on the shelf with a link to it and a second name")
def file_of_names(context: Context) -> None:
    context.names = replacing.name_thrice(context.cluster)


@when("all of its names are asked for at once")
def ask_for_all_names(context: Context) -> None:
    asked = (f"rbee-keeper infer --temperature 0 --model {name} 'hello'" for name in context.names)
    context.pair = [context.cluster.start(command_line) for command_line in asked]


@given('"{command_line}" runs until it narrates "{line}"')
def runs_until(context: Context, command_line: str, line: str) -> None:
    context.cluster.start(command_line).wait_for_line(line)


@given('"{command_line}" runs until tokens come')
def runs_until_tokens(context: Context, command_line: str) -> None:
    context.first = context.cluster.start(command_line)
    context.first.wait_for_text()


@when('I type "{command_line}" beside it')
def type_beside(context: Context, command_line: str) -> None:
    context.first = context.cluster.current
    context.cluster.run(command_line)


@then("the first command still runs until I press Ctrl+C")
def still_runs(context: Context) -> None:
    answers.assert_runs_until_interrupted(context.cluster, context.first)


@when("I press Ctrl+C")
def press_interrupt(context: Context) -> None:
    context.cluster.current.interrupt()
    context.cluster.finish()


@given('"{command_line}" runs beside it until tokens come')
def runs_beside_until_tokens(context: Context, command_line: str) -> None:
    context.first = context.cluster.current
    context.cluster.start(command_line).wait_for_text()


@given('"{command_line}" runs beside it until it narrates "{line}"')
def runs_beside_until(context: Context, command_line: str, line: str) -> None:
    context.first = context.cluster.current
    context.cluster.start(command_line).wait_for_line(line)


@given("I have pressed Ctrl+C in the first terminal")
@when("I press Ctrl+C in the first terminal")
def press_interrupt_first(context: Context) -> None:
    context.second = context.cluster.current
    context.first.interrupt()
    context.cluster.finish(context.first)


@then("the second command still runs until I press Ctrl+C")
def second_still_runs(context: Context) -> None:
    answers.assert_runs_until_interrupted(context.cluster, context.second)


@when("I press Ctrl+C twice")
def press_interrupt_twice(context: Context) -> None:
    context.cluster.current.interrupt()
    context.cluster.current.interrupt()
    context.cluster.finish()


@then("the terminal narrates")
def narrates(context: Context) -> None:
    context.cluster.assert_narrated(context.text)


@then("the terminal does not narrate")
def does_not_narrate(context: Context) -> None:
    context.cluster.assert_not_narrated(context.text)


@then('stdout holds "{text}" alone')
def stdout_alone(context: Context, text: str) -> None:
    context.cluster.assert_stdout(text)


@then('stdout holds the answer of minillama to "hello" alone')
def stdout_greeting(context: Context) -> None:
    context.cluster.assert_stdout(" Hello! How can I help you today?")


@then('stdout contains "{text}"')
def stdout_contains(context: Context, text: str) -> None:
    assert text in context.cluster.last.stdout, context.cluster.last


@then('stderr does not contain "{text}"')
def stderr_without(context: Context, text: str) -> None:
    assert text not in context.cluster.last.stderr, context.cluster.last


@then('stderr contains "{text}"')
def stderr_contains(context: Context, text: str) -> None:
    assert text in context.cluster.last.stderr, context.cluster.last


@then("stdout holds nothing")
def stdout_empty(context: Context) -> None:
    context.cluster.assert_stdout("")


@then("stderr holds nothing")
def stderr_empty(context: Context) -> None:
    assert context.cluster.last.stderr == "", context.cluster.last


@then("the exit status is {status:d}")
def exit_status_is(context: Context, status: int) -> None:
    context.cluster.assert_status(status)


@then("both terminals show a finished answer")
@then("each terminal shows a finished answer")
def both_finish(context: Context) -> None:
    answers.assert_all_answered(context.cluster, context.pair)


@given("narration is one line after {after:d} commands, of which {told:d} were told in full")
def narration_was_told(context: Context, after: int, told: int) -> None:
    context.cluster.set(calm_after=after)
    (context.cluster.home / "narrated").write_text(f"{told}\n")
