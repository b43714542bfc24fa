"""One inference: from the request to the terminal event. Phase 11.2.

The engine runs in a thread of its own; its pieces, or vectors, are gathered there and taken over by
the event loop: the first of them at once, the others together.
"""

from __future__ import annotations

import asyncio
import functools
import struct
import threading
import time
from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

from rbee.http.operation import Operation
from rbee.process.tasks import Threads, in_thread
from rbee.wire import narration
from rbee.wire.errors import RbeeError
from rbee.wire.messages.events import Done, Progress, Token, Tokens, Vector
from rbee.wire.messages.inference import InferRequest
from rbee.wire.messages.orders import WorkerOrders
from rbee.wire.narration import Narration
from rbee.worker.cells import Cells, Reservation
from rbee.worker.engines import Caller, Engine, Generated, LoadedModel, Piece, Work
from rbee.worker.engines.conversation import answer_does_not_fit, does_not_fit, most_tokens
from rbee.worker.telling import News, ProgressNews
from rbee.worker.trips import Trips

#: The most bytes of a character, each of which may be a token; and the tokens around an input.
_BYTES, _AROUND = 4, 8
#: An answer of unknown length begins with a part of a slot's share: one in this many.
_PART = 4

_FINISHED: dict[str, Literal["stop", "length", "tool_calls"]] = {
    "length": "length",
    "tool_calls": "tool_calls",
}


class ContextNeed(NamedTuple):
    """What of a context a request needs: so many `cells` before it begins, and in the end up to
    `most` where nobody has said how long the answer is; 0: its engine ends it before. `wanted` is
    what prompt and answer take together, where that is known, and `there` what they may have."""

    cells: int
    most: int
    wanted: int = 0
    there: int = 0

    def lacks(self, trained: int) -> bool:
        """Whether the answer fits not here, but into the context that the model was made for."""
        return self.there < self.wanted <= trained


