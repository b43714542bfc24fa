"""Programs that begin as copies of others."""

from __future__ import annotations

from harness.rig.sentences import Context, then, when
from harness.scenes import copying


@when("a program that {kind} may start a copy of itself")
def may_start_a_copy(context: Context, kind: str) -> None:
    context.started = copying.started_by(context.cluster, kind)


@then('it starts "{what}"')
def it_starts(context: Context, what: str) -> None:
    assert context.started == what, context.started


@then("the queen has begun as a copy")
def queen_is_copy(context: Context) -> None:
    copying.assert_queen_is_copy(context.cluster)
