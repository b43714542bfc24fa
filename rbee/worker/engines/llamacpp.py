"""llama.cpp in this process, through xllamacpp: the default engine.

Facts of its API that this module is shaped by: a callback that returns something true ends the
generation, so ours returns None until it means to; a bad field comes back as a chunk with
`error`, or is raised; a bad file or chat template raises RuntimeError without a reason, which
stands on stderr, our log. A raw `grammar` holds for all that is generated, thoughts included.
"""

from __future__ import annotations

import codecs
import contextlib
import functools
import http.client
import itertools
import json
import math
import os
import re
import secrets
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import msgspec
import xllamacpp

from rbee.process.child import tail
from rbee.wire.errors import RbeeError, invalid
from rbee.wire.messages.devices import GpuBackend
from rbee.wire.messages.events import CallPiece, TokenLikelihood, Tokens
from rbee.wire.messages.inference import ChatMessage, InferRequest, Samplers, unseen
from rbee.wire.messages.orders import WorkerOrders
from rbee.wire.messages.workers import LEAST_GAIN, Ability, EngineDevice, EngineFacts, Placed
from rbee.wire.placement import CPU
from rbee.worker.engines import Caller, Engine, Generated, Input, OnVector, Piece, Remote, Work, rpc
from rbee.worker.engines.admission import Admission, most_unbegun
from rbee.worker.engines.calls import (
    CallInPieces,
    functions_for_engine,
    in_functions,
    schema_of_call,
    with_call_instruction,
)
from rbee.worker.engines.conversation import (
    asks_field,
    does_not_fit,
    marks_of_turns,
    messages_of,
    options_of,
    plain_text_of,
    stops_of,
    text_does_not_fit,
    texts_of,
    tokens_unknown,
    too_many_marks,
)
from rbee.worker.engines.drawn import Drawn
from rbee.worker.engines.hidden_socket import HiddenSocket
from rbee.worker.engines.refusals import (
    engine_failed,
    nests_too_deep,
    no_tokens,
    nothing_to_read,
    reason_of_loading,
    reason_of_projector,
    refused,
    short_of_memory,
    template_reason,
    template_unusable,
)
from rbee.worker.engines.stops import Stops
from rbee.worker.engines.thinking import (
    Marks,
    Thoughts,
    grammar_behind,
    has_channels,
    is_opened,
    marks_of,
    taught,
    wants_thoughts,
)

if TYPE_CHECKING:
    from rbee.worker.engines.scoring import Memory
    from rbee.worker.engines.vocabulary import Vocabulary

_ALL_LAYERS = 999
#: Stands for a chat template that cannot be used.
_PLAIN = "{% for message in messages %}{{ message.content }}{% endfor %}"
_HELLO = [{"role": "user", "content": "hello"}]
#: What a template is tried with, and in how large a context (tokens).
_TALK = [
    {"role": "system", "content": "Be brief."},
    *_HELLO,
    {"role": "assistant", "content": "Hello!"},
    {"role": "user", "content": "How are you?"},
]
_TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "weather",
            "description": "Tells the weather.",
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
        },
    }
]
_TRIAL_CONTEXT = 512
#: What it says of an answer that does not have the form that it expects by the chat template.
_ANOTHER_FORM = "does not match the expected"
#: What it says of a picture that it cannot decode, and of a model that is shown none.
_UNREADABLE = "Failed to load image"
_UNSEEING = "llama.cpp cannot load the model's projector: "
_NO_PROJECTOR = "this model has no projector, and is shown none"
_NO_TEMPLATE = "this model has no chat template, and is shown none"
#: How templates are told whether the model may think.
_SWITCH = "enable_thinking"
#: Where its reasons are, from the end of its log on (lines).
_LOG_LINES = 200
#: How long it takes at most to write them (seconds).
_TELLING = 1.0
#: The field that bounds a thought, in tokens, and how many more it may take to be closed.
_BUDGET, _SLACK = "thinking_budget_tokens", 16
#: How long the engine takes to render a template at most (seconds).
_RENDERING = 10.0
#: How much CPU time it may take to make a prompt of messages (seconds).
_PREPARING = 20.0
#: The path of programs that unpack media which it cannot read itself: there are none.
_NOWHERE = "/nonexistent"
#: How names of llama.cpp's devices begin, by backend.
_BACKENDS: Mapping[str, GpuBackend] = {
    "CUDA": "cuda",
    "Metal": "metal",
    "MTL": "metal",
    "ROCm": "rocm",
    "Vulkan": "vulkan",
    "SYCL": "sycl",
}
#: ``GGML_BACKEND_DEVICE_TYPE_IGPU``
_INTEGRATED = 2
#: Has the experts of some layers lie in RAM, as `--n-cpu-moe` of llama.cpp does.
_EXPERTS = r"blk\.({})\.ffn_(gate|up|down|gate_up)_(ch)?exps=CPU"
#: The poolings of models that tell how well a text answers another, and the least of a share.
_RANKS, _LEAST = ("rank", "share"), 1e-9
_POOLINGS = {
    "mean": xllamacpp.llama_pooling_type.LLAMA_POOLING_TYPE_MEAN,
    "last": xllamacpp.llama_pooling_type.LLAMA_POOLING_TYPE_LAST,
    **dict.fromkeys(_RANKS, xllamacpp.llama_pooling_type.LLAMA_POOLING_TYPE_RANK),
}
#: The fields of a request that it takes as they are.
_SAMPLING = (
    *("max_tokens", "temperature", "top_p", "top_k", "seed"),
    *("presence_penalty", "frequency_penalty", "logit_bias"),
    *Samplers.__struct_fields__,
)
#: Fields that are given to it as tokens, and what callers call them.
_AS_TOKENS = {"echo": "echo", "echo_only": "echo", "suffix": "suffix", "prompt_tokens": "prompt"}
_DRAFT = [xllamacpp.common_speculative_type.COMMON_SPECULATIVE_TYPE_DRAFT_SIMPLE]
_NO_DRAFT = [xllamacpp.common_speculative_type.COMMON_SPECULATIVE_TYPE_NONE]
#: What is written to measure what a draft gains: so many tokens, so often, for so long at most
#: (seconds), but some tokens in any case.
_TRIAL_TOKENS, _TRIALS, _MEASURING, _FEW_TOKENS = 64, 3, 8.0, 8
_HOW = [{"role": "user", "content": "How is bread made? Explain it step by step."}]
_ONCE = "Once upon a time there was a girl who lived in a house by the sea."
#: A token by its number, and more than any model has.
_NUMBER, _MOST_TOKENS = re.compile(r"-?\d{1,20}"), 2**31
#: How it says that a text does not fit into one batch.
_TOO_LARGE = re.compile(r"input \((\d+) tokens\) is (?:too large|larger)")