def need_of(tokens: int, max_tokens: int | None, most: int, share: int) -> ContextNeed:
    """What a prompt of so many tokens needs of a context that it may fill `most` of, in which
    `share` is its own. Pure."""
    if max_tokens is None:
        return ContextNeed(min(most, max(share, tokens + share // _PART)), most, 0, most)
    wanted = tokens + max_tokens
    return ContextNeed(min(wanted, most), most if wanted > most else 0, wanted, most)


class Shared(NamedTuple):
    """What all inferences of a worker have in common; of `cells` each holds some."""

    orders: WorkerOrders
    engine: Engine
    cells: Cells
    trips: Trips


class Inference(Operation):
    """A request being answered by a worker."""

    def __init__(self, shared: Shared, infer_id: str, request: InferRequest) -> None:
        super().__init__(shared.orders.worker_id, infer_id)
        self.request = request
        self._shared = shared
        #: Whether the engine has begun with it; until then it waits for room in the context.
        self.has_begun = False
        #: How many cells were filled when the answer was ended for want of more; 0: it was not.
        self._full_at = 0
        self._streams = request.stream
        self._stopped = threading.Event()
        #: What the engine has done for it: tokens read and made, or vectors.
        self.worked = 0
        #: The thread that its engine works for it in; 0: not yet.
        self.thread = 0
        #: Whether its prompt lets others pass, or stands behind one.
        self.is_held = False
        self._telling = ProgressNews()
        self._told_to_wait = False
        #: What waits to be told: a piece of text, a packed vector, or how far it is.
        self._pieces: list[Piece | bytes | News | Tokens] = []
        self._lock = threading.Lock()
        #: How many tokens or vectors were told.
        self._index = 0
        self._first_token: float | None = None

    def cancel(self, why: RbeeError | None = None) -> None:
        """Stops the generation within one token; then it is over."""
        self.revoked = self.revoked or why
        self._stopped.set()
        if not self.has_begun:
            super().cancel(why)

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
        """Generates, once there is room in the context. Raises `invalid_request` for what does not
        fit, what the engine raises, and CancelledError where it was stopped."""
        need = await self._need(model, threads)
        wait = functools.partial(self.say, narration.CONTEXT_WAITS)
        async with self._shared.cells.held(need.cells, wait) as hold:
            self.has_begun = True
            return await self._answer(model, threads, need, hold)

    async def _need(self, model: LoadedModel, threads: Threads) -> ContextNeed:
        """The tokens of the context that it needs."""
        request, orders = self.request, self._shared.orders
        if request.inputs is not None:
            with_query = len(request.query or "")
            longest = (max(map(len, request.inputs)) + with_query) * _BYTES + _AROUND
            side_by_side = min(orders.slots, len(request.inputs))
            return ContextNeed(side_by_side * min(longest, orders.context), 0)
        if request.tokens_only:
            return ContextNeed(0, 0)  # nothing is read
        most = min(model.context, request.context or model.context)
        tokens, is_known = most_tokens(request, orders.chat_template), False
        share = min(most, orders.context)
        if request.count_only:
            return ContextNeed(min(tokens, share), 0)
        # Tokens are counted only where slots share a context, or a bound is set: else the engine
        # refuses what does not fit into its slot.
        is_shared = model.context > orders.context
        is_bound = most < model.context or (request.whole and most < orders.trained)
        written = 0 if request.echo_only else request.max_tokens
        is_long = tokens + (share // _PART if written is None else written) > share
        is_long = is_long or bool(request.pictures)
        if is_long and (is_shared or is_bound) and self._shared.engine.count_prompt is not None:
            counted = await in_thread(threads, self._shared.engine.count_prompt, model, request)
            tokens, is_known = counted or min(tokens, most), bool(counted)
        need = need_of(tokens, written, most, share)
        if is_known and tokens >= most:
            raise does_not_fit(request, tokens, most)
        if is_known and request.whole and need.lacks(orders.trained):
            raise answer_does_not_fit(request, tokens, most)
        return need

    async def _answer(
        self, model: LoadedModel, threads: Threads, need: ContextNeed, hold: Reservation
    ) -> Done:
        loop = asyncio.get_running_loop()
        started = time.perf_counter()

        def on_news(news: Piece | bytes | News | Tokens) -> None:
            if isinstance(news, (Piece, bytes)):
                # Here, and not where it is taken over: on a busy machine that may be much later.
                self._first_token = self._first_token or time.perf_counter()
            with self._lock:
                self._pieces.append(news)
                first = len(self._pieces) == 1
            if first:
                if self._index:
                    self._shared.trips.soon(loop, self._take_over)
                else:
                    loop.call_soon_threadsafe(self._take_over)

        collected: list[Piece] = []

        def collect(piece: Piece) -> None:
            self._first_token = self._first_token or time.perf_counter()
            collected.append(piece)

        receive: Callable[[Piece], None] = on_news if self._streams else collect

        def may_go_on(work: Work) -> bool:
            filled = work.to_read + work.made
            if not need.most or hold.lasts(filled, need.most):
                return True
            if need.most == model.context <= hold.size:
                return True  # the context of the model ends it, which the engine sees to
            self._full_at = filled
            return False

        generated = await in_thread(threads, self._work, model, receive, on_news, may_go_on)
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
            stopped_by=generated.stopped_by,
            context_full=self._full_at
            or context_full(generated, self.request.max_tokens, model.context),
        )

    def _work(
        self,
        model: LoadedModel,
        on_piece: Callable[[Piece], None],
        on_news: Callable[[bytes | News | Tokens], None],
        may_go_on: Callable[[Work], bool],
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

        request, inputs = self.request, self.request.inputs
        if request.tokens_only:
            return Generated("stop", self._tell_tokens(model, on_piece, on_news), 0)
        if request.count_only:
            return Generated("stop", model.count(request), 0)
        if inputs is None:
            caller = Caller(on_piece, on_work, self._stopped, may_go_on, self._hold)
            return model.generate(request, caller)
        if request.query is not None:
            rank = self._shared.engine.rank
            assert rank is not None  # without it the request has been refused
            texts = [each for each in inputs if isinstance(each, str)]
            return Generated("stop", rank(model, request.query, texts, on_vector, self._stopped), 0)
        read = model.embed(inputs, on_vector, self._stopped)
        return Generated("stop", read, 0)

    def _hold(self, is_held: bool) -> None:
        self.is_held = is_held
        self._telling.held(is_held, time.monotonic())

    def _tell_tokens(
        self,
        model: LoadedModel,
        on_piece: Callable[[Piece], None],
        on_news: Callable[[bytes | News | Tokens], None],
    ) -> int:
        """Tells the tokens of a text, or the text of tokens; how many there are."""
        engine, ids = self._shared.engine, self.request.prompt_tokens
        assert engine.tokenize is not None and engine.detokenize is not None  # as above
        if ids is not None:
            on_piece(Piece(engine.detokenize(model, ids)))
            return len(ids)
        tokens = engine.tokenize(model, self.request)
        on_news(tokens)
        return len(tokens.ids)

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
            if isinstance(piece, Tokens):
                self.emit("tokens", piece)
                continue
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
