"""A conversation: lines typed into the chat, and what comes of each."""

from __future__ import annotations

from harness.rig.sentences import Context, given, then, when
from harness.scenes import answers, chat


@given('a model file of my own called "{name}" without a chat template')
def own_untuned_model(context: Context, name: str) -> None:
    chat.own_untuned_model(context.cluster, name)


@given('"{command_line}" on a terminal asks for a line')
def asks(context: Context, command_line: str) -> None:
    context.chat = chat.Chat(context.cluster, command_line)
    context.chat.assert_asks()


@given('"{first}" and "{second}" were pasted as one line, and answered')
def pasted(context: Context, first: str, second: str) -> None:
    context.chat.paste(first, second)
    context.chat.assert_asks()


@when("nothing is typed")
def nothing_typed(context: Context) -> None:
    context.chat.assert_behind_sign("")


@when("I end that chat, begin another and press the key for the line before")
def line_before(context: Context) -> None:
    context.chat = context.chat.followed_by_another()
    context.chat.press_up()


@when('I type "{command_line}" and the lines')
def type_lines(context: Context, command_line: str) -> None:
    context.cluster.run(command_line, stdin=context.text + "\n")


@when('I chat with the file "{name}" in the lines')
def chat_with_file(context: Context, name: str) -> None:
    chat.chat_with_file(context.cluster, name, context.text)


@when('I type the line "{line}" and the answer has begun')
def type_line(context: Context, line: str) -> None:
    context.chat.type(line)


@when("I press Ctrl+C in the middle of the answer")
def stop_answer(context: Context) -> None:
    context.chat.interrupt()


@when("I press Ctrl+D")
def end_input(context: Context) -> None:
    context.chat.end()
    context.cluster.finish()


@then("the chat asks for the next line")
def asks_again(context: Context) -> None:
    context.chat.assert_asks()


@then('the chat shows "{first}" and "{second}" behind its sign')
def shows_behind_sign(context: Context, first: str, second: str) -> None:
    context.chat.assert_behind_sign(f"{first}\n{second}")


@then("Ctrl+C ends it")
def interrupts_end(context: Context) -> None:
    context.chat.end_with_interrupts()
    assert context.cluster.finish().status == 130, context.cluster.last


@then("the chat shows nothing behind its sign")
def shows_nothing(context: Context) -> None:
    context.chat.assert_behind_sign("")


@then("a worker is ready for it")
def worker_ready(context: Context) -> None:
    chat.assert_worker_ready(context.cluster)


@then('the file "{name}" is for its owner alone')
def for_owner_alone(context: Context, name: str) -> None:
    assert (context.cluster.work / name).stat().st_mode & 0o077 == 0


@then('the chat has told "{text}"')
def told(context: Context, text: str) -> None:
    context.chat.assert_told(text)


@then('stdout holds what the engine alone answers in turn to "{first}" and "{second}"')
def as_engine_in_turn(context: Context, first: str, second: str) -> None:
    context.cluster.assert_stdout(answers.of_engine_alone(first, second))


@then('stdout holds what the engine alone adds to the dialogue of "{first}" and "{second}"')
def as_engine_in_dialogue(context: Context, first: str, second: str) -> None:
    context.cluster.assert_stdout(answers.of_engine_alone(first, second, dialogue=True))


@then('stdout holds what the engine alone answers to "{first}" twice, and then to "{second}"')
def twice_and_then(context: Context, first: str, second: str) -> None:
    one, other = answers.of_engine_alone(first, second).splitlines(keepends=True)
    context.cluster.assert_stdout(one + one + other)


@then("stdout holds what the engine alone answers to these lines as one")
def as_one(context: Context) -> None:
    context.cluster.assert_stdout(answers.of_engine_alone(context.text))
