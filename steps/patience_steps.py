"""Whose patience ends."""

from __future__ import annotations

from harness.decisions import patience
from harness.rig.sentences import Context, then, when


@when("a line is being sent as its reader's patience ends, and nothing follows")
def ends_while_sending(context: Context) -> None:
    context.told_at_once = patience.is_told_at_once()


@then("the stream says at once that it takes a while")
def is_told(context: Context) -> None:
    assert context.told_at_once
