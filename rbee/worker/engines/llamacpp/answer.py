"""One answer while llama.cpp writes it: what of it is told, where it ends, and by what."""

from __future__ import annotations

from typing import Any

from rbee.wire.messages.inference import InferRequest
from rbee.worker.engines import Caller, Generated, Piece, Work
from rbee.worker.engines.drawn import Drawn
from rbee.worker.engines.llamacpp.chunks import piece_of, work_of
from rbee.worker.engines.stops import Stops
from rbee.worker.engines.thinking import Thoughts

#: How many tokens more than it may a thought takes to be closed: of a short one a quarter, so that
#: something is left of the other half for what it was about.
_SLACK, _LEAST_SLACK = 16, 4


class Answer:
    """Tells a caller an answer, piece by piece.

    `most_thought` bounds the thought before it (tokens); `drawn` finds how likely its tokens were,
    where that is asked for.
    """

    def __init__(
        self,
        request: InferRequest,
        caller: Caller,
        thoughts: Thoughts,
        most_thought: int | None,
        drawn: Drawn | None,
    ) -> None:
        self._request = request
        self._caller = caller
        self._thoughts = thoughts
        #: From how many tokens on a thought counts as one that has missed its end.
        self._endless = None if most_thought is None else _with_slack(most_thought)
        self.drawn = drawn
        self._stops = Stops(request.stop or ())
        self._last: dict[str, Any] = {}
        self._makes_second_call = self._is_full = False
        #: What is done for it so far.
        self.work = Work(0, 0, 0)
        self._texts: list[str] = []
        #: The tokens of its thought.
        self.thought = 0
        #: Whether the caller was told any of it.
        self.is_begun = False

    @property
    def text(self) -> str:
        """What was told of it so far, without its thought."""
        return "".join(self._texts)

    @property
    def error(self) -> dict[str, Any] | None:
        """Why llama.cpp gives no answer: ``{"message", "type"?, "code"?}``."""
        return self._last.get("error")

    @property
    def thinks_too_long(self) -> bool:
        """Whether it was ended since its thought goes on beyond its bound."""
        over = self._endless is not None and self.thought > self._endless
        return over and not self._caller.cancelled.is_set()

    def take(self, chunk: dict[str, Any]) -> bool | None:
        """Tells a chunk of it. True: llama.cpp is to end it; None: to go on."""
        caller = self._caller
        if caller.cancelled.is_set():
            return True
        self.work = work_of(self.work, chunk)
        caller.on_work(self.work)
        if caller.cancelled.is_set():
            return True
        choices = chunk.get("choices")
        if not choices:
            self._last.update(chunk)
            return None
        choice = choices[0]
        piece = piece_of(choice)
        if piece is not None and self.drawn is not None:
            made = int(chunk.get("timings", {}).get("predicted_n", 0))
            entries = (choice.get("logprobs") or {}).get("content", ())
            likely = self.drawn.take(piece.text + piece.thought, entries, made)
            piece = piece._replace(logprobs=likely)
        if piece is not None:
            piece = self._thoughts.take(piece)
        if piece is not None and self._ends_with(piece):
            return True
        if choice["finish_reason"] is not None:
            self._last.update(chunk)
        elif self.work.made and not caller.may_go_on(self.work):
            self._is_full = True
            return True
        return None

    def _ends_with(self, piece: Piece) -> bool:
        """Tells a piece, of which thought and text are told apart; whether nothing is to follow."""
        piece = piece._replace(text=self._stops.take(piece.text))
        if self._request.parallel_calls is False and any(call.index for call in piece.calls):
            self._makes_second_call = True  # the grammar that it makes for calls may allow one
            return True
        self._caller.on_piece(piece)
        self._texts.append(piece.text)
        self.is_begun = True
        self.thought += bool(piece.thought)
        if self._endless is not None and self.thought > self._endless:
            return True  # over its budget: it missed the end of the thought
        return bool(self._stops.met)

    def tell_rest(self) -> None:
        """Tells what was held back of an answer that is over."""
        rest = self._thoughts.rest() or Piece("")
        met = self._stops.met
        rest = rest._replace(text="" if met else self._stops.take(rest.text) + self._stops.rest())
        if rest.text or rest.thought:
            self._caller.on_piece(rest)

    @property
    def has_read_nothing(self) -> bool:
        """Whether there was no token to go on with."""
        timings = self._last.get("timings", {})
        return bool(timings) and not timings.get("prompt_n", 0) + timings.get("cache_n", 0)

    def generated(self) -> Generated:
        """How it ended, and what it was in tokens."""
        work, last = self.work, self._last
        if self._stops.met:
            return Generated("stop", work.to_read, work.made, self._stops.met)
        if self._makes_second_call:
            return Generated("tool_calls", work.to_read, work.made)
        if self._is_full:
            return Generated("length", work.to_read, work.made)
        timings = last.get("timings", {})
        return Generated(
            last["choices"][0]["finish_reason"] if "choices" in last else "stop",
            timings.get("prompt_n", 0) + timings.get("cache_n", 0),
            timings.get("predicted_n", 0),
        )


def _with_slack(most: int) -> int:
    return most + min(_SLACK, max(_LEAST_SLACK, most // 4))
