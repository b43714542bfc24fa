"""Prompts that are given to an engine at once."""

from __future__ import annotations

from harness.decisions import admitted
from harness.rig.sentences import Context, then, when


@when("an engine with {slots:d} slots is given {prompts:d} prompts at once")
def given_at_once(context: Context, slots: int, prompts: int) -> None:
    context.batches = admitted.Batches(slots, prompts).together()


@then('"{together}" of them begin together')
def begin_together(context: Context, together: str) -> None:
    seen = " ".join(map(str, context.batches))
    assert seen == together, f"{seen} begin together"


@when("an engine with {slots:d} slots is given prompts that {do}, and then one more")
def one_more(context: Context, slots: int, do: str) -> None:
    context.is_let_in = admitted.lets_in_behind(do, slots)


@when("an engine with {slots:d} slots is given prompts that {do}, and one that is called off")
def one_called_off(context: Context, slots: int, do: str) -> None:
    context.is_let_in = admitted.lets_in_behind(do, slots, called_off=True)


@then("that is let in")
def is_let_in(context: Context) -> None:
    assert context.is_let_in
