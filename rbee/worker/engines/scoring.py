"""How likely a text was, told token by token: what OpenAI's API calls `echo` with `logprobs`.

llama.cpp tells that of what it writes alone. So it is made to write the text, by a grammar that
allows nothing else: a token takes as long as one of an answer. What no grammar leads it to, such as
tokens that mean an end, is written one by one, and bytes that are no text by themselves are looked
up among all tokens that might have been written in their place.
"""

from __future__ import annotations

import itertools
import operator
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import msgspec

from rbee.wire.errors import RbeeError
from rbee.wire.messages.events import Likelihood, TokenLikelihood
from rbee.worker.engines.vocabulary import Vocabulary

#: How many of the likeliest tokens are searched for one, at first and then; the last is all.
_LOOKED_THROUGH = (1000, 2**14, 2**20)
#: What is added to a logit for its token to be written: more than any logits are apart.
_SURE = 10_000.0
#: The logprob of a token that cannot come: the smallest number that all JSON parsers take.
_NEVER = -1e30

#: The most alternatives that are remembered with a token: each takes half a kilobyte.
_MOST_OTHERS = 5

#: Has llama.cpp write behind a prompt; gives each token that it has written, as it tells it.
Write = Callable[[dict[str, Any]], Iterator[dict[str, Any]]]


class Scored(NamedTuple):
    """How likely a token was, and the `others` in its place, as llama.cpp tells them."""

    logprob: float | None
    others: list[dict[str, Any]]


class Prompt(NamedTuple):
    """A text as the tokens that are read: `before` it is what its model has before each, which is
    no part of it. `pieces` are what of the text each of `ids` stands for, and those of them are
    `hard` that no grammar leads to."""

    before: list[int]
    ids: list[int]
    pieces: list[bytes]
    hard: list[bool]


def prompt_of(vocabulary: Vocabulary, text: str, ids: Sequence[int] | None) -> Prompt:
    """The text, or these tokens. Raises `invalid_request` for numbers that are none."""
    if ids is not None:
        pieces = vocabulary.pieces(ids)
        hard = [_is_hard(vocabulary, piece) for piece in pieces]
        return Prompt([], list(ids), pieces, hard)
    tokens = vocabulary.tokens(text, marked=False)
    pieces = [piece for _, piece in tokens]
    hard = [_is_hard(vocabulary, piece) for piece in pieces]
    numbers = [number for number, _ in tokens]
    return Prompt(list(vocabulary.begins), numbers, pieces_of(text, pieces), hard)


def pieces_of(text: str, pieces: Sequence[bytes]) -> list[bytes]:
    """What of a text each token stands for, all of them together for all of it. Tokens may have
    blanks that a text has not, before it and behind marks, and may be of another spelling."""
    whole, at = text.encode(), 0
    found = []
    for piece in pieces:
        spellings = (piece, piece.removeprefix(b" "))
        said = next((each for each in spellings if whole.startswith(each, at)), b"")
        found.append(said)
        at += len(said)
    return [*found[:-1], found[-1] + whole[at:]] if found else []


class Memory:
    """What was found of the latest texts: whoever measures a model asks for each of several ends of
    one text."""

    def __init__(self, kept: int) -> None:
        self._kept: deque[tuple[list[int], int, list[Scored]]] = deque(maxlen=kept)

    def keep(self, read: list[int], count: int, scored: list[Scored]) -> None:
        """That of all these tokens, with so many others in the place of each."""
        if count <= _MOST_OTHERS:
            self._kept.append((read, count, scored))

    def begins(self, read: list[int], count: int) -> list[Scored]:
        """That of as many of the first tokens as is known."""
        found: list[Scored] = []
        for kept, others, scored in list(self._kept):
            same = itertools.takewhile(operator.truth, map(operator.eq, kept, read))
            common = sum(same) if others >= count else 0
            found = scored[:common] if common > len(found) else found
        return found


