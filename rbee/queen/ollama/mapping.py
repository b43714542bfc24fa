"""From ollama's requests to jobs, and from what jobs tell to ollama's answers. Pure."""

from __future__ import annotations

import abc
import datetime
import functools
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import msgspec
from msgspec import UNSET

from rbee.queen.front.idling import idle_seconds
from rbee.queen.front.pictures import picture_of
from rbee.queen.front.prefilled import as_prefilled
from rbee.queen.front.vectors import shortened
from rbee.queen.ollama.messages import (
    AskedAnswer,
    ChatAnswer,
    Embedded,
    GenerateAnswer,
    OllamaCall,
    OllamaCalled,
    OllamaChat,
    OllamaEmbed,
    OllamaGenerate,
    OllamaMessage,
    OllamaSaid,
    OllamaToolChoice,
)
from rbee.queen.ollama.options import refused, sampled
from rbee.wire.messages.basics import encode
from rbee.wire.messages.events import CallPiece, Done, Token, TokenLikelihood, floats_of
from rbee.wire.messages.inference import ChatMessage, Picture, ToolCall
from rbee.wire.messages.jobs import JobRequest

_MS = 1_000_000
#: What a model is loaded with where nothing is asked of it.
_ANYTHING = "-"


class Took(NamedTuple):
    """How a job ended, and how long it took from its beginning (ms)."""

    done: Done
    total_ms: float


class Form(abc.ABC):
    """How one kind of answer is understood and told; `model` is what the asker calls it.

    `loads`: nothing is asked but that the model be loaded.
    """

    asked: AskedAnswer
    loads: bool

    def __init__(self) -> None:
        self.model = ""
        self.created_at = ""
        self._calls = Calls()

    def job(self, ref: str) -> JobRequest:
        """What is asked of the model `ref`. Raises what the request gets wrong."""
        asked = self.asked
        idle = idle_seconds(asked.keep_alive, "keep_alive")
        if asked.debug_render_only:
            raise refused("_debug_render_only", "is for ollama's templates; say POST /v1/tokenize")
        if self.loads:
            return JobRequest(
                model_ref=ref,
                prompt=_ANYTHING,
                raw=True,
                max_tokens=1,
                ctx=sampled(asked.options).get("ctx"),
                may_idle_s=idle,
            )
        if asked.top_logprobs and not asked.logprobs:
            raise refused("top_logprobs", "goes with logprobs, which is not true")
        think, values = _thinking(asked.think)
        schema = {"type": "object"} if asked.format == "json" else asked.format
        return JobRequest(
            model_ref=ref,
            **sampled(asked.options),
            **self.question(),
            json_schema=None if schema == "" else schema,
            think=think,
            template_values=values,
            logprobs=(asked.top_logprobs or 0) if asked.logprobs else None,
            may_idle_s=idle,
        )

    def unloads(self) -> bool:
        """Whether nothing is asked but that the model be unloaded. Raises as `job` does."""
        return self.loads and idle_seconds(self.asked.keep_alive, "keep_alive") == 0

    def unloaded(self) -> Any:
        """The answer to that."""
        return self.answer("", "", [], done=True, done_reason="unload")

    @abc.abstractmethod
    def question(self) -> dict[str, Any]:
        """The fields of a job that say what is asked. Raises what the request gets wrong."""

    @abc.abstractmethod
    def answer(self, text: str, thought: str, calls: list[OllamaCall], **more: Any) -> Any:
        """An answer, or a piece of it."""

    def piece(self, token: Token) -> Any | None:
        """What is told of a token; None: nothing yet."""
        calls = self._calls.take(token.calls)
        if self.loads or not (token.t or token.thought or calls):
            return None
        return self._piece(token.t, token.thought, calls, token.logprobs)

    def rest(self) -> Any | None:
        """What is told behind the last token and before the end: calls that are whole by now."""
        text, calls = self._calls.close()
        return self._piece(text, "", calls, []) if text or calls else None

    def ending(self, took: Took) -> Any:
        """The last line of a stream."""
        return self.answer("", "", [], done=True, **self._ended(took))

    def whole(self, tokens: Sequence[Token], took: Took) -> Any:
        """The answer in one piece."""
        tokens = [] if self.loads else tokens
        calls = self._calls.take(call for token in tokens for call in token.calls)
        text, others = self._calls.close()
        likely = [one for token in tokens for one in token.logprobs]
        return self.answer(
            "".join(token.t for token in tokens) + text,
            "".join(token.thought for token in tokens),
            calls + others,
            done=True,
            logprobs=self._logprobs(likely),
            **self._ended(took),
        )

    def _piece(
        self, text: str, thought: str, calls: list[OllamaCall], likely: list[TokenLikelihood]
    ) -> Any:
        return self.answer(text, thought, calls, done=False, logprobs=self._logprobs(likely))

    def _logprobs(self, likely: list[TokenLikelihood]) -> Any:
        if not self.asked.logprobs or not likely:
            return UNSET
        for one in likely:
            del one.top_logprobs[self.asked.top_logprobs or 0 :]
        return likely

    def _ended(self, took: Took) -> dict[str, Any]:
        if self.loads:
            return {"done_reason": "load"}
        return ended_of(took)


