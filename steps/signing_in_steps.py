"""Who may ask from the queen's page: decisions, in this process."""

from __future__ import annotations

from harness.decisions import signing_in
from harness.rig.sentences import Context, given, then, when
from rbee.keeper.page import has_browser


@given("a queen's page to which somebody was given a link")
def given_link(context: Context) -> None:
    context.door = signing_in.Door()


@given("a queen's page on which somebody is signed in")
def signed_in(context: Context) -> None:
    context.door = signing_in.Door()
    context.door.sign_in()


@when("the link is followed {when}")
def followed(context: Context, when: str) -> None:
    context.why = context.door.follow(when)


@then("the last of that {outcome}")
def last_outcome(context: Context, outcome: str) -> None:
    signing_in.assert_outcome(context.why, outcome)


@when("nothing more happens")
def nothing(context: Context) -> None:
    context.door.pass_through("nothing more happens")


@when("it asks {what}")
def asks(context: Context, what: str) -> None:
    context.door.pass_through(f"it asks {what}")


@when("{count:d} others sign in")
def others(context: Context, count: int) -> None:
    context.door.pass_through(f"{count} others sign in")


@when("it signs out")
def signs_out(context: Context) -> None:
    context.door.pass_through("it signs out")


@when("the queen is another one")
def another_queen(context: Context) -> None:
    context.door.pass_through("the queen is another one")


@then("what the page asks is {outcome}")
def page_outcome(context: Context, outcome: str) -> None:
    signing_in.assert_outcome(context.door.why_refused(), outcome)


@when("a request comes with its cookie and with {headers}")
def request_comes(context: Context, headers: str) -> None:
    context.why = context.door.why_request_refused(headers)


@then("that is {outcome}")
def that_is(context: Context, outcome: str) -> None:
    signing_in.assert_outcome(context.why, outcome)


@when('"rbee-keeper open" is typed on {system} with {variables}')
def typed_open(context: Context, system: str, variables: str) -> None:
    context.opens = has_browser(signing_in.environment_of(variables), system)


@then("it opens a browser")
def opens(context: Context) -> None:
    assert context.opens


@then("it prints the link")
def prints(context: Context) -> None:
    assert not context.opens
