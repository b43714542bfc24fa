"""Has llama.cpp load a model, without what of it llama.cpp cannot use.

A model goes without its chat template, its projector or its draft rather than not at all; why, is
told to whoever needs them.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import xllamacpp

from rbee.process.child import tail
from rbee.wire.errors import RbeeError
from rbee.wire.messages.orders import WorkerOrders
from rbee.wire.messages.workers import LEAST_GAIN, Placed
from rbee.worker.engines import rpc
from rbee.worker.engines.llamacpp.devices import backends, free_memory, is_on_cpu
from rbee.worker.engines.llamacpp.layout import (
    add_draft,
    add_projector,
    lay_out,
    leave_out_draft,
    leave_out_projector,
)
from rbee.worker.engines.llamacpp.pace import ONCE, pace_of
from rbee.worker.engines.llamacpp.server import LlamaServer, plain_params
from rbee.worker.engines.llamacpp.template import PLAIN, ChatTemplate
from rbee.worker.engines.refusals import (
    nests_too_deep,
    reason_of_loading,
    reason_of_projector,
    short_of_memory,
    template_reason,
)
from rbee.worker.engines.thinking import taught

_UNSEEING = "llama.cpp cannot load the model's projector: "
_NO_PROJECTOR = "this model has no projector, and is shown none"
#: Where its reasons are, from the end of its log on (lines).
_LOG_LINES = 200
#: How long it takes at most to write them (seconds).
_TELLING = 1.0
#: The poolings of models that tell how well a text answers another.
RANKS = ("rank", "share")
_POOLINGS = {
    "mean": xllamacpp.llama_pooling_type.LLAMA_POOLING_TYPE_MEAN,
    "last": xllamacpp.llama_pooling_type.LLAMA_POOLING_TYPE_LAST,
    **dict.fromkeys(RANKS, xllamacpp.llama_pooling_type.LLAMA_POOLING_TYPE_RANK),
}


class Loading:
    """The model of a worker's orders, once it is loaded, and what became of what belongs to it."""

    def __init__(self, orders: WorkerOrders, template: ChatTemplate) -> None:
        """Blocks until it is loaded; writes into `template` why that cannot be used. Raises
        `model_invalid`, `insufficient_ram` or `insufficient_vram`, and `backend_unavailable` where
        other machines cannot be reached."""
        self._orders = orders
        self._template = template
        self._params = self._params_of_orders()
        if orders.streams:
            rpc.join(orders.streams)
        lay_out(self._params, orders)
        #: Why the model can be shown no pictures, in words; empty: it can.
        self.unseeing = "" if orders.projector else _NO_PROJECTOR
        if orders.projector_fault:
            self.unseeing = _UNSEEING + orders.projector_fault
        elif orders.projector:
            add_projector(self._params, orders)
        before = free_memory(orders)
        self.server = self._loaded()
        gain, fault = 0.0, ""
        if orders.draft_paths:
            gain, fault = self._load_draft()
        #: Whether a draft writes ahead.
        self.drafts = gain >= LEAST_GAIN
        after = free_memory(orders)
        self.placed = Placed(
            backends=sorted(backends()),
            device_bytes={device: abs(free - after[device]) for device, free in before.items()},
            draft_gain=gain,
            draft_fault=fault,
            projector_fault=self.unseeing if orders.projector else "",
        )

    def _params_of_orders(self) -> Any:
        orders, params = self._orders, plain_params()
        params.model.path = orders.model_paths[0]
        params.n_ctx = orders.context * orders.slots
        params.n_parallel = orders.slots
        # One cache for all slots, of which each may have what the others leave.
        params.kv_unified = orders.longest > orders.context
        params.cpuparams.n_threads = orders.threads
        params.cpuparams_batch.n_threads = orders.threads
        params.cache_ram_mib = orders.settings.prompt_cache_mib
        # On for all models: it costs memory that is counted anyway, and no speed when text is made.
        params.embedding = True
        params.n_batch = params.n_ubatch = orders.batch
        if orders.pooling in _POOLINGS:
            params.pooling_type = _POOLINGS[orders.pooling]
        return params

    def _loaded(self) -> LlamaServer:
        """The engine with its model; one whose chat template is of no use goes without it."""
        orders, params, template = self._orders, self._params, self._template
        asked = orders.chat_template
        if asked and (orders.deadly_template or nests_too_deep(asked)):
            template.unusable = template.unusable or "llama.cpp dies of reading it"
        if template.unusable:
            params.chat_template = PLAIN
        elif asked and (orders.template or taught(asked) != asked):
            params.chat_template = taught(asked)
        try:
            return LlamaServer(params)
        except RuntimeError as error:
            _until_logged(orders)
            refusal = _cannot_load(orders, error)
        if params.mmproj.path and (why := reason_of_projector(_log(orders))):
            self.unseeing = _UNSEEING + why
            leave_out_projector(params)
            try:
                return LlamaServer(params)
            except RuntimeError as error:
                refusal = _cannot_load(orders, error)
        is_told = refusal.code != "model_invalid" or reason_of_loading(_log(orders))
        if not asked or template.unusable or is_told:
            raise refusal
        params.chat_template = PLAIN
        try:
            server = LlamaServer(params)
        except RuntimeError:
            raise refusal from None
        template.unusable = template_reason(_log(orders)) or "llama.cpp cannot read it"
        return server

    def _load_draft(self) -> tuple[float, str]:
        """Has a draft write ahead where that is faster; what it gains, or why it is not used.

        The engine uses the draft that it was loaded with for each request, or none: so it is loaded
        with it, and, where that gains nothing, once more without.
        """
        orders, params = self._orders, self._params
        known = orders.draft_gain
        alone = 0.0 if known else self._pace()
        if known:
            # Ended before its main loop has begun, it would wait for the end of that for ever.
            self.server.complete({"prompt": ONCE, "max_tokens": 1}, lambda chunk: None)
        self.server.close()  # its memory is free before there is another one
        add_draft(params, orders)
        gain, fault = 0.0, ""
        try:
            self.server = LlamaServer(params)
            gain = known or round(self._pace() / alone, 3)
        except (RuntimeError, ZeroDivisionError) as error:
            _until_logged(orders)
            fault = f"llama.cpp cannot load it: {reason_of_loading(_log(orders)) or error}"
        if gain < LEAST_GAIN:
            self.server.close()
            leave_out_draft(params)
            self.server = LlamaServer(params)
        return gain, fault

    def _pace(self) -> float:
        chats = self._template.is_there and not self._template.unusable
        return pace_of(self.server, chats=chats, on_cpu=is_on_cpu(self._orders))


