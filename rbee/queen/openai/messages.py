"""The bodies of OpenAI's API, as far as they are served here.

Requests refuse fields that nobody knows: an answer that silently leaves out what was asked for is
worse than none. Fields that change nothing about an answer are taken and ignored. See
https://platform.openai.com/docs/api-reference for what each of them means.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from rbee.wire.limits import (
    MOST_FUNCTIONS,
    MOST_MESSAGES,
    MOST_PROMPTS,
    MOST_STOPS,
    MOST_TEMPLATE_VALUES,
    MOST_WEIGHTS,
    Stop,
    TopK,
)
from rbee.wire.messages.basics import NonEmpty, TokenId, TokenIds, Unreachable
from rbee.wire.messages.events import TokenLikelihood
from rbee.wire.messages.inference import ToolFunction
from rbee.wire.routes import NONE, Route, Who

Penalty = Annotated[float, msgspec.Meta(ge=-2, le=2)]
Tokens = Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]
Choices = Annotated[int, msgspec.Meta(ge=1, le=MOST_PROMPTS)]

# --- what is asked ---------------------------------------------------------------------------


class StreamOptions(msgspec.Struct, kw_only=True):
    """How a streamed answer is told."""

    include_usage: bool = False


class Asked(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What both kinds of completions may ask for. `top_k` is llama.cpp's."""

    model: NonEmpty
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    max_tokens: Tokens | None = None
    temperature: Annotated[float, msgspec.Meta(ge=0, le=5)] | None = None
    top_p: Annotated[float, msgspec.Meta(gt=0, le=1)] | None = None
    top_k: TopK | None = None
    seed: Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)] | None = None
    stop: Stop | Annotated[list[Stop], msgspec.Meta(max_length=MOST_STOPS)] | None = None
    n: Choices | None = None
    presence_penalty: Penalty | None = None
    frequency_penalty: Penalty | None = None
    logit_bias: (
        Annotated[
            dict[str, Annotated[float, msgspec.Meta(ge=-100, le=100)]],
            msgspec.Meta(max_length=MOST_WEIGHTS),
        ]
        | None
    ) = None
    # These say nothing about the answer.
    user: Any = None
    store: Any = None
    metadata: Any = None
    service_tier: Any = None
    safety_identifier: Any = None
    prompt_cache_key: Any = None


class ContentPart(msgspec.Struct, kw_only=True):
    """A part of a message; only text is understood."""

    type: str
    text: str = ""


class CalledFunction(msgspec.Struct, kw_only=True):
    """What a model has called, with JSON text as its arguments."""

    name: str
    arguments: str


class Called(msgspec.Struct, kw_only=True):
    """A call that a model has asked for."""

    id: str
    function: CalledFunction
    type: str = "function"


class AskedMessage(msgspec.Struct, kw_only=True):
    """One message of a conversation; clients send answers back with all they got, so that
    unknown fields are no error here. Their thoughts go to templates that want them.
    """

    role: Literal["developer", "system", "user", "assistant", "tool"]
    content: str | list[ContentPart] | None = None
    reasoning_content: str | None = None
    tool_calls: Annotated[list[Called], msgspec.Meta(max_length=MOST_FUNCTIONS)] | None = None
    tool_call_id: str | None = None


class AskedFunction(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A function that a model may call; `strict` changes nothing: a call always has its form."""

    name: NonEmpty
    description: str | None = None
    parameters: dict[str, Any] | None = None
    strict: bool | None = None

    def plain(self) -> ToolFunction:
        """As it travels to a worker."""
        return ToolFunction(
            name=self.name, description=self.description or "", parameters=self.parameters or {}
        )


class AskedTool(msgspec.Struct, kw_only=True):
    """A tool; only functions are understood."""

    type: Literal["function"]
    function: AskedFunction


class FunctionName(msgspec.Struct, kw_only=True):
    """Names a function."""

    name: NonEmpty


class NamedTool(msgspec.Struct, kw_only=True):
    """The one tool that must be called."""

    type: Literal["function"]
    function: FunctionName


class AskedSchema(msgspec.Struct, kw_only=True):
    """A JSON schema and its name."""

    schema: dict[str, Any]
    name: str = ""


class ResponseFormat(msgspec.Struct, kw_only=True):
    """The form of an answer; `json_schema` goes with the type of that name."""

    type: Literal["text", "json_object", "json_schema"]
    json_schema: AskedSchema | None = None

    def __post_init__(self) -> None:
        if (self.type == "json_schema") != (self.json_schema is not None):
            raise ValueError("`json_schema` goes with the type `json_schema`, and with that alone")


class ChatRequest(Asked, kw_only=True):
    """`POST /v1/chat/completions`."""

    messages: Annotated[list[AskedMessage], msgspec.Meta(min_length=1, max_length=MOST_MESSAGES)]
    max_completion_tokens: Tokens | None = None
    logprobs: bool | None = None
    top_logprobs: Annotated[int, msgspec.Meta(ge=0, le=20)] | None = None
    response_format: ResponseFormat | None = None
    tools: Annotated[list[AskedTool], msgspec.Meta(max_length=MOST_FUNCTIONS)] | None = None
    tool_choice: Literal["none", "auto", "required"] | NamedTool | None = None
    parallel_tool_calls: bool | None = None
    reasoning_effort: Literal["none", "minimal", "low", "medium", "high", "xhigh"] | None = None
    chat_template_kwargs: (
        Annotated[dict[str, Any], msgspec.Meta(max_length=MOST_TEMPLATE_VALUES)] | None
    ) = None
    modalities: list[Literal["text"]] | None = None


class CompletionRequest(Asked, kw_only=True):
    """`POST /v1/completions`: plain text to go on with."""

    prompt: (
        NonEmpty | Annotated[list[NonEmpty], msgspec.Meta(min_length=1, max_length=MOST_PROMPTS)]
    )
    logprobs: Annotated[int, msgspec.Meta(ge=0, le=5)] | None = None
    echo: bool | None = None
    best_of: Literal[1] | None = None


class EmbeddingRequest(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """`POST /v1/embeddings`: a text or several, or the tokens of one or several."""

    model: NonEmpty
    input: NonEmpty | Annotated[list[NonEmpty | TokenId | TokenIds], msgspec.Meta(min_length=1)]
    encoding_format: Literal["float", "base64"] | None = None
    dimensions: int | None = None
    user: Any = None


# --- what is answered ------------------------------------------------------------------------


class Usage(msgspec.Struct, kw_only=True):
    """Tokens of the prompts and of the answers."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


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
    """How likely each token of a completion was; offsets count characters of its text."""

    tokens: list[str]
    token_logprobs: list[float]
    top_logprobs: list[dict[str, float]]
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
    `hives` are those that have it.
    """

    id: str
    status: str
    hives: list[str]
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
    "POST", "/v1/chat/completions", ChatRequest, ChatCompletion, who=Who.KEYS, event=ChatChunk
)
COMPLETIONS = Route(
    "POST", "/v1/completions", CompletionRequest, Completion, who=Who.KEYS, event=Completion
)
EMBEDDINGS = Route("POST", "/v1/embeddings", EmbeddingRequest, Embeddings, who=Who.KEYS)
PREFLIGHT = Route("OPTIONS", "/v1/{rest:path}", NONE, NONE, who=Who.ANYBODY)