def likelihoods(
    vocabulary: Vocabulary, prompt: Prompt, count: int, write: Write, memory: Memory
) -> Iterator[TokenLikelihood]:
    """That of each token of a text, with so many that might have stood in its place; of the first
    one where nothing stands before it nothing is known."""
    read = [*prompt.before, *prompt.ids]
    first = len(prompt.before)
    found = [Scored(None, [])] * max(first, 1)
    found += memory.begins(read, count)[len(found) :]
    for scored, piece in zip(found[first:], prompt.pieces):
        yield likelihood_of(scored, piece, count)
    for scored in _scored(vocabulary, prompt, len(found), count, write):
        yield likelihood_of(scored, prompt.pieces[len(found) - first], count)
        found.append(scored)
    memory.keep(read, count, found)


def _scored(
    vocabulary: Vocabulary, prompt: Prompt, at: int, count: int, write: Write
) -> Iterator[Scored]:
    """What is found of each token from number `at` of those on that are read."""
    read = [*prompt.before, *prompt.ids]
    for is_hard, run in _runs(prompt.hard[at - len(prompt.before) :]):
        written = iter(()) if is_hard else _led(read[:at], read[at : at + run], count, write)
        for wanted in read[at : at + run]:
            token = next(written, None)
            if token is not None and token["id"] == wanted:
                yield Scored(token["logprob"], token["top_logprobs"][:count])
            else:
                written = iter(())
                yield _looked_up(vocabulary, read[:at], wanted, count, write)
            at += 1


def grammar_of(ids: Iterable[int]) -> str:
    """The grammar in which these tokens are the only text."""
    return "root ::= " + " ".join(f"<[{number}]>" for number in ids)


def _led(
    before: list[int], wanted: list[int], count: int, write: Write
) -> Iterator[dict[str, Any]]:
    """The tokens that llama.cpp writes by the grammar of `wanted`, which may not lead to all."""
    body = {"prompt": before, "grammar": grammar_of(wanted), "max_tokens": len(wanted)}
    try:
        return iter(list(write({**body, "logprobs": max(count, 1)})))
    except RbeeError as error:
        if error.code != "engine_failed":
            raise
        return iter(())


def _looked_up(
    vocabulary: Vocabulary, before: list[int], wanted: int, count: int, write: Write
) -> Scored:
    """What is found of a token behind others. It is not told of one that is no text by itself: it
    is looked for among those in the place of a letter."""
    for token in write({"prompt": before, **_only(wanted), "logprobs": max(count, 1)}):
        if token["id"] == wanted:
            return Scored(token["logprob"], token["top_logprobs"][:count])
    others: list[dict[str, Any]] = []
    for others in likeliest(vocabulary, before, write):
        for each in others:
            if each["id"] == wanted:
                return Scored(each["logprob"], others[:count])
    return Scored(_NEVER, others[:count])


def likeliest(
    vocabulary: Vocabulary, before: Sequence[Any], write: Write
) -> Iterator[list[dict[str, Any]]]:
    """The tokens that may stand behind others, the likeliest first: some, then more, then all."""
    for number in _LOOKED_THROUGH:
        for token in write({"prompt": before, **_only(vocabulary.letter), "logprobs": number}):
            yield token["top_logprobs"]


def _only(token: int) -> dict[str, Any]:
    """The fields that have this token written; they do not change its reported logprob."""
    return {"logit_bias": [[token, _SURE]], "max_tokens": 1}


def _is_hard(vocabulary: Vocabulary, piece: bytes) -> bool:
    """Whether no grammar may lead to a token with this text."""
    try:
        piece.decode()
    except UnicodeDecodeError:
        return True
    return vocabulary.is_mark(piece)


def _runs(hard: Sequence[bool]) -> Iterator[tuple[bool, int]]:
    """How many of one kind follow each other, in turns."""
    begin = 0
    for at in range(1, len(hard) + 1):
        if at == len(hard) or hard[at] != hard[begin]:
            yield hard[begin], at - begin
            begin = at


def likelihood_of(scored: Scored, piece: bytes, count: int) -> TokenLikelihood:
    """What is told of a token with this text, and of so many others in its place."""
    logprob = scored.logprob
    return TokenLikelihood(
        token=piece.decode(errors="replace"),
        bytes=list(piece),
        logprob=logprob if logprob is None else max(logprob, _NEVER),
        top_logprobs=[msgspec.convert(each, Likelihood) for each in scored.others[:count]],
    )
