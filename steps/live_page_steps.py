"""Whoever watches what is at work."""

from __future__ import annotations

from harness.rig.sentences import Context, given, then, when
from harness.scenes.live_page import Watching


@given('"{command_line}" is watched on a terminal')
def watched(context: Context, command_line: str) -> None:
    context.watching = Watching(context.cluster, command_line)
    context.watching.assert_page("JOB")


@when('"{command_line}" is typed elsewhere, and tokens come')
def typed_elsewhere(context: Context, command_line: str) -> None:
    context.cluster.start(command_line).wait_for_text()


@then('a page shows "{first}" and "{second}"')
def shows(context: Context, first: str, second: str) -> None:
    context.watching.assert_page(first, second)


@then("Ctrl+C ends the watching")
def interrupted(context: Context) -> None:
    assert context.watching.interrupt() == 130
