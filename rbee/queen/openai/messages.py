"""What OpenAI's API answers, and its routes. What is asked stands in `requests`."""

from __future__ import annotations

import msgspec
from msgspec import UNSET, UnsetType

from rbee.queen.openai.requests import (
    Called,
    CalledFunction,
    ChatRequest,
    CompletionRequest,
    EmbeddingRequest,
)
from rbee.wire import addresses
from rbee.wire.limits import LARGEST_INPUTS
from rbee.wire.messages.basics import Unreachable
from rbee.wire.messages.events import TokenLikelihood
from rbee.wire.routes import NONE, Route, Who


class Usage(msgspec.Struct, kw_only=True):
    """Tokens of the prompts and of the answers."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int

    @classmethod
    def of(cls, read: int, written: int) -> Usage:
        """The counts of so many tokens."""
        return cls(prompt_tokens=read, completion_tokens=written, total_tokens=read + written)


class Logprobs(msgspec.Struct, kw_only=True):
    """How likely each token of a chat's answer was."""

    content: list[TokenLikelihood]


class CallDelta(msgspec.Struct, kw_only=True):
    """A piece of a call in a stream."""

    index: int
    function: dict[str, str]
    id: str | UnsetType = UNSET
    type: str | UnsetType = UNSET


class Delta(msgspec.Struct, kw_only=True):
    """What a chunk adds to a message."""

    role: str | UnsetType = UNSET
    content: str | UnsetType = UNSET
    reasoning_content: str | UnsetType = UNSET
    tool_calls: list[CallDelta] | UnsetType = UNSET
    function_call: dict[str, str] | UnsetType = UNSET


class ChunkChoice(msgspec.Struct, kw_only=True):
    """What a chunk tells of one answer."""

    index: int
    delta: Delta
    logprobs: Logprobs | None = None
    finish_reason: str | None = None


class ChatChunk(msgspec.Struct, kw_only=True):
    """One event of a chat's stream."""

    id: str
    created: int
    model: str
    choices: list[ChunkChoice]
    object: str = "chat.completion.chunk"
    usage: Usage | UnsetType = UNSET


class ChatAnswer(msgspec.Struct, kw_only=True):
    """The message of the model."""

    content: str | None
    role: str = "assistant"
    refusal: None = None
    reasoning_content: str | UnsetType = UNSET
    tool_calls: list[Called] | UnsetType = UNSET
    function_call: CalledFunction | UnsetType = UNSET


class ChatChoice(msgspec.Struct, kw_only=True):
    """One of the answers to a chat."""

    index: int
    message: ChatAnswer
    finish_reason: str
    logprobs: Logprobs | None = None


class ChatCompletion(msgspec.Struct, kw_only=True):
    """The answer to `POST /v1/chat/completions`."""

    id: str
    created: int
    model: str
    choices: list[ChatChoice]
    usage: Usage
    object: str = "chat.completion"


class TextLogprobs(msgspec.Struct, kw_only=True):
    """How likely each token of a completion was; offsets count characters of its text. Nothing is
    known of a token that stands behind none."""

    tokens: list[str]
    token_logprobs: list[float | None]
    top_logprobs: list[dict[str, float | None] | None]
    text_offset: list[int]


class TextChoice(msgspec.Struct, kw_only=True):
    """One of the texts, or in a stream a piece of it."""

    index: int
    text: str
    logprobs: TextLogprobs | None = None
    finish_reason: str | None = None


class Completion(msgspec.Struct, kw_only=True):
    """The answer to `POST /v1/completions`, and one event of its stream."""

    id: str
    created: int
    model: str
    choices: list[TextChoice]
    object: str = "text_completion"
    usage: Usage | UnsetType = UNSET


class Embedding(msgspec.Struct, kw_only=True):
    """The vector of one input: its numbers, or these as float32, little-endian, in base64."""

    index: int
    embedding: list[float] | bytes
    object: str = "embedding"


class ReadUsage(msgspec.Struct, kw_only=True):
    """Tokens that were read."""

    prompt_tokens: int
    total_tokens: int


class Embeddings(msgspec.Struct, kw_only=True):
    """The answer to `POST /v1/embeddings`."""

    data: list[Embedding]
    model: str
    usage: ReadUsage
    object: str = "list"


class Model(msgspec.Struct, kw_only=True):
    """A model that can be asked.

    `status` is ``loaded`` by a worker, ``present`` on a disk, or ``known``: fetched when asked.
    `hives` are those that have it, `capabilities` what it is for, in llama.cpp's words:
    ``completion``, ``embedding``, ``rerank``; none of them where that is not known yet.
    """

    id: str
    status: str
    hives: list[str]
    capabilities: list[str] = []
    created: int = 0
    object: str = "model"
    owned_by: str = "rbee"


class Models(msgspec.Struct, kw_only=True):
    """The models; what is on machines that are `unreachable` is not known."""

    data: list[Model]
    unreachable: list[Unreachable] = []
    object: str = "list"


class Failure(msgspec.Struct, kw_only=True):
    """What went wrong; `param` is the field of the request that it is about."""

    message: str
    type: str
    param: str | None
    code: str


class Failed(msgspec.Struct, kw_only=True):
    """OpenAI's form of an error."""

    error: Failure


class OneModel(msgspec.Struct, kw_only=True):
    """The model that is meant."""

    id: str


MODELS = Route("GET", "/v1/models", NONE, Models, who=Who.KEYS)
MODEL = Route("GET", "/v1/models/{id:path}", OneModel, Model, who=Who.KEYS)
CHAT = Route(
    "POST",
    "/v1/chat/completions",
    ChatRequest,
    ChatCompletion,
    who=Who.KEYS,
    event=ChatChunk,
    with_pictures=True,
    also=["/chat/completions"],
    on_page=True,
)
COMPLETIONS = Route(
    "POST", "/v1/completions", CompletionRequest, Completion, who=Who.KEYS, event=Completion
)
EMBEDDINGS = Route(
    "POST",
    "/v1/embeddings",
    EmbeddingRequest,
    Embeddings,
    who=Who.KEYS,
    largest=LARGEST_INPUTS,
    also=["/embeddings"],
)
PREFLIGHT = Route(
    "OPTIONS", "/v1/{rest:path}", NONE, NONE, who=Who.ANYBODY, also=addresses.V1_AT_ROOT
)
