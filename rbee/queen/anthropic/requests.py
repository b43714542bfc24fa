"""What ``/v1/messages`` may be asked. Each field says what becomes of it (`front.fields`).

The blocks of a message and the tools are told apart by their `type`: `mapping` reads them. See
https://docs.anthropic.com/en/api/messages for what each field means.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from rbee.queen.front.fields import KEPT_ANYWAY, MODELS_CALL, PartOfAnswer, done, passes, refused
from rbee.wire.limits import LONGEST_STOP, MOST_FUNCTIONS, MOST_MESSAGES, MOST_STOPS, TopK
from rbee.wire.messages.basics import NonEmpty

_CONTEXT = "what does not fit is refused; nothing is left out"
_THERE_IS_ONE = "there is one"
_BLOCKS = Annotated[list[dict[str, Any]], msgspec.Meta(max_length=MOST_MESSAGES)]


class AnthropicMessage(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """One message of a conversation."""

    role: Annotated[
        Literal["user", "assistant", "system"],
        done("who speaks. A last one of `assistant` is gone on with"),
    ]
    content: Annotated[str | _BLOCKS, done("what is said: a text, or blocks")]
    id: PartOfAnswer = None
    type: PartOfAnswer = None
    model: PartOfAnswer = None
    stop_reason: PartOfAnswer = None
    stop_sequence: PartOfAnswer = None
    usage: PartOfAnswer = None
    clear_at: Annotated[Any, passes("what is said stays said")] = None
    output_config: Annotated[Any, passes("that of the request counts")] = None


class TextBlock(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """`text`."""

    type: Annotated[Literal["text"], done("`text`")]
    text: Annotated[str, done("the text")]
    cache_control: Annotated[Any, passes(KEPT_ANYWAY)] = None
    citations: PartOfAnswer = None
    parsed_output: PartOfAnswer = None


class ThinkingBlock(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """`thinking`: what the model thought; for templates that want it back."""

    type: Annotated[Literal["thinking"], done("`thinking`")]
    thinking: Annotated[str, done("the thought")]
    signature: Annotated[Any, passes("thoughts are taken as they are sent")] = None
    cache_control: Annotated[Any, passes(KEPT_ANYWAY)] = None


class ToolUseBlock(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """`tool_use`: what the model has called."""

    type: Annotated[Literal["tool_use"], done("`tool_use`")]
    id: Annotated[NonEmpty, done("what its result names")]
    name: Annotated[NonEmpty, done("the name of the tool")]
    input: Annotated[dict[str, Any], done("its arguments")]
    cache_control: Annotated[Any, passes(KEPT_ANYWAY)] = None
    caller: Annotated[Any, passes(MODELS_CALL)] = None
    toolset_name: PartOfAnswer = None


class ToolResultBlock(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """`tool_result`: what a tool has answered."""

    type: Annotated[Literal["tool_result"], done("`tool_result`")]
    tool_use_id: Annotated[NonEmpty, done("the call that is answered")]
    content: Annotated[str | _BLOCKS | None, done("the answer: a text, or blocks of texts")] = None
    is_error: Annotated[bool | None, done("true, and no content: `error` is the answer")] = None
    cache_control: Annotated[Any, passes(KEPT_ANYWAY)] = None
    toolset_name: PartOfAnswer = None


class ToolReference(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """`tool_reference`: a tool that was found; its name is the answer."""

    type: Annotated[Literal["tool_reference"], done("`tool_reference`")]
    tool_name: Annotated[NonEmpty, done("the name of the tool, which the model knows already")]
    cache_control: Annotated[Any, passes(KEPT_ANYWAY)] = None


class ChangedTool(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A tool that comes or goes."""

    type: Annotated[
        Literal["tool_reference", "tool_definition"], done("whether `tools` has it, or it is here")
    ]
    name: Annotated[str | None, done("the name of one that `tools` has")] = None
    definition: Annotated[dict[str, Any] | None, done("a tool, as in `tools`")] = None


