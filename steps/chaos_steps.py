"""Rounds of chaos: drawn from a seed, passed, and looked back at."""

from __future__ import annotations

from harness.chaos import splits
from harness.chaos.campaign import Campaign
from harness.chaos.plan import draw
from harness.complaints import Concern
from harness.rig.sentences import Context, given, then, when


@given('what happens is drawn from the seed "{seed}"')
def drawn_from(context: Context, seed: str) -> None:
    context.seed = seed


@when("{count:d} rounds of it have passed")
def pass_rounds(context: Context, count: int) -> None:
    with Campaign(context.seed, context.cluster.ports) as campaign:
        context.verdicts = [campaign.run(number) for number in range(1, count + 1)]


@then("every command and every job ended in exactly one way")
def ended_one_way(context: Context) -> None:
    assert sum(verdict.streams for verdict in context.verdicts), "no job was listened to"
    _assert_no(context, Concern.COMMANDS, Concern.JOBS)


@then("nothing was left running")
def nothing_was_left(context: Context) -> None:
    _assert_no(context, Concern.PROCESSES, Concern.LOGS)


@then("the catalogs agreed with the disk")
def catalogs_agreed(context: Context) -> None:
    _assert_no(context, Concern.DISK)


@then("the next prompt was answered each time")
def next_answered(context: Context) -> None:
    _assert_no(context, Concern.NEXT)


@when("{count:d} rounds are drawn twice")
def draw_twice(context: Context, count: int) -> None:
    context.drawn = [
        [draw(context.seed, number) for number in range(1, count + 1)] for _ in range(2)
    ]


@when("{count:d} rounds of a model over two machines are drawn twice")
def draw_splits_twice(context: Context, count: int) -> None:
    numbers = range(1, count + 1)
    context.drawn = [[splits.draw(context.seed, each) for each in numbers] for _ in range(2)]


@then("head, side, hives, queen, keeper, cable and plug are struck in each eight of them")
def all_of_a_split_struck(context: Context) -> None:
    splits.assert_all_struck(context.drawn[0])


@then("both are the same")
def both_same(context: Context) -> None:
    assert context.drawn[0] == context.drawn[1]


@then("each role is struck, and so is the hub")
def all_struck(context: Context) -> None:
    struck = {plan.strike.victims[0] for plan in context.drawn[0]}
    assert struck == {"keeper", "queen", "hive", "worker", "hub", "connections"}, struck


def _assert_no(context: Context, *concerns: Concern) -> None:
    found = [
        f"{verdict.told}\n{text}"
        for verdict in context.verdicts
        for text in verdict.complaints.about(*concerns)
    ]
    assert not found, "\n\n".join(found)
