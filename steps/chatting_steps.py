"""What a chat makes of its lines."""

from __future__ import annotations

from harness.decisions import chatting
from harness.rig.sentences import Context, given, then, when


@when('the line "{line}" is typed in a chat')
def typed(context: Context, line: str) -> None:
    context.line = chatting.what_is(line)


@then("the chat takes it for {what}")
def is_taken_for(context: Context, what: str) -> None:
    assert context.line == what, context.line


@given('a chat that was begun with "{options}"')
def begun(context: Context, options: str) -> None:
    context.conversation = chatting.begun(options)


@when('"/set {words}" is typed')
def set_to(context: Context, words: str) -> None:
    context.reply = chatting.replied(context.conversation, words)


@then('the chat replies "{reply}"')
def replies(context: Context, reply: str) -> None:
    assert context.reply == reply, context.reply


@then("its next answer is asked for with {name} {value}")
def asked_with(context: Context, name: str, value: str) -> None:
    asked = getattr(context.conversation.request("hello"), name)
    assert str(asked) == value, asked


@given("a chat of {turns:d} turns")
def of_turns(context: Context, turns: int) -> None:
    context.conversation = chatting.of_turns(turns)


@when("the older half of it is let go")
def let_go(context: Context) -> None:
    context.before = list(context.conversation.turns)
    context.gone = context.conversation.let_go()


@then("{gone:d} turns are gone, and the newest are still there")
def newest_are_there(context: Context, gone: int) -> None:
    assert (context.gone, context.conversation.turns) == (gone, context.before[gone:])


@when("a chat goes on with a file that holds {what}")
def goes_on(context: Context, what: str) -> None:
    context.come = chatting.gone_on(what)


@then("it goes on after 1 turn")
def gone_on(context: Context) -> None:
    assert context.come == "it goes on after 1 turn", context.come


@when("a chat is to be kept in a file that holds something else")
def kept_over_another(context: Context) -> None:
    context.come, context.held, context.files = chatting.kept_over_another()


@then("it is refused as no conversation")
def refused(context: Context) -> None:
    assert context.come == "it is refused as no conversation", context.come


@then("the file holds what it held")
def holds_it_still(context: Context) -> None:
    assert (context.held, context.files) == (b"bread", ["shopping"])
