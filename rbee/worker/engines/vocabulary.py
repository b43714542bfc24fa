"""The tokens of a model that llama.cpp has loaded, as its own server tells them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import Any

from rbee.wire.errors import invalid
from rbee.wire.messages.inference import InferRequest
from rbee.worker.engines.refusals import engine_failed, no_tokens

#: Asks llama.cpp's server; what it answers, ``{"error"}`` for a refusal.
Ask = Callable[[str, dict[str, Any]], dict[str, Any]]

#: What models that fill a hole were taught it by: before the text, before what comes behind it, and
#: where the answer begins. Those that llama.cpp knows.
_HOLES = (
    ("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>"),
    ("<fim_prefix>", "<fim_suffix>", "<fim_middle>"),
    ("<fim-prefix>", "<fim-suffix>", "<fim-middle>"),
    ("<|code_prefix|>", "<|code_suffix|>", "<|code_middle|>"),
    ("<｜fim▁begin｜>", "<｜fim▁hole｜>", "<｜fim▁end｜>"),
    ("▁<PRE>", "▁<SUF>", "▁<MID>"),
)
#: How a token's number is written where a text may stand, and more than any vocabulary has.
_NUMBER = re.compile(r"\s*([-+]?)(\d+)", re.ASCII)
_MOST_TOKENS = 2**31
#: The most digits of such a number: of more than some thousand Python makes none.
_MOST_DIGITS = 10
#: What a token may look like that has a meaning of its own.
_MARK = re.compile(r"\s*[<\[].*[>\]]\s*", re.DOTALL)


class Vocabulary:
    """Cuts texts into tokens, and puts them together."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._pieces: dict[int, bytes] = {}

    def tokens(self, text: str, *, marked: bool) -> list[tuple[int, bytes]]:
        """The tokens of a text, each with its own; `marked`: with those that the model has around
        a text."""
        said = {
            "content": text,
            "add_special": marked,
            "parse_special": True,
            "with_pieces": True,
        }
        answer = self._answer("/tokenize", said)
        return [(each["id"], _bytes(each["piece"])) for each in answer["tokens"]]

    def ids(self, text: str, *, marked: bool) -> list[int]:
        """The same without their texts."""
        return [number for number, _ in self.tokens(text, marked=marked)]

    def text(self, ids: Sequence[int]) -> str:
        """The text of tokens. Raises `invalid_request` for numbers that are none."""
        answer = self._ask("/detokenize", {"tokens": list(ids)})
        if "error" in answer:
            raise no_tokens()
        return str(answer["content"])

    def require(self, weighed: Iterable[str]) -> None:
        """Raises `invalid_request` for numbers among these that are no tokens; the others are
        texts, whose tokens are meant."""
        numbers = [found for found in map(_NUMBER.fullmatch, weighed) if found]
        if any(len(found[2]) > _MOST_DIGITS for found in numbers):
            raise no_tokens("logit_bias")
        ids = [int(found[1] + found[2]) for found in numbers]
        if not all(0 <= each < _MOST_TOKENS for each in ids) or (ids and not self._has(ids)):
            raise no_tokens("logit_bias")

    def _has(self, ids: Sequence[int]) -> bool:
        return "error" not in self._ask("/detokenize", {"tokens": list(ids)})

    def pieces(self, ids: Sequence[int]) -> list[bytes]:
        """The text of each of these tokens, as far as it is text."""
        text = self.text(ids)
        again = self.tokens(text, marked=False)
        if [number for number, _ in again] == list(ids):
            return [piece for _, piece in again]
        return [self._piece(number) for number in ids]

    def is_mark(self, piece: bytes) -> bool:
        """Whether a token may be one with a meaning of its own; an ordinary one may look so."""
        return not piece or _MARK.fullmatch(piece.decode(errors="replace")) is not None

    @cached_property
    def hole(self) -> tuple[int, int, int] | None:
        """The tokens around a hole in a text; None: this model was not taught to fill one."""
        for marks in _HOLES:
            found = [self.ids(mark, marked=False) for mark in marks]
            ids = [each[0] for each in found if len(each) == 1]
            if len(set(ids)) == len(marks):
                return ids[0], ids[1], ids[2]
        return None

    @cached_property
    def begins(self) -> list[int]:
        """What the model has before each text."""
        return self.ids("", marked=True)

    @cached_property
    def letter(self) -> int:
        """A token that ends nothing and is a text by itself."""
        return self.ids("a", marked=False)[-1]

    def _piece(self, number: int) -> bytes:
        if number not in self._pieces:
            self._pieces[number] = self.text([number]).encode()
        return self._pieces[number]

    def _answer(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = self._ask(path, body)
        if "error" in answer:
            raise engine_failed("llama.cpp", str(answer["error"].get("message", answer)))
        return answer


def holed(vocabulary: Vocabulary, request: InferRequest) -> list[Any]:
    """The prompt for an answer that stands between two texts, as tokens and texts in turns. Raises
    `invalid_request` where the model was not taught that."""
    if vocabulary.hole is None:
        raise invalid(
            "this model was not taught to fill a hole: it has no tokens that tell where one is",
            "leave suffix out, or take a model that was made for code",
            field="suffix",
        )
    before, behind, answer = vocabulary.hole
    prefix: list[Any] = request.prompt_tokens or [request.prompt or ""]
    return [*vocabulary.begins, before, *prefix, behind, request.suffix or "", answer]


def _bytes(piece: str | list[int]) -> bytes:
    return piece.encode() if isinstance(piece, str) else bytes(piece)
