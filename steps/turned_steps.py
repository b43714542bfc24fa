"""A machine that was added and is somebody else's by now."""

from __future__ import annotations

from harness.sentences import Context, given, then, when
from harness.tunnelling import OpenedTunnel
from harness.turned import Turned


@given('a hive that is somebody else\'s by now, and answers "{route}" {how}')
def turned(context: Context, route: str, how: str) -> None:
    context.turned = Turned(context.cluster)
    context.turned.answer(route, how)


@given('a hive that is somebody else\'s by now, and sends on who asks for "{route}"')
def sends_on(context: Context, route: str) -> None:
    context.turned = Turned(context.cluster)
    context.turned.send_elsewhere(route)


@given("it says that it has a worker")
def has_a_worker(context: Context) -> None:
    context.turned.has_a_worker()


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
