"""The tokens of an answer with how likely each was, where llama.cpp does not tell all of that.

A character that is made of several tokens it tells once it is whole, with the last of them alone.
Of tokens that a draft has written it tells none, and beside functions that may be called none at
all. What is missing is found once the answer is over, for the engine writes it until then: of the
tokens that might have stood there the likeliest whose bytes are the next of the text (`scoring`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from rbee.wire.messages.events import TokenLikelihood
from rbee.worker.engines.scoring import Scored, Write, likeliest, likelihood_of
from rbee.worker.engines.vocabulary import Vocabulary


class Told(NamedTuple):
    """What is told at once: the bytes of so many `tokens`, and of the last of them its number and
    how likely it was, where that is known."""

    piece: bytes
    tokens: int
    id: int | None = None
    likely: TokenLikelihood | None = None


class Drawn:
    """The tokens of an answer in their order: from the first of which something is missing on they
    are held back. `silent`: the engine tells them as text alone."""

    def __init__(self, *, silent: bool = False) -> None:
        self._silent = silent
        self._ids: list[int] = []
        self._held: list[Told] = []
        self._made = 0

    @property
    def holds(self) -> bool:
        """Whether something was held back."""
        return bool(self._held)

    def take(
        self, text: str, entries: Sequence[Mapping[str, Any]], made: int
    ) -> list[TokenLikelihood]:
        """What may be told of the next piece of the answer, with which so many tokens were made;
        `entries` is what the engine tells of them."""
        if not entries and not (self._silent and text):
            return []
        count, self._made = max(1, made - self._made), max(made, self._made)
        if not entries:
            self._held.append(Told(text.encode(), count))
            return []
        told = [
            Told(bytes(each["bytes"]), 1, each["id"], msgspec.convert(each, TokenLikelihood))
            for each in entries
        ]
        told[0] = told[0]._replace(tokens=max(1, count - len(entries) + 1))
        if self._held or told[0].tokens > 1:
            self._held += told
            return []
        self._ids += [each.id for each in told if each.id is not None]
        return [each.likely for each in told if each.likely is not None]

    def rest(
        self, vocabulary: Vocabulary, prompt: Sequence[Any], count: int, write: Write
    ) -> Iterator[TokenLikelihood]:
        """What was held back: with `count` others in the place of each token. `prompt` is what was
        read before the answer, as tokens and texts. Where no token can be found for a text, it is
        told as it came, and so is all that stands behind it."""
        read, held = [*prompt, *self._ids], self._held
        self._held = []
        for number, told in enumerate(held):
            found = list(_taken_apart(told, vocabulary, read, count, write))
            if not found:
                yield from (each.likely for each in held[number:] if each.likely is not None)
                return
            for token, likely in found:
                read.append(token)
                yield likely


def _taken_apart(
    told: Told, vocabulary: Vocabulary, before: Sequence[Any], count: int, write: Write
) -> Iterator[tuple[int, TokenLikelihood]]:
    """Each token of what is told, with how likely it was; nothing where one cannot be found."""
    rest, found = told.piece, []
    for left in range(told.tokens, 0, -1):
        if left == 1 and told.id is not None and told.likely is not None:
            if not rest and told.piece:
                return
            own = {"token": rest.decode(errors="replace"), "bytes": list(rest)}
            found.append((told.id, msgspec.structs.replace(told.likely, **own)))
            break
        read = [*before, *(number for number, _ in found)]
        token = _next(vocabulary, read, rest, left, write)
        if token is None:
            return
        number, piece, scored = token
        found.append((number, likelihood_of(scored, piece, count)))
        rest = rest[len(piece) :]
    yield from found


def _next(
    vocabulary: Vocabulary, before: Sequence[Any], rest: bytes, left: int, write: Write
) -> tuple[int, bytes, Scored] | None:
    """The likeliest token with which a text of so many may begin behind others; None: there is
    none."""
    for others in likeliest(vocabulary, before, write):
        for each in others:
            piece = bytes(each["bytes"])
            fits = piece == rest if left == 1 else 0 < len(piece) <= len(rest) - left + 1
            if fits and rest.startswith(piece):
                return each["id"], piece, Scored(each["logprob"], others)
    return None
