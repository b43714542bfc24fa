"""Prompts that an engine reads in turn, and the slots in which it does."""

from __future__ import annotations

from harness.decisions import in_turn
from harness.rig.sentences import Context, then, when
from rbee.worker.engines.turns import makes_way


@when(
    "of a prompt of {total:d} tokens {left:d} are unread, {passed:d} have passed it, and one of "
    "{unread:d} comes"
)
def one_comes(context: Context, total: int, left: int, passed: int, unread: int) -> None:
    context.makes_way = makes_way(left, total, passed, unread, in_turn.BATCH)


@then("it makes way: {makes_way}")
def does_make_way(context: Context, makes_way: str) -> None:
    assert context.makes_way == (makes_way == "yes"), context.makes_way


@when('an engine is given prompts of "{tokens}" tokens, one with each batch that it reads')
def given_with_each_batch(context: Context, tokens: str) -> None:
    context.order = in_turn.order_of([*map(int, tokens.split())])


@then('they are read in the order "{order}"')
def read_in_order(context: Context, order: str) -> None:
    seen = " ".join(map(str, context.order))
    assert seen == order, f"they are read in the order {seen}"


@when(
    "an engine reads a prompt of {tokens:d} tokens while {count:d} of {short:d} come with each "
    "batch"
)
def short_ones_keep_coming(context: Context, tokens: int, count: int, short: int) -> None:
    context.read_of_others = in_turn.read_of_others(tokens, short, count)


@then("it has read at most {most:d} tokens of others before that is read")
def read_at_most(context: Context, most: int) -> None:
    assert context.read_of_others <= most, context.read_of_others


@when(
    "an engine reads a prompt of {tokens:d} tokens, and one of {other:d} comes that looks like one "
    "of {looks:d}"
)
def longer_than_it_looked(context: Context, tokens: int, other: int, looks: int) -> None:
    context.order = in_turn.order_beside(tokens, "", other, looks)


@when("an engine reads a prompt of {tokens:d} tokens {what}, and one of {other:d} comes")
def one_that_is_not_stopped(context: Context, tokens: int, what: str, other: int) -> None:
    context.order = in_turn.order_beside(tokens, what, other)


@when(
    "an engine reads a prompt of {tokens:d} tokens that is given up, and one of {other:d} stands "
    "behind it"
)
def given_up(context: Context, tokens: int, other: int) -> None:
    context.waits = in_turn.waits_for_who_is_given_up(tokens, other)


@when('a slot has read "{read}", and "{prompt}" is called off before it is read there')
def called_off_unread(context: Context, read: str, prompt: str) -> None:
    context.unread = in_turn.unread_after_one_called_off(read, prompt)


@then("it still has what it had read")
def still_has_it(context: Context) -> None:
    assert context.unread == 0, context.unread


@when(
    'an engine with one slot and a cache has read "{first}", then "{second}", and "{prompt}" comes'
)
def comes_beside_cache(context: Context, first: str, second: str, prompt: str) -> None:
    context.unread = in_turn.unread_beside_cache([first, second], prompt)


@then("at most {most:d} tokens of that are unread")
def unread_at_most(context: Context, most: int) -> None:
    assert context.unread <= most, context.unread


@when(
    "a prompt of {tokens:d} tokens is read at {speed:d} a second beside an answer of {written:d} "
    "at {pace:d}"
)
def read_beside_answer(context: Context, tokens: int, speed: int, written: int, pace: int) -> None:
    context.beside = in_turn.beside(tokens, speed, written, pace)


@when(
    "a prompt of {tokens:d} tokens is read at {speed:d} a second beside an answer that is given up"
)
def read_beside_given_up(context: Context, tokens: int, speed: int) -> None:
    context.beside = in_turn.beside(tokens, speed, 10, 25, is_wanted=False)


@then("the answer takes at most {answer:g} seconds, and the prompt at most {prompt:g}")
def takes_at_most(context: Context, answer: float, prompt: float) -> None:
    taken = context.beside
    assert taken.answer <= answer and taken.prompt <= prompt, taken


@then("the prompt stops at most {stops:d} times")
def stops_at_most(context: Context, stops: int) -> None:
    assert context.beside.stops <= stops, context.beside


@when("a question about a picture comes, whose file has {size:d} bytes")
def picture_comes(context: Context, size: int) -> None:
    context.unread = in_turn.unread_of_picture(size)


@then("more than {tokens:d} tokens of it are unread")
def unread_more_than(context: Context, tokens: int) -> None:
    assert context.unread > tokens, context.unread


@when(
    'the slots of an engine have read "{read}" so many prompts ago, and one begins that is '
    '"{prompt}"'
)
def slots_have_read(context: Context, read: str, prompt: str) -> None:
    context.slot = in_turn.chosen(read, prompt)


@then("it is read in slot {slot:d}")
def read_in_slot(context: Context, slot: int) -> None:
    assert context.slot == slot, f"it is read in slot {context.slot}"


@when(
    "an engine reads a prompt of {tokens:d} tokens, and one of {other:d} that stands behind it is "
    "called off"
)
def one_is_called_off(context: Context, tokens: int, other: int) -> None:
    context.waits = in_turn.waits_though_called_off(tokens, other)


@then("that waits no more")
def waits_no_more(context: Context) -> None:
    assert not context.waits
