"""What is asked of a model, on its way from whoever asks to the worker."""

from typing import Annotated, Any, Literal

import msgspec

from rbee.wire.errors import ErrorBody, RbeeError, invalid
from rbee.wire.limits import (
    LARGEST_INFER,
    LARGEST_PICTURE,
    LONGEST_GRAMMAR,
    MOST_FUNCTIONS,
    MOST_INPUTS,
    MOST_LOOKED_BACK,
    MOST_MESSAGES,
    MOST_PICTURES,
    MOST_STOPS,
    MOST_TEMPLATE_VALUES,
    MOST_TOKENS,
    MOST_WEIGHTS,
    Stop,
    TopK,
)
from rbee.wire.messages.basics import Name, Named, NonEmpty, Request, Started, TokenIds
from rbee.wire.routes import NONE, Events, Route

#: Tokens that a sampler looks back at, behind each token (a billion for DRY: 40 s).
LookBack = Annotated[int, msgspec.Meta(ge=0, le=MOST_LOOKED_BACK)]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Strength = Annotated[float, msgspec.Meta(ge=0, le=100)]
#: What the logit of a token is divided by.
Factor = Annotated[float, msgspec.Meta(gt=0, le=10)]


class Samplers(Request, kw_only=True):
    """How tokens are drawn, in llama.cpp's words, which other engines and servers have, too: see
    https://github.com/ggml-org/llama.cpp/tree/master/tools/server#post-completion-given-a-prompt-it-returns-the-predicted-completion
    """

    min_p: Share | None = None
    typical_p: Share | None = None
    top_n_sigma: Annotated[float, msgspec.Meta(ge=-1, le=100)] | None = None
    repeat_penalty: Factor | None = None
    repeat_last_n: LookBack | None = None
    xtc_probability: Share | None = None
    xtc_threshold: Share | None = None
    dry_multiplier: Strength | None = None
    dry_base: Strength | None = None
    dry_allowed_length: LookBack | None = None
    dry_penalty_last_n: LookBack | None = None
    dry_sequence_breakers: (
        Annotated[list[Stop], msgspec.Meta(min_length=1, max_length=MOST_STOPS)] | None
    ) = None
    mirostat: Annotated[int, msgspec.Meta(ge=0, le=2)] | None = None
    mirostat_tau: Strength | None = None
    mirostat_eta: Share | None = None
    dynatemp_range: Annotated[float, msgspec.Meta(ge=0, le=5)] | None = None
    dynatemp_exponent: Strength | None = None
    ignore_eos: bool | None = None
    """Go on where the model would end, until `max_tokens` or the context are full."""


class Drawing(Samplers, kw_only=True):
    """How tokens are drawn, and when an answer ends. None means: as the engine does it."""

    max_tokens: Annotated[int, msgspec.Meta(ge=1, le=MOST_TOKENS)] | None = None
    temperature: Annotated[float, msgspec.Meta(ge=0, le=5)] | None = None
    top_p: Annotated[float, msgspec.Meta(gt=0, le=1)] | None = None
    top_k: TopK | None = None
    seed: Annotated[int, msgspec.Meta(ge=0, le=2**32 - 1)] | None = None
    stop: Annotated[list[Stop], msgspec.Meta(max_length=MOST_STOPS)] | None = None
    presence_penalty: Annotated[float, msgspec.Meta(ge=-2, le=2)] | None = None
    frequency_penalty: Annotated[float, msgspec.Meta(ge=-2, le=2)] | None = None


class Sampling(Drawing, kw_only=True):
    """The same with what is about one request alone."""

    logit_bias: Annotated[dict[str, float], msgspec.Meta(max_length=MOST_WEIGHTS)] | None = None
    """What is added to the logit of a token, by its number in the model's vocabulary."""
    cache_prompt: bool | None = None
    """False: all of the prompt is read, whatever the worker has read before."""
    logprobs: Annotated[int, msgspec.Meta(ge=0, le=20)] | None = None
    """Tell how likely each token was, and so many of its likeliest alternatives."""


class ToolFunction(Request, kw_only=True):
    """What a model may call; `parameters` is the JSON schema of its arguments, and `strict` says
    that a call is held to all of it, or refused."""

    name: NonEmpty
    description: str = ""
    parameters: dict[str, Any] = {}
    strict: bool = False