def backends() -> set[str]:
    """Those that it finds a device for."""
    return {"cpu", *(device.backend for device in devices())}


def devices() -> list[EngineDevice]:
    """The devices that it finds besides the processor, as it counts them.

    Those that share the memory of the processor are used where there are no others, as llama.cpp
    does it.
    """
    found = [device for each in xllamacpp.get_device_info() if (device := _device(each))]
    return [device for device in found if not device.integrated] or found


def _device(row: Mapping[str, Any]) -> EngineDevice | None:
    name = str(row["name"])
    backend = next((_BACKENDS[prefix] for prefix in _BACKENDS if name.startswith(prefix)), None)
    if backend is None:
        return None
    return EngineDevice(
        name=name,
        description=str(row["description"]),
        backend=backend,
        total_bytes=int(row["memory_total"]),
        free_bytes=int(row["memory_free"]),
        bus=str(row.get("device_id") or "").lower(),
        integrated=row.get("type") == _INTEGRATED and backend != "metal",
    )


def try_template(orders: WorkerOrders) -> bool:
    """Renders the chat template of `orders` with their `trial_model`; False: it cannot be read."""
    params = _plain_params()
    params.model.path = orders.trial_model
    params.n_ctx = _TRIAL_CONTEXT
    params.n_parallel = params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    params.n_gpu_layers = 0
    params.api_keys = [secrets.token_urlsafe(32)]
    params.chat_template = taught(orders.chat_template)
    # It always listens: here on a socket in the current folder, private to this process.
    params.hostnames = ["trial.sock"]
    try:
        server = xllamacpp.Server(params)
        _kept.append(server)
        switches = ({}, {_SWITCH: False}) if marks_of(orders.chat_template) else ({},)
        for values in switches:
            body = {"messages": _TALK, "max_tokens": 1, "chat_template_kwargs": values}
            if "tools" in orders.chat_template:
                body["tools"] = _TOOLS
            # A sound template may refuse this conversation: callers with such a one get its error.
            with contextlib.suppress(ValueError, RuntimeError):
                server.handle_chat_completions(body, lambda chunk: None)
    except RuntimeError as error:
        if "bad_alloc" in str(error):
            raise MemoryError from None
        return False
    return True


#: Servers that are not destroyed: that takes as long as a trial, and the process ends anyway.
_kept: list[Any] = []


def _plain_params() -> Any:
    """How a model is loaded, whichever it is."""
    params = xllamacpp.CommonParams()
    params.warmup = False
    params.ctx_shift = False
    params.use_jinja = True
    # Few HTTP threads: this process is the only client. The default is one for each core.
    params.n_threads_http = 2
    return params


