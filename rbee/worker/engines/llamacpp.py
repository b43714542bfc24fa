"""llama.cpp in this process, through xllamacpp: the default engine.

Facts of its API that this module is shaped by: a callback that returns something true ends the
generation, so ours returns None until it means to; a bad field comes back as a chunk with
`error`; a bad file raises RuntimeError without a reason, which stands on stderr, our log.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from typing import Any

import xllamacpp

from rbee.wire.errors import RbeeError
from rbee.wire.messages import EngineFacts, InferRequest, WorkerOrders
from rbee.worker.engines import Generated
from rbee.worker.engines.conversation import (
    does_not_fit,
    messages_of,
    plain_text_of,
    stops_of,
)

NAME = "llamacpp"

_ALL_LAYERS = 999
#: How names of llama.cpp's devices begin, by backend.
_BACKENDS = {"CUDA": "cuda", "Metal": "metal", "MTL": "metal"}


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
        self._chat = bool(orders.chat_template)
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
        on_text: Callable[[str], None],
        cancelled: threading.Event,
    ) -> Generated:
        """See `rbee.worker.engines.Engine`."""
        body: dict[str, Any] = {
            "stream": True,
            "return_progress": True,
            "cache_prompt": True,
            **_sampling(request),
        }
        stops = stops_of(request, tuned_to_chat=self._chat)
        if stops:
            body["stop"] = stops
        last: dict[str, Any] = {}

        def on_text_chunk(chunk: dict[str, Any]) -> bool | None:
            if cancelled.is_set():
                return True
            choices = chunk.get("choices")
            if not choices:
                last.update(chunk)
                return None
            choice = choices[0]
            text = choice["text"] if "text" in choice else choice["delta"].get("content")
            if text:
                on_text(text)
            if choice["finish_reason"] is not None:
                last.update(chunk)
            return None

        if self._chat:
            body["messages"] = messages_of(request)
            self._server.handle_chat_completions(body, on_text_chunk)
        else:
            body["prompt"] = plain_text_of(request)
            self._server.handle_completions(body, on_text_chunk)
        if "error" in last:
            raise _refused(request, last["error"])
        timings = last.get("timings", {})
        return Generated(
            last["choices"][0]["finish_reason"] if "choices" in last else "stop",
            timings.get("prompt_n", 0) + timings.get("cache_n", 0),
            timings.get("predicted_n", 0),
        )


def _sampling(request: InferRequest) -> dict[str, Any]:
    given = {
        "max_tokens": request.max_tokens,
        "temperature": request.temperature,
        "top_p": request.top_p,
        "top_k": request.top_k,
        "seed": request.seed,
    }
    return {name: value for name, value in given.items() if value is not None}


def _refused(request: InferRequest, error: dict[str, Any]) -> RbeeError:
    if error.get("type") == "exceed_context_size_error":
        return does_not_fit(request, error["n_prompt_tokens"], error["n_ctx"])
    message = error.get("message", error)
    return RbeeError("invalid_request", f"llama.cpp refuses: {message}", "change that option")
