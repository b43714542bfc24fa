"""Answers what is asked at ``/v1/responses``: each answer is an ordinary job."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Sequence

from aiohttp import web

from rbee.http.server import caller_of
from rbee.http.serving import serves_http
from rbee.process.tasks import spawn
from rbee.queen.front.answering import Asker, RequestWork, asker_of, working
from rbee.queen.front.blocks import Block, Blocks, blocks_of
from rbee.queen.front.for_keys import for_key
from rbee.queen.front.offer import Offer
from rbee.queen.front.streaming import gathered, stream
from rbee.queen.jobs import Job
from rbee.queen.openai.errors import failed
from rbee.queen.openai.responses.kept import Kept, blocks_so_far
from rbee.queen.openai.responses.mapping import PREFIX, Answering, failure_of, in_words
from rbee.queen.openai.responses.messages import (
    CANCEL,
    COUNT,
    DELETE,
    RESPOND,
    RESPONSE,
    Deleted,
    InputTokens,
    OneResponse,
    Response,
    Status,
)
from rbee.queen.openai.responses.requests import ResponseRequest
from rbee.queen.openai.responses.telling import ResponseTelling
from rbee.wire import narration
from rbee.wire.errors import ErrorBody, RbeeError, invalid
from rbee.wire.messages.basics import encode
from rbee.wire.messages.inference import ChatMessage
from rbee.wire.messages.jobs import JobState

_STATUS: dict[JobState, Status] = {
    JobState.RUNNING: "in_progress",
    JobState.DONE: "completed",
    JobState.FAILED: "failed",
    JobState.CANCELLED: "cancelled",
}


class Responses:
    """Takes requests in, gives answers out, and keeps both for who goes on from them."""

    def __init__(self, offer: Offer) -> None:
        self._offer = offer
        self._kept = Kept(offer.settings.jobs_kept_mib * 2**20)

    @serves_http(RESPOND)
    async def respond(self, request: web.Request, asked: ResponseRequest) -> web.StreamResponse:
        """Answers a conversation, or goes on with one that is kept."""
        try:
            return await self._respond(request, asked)
        except RbeeError as error:
            raise in_words(error) from None

    @serves_http(COUNT)
    async def count(self, request: web.Request, asked: ResponseRequest) -> InputTokens:
        """Counts the tokens that a request would have read."""
        try:
            asker = await asker_of(self._offer, request, asked.model)
            answering = self._understood(request, asked, asker.ref, asker.model)
            with working(self._offer, asker) as work:
                wanted = answering.job()
                wanted.count_only = True
                work.begin([wanted])
                (outcome,) = await gathered(work, {})
        except RbeeError as error:
            raise in_words(error) from None
        return InputTokens(input_tokens=outcome.done.tokens_in)

    @serves_http(RESPONSE)
    async def show(self, request: web.Request, wanted: OneResponse) -> Response:
        """Tells an answer again, while its job is kept."""
        if wanted.stream:
            raise invalid("an answer is streamed once", "leave out stream", field="stream")
        return self._response(*self._found(request, wanted.id))

    @serves_http(CANCEL)
    async def cancel(self, request: web.Request, wanted: OneResponse) -> Response:
        """Ends an answer that is being made, and tells what there is of it."""
        job, _, _ = self._found(request, wanted.id)
        await job.call_off()
        return self._response(*self._found(request, wanted.id))

    @serves_http(DELETE)
    async def delete(self, request: web.Request, wanted: OneResponse) -> Deleted:
        """Lets go of an answer and of what was asked; one that is being made ends."""
        job, _, _ = self._found(request, wanted.id)
        await job.call_off()
        self._kept.forget(job)
        job.events.forget()
        return Deleted(id=wanted.id)

    async def _respond(self, request: web.Request, asked: ResponseRequest) -> web.StreamResponse:
        asker = await asker_of(self._offer, request, asked.model)
        answering = self._understood(request, asked, asker.ref, asker.model)
        if asked.background:
            return await self._behind(asker, answering)
        with working(self._offer, asker) as work:
            job = self._begun(work, answering)
            if asked.stream:
                telling = ResponseTelling(answering, job.job_id, job.created_at_ms)
                return await stream(request, telling, work, self._offer.settings)
            headers: dict[str, str] = {}
            (outcome,) = await gathered(work, headers)
        blocks = blocks_of(outcome.tokens)
        answer = answering.response(
            job.job_id, job.created_at_ms, blocks, outcome.done, ended_ms=job.finished_at_ms
        )
        return web.Response(body=encode(answer), content_type="application/json", headers=headers)

    async def _behind(self, asker: Asker, answering: Answering) -> web.Response:
        """Has an answer made without anybody who waits for it; what there is of it so far."""
        begun: asyncio.Future[Job] = asyncio.get_running_loop().create_future()
        spawn(self._seen_through(asker, answering, begun), "a response", lambda ended: None)
        job = await begun
        return web.Response(
            body=encode(self._response(job, answering, Blocks())), content_type="application/json"
        )

    async def _seen_through(
        self, asker: Asker, answering: Answering, begun: asyncio.Future[Job]
    ) -> None:
        try:
            with working(self._offer, asker) as work:
                begun.set_result(self._begun(work, answering))
                await gathered(work, {})
        except RbeeError as error:
            if not begun.done():
                begun.set_exception(error)  # else it is told to whoever asks for the answer

    def _begun(self, work: RequestWork, answering: Answering) -> Job:
        """The job of a request, which is kept with it."""
        (job,) = work.begin([answering.job()])
        if answering.tools.left_out:
            job.say(narration.TOOLS_ELSEWHERE, names=", ".join(answering.tools.left_out))
        if answering.unread:
            job.say(narration.ITEMS_LEFT_OUT, names=", ".join(answering.unread))
        if answering.asked.store is not False:
            self._kept.keep(job, answering)
        return job

    def _understood(
        self, request: web.Request, asked: ResponseRequest, ref: str, model: str
    ) -> Answering:
        before = self._before(request, asked.previous_response_id)
        asked.model = ref
        refuse = self._offer.settings.refuse_unknown_tools
        refer = functools.partial(self._blocks, request)
        return Answering(asked, model, before, refer, refuse_unknown=refuse)

    def _blocks(self, request: web.Request, of: str) -> Sequence[Block] | None:
        """What an answer of this caller consists of; None: it is not kept."""
        try:
            job, _, blocks = self._found(request, of)
        except RbeeError:
            return None
        return blocks.all if job.state is JobState.DONE else None

    def _before(self, request: web.Request, response_id: str | None) -> list[ChatMessage]:
        """The conversation that goes on from an answer. Raises where that cannot be had."""
        if not response_id:
            return []
        try:
            job, answering, blocks = self._found(request, response_id)
        except RbeeError as error:
            field = "previous_response_id"
            raise invalid(error.message, "send the conversation as input", field=field) from None
        if job.state is not JobState.DONE:
            raise invalid(
                f"the answer {response_id} has not been made to its end",
                "wait for it, or send the conversation as input",
                field="previous_response_id",
            )
        return answering.conversation(blocks)

    def _found(self, request: web.Request, response_id: str) -> tuple[Job, Answering, Blocks]:
        """An answer of this caller, with its job. Raises `not_found`."""
        key = caller_of(request)
        job = self._offer.job(response_id.removeprefix(PREFIX))
        answering = None if job is None else self._kept.of(job, key)
        blocks = None if job is None else blocks_so_far(job)
        if job is None or answering is None or blocks is None:
            raise RbeeError(
                "not_found",
                "no such answer is kept here",
                "answers are kept for a while, unless `store` is false",
                {"field": "response_id"},
            )
        return job, answering, blocks

    def _response(self, job: Job, answering: Answering, blocks: Blocks) -> Response:
        failure = None
        if job.state is JobState.FAILED:
            *_, (_, last) = job.events.after(job.events.last_id - 1)
            error = RbeeError.from_body(last.read(ErrorBody))
            if job.key:
                error = for_key(error, answering.model, job.request.model_ref)
            failure = failure_of(failed(in_words(error)).error)
        return answering.response(
            job.job_id,
            job.created_at_ms,
            blocks,
            job.done,
            failure,
            _STATUS[job.state],
            job.finished_at_ms,
        )
