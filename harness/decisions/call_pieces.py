"""A call that a model writes piece by piece, in this process."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rbee.worker.engines.calls import CallInPieces


class ToldCall(NamedTuple):
    """What is told of a call: its name, and behind a space the pieces of its arguments with a slash
    between them, or ``nothing``; and whether it is whole."""

    told: str
    is_whole: bool


def told_of(written: Sequence[str]) -> ToldCall:
    """What is told of a call that is written in these pieces."""
    call = CallInPieces()
    pieces = [piece for text in written if (piece := call.take(text)) is not None]
    if (piece := call.end()) is not None:
        pieces.append(piece)
    assert all(piece.index == 0 for piece in pieces)
    assert [bool(piece.id) for piece in pieces] == [number == 0 for number in range(len(pieces))]
    name = "".join(piece.name for piece in pieces)
    arguments = "/".join(piece.arguments for piece in pieces if piece.arguments)
    return ToldCall(f"{name} {arguments}".strip() or "nothing", call.is_whole)
