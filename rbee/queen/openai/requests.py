"""What OpenAI's API may be asked, as far as it is served here.

Requests refuse fields that nobody knows: an answer that silently leaves out what was asked for is
worse than none. Each field says what becomes of it (`fields`). See
https://platform.openai.com/docs/api-reference for what each of OpenAI's own means.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from rbee.queen.front.fields import PartOfAnswer, done, passes, refused
from rbee.queen.openai.elsewhere import Elsewhere, VectorsElsewhere
from rbee.wire.limits import (
    LONGEST_GRAMMAR,
    LONGEST_STOP,
    MOST_CHOICES,
    MOST_FUNCTIONS,
    MOST_LOOKED_BACK,
    MOST_MESSAGES,
    MOST_STOPS,
    MOST_TEMPLATE_VALUES,
    MOST_WEIGHTS,
    Stop,
)
from rbee.wire.messages.basics import LARGEST_CONTEXT, NonEmpty, TokenId, TokenIds
from rbee.wire.messages.inference import Factor, LookBack, Share, Strength, ToolFunction

#: What vLLM knows of a conversation's end: whether an answer begins, or the last message goes on.
WhetherToBegin = Annotated[bool | None, done("false goes with a last message of the model", True)]
WhetherToGoOn = Annotated[bool | None, done("a last message of the model is gone on with", False)]
Penalty = Annotated[float, msgspec.Meta(ge=-2, le=2)]
Tokens = Annotated[int, msgspec.Meta(ge=1)]
ThoughtTokens = Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]
Choices = Annotated[int, msgspec.Meta(ge=1, le=MOST_CHOICES)]
Alternatives = Annotated[int, msgspec.Meta(ge=0, le=20)]
Weight = Annotated[float, msgspec.Meta(ge=-100, le=100)]
Weighed = tuple[int | str, bool | Weight]
StopText = Annotated[str, msgspec.Meta(max_length=LONGEST_STOP)]
Regex = Annotated[str, msgspec.Meta(max_length=LONGEST_STOP)]
Schema = dict[str, Any] | str
Grammar = Annotated[str, msgspec.Meta(max_length=LONGEST_GRAMMAR)]
Choice = Annotated[list[NonEmpty], msgspec.Meta(max_length=MOST_WEIGHTS)]
Effort = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max", "default"]

_BUDGET = "tokens of a thought at most; 0: no thought"
_ALL = "tokens of the answer at most; -1: what the context holds"
_COUNTS = "a last event with the counts of tokens"
_AS_TEMPLATE = "is told to the chat template"
_SEEN = "a model sees a picture its own way"


class StreamOptions(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """How a streamed answer is told."""

    include_usage: Annotated[bool, done(_COUNTS)] = False
    include_obfuscation: Annotated[Any, passes("nothing is padded")] = None
    continuous_usage_stats: Annotated[
        bool | None, done("each piece has the counts so far; that of the prompt comes last", False)
    ] = None


class WhetherCounted(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Whether a stream tells the counts of tokens, as OpenRouter has it."""

    include: Annotated[bool | None, done(_COUNTS)] = None


