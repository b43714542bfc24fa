"""Prompts that are given to an engine at once."""

from __future__ import annotations

from harness import admitted
from harness.sentences import Context, then, when


@when("an engine with {slots:d} slots is given {prompts:d} prompts at once")
def given_at_once(context: Context, slots: int, prompts: int) -> None:
    context.batches = admitted.Batches(slots, prompts).together()


@then('"{together}" of them begin together')
def begin_together(context: Context, together: str) -> None:
    seen = " ".join(map(str, context.batches))
    assert seen == together, f"{seen} begin together"


@when("an engine with {slots:d} slots refuses the first of {prompts:d} prompts")
def refuses_the_first(context: Context, slots: int, prompts: int) -> None:
    context.begins = admitted.begins_behind_a_refusal(slots, prompts)


@then("the second begins")
def begins(context: Context) -> None:
    assert context.begins
