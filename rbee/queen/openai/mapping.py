"""From OpenAI's requests to jobs, and from what jobs tell to OpenAI's answers. Pure."""

from __future__ import annotations

import abc
import codecs
import functools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

import msgspec
from msgspec import UNSET

from rbee.queen.front.blocks import blocks_of
from rbee.queen.front.idling import idle_seconds
from rbee.queen.front.models import model_ref_of
from rbee.queen.front.pictures import Said
from rbee.queen.front.prefilled import as_prefilled
from rbee.queen.front.streaming import Gathered
from rbee.queen.front.vectors import shortened
from rbee.queen.openai.messages import (
    CallDelta,
    ChatAnswer,
    ChatChoice,
    ChatChunk,
    ChatCompletion,
    ChunkChoice,
    Completion,
    Delta,
    Embedding,
    Embeddings,
    Logprobs,
    ReadUsage,
    TextChoice,
    TextLogprobs,
    Usage,
)
from rbee.queen.openai.requests import (
    Asked,
    AskedMessage,
    Called,
    CalledFunction,
    ChatRequest,
    Completing,
    CompletionRequest,
    ContentPart,
    EmbeddingRequest,
    Schema,
    Weighed,
)
from rbee.queen.openai.tools import functions_of, tools_of
from rbee.wire.errors import RbeeError, invalid
from rbee.wire.limits import MOST_ANSWERS, MOST_INPUTS, MOST_LOOKED_BACK, MOST_TOKENS
from rbee.wire.messages.events import (
    CallPiece,
    Done,
    Likelihood,
    Token,
    TokenLikelihood,
    floats_of,
)
from rbee.wire.messages.inference import ChatMessage, Samplers, ToolCall
from rbee.wire.messages.jobs import JobRequest

_SEEDS = 2**32
#: The weight of a token that is never drawn.
_NEVER = -100.0
#: What means the same to a job.
_AS_ASKED = (
    *("temperature", "presence_penalty", "frequency_penalty", "cache_prompt"),
    *Samplers.__struct_fields__,
)
#: The words that there are for a field of a job.
_WORDS = {
    "typical_p": ("typical_p", "typical"),
    "repeat_penalty": ("repeat_penalty", "repetition_penalty"),
}


#: By a field of a job that a worker's error names: the fields of a request that may have set it.
#: The first stands where none of them was sent.
_SAID_BY = {
    "model_ref": ("model",),
    "inputs": ("input", "documents", "texts"),
    "functions": ("tools", "functions"),
    "json_schema": (
        *("response_format", "json_schema", "guided_json", "structured_outputs"),
        *("guided_choice", "guided_regex", "regex"),
    ),
    "grammar": ("grammar", "guided_grammar", "ebnf", "structured_outputs", "response_format"),
    "max_tokens": ("max_completion_tokens", "max_tokens", "n_predict", "max_new_tokens"),
    "repeat_penalty": ("repeat_penalty", "repetition_penalty"),
    "typical_p": ("typical_p", "typical"),
    "logprobs": ("logprobs", "n_probs"),
    "seed": ("seed", "random_seed"),
    "ignore_eos": ("ignore_eos", "min_tokens"),
    "prompt_tokens": ("prompt", "tokens"),
    "tokens_only": ("prompt", "content", "messages", "tokens"),
    "echo_only": ("echo",),
    "top_k": ("top_k", "top_p"),
    "template_values": ("chat_template_kwargs", "reasoning_effort", "reasoning", "think"),
    "think": (
        *("reasoning_effort", "reasoning", "think", "enable_thinking", "thinking"),
        *("chat_template_kwargs", "reasoning_budget", "thinking_budget_tokens"),
        *("thinking_budget", "thinking_token_budget"),
    ),
    "ctx": ("num_ctx",),
}


