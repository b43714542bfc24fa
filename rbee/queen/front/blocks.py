"""An answer as blocks, one behind the other: a thought, a text, a call. Pure.

For doors that tell an answer that way, with a beginning and an end of each block.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal, NamedTuple

import msgspec

from rbee.wire.messages.events import CallPiece, Token, TokenLikelihood

Kind = Literal["thought", "text", "call"]


class Block(msgspec.Struct):
    """One of them, number `index`; of a call `text` is its arguments, as JSON."""

    kind: Kind
    index: int
    id: str = ""
    name: str = ""
    text: str = ""
    logprobs: list[TokenLikelihood] = []

    def is_cut_off(self) -> bool:
        """Whether it is a call whose arguments are no whole object: its answer ended before, or it
        nests too deep to be read."""
        if self.kind != "call":
            return False
        try:
            msgspec.json.decode(self.text or "{}", type=dict[str, object])
        except (msgspec.DecodeError, RecursionError):
            return True
        return False


def whole_members(arguments: str) -> dict[str, Any]:
    """The arguments of a call; of those that were cut off, or nest too deep to be read, the members
    before that."""
    with contextlib.suppress(msgspec.DecodeError, RecursionError):
        return msgspec.json.decode(arguments or "{}", type=dict[str, Any])
    *_, last = 0, *_ends_of_members(arguments)
    with contextlib.suppress(msgspec.DecodeError, RecursionError):
        return msgspec.json.decode(f"{arguments[:last] or '{'}}}", type=dict[str, Any])
    return {}


def _ends_of_members(text: str) -> Iterator[int]:
    """Where the members of an object end behind which another one begins."""
    depth, is_text, is_escaped = 0, False, False
    for at, letter in enumerate(text):
        if is_text:
            is_text = is_escaped or letter != '"'
            is_escaped = letter == "\\" and not is_escaped
        elif letter == '"':
            is_text = True
        elif letter in "[{":
            depth += 1
        elif letter in "]}":
            depth -= 1
        elif letter == "," and depth == 1:
            yield at


class Change(NamedTuple):
    """What becomes of a block: it is `opened`, has `grown` by a `piece`, or is `closed`."""

    what: Literal["opened", "grown", "closed"]
    block: Block
    piece: str = ""
    logprobs: Sequence[TokenLikelihood] = ()


class Blocks:
    """The blocks of one answer, so far."""

    def __init__(self) -> None:
        self.all: list[Block] = []
        #: How many pieces of it were thoughts: a token each.
        self.thoughts = 0
        self._is_open = False
        #: The number of the newest call.
        self._call = -1

    def take(self, token: Token) -> list[Change]:
        """What a piece of the answer changes."""
        changes: list[Change] = []
        if token.thought:
            self.thoughts += 1
            changes += self._grow("thought", token.thought)
        if token.t or (token.logprobs and self._kind() == "text"):
            changes += self._grow("text", token.t, token.logprobs)
        for piece in token.calls:
            changes += self._call_on(piece)
        return changes

    def close(self) -> list[Change]:
        """The end of the last block."""
        was_open, self._is_open = self._is_open, False
        return [Change("closed", self.all[-1])] if was_open else []

    def _kind(self) -> Kind | None:
        return self.all[-1].kind if self._is_open else None

    def _open(self, kind: Kind, id_: str = "", name: str = "") -> list[Change]:
        changes = self.close()
        block = Block(kind, len(self.all), id_, name)
        self.all.append(block)
        self._is_open = True
        return [*changes, Change("opened", block)]

    def _grow(
        self, kind: Kind, piece: str, logprobs: Sequence[TokenLikelihood] = ()
    ) -> list[Change]:
        changes = [] if self._kind() == kind else self._open(kind)
        block = self.all[-1]
        block.text += piece
        block.logprobs.extend(logprobs)
        return [*changes, Change("grown", block, piece, logprobs)]

    def _call_on(self, piece: CallPiece) -> list[Change]:
        changes: list[Change] = []
        if self._kind() != "call" or piece.index != self._call:
            self._call = piece.index
            changes = self._open("call", piece.id, piece.name)
        return [*changes, *(self._grow("call", piece.arguments) if piece.arguments else [])]


def blocks_of(tokens: Iterable[Token]) -> Blocks:
    """All blocks of an answer that is over."""
    blocks = Blocks()
    for token in tokens:
        blocks.take(token)
    return blocks