class ToolCall(Request, kw_only=True):
    """A call that a model has asked for; `arguments` is JSON text."""

    id: str
    name: str
    arguments: str


class Picture(Request, kw_only=True):
    """A picture in a message, behind `at` characters of its text; `data` is its file.

    `called` is what stands for it in an error: where whoever has sent it finds it.
    """

    data: Annotated[bytes, msgspec.Meta(max_length=LARGEST_PICTURE)]
    at: Annotated[int, msgspec.Meta(ge=0)] = 0
    called: str = ""

    def __post_init__(self) -> None:
        from rbee.wire.pictures import measured  # late: few requests have one

        try:
            measured(self.data)
        except ValueError as error:
            raise ValueError(f"`{self.called or 'the picture'}` {error}") from None


def unseen(called: str, why: str) -> RbeeError:
    """The refusal of a picture that a model cannot be shown, which is `called` so."""
    return invalid(
        f"`{called or 'messages'}` is a picture, and {why}",
        "take a model whose repository has a projector (mmproj-*.gguf), or send text alone",
        field=called or "messages",
    )


class ChatMessage(Request, kw_only=True):
    """One message of a conversation; one of a tool answers the call `tool_call_id`.

    `pictures` stand in it in their order, in messages of the user and of tools alone. `name` tells
    speakers of one role apart, for templates that know it; `thought` is what the model said to
    itself before an answer: for templates that want it back.
    """

    role: Literal["system", "user", "assistant", "tool"]
    content: str
    pictures: Annotated[list[Picture], msgspec.Meta(max_length=MOST_PICTURES)] = []
    name: str = ""
    thought: str = ""
    tool_calls: Annotated[list[ToolCall], msgspec.Meta(max_length=MOST_FUNCTIONS)] = []
    tool_call_id: str = ""