class ToolChange(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """`tool_addition`, or `tool_removal`, of a message of `system`."""

    type: Annotated[Literal["tool_addition", "tool_removal"], done("whether it comes or goes")]
    tool: Annotated[ChangedTool, done("the tool")]
    cache_control: Annotated[Any, passes(KEPT_ANYWAY)] = None


class TextSource(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Where a document is; only texts that are sent with it are understood."""

    type: Annotated[Literal["text"], done("`text`")]
    data: Annotated[str, done("the text")]
    media_type: Annotated[Any, passes("it is a text")] = None


class ImageSource(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Where a picture is; only those that are sent with it are looked at."""

    type: Annotated[Literal["base64"], done("`base64`")]
    data: Annotated[str, done("PNG, JPEG or GIF, for a model that has a projector")]
    media_type: Annotated[Any, passes("a picture says itself what it is")] = None


class ImageBlock(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """`image`: a picture, in what the user says or a tool has answered."""

    type: Annotated[Literal["image"], done("`image`")]
    source: Annotated[ImageSource, done("the picture")]
    cache_control: Annotated[Any, passes(KEPT_ANYWAY)] = None


class DocumentBlock(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """`document`: a text with a title."""

    type: Annotated[Literal["document"], done("`document`")]
    source: Annotated[TextSource, done("the text")]
    title: Annotated[str | None, done("stands before the text")] = None
    context: Annotated[str | None, done("stands before the text")] = None
    citations: Annotated[Any, passes("no answer cites")] = None
    cache_control: Annotated[Any, passes(KEPT_ANYWAY)] = None


class Tool(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What the model may call."""

    name: Annotated[NonEmpty, done("what it is called by")]
    input_schema: Annotated[dict[str, Any], done("the JSON schema of its arguments")]
    strict: Annotated[
        bool | None, done("true: a call is held to all of its schema, or refused")
    ] = None
    description: Annotated[str | None, done("is told to the model")] = None
    type: Annotated[Literal["custom"], done("`custom`, or nothing")] = "custom"
    input_examples: Annotated[Any, passes("say them in `description`")] = None
    cache_control: Annotated[Any, passes(KEPT_ANYWAY)] = None
    defer_loading: Annotated[Any, passes("all tools are told to the model at once")] = None
    allowed_callers: Annotated[Any, passes(MODELS_CALL)] = None
    eager_input_streaming: Annotated[Any, passes("calls are told as they are made")] = None


class ToolChoice(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Whether the model may call tools, or must."""

    type: Annotated[
        Literal["auto", "any", "tool", "none"], done("`any`: one of them must be called")
    ]
    name: Annotated[str | None, done("with `tool`: which one")] = None
    disable_parallel_tool_use: Annotated[bool | None, done("true: one call at most")] = None


class ThinkingConfig(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Whether the model thinks."""

    type: Annotated[
        Literal["enabled", "disabled", "adaptive", "between_tools"],
        done("whether it may; `adaptive`, and nothing: as it does by itself"),
    ]
    display: Annotated[
        Literal["summarized", "omitted"] | None, done("`omitted`: thoughts are not told")
    ] = None
    budget_tokens: Annotated[
        Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] | None,
        done("tokens of a thought at most"),
    ] = None


class OutputFormat(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The form of an answer."""

    type: Annotated[Literal["json_schema"], done("`json_schema`")]
    schema: Annotated[dict[str, Any], done("the answer is held to it")]


class OutputConfig(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """How the answer is to be."""

    effort: Annotated[
        Literal["low", "medium", "high", "xhigh", "max"] | None,
        done("is told to the chat template, as `reasoning_effort`"),
    ] = None
    format: Annotated[OutputFormat | None, done("the form of the answer")] = None
    task_budget: Annotated[Any, passes("an answer ends by itself")] = None


class CountRequest(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """`POST /v1/messages/count_tokens`, and what `/v1/messages` has of it."""

    model: Annotated[NonEmpty, done("a reference, or `owner/repo` of the hub")]
    messages: Annotated[
        Annotated[list[AnthropicMessage], msgspec.Meta(min_length=1, max_length=MOST_MESSAGES)],
        done("the conversation, oldest first"),
    ]
    system: Annotated[str | _BLOCKS | None, done("stands before all messages")] = None
    tools: Annotated[
        Annotated[list[dict[str, Any]], msgspec.Meta(max_length=MOST_FUNCTIONS)] | None,
        done(
            "what the model may call; those of Anthropic's own types (`web_search_20250305`...) "
            "are left out, or refused (`refuse_unknown_tools`)"
        ),
    ] = None
    tool_choice: Annotated[ToolChoice | None, done("whether it may, or must")] = None
    thinking: Annotated[ThinkingConfig | None, done("whether the model thinks")] = None
    output_config: Annotated[OutputConfig | None, done("how the answer is to be")] = None
    output_format: Annotated[
        OutputFormat | None, done("an older word for `output_config.format`")
    ] = None
    cache_control: Annotated[Any, passes(KEPT_ANYWAY)] = None
    context_management: Annotated[Any, passes(_CONTEXT)] = None
    speed: Annotated[Any, passes(_THERE_IS_ONE)] = None
    betas: Annotated[Any, passes("what is served does not depend on them")] = None
    user_profile_id: Annotated[Any, passes("the key tells who asks")] = None
    workspace_id: Annotated[Any, passes("the key tells who asks")] = None
    mcp_servers: Annotated[Any, refused("nobody here asks them; offer their tools", [])] = None


class MessagesRequest(CountRequest, kw_only=True):
    """`POST /v1/messages`."""

    max_tokens: Annotated[
        Annotated[int, msgspec.Meta(ge=1)] | None,
        done(
            "tokens of the answer at most, thoughts among them; nothing: what the context holds", -1
        ),
    ] = None
    stream: Annotated[bool | None, done("the answer comes in pieces")] = None
    stop_sequences: Annotated[
        Annotated[
            list[Annotated[str, msgspec.Meta(max_length=LONGEST_STOP)]],
            msgspec.Meta(max_length=MOST_STOPS),
        ]
        | None,
        done("texts before which the answer ends; empty ones end nothing"),
    ] = None
    temperature: Annotated[
        Annotated[float, msgspec.Meta(ge=0, le=5)] | None, done("0: the likeliest token")
    ] = None
    top_p: Annotated[
        Annotated[float, msgspec.Meta(ge=0, le=1)] | None, done("0: the likeliest token")
    ] = None
    top_k: Annotated[TopK | None, done("so many of the likeliest tokens; 0: all", -1)] = None
    metadata: Annotated[Any, passes("the key tells who asks")] = None
    service_tier: Annotated[Any, passes(_THERE_IS_ONE)] = None
    inference_geo: Annotated[Any, passes("the swarm is where it is")] = None
    diagnostics: Annotated[Any, passes("is about a cache of others")] = None
    billing_policy: Annotated[Any, passes("nothing is billed")] = None
    fallback_credit_token: Annotated[Any, passes("nothing is billed")] = None
    fallbacks: Annotated[Any, passes("one model answers: the one that is named")] = None
    container: Annotated[Any, refused("no code of others runs here")] = None
    compaction: Annotated[Any, refused("nothing is summed up")] = None
    thread: Annotated[Any, refused("each request stands for itself")] = None
