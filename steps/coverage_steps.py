"""The lines of the product that are run, and how they are counted."""

from __future__ import annotations

from harness import coverage
from harness.rig.sentences import Context, given, then, when
from harness.scenes import accidents


def _count(context: Context, pause_s: float) -> None:
    context.counted_in = context.cluster.folder / "counted"
    context.counted_in.mkdir()
    accidents.at_start(context.cluster, coverage.startup(context.counted_in, pause_s))


@given("the lines that programs run are counted")
def count(context: Context) -> None:
    _count(context, 1.0)


@given("the lines that programs run are counted every {milliseconds:d} ms that they live")
def count_often(context: Context, milliseconds: int) -> None:
    _count(context, milliseconds / 1000)


@then('lines of "{roles}" are counted')
def lines_counted(context: Context, roles: str) -> None:
    counted = coverage.collect(context.counted_in)
    shares = {share.name: share for share in coverage.rooms(coverage.files(counted.lines))}
    assert sorted(shares) == sorted(roles.split(", ")), shares
    assert all(0.1 * share.lines < share.run < share.lines for share in shares.values()), shares


@then("no program has ended without being counted")
def none_silent(context: Context) -> None:
    counted = coverage.collect(context.counted_in)
    assert len(counted.told) >= 4, counted
    assert not counted.silent, counted


@then("what it ran is counted")
def killed_counted(context: Context) -> None:
    told = coverage.collect(context.counted_in).told
    workers = [each.pid for each in context.cluster.seen.values() if each.role == "worker"]
    assert set(workers) & set(told), (workers, told)


@given("these files have lines of which some were run")
def some_files(context: Context) -> None:
    context.shares = [
        coverage.Share(row["file"], int(row["lines"]), int(row["run"])) for row in context.table
    ]


@when("they are added up by role")
def add_up(context: Context) -> None:
    context.rooms = coverage.rooms(context.shares)


@then("they come to")
def come_to(context: Context) -> None:
    expected = [
        coverage.Share(row["role"], int(row["lines"]), int(row["run"])) for row in context.table
    ]
    assert context.rooms == expected, context.rooms
