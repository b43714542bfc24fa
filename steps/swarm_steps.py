"""The swarm as the process table, the catalogs and the routes show it."""

from __future__ import annotations

from harness import swarm
from harness.sentences import Context, given, then, when


@given("a queen that is awake")
def queen_awake(context: Context) -> None:
    swarm.wake_queen(context.cluster)


@given("a queen that is awake with another token")
def queen_of_another(context: Context) -> None:
    swarm.wake_foreign_queen(context.cluster)


@given("a swarm that is warm")
def warm(context: Context) -> None:
    swarm.warm_up(context.cluster)


@when("the {role} is killed")
def killed(context: Context, role: str) -> None:
    swarm.kill(context.cluster, role)


@then("nothing is left running")
def nothing_left(context: Context) -> None:
    context.cluster.assert_nothing_left()


@then("nothing was started")
def nothing_started(context: Context) -> None:
    swarm.assert_nothing_was_started(context.cluster)


@then("{count:d} {role} is running")
def is_running(context: Context, count: int, role: str) -> None:
    context.cluster.assert_running(role, count)


@then('the queen\'s catalog holds hive "{hive_id}"')
def catalog_holds_hive(context: Context, hive_id: str) -> None:
    swarm.assert_hive(context.cluster, hive_id)


@then('the queen\'s catalog holds hive "{hive_id}" with {count:d} GPUs')
def catalog_holds_gpus(context: Context, hive_id: str, count: int) -> None:
    swarm.assert_hive_gpus(context.cluster, hive_id, count)


@then('the hive\'s catalog holds model "{ref}"')
def catalog_holds_model(context: Context, ref: str) -> None:
    swarm.assert_model(context.cluster, ref)


@then("the hive's catalog holds no model")
def catalog_holds_no_model(context: Context) -> None:
    swarm.assert_no_model(context.cluster)


@then('the hive\'s catalog holds worker kind "{kind}"')
def catalog_holds_kind(context: Context, kind: str) -> None:
    swarm.assert_worker_kind(context.cluster, kind)
