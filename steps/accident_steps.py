"""What happens to the programs from outside."""

from __future__ import annotations

from harness import accidents, swarm
from harness.sentences import Context, given, then, when


@given("a worker that is killed while it loads, {count:d} time")
@given("a worker that is killed while it loads, {count:d} times")
def killed_while_loading(context: Context, count: int) -> None:
    accidents.kill_while_loading(context.cluster, count)


@given("a worker that hangs while it loads")
def hangs_while_loading(context: Context) -> None:
    accidents.hang_while_loading(context.cluster)


@given("no progress for {seconds:g} seconds counts as a stall")
def short_stall(context: Context, seconds: float) -> None:
    context.cluster.set(load_stall=seconds)


@given('the engine "{engine}" is not installed')
def not_installed(context: Context, engine: str) -> None:
    accidents.uninstall(context.cluster, engine)


@when("the {role} is killed")
def killed(context: Context, role: str) -> None:
    swarm.kill(context.cluster, role)


@when("the {role} gets SIGTERM")
def terminated(context: Context, role: str) -> None:
    swarm.terminate(context.cluster, role)


@then("the command ends")
def command_ends(context: Context) -> None:
    assert context.cluster.finish(timeout=30)


@then('the next "{command_line}" works')
def next_works(context: Context, command_line: str) -> None:
    context.cluster.assert_status(0, context.cluster.run(command_line))
