"""Ctrl+C and SIGTERM at a moment of a command."""

from __future__ import annotations

from harness.decisions import handing_in
from harness.rig.sentences import Context, then, when


@when('"{signals}" come while a job is handed in')
def come_while_handed_in(context: Context, signals: str) -> None:
    context.ending = handing_in.interrupted(signals.split())


@then("it is cancelled: {cancelled}")
def is_cancelled(context: Context, cancelled: str) -> None:
    wanted = ["job"] if cancelled == "yes" else []
    assert context.ending.cancelled == wanted, context.ending


@then("the command ends as interrupted")
def ends_as_interrupted(context: Context) -> None:
    assert context.ending.is_interrupted, context.ending


@then("whatever takes these signals is as before")
def as_before(context: Context) -> None:
    assert context.ending.is_as_before, context.ending
