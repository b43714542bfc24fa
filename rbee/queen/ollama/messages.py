"""The bodies of ollama's API, as far as they are served here.

Requests refuse fields that nobody knows: an answer that silently leaves out what was asked for is
worse than none. Fields that change nothing about an answer are taken and ignored. Durations are
nanoseconds, sizes are bytes. See https://docs.ollama.com/api for what each of them means.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from rbee.queen.ollama.options import Options
from rbee.wire.limits import LARGEST_INPUTS, MOST_FUNCTIONS, MOST_INPUTS, MOST_MESSAGES
from rbee.wire.messages.basics import NonEmpty
from rbee.wire.messages.events import TokenLikelihood
from rbee.wire.messages.inference import ToolFunction
from rbee.wire.routes import NONE, Route, Who

# --- what is asked ---------------------------------------------------------------------------


class Asked(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What every request to a model may ask for."""

    model: NonEmpty
    options: Options | None = None
    #: Workers end by themselves where nobody asks them anything; 0 with nothing asked is refused.
    keep_alive: str | float | None = None
    #: What is too long is refused, and not cut.
    truncate: bool | None = None


class AskedAnswer(Asked, kw_only=True):
    """What every request for an answer may ask for; `stream` is true where nothing is said."""

    stream: bool | None = None
    format: Literal["", "json"] | dict[str, Any] | None = None
    think: bool | Literal["", "low", "medium", "high"] | None = None
    logprobs: bool | None = None
    top_logprobs: Annotated[int, msgspec.Meta(ge=0, le=20)] | None = None
    #: An answer ends where its context is full.
    shift: bool | None = None


