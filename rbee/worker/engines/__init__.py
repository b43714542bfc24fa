"""The engines a worker can run, behind one small interface.

`llamacpp` is llama.cpp of this year through xllamacpp, `ctransformers` is llama.cpp of 2023. Each
is one record, an `Engine`, which its package registers; nothing else in rbee imports an engine.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from importlib.metadata import EntryPoint
from typing import Any, NamedTuple, Protocol

import msgspec

from rbee.process.registered import ENGINES, find, registered
from rbee.wire.errors import RbeeError, invalid, nearest
from rbee.wire.messages.events import CallPiece, TokenLikelihood, Tokens
from rbee.wire.messages.inference import InferRequest, Samplers, unseen
from rbee.wire.messages.orders import WorkerOrders
from rbee.wire.messages.sides import SideOrders
from rbee.wire.messages.workers import Ability, EngineDevice, EngineFacts, Placed

#: What a vector is wanted of: a text, or the numbers of its tokens.
Input = str | list[int]
#: Who takes the vectors as they come.
OnVector = Callable[[Sequence[float]], None]
#: Tells how well each text answers a query, as a vector of one number, from whose logistic function
#: shares of 1 come; the count of tokens read.
Rank = Callable[[Any, str, Sequence[str], OnVector, threading.Event], int]


class Piece(NamedTuple):
    """What an engine has to tell at once; see `rbee.wire.messages.events.Token`."""

    text: str
    thought: str = ""
    calls: Sequence[CallPiece] = ()
    logprobs: Sequence[TokenLikelihood] = ()

    @classmethod
    def joined(cls, pieces: Sequence[Piece]) -> Piece:
        """All that these tell, in one."""
        return cls(
            "".join(piece.text for piece in pieces),
            "".join(piece.thought for piece in pieces),
            [call for piece in pieces for call in piece.calls],
            [one for piece in pieces for one in piece.logprobs],
        )


class Work(NamedTuple):
    """What an engine has done for a request so far, in tokens: read of the prompt, of how many in
    all, and made of the answer."""

    read: int
    to_read: int
    made: int


class Generated(NamedTuple):
    """How a generation ended (``stop``, ``length``, ``tool_calls``), its counts of tokens, and the
    text of `stop` that ended it."""

    finish_reason: str
    tokens_in: int
    tokens_out: int
    stopped_by: str = ""


class Caller(NamedTuple):
    """Who has asked for an answer.

    `on_piece` is called with each piece of it; `on_work` with each batch of the prompt and with
    each token, also one that has no text to tell yet: it is the engine's sign of life. `cancelled`
    is set once nobody wants the answer any more. An engine whose slots share a context asks
    `may_go_on` with each token, which ends the answer as if that were full. `on_hold` is told when
    the engine lets others read before this prompt, and when it goes on.
    """

    on_piece: Callable[[Piece], None]
    on_work: Callable[[Work], None]
    cancelled: threading.Event
    may_go_on: Callable[[Work], bool] = lambda work: True
    on_hold: Callable[[bool], object] = lambda is_held: None


class LoadedModel(Protocol):
    """A model that an engine has loaded."""

    #: Tokens one request may fill, prompt and answer together; where slots share a context, as far
    #: as others leave it.
    context: int
    #: Where the model is.
    placed: Placed

    def generate(self, request: InferRequest, caller: Caller) -> Generated:
        """Blocks while it generates. Stops within one token, or one batch of the prompt, once
        nobody wants the answer any more.

        A model with a chat template is given its messages by it; see `conversation` for one
        without. Raises `invalid_request` for what the engine refuses, in its own words.
        """

    def count(self, request: InferRequest) -> int:
        """How many tokens it would read for a request. Raises `invalid_request` for messages that
        its chat template refuses."""

    def overdue(self) -> Collection[int]:
        """The threads in which it has long been busy with a request that it has not begun to read:
        no prompt comes of its messages. Nothing but the end of this process ends that."""

    def embed(
        self, inputs: Sequence[Input], on_vector: OnVector, cancelled: threading.Event
    ) -> int:
        """Blocks while it makes a vector of length 1 of each input, calling `on_vector` in order.

        Returns the count of tokens that it has read. Stops between two inputs once `cancelled` is
        set. Raises `invalid_request` for what does not fit.
        """


class Remote(NamedTuple):
    """How an engine computes for a model that lies on several machines.

    `protocol` is the version of what it speaks, empty where it cannot; `why_not` tells why, in
    words. `load` loads what it does so with, and raises `backend_unavailable`; `serve` computes on
    devices of this process until the other end of a stream has gone.
    """

    protocol: Callable[[], str]
    why_not: Callable[[], str]
    load: Callable[[], object]
    serve: Callable[[SideOrders], None]


class Engine(NamedTuple):
    """What runs models. One is all that rbee knows of an engine; a package that has another names
    its own under `rbee.process.registered.ENGINES`.

    `about` says what holds on every machine; `version` and `backends` ask the library itself,
    `backends` for those of which it finds a device on this one, and `devices` for these devices,
    but the processor. Its errors call it `title`.
    `load` loads the model of its orders; its second argument says why the model's chat template is
    of no use, empty for one that is. It raises `model_invalid` or `backend_unavailable`. An engine
    that reads chat templates, which may be anybody's, tries one in a process that may die of it:
    False says that it cannot read it. `count_prompt` is for one whose slots share a context: it
    tells how many tokens the prompt of a request is, 0 where that is refused, and blocks meanwhile.
    `remote`: it can compute over several machines. Those of an engine that can do so: `tokenize`
    tells the tokens of what a request asks, `detokenize` the text of some, and `rank` how well each
    text answers a query, as `LoadedModel.embed` does with vectors; all raise `invalid_request`.
    """

    about: EngineFacts
    title: str
    version: Callable[[], str]
    backends: Callable[[], Collection[str]]
    load: Callable[[WorkerOrders, str], LoadedModel]
    try_template: Callable[[WorkerOrders], bool] | None = None
    count_prompt: Callable[[Any, InferRequest], int] | None = None
    remote: Remote | None = None
    tokenize: Callable[[Any, InferRequest], Tokens] | None = None
    detokenize: Callable[[Any, list[int]], str] | None = None
    rank: Rank | None = None
    devices: Callable[[], Sequence[EngineDevice]] = tuple

    @property
    def name(self) -> str:
        """What it is called where it is asked for."""
        return self.about.engine

    def facts(self) -> EngineFacts:
        """What its hive has to know of it. Raises `backend_unavailable`."""
        try:
            version, backends = self.version(), sorted(self.backends())
            devices = self.devices()
        except Exception as error:  # any exception of a library, or of a driver
            raise RbeeError(
                "backend_unavailable",
                f"engine {self.name} does not work here: {error}",
                next(iter(self.about.install.values()), ""),
            ) from None
        facts = msgspec.structs.replace(self.about, version=version, backends=backends)
        facts.devices = devices
        if self.remote is not None:
            facts.rpc, facts.no_rpc = self.remote.protocol(), self.remote.why_not()
        return facts


#: Fields of a request, and the ability of an engine that each needs.
_WANTED: Mapping[str, Ability] = {
    "messages": "chat",
    "json_schema": "json_schema",
    "grammar": "grammar",
    "functions": "tools",
    "think": "thinking",
    "thought_tokens": "thinking",
    "logprobs": "logprobs",
    "logit_bias": "logit_bias",
    "presence_penalty": "penalties",
    "frequency_penalty": "penalties",
    "count_only": "counts",
    "tokens_only": "tokens",
    "prompt_tokens": "tokens",
    "suffix": "suffix",
    "echo": "echo",
    "echo_only": "echo",
    **dict.fromkeys(Samplers.__struct_fields__, "samplers"),
}
#: How often a thread of an engine looks for the others, which it waits for some hundred times a
#: token, before it sleeps. OpenMP's own 300,000 are a millisecond: beside another busy program,
#: threads that spin hold up those they wait for, and SmolLM2 wrote 2 tokens a second instead of 14.
#: With 3,000 it wrote 19 there, and 7 % less than with 300,000 where nothing else was busy; with
#: 10,000 as much as with those.
SPINS = 10_000


def engine_called(name: str) -> Engine:
    """The engine of this name, its library imported now. Raises `backend_unavailable`."""
    # Read by the OpenMP that llama.cpp is built with, when it is loaded.
    os.environ.setdefault("GOMP_SPINCOUNT", str(SPINS))
    found = find(ENGINES, name)
    if found is None:
        known = registered(ENGINES)
        meant = nearest(name, known)
        raise RbeeError(
            "backend_unavailable",
            f"no engine is called {name} on this machine",
            f"--engine {meant}" if meant else f"engines: {', '.join(sorted(known))}",
        )
    try:
        engine: Engine = found.load()
    # any exception: it may lack a library, or find one that does not fit
    except Exception as error:
        wants = (isinstance(error, ImportError) and error.name) or name
        raise RbeeError(
            "backend_unavailable",
            f"engine {name} is not installed here: {error}",
            f"pip install {' '.join(_needs(found, name)) or wants.partition('.')[0]}",
        ) from None
    return engine


def _needs(found: EntryPoint, name: str) -> list[str]:
    """What an engine of this name needs: its package has an extra that is called like it."""
    requires = (found.dist.requires if found.dist is not None else None) or ()
    extra = re.compile(rf"""([\w.-]+)[^;]*;.*\bextra == ['"]{re.escape(name)}['"]""")
    return [match[1] for each in requires if (match := extra.match(each))]


