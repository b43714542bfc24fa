"""A swarm that starts with its machine."""

from __future__ import annotations

from harness.rig.sentences import Context, given, then, when
from harness.scenes import booting


@given("a machine on which nobody answers systemctl or launchctl")
def no_manager(context: Context) -> None:
    booting.hide_managers(context.cluster)


@when("systemd checks a service with odd characters in its program and its values")
def systemd_checks(context: Context) -> None:
    context.objections = booting.objections_of_systemd()


@when("launchd reads a service with odd characters in its program and its values")
def launchd_reads(context: Context) -> None:
    context.read = booting.read_by_launchd()


@then("it has nothing to object to")
def no_objections(context: Context) -> None:
    assert context.objections == "", context.objections


@then("it has that program and those values")
def same_values(context: Context) -> None:
    assert context.read == (booting.PROGRAM, booting.VALUES), context.read


@then("no service is written down")
def none_written(context: Context) -> None:
    assert booting.written_down(context.cluster) == []


@given("a machine whose service manager agrees to everything")
def managers_agree(context: Context) -> None:
    booting.agree(context.cluster)


@then('the service that is written down sets "{name}" to "{value}"')
def service_sets(context: Context, name: str, value: str) -> None:
    booting.assert_sets(context.cluster, name, value)
