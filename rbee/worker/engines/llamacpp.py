"""llama.cpp in this process, through xllamacpp: the default engine.

Facts of its API that this module is shaped by: a callback that returns something true ends the
generation, so ours returns None until it means to; a bad field comes back as a chunk with
`error`; a bad file raises RuntimeError without a reason, which stands on stderr, our log.
"""

from __future__ import annotations

import re
import secrets
import threading
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import xllamacpp

from rbee.wire.errors import RbeeError
from rbee.wire.messages import (
    CallPiece,
    EngineFacts,
    InferRequest,
    TokenLikelihood,
    WorkerOrders,
)
from rbee.worker.engines import Generated, Input, Piece, Work
from rbee.worker.engines.calls import call_of, schema_of_call, told_to_call
from rbee.worker.engines.conversation import (
    does_not_fit,
    messages_of,
    plain_text_of,
    stops_of,
    text_does_not_fit,
    tokens_unknown,
)
from rbee.worker.engines.json_grammar import grammar_of

NAME = "llamacpp"

_ALL_LAYERS = 999
#: How names of llama.cpp's devices begin, by backend.
_BACKENDS = {"CUDA": "cuda", "Metal": "metal", "MTL": "metal"}
_POOLINGS = {
    "mean": xllamacpp.llama_pooling_type.LLAMA_POOLING_TYPE_MEAN,
    "last": xllamacpp.llama_pooling_type.LLAMA_POOLING_TYPE_LAST,
}
#: How it says that a text does not fit into one batch.
_TOO_LARGE = re.compile(r"input \((\d+) tokens\) is (?:too large|larger)")


def facts() -> EngineFacts:
    """The version of the engine and the backends it finds a device for."""
    backends = {"cpu"}
    for device in xllamacpp.get_device_info():
        for prefix, backend in _BACKENDS.items():
            if str(device["name"]).startswith(prefix):
                backends.add(backend)
    return EngineFacts(NAME, xllamacpp.__version__, sorted(backends))


def load(orders: WorkerOrders) -> LlamaCpp:
    """Loads the model of `orders` onto its device."""
    return LlamaCpp(orders)


class LlamaCpp:
    """One model with `slots` sequences batched continuously."""

    def __init__(self, orders: WorkerOrders) -> None:
        self.context = orders.context
        self._slots = orders.slots
        self._pooling = orders.pooling
        self._batch = orders.batch
        self._chat = bool(orders.chat_template)
        self._calls = "tools" in orders.chat_template
        params = xllamacpp.CommonParams()
        params.model.path = orders.model_paths[0]
        params.n_ctx = orders.context * orders.slots
        params.n_parallel = orders.slots
        params.cpuparams.n_threads = orders.threads
        params.cpuparams_batch.n_threads = orders.threads
        params.cache_ram_mib = orders.prompt_cache_mib
        params.warmup = False
        params.ctx_shift = False
        params.use_jinja = True
        # Costs a text nothing but memory that is counted anyway: it stays the same, as fast.
        params.embedding = orders.pooling != "none"
        params.n_batch = params.n_ubatch = orders.batch
        if orders.pooling in _POOLINGS:
            params.pooling_type = _POOLINGS[orders.pooling]
        # xllamacpp listens on a loopback port of its own; nobody gets this key.
        params.api_keys = [secrets.token_urlsafe(32)]
        if orders.backend == "cpu" or orders.simulated:
            params.n_gpu_layers = 0
        else:
            params.n_gpu_layers = _ALL_LAYERS
            params.split_mode = xllamacpp.llama_split_mode.LLAMA_SPLIT_MODE_NONE
            params.main_gpu = int(orders.device.removeprefix("gpu"))
        try:
            self._server = xllamacpp.Server(params)
        except RuntimeError as error:
            raise RbeeError(
                "model_invalid",
                f"llama.cpp cannot load {orders.model_paths[0]}: {error}",
                "the worker's log has llama.cpp's own words; try another file of that model",
                {"path": orders.model_paths[0]},
            ) from None

    def generate(
        self,
        request: InferRequest,
        on_piece: Callable[[Piece], None],
        cancelled: threading.Event,
        on_work: Callable[[Work], None],
    ) -> Generated:
        """See `rbee.worker.engines.Engine`."""
        if not request.must_call:
            return self._generate(request, request.json_schema, on_piece, cancelled, on_work)
        texts: list[str] = []

        def keep(piece: Piece) -> None:
            texts.append(piece.text)
            on_piece(Piece(""))  # who waits for the call sees that it is being made

        called = schema_of_call(request.functions)
        asked = told_to_call(request)
        generated = self._generate(asked, called, keep, cancelled, on_work)
        call = call_of("".join(texts))
        if call is None:
            on_piece(Piece("".join(texts)))
            return generated
        on_piece(Piece("", calls=[call]))
        return generated._replace(finish_reason="tool_calls")

    def embed(
        self,
        inputs: Sequence[Input],
        on_vector: Callable[[Sequence[float]], None],
        cancelled: threading.Event,
    ) -> int:
        """See `rbee.worker.engines.Engine`."""
        if self._pooling == "none":
            raise _makes_no_vectors()
        count = 0
        # As many as are worked on side by side: a call for more could not be stopped.
        for first in range(0, len(inputs), self._slots):
            if cancelled.is_set():
                break
            vectors, read = self._embedded(inputs[first : first + self._slots], first)
            for vector in vectors:
                on_vector(vector)
            count += read
        return count

    def _embedded(self, inputs: Sequence[Input], first: int) -> tuple[list[list[float]], int]:
        """The vectors of some inputs, the first of them number `first`, and their tokens' count."""
        try:
            answer = self._server.handle_embeddings({"input": list(inputs)})
        except ValueError as error:
            answer = {"error": {"message": str(error)}}
        if "error" not in answer:
            told = sorted(answer["data"], key=lambda each: int(each["index"]))
            return [each["embedding"] for each in told], answer["usage"]["prompt_tokens"]
        if len(inputs) > 1:  # it does not say which one
            for number, one in enumerate(inputs):
                self._embedded([one], first + number)
        raise self._refused_input(first, answer["error"])

    def _generate(
        self,
        request: InferRequest,
        schema: dict[str, Any] | None,
        on_piece: Callable[[Piece], None],
        cancelled: threading.Event,
        on_work: Callable[[Work], None],
    ) -> Generated:
        body = self._asked(request)
        if schema is not None:
            body["grammar"] = grammar_of(schema)
        last: dict[str, Any] = {}
        work = Work(0, 0, 0)

        def on_chunk(chunk: dict[str, Any]) -> bool | None:
            nonlocal work
            if cancelled.is_set():
                return True
            work = _work(work, chunk)
            on_work(work)
            choices = chunk.get("choices")
            if not choices:
                last.update(chunk)
                return None
            choice = choices[0]
            piece = _piece(choice)
            if piece is not None:
                on_piece(piece)
            if choice["finish_reason"] is not None:
                last.update(chunk)
            return None

        try:
            if "messages" in body:
                self._server.handle_chat_completions(body, on_chunk)
            else:
                self._server.handle_completions(body, on_chunk)
        except ValueError as error:  # what its templates and its reading of a request raise
            raise _refused(request, {"message": str(error)}) from None
        if "error" in last:
            raise _refused(request, last["error"])
        timings = last.get("timings", {})
        return Generated(
            last["choices"][0]["finish_reason"] if "choices" in last else "stop",
            timings.get("prompt_n", 0) + timings.get("cache_n", 0),
            timings.get("predicted_n", 0),
        )

    def _asked(self, request: InferRequest) -> dict[str, Any]:
        """The request in the engine's own form."""
        chat = self._chat and not request.raw
        body: dict[str, Any] = {
            "stream": True,
            "return_progress": True,
            "cache_prompt": True,
            **_sampling(request, chat),
        }
        stops = stops_of(request, tuned_to_chat=self._chat)
        if stops:
            body["stop"] = stops
        if request.functions:
            if not (chat and self._calls):
                raise _cannot_call()
            body["tools"] = [
                {"type": "function", "function": msgspec.to_builtins(each)}
                for each in request.functions
            ]
            if request.parallel_calls is not None:
                body["parallel_tool_calls"] = request.parallel_calls
        if chat:
            body["messages"] = messages_of(request)
        else:
            body["prompt"] = plain_text_of(request)
        return body

    def _refused_input(self, number: int, error: dict[str, Any]) -> RbeeError:
        message = str(error.get("message", error))
        too_large = _TOO_LARGE.search(message)
        if error.get("type") == "exceed_context_size_error":
            return text_does_not_fit(number, error["n_prompt_tokens"], error["n_ctx"])
        if too_large:
            return text_does_not_fit(number, int(too_large[1]), min(self._batch, self.context))
        if "invalid tokens" in message:
            return tokens_unknown(number)
        return RbeeError(
            "invalid_request", f"llama.cpp refuses: {message}", "", {"field": "inputs"}
        )


