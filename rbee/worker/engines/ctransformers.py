"""llama.cpp of September 2023, through ctransformers: the second engine.

It knows LLaMA and other old architectures with SentencePiece vocabularies, one request at a
time. Chat templates and stop texts are not its business, so they are handled here.
"""

from __future__ import annotations

import codecs
import math
import os
import threading
import time
from collections.abc import Collection, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, get_args

import ctransformers
from jinja2 import TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from rbee.wire.errors import RbeeError
from rbee.wire.messages.devices import GpuBackend
from rbee.wire.messages.inference import InferRequest
from rbee.wire.messages.orders import WorkerOrders
from rbee.wire.messages.workers import EngineFacts, Placed
from rbee.worker.engines import Caller, Engine, Generated, Input, OnVector, Piece, Work
from rbee.worker.engines.conversation import (
    does_not_fit,
    messages_of,
    options_of,
    plain_text_of,
    stops_of,
    text_does_not_fit,
    tokens_unknown,
)
from rbee.worker.engines.refusals import nests_too_deep, template_refuses, template_unusable
from rbee.worker.engines.stops import Stops
from rbee.worker.engines.thinking import (
    Thoughts,
    is_opened,
    marks_of,
    taught,
    wants_thoughts,
)

#: Tokens of a prompt that are read before anything is told of it: a multiple of the engine's batch.
_BATCH = 64


class CTransformers:
    """One model, one request at a time."""

    def __init__(self, orders: WorkerOrders, template_fault: str = "") -> None:
        """The library reads no template, so that no fault of one is of use to know."""
        self.context = orders.context
        self.placed = Placed(backends=["cpu"])
        self._tuned_to_chat = bool(orders.chat_template)
        #: Why the chat template cannot be used, in words; empty for one that can.
        self._unusable = ""
        self._template: Any = None
        try:
            self._template = _compiled(orders.chat_template)
        except Exception as error:
            self._unusable = str(error) or type(error).__name__
        self._marks = marks_of(orders.chat_template)
        self._wants_thoughts = wants_thoughts(orders.chat_template)
        config = ctransformers.Config(
            context_length=orders.context, threads=orders.threads, gpu_layers=0
        )
        try:
            self._model = ctransformers.LLM(
                orders.model_paths[0], model_type="llama", config=config, lib=_library()
            )
        except (RuntimeError, ValueError, OSError) as error:
            raise RbeeError(
                "model_invalid",
                f"ctransformers cannot load {orders.model_paths[0]}: {error}",
                "it runs LLaMA models of 2023; use --engine llamacpp for newer ones",
                {"path": orders.model_paths[0]},
            ) from None

    def generate(self, request: InferRequest, caller: Caller) -> Generated:
        """See `rbee.worker.engines.Engine`."""
        chat = self._tuned_to_chat and not request.raw
        text = self._text(request, chat)
        tokens = self._model.tokenize(text)
        context = min(self.context, request.context or self.context)
        room = context - len(tokens)
        if room < 1:
            raise does_not_fit(request, len(tokens), context)
        limit = min(request.max_tokens or room, room)
        opened = chat and self._marks is not None and is_opened(text, self._marks)
        thoughts = Thoughts(self._marks, opened=opened, plain=not chat)

        def tell(text: str) -> None:
            if text and (piece := thoughts.take(Piece(text))) is not None:
                caller.on_piece(piece)

        stops = Stops(stops_of(request, tuned_to_chat=self._tuned_to_chat))
        finish_reason, count = "stop", 0
        self._read(tokens, caller)
        if caller.cancelled.is_set():
            return Generated(finish_reason, len(tokens), count)
        decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        for token in self._model.generate(tokens, **_sampling(request)):
            count += 1
            caller.on_work(Work(len(tokens), len(tokens), count))
            tell(stops.take(decode(self._model.detokenize([token], decode=False))))
            if caller.cancelled.is_set() or stops.met:
                break
            if count >= limit:
                finish_reason = "length"
                break
        tell(stops.rest())
        if (rest := thoughts.rest()) is not None:
            caller.on_piece(rest)
        stopped_by = stops.met if stops.met in (request.stop or ()) else ""
        return Generated(finish_reason, len(tokens), count, stopped_by)

    def count(self, request: InferRequest) -> int:
        """See `rbee.worker.engines.Engine`."""
        chat = self._tuned_to_chat and not request.raw
        return len(self._model.tokenize(self._text(request, chat)))

    def _read(self, tokens: Sequence[int], caller: Caller) -> None:
        """Reads all but the end of a prompt; what was read is not read again by `generate`."""
        rest = self._model.prepare_inputs_for_generation(tokens, reset=True)
        known = len(tokens) - len(rest)
        for first in range(0, len(rest) - _BATCH, _BATCH):
            if caller.cancelled.is_set():
                return
            caller.on_work(Work(known + first, len(tokens), 0))
            self._model.eval(rest[first : first + _BATCH])

    def overdue(self) -> Collection[int]:
        """None: it renders no template."""
        return ()

    def embed(
        self, inputs: Sequence[Input], on_vector: OnVector, cancelled: threading.Event
    ) -> int:
        """See `rbee.worker.engines.Engine`. A vector is that of the last token."""
        count = 0
        for number, each in enumerate(inputs):
            if cancelled.is_set():
                break
            tokens = self._model.tokenize(each) if isinstance(each, str) else each
            if len(tokens) > self.context:  # it would write past its end
                raise text_does_not_fit(number, len(tokens), self.context)
            if max(tokens) >= self._model.vocab_size:
                raise tokens_unknown(number)
            vector = self._model.embed(tokens)
            length = math.hypot(*vector)
            on_vector([one / length for one in vector])
            count += len(tokens)
        return count

    def _text(self, request: InferRequest, chat: bool) -> str:
        if not chat:
            return plain_text_of(request)
        if self._unusable:
            raise template_unusable(self._unusable)
        values = dict(request.template_values)
        if request.think is not None:
            values["enable_thinking"] = request.think
        try:
            text: str = self._template.render(
                **values,
                messages=messages_of(request, with_thoughts=self._wants_thoughts),
                add_generation_prompt=True,
                bos_token="",
                eos_token="</s>",
            )
        except Exception as error:  # a template is a program, and may fail in any way
            raise template_refuses(request, error) from None
        return text


