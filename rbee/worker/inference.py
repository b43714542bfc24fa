"""One inference: from the request to the terminal event. Phase 11.2.

The engine runs in a thread of its own; its pieces, or vectors, are gathered there and taken over by
the event loop: the first of them at once, the others together.
"""

from __future__ import annotations

import asyncio
import struct
import threading
import time
from collections.abc import Callable, Sequence
from typing import Literal

from rbee.http.operation import Operation
from rbee.process.tasks import Threads, in_thread
from rbee.wire import narration
from rbee.wire.errors import RbeeError
from rbee.wire.messages.events import Done, Progress, Token, Vector
from rbee.wire.messages.inference import InferRequest
from rbee.wire.narration import Narration
from rbee.worker.engines import Caller, Generated, LoadedModel, Piece, Work
from rbee.worker.telling import News, Telling
from rbee.worker.trips import Trips

_FINISHED: dict[str, Literal["stop", "length", "tool_calls"]] = {
    "length": "length",
    "tool_calls": "tool_calls",
}


class Inference(Operation):
    """A request being answered by a worker."""

    def __init__(self, worker_id: str, infer_id: str, request: InferRequest, trips: Trips) -> None:
        super().__init__(worker_id, infer_id)
        self.request = request
        self._trips = trips
        self._streams = request.stream
        self._stopped = threading.Event()
        #: What the engine has done for it: tokens read and made, or vectors.
        self.worked = 0
        #: The thread that its engine works for it in; 0: not yet.
        self.thread = 0
        self._telling = Telling()
        self._told_to_wait = False
        #: What waits to be told: a piece of text, a packed vector, or how far it is.
        self._pieces: list[Piece | bytes | News] = []
        self._lock = threading.Lock()
        #: How many tokens or vectors were told.
        self._index = 0
        self._first_token: float | None = None

    def cancel(self, why: RbeeError | None = None) -> None:
        """Stops the generation within one token; then it is over."""
        self.revoked = self.revoked or why
        self._stopped.set()

    def waits(self) -> None:
        """Tells, once, that the engine reads other prompts before this one."""
        if not self._told_to_wait:
            self._told_to_wait = True
            self.say(narration.PROMPT_WAITS)

    def give_up(self, why: RbeeError) -> None:
        """Fails now, whether the engine lets go of it or not."""
        self.fail(why)
        self._stopped.set()

    async def run(self, model: LoadedModel, threads: Threads) -> Done:
        """Generates. Raises what the engine raises, and CancelledError where it was stopped."""
        loop = asyncio.get_running_loop()
        started = time.perf_counter()

        def on_news(news: Piece | bytes | News) -> None:
            with self._lock:
                self._pieces.append(news)
                first = len(self._pieces) == 1
            if first:
                if self._index:
                    self._trips.soon(loop, self._take_over)
                else:
                    loop.call_soon_threadsafe(self._take_over)

        collected: list[Piece] = []

        def collect(piece: Piece) -> None:
            self._first_token = self._first_token or time.perf_counter()
            collected.append(piece)

        receive: Callable[[Piece], None] = on_news if self._streams else collect
        generated = await in_thread(threads, self._work, model, receive, on_news)
        if collected:
            self._pieces.append(Piece.joined(collected))
        self._take_over()
        if self._stopped.is_set():
            raise asyncio.CancelledError
        ended = time.perf_counter()
        return Done(
            finish_reason=_FINISHED.get(generated.finish_reason, "stop"),
            tokens_in=generated.tokens_in,
            tokens_out=generated.tokens_out,
            ttft_ms=round(((self._first_token or ended) - started) * 1000, 3),
            duration_ms=round((ended - started) * 1000, 3),
            context_full=context_full(generated, self.request.max_tokens, model.context),
        )

    def _work(
        self,
        model: LoadedModel,
        on_piece: Callable[[Piece], None],
        on_news: Callable[[bytes | News], None],
    ) -> Generated:
        """In a thread. Vectors are told one by one: all of them would be too long for an event."""
        self.thread = threading.get_ident()

        def on_work(work: Work) -> None:
            self.worked = work.read + work.made
            for news in self._telling.of(work, time.monotonic()):
                on_news(news)

        def on_vector(vector: Sequence[float]) -> None:
            self.worked += 1
            on_news(struct.pack(f"<{len(vector)}f", *vector))

        inputs = self.request.inputs
        if self.request.count_only:
            return Generated("stop", model.count(self.request), 0)
        if inputs is None:
            return model.generate(self.request, Caller(on_piece, on_work, self._stopped))
        read = model.embed(inputs, on_vector, self._stopped)
        return Generated("stop", read, 0)

    def _take_over(self) -> None:
        with self._lock:
            pieces, self._pieces = self._pieces, []
        for piece in pieces:
            if isinstance(piece, Narration):
                self.narrate(piece)
                continue
            if isinstance(piece, Progress):
                self.progress(piece)
                continue
            self._first_token = self._first_token or time.perf_counter()
            if isinstance(piece, bytes):
                self.emit("vector", Vector(self._index, piece))
            else:
                text, thought, calls, logprobs = piece
                token = Token(text, self._index, thought, list(calls), list(logprobs))
                self.emit("token", token)
            self._index += 1


def context_full(generated: Generated, max_tokens: int | None, context: int) -> int:
    """The size of the context where that is what ended an answer; 0 where something else did.

    An engine may have made it larger than was asked for: what fills it tells.
    """
    if generated.finish_reason != "length":
        return 0
    asked_for = max_tokens is not None and generated.tokens_out >= max_tokens
    return 0 if asked_for else max(context, generated.tokens_in + generated.tokens_out)