class Asked(Elsewhere, kw_only=True, forbid_unknown_fields=True):
    """What both kinds of completions may ask for."""

    model: Annotated[
        str, done("a reference, or `owner/repo` of the hub; left out: `default_model`")
    ] = ""
    stream: Annotated[bool | None, done("the answer comes in pieces")] = None
    stream_options: Annotated[StreamOptions | None, done("what else a stream tells")] = None
    usage: Annotated[WhetherCounted | None, done("the same, OpenRouter's", {})] = None
    num_ctx: Annotated[
        Annotated[int, msgspec.Meta(ge=32, le=LARGEST_CONTEXT)] | None,
        done("a worker with this context, as in ollama's API"),
    ] = None
    max_tokens: Annotated[Tokens | None, done(_ALL, -1)] = None
    n_predict: Annotated[Tokens | None, done("llama.cpp's word for `max_tokens`", -1)] = None
    max_new_tokens: Annotated[Tokens | None, done("another word for `max_tokens`", -1)] = None
    min_tokens: Annotated[
        Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] | None,
        done("taken where it is `max_tokens`, or goes with `ignore_eos`; else refused", 0),
    ] = None
    ignore_eos: Annotated[
        bool | None, done("goes on to `max_tokens` where the model would end", False)
    ] = None
    temperature: Annotated[
        Annotated[float, msgspec.Meta(ge=0, le=5)] | None, done("0: the likeliest token")
    ] = None
    top_p: Annotated[
        Annotated[float, msgspec.Meta(ge=0, le=1)] | None, done("0: the likeliest token")
    ] = None
    top_k: Annotated[
        Annotated[int, msgspec.Meta(ge=-1, lt=2**31)] | None, done("0, or -1: all tokens")
    ] = None
    min_p: Annotated[Share | None, done("the least likeliness, of the likeliest token's")] = None
    typical_p: Annotated[Share | None, done("locally typical sampling", 1)] = None
    typical: Annotated[Share | None, done("another word for it", 1)] = None
    top_n_sigma: Annotated[
        Annotated[float, msgspec.Meta(ge=-1, le=100)] | None,
        done("within so many deviations of the likeliest", -1),
    ] = None
    seed: Annotated[
        int | None, done("the same seed draws the same answer; -1: another one each time", -1)
    ] = None
    stop: Annotated[
        StopText | Annotated[list[StopText], msgspec.Meta(max_length=MOST_STOPS)] | None,
        done("texts before which the answer ends; empty ones end nothing"),
    ] = None
    random_seed: Annotated[int | None, done("Mistral's word for `seed`", -1)] = None
    presence_penalty: Annotated[Penalty | None, done("against tokens that were there")] = None
    frequency_penalty: Annotated[Penalty | None, done("the same, by how often")] = None
    repeat_penalty: Annotated[Factor | None, done("llama.cpp's against repetitions", 1)] = None
    repetition_penalty: Annotated[Factor | None, done("vLLM's word for `repeat_penalty`", 1)] = None
    repeat_last_n: Annotated[
        Annotated[int, msgspec.Meta(ge=-1, le=MOST_LOOKED_BACK)] | None,
        done("tokens that those look back at; -1: all"),
    ] = None
    xtc_probability: Annotated[
        Share | None, done("XTC: how often the likeliest are left out", 0)
    ] = None
    xtc_threshold: Annotated[Share | None, done("XTC: how likely those are at least")] = None
    dry_multiplier: Annotated[Strength | None, done("DRY, against repetitions: how much", 0)] = None
    dry_base: Annotated[Strength | None, done("DRY: by what it grows with each token")] = None
    dry_allowed_length: Annotated[LookBack | None, done("DRY: so many tokens may be repeated")] = (
        None
    )
    dry_penalty_last_n: Annotated[
        LookBack | None, done("DRY: so many tokens are looked back at", -1)
    ] = None
    dry_sequence_breakers: Annotated[
        Annotated[list[Stop], msgspec.Meta(min_length=1, max_length=MOST_STOPS)] | None,
        done("DRY: begins anew behind these"),
    ] = None
    mirostat: Annotated[
        Annotated[int, msgspec.Meta(ge=0, le=2)] | None,
        done("1 or 2: keeps the entropy of the answer", 0),
    ] = None
    mirostat_tau: Annotated[Strength | None, done("its target entropy")] = None
    mirostat_eta: Annotated[Share | None, done("its learning rate")] = None
    dynatemp_range: Annotated[
        Annotated[float, msgspec.Meta(ge=0, le=5)] | None, done("of a dynamic temperature", 0)
    ] = None
    dynatemp_exponent: Annotated[Strength | None, done("of the same", 1)] = None
    logit_bias: Annotated[
        Annotated[dict[str, Weight], msgspec.Meta(max_length=MOST_WEIGHTS)]
        | Annotated[list[Weighed], msgspec.Meta(max_length=MOST_WEIGHTS)]
        | None,
        done(
            "is added to the logits of tokens, by their numbers; llama.cpp's `[[number, 1.5]]`, "
            "where false means never, too",
            [],
        ),
    ] = None
    grammar: Annotated[Grammar | None, done("the answer is a text of this, in GBNF", "")] = None
    guided_grammar: Annotated[Grammar | None, done("the same, vLLM's of old", "")] = None
    ebnf: Annotated[Grammar | None, done("the same, SGLang's", "")] = None
    cache_prompt: Annotated[
        bool | None, done("false: all of the prompt is read, whatever was read before", True)
    ] = None


