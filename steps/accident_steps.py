"""What happens to the programs from outside."""

from __future__ import annotations

from harness.decisions import left_folders
from harness.rig import swarm
from harness.rig.sentences import Context, given, then, when
from harness.scenes import accidents


@given("a worker that is killed while it loads, {count:d} time")
@given("a worker that is killed while it loads, {count:d} times")
def killed_while_loading(context: Context, count: int) -> None:
    accidents.kill_while_loading(context.cluster, count)


@given("a worker that hangs while it loads")
def hangs_while_loading(context: Context) -> None:
    accidents.hang_while_loading(context.cluster)


@given("a worker that hangs as it is started again")
def hangs_when_started_again(context: Context) -> None:
    accidents.hang_when_started_again(context.cluster)


@given("the first hive that is woken sends no heartbeat")
def first_is_mute(context: Context) -> None:
    accidents.mute_first_hive(context.cluster)


@given("no progress for {seconds:g} seconds counts as a stall")
def short_stall(context: Context, seconds: float) -> None:
    context.cluster.set(load_stall=seconds)


@given("{what} meets an error that nobody foresaw")
def meets_unforeseen(context: Context, what: str) -> None:
    accidents.break_inside(context.cluster, what)


@given('the package "{engine}" is not installed')
@given('the engine "{engine}" is not installed')
def not_installed(context: Context, engine: str) -> None:
    accidents.uninstall(context.cluster, engine)


@when("the {role} is killed")
@given("the {role} has just been killed")
def killed(context: Context, role: str) -> None:
    context.member = swarm.kill(context.cluster, role)


@when('each of these is killed as its command narrates "{line}"')
def killed_each(context: Context, line: str) -> None:
    context.left = accidents.kill_each(context.cluster, line, context.table)


@then("each of the commands has ended, and left nothing running")
def left_nothing(context: Context) -> None:
    accidents.assert_nothing_left(context.left)


@given("idle workers leave after {milliseconds:d} ms")
def short_idle(context: Context, milliseconds: int) -> None:
    context.cluster.set(idle_worker=milliseconds / 1000)


@when("the {role} is frozen")
@given("the {role} has just been frozen")
def frozen(context: Context, role: str) -> None:
    context.member = swarm.freeze(context.cluster, role)


@given("a hive that is frozen is given {milliseconds:d} ms to leave")
@given("a worker that is frozen is given {milliseconds:d} ms to leave")
def short_stop(context: Context, milliseconds: int) -> None:
    context.cluster.set(stop_request=milliseconds / 1000, stop_term=milliseconds / 1000)


@when("the worker has left")
def worker_left(context: Context) -> None:
    context.cluster.assert_running("worker", 0)


@given("another worker process has taken its place")
@then("another worker process takes its place")
def replaced(context: Context) -> None:
    swarm.assert_replaced(context.cluster, context.member)


@then('once it is thawed the queen lists hive "{hive_id}" as {status}')
def thawed(context: Context, hive_id: str, status: str) -> None:
    swarm.thaw(context.member)
    swarm.assert_status(context.cluster, hive_id, status)


@when("the {role} gets SIGTERM")
def terminated(context: Context, role: str) -> None:
    swarm.terminate(context.cluster, role)


@then("the command ends")
def command_ends(context: Context) -> None:
    assert context.cluster.finish(timeout=90)


@then('the command fails with "{text}"')
def command_fails(context: Context, text: str) -> None:
    finished = context.cluster.finish(timeout=90)
    assert text in finished.stderr, finished
    context.cluster.assert_status(1, finished)


@then('the first command fails with "{text}"')
def first_fails(context: Context, text: str) -> None:
    finished = context.cluster.finish(context.first, timeout=90)
    assert text in finished.stderr, finished
    context.cluster.assert_status(1, finished)


@then('the next "{command_line}" works')
def next_works(context: Context, command_line: str) -> None:
    context.cluster.assert_status(0, context.cluster.run(command_line))


@given("a folder of a program that {state}")
def left_folder(context: Context, state: str) -> None:
    context.left = left_folders.Left(context.cluster, state)


@when("somebody looks for what was left")
def look_for_left(context: Context) -> None:
    context.left.look()


@then("that folder {fate}")
def fate_of_folder(context: Context, fate: str) -> None:
    context.left.assert_fate(fate)
