"""What the queen decides for jobs that come and end, on paper."""

from __future__ import annotations

from harness.decisions.dispatching import after, order_of
from harness.rig.sentences import Context, then, when

_DEVICES = {"gpu0": 10, "cpu": 20}
_MODELS = {"A": 6, "B": 6, "C": 12, "D": 40, "E": 10, "F": 19}


@when("it happens that {happens}")
def it_happens(context: Context, happens: str) -> None:
    context.paper_swarm = after(happens, _DEVICES, _MODELS)


@then("job {job_id:w} {stands}")
def job_stands(context: Context, job_id: str, stands: str) -> None:
    found = context.paper_swarm.stands(job_id)
    assert found == stands, found


@when("{waiting} wait, {running} run and {served} was served last")
def they_wait(context: Context, waiting: str, running: str, served: str) -> None:
    context.order = ", ".join(order_of(waiting, running, served))


@then("slots go to {order}")
def slots_go(context: Context, order: str) -> None:
    assert context.order == order, context.order


@then("the workers are {workers}")
def workers_are(context: Context, workers: str) -> None:
    found = ", ".join(context.paper_swarm.workers())
    assert found == workers, found
