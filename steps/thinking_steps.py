"""Models that think before they answer, and chat templates of one's own."""

from __future__ import annotations

from harness.programs import thinking
from harness.rig.sentences import Context, given, then, when


@given('a chat template of my own called "{name}"')
def own_template(context: Context, name: str) -> None:
    thinking.write_template(context.cluster, name)


@given('a chat template in "{name}" that says "{text}"')
def template_that_says(context: Context, name: str, text: str) -> None:
    context.cluster.write(name, text)


@when("programs ask each of these models for a city, in a form and as a call")
def ask_for_city(context: Context) -> None:
    context.answers = thinking.ask_for_city(context.cluster, context.table)
    context.asked = context.table


@then("the city stands where answers and calls belong")
def city_stands(context: Context) -> None:
    thinking.assert_city(context.answers)


@then("beside each is told what its row says")
def told_beside(context: Context) -> None:
    thinking.assert_thoughts(context.answers, context.asked)


@then('the terminal has shown the thought "{thought}" dimmed')
def dimmed(context: Context, thought: str) -> None:
    thinking.assert_dimmed(context.cluster, thought)
