"""What a request may cost."""

from __future__ import annotations

from harness import costs
from harness.sentences import Context, then, when


@when("an answer is to have the form of {form}")
def form_of_answer(context: Context, form: str) -> None:
    context.verdict = costs.of_form(form)


@when("a model may call a function whose arguments are {form}")
def form_of_arguments(context: Context, form: str) -> None:
    context.verdict = costs.of_arguments(form)


@then('that is refused at once at "{path}", for "{why}"')
def form_refused(context: Context, path: str, why: str) -> None:
    verdict: costs.Verdict = context.verdict
    assert why in verdict.why and verdict.path.startswith(path), verdict
    assert verdict.seconds < costs.LIMIT_S, verdict


@then("that is taken at once")
def form_taken(context: Context) -> None:
    verdict: costs.Verdict = context.verdict
    assert not verdict.why and verdict.seconds < costs.LIMIT_S, verdict