class Chat(Form):
    """`POST /api/chat`."""

    asked: OllamaChat

    def __init__(self, asked: OllamaChat) -> None:
        super().__init__()
        self.asked = asked
        self.asked.options = asked.all_options()
        self.loads = not asked.messages

    def question(self) -> dict[str, Any]:
        """See `Form`."""
        messages = messages_of(self.asked.messages or [])
        if messages[-1].tool_calls:
            raise refused("messages", "ends with a call; answer that first")
        functions = [tool.function.plain() for tool in self.asked.tools or ()]
        choice = self.asked.tool_choice
        if isinstance(choice, OllamaToolChoice):
            functions = [each for each in functions if each.name == choice.function.name]
        elif choice == "none":
            functions = []
        must_call = choice not in (None, "auto", "none")
        if must_call and not functions:
            raise refused("tool_choice", "demands a call, and tools has none of it")
        messages = as_prefilled(
            messages,
            functools.partial(refused, "messages"),
            must_call=must_call,
            is_json=bool(self.asked.format),
        )
        return {"messages": messages, "functions": functions, "must_call": must_call}

    def answer(self, text: str, thought: str, calls: list[OllamaCall], **more: Any) -> ChatAnswer:
        """See `Form`."""
        said = OllamaSaid(content=text, thinking=thought or UNSET, tool_calls=calls or UNSET)
        return ChatAnswer(model=self.model, created_at=self.created_at, message=said, **more)


class Generate(Form):
    """`POST /api/generate`."""

    asked: OllamaGenerate

    def __init__(self, asked: OllamaGenerate) -> None:
        super().__init__()
        self.asked = asked
        self.loads = not asked.prompt and not asked.images

    def question(self) -> dict[str, Any]:
        """See `Form`."""
        asked = self.asked
        pictures = _pictures(asked.images, "images")
        if pictures and (asked.raw or asked.suffix):
            raise refused("images", "do not go with raw and suffix, which say nowhere they stand")
        if asked.context:
            raise refused("context", "is of no answer of this queen; send messages to /api/chat")
        if asked.template:
            raise refused("template", "is one of Go; models here have templates of their own")
        if asked.raw or asked.suffix:
            if asked.system:
                raise refused("system", "does not go with raw and suffix, which use no template")
            return {"prompt": asked.prompt, "suffix": asked.suffix or None, "raw": True}
        if asked.system or pictures:
            system = [ChatMessage(role="system", content=asked.system)] if asked.system else []
            user = ChatMessage(role="user", content=asked.prompt or "", pictures=pictures)
            return {"messages": [*system, user]}
        return {"prompt": asked.prompt}

    def answer(
        self, text: str, thought: str, calls: list[OllamaCall], **more: Any
    ) -> GenerateAnswer:
        """See `Form`."""
        return GenerateAnswer(
            model=self.model,
            created_at=self.created_at,
            response=text,
            thinking=thought or UNSET,
            **more,
        )


class Calls:
    """The calls of an answer, told one by one when each is whole: its arguments are an object."""

    def __init__(self) -> None:
        self._open: CallPiece | None = None

    def take(self, pieces: Iterable[CallPiece]) -> list[OllamaCall]:
        """The calls that are whole now that these pieces have come."""
        whole = []
        for piece in pieces:
            now = self._open
            if now is None or piece.index != now.index:
                _, done = self.close()
                whole += done
                now = self._open = CallPiece(index=piece.index)
            now.id += piece.id
            now.name += piece.name
            now.arguments += piece.arguments
        return whole

    def close(self) -> tuple[str, list[OllamaCall]]:
        """The call that is open, which is whole now; where an end cut it off, its text instead."""
        last, self._open = self._open, None
        if last is None:
            return "", []
        try:
            arguments = msgspec.json.decode(last.arguments or "{}", type=dict[str, Any])
        except msgspec.DecodeError:
            return f"{last.name}{last.arguments}", []
        called = OllamaCalled(name=last.name, arguments=arguments, index=last.index)
        return "", [OllamaCall(id=last.id, function=called)]


