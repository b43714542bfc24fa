"""Answers what is asked at ``/v1/messages``: each answer is an ordinary job."""

from __future__ import annotations

from collections.abc import Iterable

from aiohttp import web

from rbee.http.server import caller_of, mark_for
from rbee.http.serving import serves_http
from rbee.queen.anthropic.inventory import info_of, page_of
from rbee.queen.anthropic.mapping import PREFIX, Answering
from rbee.queen.anthropic.messages import (
    COUNT_TOKENS,
    MESSAGES,
    MODEL,
    MODELS,
    PREFLIGHT,
    PREFLIGHT_BELOW,
    ListModels,
    ModelInfo,
    ModelPage,
    OneModel,
    TokenCount,
)
from rbee.queen.anthropic.requests import CountRequest, MessagesRequest
from rbee.queen.anthropic.telling import MessageTelling
from rbee.queen.front.answering import Asker, asker_of, working
from rbee.queen.front.blocks import blocks_of
from rbee.queen.front.models import as_told, models_of, seen_by, spellings
from rbee.queen.front.offer import Offer
from rbee.queen.front.streaming import gathered, stream
from rbee.queen.rights import hub_ref, not_granted
from rbee.wire import addresses, narration
from rbee.wire.errors import no_such
from rbee.wire.messages.basics import encode
from rbee.wire.messages.names import AddName


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
            if answering.unread:
                job.say(narration.ITEMS_LEFT_OUT, names=", ".join(answering.unread))
            if asked.stream:
                telling = MessageTelling(answering, message_id, mark)
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

    @serves_http(MODELS)
    async def models(self, request: web.Request, wanted: ListModels) -> ModelPage:
        """Lists the models that can be asked, for an API key those that it may use."""
        named = (await self.names.all()).values()
        return page_of(await self._infos(request, named), wanted)

    @serves_http(MODEL)
    async def model(self, request: web.Request, wanted: OneModel) -> ModelInfo:
        """Tells of a model that can be asked."""
        named = await self.names.find(*spellings(wanted.id))
        wanted.id = as_told(wanted.id) if named is None else named.name
        infos = await self._infos(request, [] if named is None else [named])
        # Both with `HF:` and without; the holder of a key is not told what else there is.
        names = {wanted.id, str(hub_ref(wanted.id) or "")}
        for info in infos:
            if info.id in names:
                return info
        if caller_of(request):
            raise not_granted(wanted.id)
        raise no_such("model", wanted.id, [info.id for info in infos], f"{MODELS} lists them")

    async def _infos(self, request: web.Request, named: Iterable[AddName]) -> list[ModelInfo]:
        present, workers, _ = await self.known(False)
        contexts = {view.model_ref: view.context_length or 0 for view in present}
        key = caller_of(request)
        rights = self.keys.named(key).rights if key else None
        seen = seen_by(rights, models_of(present, workers), named)
        return [info_of(name, contexts.get(ref, 0)) for name, ref in seen.items()]

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