class OllamaCalled(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What a model has called; its arguments are an object."""

    name: str
    arguments: dict[str, Any]
    index: int | None = None


class OllamaCall(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A call that a model has asked for."""

    function: OllamaCalled
    id: str | None = ""


class OllamaMessage(msgspec.Struct, kw_only=True):
    """One message of a conversation; clients send answers back with all they got, so that
    unknown fields are no error here. Their thoughts go to templates that want them.
    """

    role: Literal["system", "user", "assistant", "tool"]
    content: str | None = None
    thinking: str | None = None
    images: list[str] | None = None
    tool_calls: Annotated[list[OllamaCall], msgspec.Meta(max_length=MOST_FUNCTIONS)] | None = None
    tool_name: str | None = None
    tool_call_id: str | None = None


class OllamaFunction(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A function that a model may call."""

    name: NonEmpty
    description: str | None = None
    parameters: dict[str, Any] | None = None
    strict: bool | None = None

    def plain(self) -> ToolFunction:
        """As it travels to a worker."""
        return ToolFunction(
            name=self.name,
            description=self.description or "",
            parameters=self.parameters or {},
            strict=bool(self.strict),
        )


class OllamaTool(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A tool; only functions are understood."""

    function: OllamaFunction
    type: Literal["function"] | None = None


class OllamaChat(AskedAnswer, kw_only=True):
    """`POST /api/chat`; without messages the model is loaded, and that is all."""

    messages: Annotated[list[OllamaMessage], msgspec.Meta(max_length=MOST_MESSAGES)] | None = None
    tools: Annotated[list[OllamaTool], msgspec.Meta(max_length=MOST_FUNCTIONS)] | None = None


class OllamaGenerate(AskedAnswer, kw_only=True):
    """`POST /api/generate`; without a prompt the model is loaded, and that is all."""

    prompt: str | None = None
    system: str | None = None
    raw: bool | None = None
    template: str | None = None
    suffix: str | None = None
    images: list[str] | None = None
    context: list[Any] | None = None


class OllamaEmbed(Asked, kw_only=True):
    """`POST /api/embed`: a text, or several."""

    input: NonEmpty | Annotated[list[NonEmpty], msgspec.Meta(min_length=1, max_length=MOST_INPUTS)]
    dimensions: Annotated[int, msgspec.Meta(ge=0)] | None = None


class OllamaEmbedOne(Asked, kw_only=True):
    """`POST /api/embeddings`: one text."""

    prompt: NonEmpty


class AboutModel(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A request about a model; older clients call it `name`."""

    model: str | None = None
    name: str | None = None

    def __post_init__(self) -> None:
        if not self.called:
            raise ValueError("`model` is wanted")

    @property
    def called(self) -> str:
        """What the model is called, in either word."""
        return self.model or self.name or ""


class OllamaShow(AboutModel, kw_only=True):
    """`POST /api/show`."""

    verbose: bool | None = None


class OllamaPull(AboutModel, kw_only=True):
    """`POST /api/pull`; `insecure` is for registries of ollama's."""

    stream: bool | None = None
    insecure: bool | None = None


# --- what is answered ------------------------------------------------------------------------


class Answered(msgspec.Struct, kw_only=True):
    """An answer, or a piece of it; the last one tells how it ended and what it took.

    `load_duration` is all the time that went by before a worker read it.
    """

    model: str
    created_at: str
    done: bool
    done_reason: str | UnsetType = UNSET
    total_duration: int | UnsetType = UNSET
    load_duration: int | UnsetType = UNSET
    prompt_eval_count: int | UnsetType = UNSET
    prompt_eval_duration: int | UnsetType = UNSET
    eval_count: int | UnsetType = UNSET
    eval_duration: int | UnsetType = UNSET


class OllamaSaid(msgspec.Struct, kw_only=True):
    """The message of the model, or a piece of it."""

    role: str = "assistant"
    content: str = ""
    thinking: str | UnsetType = UNSET
    tool_calls: list[OllamaCall] | UnsetType = UNSET


class ChatAnswer(Answered, kw_only=True):
    """The answer to `POST /api/chat`, and one line of its stream."""

    message: OllamaSaid
    logprobs: list[TokenLikelihood] | UnsetType = UNSET


class GenerateAnswer(Answered, kw_only=True):
    """The answer to `POST /api/generate`, and one line of its stream."""

    response: str
    thinking: str | UnsetType = UNSET
    logprobs: list[TokenLikelihood] | UnsetType = UNSET


class Embedded(msgspec.Struct, kw_only=True):
    """The answer to `POST /api/embed`: vectors of length 1."""

    model: str
    embeddings: list[list[float]]
    total_duration: int
    load_duration: int
    prompt_eval_count: int


class OneEmbedded(msgspec.Struct, kw_only=True):
    """The answer to `POST /api/embeddings`."""

    embedding: list[float]


class Details(msgspec.Struct, kw_only=True):
    """What is known of the weights; the number of parameters is not."""

    family: str
    families: list[str]
    quantization_level: str
    parameter_size: str = ""
    parent_model: str = ""
    format: str = "gguf"


class Listed(msgspec.Struct, kw_only=True):
    """A model that can be asked; `digest` tells files apart and is none of a registry."""

    name: str
    model: str
    size: int
    digest: str
    details: Details
    modified_at: str


class Tags(msgspec.Struct, kw_only=True):
    """The answer to `GET /api/tags`."""

    models: list[Listed]


class Running(msgspec.Struct, kw_only=True):
    """A model that a worker has loaded; `expires_at` is when that ends if nobody asks from now."""

    name: str
    model: str
    size: int
    digest: str
    details: Details
    expires_at: str
    size_vram: int
    context_length: int


class Processes(msgspec.Struct, kw_only=True):
    """The answer to `GET /api/ps`."""

    models: list[Running]


class Shown(msgspec.Struct, kw_only=True):
    """The answer to `POST /api/show`."""

    details: Details
    model_info: dict[str, Any]
    capabilities: list[str]
    modelfile: str
    modified_at: str
    parameters: str = ""
    template: str = ""
    license: str = ""


class Pulled(msgspec.Struct):
    """One line of `POST /api/pull`: how far it is; the last is ``success``."""

    status: str
    digest: str | UnsetType = UNSET
    total: int | UnsetType = UNSET
    completed: int | UnsetType = UNSET


class Version(msgspec.Struct, kw_only=True):
    """The version of ollama whose API this is."""

    version: str


class OllamaFailed(msgspec.Struct, kw_only=True):
    """Ollama's form of an error."""

    error: str


VERSION = Route("GET", "/api/version", NONE, Version, who=Who.KEYS)
TAGS = Route("GET", "/api/tags", NONE, Tags, who=Who.KEYS)
PS = Route("GET", "/api/ps", NONE, Processes, who=Who.KEYS)
SHOW = Route("POST", "/api/show", OllamaShow, Shown, who=Who.KEYS)
PULL = Route("POST", "/api/pull", OllamaPull, Pulled, who=Who.KEYS, line=Pulled)
CHAT = Route(
    "POST",
    "/api/chat",
    OllamaChat,
    ChatAnswer,
    who=Who.KEYS,
    line=ChatAnswer,
    with_pictures=True,
)
GENERATE = Route(
    "POST",
    "/api/generate",
    OllamaGenerate,
    GenerateAnswer,
    who=Who.KEYS,
    line=GenerateAnswer,
    with_pictures=True,
)
EMBED = Route("POST", "/api/embed", OllamaEmbed, Embedded, who=Who.KEYS, largest=LARGEST_INPUTS)
EMBEDDINGS = Route("POST", "/api/embeddings", OllamaEmbedOne, OneEmbedded, who=Who.KEYS)
PREFLIGHT = Route("OPTIONS", "/api/{rest:path}", NONE, NONE, who=Who.ANYBODY)