#: What speakers are called in a job.
_ROLES: Mapping[str, Literal["system", "user", "assistant", "tool"]] = {
    "developer": "system",
    "system": "system",
    "user": "user",
    "assistant": "assistant",
    "tool": "tool",
    "function": "tool",
}
#: What switches thinking on and off; other words leave it to the model.
_SWITCHES = {"enabled": True, "disabled": False}
#: The fields that say which texts an answer may be.
_TEXTS = ("guided_choice", "guided_regex", "regex")


class Identity(NamedTuple):
    """What every piece of one answer repeats."""

    id: str
    created: int
    model: str


class Form(abc.ABC):
    """How one kind of completion is understood and answered; answers are numbered from 0.

    `asked` is the request, which has so many `prompts`. `event` makes one of a stream of a choice,
    and `answer` all of it in one piece.
    """

    #: How the names of its answers begin.
    prefix: str
    event: type[ChatChunk] | type[Completion]
    answer: type[ChatCompletion] | type[Completion]
    asked: Asked
    prompts = 1
    #: The types of the tools that were left out.
    left_out: Sequence[str] = ()

    @abc.abstractmethod
    def jobs(self) -> list[JobRequest]:
        """One for each answer that is wanted. Raises what the request gets wrong."""

    @abc.abstractmethod
    def opening(self, index: int) -> Any:
        """What is told before the first token of an answer, or None."""

    @abc.abstractmethod
    def piece(self, index: int, token: Token) -> Any:
        """What is told of a token, or None where it tells nothing."""

    @abc.abstractmethod
    def ending(self, index: int, done: Done) -> Any:
        """What tells how an answer ended."""

    @abc.abstractmethod
    def choice(self, index: int, outcome: Gathered) -> Any:
        """An answer in one piece."""

    def chunk(self, who: Identity, choice: Any, written: int | None = None) -> Any:
        """The event that tells a piece of an answer; with how many tokens were `written` so far,
        where that is to be told."""
        usage = UNSET if written is None else Usage.of(0, written)
        return self.event(**who._asdict(), choices=[choice], usage=usage)

    def usage(self, who: Identity, ends: Sequence[Done]) -> Any:
        """The last event, for who asks for the counts."""
        return self.event(**who._asdict(), choices=[], usage=_usage(ends, self.prompts))

    def whole(self, who: Identity, outcomes: Sequence[Gathered]) -> Any:
        """The answers in one piece."""
        choices = [self.choice(index, one) for index, one in enumerate(outcomes)]
        usage = _usage([one.done for one in outcomes], self.prompts)
        return self.answer(**who._asdict(), choices=choices, usage=usage)


