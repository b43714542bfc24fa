"""A queen that is watched."""

from __future__ import annotations

from harness import watching
from harness.sentences import Context, given, then, when


@given('a program has asked for "{model}" of OpenAI\'s kind')
def asked_for_nothing(context: Context, model: str) -> None:
    watching.ask_for_nothing(context.cluster, model)


@given("a program has had the tokens of a text counted")
def tokens_counted(context: Context) -> None:
    watching.count_tokens(context.cluster)


@when("Prometheus reads the numbers of the queen")
def read_numbers(context: Context) -> None:
    context.metrics = watching.numbers(context.cluster)


@then("each of these is among them")
def among_them(context: Context) -> None:
    watching.assert_among(context.metrics, context.table)


@then("each number that the dashboard for Grafana shows is told")
def dashboard_told(context: Context) -> None:
    watching.assert_shown(context.metrics)
