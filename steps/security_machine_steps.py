"""Who may listen between machines, and what is checked before it is used."""

from __future__ import annotations

from harness import machines, wiretap
from harness.sentences import Context, given, then


@given('somebody listens on the cable of "{name}"')
def listens(context: Context, name: str) -> None:
    context.wiretap = wiretap.listen(context.cluster, name)


@then('nobody on the cable can read "{text}"')
def cannot_read(context: Context, text: str) -> None:
    wiretap.assert_reads(context.wiretap, text, False)


@then('whoever is on the cable can read "{text}"')
def can_read(context: Context, text: str) -> None:
    wiretap.assert_reads(context.wiretap, text, True)


@then("the SSH servers alone listen to other machines")
def closed_to_others(context: Context) -> None:
    machines.assert_open_to_others(context.cluster, False)


@then("other programs listen to other machines, too")
def open_to_others(context: Context) -> None:
    machines.assert_open_to_others(context.cluster, True)


@given('the SSH connection to "{name}" has broken off')
def ssh_cut(context: Context, name: str) -> None:
    machines.cut_ssh(context.cluster, name)
