"""What ``/v1/responses`` may be asked. Each field says what becomes of it (`front.fields`).

The items of `input` and the tools are told apart by their `type`: `items` and `tools` read them.
See https://platform.openai.com/docs/api-reference/responses for what each of OpenAI's own means.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from rbee.queen.front.fields import KEPT_ANYWAY, MODELS_CALL, PartOfAnswer, done, passes, refused
from rbee.queen.openai.requests import Asked, Effort, Tokens
from rbee.wire.limits import MOST_FUNCTIONS, MOST_MESSAGES
from rbee.wire.messages.basics import NonEmpty


class TextFormat(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The form of an answer; `schema` goes with the type ``json_schema``."""

    type: Annotated[
        Literal["text", "json_object", "json_schema"], done("`json_object`: any object")
    ]
    schema: Annotated[dict[str, Any] | None, done("the answer is held to it")] = None
    name: Annotated[Any, passes("a name changes no form")] = None
    description: Annotated[Any, passes("what to write stands in `input`")] = None
    strict: Annotated[Any, passes("the form is held to in any case")] = None

    def __post_init__(self) -> None:
        if (self.type == "json_schema") != (self.schema is not None):
            raise ValueError("`schema` goes with the type `json_schema`, and that with a schema")


class TextOptions(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """How the answer is written."""

    format: Annotated[TextFormat | None, done("its form")] = None
    verbosity: Annotated[Any, passes("models are told how to answer in words")] = None


class ReasoningOptions(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """How the model thinks, and how its thoughts are told."""

    effort: Annotated[Effort | None, done("is told to the chat template; `none`: no thought")] = (
        None
    )
    summary: Annotated[
        Literal["auto", "concise", "detailed"] | None,
        done("a thought is told as its own summary, and not as `reasoning_text`"),
    ] = None
    generate_summary: Annotated[
        Literal["auto", "concise", "detailed"] | None, done("an older word for `summary`")
    ] = None
    context: Annotated[Any, passes("templates decide which thoughts they want back")] = None
    mode: Annotated[Any, refused("there is one", "standard")] = None


class ResponseRequest(Asked, kw_only=True):
    """`POST /v1/responses`."""

    input: Annotated[
        NonEmpty
        | Annotated[list[dict[str, Any]], msgspec.Meta(min_length=1, max_length=MOST_MESSAGES)],
        done("what the user says, or the items of the conversation, oldest first"),
    ]
    instructions: Annotated[str | None, done("stands before all messages, as `system`")] = None
    previous_response_id: Annotated[
        str | None, done("the conversation goes on from there, while that is kept")
    ] = None
    store: Annotated[
        bool | None,
        done("false: nothing is kept; else what was asked and answered is, as long as its job"),
    ] = None
    metadata: Annotated[dict[str, Any] | None, done("is told back")] = None
    max_output_tokens: Annotated[
        Tokens | None, done("tokens of the answer at most, thoughts among them", -1)
    ] = None
    include: Annotated[
        list[str] | None,
        done(
            "`message.output_text.logprobs`, `reasoning.encrypted_content` (the thought, packed, "
            "for who sends it back); the others are of tools that nobody here has"
        ),
    ] = None
    top_logprobs: Annotated[
        Annotated[int, msgspec.Meta(ge=0, le=20)] | None, done("so many alternatives", 0)
    ] = None
    text: Annotated[TextOptions | None, done("the form of the answer")] = None
    reasoning: Annotated[ReasoningOptions | None, done("how the model thinks")] = None
    tools: Annotated[
        Annotated[list[dict[str, Any]], msgspec.Meta(max_length=MOST_FUNCTIONS)] | None,
        done("what the model may call: `function`, `custom` of plain text, `namespace` of both"),
    ] = None
    tool_choice: Annotated[
        Literal["none", "auto", "required"] | dict[str, Any] | None,
        done("whether it may; `required`, or a name: it must; `allowed_tools`: one of these"),
    ] = None
    parallel_tool_calls: Annotated[
        bool | None, done("false: one call in an answer at most; `required` makes one")
    ] = None
    chat_template_kwargs: Annotated[dict[str, Any] | None, done("values for the chat template")] = (
        None
    )
    n: Annotated[Any, refused("one answer is given", 1)] = None
    background: Annotated[
        bool | None,
        done("it is made whoever waits, and asked for by its id; goes with `store`, no `stream`"),
    ] = None
    background_options: Annotated[Any, passes("goes with `background`")] = None
    conversation: Annotated[Any, refused("say `previous_response_id`")] = None
    prompt: Annotated[Any, refused("none are stored; say `instructions` and `input`")] = None
    moderation: Annotated[Any, refused("nothing is judged")] = None
    truncation: Annotated[Any, passes("what does not fit is refused, and never cut")] = None
    context_management: Annotated[Any, passes("what does not fit is refused")] = None
    max_tool_calls: Annotated[Any, passes("it is about tools that nobody here has")] = None
    client_metadata: Annotated[Any, passes("belongs to who sends it")] = None
    prompt_cache_options: Annotated[Any, passes(KEPT_ANYWAY)] = None
    image: Annotated[Any, passes("pictures stand in `input`")] = None
    access_programs: Annotated[Any, passes("there are none")] = None


class ContentPart(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A part of a message, or of what a tool has answered: text, or a picture."""

    type: Annotated[str, done("`input_text`, `input_image`, `output_text`, `text`, or `refusal`")]
    text: Annotated[str, done("the text")] = ""
    refusal: Annotated[str, done("what an answer said instead")] = ""
    annotations: PartOfAnswer = None
    logprobs: PartOfAnswer = None
    prompt_cache_breakpoint: Annotated[Any, passes(KEPT_ANYWAY)] = None
    cache_control: Annotated[Any, passes(KEPT_ANYWAY)] = None
    image_url: Annotated[str | None, done("PNG, JPEG or GIF, as `data:image/png;base64,...`")] = (
        None
    )
    file_id: Annotated[Any, passes("its type is refused")] = None
    file_data: Annotated[Any, passes("its type is refused")] = None
    file_url: Annotated[Any, passes("its type is refused")] = None
    filename: Annotated[Any, passes("its type is refused")] = None
    detail: Annotated[Any, passes("a model sees a picture its own way")] = None
    input_audio: Annotated[Any, passes("its type is refused")] = None


class MessageItem(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """`message`: what somebody says."""

    role: Annotated[
        Literal["developer", "system", "user", "assistant"],
        done("who speaks; `developer` is `system`. A last one of `assistant` is gone on with"),
    ]
    content: Annotated[str | list[ContentPart], done("what is said, as text, and what is shown")]
    type: Annotated[Literal["message"], done("`message`, or nothing")] = "message"
    id: PartOfAnswer = None
    status: PartOfAnswer = None
    phase: PartOfAnswer = None
    end_turn: PartOfAnswer = None
    internal_chat_message_metadata_passthrough: PartOfAnswer = None


class ThoughtPart(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A part of a thought, or of its summary."""

    type: Annotated[Literal["reasoning_text", "summary_text", "text"], done("which of them it is")]
    text: Annotated[str, done("the text")]


class ReasoningItem(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """`reasoning`: what the model thought before what follows; for templates that want it back."""

    type: Annotated[Literal["reasoning"], done("`reasoning`")]
    content: Annotated[list[ThoughtPart] | None, done("the thought")] = None
    encrypted_content: Annotated[
        str | None, done("the same, packed, as an answer has it; what others have packed is none")
    ] = None
    summary: Annotated[
        list[ThoughtPart] | None, done("stands for the thought where that is not there")
    ] = None
    id: PartOfAnswer = None
    status: PartOfAnswer = None
    internal_chat_message_metadata_passthrough: PartOfAnswer = None


class CallItem(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """`function_call`, or `custom_tool_call`: what the model has called."""

    type: Annotated[Literal["function_call", "custom_tool_call"], done("which of them it is")]
    call_id: Annotated[NonEmpty, done("what its answer names")]
    name: Annotated[NonEmpty, done("the name of the tool")]
    arguments: Annotated[str, done("JSON text, of a function")] = ""
    input: Annotated[str, done("the text, of a custom tool")] = ""
    namespace: Annotated[str | None, done("where the tool is")] = None
    id: PartOfAnswer = None
    status: PartOfAnswer = None
    caller: Annotated[Any, passes(MODELS_CALL)] = None
    internal_chat_message_metadata_passthrough: PartOfAnswer = None


class OutputItem(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """`function_call_output`, or `custom_tool_call_output`: what a tool has answered."""

    type: Annotated[
        Literal["function_call_output", "custom_tool_call_output"], done("which of them it is")
    ]
    call_id: Annotated[NonEmpty, done("the call that is answered")]
    output: Annotated[str | list[ContentPart], done("the answer, as text, and what is shown")]
    name: Annotated[Any, passes("the call has it")] = None
    namespace: Annotated[Any, passes("the call has it")] = None
    id: Annotated[Any, passes("`call_id` tells what is meant")] = None
    status: Annotated[Any, passes("it is there")] = None
    caller: Annotated[Any, passes(MODELS_CALL)] = None
    internal_chat_message_metadata_passthrough: PartOfAnswer = None


class FunctionTool(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """`function`: what the model may call, with JSON."""

    type: Annotated[Literal["function"], done("`function`")]
    name: Annotated[NonEmpty, done("what it is called by")]
    description: Annotated[str | None, done("is told to the model")] = None
    parameters: Annotated[dict[str, Any] | None, done("the JSON schema of its arguments")] = None
    strict: Annotated[
        bool | None, done("true: a call is held to all of its schema, or refused")
    ] = None
    output_schema: Annotated[Any, passes("is about what the tool answers")] = None
    defer_loading: Annotated[Any, passes("all tools are told to the model at once")] = None
    allowed_callers: Annotated[Any, passes(MODELS_CALL)] = None
    cache_control: Annotated[Any, passes(KEPT_ANYWAY)] = None


class CustomFormat(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a custom tool takes."""

    type: Annotated[Literal["text", "grammar"], done("`text`; a tool with a grammar is left out")]
    syntax: Annotated[Any, passes("goes with a grammar")] = None
    definition: Annotated[Any, passes("goes with a grammar")] = None


class CustomTool(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """`custom`: what the model may call, with a text."""

    type: Annotated[Literal["custom"], done("`custom`")]
    name: Annotated[NonEmpty, done("what it is called by")]
    description: Annotated[str | None, done("is told to the model")] = None
    format: Annotated[CustomFormat | None, done("what it takes")] = None
    defer_loading: Annotated[Any, passes("all tools are told to the model at once")] = None
    allowed_callers: Annotated[Any, passes(MODELS_CALL)] = None


class Namespace(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """`namespace`: tools that belong together."""

    type: Annotated[Literal["namespace"], done("`namespace`")]
    name: Annotated[NonEmpty, done("stands before the names of its tools")]
    tools: Annotated[list[dict[str, Any]], done("its tools, of the types `function` and `custom`")]
    description: Annotated[str | None, done("is told to the model with each of its tools")] = None


class ToolChoice(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Which of the tools the model may call, or must."""

    type: Annotated[
        Literal["function", "custom", "allowed_tools"],
        done("a tool that must be called, or several of which one may be, or must"),
    ]
    name: Annotated[str | None, done("the tool that must be called")] = None
    namespace: Annotated[str | None, done("where it is")] = None
    mode: Annotated[Literal["auto", "required"] | None, done("whether one of them must be")] = None
    tools: Annotated[list[dict[str, Any]] | None, done("the tools that may be called")] = None
