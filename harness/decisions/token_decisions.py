"""Texts and their tokens, asked of the code that takes them apart."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from rbee.wire.errors import RbeeError
from rbee.worker.engines.drawn import Drawn
from rbee.worker.engines.scoring import Memory, Prompt, likelihoods, pieces_of
from rbee.worker.engines.stops import Stops
from rbee.worker.engines.vocabulary import Vocabulary

#: How many texts are remembered.
_KEPT = 8


def taken_apart(text: str, tokens: str) -> str:
    """What of a text each of its tokens stands for."""
    pieces = [each.replace("_", " ").encode() for each in tokens.split("|") if each]
    found = pieces_of(text.replace("_", " "), pieces)
    return "|".join(each.decode() for each in found).replace(" ", "_")


def ended(pieces: str, stops: str) -> str:
    """What is told of an answer in pieces, and the text that has ended it."""
    ends = Stops([each for each in stops.split("|") if each])
    told = ""
    for piece in pieces.split("|"):
        told += ends.take(piece)
        if ends.met:
            return f"{told or 'nothing'}, by {ends.met}"
    return told + ends.rest()


def weighed(text: str, most: int) -> str:
    """Whether what is weighed is taken, where tokens have numbers below `most`."""
    if text.endswith(" digits"):
        text = "9" * int(text.split()[0])

    def ask(path: str, body: dict[str, Any]) -> dict[str, Any]:
        return {"content": ""} if max(body["tokens"]) < most else {"error": {}}

    try:
        Vocabulary(ask).require([text])
    except RbeeError as error:
        assert error.code == "invalid_request", error
        return "refused"
    return "taken"


class Scoring:
    """An engine that writes what it is led to, and what is remembered of it."""

    def __init__(self) -> None:
        self._memory = Memory(_KEPT)
        self._written: list[int] = []

    def scored(self, tokens: str, others: int) -> str:
        """What is written to find how likely these tokens are."""
        ids = [int(each) for each in tokens.split()]
        self._written.clear()
        prompt = Prompt([], ids, [b"bee"] * len(ids), [False] * len(ids))
        vocabulary = Vocabulary(lambda path, body: {})
        told = likelihoods(vocabulary, prompt, others, self._write, self._memory)
        assert len(list(told)) == len(ids), tokens
        return f"writes {' '.join(map(str, self._written)) or 'nothing'}"

    def _write(self, body: dict[str, Any]) -> Iterator[dict[str, Any]]:
        for number in map(int, re.findall(r"\d+", body["grammar"])):
            self._written.append(number)
            yield {"id": number, "logprob": -1.0, "top_logprobs": []}


class Drawing:
    """An engine that tells an answer in pieces, and what it would have written in their place: all
    that its vocabulary has, each number less likely than the one before it."""

    def __init__(self, vocabulary: str) -> None:
        self._tokens = [bytes.fromhex(each) for each in vocabulary.split()]

    def told(self, pieces: str, *, silent: bool) -> str:
        """The tokens of pieces, each a text and how many tokens it is, as they are told: what waits
        for the end stands behind the bar."""
        drawn, made = Drawn(silent=silent), 0
        at_once: list[Any] = []
        for piece in pieces.split():
            text, _, count = piece.partition("/")
            made += int(count)
            at_once += drawn.take(text, [] if silent else [self._entry(text.encode())], made)
        ask = Vocabulary(lambda path, body: {"tokens": [{"id": 0, "piece": "a"}]})
        late = drawn.rest(ask, ["a prompt"], 1, self._write)
        shown = (" ".join(bytes(each.bytes or ()).hex() for each in row) for row in (at_once, late))
        return " | ".join(shown).strip()

    def _entry(self, text: bytes) -> dict[str, Any]:
        last = max(number for number, each in enumerate(self._tokens) if text.endswith(each))
        told = {"token": text.decode(), "bytes": list(text), "logprob": -1.0}
        return {"id": last, **told, "top_logprobs": [told]}

    def _write(self, body: dict[str, Any]) -> Iterator[dict[str, Any]]:
        others = [
            {"id": number, "token": "", "bytes": list(each), "logprob": -float(number)}
            for number, each in enumerate(self._tokens)
        ]
        yield {"id": 0, "logprob": 0.0, "top_logprobs": others}
