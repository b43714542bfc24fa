"""What ``/v1/messages`` answers, and its routes. What is asked stands in `requests`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from rbee.queen.anthropic.requests import CountRequest, MessagesRequest
from rbee.wire import addresses
from rbee.wire.routes import NONE, Route, Who

StopReason = Literal[
    "end_turn", "max_tokens", "stop_sequence", "tool_use", "model_context_window_exceeded"
]


class TextContent(msgspec.Struct, kw_only=True, tag_field="type", tag="text"):
    """What the model says."""

    text: str


class ThinkingContent(msgspec.Struct, kw_only=True, tag_field="type", tag="thinking"):
    """What the model thinks; `signature` says nothing, and has to be there for some clients."""

    thinking: str
    signature: str


class ToolUseContent(msgspec.Struct, kw_only=True, tag_field="type", tag="tool_use"):
    """What the model calls."""

    id: str
    name: str
    input: dict[str, Any]


Content = TextContent | ThinkingContent | ToolUseContent


class MessageUsage(msgspec.Struct, kw_only=True):
    """Tokens that were read and written; how many were read before is not known here."""

    input_tokens: int
    output_tokens: int
    cache_creation_input_tokens: int = 0
    cache_read_input_tokens: int = 0


class Message(msgspec.Struct, kw_only=True):
    """The answer, or how it begins."""

    id: str
    model: str
    content: list[Content]
    usage: MessageUsage
    stop_reason: StopReason | None = None
    stop_sequence: str | None = None
    role: str = "assistant"
    type: str = "message"


class MessageDelta(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What a block grows by; or how the answer ended, which has no `type`."""

    type: str | UnsetType = UNSET
    text: str | UnsetType = UNSET
    thinking: str | UnsetType = UNSET
    signature: str | UnsetType = UNSET
    partial_json: str | UnsetType = UNSET
    stop_reason: StopReason | UnsetType = UNSET
    stop_sequence: str | UnsetType | None = UNSET


class MessageEvent(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One event of a stream: its `type`, and what it tells."""

    type: str
    message: Message | UnsetType = UNSET
    index: int | UnsetType = UNSET
    content_block: Content | UnsetType = UNSET
    delta: MessageDelta | UnsetType = UNSET
    usage: MessageUsage | UnsetType = UNSET


class AnthropicFailure(msgspec.Struct, kw_only=True):
    """What went wrong."""

    type: str
    message: str


class AnthropicFailed(msgspec.Struct, kw_only=True):
    """Anthropic's form of an error."""

    error: AnthropicFailure
    request_id: str
    type: str = "error"


class TokenCount(msgspec.Struct, kw_only=True):
    """How many tokens are read for a request."""

    input_tokens: int


class ListModels(msgspec.Struct, kw_only=True):
    """A page of the models: of `limit` at most, those behind `after_id` or the last before
    `before_id`."""

    limit: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 20
    after_id: str = ""
    before_id: str = ""
    lifecycle: str = ""


class OneModel(msgspec.Struct, kw_only=True):
    """The model that is meant."""

    id: str


class ModelInfo(msgspec.Struct, kw_only=True):
    """A model that can be asked. `max_input_tokens` is what it was trained with; null: that is not
    known. When it was made is not known here, which Anthropic has the beginning of 1970 for."""

    id: str
    display_name: str
    max_input_tokens: int | None = None
    created_at: str = "1970-01-01T00:00:00Z"
    lifecycle: str = "active"
    type: str = "model"


class ModelPage(msgspec.Struct, kw_only=True):
    """Some of the models, and where the next ones begin."""

    data: list[ModelInfo]
    has_more: bool
    first_id: str | None
    last_id: str | None


#: For clients that name Anthropic's version; to others OpenAI's answer is given there.
MODELS = Route("GET", addresses.MODELS, ListModels, ModelPage, who=Who.KEYS, in_query=True)
MODEL = Route("GET", f"{addresses.MODELS}/{{id:path}}", OneModel, ModelInfo, who=Who.KEYS)
MESSAGES = Route(
    "POST",
    "/v1/messages",
    MessagesRequest,
    Message,
    who=Who.KEYS,
    event=MessageEvent,
    with_pictures=True,
    also=["/messages"],
)
COUNT_TOKENS = Route(
    "POST",
    "/v1/messages/count_tokens",
    CountRequest,
    TokenCount,
    who=Who.KEYS,
    with_pictures=True,
    also=["/messages/count_tokens"],
)
PREFLIGHT = Route("OPTIONS", "/v1/messages", NONE, NONE, who=Who.ANYBODY, also=["/messages"])
PREFLIGHT_BELOW = Route(
    "OPTIONS",
    "/v1/messages/{rest:path}",
    NONE,
    NONE,
    who=Who.ANYBODY,
    also=["/messages/{rest}"],
)
