"""Machines that are suspended, and woken when they are wanted."""

from __future__ import annotations

from harness.decisions import rousing, sleeping_rules
from harness.rig.sentences import Context, given, then, when
from harness.scenes import machines, sleeping


@then('"{names}" was woken')
def was_woken(context: Context, names: str) -> None:
    found = ", ".join(context.paper_swarm.roused) or "nobody"
    assert found == names, found


@then('she lets "{name}" be suspended: {answer}')
def lets_sleep(context: Context, name: str, answer: str) -> None:
    assert context.paper_swarm.may_sleep(name) is (answer == "yes"), context.paper_swarm.state


@when("{happens} with a machine that sleeps")
def happens_with(context: Context, happens: str) -> None:
    context.called = rousing.after(happens)


@then("{count:d} packets were sent, and it ended so: {ends}")
def packets_sent(context: Context, count: int, ends: str) -> None:
    assert (context.called.packets, context.called.ends) == (count, ends), context.called


@given("a machine is looked at that {described}")
def machine_that(context: Context, described: str) -> None:
    context.machine = described


@when("its hive asks itself whether it may be suspended")
def asks_itself(context: Context) -> None:
    context.may = sleeping_rules.judged(context.machine)


@then('it answers "{may}"')
def it_answers(context: Context, may: str) -> None:
    assert context.may == may, context.may


@when('who says "{who}", loginctl "{sessions}", and SSH servers have "{ssh}"')
def who_says(context: Context, who: str, sessions: str, ssh: str) -> None:
    context.people = sleeping_rules.people_of(who, sessions, ssh)


@then('"{people}" are there')
def are_there(context: Context, people: str) -> None:
    assert context.people == people, context.people


@when('"{user}" wants to suspend a machine of "{platform}" that has "{has}"')
def wants_to_suspend(context: Context, user: str, platform: str, has: str) -> None:
    context.way = sleeping_rules.way_of(user, platform, has)


@then('it does so by "{command}", and is advised "{advice}"')
def does_so_by(context: Context, command: str, advice: str) -> None:
    assert " ".join(context.way.command) == sleeping_rules.cell(command), context.way
    assert context.way.fix == sleeping_rules.cell(advice), context.way


@given('my machine "{name}" beside "{other}", which has a GPU and can be suspended')
def beside_one_that_may_sleep(context: Context, name: str, other: str) -> None:
    machines.sit_beside_gpu_that_sleeps(context.cluster, name, other)
    context.sleeper = sleeping.may_sleep(context.cluster, other)


@given('my machine "{name}" beside "{other}", which has a GPU, was added with --wake and sleeps')
def beside_sleeper(context: Context, name: str, other: str) -> None:
    beside_one_that_may_sleep(context, name, other)
    machines.have_added(context.cluster, f"--wake auto {other}, localhost")
    context.sleeper.suspend()


@given(
    'my machine "{name}" and "{other}", which was added with --wake and sleeps, have a GPU of '
    "{gb:g} GB each"
)
def equal_sleeper(context: Context, name: str, other: str, gb: float) -> None:
    context.sleeper = sleeping.sit_beside_equal(context.cluster, name, other, gb)


@given("it wakes at the packet with the number {number:d}")
def wakes_at(context: Context, number: int) -> None:
    context.sleeper.wakes_at = number


@given("it does not wake")
def wakes_not(context: Context) -> None:
    context.sleeper.wakes_at = 0


@given("somebody has woken it")
def woken_by_hand(context: Context) -> None:
    context.sleeper.wake()


@given("a machine is given {milliseconds:d} ms to wake")
def short_wake(context: Context, milliseconds: int) -> None:
    context.cluster.set(wake_wait=milliseconds / 1000)


@given("a machine that was woken sleeps again after {milliseconds:d} ms")
def soon_asleep(context: Context, milliseconds: int) -> None:
    context.cluster.set(suspend_after=milliseconds / 1000)


@given('"{user}" sits at it')
def sits_at(context: Context, user: str) -> None:
    context.sleeper.who.write_text(f"{user}     tty2         2026-11-27 20:00\n")


@then("that machine is suspended")
@given("that machine is suspended")
def is_suspended(context: Context) -> None:
    sleeping.assert_asleep(context.sleeper)


@then("that machine is awake")
def is_awake(context: Context) -> None:
    sleeping.assert_asleep(context.sleeper, expected=False)


@given('I have typed "{command_line}" and it shows "{text}"')
def typed_and_shown(context: Context, command_line: str, text: str) -> None:
    sleeping.assert_shows(context.cluster, command_line, text)


@then("that machine is suspended, and nobody else is awake")
def all_asleep(context: Context) -> None:
    sleeping.assert_asleep(context.sleeper)
    context.cluster.expect_asleep()
