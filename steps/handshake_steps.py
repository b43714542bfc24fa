"""Handshakes that come to nothing."""

from __future__ import annotations

from harness.rig.sentences import Context, given, then, when
from harness.scenes import handshakes


@given("a stranger has begun {count:d} handshakes with the queen")
@when("a stranger begins {count:d} handshakes with the queen, and leaves them")
def begins(context: Context, count: int) -> None:
    context.begun = handshakes.Strangers(context.cluster, count)


@then("she holds no more than {most:d} connections")
def holds(context: Context, most: int) -> None:
    context.begun.assert_at_most(most)


@then("the owner lists by http:// and by https:// meanwhile")
def lists(context: Context) -> None:
    handshakes.assert_owner_lists(context.cluster)


@then("all that was begun with her is closed within {seconds:d} s")
def closed(context: Context, seconds: int) -> None:
    context.begun.assert_closed(seconds)


@then("her log tells nothing of it")
def not_logged(context: Context) -> None:
    context.begun.assert_not_logged()


@when("a stranger sends the queen each of these")
def sends(context: Context) -> None:
    context.begun = handshakes.Nonsense(context.cluster, [row["sent"] for row in context.table])


@then("each of them is hung up on, or waited for no longer than a request is")
def ended(context: Context) -> None:
    context.begun.assert_ended()


@when("{count:d} programs ask her for her health by https:// at once")
def many(context: Context, count: int) -> None:
    context.answers = handshakes.ask_many(context.cluster, count)


@then("all of these are answered")
def answered(context: Context) -> None:
    assert set(context.answers) == {b"HTTP/1.1 200 OK"}, set(context.answers)


@given("she has been asked by https:// before")
def asked_before(context: Context) -> None:
    handshakes.ask_many(context.cluster, 1)


@when("{count:d} handshakes are begun with her, and hung up on, {at_once:d} at a time")
def fail_often(context: Context, count: int, at_once: int) -> None:
    context.begun = handshakes.Failing(context.cluster, count, at_once)


@then("she has grown by less than {megabytes:d} MB")
def grown(context: Context, megabytes: int) -> None:
    context.begun.assert_less_than(megabytes)