def _cannot_load(orders: WorkerOrders, error: Exception) -> RbeeError:
    """The error raises without a reason; where there is one, it is in the log."""
    if short_of_memory([*_log(orders), str(error)]):
        return RbeeError(
            "insufficient_ram" if is_on_cpu(orders) else "insufficient_vram",
            f"out of memory: llama.cpp was not given what {orders.model_ref} takes",
            "take a smaller model, a shorter context (context) or fewer callers at once (slots), or"
            " let programs have more (ulimit -v)",
            {"path": orders.model_paths[0], "out_of_memory": True, "loading": True},
        )
    reason = reason_of_loading(_log(orders))
    suggestion = "the worker's log has llama.cpp's own words; try another file of that model"
    if "architecture" in reason:
        suggestion = "pip install --upgrade xllamacpp, or name another model"
    what = f"this model: {reason}" if reason else f"{orders.model_paths[0]}: {error}"
    details = {"path": orders.model_paths[0]}
    return RbeeError("model_invalid", f"llama.cpp cannot load {what}", suggestion, details)


def _until_logged(orders: WorkerOrders) -> None:
    """Waits until the log holds the reason, which llama.cpp writes in a thread of its own."""
    size, end = -1, time.monotonic() + _TELLING
    while os.path.isfile(orders.log) and time.monotonic() < end:
        before, size = size, os.path.getsize(orders.log)
        if size == before:
            return
        time.sleep(_TELLING / 20)


def _log(orders: WorkerOrders) -> list[str]:
    return tail(Path(orders.log), _LOG_LINES) if orders.log else []
