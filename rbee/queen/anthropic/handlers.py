"""Answers what is asked at ``/v1/messages``: each answer is an ordinary job."""

from __future__ import annotations

from aiohttp import web

from rbee.http.server import mark_for
from rbee.http.serving import serves_http
from rbee.queen.anthropic.mapping import PREFIX, Answering
from rbee.queen.anthropic.messages import (
    COUNT_TOKENS,
    MESSAGES,
    PREFLIGHT,
    PREFLIGHT_BELOW,
    TokenCount,
)
from rbee.queen.anthropic.requests import CountRequest, MessagesRequest
from rbee.queen.anthropic.telling import Telling
from rbee.queen.front.answering import Asker, asker_of, working
from rbee.queen.front.blocks import blocks_of
from rbee.queen.front.offer import Offer
from rbee.queen.front.streaming import gathered, stream
from rbee.wire import addresses, narration
from rbee.wire.messages.basics import encode


class Handlers(Offer):
    """Takes requests in and gives answers out."""

    @serves_http(MESSAGES)
    async def answer(self, request: web.Request, asked: MessagesRequest) -> web.StreamResponse:
        """Answers a conversation."""
        asker = await asker_of(self, request, asked.model)
        answering = self._understood(asked, asker)
        mark = mark_for(request)
        headers = {addresses.ANTHROPIC_REQUEST_HEADER: mark}
        with working(self, asker) as work:
            (job,) = work.begin([answering.job])
            message_id = f"{PREFIX}{job.job_id}"
            if answering.tools.left_out:
                job.say(narration.TOOLS_ELSEWHERE, names=", ".join(answering.tools.left_out))
            if asked.stream:
                telling = Telling(answering, message_id, mark)
                return await stream(request, telling, work, self.settings, headers)
            (outcome,) = await gathered(work, headers)
        message = answering.message(message_id, blocks_of(outcome.tokens), outcome.done)
        return web.Response(body=encode(message), content_type="application/json", headers=headers)

    @serves_http(COUNT_TOKENS)
    async def count_tokens(self, request: web.Request, asked: CountRequest) -> web.Response:
        """Counts the tokens that a request would have read."""
        asker = await asker_of(self, request, asked.model)
        answering = self._understood(asked, asker)
        answering.job.count_only = True
        headers = {addresses.ANTHROPIC_REQUEST_HEADER: mark_for(request)}
        with working(self, asker) as work:
            work.begin([answering.job])
            (outcome,) = await gathered(work, headers)
        count = TokenCount(input_tokens=outcome.done.tokens_in)
        return web.Response(body=encode(count), content_type="application/json", headers=headers)

    @serves_http(PREFLIGHT)
    async def may_ask(self, request: web.Request) -> web.Response:
        """Tells a browser whether its page may ask (`cors_origins`)."""
        return self.preflight(request)

    @serves_http(PREFLIGHT_BELOW)
    async def may_ask_below(self, request: web.Request) -> web.Response:
        """Tells a browser whether its page may ask (`cors_origins`)."""
        return self.preflight(request)

    def _understood(self, asked: CountRequest, asker: Asker) -> Answering:
        refuse = self.settings.refuse_unknown_tools
        return Answering(asked, asker.ref, asker.model, refuse_unknown=refuse)
