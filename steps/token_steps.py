"""Texts and the tokens that they are."""

from __future__ import annotations

from harness.decisions import token_decisions
from harness.rig.sentences import Context, when


@when("texts are taken apart, a blank as _ and tokens apart by |")
def take_apart(context: Context) -> None:
    context.rows = list(context.table)
    context.told = [token_decisions.taken_apart(row["text"], row["tokens"]) for row in context.rows]


@when("answers come in pieces, to be ended by texts, both apart by |")
def come_in_pieces(context: Context) -> None:
    context.rows = list(context.table)
    context.told = [token_decisions.ended(row["pieces"], row["stops"]) for row in context.rows]


@when("each of these is weighed, where tokens have numbers below {most:d}")
def weigh(context: Context, most: int) -> None:
    context.rows = list(context.table)
    context.told = [token_decisions.weighed(row["weighs"], most) for row in context.rows]


@when("texts are scored one after the other, with so many others in the place of each token")
def score(context: Context) -> None:
    context.rows = list(context.table)
    scoring = token_decisions.Scoring()
    context.told = [scoring.scored(row["tokens"], int(row["others"])) for row in context.rows]


@when("answers are told in pieces of so many tokens, of a vocabulary of {vocabulary}")
def tell_in_pieces(context: Context, vocabulary: str) -> None:
    context.rows = list(context.table)
    drawing = token_decisions.Drawing(vocabulary)
    context.told = [
        drawing.told(row["pieces"], silent=row["tells"] == "texts alone") for row in context.rows
    ]
