"""Rules, tried on inputs that are made up."""

from __future__ import annotations

from harness.rig.sentences import Context, then, when


@when('"{rule}" is tried on {count:d} made-up {inputs}')
def is_tried(context: Context, rule: str, count: int, inputs: str) -> None:
    # Late: only who tries a rule pays for it.
    from harness.decisions import properties

    context.counterexample = properties.counterexample(rule, inputs, count)


@then("no counterexample is found")
def none_is_found(context: Context) -> None:
    assert not context.counterexample, context.counterexample
