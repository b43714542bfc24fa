"""What a keeper says of its connection to the queen."""

from __future__ import annotations

from harness.decisions.hearing import Events
from harness.rig.sentences import Context, given, then, when


@given("a queen whose events can be read")
def events_open(context: Context) -> None:
    context.events = Events(context.cluster, readable=True)


@given("a queen whose events cannot be read")
def events_refused(context: Context) -> None:
    context.events = Events(context.cluster, readable=False)


@when("a keeper begins to listen to her")
def listen(context: Context) -> None:
    context.events.listen()


@then("it says that it is {connected}")
def says(context: Context, connected: str) -> None:
    context.events.assert_said(connected)
