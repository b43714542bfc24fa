"""A call that a model writes, and what is told of it."""

from __future__ import annotations

from harness.decisions import call_pieces
from harness.rig.sentences import Context, then, when


@when('a model writes a call in these pieces: "{written}"')
def writes(context: Context, written: str) -> None:
    context.called = call_pieces.told_of(written.split("/"))


@then('what is told of it is "{told}"')
def is_told(context: Context, told: str) -> None:
    assert context.called.told == told, context.called.told


@then("the call is {so_far}")
def is_whole(context: Context, so_far: str) -> None:
    assert context.called.is_whole == (so_far == "whole")
