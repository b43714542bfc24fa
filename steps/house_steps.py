"""A queen who listens for the other machines of a house."""

from __future__ import annotations

from harness.rig.sentences import Context, given, then, when
from harness.scenes import house


def _house(context: Context) -> house.House:
    if "house" not in context:
        context.house = house.House(context.cluster)
    known: house.House = context.house
    return known


@given('"{name}" serves the house by "{command_line}"')
def serves(context: Context, name: str, command_line: str) -> None:
    _house(context).serve(name, command_line)


@given('"{name}" serves the house with it by "{command_line}"')
def serves_with(context: Context, name: str, command_line: str) -> None:
    context.house.serve(name, command_line, with_certificate=True)


@given('"{name}" serves itself alone by "{command_line}", behind a proxy with that certificate')
def serves_behind(context: Context, name: str, command_line: str) -> None:
    context.house.serve(name, command_line)
    context.house.stand_before(name)


@given('with the token of "{queen}" I sit at "{name}"')
def sit_with_token(context: Context, name: str, queen: str) -> None:
    context.house.sit_with_token(name)


@given('somebody at "{name}" decrypts what comes, and passes it on to "{queen}"')
def between(context: Context, name: str, queen: str) -> None:
    context.house.stand_between(name)


@given('"{name}" has the authority of "{queen}"')
def has_authority(context: Context, name: str, queen: str) -> None:
    context.house.have_authority(name)
    context.at = name


@given('an authority that "{name}" knows has signed a certificate for "{queen}"')
def signed(context: Context, name: str, queen: str) -> None:
    _house(context).sign(queen, name)
    context.at = name


@when('I type "{command_line}" naming "{scheme}" and "{name}"')
def type_naming(context: Context, command_line: str, scheme: str, name: str) -> None:
    context.house.type_naming(command_line, scheme, name)


@when('I type "{command_line}" naming "{name}" with each of these keys')
def type_with_keys(context: Context, command_line: str, name: str) -> None:
    keys = [row["key"] for row in context.table]
    context.house.type_with_keys(command_line, name, keys)


@then("the first two have worked")
def first_two(context: Context) -> None:
    assert [each.status for each in context.house.finished] == [0, 0, 1], context.house.finished


@then('the last one says "{words}"')
def last_says(context: Context, words: str) -> None:
    assert words in context.house.finished[-1].stderr, context.house.finished[-1]


@when('a program at "{at}" asks "{name}" for each of these without encryption')
def asks_in_the_open(context: Context, at: str, name: str) -> None:
    context.rows = list(context.table)
    context.answers = context.house.ask_in_the_open(at, name, context.rows)


@then("each of them gets what its row says")
def gets(context: Context) -> None:
    house.assert_in_the_open(context.answers, context.rows)


@then('whoever listens there has read neither the token nor "{text}"')
def unread(context: Context, text: str) -> None:
    context.house.assert_unread(context.wiretap, text)


@then('somebody at "{name}" has heard neither a secret nor "{prompt}"')
def heard_nothing(context: Context, name: str, prompt: str) -> None:
    context.house.assert_heard_nothing(prompt)


@when('"{name}" gets another address')
def moves(context: Context, name: str) -> None:
    context.address = context.house.move()


@then('"{name}" believes the certificate that it is shown there')
def believes_there(context: Context, name: str) -> None:
    assert context.house.shown(name, context.address)


@then("it believes the one at the address before")
def believes_before(context: Context) -> None:
    assert context.house.shown(context.at)


@when("it is replaced by another one that the same authority has signed")
def replaced(context: Context) -> None:
    context.house.replace_certificate(context.at)


@then('"{name}" believes the certificate that it is shown at that name')
def believes_name(context: Context, name: str) -> None:
    assert context.house.shown(name, "blep")


@then("it is the new one")
def new_one(context: Context) -> None:
    context.house.assert_replaced(context.at)


@when('I type "{command_line}" naming her proxy, first without that authority and then with it')
def by_proxy(context: Context, command_line: str) -> None:
    context.house.type_by_proxy(command_line)


@then("the first was told nothing, and the second has worked")
def told_nothing_then_worked(context: Context) -> None:
    first, second = context.house.finished
    assert (first.status, second.status) == (1, 0), context.house.finished
    assert "was told nothing" in first.stderr, first