class Chat(Form):
    """`POST /v1/chat/completions`."""

    prefix, event, answer = "chatcmpl-", ChatChunk, ChatCompletion
    asked: ChatRequest

    def __init__(self, asked: ChatRequest, *, refuse_unknown: bool = False) -> None:
        """`refuse_unknown`: tools that nobody here has are not left out."""
        self.asked = asked
        self._refuses = refuse_unknown
        excluded = asked.reasoning is not None and asked.reasoning.exclude
        hidden = excluded or asked.reasoning_format == "hidden"
        #: Whether functions were offered as they were before there were tools, and are told so.
        self._is_older = asked.functions is not None
        self._tells_thoughts = asked.include_reasoning is not False and not hidden

    def jobs(self) -> list[JobRequest]:
        """See `Form`."""
        asked = self.asked
        schema = _schema(asked)
        if self._is_older:
            if asked.tools:
                raise wrong("functions", "and tools say the same: send one of them")
            tools = functions_of(asked.functions or (), asked.function_call)
        else:
            tools = tools_of(asked.tools or [], asked.tool_choice, refuse_unknown=self._refuses)
        must_call, self.left_out = tools.must_call, tools.left_out
        if (asked.ignore_eos or asked.min_tokens) and (must_call or schema is not None):
            raise ends_by_form(asked)
        if must_call and schema is not None:
            raise wrong("response_format", "does not go with a call that is demanded")
        if asked.top_logprobs is not None and not asked.logprobs:
            raise wrong("top_logprobs", "goes with logprobs, which is not true")
        think, values = _thinking(asked)
        messages = [_message(each, f"messages[{i}]") for i, each in enumerate(asked.messages)]
        is_json = schema is not None and not _is_text(asked)
        messages = _going_on(asked, messages, must_call=must_call, is_json=is_json)
        return [
            JobRequest(
                **common(asked, seed, asked.max_completion_tokens),
                messages=messages,
                json_schema=schema,
                unquoted=_is_text(asked),
                functions=list(tools.functions),
                must_call=must_call,
                parallel_calls=False if self._is_older else asked.parallel_tool_calls,
                think=think,
                thought_tokens=_budget(asked) or None,
                template_values=values,
                logprobs=(asked.top_logprobs or 0) if asked.logprobs else None,
            )
            for seed in _seeds(asked, count_of(asked))
        ]

    def opening(self, index: int) -> ChunkChoice:
        """See `Form`."""
        return ChunkChoice(index=index, delta=Delta(role="assistant", content=""))

    def piece(self, index: int, token: Token) -> ChunkChoice | None:
        """See `Form`."""
        thought = token.thought if self._tells_thoughts else ""
        if not (token.t or thought or token.calls or (token.logprobs and self.asked.logprobs)):
            return None
        delta = Delta(
            content=token.t or UNSET,
            reasoning_content=thought or UNSET,
        )
        if token.calls and self._is_older:
            delta.function_call = _delta(token.calls[0]).function
        elif token.calls:
            delta.tool_calls = [_delta(call) for call in token.calls]
        return ChunkChoice(index=index, delta=delta, logprobs=self._logprobs(token.logprobs))

    def ending(self, index: int, done: Done) -> ChunkChoice:
        """See `Form`."""
        return ChunkChoice(index=index, delta=Delta(), finish_reason=self._end(done))

    def choice(self, index: int, outcome: Gathered) -> ChatChoice:
        """See `Form`."""
        text = "".join(token.t for token in outcome.tokens)
        thought = "".join(token.thought for token in outcome.tokens) if self._tells_thoughts else ""
        calls = [
            Called(id=block.id, function=CalledFunction(name=block.name, arguments=block.text))
            for block in blocks_of(outcome.tokens).all
            if block.kind == "call"
        ]
        message = ChatAnswer(
            content=text if text or not calls else None,
            reasoning_content=thought or UNSET,
        )
        if calls and self._is_older:
            message.function_call = calls[0].function
        elif calls:
            message.tool_calls = calls
        return ChatChoice(
            index=index,
            message=message,
            finish_reason=self._end(outcome.done),
            logprobs=self._logprobs(_likelihoods(outcome.tokens)),
        )

    def _end(self, done: Done) -> str:
        called = self._is_older and done.finish_reason == "tool_calls"
        return "function_call" if called else done.finish_reason

    def _logprobs(self, content: list[TokenLikelihood]) -> Logprobs | None:
        if not self.asked.logprobs:
            return None
        for one in content:
            del one.top_logprobs[self.asked.top_logprobs or 0 :]
        return Logprobs(content=content)


class Characters:
    """Counts the characters of an answer, in which one character may be several tokens."""

    def __init__(self) -> None:
        self._count = 0
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode

    def then(self, token: TokenLikelihood) -> int:
        """The number of characters before this token, which is the next one."""
        before = self._count
        text = token.token if token.bytes is None else self._decode(bytes(token.bytes))
        self._count += len(text)
        return before


