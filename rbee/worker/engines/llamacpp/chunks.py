"""What llama.cpp tells of an answer, chunk by chunk, in the words of every engine. Pure."""

from __future__ import annotations

from typing import Any

import msgspec

from rbee.wire.messages.events import CallPiece, TokenLikelihood
from rbee.worker.engines import Piece, Work


def work_of(before: Work, chunk: dict[str, Any]) -> Work:
    """What is done by this chunk: a batch of the prompt is read, or a token is made."""
    progress = chunk.get("prompt_progress")
    if progress is not None:
        return Work(progress["processed"], progress["total"], before.made)
    # A chunk with the role alone comes before the first token, and is no token.
    speaks = any("role" in choice.get("delta", ()) for choice in chunk.get("choices", ()))
    return before._replace(read=before.to_read, made=before.made + (not speaks))


def piece_of(choice: dict[str, Any]) -> Piece | None:
    """What a chunk tells; None where that is nothing."""
    delta = choice.get("delta", choice)
    text = delta.get("text") or delta.get("content") or ""
    thought = delta.get("reasoning_content") or ""
    calls = delta.get("tool_calls")
    likely = choice.get("logprobs")
    if not calls and not likely:
        return Piece(text, thought) if text or thought else None
    return Piece(
        text,
        thought,
        [_call_piece(call) for call in calls or ()],
        msgspec.convert(likely["content"], list[TokenLikelihood]) if likely else [],
    )


def _call_piece(call: dict[str, Any]) -> CallPiece:
    function = call.get("function", {})
    return CallPiece(
        index=call["index"],
        id=call.get("id") or "",
        name=function.get("name") or "",
        arguments=function.get("arguments") or "",
    )
