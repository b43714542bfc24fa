"""Grammars of whoever asks, asked of the code that bounds them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from harness.decisions.gbnf import Grammar
from rbee.wire.errors import RbeeError
from rbee.worker.engines.asked_grammar import bounded


def read(grammar: str) -> Grammar | RbeeError:
    """The grammar as an engine is given it, or its refusal."""
    try:
        return Grammar(bounded(grammar.replace("\\n", "\n")))
    except RbeeError as error:
        return error


def assert_takes(told: Sequence[Grammar | RbeeError], rows: Sequence[Mapping[str, str]]) -> None:
    """Each lets the text through that it `takes`, and not the other."""
    for each, row in zip(told, rows, strict=True):
        assert isinstance(each, Grammar), (row, each)
        assert each.lets_through(row["takes"]), row
        assert not each.lets_through(row["and not"]), row


def assert_refused(told: Sequence[Grammar | RbeeError], rows: Sequence[Mapping[str, str]]) -> None:
    """Each is refused in the words of its row, about its field."""
    for each, row in zip(told, rows, strict=True):
        assert isinstance(each, RbeeError), row
        assert row["refused for"] in each.message, (row, each)
        assert each.details["field"] == "grammar", each