def messages_of(asked: Sequence[OllamaMessage]) -> list[ChatMessage]:
    """A conversation as a job has it.

    What a tool answers belongs to the call that it names, else to the oldest one of its name that
    has no answer yet, else to the oldest such one. Raises `invalid_request` for what is no picture.
    """
    unanswered: list[ToolCall] = []
    messages = []
    for i, each in enumerate(asked):
        pictures = _pictures(each.images, f"messages[{i}].images")
        if pictures and each.role not in ("user", "tool"):
            raise refused(pictures[0].called, f"is shown by `{each.role}`; the user may")
        calls = [
            ToolCall(
                id=call.id or f"call_{i}_{n}",
                name=call.function.name,
                arguments=encode(call.function.arguments).decode(),
            )
            for n, call in enumerate(each.tool_calls or ())
        ]
        answers = each.tool_call_id or ""
        if each.role == "tool":
            answers = _answered(unanswered, answers, each.tool_name or "")
        unanswered += calls
        messages.append(
            ChatMessage(
                role=each.role,
                content=each.content or "",
                pictures=pictures,
                thought=each.thinking or "",
                tool_calls=calls,
                tool_call_id=answers,
            )
        )
    return messages


def _pictures(images: Sequence[str] | None, path: str) -> list[Picture]:
    """The pictures of a message, which stand before its text. Raises `invalid_request`."""
    return [picture_of(each, f"{path}[{i}]") for i, each in enumerate(images or ())]


def _answered(unanswered: list[ToolCall], call_id: str, name: str) -> str:
    """The id of the call that is answered, which is taken out of `unanswered`."""
    of_id = [call for call in unanswered if call.id == call_id]
    of_name = [call for call in unanswered if call.name == name]
    for call in (*of_id, *(() if call_id else (*of_name, *unanswered))):
        unanswered.remove(call)
        return call.id
    return call_id


def embedding_job(asked: OllamaEmbed, ref: str) -> JobRequest:
    """What vectors are asked of a model; who asks for none has it loaded."""
    sampled(asked.options)  # they are refused as anywhere, and mean nothing for a vector
    inputs: list[Any] = [asked.input] if isinstance(asked.input, str) else list(asked.input or ())
    idle = idle_seconds(asked.keep_alive, "keep_alive")
    return JobRequest(model_ref=ref, inputs=inputs if asked.input else [_ANYTHING], may_idle_s=idle)


def embedded(asked: OllamaEmbed, model: str, vectors: Sequence[bytes], took: Took) -> Embedded:
    """The vectors, packed as jobs tell them, in one answer."""
    ended = ended_of(took)
    vectors = vectors if asked.input else ()
    return Embedded(
        model=model,
        embeddings=[floats_of(shortened(vector, asked.dimensions or 0)) for vector in vectors],
        total_duration=ended["total_duration"],
        load_duration=ended["load_duration"],
        prompt_eval_count=took.done.tokens_in,
    )


def ended_of(took: Took) -> dict[str, Any]:
    """How an answer ended, in ollama's terms: the fields of `Answered` that tell it."""
    done = took.done
    total = max(took.total_ms, done.duration_ms)
    reading = min(done.ttft_ms, done.duration_ms)
    return {
        "done_reason": "length" if done.finish_reason == "length" else "stop",
        "total_duration": _nanoseconds(total),
        "load_duration": _nanoseconds(total - done.duration_ms),
        "prompt_eval_count": done.tokens_in,
        "prompt_eval_duration": _nanoseconds(reading),
        "eval_count": done.tokens_out,
        "eval_duration": _nanoseconds(done.duration_ms - reading),
    }


def moment(at_ms: float) -> str:
    """A time as RFC 3339 has it."""
    at = datetime.datetime.fromtimestamp(at_ms / 1000, datetime.timezone.utc)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _thinking(asked: bool | str | None) -> tuple[bool | None, dict[str, Any]]:
    """Whether the model may think (None: as it does by itself), and what its template is told."""
    if isinstance(asked, str):
        return (True, {"reasoning_effort": asked}) if asked else (None, {})
    return asked, {}


def _nanoseconds(milliseconds: float) -> int:
    """At least one: clients divide by them."""
    return max(1, round(milliseconds * _MS))