class Question(Sampling, kw_only=True):
    """What a model is asked: a `prompt`, or the `messages` of a conversation, oldest first.

    Exactly one of both; a last message of the model's is one that it goes on with. A `prompt` is
    what one message of the user is to a model that was tuned to chat, and plain text to go on with
    for any other; `raw` makes it plain text for all. `json_schema` is the form of the answer; with
    `unquoted` that is the text of a string, and its quotes are no part of it. `grammar` is another
    form, in GBNF. Of
    `functions` the model may call some, or with `must_call` calls one; `parallel_calls`: several in
    one answer. `think` says whether the model may think before it answers (None: as it does by
    itself), in `thought_tokens` at most, and `template_values` are for its chat template.

    `prompt_tokens` are those of a plain text, in place of a `prompt`. With `suffix` the answer is
    what stands between a plain text and that. `echo`: the text is told before the answer, with
    `logprobs` as the tokens that it is, and how likely each was; `echo_only`: nothing else.

    Instead of them, `inputs` are texts, or the tokens of each, of which vectors are wanted; what is
    said about an answer means nothing then. With a `query` it is how well each text answers that.
    `count_only`: nothing is wanted but how many tokens would be read; `tokens_only`: these tokens,
    or of `prompt_tokens` their text; `add_marks` false: without those that are set around a text.
    """

    prompt: NonEmpty | None = None
    prompt_tokens: TokenIds | None = None
    suffix: NonEmpty | None = None
    messages: (
        Annotated[list[ChatMessage], msgspec.Meta(min_length=1, max_length=MOST_MESSAGES)] | None
    ) = None
    inputs: (
        Annotated[list[NonEmpty | TokenIds], msgspec.Meta(min_length=1, max_length=MOST_INPUTS)]
        | None
    ) = None
    query: NonEmpty | None = None
    stream: bool = True
    raw: bool = False
    json_schema: dict[str, Any] | None = None
    unquoted: bool = False
    grammar: Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_GRAMMAR)] | None = None
    functions: Annotated[list[ToolFunction], msgspec.Meta(max_length=MOST_FUNCTIONS)] = []
    must_call: bool = False
    parallel_calls: bool | None = None
    think: bool | None = None
    thought_tokens: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] | None = None
    template_values: Annotated[dict[str, Any], msgspec.Meta(max_length=MOST_TEMPLATE_VALUES)] = {}
    echo: bool = False
    echo_only: bool = False
    count_only: bool = False
    tokens_only: bool = False
    add_marks: bool = True

    def __post_init__(self) -> None:
        if self.inputs is not None:
            if self.prompt is not None or self.messages is not None or self.prompt_tokens:
                raise ValueError("`inputs` goes without `prompt` and without `messages`")
            if self.query is not None and not all(isinstance(each, str) for each in self.inputs):
                raise ValueError("`query` goes with `inputs` that are texts")
            return
        if self.query is not None:
            raise ValueError("`query` goes with `inputs`")
        if self.prompt_tokens is not None and (self.prompt is not None or self.messages):
            raise ValueError("`prompt_tokens` goes without `prompt` and without `messages`")
        if self.prompt_tokens is not None:
            self.raw = True
        elif self.prompt is None and self.messages is None:
            raise ValueError("neither `prompt` nor `messages` is given: give one of them")
        if self.prompt is not None and self.messages is not None:
            raise ValueError("both `prompt` and `messages` are given: give one of them")
        if (self.suffix is not None or self.echo or self.echo_only) and not self.raw:
            raise ValueError("`suffix` and `echo` go with `raw`")
        if self.raw and self.messages is not None:
            raise ValueError("`raw` goes with `prompt`, not with `messages`")
        if self.grammar is not None and (self.json_schema is not None or self.functions):
            raise ValueError("`grammar` goes without `json_schema` and without `functions`")
        if self.must_call and not self.functions:
            raise ValueError("`must_call` needs `functions`")
        if pictures := self.pictures:
            self._require_room_for(pictures)
        last = self.messages[-1] if self.messages else None
        if last is not None and self.is_prefilled() and (self.must_call or last.tool_calls):
            raise ValueError("the last of `messages` is not the user's, and no call goes behind it")

    @property
    def pictures(self) -> list[Picture]:
        """All that the model is shown, in their order."""
        return [picture for message in self.messages or () for picture in message.pictures]

    def _require_room_for(self, pictures: list[Picture]) -> None:
        from rbee.wire.pictures import require_together  # late: few requests have one

        if len(pictures) > MOST_PICTURES:
            raise ValueError(f"{len(pictures)} pictures are sent, and {MOST_PICTURES} are taken")
        require_together(picture.data for picture in pictures)
        for message in self.messages or ():
            if message.pictures and message.role not in ("user", "tool"):
                raise ValueError(f"a message of `{message.role}` has a picture; the user's may")
            at = [0, *(picture.at for picture in message.pictures)]
            if sorted(at) != at or at[-1] > len(message.content):
                raise ValueError("pictures stand in the text, in their order")

    def is_prefilled(self) -> bool:
        """Whether the answer has been begun, in the last message."""
        return self.messages is not None and self.messages[-1].role == "assistant"


def template_name(text: str | None) -> str:
    """What a chat template is called that somebody gave for a model's own; empty for none."""
    if not text:
        return ""
    import hashlib  # late: it loads OpenSSL, which a keeper can spare

    return hashlib.sha256(text.encode()).hexdigest()[:16]


class InferRequest(Question, kw_only=True):
    """Answered by `InferAccepted`, or by the events where they are accepted.

    Who names the inference can end it without having heard of its beginning. `model_ref` is what
    the model was asked for by: it is refused where that is a file which leads elsewhere by now.
    `context` is how many tokens prompt and answer may fill at most, where whoever asks has said so.
    With `whole` it is refused where `max_tokens` do not fit behind the prompt, though the model
    knows as long texts.
    """

    infer_id: Name | None = None
    model_ref: str = ""
    context: Annotated[int, msgspec.Meta(ge=1)] | None = None
    whole: bool = False


class InferAccepted(Started, kw_only=True):
    """An inference is taken in."""

    infer_id: str


INFER = Route(
    "POST",
    "/infer",
    InferRequest,
    InferAccepted,
    status=202,
    event=Events,
    largest=LARGEST_INFER,
)
INFER_EVENTS = Route("GET", "/infer/{id}/events", Named, Events)
CANCEL_INFERENCE = Route("DELETE", "/infer/{id}", Named, NONE)
FAIL_INFERENCES = Route("POST", "/infer/fail", ErrorBody, NONE)
