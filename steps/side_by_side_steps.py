"""Text beside vectors: the queen's decisions, in this process."""

from __future__ import annotations

from harness.decisions import side_by_side
from harness.decisions.side_by_side import SideBySide
from harness.rig.sentences import Context, given, then, when


@given('worker "{worker_id}" that {does}')
def a_worker(context: Context, worker_id: str, does: str) -> None:
    if getattr(context, "side_by_side", None) is None:
        context.side_by_side = SideBySide()
    context.side_by_side.add(worker_id, does)


@when("a job for {job} comes")
def comes(context: Context, job: str) -> None:
    context.outcome = context.side_by_side.outcome(job)


@then("it goes to {worker_id:w}")
def goes_to(context: Context, worker_id: str) -> None:
    assert context.outcome == f"goes to {worker_id}", context.outcome


@then("it waits for {worker_id:w}")
def waits_for(context: Context, worker_id: str) -> None:
    assert context.outcome == f"waits for {worker_id}", context.outcome


@then("it has one started beside {worker_id:w}")
def has_one_started(context: Context, worker_id: str) -> None:
    assert context.outcome == f"has one started beside {worker_id}", context.outcome


@then("it finds nobody")
def finds_nobody(context: Context) -> None:
    assert context.outcome == "finds nobody", context.outcome


@when("a job for a vector of {size:d} bytes has a worker started")
def starts(context: Context, size: int) -> None:
    context.made_for = side_by_side.made_for(size)


@then("that takes inputs of up to {tokens:d} tokens")
def takes(context: Context, tokens: int) -> None:
    assert context.made_for == tokens, context.made_for


@given('a hive "{one}" with a GPU of {gb:d} GB and a hive "{other}" with one of {less:d} GB')
def hives(context: Context, one: str, gb: int, other: str, less: int) -> None:
    context.gpus = {one: float(gb), other: float(less)}


@when('a worker for {job} is to run beside one on "{where}" with "{degraded}" degraded')
def beside(context: Context, job: str, where: str, degraded: str) -> None:
    context.first = side_by_side.first_beside(context.gpus, job, where, degraded)


@then('the places for it begin with "{where}"')
def begins(context: Context, where: str) -> None:
    assert context.first == where, context.first
