"""The engines a worker can run, behind one small interface.

`llamacpp` is llama.cpp of this year through xllamacpp, `ctransformers` is llama.cpp of 2023.
Each module has `NAME`, `facts()` and `load(...)`; nothing else in rbee imports an engine.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Sequence
from types import ModuleType
from typing import NamedTuple, Protocol

from rbee.wire.errors import RbeeError
from rbee.wire.messages.events import CallPiece, TokenLikelihood
from rbee.wire.messages.inference import InferRequest
from rbee.wire.messages.orders import WorkerOrders
from rbee.wire.messages.workers import Placed

#: What a vector is wanted of: a text, or the numbers of its tokens.
Input = str | list[int]


class Piece(NamedTuple):
    """What an engine has to tell at once; see `rbee.wire.messages.Token`."""

    text: str
    thought: str = ""
    calls: Sequence[CallPiece] = ()
    logprobs: Sequence[TokenLikelihood] = ()


class Work(NamedTuple):
    """What an engine has done for a request so far, in tokens: read of the prompt, of how many in
    all, and made of the answer."""

    read: int
    to_read: int
    made: int


class Generated(NamedTuple):
    """How a generation ended (``stop``, ``length``, ``tool_calls``), and its counts of tokens."""

    finish_reason: str
    tokens_in: int
    tokens_out: int


class Engine(Protocol):
    """A loaded model."""

    #: Tokens one request may fill, prompt and answer together.
    context: int
    #: Where the model is.
    placed: Placed

    def generate(
        self,
        request: InferRequest,
        on_piece: Callable[[Piece], None],
        cancelled: threading.Event,
        on_work: Callable[[Work], None],
    ) -> Generated:
        """Blocks while it generates, calling `on_piece` with each piece of the answer.

        `on_work` is called with each batch of the prompt and with each token, also one that has no
        text to tell yet: it is the engine's sign of life.

        Stops within one token, or one batch of the prompt, once `cancelled` is set.
        A model with a chat template is given its messages by it; see `conversation` for one
        without. Raises `invalid_request` for what the engine refuses, in its own words.
        """
        ...

    def overdue(self) -> Collection[int]:
        """The threads in which it has long been busy with a request that it has not begun to read:
        no prompt comes of its messages. Nothing but the end of this process ends that."""
        ...

    def embed(
        self,
        inputs: Sequence[Input],
        on_vector: Callable[[Sequence[float]], None],
        cancelled: threading.Event,
    ) -> int:
        """Blocks while it makes a vector of length 1 of each input, calling `on_vector` in order.

        Returns the count of tokens that it has read. Stops between two inputs once `cancelled` is
        set. Raises `invalid_request` for what does not fit.
        """
        ...


class EngineModule(Protocol):
    """What a module in this package offers.

    One whose engine reads chat templates also has ``try_template(orders) -> bool``; see `trial`.
    """

    NAME: str

    def load(self, orders: WorkerOrders, template_fault: str = "") -> Engine:
        """Loads the model of `orders`; `template_fault`: why its chat template is of no use.

        Raises `model_invalid` or `backend_unavailable`.
        """
        ...


NAMES = ("llamacpp", "ctransformers")
#: How often a thread of an engine looks for the others, which it waits for some hundred times a
#: token, before it sleeps. OpenMP's own 300,000 are a millisecond: beside another busy program,
#: threads that spin hold up those they wait for, and SmolLM2 fell from 54 to 1 token a second.
SPINS = 3000


def engine_module(name: str) -> ModuleType:
    """The module of an engine, imported now. Raises `backend_unavailable`."""
    import importlib
    import os

    # Read by the OpenMP that llama.cpp is built with, when it is loaded.
    os.environ.setdefault("GOMP_SPINCOUNT", str(SPINS))
    if name not in NAMES:
        raise RbeeError(
            "invalid_request", f"no engine is called {name}", f"engines: {', '.join(NAMES)}"
        )
    try:
        return importlib.import_module(f"{__name__}.{name}")
    except Exception as error:  # a library that it wants may be missing, or be another's
        package = "xllamacpp" if name == "llamacpp" else name
        raise RbeeError(
            "backend_unavailable",
            f"engine {name} is not installed here: {error}",
            f"pip install {package}",
        ) from None
