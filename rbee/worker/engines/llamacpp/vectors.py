"""Vectors of texts, and how well texts answer a query, as llama.cpp computes them."""

from __future__ import annotations

import functools
import math
import re
import threading
from collections.abc import Callable, Sequence
from typing import Any

from rbee.wire.errors import RbeeError, invalid
from rbee.wire.messages.orders import WorkerOrders
from rbee.worker.engines import Input, OnVector
from rbee.worker.engines.conversation import text_does_not_fit, tokens_unknown, too_many_marks
from rbee.worker.engines.llamacpp.loading import RANKS
from rbee.worker.engines.llamacpp.server import LlamaServer
from rbee.worker.engines.refusals import engine_failed

#: The least of a share, and of what it lacks to 1: a logarithm is taken of both.
_LEAST = 1e-9
#: How it says that a text does not fit into one batch.
_TOO_LARGE = re.compile(r"input \((\d+) tokens\) is (?:too large|larger)")


class LlamaVectors:
    """Makes vectors of texts, or ranks them, by what the model was made for."""

    def __init__(self, server: LlamaServer, orders: WorkerOrders, marks: frozenset[str]) -> None:
        """`marks` are what the model has around messages; see `too_many_marks`."""
        self._server = server
        self._context = orders.longest
        self._marks = marks
        self._ranks = orders.pooling in RANKS
        #: Whether the model tells a share of 1 where others tell the number that it is made of.
        self._tells_shares = orders.pooling == "share"
        self._batch = orders.batch
        self._slots = orders.slots

    def embed(
        self, inputs: Sequence[Input], on_vector: OnVector, cancelled: threading.Event
    ) -> int:
        """See `rbee.worker.engines.LoadedModel`."""
        if self._ranks:
            raise invalid(
                "this model tells how well texts answer a query, and makes no vectors of them",
                "take a model that was made for embeddings, or ask POST /v1/rerank",
                field="model_ref",
            )
        for number, text in enumerate(inputs):
            if isinstance(text, str):
                self._refuse_too_many_marks(number, [text])
        return self._each(inputs, self._embedded, on_vector, cancelled)

    def rank(
        self, query: str, texts: Sequence[str], on_score: OnVector, cancelled: threading.Event
    ) -> int:
        """See `rbee.worker.engines.Engine`."""
        if not self._ranks:
            raise invalid(
                "this model was not made to tell how well texts answer a query",
                "take a model that was made for reranking",
                field="model_ref",
            )
        for number, text in enumerate(texts):
            self._refuse_too_many_marks(number, [query, text])
        return self._each(texts, functools.partial(self._ranked, query), on_score, cancelled)

    def _refuse_too_many_marks(self, number: int, texts: Sequence[str]) -> None:
        if marks := too_many_marks(texts, self._marks, self._context):
            raise text_does_not_fit(number, marks, self._context)

    def _ranked(self, query: str, texts: Sequence[Input]) -> dict[str, Any]:
        answer = self._server.ranks(query, texts)
        for each in answer.get("results", ()):
            score = each["relevance_score"]
            each["numbers"] = [_logit(score) if self._tells_shares else score]
        return {**answer, "data": answer.get("results")}

    def _embedded(self, inputs: Sequence[Input]) -> dict[str, Any]:
        answer = self._server.vectors(inputs)
        for each in answer.get("data", ()):
            each["numbers"] = each["embedding"]
        return answer

    def _each(
        self,
        inputs: Sequence[Input],
        ask: Callable[[Sequence[Input]], dict[str, Any]],
        on_numbers: OnVector,
        cancelled: threading.Event,
    ) -> int:
        """Tells the numbers of each input; how many tokens were read. Raises `invalid_request` that
        names the first input which cannot be read."""

        def numbers(first: int, some: Sequence[Input]) -> tuple[list[list[float]], int]:
            try:
                answer = ask(some)
            except (ValueError, RuntimeError) as error:
                answer = {"error": {"message": str(error)}}
            if "error" not in answer:
                rows = sorted(answer["data"], key=lambda each: int(each["index"]))
                return [each["numbers"] for each in rows], answer["usage"]["prompt_tokens"]
            if len(some) > 1:  # llama.cpp does not say which input it refuses
                for number, one in enumerate(some, first):
                    numbers(number, [one])
            raise self._refused_input(first, answer["error"])

        count = 0
        # As many as are worked on side by side: a call for more could not be stopped.
        for first in range(0, len(inputs), self._slots):
            if cancelled.is_set():
                break
            found, read = numbers(first, inputs[first : first + self._slots])
            for each in found:
                on_numbers(each)
            count += read
        return count

    def _refused_input(self, number: int, error: dict[str, Any]) -> RbeeError:
        message = str(error.get("message", error))
        too_large = _TOO_LARGE.search(message)
        if error.get("type") == "exceed_context_size_error":
            return text_does_not_fit(number, error["n_prompt_tokens"], error["n_ctx"])
        if too_large:
            most = min(self._batch, self._context)
            return text_does_not_fit(number, int(too_large[1]), most)
        if "invalid tokens" in message:
            return tokens_unknown(number)
        if int(error.get("code", 400)) >= 500:
            return engine_failed("llama.cpp", message)
        return invalid(f"llama.cpp refuses: {message}", "", field="inputs")


def _logit(share: float) -> float:
    """The number of which a share is the logistic function, as far as numbers go."""
    bounded = min(max(share, _LEAST), 1 - _LEAST)
    return math.log(bounded / (1 - bounded))
