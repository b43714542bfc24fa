"""Programs that speak Anthropic's API, and what their words mean here."""

from __future__ import annotations

from harness.decisions import block_decisions
from harness.programs import named_events, other_clients
from harness.rig.sentences import Context, then, when


@when("a request in Anthropic's words says each of these besides")
def message_says(context: Context) -> None:
    context.rows = list(context.table)
    context.told = [block_decisions.job_of(row["says"]) for row in context.rows]


@when("a request in Anthropic's words offers weather, time and a search, and says each of these")
def message_offers(context: Context) -> None:
    context.rows = list(context.table)
    context.told = [block_decisions.tools_of(row["says"]) for row in context.rows]


@when("a request in Anthropic's words has a tool of each of these schemas")
def message_has_schema(context: Context) -> None:
    context.rows = list(context.table)
    context.told = [block_decisions.schema_of(row["says"]) for row in context.rows]


@when("a request in Anthropic's words has each of these conversations")
def message_has_blocks(context: Context) -> None:
    context.rows = list(context.table)
    context.told = [block_decisions.messages_of(row["messages"]) for row in context.rows]


@when("each of these is said in Anthropic's words, and nothing unknown may be left out")
def message_refused(context: Context) -> None:
    context.rows = list(context.table)
    context.told = [
        block_decisions.messages_of(row["messages"], refuse_unknown=True) for row in context.rows
    ]


@when("an answer is told to a client of Anthropic's in each of these pieces")
def told_as_blocks(context: Context) -> None:
    context.rows = list(context.table)
    context.told = [block_decisions.events_told(row["pieces"]) for row in context.rows]


@when("an answer is told at once to a client of Anthropic's of each of these pieces")
def told_at_once(context: Context) -> None:
    context.rows = list(context.table)
    context.told = [block_decisions.message_told(row["pieces"]) for row in context.rows]


@when("each of these errors is told in Anthropic's words")
def errors_told(context: Context) -> None:
    context.rows = list(context.table)
    context.told = [block_decisions.error_told(row["code"], row["details"]) for row in context.rows]


@when('the program with the key "{key}" asks with Anthropic\'s client for each of these')
def ask_with_anthropic(context: Context, key: str) -> None:
    context.rows = list(context.table)
    names = [row["asked for"] for row in context.rows]
    secret = context.callers.secret_of(key)
    context.answers, context.sent = other_clients.asked_each(
        context.cluster, "Anthropic's client", names, secret
    )


@when('the worker is killed in the middle of an answer of "{model}" in Anthropic\'s words')
def killed_in_message(context: Context, model: str) -> None:
    context.names = named_events.names_after_kill(context.cluster, "/v1/messages", model)


@then('the last event of that answer is "{name}"')
def last_event(context: Context, name: str) -> None:
    assert context.names[-1] == name, context.names


@then("each answer is an error in Anthropic's form, with the mark of its head")
def anthropics_errors(context: Context) -> None:
    named_events.assert_anthropics(context.answers, context.rows)
