"""Tokens that travel together."""

from __future__ import annotations

from harness.decisions import together
from harness.rig.sentences import Context, then, when


@when('inferences tell something at "{moments}" milliseconds')
def tell_at(context: Context, moments: str) -> None:
    context.found = together.went_at([int(moment) for moment in moments.split()])


@then('it goes on its way at "{moments}" milliseconds')
def goes_at(context: Context, moments: str) -> None:
    assert context.found == [int(moment) for moment in moments.split()], context.found