class AskedSchema(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A JSON schema and its name."""

    schema: Annotated[dict[str, Any], done("the answer is held to it")]
    name: Annotated[str, passes("a name changes no form")] = ""
    description: Annotated[Any, passes("what to write stands in `messages`")] = None
    strict: Annotated[Any, passes("the form is held to in any case")] = None


#: By the type of a form: the fields one of which says it. Some need none.
_FORMS = {
    "text": (),
    "json_object": ("schema", "value"),
    "json": ("schema", "value"),
    "json_schema": ("json_schema", "schema"),
    "regex": ("value", "pattern"),
    "grammar": ("grammar",),
}
_NEED_NONE = ("text", "json_object")
_SAY_FORMS = ("json_schema", "schema", "value", "pattern", "grammar")


class ResponseFormat(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The form of an answer; `json_schema` goes with the type of that name."""

    type: Annotated[
        Literal["text", "json_object", "json_schema", "json", "regex", "grammar"],
        done("`json_object`: any object; `json` and `regex` of TGI, `grammar` of Fireworks"),
    ]
    json_schema: Annotated[AskedSchema | None, done("the schema, and its name")] = None
    schema: Annotated[
        dict[str, Any] | None, done("the schema itself, as llama.cpp's server takes it")
    ] = None
    value: Annotated[
        dict[str, Any] | Regex | None, done("the same, or a `regex`, as TGI takes it")
    ] = None
    pattern: Annotated[Regex | None, done("with `regex`, as Together takes it")] = None
    grammar: Annotated[Grammar | None, done("with `grammar`: the text of one, in GBNF")] = None

    def __post_init__(self) -> None:
        fields = _FORMS[self.type]
        said = [name for name in _SAY_FORMS if getattr(self, name) is not None]
        if any(name not in fields for name in said):
            raise ValueError(f"`{said[0]}` does not go with the type `{self.type}`")
        if len(said) != 1 and not (self.type in _NEED_NONE and not said):
            raise ValueError(f"the type `{self.type}` goes with one of: {', '.join(fields)}")
        if self.value is not None and isinstance(self.value, str) != (self.type == "regex"):
            raise ValueError("`value` is a text with the type `regex`, and a schema with others")

    @property
    def regex(self) -> str | None:
        """The pattern that all of the answer fits."""
        return self.value if isinstance(self.value, str) else self.pattern

    @property
    def held_to(self) -> dict[str, Any] | None:
        """The JSON schema of the answer; None: it is no JSON."""
        said = self.json_schema.schema if self.json_schema else self.schema
        if said is None and isinstance(self.value, dict):
            said = self.value
        return {"type": "object"} if self.type == "json_object" and not said else said


class StructuredOutputs(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The form of an answer, as vLLM has it."""

    json: Annotated[Schema | None, done("a schema, or the text of one")] = None
    json_object: Annotated[bool | None, done("any object", False)] = None
    regex: Annotated[Regex | None, done("the answer is a text that fits all of this", "")] = None
    choice: Annotated[Choice | None, done("the answer is one of these texts", [])] = None
    grammar: Annotated[Grammar | None, done("the answer is a text of this, in GBNF", "")] = None
    structural_tag: Annotated[Any, refused("ask for a JSON schema", "")] = None
    whitespace_pattern: Annotated[Any, refused("it is the engine's", "")] = None
    disable_any_whitespace: Annotated[Any, refused("it is the engine's", False)] = None
    disable_additional_properties: Annotated[
        Any, refused("say `additionalProperties` in the schema", False)
    ] = None
    disable_fallback: Annotated[Any, passes("each engine holds to it by itself")] = None


class Completing(Asked, kw_only=True):
    """The same where an answer may be one of several, and of a form."""

    n: Annotated[Choices | None, done("so many answers, each of another seed")] = None
    n_cmpl: Annotated[Choices | None, done("llama.cpp's word for `n`")] = None
    best_of: Annotated[
        int | None, done("taken where it is `n`, and all are told; else refused", 1, 0)
    ] = None
    response_format: Annotated[ResponseFormat | None, done("the form of the answer")] = None
    json_schema: Annotated[
        Schema | None, done("the same, llama.cpp's, and SGLang's, as text", {}, "")
    ] = None
    guided_json: Annotated[Schema | None, done("the same, vLLM's of old; also as text", "")] = None
    guided_choice: Annotated[Choice | None, done("the answer is one of these texts", [])] = None
    guided_regex: Annotated[
        Regex | None, done("the answer is a text that fits all of this", "")
    ] = None
    regex: Annotated[Regex | None, done("the same, SGLang's", "")] = None
    structured_outputs: Annotated[StructuredOutputs | None, done("the same, vLLM's", {})] = None


class _OfChats(Completing, kw_only=True):
    """What others know of chats, and cannot be had, or changes nothing."""

    # Of OpenAI.
    verbosity: Annotated[Any, passes("models are told how to answer in words")] = None
    audio: Annotated[Any, refused("answers are texts")] = None
    web_search_options: Annotated[Any, refused("nothing is searched; offer a tool")] = None
    # Of vLLM and SGLang.
    echo: Annotated[Any, refused("an answer is what is new", False)] = None
    add_special_tokens: Annotated[Any, refused("the template has them", False)] = None
    documents: Annotated[Any, refused("write them into `messages`", [])] = None
    chat_template: Annotated[Any, refused("a model has its own", "")] = None
    mm_processor_kwargs: Annotated[Any, refused("a model sees a picture its own way", {})] = None
    media_io_kwargs: Annotated[Any, refused("a model sees a picture its own way", {})] = None
    separate_reasoning: Annotated[Any, refused("thoughts are no part of an answer", True)] = None
    stream_reasoning: Annotated[Any, refused("thoughts are told as they come", True)] = None
    # Of llama.cpp.
    reasoning_split: Annotated[Any, refused("thoughts are no answer", True)] = None
    thinking_forced_open: Annotated[Any, refused("the template decides it", False)] = None
    reasoning_in_content: Annotated[Any, refused("thoughts are no answer", False)] = None
    parse_tool_calls: Annotated[Any, refused("calls are no text", True)] = None


class ImageUrl(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A picture."""

    url: Annotated[str, done("the picture itself, as `data:image/png;base64,...`")]
    detail: Annotated[Any, passes(_SEEN)] = None
    format: Annotated[Any, passes("a picture says itself what it is")] = None


class ContentPart(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A part of a message: text, or a picture."""

    type: Annotated[str, done("`text`, `image_url`, and `refusal` of an answer that is sent back")]
    text: Annotated[str, done("the text")] = ""
    refusal: Annotated[str, done("what an answer said instead")] = ""
    cache_control: Annotated[Any, passes("what was read before is kept in any case")] = None
    annotations: PartOfAnswer = None
    logprobs: PartOfAnswer = None
    image_url: Annotated[
        str | ImageUrl | None, done("PNG, JPEG or GIF, for a model that has a projector")
    ] = None
    detail: Annotated[Any, passes(_SEEN)] = None
    min_pixels: Annotated[Any, passes(_SEEN)] = None
    max_pixels: Annotated[Any, passes(_SEEN)] = None
    uuid: Annotated[Any, passes("what was read before is kept in any case")] = None
    input_audio: Annotated[Any, passes("its type is refused")] = None
    file: Annotated[Any, passes("its type is refused")] = None
    video_url: Annotated[Any, passes("its type is refused")] = None


class CalledFunction(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a model has called, with JSON text as its arguments."""

    name: Annotated[str, done("the name of the tool")]
    arguments: Annotated[str, done("JSON text")]


class Called(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A call that a model has asked for."""

    id: Annotated[str, done("what its answer names")]
    function: Annotated[CalledFunction, done("what is called")]
    type: Annotated[str, done("`function`")] = "function"


class SentBack(Called, kw_only=True):
    """A call in an answer that is sent back, with what clients add to it."""

    index: Annotated[Any, passes("calls are in order")] = None
    extra_content: PartOfAnswer = None
    provider_specific_fields: PartOfAnswer = None
    caller: PartOfAnswer = None


class AskedMessage(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """One message of a conversation; clients send answers back with all they got, and more. Their
    thoughts go to templates that want them.
    """

    role: Annotated[
        Literal["developer", "system", "user", "assistant", "tool", "function"],
        done(
            "who speaks; `developer` is `system`, and `function` a `tool` that is known by `name`. "
            "A last one of `assistant` is gone on with"
        ),
    ]
    content: Annotated[
        str | list[ContentPart] | None, done("what is said, as text, and what is shown")
    ] = None
    reasoning_content: Annotated[str | None, done("thought, for templates that want it")] = None
    reasoning: Annotated[str | None, done("another word for `reasoning_content`")] = None
    tool_calls: Annotated[
        Annotated[list[SentBack], msgspec.Meta(max_length=MOST_FUNCTIONS)] | None,
        done("what the model has called"),
    ] = None
    tool_call_id: Annotated[str | None, done("the call that a tool answers")] = None
    name: Annotated[str | None, done(_AS_TEMPLATE)] = None
    prefix: Annotated[Any, passes("a last message of the model is gone on with")] = None
    partial: Annotated[Any, passes("a last message of the model is gone on with")] = None
    refusal: PartOfAnswer = None
    annotations: PartOfAnswer = None
    audio: Annotated[Any, refused("only text is understood")] = None
    function_call: Annotated[
        CalledFunction | None, done("an older word for one of `tool_calls`", {})
    ] = None
    images: Annotated[Any, refused("send `image_url`, as parts of `content`", [])] = None
    reasoning_details: PartOfAnswer = None
    thinking_blocks: PartOfAnswer = None
    thinking: PartOfAnswer = None
    provider_specific_fields: PartOfAnswer = None
    cache_control: Annotated[Any, passes("what was read before is kept in any case")] = None
    id: PartOfAnswer = None
    status: PartOfAnswer = None
    parsed: PartOfAnswer = None
    reasoning_items: PartOfAnswer = None
    encrypted_content: PartOfAnswer = None
    finish_reason: PartOfAnswer = None
    model: PartOfAnswer = None
    type: Annotated[Any, passes("`message`; the role tells more")] = None
    timestamp: Annotated[Any, passes("messages are in order")] = None
    metadata: Annotated[Any, passes("belongs to who sends it")] = None
    is_error: Annotated[Any, passes("the content says so")] = None


_STRICT = "true: a call is held to all of its schema, or refused; else to what the engine holds"


_OF_ITS_ANSWER = "is about what the tool answers"


class AskedFunction(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A function that a model may call."""

    name: Annotated[NonEmpty, done("what it is called by")]
    description: Annotated[str | None, done("is told to the model")] = None
    parameters: Annotated[dict[str, Any] | None, done("the JSON schema of its arguments")] = None
    strict: Annotated[bool | None, done(_STRICT)] = None
    output_schema: Annotated[Any, passes(_OF_ITS_ANSWER)] = None
    returns: Annotated[Any, passes(_OF_ITS_ANSWER)] = None
    response: Annotated[Any, passes(_OF_ITS_ANSWER)] = None
    annotations: Annotated[Any, passes("are remarks for whoever calls it")] = None

    def plain(self, *, strict: bool | None = None) -> ToolFunction:
        """As it travels to a worker."""
        return ToolFunction(
            name=self.name,
            description=self.description or "",
            parameters=self.parameters or {},
            strict=bool(strict or self.strict),
        )


class AskedTool(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A function, in the form of chats; that of responses is taken, too."""

    function: Annotated[AskedFunction, done("what may be called")]
    type: Annotated[Literal["function"], done("`function`; tools of other types are left out")] = (
        "function"
    )
    strict: Annotated[bool | None, done(_STRICT)] = None
    cache_control: Annotated[Any, passes("what was read before is kept in any case")] = None
    id: Annotated[Any, passes("its name tells it from others")] = None

    def plain(self) -> ToolFunction:
        """As it travels to a worker."""
        return self.function.plain(strict=self.strict)


class FunctionName(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Names a function."""

    name: Annotated[NonEmpty, done("one of `tools`, or of `functions`")]


class AllowedTools(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Some of the tools."""

    tools: Annotated[list[dict[str, Any]], done("those that may be called, each by its name")]
    mode: Annotated[Literal["auto", "required"], done("whether one of them must be")] = "auto"


class ToolChoice(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Which of the tools the model may call, or must."""

    type: Annotated[
        Literal["function", "tool", "allowed_tools", "none", "auto", "required", "any"],
        done("a function that must be called, some of which one may be, or a word of its own"),
    ]
    function: Annotated[FunctionName | None, done("what must be called")] = None
    name: Annotated[str | None, done("the same, as responses have it")] = None
    allowed_tools: Annotated[AllowedTools | None, done("the tools that may be called")] = None


class Reasoning(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """How the model thinks, as OpenRouter has it."""

    effort: Annotated[Effort | None, done("as `reasoning_effort`")] = None
    enabled: Annotated[bool | None, done("whether it may")] = None
    exclude: Annotated[bool | None, done("thoughts are not told", False)] = None
    summary: Annotated[Any, passes("thoughts are told as they are")] = None
    generate_summary: Annotated[Any, passes("thoughts are told as they are")] = None
    max_tokens: Annotated[ThoughtTokens | None, done("tokens of a thought at most")] = None


class Thinking(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Whether the model thinks, as Anthropic and others have it."""

    type: Annotated[
        Literal["enabled", "disabled", "adaptive", "auto"],
        done("whether it may; `adaptive` and `auto`: as it does by itself"),
    ]
    budget_tokens: Annotated[ThoughtTokens | None, done("tokens of a thought at most")] = None
    clear_thinking: Annotated[Any, passes("templates decide what they want back")] = None


class ChatRequest(_OfChats, kw_only=True):
    """`POST /v1/chat/completions`."""

    messages: Annotated[
        Annotated[list[AskedMessage], msgspec.Meta(min_length=1, max_length=MOST_MESSAGES)],
        done("the conversation, oldest first"),
    ]
    max_completion_tokens: Annotated[Tokens | None, done(_ALL, -1)] = None
    logprobs: Annotated[bool | None, done("how likely each token was")] = None
    top_logprobs: Annotated[Alternatives | None, done("so many alternatives", 0)] = None
    tools: Annotated[
        Annotated[list[dict[str, Any]], msgspec.Meta(max_length=MOST_FUNCTIONS)] | None,
        done("functions that the model may call; tools of servers are left out"),
    ] = None
    tool_choice: Annotated[
        Literal["none", "auto", "required", "any"] | dict[str, Any] | None,
        done(
            "whether it may; `required`, `any`, or a name: it must; `allowed_tools`: one of these"
        ),
    ] = None
    functions: Annotated[
        Annotated[list[AskedFunction], msgspec.Meta(max_length=MOST_FUNCTIONS)] | None,
        done("an older word for `tools`; a call is told as `function_call` then", []),
    ] = None
    function_call: Annotated[
        Literal["none", "auto"] | FunctionName | None, done("the same for `tool_choice`")
    ] = None
    parallel_tool_calls: Annotated[
        bool | None, done("false: one call in an answer at most; `required` makes one")
    ] = None
    reasoning_effort: Annotated[Effort | None, done(_AS_TEMPLATE + "; `none`: no thought")] = None
    reasoning: Annotated[Reasoning | None, done("the same, and whether thoughts are told")] = None
    reasoning_format: Annotated[
        Literal["hidden"] | None,
        done(
            "`hidden`: thoughts are not told; else they are `reasoning_content`",
            *("auto", "deepseek", "parsed"),
        ),
    ] = None
    include_reasoning: Annotated[bool | None, done("false: thoughts are not told", True)] = None
    think: Annotated[bool | Effort | None, done("whether the model may think; ollama's")] = None
    enable_thinking: Annotated[bool | None, done("the same, Qwen's")] = None
    thinking: Annotated[Thinking | None, done("the same, Anthropic's")] = None
    reasoning_budget: Annotated[ThoughtTokens | None, done(_BUDGET + "; llama.cpp's", -1)] = None
    thinking_budget_tokens: Annotated[
        ThoughtTokens | None, done(_BUDGET + "; its other word", -1)
    ] = None
    thinking_budget: Annotated[ThoughtTokens | None, done(_BUDGET + "; Qwen's", -1)] = None
    thinking_token_budget: Annotated[ThoughtTokens | None, done(_BUDGET + "; vLLM's", -1)] = None
    chat_template_kwargs: Annotated[
        Annotated[dict[str, Any], msgspec.Meta(max_length=MOST_TEMPLATE_VALUES)] | None,
        done("values for the chat template; `enable_thinking` among them"),
    ] = None
    add_generation_prompt: WhetherToBegin = None
    continue_final_message: WhetherToGoOn = None
    modalities: Annotated[list[Literal["text"]] | None, done("answers are texts")] = None


class CompletionRequest(Completing, kw_only=True):
    """`POST /v1/completions`: plain text to go on with."""

    prompt: Annotated[
        NonEmpty | Annotated[list[NonEmpty | TokenId | TokenIds], msgspec.Meta(min_length=1)],
        done("the text, or several; or the tokens of one or several"),
    ]
    max_tokens: Annotated[
        Annotated[int, msgspec.Meta(ge=0)] | None,
        done(_ALL + "; 0: none, where `echo` is wanted alone", -1),
    ] = None
    suffix: Annotated[
        str | None,
        done("the answer stands before it; refused where the model was not taught that", ""),
    ] = None
    logprobs: Annotated[
        Alternatives | None, done("how likely each token was, and so many alternatives", False)
    ] = None
    n_probs: Annotated[Alternatives | None, done("llama.cpp's word for `logprobs`", 0)] = None
    echo: Annotated[
        bool | None,
        done("the text stands before the answer, with `logprobs` each of its tokens"),
    ] = None
    include_reasoning: Annotated[Any, passes("a text has no thoughts")] = None
    raw: Annotated[Any, passes("a text goes to the model as it is")] = None
    add_special_tokens: Annotated[Any, refused("the model's own marks belong to it", True)] = None


class EmbeddingRequest(VectorsElsewhere, kw_only=True, forbid_unknown_fields=True):
    """`POST /v1/embeddings`: a text or several, or the tokens of one or several."""

    model: Annotated[
        str, done("a reference, or `owner/repo` of the hub; left out: `default_model`")
    ] = ""
    input: Annotated[
        NonEmpty | Annotated[list[NonEmpty | TokenId | TokenIds], msgspec.Meta(min_length=1)],
        done("what vectors are wanted of"),
    ]
    encoding_format: Annotated[Literal["float", "base64"] | None, done("how numbers travel")] = None
    dimensions: Annotated[
        Annotated[int, msgspec.Meta(ge=1, le=2**31)] | None,
        done("the first so many numbers, of length 1 again; more than it has are refused"),
    ] = None