class LlamaCpp:
    """One model with `slots` sequences batched continuously."""

    def __init__(self, orders: WorkerOrders, template_fault: str = "") -> None:
        self.context = orders.longest
        self._orders = orders
        self._chat = bool(orders.chat_template)
        self._calls = "tools" in orders.chat_template
        self._turns = marks_of_turns(orders.chat_template)
        self._marks = marks_of(orders.chat_template)
        self._wants_thoughts = wants_thoughts(orders.chat_template)
        self._own_form = has_channels(orders.chat_template)
        params = _plain_params()
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
        # xllamacpp always serves HTTP. Its socket is private to this process, and so is this key.
        self._key = secrets.token_urlsafe(32)
        params.api_keys = [self._key]
        params.ui = False
        if orders.streams:
            rpc.join(orders.streams)
        lay_out(params, orders)
        #: Why it can be shown no pictures, in words; empty: it can.
        self._unseeing = "" if orders.projector else _NO_PROJECTOR
        if orders.projector_fault:
            self._unseeing = _UNSEEING + orders.projector_fault
        elif orders.projector:
            show_pictures(params, orders)
        before = _free_memory(orders)
        #: Why the chat template cannot be used, in words; empty for one that can.
        self._unusable = template_fault
        self._server = self._loaded(params, orders)
        gain, fault = 0.0, ""
        if orders.draft_paths:
            gain, fault = self._with_draft(params, orders)
        #: Whether a draft writes ahead.
        self._drafts = gain >= LEAST_GAIN
        after = _free_memory(orders)
        by = {device: abs(free - after[device]) for device, free in before.items()}
        self.placed = Placed(
            backends=sorted(backends()),
            device_bytes=by,
            draft_gain=gain,
            draft_fault=fault,
            projector_fault=self._unseeing if orders.projector else "",
        )
        self._admission = Admission(most_unbegun(orders.slots))
        #: The threads that llama.cpp makes prompts in, with their CPU time when that began.
        self._preparing: dict[int, float] = {}
        #: Whether the template opens the thought, and whether llama.cpp knows that it does.
        self._opened, self._known = False, True
        if self._marks is not None and not self._unusable:
            self._opened, self._known = self._opens(self._marks)

    @functools.cached_property
    def _vocabulary(self) -> Vocabulary:
        from rbee.worker.engines.vocabulary import Vocabulary  # late: of what few ask for

        return Vocabulary(self._answered)

    @functools.cached_property
    def _scored(self) -> Memory:
        from rbee.worker.engines.scoring import Memory  # late, too

        return Memory(2 * self._orders.slots)

    def _loaded(self, params: Any, orders: WorkerOrders) -> Any:
        """The engine with its model; one whose chat template is of no use goes without it."""
        asked = orders.chat_template
        if asked and (orders.deadly_template or nests_too_deep(asked)):
            self._unusable = self._unusable or "llama.cpp dies of reading it"
        if self._unusable:
            params.chat_template = _PLAIN
        elif asked and (orders.template or taught(asked) != asked):
            params.chat_template = taught(asked)
        try:
            return self._serving(params)
        except RuntimeError as error:
            _until_logged(orders)
            refusal = _cannot_load(orders, error)
        if params.mmproj.path and (why := reason_of_projector(_log(orders))):
            self._unseeing = _UNSEEING + why
            params.mmproj.path = ""
            try:
                return self._serving(params)
            except RuntimeError as error:
                refusal = _cannot_load(orders, error)
        is_told = refusal.code != "model_invalid" or reason_of_loading(_log(orders))
        if not asked or self._unusable or is_told:
            raise refusal
        params.chat_template = _PLAIN
        try:
            server = self._serving(params)
        except RuntimeError:
            raise refusal from None
        self._unusable = template_reason(_log(orders)) or "llama.cpp cannot read it"
        return server

    def _with_draft(self, params: Any, orders: WorkerOrders) -> tuple[float, str]:
        """Has a draft write ahead where that is faster; what it gains, or why it is not used.

        The engine uses the draft that it was loaded with for each request, or none: so it is loaded
        with it, and, where that gains nothing, once more without.
        """
        known = orders.draft_gain
        alone = 0.0 if known else self._pace()
        if known:
            # Ended before its main loop has begun, it would wait for the end of that for ever.
            self._server.handle_completions({"prompt": _ONCE, "max_tokens": 1}, lambda chunk: None)
        self._server = None  # its memory is free before there is another one
        drafting(params, orders)
        fault = ""
        try:
            self._server = self._serving(params)
            gain = known or round(self._pace() / alone, 3)
        except (RuntimeError, ZeroDivisionError) as error:
            _until_logged(orders)
            gain, fault = (
                0.0,
                f"llama.cpp cannot load it: {reason_of_loading(_log(orders)) or error}",
            )
        if gain < LEAST_GAIN:
            self._server = None
            params.speculative.types = _NO_DRAFT
            params.speculative.draft.mparams.path = ""
            self._server = self._serving(params)
        return gain, fault

    def _pace(self) -> float:
        """How many tokens a second it writes: the best of a few short answers.

        On the processor a second is one of computing, which other programs take no part of; they
        would decide what a draft gains, and that is remembered.
        """
        on_cpu = self._orders.backend == "cpu" or self._orders.simulated
        clock = time.process_time if on_cpu else time.monotonic
        body: dict[str, Any] = {
            "max_tokens": _TRIAL_TOKENS,
            "temperature": 0,
            "ignore_eos": True,
            "stream": True,
            **({"messages": _HOW} if self._chat and not self._unusable else {"prompt": _ONCE}),
        }
        end, best = time.monotonic() + _MEASURING, 0.0
        for _ in range(_TRIALS):
            times: list[float] = []

            def on_chunk(chunk: dict[str, Any], times: list[float] = times) -> bool | None:
                times.append(clock())
                return (time.monotonic() > end and len(times) > _FEW_TOKENS) or None

            self._complete(body, on_chunk)
            if len(times) > 1 and times[-1] > times[0]:
                best = max(best, (len(times) - 1) / (times[-1] - times[0]))
            if time.monotonic() > end:
                break
        return best

    def _complete(
        self, body: dict[str, Any], on_chunk: Callable[[dict[str, Any]], bool | None]
    ) -> None:
        if "messages" in body:
            self._server.handle_chat_completions(body, on_chunk)
        else:
            self._server.handle_completions(body, on_chunk)

    def _serving(self, params: Any) -> Any:
        """The engine, which listens on a socket that nobody but this process finds."""
        self._socket = HiddenSocket()
        params.hostnames = [self._socket.path]
        server = xllamacpp.Server(params)
        self._socket.is_listened_at()
        return server

    def _opens(self, marks: Marks) -> tuple[bool, bool]:
        """Whether the chat template opens a thought before each answer, and llama.cpp knows of it.

        One of which it knows nothing it renders as if no thought were wanted.
        """
        try:
            thinking = self._rendered(_HELLO, {_SWITCH: True})
            return is_opened(thinking, marks), self._rendered(_HELLO, {}) == thinking
        except (OSError, ValueError, http.client.HTTPException):
            # the template refuses such a conversation
            return False, True

    def _rendered(self, messages: Sequence[Any], values: dict[str, Any]) -> str:
        """What the chat template makes of messages, told these values."""
        return self._rendered_as({"messages": messages, "chat_template_kwargs": values})

    def _rendered_as(self, body: dict[str, Any]) -> str:
        return str(self._ask("/apply-template", body).get("prompt", ""))

    def _ask(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """The answer of llama.cpp's own server at `path`."""
        headers = {"Authorization": f"Bearer {self._key}", "Content-Type": "application/json"}
        with contextlib.closing(self._socket.connection(_RENDERING)) as connection:
            connection.request("POST", path, json.dumps(body), headers)
            answer: dict[str, Any] = json.loads(connection.getresponse().read())
            return answer

    def _answered(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """As `_ask`. Raises `engine_failed` where it does not answer."""
        try:
            return self._ask(path, body)
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise engine_failed("llama.cpp", f"it has not answered {path}: {error}") from None

    def count_prompt(self, request: InferRequest) -> int:
        """How many tokens the prompt of a request is; 0: none can be made of it. Nothing is read
        for that, and so nothing of the context taken, which others may have promised to them."""
        if marks := too_many_marks(texts_of(request), self._turns, self.context):
            return marks
        asked = with_call_instruction(request) if request.must_call else request
        try:
            body = self._asked(asked)
            if request.pictures:
                return int(self._ask("/chat/completions/input_tokens", body)["input_tokens"])
            text = body["prompt"] if "prompt" in body else self._rendered_as(body)
            if isinstance(text, list):
                cut = [
                    self._vocabulary.ids(each, marked=False)
                    for each in text
                    if isinstance(each, str)
                ]
                return len(text) + sum(map(len, cut)) - len(cut)
            said = {"content": text, "add_special": True, "parse_special": True}
            return len(self._ask("/tokenize", said).get("tokens", ()))
        except (RbeeError, OSError, ValueError, KeyError, http.client.HTTPException):
            return 0  # `generate` raises what is wrong with it

    def tokenize(self, request: InferRequest) -> Tokens:
        """See `rbee.worker.engines.Engine`."""
        if marks := too_many_marks(texts_of(request), self._turns, self.context):
            raise does_not_fit(request, marks, self.context)
        if request.pictures:
            raise unseen(request.pictures[0].called, "has no tokens in a vocabulary")
        text = request.prompt or ""
        if request.messages is not None:
            if self._chat and self._unusable:
                raise template_unusable(self._unusable)
            body = self._asked(request)
            rendered = body if "prompt" in body else self._answered("/apply-template", body)
            if "error" in rendered:
                raise refused(request, rendered["error"])
            text = rendered["prompt"]
        tokens = self._vocabulary.tokens(text, marked=request.add_marks)
        texts = [piece.decode(errors="replace") for _, piece in tokens]
        return Tokens([number for number, _ in tokens], texts, self.context)

    def detokenize(self, ids: list[int]) -> str:
        """See `rbee.worker.engines.Engine`."""
        return self._vocabulary.text(ids)

    def generate(self, request: InferRequest, caller: Caller) -> Generated:
        """See `rbee.worker.engines.Engine`."""
        if not self._unseeing:
            _refuse_tokens(request)
        if request.echo or request.echo_only:
            request = self._echoed(request, caller)
            if request.echo_only or caller.cancelled.is_set():
                return Generated("length", len(request.prompt_tokens or ()), 0)
        if not request.must_call:
            return self._generate(request, request.json_schema, caller)
        call = CallInPieces()

        def on_piece(piece: Piece) -> None:
            part = call.take(piece.text)
            # Also where there is none: the caller sees that the call is being made.
            caller.on_piece(Piece("", piece.thought, [] if part is None else [part]))

        called = schema_of_call(request.functions)
        asked = with_call_instruction(request)
        generated = self._generate(asked, called, caller._replace(on_piece=on_piece))
        if (part := call.end()) is not None:
            caller.on_piece(Piece("", calls=[part]))
        return generated._replace(finish_reason="tool_calls") if call.is_whole else generated

    def _echoed(self, request: InferRequest, caller: Caller) -> InferRequest:
        """Tells the text that is to be gone on with; the request, with its tokens in its place."""
        from rbee.worker.engines.scoring import likelihoods, prompt_of  # late: of what few ask for

        if marks := too_many_marks(texts_of(request), self._turns, self.context):
            raise does_not_fit(request, marks, self.context)
        count = len(request.prompt_tokens or ()) or self.count_prompt(request)
        if count >= self.context:
            raise does_not_fit(request, count, self.context)
        prompt = prompt_of(self._vocabulary, request.prompt or "", request.prompt_tokens)
        read = [*prompt.before, *prompt.ids]
        if request.logprobs is None:
            caller.on_piece(
                Piece(request.prompt or b"".join(prompt.pieces).decode(errors="replace"))
            )
        else:
            decode = codecs.getincrementaldecoder("utf-8")("replace").decode
            size = len(read)
            write = functools.partial(
                self._written, request, caller, lambda n: caller.on_work(Work(n, size, 0))
            )
            scored = likelihoods(self._vocabulary, prompt, request.logprobs, write, self._scored)
            for each, piece in zip(scored, prompt.pieces, strict=False):
                caller.on_piece(Piece(decode(piece), logprobs=[each]))
                if caller.cancelled.is_set():
                    break
        return msgspec.structs.replace(
            request, prompt=None, prompt_tokens=read, raw=True, echo=False
        )

    def _written(
        self,
        request: InferRequest,
        caller: Caller,
        on_read: Callable[[int], object],
        body: dict[str, Any],
    ) -> Iterator[dict[str, Any]]:
        """Each token that is written for a body, with how likely it was. `on_read` is told how many
        parts of the prompt and tokens there are, again and again."""
        written: list[dict[str, Any]] = []
        failed: dict[str, Any] = {}

        def on_chunk(chunk: dict[str, Any]) -> bool | None:
            if "error" in chunk:
                failed.update(chunk["error"])
            for choice in chunk.get("choices", ()):
                written.extend((choice.get("logprobs") or {}).get("content", ()))
            on_read(len(body["prompt"]) + len(written))
            return caller.cancelled.is_set() or None

        asked = {"stream": True, "return_progress": True, "temperature": 0, **body}
        try:
            self._server.handle_completions(asked, on_chunk)
        except (ValueError, RuntimeError) as error:
            failed["message"] = str(error)
        if failed:
            raise refused(request, failed)
        yield from written

    def count(self, request: InferRequest) -> int:
        """See `rbee.worker.engines.Engine`. It tells how much there is to read before it reads; a
        template is rendered, and a text cut into tokens, nowhere else."""
        counted, enough = 0, threading.Event()

        def on_work(work: Work) -> None:
            nonlocal counted
            counted = work.to_read
            enough.set()

        try:
            self.generate(request, Caller(lambda piece: None, on_work, enough))
        except RbeeError as error:
            tokens = error.details.get("tokens")
            if not isinstance(tokens, int):
                raise
            return tokens  # it does not fit, and how much it is was found out
        return counted

    def overdue(self) -> Collection[int]:
        """See `rbee.worker.engines.Engine`: a template runs in the thread that asks."""
        if not hasattr(time, "pthread_getcpuclockid"):
            return ()
        return [
            thread
            for thread, begun in list(self._preparing.items())
            if time.clock_gettime(time.pthread_getcpuclockid(thread)) - begun > _PREPARING
        ]

    def embed(
        self, inputs: Sequence[Input], on_vector: OnVector, cancelled: threading.Event
    ) -> int:
        """See `rbee.worker.engines.Engine`."""
        if self._orders.pooling in _RANKS:
            raise invalid(
                "this model tells how well texts answer a query, and makes no vectors of them",
                "take a model that was made for embeddings, or ask POST /v1/rerank",
                field="model_ref",
            )
        for number, text in enumerate(inputs):
            marks = isinstance(text, str) and too_many_marks([text], self._turns, self.context)
            if marks:
                raise text_does_not_fit(number, marks, self.context)
        return self._each(inputs, self._embedded, on_vector, cancelled)

    def rank(
        self, query: str, texts: Sequence[str], on_score: OnVector, cancelled: threading.Event
    ) -> int:
        """See `rbee.worker.engines.Engine`."""
        if self._orders.pooling not in _RANKS:
            raise invalid(
                "this model was not made to tell how well texts answer a query",
                "take a model that was made for reranking",
                field="model_ref",
            )
        for number, text in enumerate(texts):
            if marks := too_many_marks([query, text], self._turns, self.context):
                raise text_does_not_fit(number, marks, self.context)
        return self._each(texts, functools.partial(self._ranked, query), on_score, cancelled)

    def _ranked(self, query: str, texts: Sequence[Input]) -> dict[str, Any]:
        answer = self._server.handle_rerank({"query": query, "documents": list(texts)})
        for each in answer.get("results", ()):
            share = each["relevance_score"]
            each["numbers"] = [_logit(share) if self._orders.pooling == "share" else share]
        return {**answer, "data": answer.get("results")}

    def _embedded(self, inputs: Sequence[Input]) -> dict[str, Any]:
        answer: dict[str, Any] = self._server.handle_embeddings({"input": list(inputs)})
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
            if len(some) > 1:  # it does not say which one
                for number, one in enumerate(some, first):
                    numbers(number, [one])
            raise self._refused_input(first, answer["error"])

        count = 0
        # As many as are worked on side by side: a call for more could not be stopped.
        for first in range(0, len(inputs), self._orders.slots):
            if cancelled.is_set():
                break
            found, read = numbers(first, inputs[first : first + self._orders.slots])
            for each in found:
                on_numbers(each)
            count += read
        return count

    def _generate(
        self, request: InferRequest, schema: dict[str, Any] | None, caller: Caller
    ) -> Generated:
        chat = self._chat and not request.raw
        if chat and self._unusable:
            raise template_unusable(self._unusable)
        if marks := too_many_marks(texts_of(request), self._turns, self.context):
            raise does_not_fit(request, marks, self.context)
        if pictures := request.pictures:
            why = self._unseeing or ("" if chat else _NO_TEMPLATE)
            if why:
                raise unseen(pictures[0].called, why)
            from rbee.worker.engines.pictures import require_sound  # late: few requests have any

            require_sound(request)
        self._require_tokens(request.logit_bias or ())
        body = self._asked(request)
        if schema is not None:
            try:
                self._hold_to(schema, request, body)
            except RbeeError as error:
                if schema is not request.json_schema:
                    raise in_functions(error) from None
                error.details.setdefault("field", "json_schema")
                raise
        if request.grammar is not None:
            from rbee.worker.engines.asked_grammar import bounded  # late: few requests have one

            self._hold_to_grammar(bounded(request.grammar), request, body)
        if request.thought_tokens and chat and request.think is not False:
            body[_BUDGET] = min(body.get(_BUDGET, request.thought_tokens), request.thought_tokens)
        stops = Stops(request.stop or ())
        plain = not chat or request.is_prefilled()
        thoughts = Thoughts(plain=True) if plain else self._thoughts(request)
        drawn = None
        if request.logprobs is not None and not request.pictures:
            # A draft writes without telling, and beside tools the engine refuses to tell.
            drawn = Drawn(silent="tools" in body or self._drafts)
            body["timings_per_token"] = True
        may_think, thought = body.get(_BUDGET), 0
        last: dict[str, Any] = {}
        work = Work(0, 0, 0)

        here = threading.get_ident()

        def on_chunk(chunk: dict[str, Any]) -> bool | None:
            nonlocal thought, work
            sign()
            self._preparing.pop(here, None)
            if caller.cancelled.is_set():
                return True
            work = _work(work, chunk)
            caller.on_work(work)
            if caller.cancelled.is_set():
                return True
            choices = chunk.get("choices")
            if not choices:
                last.update(chunk)
                return None
            choice = choices[0]
            piece = _piece(choice)
            if piece is not None and drawn is not None:
                made = int(chunk.get("timings", {}).get("predicted_n", 0))
                entries = (choice.get("logprobs") or {}).get("content", ())
                piece = piece._replace(
                    logprobs=drawn.take(piece.text + piece.thought, entries, made)
                )
            if piece is not None and (piece := thoughts.take(piece)) is not None:
                piece = piece._replace(text=stops.take(piece.text))
                if request.parallel_calls is False and any(call.index for call in piece.calls):
                    last["one"] = True  # its grammar for calls may let it make a second one
                    return True
                caller.on_piece(piece)
                last["told"] = True
                thought += bool(piece.thought)
                if may_think is not None and thought > may_think + _SLACK:
                    # over budget: it missed the end of the thought
                    return True
                if stops.met:
                    return True
            if choice["finish_reason"] is not None:
                last.update(chunk)
            elif work.made and not caller.may_go_on(work):
                last["full"] = True
                return True
            return None

        with self._admission.entered(caller.cancelled) as sign:
            if caller.cancelled.is_set():
                return Generated("stop", 0, 0)
            self._preparing[here] = time.thread_time()
            try:
                self._complete(body, on_chunk)
            except (ValueError, RuntimeError) as error:
                # Raised by chat templates, and where it cannot read the request or its calls.
                raise refused(request, {"message": str(error)}) from None
            finally:
                self._preparing.pop(here, None)
        if "error" in last:
            if _UNREADABLE in str(last["error"]) and request.pictures:
                raise self._broken(request)
            if _ANOTHER_FORM in str(last["error"]) and "told" not in last and not request.pictures:
                return self._as_it_comes(request, body, caller)
            raise refused(request, last["error"])
        if may_think is not None and thought > may_think + _SLACK and not caller.cancelled.is_set():
            self._tell_held(drawn, request, body, work, caller)
            left = request.max_tokens and max(1, request.max_tokens - thought)
            asked = msgspec.structs.replace(request, think=False, max_tokens=left)
            answered = self._generate(asked, schema, caller)
            return answered._replace(tokens_out=answered.tokens_out + thought)
        rest = thoughts.rest() or Piece("")
        rest = rest._replace(text="" if stops.met else stops.take(rest.text) + stops.rest())
        if rest.text or rest.thought:
            caller.on_piece(rest)
        self._tell_held(drawn, request, body, work, caller)
        if stops.met:
            return Generated("stop", work.to_read, work.made, stops.met)
        if "one" in last:
            return Generated("tool_calls", work.to_read, work.made)
        if "full" in last:
            return Generated("length", work.to_read, work.made)
        timings = last.get("timings", {})
        read = timings.get("prompt_n", 0) + timings.get("cache_n", 0)
        if timings and not (read or request.pictures or caller.cancelled.is_set()):
            raise nothing_to_read(request, by_template=chat)
        return Generated(
            last["choices"][0]["finish_reason"] if "choices" in last else "stop",
            read,
            timings.get("predicted_n", 0),
        )

    def _require_tokens(self, weighed: Collection[str]) -> None:
        """Raises `invalid_request` where a number is weighed that is no token; words are cut."""
        numbers = [int(each) for each in weighed if _NUMBER.fullmatch(each)]
        if not numbers:
            return
        if not 0 <= min(numbers) <= max(numbers) < _MOST_TOKENS:
            raise no_tokens("logit_bias")
        self._vocabulary.text(numbers, "logit_bias")

    def _tell_held(
        self,
        drawn: Drawn | None,
        request: InferRequest,
        body: dict[str, Any],
        work: Work,
        caller: Caller,
    ) -> None:
        """Tells how likely the tokens of an answer were of which that was not known before."""
        if drawn is None or not drawn.holds or caller.cancelled.is_set():
            return
        prompt = body["prompt"] if "prompt" in body else self._rendered_as(body)
        steps = itertools.count(work.made + 1)

        def on_read(parts: int) -> None:
            caller.on_work(work._replace(made=next(steps)))

        write = functools.partial(self._written, request, caller, on_read)
        before = prompt if isinstance(prompt, list) else [prompt]
        for each in drawn.rest(self._vocabulary, before, request.logprobs or 0, write):
            if caller.cancelled.is_set():
                return
            caller.on_piece(Piece("", logprobs=[each]))

    def _broken(self, request: InferRequest) -> RbeeError:
        """The refusal of the pictures of a request: it does not say which one it cannot read."""
        from rbee.worker.engines.pictures import broken, content_of

        for picture in request.pictures:
            alone = ChatMessage(role="user", content="", pictures=[picture])
            messages = [{"role": "user", "content": content_of(alone)}]
            answer = self._ask("/chat/completions/input_tokens", {"messages": messages})
            if _UNREADABLE in str(answer.get("error", "")):
                return broken(picture)
        return broken(request.pictures[0])

    def _as_it_comes(
        self, request: InferRequest, body: dict[str, Any], caller: Caller
    ) -> Generated:
        """The answer of a model that does not keep to the form that its chat template has."""
        text = self._rendered(body["messages"], body.get("chat_template_kwargs", {}))
        asked = msgspec.structs.replace(
            request, messages=None, prompt=text, raw=True, functions=[], json_schema=None
        )
        return self._generate(asked, None, caller)

    def _thoughts(self, request: InferRequest) -> Thoughts:
        """What finds the thoughts that llama.cpp does not tell by itself."""
        if self._known or request.think is False:
            return Thoughts(closed=self._marks is not None and request.think is False)
        return Thoughts(self._marks, opened=self._opened)

    def _hold_to(self, schema: dict[str, Any], request: InferRequest, body: dict[str, Any]) -> None:
        """Adds what holds the answer to a schema, behind the thought where there may be one."""
        # late: of what few ask for
        from rbee.worker.engines.engine_schemas import check_cost, engine_schema
        from rbee.worker.engines.json_grammar import grammar_of, text_grammar_of

        chat = "messages" in body
        if request.is_prefilled() and not chat:
            raise invalid(
                "this model has no chat template, and no form for an answer that was begun",
                "end with the user's message, or ask for no form",
                field=asks_field(request),
            )
        # Its own grammar takes into account what of the answer has been written already.
        if chat and (self._own_form or "tools" in body or request.is_prefilled()):
            if request.unquoted:
                raise invalid(
                    "an answer of given texts goes with no tools, none that was begun, and with "
                    "no model that has a form of its own",
                    "ask for a JSON schema, or for less",
                    field="json_schema",
                )
            # It makes a grammar of its own, and takes no other.
            check_cost(schema, "$")
            body["json_schema"] = engine_schema(schema, "$", strict=True)
            return
        grammar = text_grammar_of(schema) if request.unquoted else grammar_of(schema)
        self._hold_to_grammar(grammar, request, body)

    def _hold_to_grammar(self, grammar: str, request: InferRequest, body: dict[str, Any]) -> None:
        """Adds what holds the answer to a grammar, behind the thought where there may be one."""
        chat = "messages" in body
        thinks = request.think is not False
        if chat and self._own_form:
            raise invalid(
                "a grammar goes with no model whose answers have a form of their own",
                "ask for a JSON schema, or another model",
                field="grammar",
            )
        if chat and self._marks is not None and thinks:
            grammar = grammar_behind(grammar, self._marks, opened=self._opened)
            # A thought gets half of the budget, so that the demanded form still fits behind it.
            body[_BUDGET] = max(1, (request.max_tokens or self.context) // 2)
        body["grammar"] = grammar

    def _asked(self, request: InferRequest) -> dict[str, Any]:
        """The request in the engine's own form."""
        chat = self._chat and not request.raw
        body: dict[str, Any] = {
            "stream": True,
            "return_progress": True,
            "cache_prompt": request.cache_prompt is not False,
            **_sampling(request, chat),
        }
        # The request's stop texts are found by us, as it does not say which one it met.
        if ends := stops_of(request, tuned_to_chat=self._chat)[len(request.stop or ()) :]:
            body["stop"] = ends
        if request.functions:
            if not (chat and self._calls):
                raise invalid(
                    "this model was not taught when to call functions",
                    "demand a call (tool_choice `required`, or a function's name), send no tools, "
                    "or take a model whose chat template knows tools",
                    field="functions",
                )
            body["tools"] = [
                {"type": "function", "function": each}
                for each in functions_for_engine(request.functions)
            ]
            if request.parallel_calls is not None:
                body["parallel_tool_calls"] = request.parallel_calls
        if chat:
            body["messages"] = messages_of(request, with_thoughts=self._wants_thoughts)
            values = dict(request.template_values)
            if request.think is not None or not self._known:
                values[_SWITCH] = request.think is not False
            if values:
                body["chat_template_kwargs"] = values
        else:
            body["prompt"] = request.prompt_tokens or plain_text_of(request)
            if request.suffix is not None:
                from rbee.worker.engines.vocabulary import holed  # late: few ask for it

                body["prompt"] = holed(self._vocabulary, request)
        return body

    def _refused_input(self, number: int, error: dict[str, Any]) -> RbeeError:
        message = str(error.get("message", error))
        too_large = _TOO_LARGE.search(message)
        if error.get("type") == "exceed_context_size_error":
            return text_does_not_fit(number, error["n_prompt_tokens"], error["n_ctx"])
        if too_large:
            return text_does_not_fit(
                number, int(too_large[1]), min(self._orders.batch, self.context)
            )
        if "invalid tokens" in message:
            return tokens_unknown(number)
        if int(error.get("code", 400)) >= 500:
            return engine_failed("llama.cpp", message)
        return invalid(f"llama.cpp refuses: {message}", "", field="inputs")


def _logit(share: float) -> float:
    """The number of which a share is the logistic function, as far as numbers go."""
    bounded = min(max(share, _LEAST), 1 - _LEAST)
    return math.log(bounded / (1 - bounded))


def _refuse_tokens(request: InferRequest) -> None:
    """Raises `invalid_request` for what goes in as tokens: beside a projector llama.cpp takes texts
    alone."""
    for field, called in _AS_TOKENS.items():
        if getattr(request, field):
            raise invalid(
                f"`{called}` cannot be had beside a projector: llama.cpp takes texts alone then",
                "send the text itself, or take a repository of the model without a projector",
                field=called,
            )


def _work(before: Work, chunk: dict[str, Any]) -> Work:
    """What is done by this chunk: a batch of the prompt is read, or a token is made."""
    progress = chunk.get("prompt_progress")
    if progress is not None:
        return Work(progress["processed"], progress["total"], before.made)
    # A chunk with the role alone comes before the first token, and is no token.
    speaks = any("role" in choice.get("delta", ()) for choice in chunk.get("choices", ()))
    return before._replace(read=before.to_read, made=before.made + (not speaks))


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
    given = options_of(request, _SAMPLING)
    if request.logprobs is not None and not (chat and request.functions):
        count = max(request.logprobs, 1)  # it tells nothing of a token for 0 alternatives
        given.update({"logprobs": True, "top_logprobs": count} if chat else {"logprobs": count})
    return given


def _cannot_load(orders: WorkerOrders, error: Exception) -> RbeeError:
    """The error raises without a reason; where there is one, it is in the log."""
    if short_of_memory([*_log(orders), str(error)]):
        on_cpu = orders.backend == "cpu" or orders.simulated
        return RbeeError(
            "insufficient_ram" if on_cpu else "insufficient_vram",
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


def lay_out(params: Any, orders: WorkerOrders) -> None:
    """Has the engine lay the model on the devices of the orders, so many layers on each."""
    parts, gpus = orders.placement.parts, _gpus_of(orders)
    if orders.placement.others:
        _lay_out_over_machines(params, orders)
        return
    if orders.backend == "cpu" or orders.simulated:
        params.n_gpu_layers = 0
        return
    params.fit_params = False  # by its own reckoning it would lay them elsewhere
    layers = {gpus[part.device]: part.layers for part in parts if part.device in gpus}
    params.n_gpu_layers = sum(layers.values()) if len(parts) > 1 else _ALL_LAYERS
    if aside := sum(part.layers for part in parts if part.experts):
        numbers = "|".join(map(str, range(aside)))
        params.tensor_buft_overrides = _EXPERTS.format(numbers)
    if len(layers) == 1:
        params.split_mode = xllamacpp.llama_split_mode.LLAMA_SPLIT_MODE_NONE
        (params.main_gpu,) = layers
    else:
        params.split_mode = xllamacpp.llama_split_mode.LLAMA_SPLIT_MODE_LAYER
        shares = range(len(params.tensor_split))
        params.tensor_split = [float(layers.get(number, 0)) for number in shares]


def show_pictures(params: Any, orders: WorkerOrders) -> None:
    """Has the engine load the projector: on the one GPU that has the model, else in RAM."""
    params.mmproj.path = orders.projector
    params.video_ffmpeg_bin_dir = _NOWHERE
    on_gpu = orders.backend != "cpu" and not orders.simulated
    gpus = [part.device for part in orders.placement.parts]
    params.mmproj_use_gpu = on_gpu and len(gpus) == 1
    if params.mmproj_use_gpu:
        (place,) = _gpus_of(orders).values()
        params.mmproj_device = devices()[place].name


def drafting(params: Any, orders: WorkerOrders) -> None:
    """Has the engine load a draft: on the one device that has the model."""
    draft = params.speculative.draft
    draft.mparams.path = orders.draft_paths[0]
    params.speculative.types = _DRAFT
    for threads in (draft.cpuparams, draft.cpuparams_batch):
        threads.n_threads = orders.threads
    if orders.backend == "cpu" or orders.simulated:
        draft.n_gpu_layers = 0
        return
    (place,) = _gpus_of(orders).values()
    draft.n_gpu_layers = _ALL_LAYERS
    draft.devices = devices()[place].name


def _lay_out_over_machines(params: Any, orders: WorkerOrders) -> None:
    """The devices of other machines stand before those of this one, in the order of the streams."""
    placement = orders.placement
    shares = [part.layers for parts in placement.others.values() for part in parts]
    if orders.backend != "cpu" and not orders.simulated:
        on = {
            _gpus_of(orders)[part.device]: part.layers
            for part in placement.own
            if part.device != CPU
        }
        shares += [on.get(number, 0) for number in range(max(on, default=-1) + 1)]
    params.fit_params = False
    params.n_gpu_layers = sum(shares)
    params.split_mode = xllamacpp.llama_split_mode.LLAMA_SPLIT_MODE_LAYER
    unused = len(params.tensor_split) - len(shares)
    params.tensor_split = [*map(float, shares), *[0.0] * unused]


def _gpus_of(orders: WorkerOrders) -> dict[str, int]:
    """The GPUs of the orders, and their places among those that the engine lists."""
    gpus = [part.device for part in orders.placement.own if part.device.startswith("gpu")]
    places = orders.engine_places
    return {each: places.get(each, int(each.removeprefix("gpu"))) for each in gpus}


def _free_memory(orders: WorkerOrders) -> dict[str, int]:
    """The bytes that are free on each GPU of the orders that the engine finds."""
    found = devices()
    return {
        device: found[number].free_bytes
        for device, number in _gpus_of(orders).items()
        if number < len(found) and found[number].backend == orders.backend
    }


ENGINE = Engine(
    EngineFacts(
        engine="llamacpp",
        can=get_args(Ability),
        splits=True,
        shares=True,
        install={
            "cpu": "pip install xllamacpp",
            "cuda": "pip install --force-reinstall xllamacpp --index-url "
            "https://xorbitsai.github.io/xllamacpp/whl/cu128",
            "metal": "pip install --force-reinstall xllamacpp (its macOS wheel has Metal)",
            "rocm": "pip install --force-reinstall xllamacpp --index-url "
            "https://xorbitsai.github.io/xllamacpp/whl/rocm-7.2.4 (or rocm-6.4.1)",
            "vulkan": "pip install --force-reinstall xllamacpp --index-url "
            "https://xorbitsai.github.io/xllamacpp/whl/vulkan",
            "sycl": "pip install --force-reinstall xllamacpp --index-url "
            "https://xorbitsai.github.io/xllamacpp/whl/vulkan (there is no wheel with SYCL)",
            "rpc": rpc.BUILD,
        },
    ),
    title="llama.cpp",
    version=lambda: str(xllamacpp.__version__),
    backends=backends,
    devices=devices,
    load=LlamaCpp,
    try_template=try_template,
    count_prompt=LlamaCpp.count_prompt,
    remote=Remote(rpc.protocol, rpc.why_not, rpc.load, rpc.serve),
    tokenize=LlamaCpp.tokenize,
    detokenize=LlamaCpp.detokenize,
    rank=LlamaCpp.rank,
)
