"""A machine that was added and is somebody else's by now."""

from __future__ import annotations

from harness.rig.sentences import Context, given, then, when
from harness.scenes.tunnelling import OpenedTunnel
from harness.scenes.turned import Turned


@given("a hive that is somebody else's by now")
def turned(context: Context) -> None:
    context.turned = Turned(context.cluster)


@given("it says that it has a worker")
def has_a_worker(context: Context) -> None:
    context.turned.has_a_worker()


@when('I type "{command}" while it answers "{route}" in each of these ways')
def answers_each_way(context: Context, command: str, route: str) -> None:
    context.rows = list(context.table)
    ways = [row["how"] for row in context.rows]
    context.finished = context.turned.ask_each(command, route, ways)


@then("the queen has grown by less than {mebibytes:d} MiB")
def not_grown(context: Context, mebibytes: int) -> None:
    context.turned.assert_grown_less_than(mebibytes)


@then("nobody was asked for anything in its place")
def nobody_asked(context: Context) -> None:
    context.turned.assert_nobody_asked()


@when("a machine opens {count:d} connections through the tunnel to the queen")
def opens_many(context: Context, count: int) -> None:
    context.tunnel = OpenedTunnel(count)


@then("{most:d} of them lead to her, and the others are closed")
def led(context: Context, most: int) -> None:
    context.tunnel.assert_led(most)