def refuse_unsupported(engine: EngineFacts, request: InferRequest) -> None:
    """Raises `invalid_request`, by the name of its field, for what an engine has nothing for."""
    wanted = _WANTED
    if request.inputs is not None:
        wanted = {"inputs": "vectors"} if request.query is None else {"query": "ranks"}
    if request.is_prefilled() and "prefill" not in engine.can:
        raise invalid(
            f"engine {engine.engine} does not go on with words of the model's own",
            "end with the user's, or run the model with another engine (--engine)",
            field="messages",
        )
    if "pictures" not in engine.can and (pictures := request.pictures):
        raise unseen(pictures[0].called, f"engine {engine.engine} is shown none")
    for field, ability in wanted.items():
        value = getattr(request, field)
        if ability not in engine.can and value is not None and value is not False and value != []:
            raise invalid(
                f"engine {engine.engine} does not know `{field}`",
                "leave it out, or run the model with another engine (--engine)",
                field=field,
            )


def leaves_tools_out(engine: EngineFacts, orders: WorkerOrders, request: InferRequest) -> bool:
    """Whether a request is answered without the tools that it may call: the model of these orders
    was not taught to, or the engine has nothing for them. A call that is demanded is none of that.
    """
    knows = "tools" in engine.can and "tools" in orders.chat_template
    asks = bool(request.functions) and not request.must_call
    return asks and not knows and not orders.settings.refuse_unknown_tools
