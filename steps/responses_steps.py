"""Programs that ask for responses, and what their words mean here."""

from __future__ import annotations

from harness.decisions import item_decisions
from harness.programs import named_events
from harness.rig.sentences import Context, then, when


@when("a request for a response says each of these besides")
def response_says(context: Context) -> None:
    context.rows = list(context.table)
    context.told = [item_decisions.job_of(row["says"]) for row in context.rows]


@when(
    "a request for a response offers weather, time, a note of text and a search, "
    "and says each of these"
)
def response_offers(context: Context) -> None:
    context.rows = list(context.table)
    context.told = [item_decisions.tools_of(row["says"]) for row in context.rows]


@when("a request for a response has each of these conversations")
def response_has_items(context: Context) -> None:
    context.rows = list(context.table)
    context.told = [item_decisions.messages_of(row["items"]) for row in context.rows]


@when("an answer is told to a client of responses in each of these pieces")
def told_as_items(context: Context) -> None:
    context.rows = list(context.table)
    context.told = [item_decisions.events_told(row["pieces"]) for row in context.rows]


@when("responses of these sizes are kept where there is room for 100 bytes")
def kept_responses(context: Context) -> None:
    context.rows = list(context.table)
    context.told = [item_decisions.kept(row["sizes"]) for row in context.rows]


@when('the worker is killed in the middle of a response of "{model}"')
def killed_in_response(context: Context, model: str) -> None:
    context.names = named_events.names_after_kill(context.cluster, "/v1/responses", model)


@then('the last two events of that answer are "{first}" and "{second}"')
def last_two_events(context: Context, first: str, second: str) -> None:
    assert context.names[-2:] == [first, second], context.names


@when('the program with the key "{key}" keeps an answer')
def keeps_answer(context: Context, key: str) -> None:
    secret = context.callers.secret_of(key)
    context.response_id = named_events.keep_answer(context.cluster, secret)


@then('the program with the key "{key}" gets {status:d} for it, and {other:d} where it goes on')
def gets_for_answer(context: Context, key: str, status: int, other: int) -> None:
    secret = context.callers.secret_of(key)
    found = named_events.statuses_for(context.cluster, secret, context.response_id)
    assert found == [status, other], found
