"""What one asks for so that others have to wait."""

from __future__ import annotations

from harness.rig.sentences import Context, given, then, when
from harness.scenes import strain


@given("that hub sends a few bytes at a time")
def hub_trickles(context: Context) -> None:
    strain.trickle(context.cluster)


@when("the hive is asked to fetch {count:d} models from it")
def fetches_many(context: Context, count: int) -> None:
    context.models = strain.fetch_many(context.cluster, count)


@then('{count:d} of them wait for their turn, and are told "{line}"')
def some_wait(context: Context, count: int, line: str) -> None:
    strain.assert_in_line(context.models, count, line)


@then("the hive lists, loads another model and answers as ever")
def others_go_on(context: Context) -> None:
    strain.assert_soon(strain.seconds_of_others(context.cluster))


@when('another program asks "{model}" for each of these')
def asks_for_much(context: Context, model: str) -> None:
    context.rows = context.table.rows
    with strain.Silence(context.cluster, context.callers) as context.silence:
        context.answers = strain.ask_for_each(context.cluster, model, context.rows)


@then("each is refused by the name of its field")
def refused_by_field(context: Context) -> None:
    strain.assert_refused(context.answers, context.rows)


@then("the story goes on all the while, without a second of silence")
def story_goes_on(context: Context) -> None:
    strain.assert_went_on(context.silence)
