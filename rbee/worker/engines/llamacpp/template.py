"""The chat template of a model: what it knows, and whether llama.cpp can use it."""

from __future__ import annotations

import contextlib
import secrets
from typing import Any

import xllamacpp

from rbee.wire.messages.inference import InferRequest
from rbee.wire.messages.orders import WorkerOrders
from rbee.worker.engines.conversation import marks_of_turns
from rbee.worker.engines.llamacpp.server import UNANSWERED, LlamaServer, plain_params
from rbee.worker.engines.thinking import (
    Marks,
    Thoughts,
    has_channels,
    is_opened,
    marks_of,
    taught,
    wants_thoughts,
)

#: Stands for a chat template that cannot be used.
PLAIN = "{% for message in messages %}{{ message.content }}{% endfor %}"
#: How templates are told whether the model may think.
SWITCH = "enable_thinking"
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
#: Servers that are not destroyed: that takes as long as a trial, and the process ends anyway.
_kept: list[Any] = []


class ChatTemplate:
    """What is known of a model's chat template; a model that was not tuned to chat has none."""

    def __init__(self, text: str, fault: str = "") -> None:
        """`fault` says why it is of no use, where that is known."""
        self.is_there = bool(text)
        self.knows_tools = "tools" in text
        #: Whether it does something with the thoughts of earlier answers.
        self.wants_thoughts = wants_thoughts(text)
        #: Whether answers have a form of their own, which no grammar of ours fits.
        self.has_own_form = has_channels(text)
        self.marks_of_turns = marks_of_turns(text)
        #: What opens and closes a thought; None: it knows of none.
        self.marks_of_thoughts: Marks | None = marks_of(text)
        #: Why it cannot be used, in words; empty: it can.
        self.unusable = fault
        #: Whether it opens a thought before each answer, and whether llama.cpp knows that it does.
        self.opens_thought, self.is_understood = False, True

    def try_thoughts(self, server: LlamaServer) -> None:
        """Finds out whether it opens thoughts. One of which llama.cpp knows nothing it renders as
        if no thought were wanted."""
        if self.marks_of_thoughts is None or self.unusable:
            return
        # A template that refuses such a conversation opens none, as far as is known.
        with contextlib.suppress(*UNANSWERED):
            thinking = server.rendered({"messages": _HELLO, "chat_template_kwargs": {SWITCH: True}})
            plain = server.rendered({"messages": _HELLO, "chat_template_kwargs": {}})
            self.opens_thought = is_opened(thinking, self.marks_of_thoughts)
            self.is_understood = plain == thinking

    def thoughts(self, request: InferRequest) -> Thoughts:
        """What finds the thoughts in the answer to messages that llama.cpp does not tell itself."""
        if self.is_understood or request.think is False:
            is_closed = self.marks_of_thoughts is not None and request.think is False
            return Thoughts(closed=is_closed)
        return Thoughts(self.marks_of_thoughts, opened=self.opens_thought)


def try_template(orders: WorkerOrders) -> bool:
    """Renders the chat template of `orders` with their `trial_model`; False: it cannot be read."""
    params = plain_params()
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
        switches = ({}, {SWITCH: False}) if marks_of(orders.chat_template) else ({},)
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
