"""Commands on a Python that has what Windows has."""

from __future__ import annotations

from harness.decisions import windows
from harness.rig.sentences import Context, then, when


@when('I type "{command_line}" on Windows, naming that queen')
def type_naming(context: Context, command_line: str) -> None:
    context.there = windows.run_each(context.cluster, command_line, named=True)


@when('I type "{command_line}" on Windows')
def type_there(context: Context, command_line: str) -> None:
    context.there = windows.run_each(context.cluster, command_line, named=False)


@then("the exit status over there is {status:d}, without a traceback")
def status_there(context: Context, status: int) -> None:
    windows.assert_status(context.there, status)


@then('it says "{text}"')
def says(context: Context, text: str) -> None:
    assert all(text in ran.stderr for ran in context.there), context.there
