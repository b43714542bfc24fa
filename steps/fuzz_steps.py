"""Readers of what strangers send, fed with made-up inputs."""

from __future__ import annotations

from harness.rig.sentences import Context, then, when
from harness.scenes import feeding_readers


@when("the reader of {what} is fed with its corpus and {count:d} inputs")
def feed(context: Context, what: str, count: int) -> None:
    context.came = feeding_readers.feed(what, count)


@when("a reader that {does} is fed with {count:d} inputs")
def feed_bad(context: Context, does: str, count: int) -> None:
    context.came = feeding_readers.feed_one_that(does, count)


@then("it has done nothing that it may not")
def nothing_found(context: Context) -> None:
    feeding_readers.assert_nothing_found(context.came)


@then('that is found: "{told}"')
def is_found(context: Context, told: str) -> None:
    feeding_readers.assert_found(context.came, told)
