"""How much context a request has, decided in this process."""

from __future__ import annotations

from harness.decisions import contexts
from harness.rig.sentences import Context, then, when


@when("requests share a context of {total:d}, and {happens}")
def share(context: Context, total: int, happens: str) -> None:
    context.stand = contexts.shared(total, happens)


@then("request {name:w} {stands}")
def request_stands(context: Context, name: str, stands: str) -> None:
    assert context.stand[name] == stands, context.stand


@when(
    "a prompt of {tokens:d} tokens with {max_tokens} to come may fill {most:d}, its slot {share:d}"
)
def needs(context: Context, tokens: int, max_tokens: str, most: int, share: int) -> None:
    context.held = contexts.held(tokens, max_tokens, most, share)


@then("it holds {held}")
def it_holds(context: Context, held: str) -> None:
    assert context.held == held, context.held


@when(
    "one with 4096 tokens of a model made for {trained:d} refuses {tokens:d} with {max_tokens} "
    "to come and {named} named"
)
def refuses(context: Context, trained: int, tokens: int, max_tokens: str, named: str) -> None:
    context.becomes = contexts.becomes(tokens, max_tokens, named, trained)


@then("that job {becomes}")
def job_becomes(context: Context, becomes: str) -> None:
    assert context.becomes == becomes, context.becomes


@when(
    "a job of {size:d} bytes with {max_tokens} to come finds workers with {sizes} and {taken} taken"
)
def finds(context: Context, size: int, max_tokens: str, sizes: str, taken: str) -> None:
    context.chosen = contexts.goes_to(sizes, size, max_tokens, taken)


@then("the job gets {chosen:w}")
def job_gets(context: Context, chosen: str) -> None:
    assert context.chosen == chosen, context.chosen
