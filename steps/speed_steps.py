"""How fast a place is, and which of several is taken, in this process."""

from __future__ import annotations

from harness.decisions.speeds import PaperRace, read_for_a_token
from harness.rig.sentences import Context, given, then, when


@given('machines on paper "{machines}"')
def machines(context: Context, machines: str) -> None:
    context.race = PaperRace(machines)


@given('the model may be spread over a "{spread}"')
def may_be_spread(context: Context, spread: str) -> None:
    context.race.spread = spread


@when('a model lies on "{place}" with "{gb}" GB')
def lies(context: Context, place: str, gb: str) -> None:
    context.lies = place, gb


@when('a model has room as "{rooms}"')
def has_room(context: Context, rooms: str) -> None:
    context.taken, context.compared = context.race.decide(rooms)


@then("about {speed:g} tokens per second are expected")
def expected(context: Context, speed: float) -> None:
    told = context.race.expected(*context.lies).tokens_per_second
    assert abs(told - speed) <= 0.01 * speed, told


@then("{seconds:g} seconds of loading are expected")
def loading_expected(context: Context, seconds: float) -> None:
    told = context.race.expected(*context.lies).loading
    assert abs(told - seconds) <= 0.01 * seconds, told


@then('it is started on "{place}"')
def started(context: Context, place: str) -> None:
    assert context.taken == place, (context.taken, context.compared)


@then('"{places}" was asked for comparison')
def compared(context: Context, places: str) -> None:
    assert ", ".join(context.compared) == places.replace("nobody", ""), context.compared


@when("each of 4 layers of 10 MB has {experts:d} MB of experts, {used:d} of 8 in use")
def has_experts(context: Context, experts: int, used: int) -> None:
    context.shape = experts, used


@then("a token reads {megabytes:d} MB of it on a GPU")
def reads(context: Context, megabytes: int) -> None:
    read = read_for_a_token(*context.shape)
    assert read == megabytes, read