def _work(before: Work, chunk: dict[str, Any]) -> Work:
    """What is done by this chunk: a batch of the prompt is read, or a token is made."""
    progress = chunk.get("prompt_progress")
    if progress is not None:
        return Work(progress["processed"], progress["total"], before.made)
    return before._replace(read=before.to_read, made=before.made + 1)


def _piece(choice: dict[str, Any]) -> Piece | None:
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


def _sampling(request: InferRequest, chat: bool) -> dict[str, Any]:
    given = {
        "max_tokens": request.max_tokens,
        "temperature": request.temperature,
        "top_p": request.top_p,
        "top_k": request.top_k,
        "seed": request.seed,
        "presence_penalty": request.presence_penalty,
        "frequency_penalty": request.frequency_penalty,
        "logit_bias": request.logit_bias,
    }
    if request.logprobs is not None:
        count = max(request.logprobs, 1)  # it tells nothing of a token for 0 alternatives
        given.update({"logprobs": True, "top_logprobs": count} if chat else {"logprobs": count})
    return {name: value for name, value in given.items() if value is not None}


def _cannot_call() -> RbeeError:
    return RbeeError(
        "invalid_request",
        "this model was not taught when to call functions",
        "demand a call (tool_choice `required`, or a function's name), send no tools, "
        "or take a model whose chat template knows tools",
        {"field": "functions"},
    )


def _makes_no_vectors() -> RbeeError:
    return RbeeError(
        "invalid_request",
        "this model compares texts, and makes no vectors of them",
        "take a model that was made for embeddings",
        {"field": "model_ref"},
    )


def _writes_nothing() -> RbeeError:
    return RbeeError(
        "invalid_request",
        "this model makes vectors of texts, and writes none",
        "take a model that generates text; this one is for embeddings",
        {"field": "model_ref"},
    )


def _refused(request: InferRequest, error: dict[str, Any]) -> RbeeError:
    if error.get("type") == "exceed_context_size_error":
        return does_not_fit(request, error["n_prompt_tokens"], error["n_ctx"])
    message = error.get("message", error)
    if "does not support logits" in str(message):
        return _writes_nothing()
    return RbeeError("invalid_request", f"llama.cpp refuses: {message}", "change that option")
