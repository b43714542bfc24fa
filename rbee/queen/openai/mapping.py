"""From OpenAI's requests to jobs, and from what jobs tell to OpenAI's answers. Pure."""

from __future__ import annotations

import abc
import codecs
from collections.abc import Sequence
from typing import Any, NamedTuple

from msgspec import UNSET

from rbee.queen.front.blocks import blocks_of
from rbee.queen.front.models import model_ref_of
from rbee.queen.front.streaming import Gathered
from rbee.queen.front.vectors import shortened
from rbee.queen.openai.asked import (
    agreed,
    common,
    count_of,
    ends_by_form,
    idle_of,
    is_text,
    schema_of,
    seeds,
    several,
    wrong,
)
from rbee.queen.openai.chat_messages import budget_of, going_on, message_of, thinking_of
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
    Called,
    CalledFunction,
    ChatRequest,
    CompletionRequest,
    EmbeddingRequest,
)
from rbee.queen.openai.tools import functions_of, tools_of
from rbee.wire.limits import MOST_ANSWERS, MOST_INPUTS
from rbee.wire.messages.events import (
    CallPiece,
    Done,
    Likelihood,
    Token,
    TokenLikelihood,
    floats_of,
)
from rbee.wire.messages.jobs import JobRequest


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
        schema = schema_of(asked)
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
        think, values = thinking_of(asked)
        messages = [message_of(each, f"messages[{i}]") for i, each in enumerate(asked.messages)]
        is_json = schema is not None and not is_text(asked)
        messages = going_on(asked, messages, must_call=must_call, is_json=is_json)
        return [
            JobRequest(
                **common(asked, seed),
                messages=messages,
                json_schema=schema,
                unquoted=is_text(asked),
                functions=list(tools.functions),
                must_call=must_call,
                parallel_calls=False if self._is_older else asked.parallel_tool_calls,
                think=think,
                thought_tokens=budget_of(asked) or None,
                template_values=values,
                logprobs=(asked.top_logprobs or 0) if asked.logprobs else None,
            )
            for seed in seeds(asked, count_of(asked))
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
        self._texts = several("prompt", asked.prompt)
        self.prompts = len(self._texts)
        #: How many answers there are to each prompt.
        self._count = count_of(asked)
        asked.logprobs = agreed([("logprobs", asked.logprobs), ("n_probs", asked.n_probs)])
        #: The characters of each answer that were told with their logprobs.
        self._characters = [Characters() for _ in range(self.prompts * self._count)]

    def jobs(self) -> list[JobRequest]:
        """See `Form`."""
        asked = self.asked
        if asked.suffix and asked.echo and asked.logprobs is not None:
            raise wrong("suffix", "does not go with echo and logprobs")
        schema = schema_of(asked)
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
                unquoted=is_text(asked),
                logprobs=asked.logprobs,
            )
            for prompt in self._texts
            for seed in seeds(asked, self._count)
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
        inputs = several("input", asked.input)
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