class Text(Form):
    """`POST /v1/completions`."""

    prefix, event, answer = "cmpl-", Completion, Completion
    asked: CompletionRequest

    def __init__(self, asked: CompletionRequest) -> None:
        self.asked = asked
        self._texts = _several("prompt", asked.prompt)
        self.prompts = len(self._texts)
        #: How many answers there are to each prompt.
        self._count = count_of(asked)
        asked.logprobs = _agreed([("logprobs", asked.logprobs), ("n_probs", asked.n_probs)])
        #: The characters of each answer that were told with their logprobs.
        self._characters = [Characters() for _ in range(self.prompts * self._count)]

    def jobs(self) -> list[JobRequest]:
        """See `Form`."""
        asked = self.asked
        if asked.suffix and asked.echo and asked.logprobs is not None:
            raise wrong("suffix", "does not go with echo and logprobs")
        schema = _schema(asked)
        if (asked.ignore_eos or asked.min_tokens) and schema is not None:
            raise ends_by_form(asked)
        answers = self.prompts * self._count
        if answers > MOST_ANSWERS:
            raise wrong(
                "n" if answers > self.prompts else "prompt",
                f"makes {answers} answers to all prompts, and {MOST_ANSWERS} are taken at once",
            )
        return [
            JobRequest(
                **common(asked, seed),
                prompt=prompt if isinstance(prompt, str) else None,
                prompt_tokens=None if isinstance(prompt, str) else prompt,
                suffix=asked.suffix,
                echo=self._is_echoed(prompt) and asked.max_tokens != 0,
                echo_only=self._is_echoed(prompt) and asked.max_tokens == 0,
                count_only=not self._is_echoed(prompt) and asked.max_tokens == 0,
                raw=True,
                json_schema=schema,
                unquoted=_is_text(asked),
                logprobs=asked.logprobs,
            )
            for prompt in self._texts
            for seed in _seeds(asked, self._count)
        ]

    def opening(self, index: int) -> TextChoice | None:
        """See `Form`."""
        prompt = self._echo(index)
        return TextChoice(index=index, text=prompt) if prompt else None

    def piece(self, index: int, token: Token) -> TextChoice | None:
        """See `Form`."""
        if not token.t and not (token.logprobs and self.asked.logprobs is not None):
            return None
        logprobs = self._logprobs(token.logprobs, self._characters[index])
        return TextChoice(index=index, text=token.t, logprobs=logprobs)

    def ending(self, index: int, done: Done) -> TextChoice:
        """See `Form`."""
        return TextChoice(index=index, text="", finish_reason=self._end(done))

    def choice(self, index: int, outcome: Gathered) -> TextChoice:
        """See `Form`."""
        return TextChoice(
            index=index,
            text=self._echo(index) + "".join(token.t for token in outcome.tokens),
            logprobs=self._logprobs(_likelihoods(outcome.tokens)),
            finish_reason=self._end(outcome.done),
        )

    def _is_echoed(self, prompt: str | list[int]) -> bool:
        """Whether the worker itself sends the text that `echo` puts in front of the answer."""
        asked = self.asked
        return bool(asked.echo) and (asked.logprobs is not None or not isinstance(prompt, str))

    def _echo(self, index: int) -> str:
        prompt = self._texts[index // self._count]
        is_told = not self.asked.echo or self._is_echoed(prompt) or not isinstance(prompt, str)
        return "" if is_told else str(prompt)

    def _end(self, done: Done) -> str:
        return "length" if self.asked.max_tokens == 0 else done.finish_reason

    def _logprobs(
        self, content: list[TokenLikelihood], characters: Characters | None = None
    ) -> TextLogprobs | None:
        """The logprobs of `content`, tokens that follow what has been sent."""
        if self.asked.logprobs is None:
            return None
        characters = characters or Characters()
        return TextLogprobs(
            tokens=[_shown(one) for one in content],
            token_logprobs=[one.logprob for one in content],
            top_logprobs=[
                None if one.logprob is None else _by_token(one.top_logprobs[: self.asked.logprobs])
                for one in content
            ],
            text_offset=[characters.then(one) for one in content],
        )


class Vectors:
    """`POST /v1/embeddings`: one job, and an answer in one piece."""

    prefix = "embd-"

    def __init__(self, asked: EmbeddingRequest) -> None:
        self.asked = asked

    def jobs(self) -> list[JobRequest]:
        """See `Form`."""
        asked = self.asked
        inputs = _several("input", asked.input)
        if len(inputs) > MOST_INPUTS:
            raise wrong("input", f"is {len(inputs)} texts, and {MOST_INPUTS} are taken at once")
        ref = model_ref_of(asked.model)
        return [JobRequest(model_ref=ref, inputs=inputs, may_idle_s=idle_of(asked))]

    def check(self, vector: bytes) -> None:
        """Raises where a vector is shorter than was asked for."""
        wanted, length = self.asked.dimensions or 0, len(vector) // 4
        if wanted > length:
            raise wrong("dimensions", f"is {wanted}, and this model's vectors have {length}")

    def whole(self, who: Identity, outcomes: Sequence[Gathered]) -> Embeddings:
        """See `Form`."""
        (one,) = outcomes
        vectors = one.vectors
        read = one.done.tokens_in
        return Embeddings(
            data=[
                Embedding(index=index, embedding=self._written(vector))
                for index, vector in enumerate(vectors)
            ],
            model=who.model,
            usage=ReadUsage(prompt_tokens=read, total_tokens=read),
        )

    def _written(self, vector: bytes) -> list[float] | bytes:
        vector = shortened(vector, self.asked.dimensions or 0)
        return vector if self.asked.encoding_format == "base64" else floats_of(vector)


def in_words_of(asked: object, error: RbeeError) -> RbeeError:
    """The error, about a field that was sent: a worker may know that by another name."""
    field = error.details.get("field")
    names = _SAID_BY.get(field, ()) if isinstance(field, str) else ()
    sent = [name for name in names if getattr(asked, name, None) is not None]
    if names:
        error.details["field"] = _with_path((sent or names)[0], asked, error.details.get("path"))
    return error


def _with_path(field: str, asked: object, path: object) -> str:
    """A field that holds schemas, with the path in one of them as it was sent."""
    if not isinstance(path, str) or not path.startswith("$") or field in _TEXTS:
        return field
    if field == "tools":
        return field + path[1:].replace(".parameters", ".function.parameters", 1)
    form = getattr(asked, "response_format", None)
    if field == "response_format" and form and form.regex:
        return field
    said = next((name for name in ("schema", "value") if getattr(form, name, None)), "schema")
    inner = {
        "response_format": "json_schema.schema" if form and form.json_schema else said,
        "structured_outputs": "json",
    }.get(field)
    return ".".join(filter(None, (field, inner))) + path[1:]


def common(asked: Asked, seed: int | None, most: int | None = None) -> dict[str, Any]:
    """What all kinds ask for; `most`: tokens, in another word for `max_tokens`."""
    said = {name: getattr(asked, name) for name in _AS_ASKED}
    for name, words in _WORDS.items():
        said[name] = _agreed((word, getattr(asked, word)) for word in words)
    said_most = (most, asked.max_tokens, asked.n_predict, asked.max_new_tokens)
    most = min((min(each, MOST_TOKENS) for each in said_most if each), default=None)
    if asked.min_tokens and not asked.ignore_eos:
        if asked.min_tokens != most:
            raise wrong(
                "min_tokens", "is taken where it is max_tokens too, or goes with ignore_eos alone"
            )
        said["ignore_eos"] = True
    grammar = _grammar(asked)
    if said["ignore_eos"] and grammar is not None:
        raise ends_by_form(asked)
    stop = [asked.stop] if isinstance(asked.stop, str) else asked.stop or ()
    return {
        **said,
        # A `top_p` of 0 leaves the likeliest token alone, which is `top_k` 1.
        "top_p": asked.top_p or None,
        "top_k": 1 if asked.top_p == 0 else asked.top_k if asked.top_k != -1 else 0,
        "repeat_last_n": MOST_LOOKED_BACK if asked.repeat_last_n == -1 else asked.repeat_last_n,
        "max_tokens": most,
        "ctx": asked.num_ctx,
        "may_idle_s": idle_of(asked),
        "model_ref": model_ref_of(asked.model),
        "grammar": grammar,
        "logit_bias": _weights(asked.logit_bias),
        "seed": seed,
        "stop": [text for text in stop if text] or None,
    }


def idle_of(asked: Asked | EmbeddingRequest) -> float | None:
    """How long the model stays loaded behind a request (s); None: it does not say."""
    idle, ttl = idle_seconds(asked.keep_alive, "keep_alive"), idle_seconds(asked.ttl, "ttl")
    return ttl if idle is None else idle


def ends_by_form(asked: Asked) -> RbeeError:
    """The refusal of what would let an answer go on behind the form that it has."""
    field = "ignore_eos" if asked.ignore_eos else "min_tokens"
    return wrong(field, "does not go with a form, which ends the answer")


def _weights(said: dict[str, float] | list[Weighed] | None) -> dict[str, float] | None:
    """What is added to the logits of tokens. Raises for true, which is no weight."""
    if not isinstance(said, list):
        return said
    if any(weight is True for _, weight in said):
        raise wrong("logit_bias", "is true for a token; a number is wanted, or false")
    return {str(token): _NEVER if weight is False else weight for token, weight in said}


def _grammar(asked: Asked) -> str | None:
    """The grammar of the answer. Raises where something else says what form that has."""
    outputs = asked.structured_outputs if isinstance(asked, Completing) else None
    form = asked.response_format if isinstance(asked, Completing) else None
    said = (
        ("grammar", asked.grammar),
        ("guided_grammar", asked.guided_grammar),
        ("ebnf", asked.ebnf),
        ("structured_outputs", outputs and outputs.grammar),
        ("response_format", form and form.grammar),
    )
    grammar: str | None = _agreed(said)
    if grammar is not None and isinstance(asked, Completing):
        field = next(name for name, value in said if value is not None)
        if _schema(asked) is not None:
            raise wrong(field, "does not go with another form of the answer")
        if isinstance(asked, ChatRequest) and _offers(asked):
            raise wrong(field, "does not go with tools that may be called")
    return grammar


def _offers(asked: ChatRequest) -> bool:
    """Whether something may be called."""
    offered = bool(asked.tools or asked.functions)
    return offered and "none" not in (asked.tool_choice, asked.function_call)


def _agreed(said: Iterable[tuple[str, Any]]) -> Any:
    """The value that fields for one and the same have; None: none of them has one.

    Raises for two that contradict each other.
    """
    given = [(field, value) for field, value in said if value is not None]
    for field, value in given:
        if value != given[0][1]:
            raise wrong(field, f"contradicts {given[0][0]}")
    return given[0][1] if given else None


def count_of(asked: Completing) -> int:
    """How many answers there are to each prompt. Raises where only some of them would be told."""
    count = _agreed([("n", asked.n), ("n_cmpl", asked.n_cmpl)]) or 1
    if asked.best_of not in (None, count):
        raise wrong("best_of", f"is {asked.best_of}, and n is {count}: all answers are told")
    return count


def seed_of(asked: Asked) -> int | None:
    """The seed that is asked for."""
    seed: int | None = _agreed([("seed", asked.seed), ("random_seed", asked.random_seed)])
    return None if seed is None else seed % _SEEDS


def _seeds(asked: Asked, count: int) -> list[int | None]:
    """A seed for each answer to one prompt: the same one would draw the same answer."""
    seed = seed_of(asked)
    if seed is None:
        return [None] * count
    return [(seed + number) % _SEEDS for number in range(count)]


def _several(field: str, given: str | list[str | int | list[int]]) -> list[str | list[int]]:
    """The texts of a field, or the tokens of each."""
    if isinstance(given, str):
        return [given]
    tokens = [each for each in given if isinstance(each, int)]
    others = [each for each in given if not isinstance(each, int)]
    if tokens and others:
        raise wrong(field, "mixes texts and the tokens of one text")
    return others or [tokens]


def _schema(asked: Completing) -> dict[str, Any] | None:
    """The JSON schema of the answer, in whichever field it is. Raises for two of them."""
    found: dict[str, dict[str, Any]] = {}
    form, outputs = asked.response_format, asked.structured_outputs
    if form is not None and (schema := form.held_to) is not None:
        found["response_format"] = schema
    if asked.json_schema is not None:
        found["json_schema"] = _read_schema("json_schema", asked.json_schema)
    if asked.guided_json is not None:
        found["guided_json"] = _read_schema("guided_json", asked.guided_json)
    if outputs is not None and (outputs.json is not None or outputs.json_object):
        found["structured_outputs"] = _read_schema(
            "structured_outputs.json", outputs.json or {"type": "object"}
        )
    for name, choice in (
        ("guided_choice", asked.guided_choice),
        ("structured_outputs", outputs and outputs.choice),
    ):
        if choice:
            found[name] = {"enum": choice}
    for name, regex in (
        ("response_format", form and form.regex),
        ("guided_regex", asked.guided_regex),
        ("regex", asked.regex),
        ("structured_outputs", outputs and outputs.regex),
    ):
        if regex:
            found[name] = {"type": "string", "pattern": f"^(?:{regex})$"}
    if len(found) > 1:
        first, second = list(found)[:2]
        raise wrong(second, f"and {first} both say what form the answer has")
    return next(iter(found.values()), None)


def _read_schema(field: str, said: Schema) -> dict[str, Any]:
    """A schema, which some programs send as the text of one. Raises where it is none."""
    if not isinstance(said, str):
        return said
    try:
        return msgspec.json.decode(said, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        raise wrong(field, "is a text that is no JSON schema") from None


def _is_text(asked: Completing) -> bool:
    """Whether the form of the answer is that of a text, and not of JSON."""
    form, outputs = asked.response_format, asked.structured_outputs
    plain = outputs is not None and (outputs.choice or outputs.regex)
    plain = plain or (form is not None and form.regex)
    return bool(plain or asked.guided_choice or asked.guided_regex or asked.regex)


def _thinking(asked: ChatRequest) -> tuple[bool | None, dict[str, Any]]:
    """Whether the model may think (None: as it does by itself), and what its template is told."""
    values = dict(asked.chat_template_kwargs or {})
    switch = values.pop("enable_thinking", None)
    if switch is not None and not isinstance(switch, bool):
        raise wrong("chat_template_kwargs", "has an enable_thinking that is neither true nor false")
    effort = _agreed(
        (
            ("reasoning_effort", asked.reasoning_effort),
            ("reasoning", asked.reasoning.effort if asked.reasoning else None),
            ("think", asked.think if isinstance(asked.think, str) else None),
        )
    )
    think = _agreed(
        (
            ("chat_template_kwargs", switch),
            ("enable_thinking", asked.enable_thinking),
            ("think", asked.think if isinstance(asked.think, bool) else None),
            ("thinking", _SWITCHES.get(asked.thinking.type) if asked.thinking else None),
            ("reasoning", asked.reasoning.enabled if asked.reasoning else None),
            ("thinking_budget", False if _budget(asked) == 0 else None),
            ("reasoning_effort", False if effort == "none" else None),
        )
    )
    if effort not in (None, "none", "default"):
        values.setdefault("reasoning_effort", effort)
    return think, values


def _budget(asked: ChatRequest) -> int | None:
    """How many tokens a thought may take; None: as many as it does."""
    most: int | None = _agreed(
        (
            ("thinking_budget", asked.thinking_budget),
            ("thinking_budget_tokens", asked.thinking_budget_tokens),
            ("thinking_token_budget", asked.thinking_token_budget),
            ("reasoning_budget", asked.reasoning_budget),
            ("thinking", asked.thinking.budget_tokens if asked.thinking else None),
            ("reasoning", asked.reasoning.max_tokens if asked.reasoning else None),
        )
    )
    return most


def _going_on(
    asked: ChatRequest, messages: list[ChatMessage], *, must_call: bool, is_json: bool
) -> list[ChatMessage]:
    """See `as_prefilled`. Raises where it is said that there is such a message, and is not."""
    wanted = asked.continue_final_message or asked.add_generation_prompt is False
    if wanted and messages[-1].role != "assistant":
        field = (
            "continue_final_message" if asked.continue_final_message else "add_generation_prompt"
        )
        raise wrong(field, "goes with a last message of the model, which there is none of")
    if wanted and must_call:
        raise wrong("tool_choice", "demands a call, and messages ends with the model's words")
    said = functools.partial(wrong, "messages")
    return as_prefilled(messages, said, must_call=must_call, is_json=is_json and not wanted)


def _message(asked: AskedMessage, path: str) -> ChatMessage:
    content, pictures = asked.content or "", []
    if isinstance(content, list):
        said = Said()
        for i, part in enumerate(content):
            _take_in(said, part, asked.role, f"{path}.content[{i}]")
        content, pictures = said.text, said.pictures
    calls = [
        ToolCall(id=call.id, name=call.function.name, arguments=call.function.arguments)
        for call in asked.tool_calls or ()
    ]
    if older := asked.function_call:
        check_arguments(older.arguments, f"{path}.function_call.arguments")
        calls.append(ToolCall(id=older.name, name=older.name, arguments=older.arguments))
    for i, call in enumerate(asked.tool_calls or ()):
        check_arguments(call.function.arguments, f"{path}.tool_calls[{i}].function.arguments")
    answered = asked.name if asked.role == "function" else asked.tool_call_id
    return ChatMessage(
        role=_ROLES[asked.role],
        content=content,
        pictures=pictures,
        thought=asked.reasoning_content or asked.reasoning or "",
        name=asked.name or "",
        tool_calls=calls,
        tool_call_id=answered or "",
    )


def _take_in(said: Said, part: ContentPart, role: str, path: str) -> None:
    """Takes a part of a message in. Raises for one that is not understood."""
    if part.type in ("text", "input_text", "output_text", "refusal"):
        said.say(part.text or part.refusal)
    elif part.type not in ("image_url", "input_image"):
        raise wrong(path, f"is {part.type!r}; text is understood, and `image_url`")
    elif role not in ("user", "tool"):
        raise wrong(path, f"is a picture in a message of `{role}`; the user's may have one")
    elif not part.image_url:
        raise wrong(path, "has no `image_url`")
    else:
        url = part.image_url
        said.show_at(url if isinstance(url, str) else url.url, path)


def check_arguments(arguments: str, path: str) -> None:
    """Raises where the arguments of an earlier call are not what templates can be given."""
    try:
        is_object = isinstance(msgspec.json.decode(arguments), dict)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        is_object = False
    if not is_object:
        raise invalid(
            f"{path} is no JSON object",
            'send the arguments of a call as JSON text, "{}" where it has none',
            field=path,
        )


def _usage(ends: Sequence[Done], prompts: int) -> Usage:
    tokens_in = sum(one.tokens_in for one in ends[:: max(1, len(ends) // prompts)])
    tokens_out = sum(one.tokens_out for one in ends)
    return Usage.of(tokens_in, tokens_out)


def _likelihoods(tokens: Sequence[Token]) -> list[TokenLikelihood]:
    return [one for token in tokens for one in token.logprobs]


def _by_token(likely: Sequence[Likelihood]) -> dict[str, float | None]:
    return {_shown(one): one.logprob for one in likely}


def _shown(one: Likelihood) -> str:
    """The text of a token; one that is no text by itself is shown as its bytes, as OpenAI does."""
    piece = bytes(one.bytes or ())
    try:
        piece.decode()
    except UnicodeDecodeError:
        return "bytes:" + "".join(f"\\x{each:02x}" for each in piece)
    return one.token


def _delta(call: CallPiece) -> CallDelta:
    named = {"name": call.name} if call.name else {}
    return CallDelta(
        index=call.index,
        id=call.id or UNSET,
        type="function" if call.id else UNSET,
        function={**named, "arguments": call.arguments},
    )


def wrong(field: str, what: str) -> RbeeError:
    """The refusal of a field, with what is wrong about it in words."""
    return invalid(f"{field} {what}", f"change {field}", field=field)
