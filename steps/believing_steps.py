"""What a hub says, and what of it is believed."""

from __future__ import annotations

from harness.decisions import believing
from harness.rig.sentences import Context, then, when


@when("a hub's listing has the {field} {value}")
def has_field(context: Context, field: str, value: str) -> None:
    context.believed = believing.listing_with(field.replace("_", " "), value)


@when("a hub lists a file called {name}")
def lists_file(context: Context, name: str) -> None:
    context.believed = believing.name_in_listing(name)


@when('a hub\'s header "{header}" says "{value}"')
def header_says(context: Context, header: str, value: str) -> None:
    context.believed = believing.header_read_as(header, value)


@when('the hub "{hub}" sends a question on to "{end}"')
def sends_on(context: Context, hub: str, end: str) -> None:
    context.believed = believing.sent_on(hub, end)


@then("it counts as {belief}")
def counts_as(context: Context, belief: str) -> None:
    assert context.believed == belief, context.believed
