"""One inference: from the request to the terminal event. Phase 11.2.

The engine runs in a thread of its own; its pieces, or vectors, are gathered there and taken over by
the event loop as they come, one wake-up for all that wait.
"""

from __future__ import annotations

import asyncio
import logging
import struct
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from typing import Literal

from rbee.http.events import EventLog
from rbee.process.sabotage import sabotaged
from rbee.wire.errors import RbeeError
from rbee.wire.messages import Done, InferRequest, Token, Vector
from rbee.worker.engines import Engine, Generated, Piece

log = logging.getLogger(__name__)

_LOST = RbeeError(
    "worker_crashed",
    "the engine failed in a way nobody foresaw",
    "rbee-keeper logs worker shows what happened there",
)

#: Tokens behind the first that come within this time travel together (seconds): thirty trips a
#: second are more than an eye can follow, and each costs three processes more than its tokens do.
_TOGETHER = 1 / 30

_FINISHED: dict[str, Literal["stop", "length", "tool_calls"]] = {
    "length": "length",
    "tool_calls": "tool_calls",
}


class Inference:
    """A request being answered, its events, and the way to stop it."""

    def __init__(self, infer_id: str, request: InferRequest) -> None:
        self.infer_id = infer_id
        self.events = EventLog()
        self._request = request
        self._streams = request.stream or sabotaged("worker:stream-anyway")
        self._cancelled = threading.Event()
        #: What waits to be told: a piece of text, or a packed vector.
        self._pieces: list[Piece | bytes] = []
        self._lock = threading.Lock()
        self._index = 0
        self._taken_over = 0.0
        self._first_token: float | None = None

    def cancel(self) -> None:
        """Stops the generation within one token; its stream ends with `cancelled`."""
        if not sabotaged("worker:ignore-cancel"):
            self._cancelled.set()

    async def run(self, engine: Engine, threads: Executor) -> None:
        """Generates, and ends the stream with exactly one terminal event."""
        loop = asyncio.get_running_loop()
        started = time.perf_counter()

        def on_piece(piece: Piece | bytes) -> None:
            with self._lock:
                self._pieces.append(piece)
                first = len(self._pieces) == 1
            if first:
                loop.call_soon_threadsafe(self._take_over_soon, loop)

        collected: list[Piece] = []
        receive: Callable[[Piece], None] = on_piece if self._streams else collected.append
        try:
            generated: Generated = await loop.run_in_executor(
                threads, self._work, engine, receive, on_piece
            )
        except RbeeError as error:
            self.events.error(error.body())
            return
        except Exception:
            log.exception("inference %s failed", self.infer_id)
            self.events.error(_LOST.body())
            return
        if collected:
            self._pieces = [_joined(collected)]
        self._take_over()
        if sabotaged("worker:no-terminal-event"):
            return
        if self._cancelled.is_set():
            self.events.cancelled()
            return
        ended = time.perf_counter()
        self.events.done(
            Done(
                finish_reason=_FINISHED.get(generated.finish_reason, "stop"),
                tokens_in=generated.tokens_in,
                tokens_out=generated.tokens_out,
                ttft_ms=round(((self._first_token or ended) - started) * 1000, 3),
                duration_ms=round((ended - started) * 1000, 3),
                context_full=context_full(generated, self._request.max_tokens, engine.context),
            )
        )

    def _work(
        self, engine: Engine, on_piece: Callable[[Piece], None], on_vector: Callable[[bytes], None]
    ) -> Generated:
        """In a thread. Vectors are told one by one: all of them would be too long for an event."""
        inputs = self._request.inputs
        if inputs is None:
            return engine.generate(self._request, on_piece, self._cancelled)
        if sabotaged("worker:same-vector"):
            inputs = inputs[:1] * len(inputs)
        read = engine.embed(inputs, lambda vector: on_vector(_packed(vector)), self._cancelled)
        return Generated("stop", read, 0)

    def _take_over_soon(self, loop: asyncio.AbstractEventLoop) -> None:
        """At once, unless the last time was only just now: fast tokens travel together."""
        wait = self._taken_over + _TOGETHER - loop.time()
        if wait > 0:
            loop.call_later(wait, self._take_over)
        else:
            self._take_over()
        self._taken_over = loop.time() + max(0.0, wait)

    def _take_over(self) -> None:
        with self._lock:
            pieces, self._pieces = self._pieces, []
        if pieces and self._first_token is None:
            self._first_token = time.perf_counter()
        for piece in pieces:
            if isinstance(piece, bytes):
                self.events.emit("vector", Vector(self._index, piece))
            elif not (self._index == 2 and sabotaged("worker:drop-token")):
                self.events.emit("token", _token(piece, self._index))
            self._index += 1


def context_full(generated: Generated, max_tokens: int | None, context: int) -> int:
    """The size of the context where that is what ended an answer; 0 where something else did.

    An engine may have made it larger than was asked for: what fills it tells.
    """
    if generated.finish_reason != "length" or sabotaged("worker:hide-the-cut"):
        return 0
    asked_for = max_tokens is not None and generated.tokens_out >= max_tokens
    return 0 if asked_for else max(context, generated.tokens_in + generated.tokens_out)


def _token(piece: Piece, index: int) -> Token:
    return Token(piece.text, index, piece.thought, list(piece.calls), list(piece.logprobs))


def _packed(vector: Sequence[float]) -> bytes:
    return struct.pack(f"<{len(vector)}f", *vector)


def _joined(pieces: list[Piece]) -> Piece:
    return Piece(
        "".join(piece.text for piece in pieces),
        "".join(piece.thought for piece in pieces),
        [call for piece in pieces for call in piece.calls],
        [one for piece in pieces for one in piece.logprobs],
    )
