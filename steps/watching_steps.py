"""A queen that is watched."""

from __future__ import annotations

from harness.rig import watching
from harness.rig.prometheus_server import PrometheusServer
from harness.rig.sentences import Context, given, then, when


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


@given("a Prometheus that reads the numbers of the queen")
def prometheus(context: Context) -> None:
    context.prometheus = PrometheusServer(context.cluster)


@when("it has read them")
def has_read(context: Context) -> None:
    context.prometheus.until_read()


@then("it answers what is asked of it")
def answers_questions(context: Context) -> None:
    context.prometheus.assert_stored(context.table)


@then("it understands each question of the dashboard")
def understands_dashboard(context: Context) -> None:
    context.prometheus.assert_answers_dashboard()