def _sampling(request: InferRequest) -> dict[str, Any]:
    given = options_of(request, ("temperature", "top_p", "top_k", "seed"))
    if given.get("temperature") == 0:
        del given["temperature"]  # its sampler divides by it
        given["top_k"] = 1
    return given


def _compiled(template: str) -> Any:
    if not template:
        return None
    if nests_too_deep(template):
        raise TemplateError("it nests too deep")
    environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
    environment.globals["raise_exception"] = _refuse
    environment.globals["strftime_now"] = time.strftime
    return environment.from_string(taught(template))


def _refuse(why: str) -> None:
    """`raise_exception` of chat templates, for conversations that they do not take."""
    raise TemplateError(why)


def _library() -> str | None:
    """``avx2`` or ``avx`` where the kernel says so at once; else the library finds out (1.1 s)."""
    cpuinfo = Path("/proc/cpuinfo")
    if not cpuinfo.exists() or os.uname().machine != "x86_64":
        return None
    flags = next((line for line in cpuinfo.read_text().splitlines() if "flags" in line), "")
    return "avx2" if " avx2" in flags else "avx" if " avx" in flags else "basic"


ENGINE = Engine(
    EngineFacts(
        engine="ctransformers",
        can=("chat", "vectors", "thinking", "counts"),
        install={
            "cpu": "pip install ctransformers",
            **dict.fromkeys(get_args(GpuBackend), "take engine llamacpp for a GPU"),
        },
        slots=1,
        threads=1,  # of 2023: with two threads its speed collapses after a pause
    ),
    title="ctransformers",
    version=lambda: version("ctransformers"),
    backends=lambda: ["cpu"],  # its wheel runs there alone
    load=CTransformers,
)
