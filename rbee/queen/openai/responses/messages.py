"""What ``/v1/responses`` answers, and its routes. What is asked stands in `requests`."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from rbee.queen.openai.responses.requests import ResponseRequest
from rbee.wire.messages.events import TokenLikelihood
from rbee.wire.routes import Route, Who

Status = Literal["in_progress", "completed", "incomplete", "failed", "cancelled"]


class OutputText(msgspec.Struct, kw_only=True, tag_field="type", tag="output_text"):
    """The text of a message; `logprobs` for who asked for them."""

    text: str
    annotations: list[None] = []
    logprobs: list[TokenLikelihood] = []


class ReasoningText(msgspec.Struct, kw_only=True, tag_field="type", tag="reasoning_text"):
    """A thought."""

    text: str


class SummaryText(msgspec.Struct, kw_only=True, tag_field="type", tag="summary_text"):
    """A thought, for who asked for its summary."""

    text: str


class OutputMessage(msgspec.Struct, kw_only=True, tag_field="type", tag="message"):
    """What the model says."""

    id: str
    content: list[OutputText]
    status: Status
    role: str = "assistant"


class ReasoningOutput(msgspec.Struct, kw_only=True, tag_field="type", tag="reasoning"):
    """What the model thinks before it says something."""

    id: str
    status: Status
    summary: list[SummaryText] = []
    content: list[ReasoningText] | UnsetType = UNSET
    encrypted_content: str | UnsetType = UNSET


class FunctionCall(msgspec.Struct, kw_only=True, tag_field="type", tag="function_call"):
    """A function that the model calls; `arguments` is JSON text."""

    id: str
    call_id: str
    name: str
    arguments: str
    status: Status
    namespace: str | UnsetType = UNSET


class CustomCall(msgspec.Struct, kw_only=True, tag_field="type", tag="custom_tool_call"):
    """A tool that the model calls with a text."""

    id: str
    call_id: str
    name: str
    input: str
    status: Status
    namespace: str | UnsetType = UNSET


Item = OutputMessage | ReasoningOutput | FunctionCall | CustomCall


class CachedTokens(msgspec.Struct, kw_only=True):
    """How many of the tokens were read before is not known here."""

    cached_tokens: int = 0
    cache_write_tokens: int = 0


class ThoughtTokens(msgspec.Struct, kw_only=True):
    """How many of the tokens were thoughts."""

    reasoning_tokens: int


class ResponseUsage(msgspec.Struct, kw_only=True):
    """Tokens of what was asked and of the answer."""

    input_tokens: int
    output_tokens: int
    output_tokens_details: ThoughtTokens
    total_tokens: int
    input_tokens_details: CachedTokens = msgspec.field(default_factory=CachedTokens)


class Incomplete(msgspec.Struct, kw_only=True):
    """Why an answer has no end: `max_output_tokens`, or the context, are full."""

    reason: str = "max_output_tokens"


class ResponseFailure(msgspec.Struct, kw_only=True):
    """Why there is no answer."""

    code: str
    message: str


class Response(msgspec.Struct, kw_only=True):
    """An answer, so far; what was asked is told back."""

    id: str
    created_at: int
    status: Status
    model: str
    output: list[Item]
    error: ResponseFailure | None = None
    incomplete_details: Incomplete | None = None
    instructions: str | None = None
    max_output_tokens: int | None = None
    metadata: dict[str, Any] = {}
    parallel_tool_calls: bool = True
    previous_response_id: str | None = None
    reasoning: Any = None
    store: bool = True
    temperature: float | None = None
    text: Any = None
    tool_choice: Any = "auto"
    tools: list[dict[str, Any]] = []
    top_logprobs: int | None = None
    top_p: float | None = None
    truncation: str = "disabled"
    usage: ResponseUsage | None = None
    background: bool = False
    completed_at: int | None = None
    object: str = "response"


class ResponseEvent(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One event of a stream: its `type`, its place, and what it tells."""

    type: str
    sequence_number: int
    response: Response | UnsetType = UNSET
    item: Item | UnsetType = UNSET
    output_index: int | UnsetType = UNSET
    content_index: int | UnsetType = UNSET
    summary_index: int | UnsetType = UNSET
    item_id: str | UnsetType = UNSET
    part: OutputText | ReasoningText | SummaryText | UnsetType = UNSET
    delta: str | UnsetType = UNSET
    text: str | UnsetType = UNSET
    arguments: str | UnsetType = UNSET
    input: str | UnsetType = UNSET
    logprobs: list[TokenLikelihood] | UnsetType = UNSET
    name: str | UnsetType = UNSET
    code: str | UnsetType = UNSET
    message: str | UnsetType = UNSET
    param: str | UnsetType | None = UNSET


class OneResponse(msgspec.Struct, kw_only=True):
    """The answer that is meant; with `stream` it would be told anew, which is refused."""

    id: str
    stream: bool = False


class Deleted(msgspec.Struct, kw_only=True):
    """An answer is kept no more."""

    id: str
    deleted: bool = True
    object: str = "response"


class InputTokens(msgspec.Struct, kw_only=True):
    """How many tokens are read for a request."""

    input_tokens: int
    object: str = "response.input_tokens"


RESPOND = Route(
    "POST",
    "/v1/responses",
    ResponseRequest,
    Response,
    who=Who.KEYS,
    event=ResponseEvent,
    with_pictures=True,
    also=["/responses"],
)
COUNT = Route(
    "POST",
    "/v1/responses/input_tokens",
    ResponseRequest,
    InputTokens,
    who=Who.KEYS,
    with_pictures=True,
)
RESPONSE = Route("GET", "/v1/responses/{id}", OneResponse, Response, who=Who.KEYS)
CANCEL = Route(
    "POST", "/v1/responses/{id}/cancel", OneResponse, Response, who=Who.KEYS, in_query=True
)
DELETE = Route("DELETE", "/v1/responses/{id}", OneResponse, Deleted, who=Who.KEYS)
