"""Vectors of texts."""

from __future__ import annotations

from harness.programs import long_prompts
from harness.rig.sentences import Context, given, then, when


@when('a program asks for the vectors of these texts from "{model}"')
def ask_for_vectors(context: Context, model: str) -> None:
    texts = [row["text"] for row in context.table]
    context.vectors = long_prompts.vectors_of(context.cluster, model, texts)


@given('a program that has the vector of "{text}" from "{model}"')
def has_vector(context: Context, text: str, model: str) -> None:
    context.vectors = long_prompts.vectors_of(context.cluster, model, [text])


@then("the vector of the first text is nearer to the second than to the third")
def nearer(context: Context) -> None:
    long_prompts.assert_nearer(context.vectors)


@then("each vector has {length:d} numbers")
def length(context: Context, length: int) -> None:
    long_prompts.assert_length(context.vectors, length)
