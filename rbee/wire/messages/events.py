"""The data of the events of a stream, besides narration and errors."""

import struct
from typing import Literal

import msgspec

from rbee.wire.messages.basics import Request
from rbee.wire.routes import NONE, Events, Route


class Progress(msgspec.Struct, omit_defaults=True):
    """`progress`: `what` is download, load or prompt.

    `done` and `total` are bytes and `rate` bytes/s, or of a prompt tokens and tokens/s.
    """

    what: str
    done: int
    total: int
    rate: float = 0.0


class Likelihood(msgspec.Struct, kw_only=True):
    """How likely a token was (natural logarithm; None for one that stands behind nothing); `bytes`
    are those of its text."""

    token: str
    logprob: float | None
    bytes: list[int] | None = None


class TokenLikelihood(Likelihood, kw_only=True):
    """A token that was drawn, and the likeliest in its place, itself among them."""

    top_logprobs: list[Likelihood] = []


class CallPiece(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A piece of call number `index` of an answer; the first one has its `id` and `name`."""

    index: int
    id: str = ""
    name: str = ""
    arguments: str = ""


class Token(msgspec.Struct, omit_defaults=True):
    """`token`: the text and its index, counted from 0.

    `thought` is what a model says to itself before it answers.
    """

    t: str
    i: int
    thought: str = ""
    calls: list[CallPiece] = []
    logprobs: list[TokenLikelihood] = []


class Vector(msgspec.Struct):
    """`vector`: of input number `i`, counted from 0.

    `v` are its numbers as float32, little-endian (base64 in JSON); its length is 1.
    """

    i: int
    v: bytes


def floats_of(vector: bytes) -> list[float]:
    """The numbers of a vector."""
    return list(struct.unpack(f"<{len(vector) // 4}f", vector))


class Tokens(msgspec.Struct):
    """`tokens`: those that a text is to a model, and the text of each; `context` is how many of
    them a request to its worker may fill."""

    ids: list[int]
    texts: list[str]
    context: int


class Done(msgspec.Struct, kw_only=True, omit_defaults=True):
    """`done` of a job or an inference.

    `stopped_by` is the text of `stop` before which an answer ended; empty: it ended otherwise.
    `context_full` is the size of the context (tokens) where that is what ended an answer, for which
    `finish_reason` is ``length``; with 0 it was `max_tokens`.
    """

    finish_reason: Literal["stop", "length", "tool_calls"] = "stop"
    tokens_in: int = 0
    tokens_out: int = 0
    ttft_ms: float = 0.0
    duration_ms: float = 0.0
    context_full: int = 0
    stopped_by: str = ""


class FollowEvents(Request, kw_only=True):
    """What of the swarm is to be told: with `jobs` also what is narrated of each job and operation,
    the last of that first."""

    jobs: bool = False


EVENTS = Route("GET", "/events", FollowEvents, Events, on_page=True)
METRICS = Route("GET", "/metrics", NONE, NONE, status=200)
