"""From a request to ``/v1/responses`` to a job, and from what jobs tell to the answer. Pure."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

from rbee.queen.front.blocks import Blocks
from rbee.queen.front.prefilled import as_prefilled
from rbee.queen.openai.asked import common, ends_by_form, seed_of, wrong
from rbee.queen.openai.messages import Failure
from rbee.queen.openai.responses.items import Refer, Shape, conversation_of, message_of
from rbee.queen.openai.responses.messages import (
    Incomplete,
    Response,
    ResponseFailure,
    ResponseUsage,
    Status,
    ThoughtTokens,
)
from rbee.queen.openai.responses.requests import ResponseRequest
from rbee.queen.openai.responses.tools import tools_of
from rbee.wire.errors import RbeeError, invalid
from rbee.wire.messages.basics import encode
from rbee.wire.messages.events import Done
from rbee.wire.messages.inference import ChatMessage
from rbee.wire.messages.jobs import JobRequest

PREFIX = "resp_"
_LIKELY, _PACKED = "message.output_text.logprobs", "reasoning.encrypted_content"
_READ = ("context_length_exceeded",)
#: What a worker names is here said in another field.
_SAID_BY = {
    "model_ref": "model",
    "messages": "input",
    "functions": "tools",
    "json_schema": "text",
    "max_tokens": "max_output_tokens",
    "logprobs": "top_logprobs",
    "think": "reasoning",
    "template_values": "reasoning",
}


class Answering:
    """One request, understood, and its answer.

    `model` is what the asker calls the model; `before` the conversation that goes on.
    """

    def __init__(
        self,
        asked: ResponseRequest,
        model: str,
        before: Sequence[ChatMessage],
        refer: Refer = lambda of: None,
        *,
        refuse_unknown: bool,
    ) -> None:
        """`refer` finds the blocks of answers that are kept. Raises what the request gets wrong."""
        if asked.background and (asked.stream or asked.store is False):
            raise invalid(
                "background goes without stream, and with store: the answer is asked for later",
                "leave out one of them",
                field="background",
            )
        self.asked = asked
        self.model = model
        self.tools = tools_of(asked, refuse_unknown=refuse_unknown)
        #: What is said, but for the instructions: what a later request goes on from.
        said = conversation_of(asked.input, refer, refuse_unknown=refuse_unknown)
        self.messages = [*before, *said.messages]
        #: The types of the items that the model is told nothing of.
        self.unread: Sequence[str] = said.left_out
        include = asked.include or ()
        self._likely = _LIKELY in include or asked.top_logprobs is not None
        self._packed = _PACKED in include
        #: The bytes of what is kept of it.
        self.size = len(encode(self.messages)) + len(encode(asked))

    def job(self) -> JobRequest:
        """What is asked of the model. Raises what the request gets wrong."""
        asked, tools = self.asked, self.tools
        schema = _schema(asked)
        if tools.must_call and schema is not None:
            raise invalid(
                "text.format does not go with a call that is demanded",
                "leave out one of them",
                field="text.format",
            )
        if (asked.ignore_eos or asked.min_tokens) and (tools.must_call or schema is not None):
            raise ends_by_form(asked)
        said = self.messages
        if asked.instructions:
            said = [ChatMessage(role="system", content=asked.instructions), *said]
        effort = asked.reasoning.effort if asked.reasoning else None
        values = dict(asked.chat_template_kwargs or {})
        if effort not in (None, "none", "default"):
            values.setdefault("reasoning_effort", effort)
        return JobRequest(
            **common(asked, seed_of(asked)),
            messages=as_prefilled(
                said,
                functools.partial(wrong, "input"),
                must_call=tools.must_call,
                is_json=schema is not None,
            ),
            json_schema=schema,
            functions=list(tools.functions),
            must_call=tools.must_call,
            parallel_calls=asked.parallel_tool_calls,
            think=False if effort == "none" else None,
            template_values=values,
            logprobs=(asked.top_logprobs or 0) if self._likely else None,
        )

    def shape(self, job_id: str) -> Shape:
        """How the answer of a job is told."""
        reasoning = self.asked.reasoning
        as_summary = reasoning is not None and bool(reasoning.summary or reasoning.generate_summary)
        return Shape(
            job_id,
            self.tools.meant,
            as_summary=as_summary,
            packed=self._packed,
            likely=self._likely,
        )

    def response(
        self,
        job_id: str,
        began_ms: int,
        blocks: Blocks,
        done: Done | None = None,
        failed: ResponseFailure | None = None,
        status: Status = "in_progress",
        ended_ms: int | None = None,
    ) -> Response:
        """The answer so far; with `done` all of it, with `failed` why there is no more."""
        asked, shape = self.asked, self.shape(job_id)
        if done is not None:
            status = "incomplete" if done.finish_reason == "length" else "completed"
        items = [shape.item(block) for block in blocks.all]
        if items and status not in ("completed", "in_progress"):
            items[-1] = shape.item(blocks.all[-1], "incomplete")
        return Response(
            id=f"{PREFIX}{job_id}",
            created_at=began_ms // 1000,
            completed_at=ended_ms // 1000 if ended_ms and status == "completed" else None,
            status=status,
            model=self.model,
            output=items,
            error=failed,
            incomplete_details=Incomplete() if status == "incomplete" else None,
            instructions=asked.instructions,
            max_output_tokens=asked.max_output_tokens,
            metadata=asked.metadata or {},
            parallel_tool_calls=asked.parallel_tool_calls is not False,
            previous_response_id=asked.previous_response_id,
            reasoning=_reasoning(asked),
            store=asked.store is not False,
            temperature=asked.temperature,
            text=_text(asked),
            tool_choice=asked.tool_choice or "auto",
            tools=asked.tools or [],
            top_logprobs=asked.top_logprobs,
            top_p=asked.top_p,
            background=bool(asked.background),
            usage=None if done is None else _usage(done, blocks),
        )

    def conversation(self, blocks: Blocks) -> list[ChatMessage]:
        """What was said, the answer last, for a request that goes on."""
        return [*self.messages, message_of(blocks.all)]


def failure_of(failure: Failure) -> ResponseFailure:
    """An error as a response holds it, which knows a few kinds of them alone."""
    kinds = {"server_error": "server_error", "rate_limit_error": "rate_limit_exceeded"}
    # Programs shorten a conversation by themselves when they read this.
    by_kind = failure.code if failure.code in _READ else kinds.get(failure.type, "invalid_prompt")
    return ResponseFailure(code=by_kind, message=failure.message)


def in_words(error: RbeeError) -> RbeeError:
    """The error, about a field of these requests: a worker may know that by another name."""
    field = error.details.get("field")
    path = error.details.get("path")
    if field == "json_schema" and isinstance(path, str):
        error.details["field"] = f"text.format.schema{path.removeprefix('$')}"
    elif isinstance(field, str):
        error.details["field"] = _SAID_BY.get(field, field)
    return error


def _schema(asked: ResponseRequest) -> dict[str, Any] | None:
    form = asked.text.format if asked.text else None
    if form is None or form.type == "text":
        return None
    return form.schema or {"type": "object"}


def _text(asked: ResponseRequest) -> dict[str, Any]:
    form = asked.text.format if asked.text else None
    if form is None:
        return {"format": {"type": "text"}}
    fields = {"type": form.type, "name": form.name, "schema": form.schema, "strict": form.strict}
    return {"format": {name: value for name, value in fields.items() if value is not None}}


def _reasoning(asked: ResponseRequest) -> dict[str, Any]:
    said = asked.reasoning
    if said is None:
        return {"effort": None, "summary": None}
    return {"effort": said.effort, "summary": said.summary or said.generate_summary}


def _usage(done: Done, blocks: Blocks) -> ResponseUsage:
    return ResponseUsage(
        input_tokens=done.tokens_in,
        output_tokens=done.tokens_out,
        output_tokens_details=ThoughtTokens(reasoning_tokens=min(blocks.thoughts, done.tokens_out)),
        total_tokens=done.tokens_in + done.tokens_out,
    )
