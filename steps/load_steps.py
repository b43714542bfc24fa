"""Load: drawn from a seed, called with, and looked back at."""

from __future__ import annotations

from collections import Counter
from itertools import islice

from harness.complaints import Concern
from harness.load.plan import CUT_ONE_IN, CutMoment, orders
from harness.load.run import Load
from harness.rig.sentences import Context, then, when


@when("{count:d} programs at once ask {times:d} times each, and some more than there are places")
def call(context: Context, count: int, times: int) -> None:
    context.load = Load(context.cluster, context.seed, count)
    context.load.open()
    context.load.call(lambda number: number < times)
    context.load.look(patient=False)


@then("each of them that stayed got its whole answer")
def answered(context: Context) -> None:
    context.load.assert_all_happened()
    _assert_no(context, Concern.ANSWERS)


@then("who found no place was told when to come again")
def turned_away(context: Context) -> None:
    _assert_no(context, Concern.TURNED_AWAY)


@then("each job ended in exactly one way")
def ended(context: Context) -> None:
    _assert_no(context, Concern.JOBS)


@then("every slot is free")
def free(context: Context) -> None:
    _assert_no(context, Concern.SLOTS)


@then(
    "queen, hive and worker hold as many files, connections, threads, tasks and objects as before"
)
def held(context: Context) -> None:
    _assert_no(context, Concern.HELD)


@when("{count:d} requests are drawn twice")
def draw_twice(context: Context, count: int) -> None:
    context.drawn = [list(islice(orders(context.seed, 0), count)) for _ in range(2)]


@then("a tenth of them is cut, at each of the moments")
def cut(context: Context) -> None:
    moments = Counter(order.cut.moment for order in context.drawn[0] if order.cut)
    expected = len(context.drawn[0]) / CUT_ONE_IN
    assert 0.7 * expected < moments.total() < 1.3 * expected, moments
    assert set(moments) == set(CutMoment), moments


def _assert_no(context: Context, concern: Concern) -> None:
    complaints = context.load.complaints.about(concern)
    assert not complaints, "\n".join(complaints)
