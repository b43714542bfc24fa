"""OpenTelemetry's traces."""

from __future__ import annotations

from harness.decisions import trace_decisions
from harness.rig.sentences import Context, given, then, when
from harness.scenes import collecting


@when('the environment of a queen has "{variables}"')
def environment_has(context: Context, variables: str) -> None:
    context.asked = trace_decisions.asked(variables)


@when('the environment of a queen has ""')
def environment_has_none(context: Context) -> None:
    context.asked = trace_decisions.asked("")


@then("traces are asked for")
def are_asked_for(context: Context) -> None:
    assert context.asked


@then("traces are not asked for")
def are_not_asked_for(context: Context) -> None:
    assert not context.asked


@when(
    "a job of {end:d} ms was told so, and its worker took {read:d} ms to read, {took:d} ms in all"
)
def told_and_answered(context: Context, end: int, read: int, took: int) -> None:
    done = trace_decisions.measured(read, took)
    context.parts = trace_decisions.parts(context.table, end, done)


@when("a job of {end:d} ms was told so, and no worker has answered")
def told_unanswered(context: Context, end: int) -> None:
    context.parts = trace_decisions.parts(context.table, end, None)


@then("its trace has these parts")
def has_parts(context: Context) -> None:
    trace_decisions.assert_parts(context.parts, context.table)


@given("a collector of traces")
def collector(context: Context) -> None:
    context.collector = collecting.collect(context.cluster)


@given("a collector of traces that is not there")
def no_collector(context: Context) -> None:
    collecting.name_nobody(context.cluster)


@given("a collector of traces that never answers")
def hanging_collector(context: Context) -> None:
    context.collector = collecting.collect(context.cluster, hangs=True)


@given("a collector of traces, and OpenTelemetry that {how}")
def collector_and_broken(context: Context, how: str) -> None:
    context.collector = collecting.collect(context.cluster)
    collecting.break_library(context.cluster, how)


@given("OpenTelemetry that {how}")
def broken_library(context: Context, how: str) -> None:
    collecting.break_library(context.cluster, how)


@when('a program asks for an answer as a part of the span "{header}"')
def asks_within(context: Context, header: str) -> None:
    collecting.ask_within(context.cluster, header)


@then("one trace has these spans, each within the other")
def one_trace(context: Context) -> None:
    collecting.assert_spans(context.collector, list(context.table))


@then('a span "{name}" of that trace is a part of "{header}"')
def is_part_of(context: Context, name: str, header: str) -> None:
    collecting.assert_part_of(context.collector, name, header)


@then("no span holds what was asked, or answered")
def holds_no_text(context: Context) -> None:
    collecting.assert_silent(context.collector, "hello", "Hello!", context.cluster.last.stdout)


@then("that has taken less than {seconds:d} seconds")
def has_taken_less(context: Context, seconds: int) -> None:
    assert context.cluster.last.seconds < seconds, context.cluster.last
