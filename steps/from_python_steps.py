"""Programs of Python that use the swarm."""

from __future__ import annotations

from harness.programs import python_programs
from harness.rig.sentences import Context, given, then, when


@when("this program runs")
def runs(context: Context) -> None:
    python_programs.run(context.cluster, context.text)


@given('a program of Python that reads a story of "{model}"')
def reads_story(context: Context, model: str) -> None:
    context.program = python_programs.reading(context.cluster, model)


@when("that program of Python is ended by force")
def ended_by_force(context: Context) -> None:
    context.program.kill()


@then("it has printed")
def has_printed(context: Context) -> None:
    python_programs.assert_printed(context.cluster, context.text)
