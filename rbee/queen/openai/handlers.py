"""Answers what is asked below ``/v1``: each answer is an ordinary job, or several."""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections import deque
from collections.abc import Iterable, Sequence

import msgspec
from aiohttp import web

from rbee.http.events import STREAM_HEADERS, Event
from rbee.http.server import caller_of
from rbee.http.serving import serves_http
from rbee.queen.catalog import KeyRow
from rbee.queen.front.answering import (
    Asker,
    Stream,
    Work,
    asker_of,
    check,
    finish,
    send,
    warning_of,
    working,
)
from rbee.queen.front.heard import heard_by_key
from rbee.queen.front.models import capabilities_of, model_ref_of, models_of
from rbee.queen.front.offer import Caller, Offer
from rbee.queen.openai.errors import failed
from rbee.queen.openai.mapping import Chat, Form, Identity, Text, Told, Vectors, in_words_of
from rbee.queen.openai.messages import (
    CHAT,
    COMPLETIONS,
    EMBEDDINGS,
    MODEL,
    MODELS,
    PREFLIGHT,
    Model,
    Models,
    OneModel,
)
from rbee.queen.openai.requests import ChatRequest, CompletionRequest, EmbeddingRequest
from rbee.queen.rights import granted, names_of, not_granted
from rbee.wire import sse
from rbee.wire.errors import RbeeError, no_such
from rbee.wire.messages.basics import Unreachable, encode
from rbee.wire.messages.events import Done, Token, Vector
from rbee.wire.messages.names import AddName
from rbee.wire.narration import Narration
from rbee.wire.shown import shown

#: A comment that goes before the next event: a blank line of its own would be one without data.
_STILL_HERE = b": still here\n"
#: How many comments are told as they come.
_MOST_COMMENTS = 64


class Handlers(Offer):
    """Takes requests in and gives answers out."""

    @serves_http(MODELS)
    async def models(self, request: web.Request) -> Models:
        """Lists the models that can be asked, for an API key those that it may use."""
        models, unreachable = await self._all_models()
        key, named = caller_of(request), (await self.names.all()).values()
        if key:
            row = self.keys.named(key)
            return Models(data=_seen_by(row, models) + _called(named, models, row))
        return Models(data=models + _called(named, models, None), unreachable=unreachable)

    @serves_http(MODEL)
    async def model(self, request: web.Request, wanted: OneModel) -> Model:
        """Tells of a model that can be asked."""
        key, named = caller_of(request), await self.names.find(wanted.id)
        row = self.keys.named(key) if key else None
        listed, unreachable = await self._all_models()
        if named is not None and (found := _called([named], listed, row)):
            return found[0]
        if row is not None:
            return await self._model_for(row, wanted.id)
        ref = model_ref_of(wanted.id)
        models = {model.id: model for model in listed}
        if ref not in models:
            error = no_such("model", ref, models, f"{MODELS} lists them")
            if unreachable:
                silent = ", ".join(each.hive_id for each in unreachable)
                error.message += f"; what is on {silent} is not known, since no answer came"
            raise error
        return models[ref]

    async def _model_for(self, key: KeyRow, asked: str) -> Model:
        models, _ = await self._all_models()
        name = granted(asked, (model.id for model in models), key.rights).name
        for model in _seen_by(key, models):
            if model.id == name:
                return model
        raise not_granted(asked)  # it may be fetched, and is nowhere yet

    async def _all_models(self) -> tuple[list[Model], list[Unreachable]]:
        present, workers, unreachable = await self.known(False)
        found = models_of(present, workers)
        made = {view.model_ref: view.makes for view in present}
        models = [
            Model(id=ref, status=status, hives=hives, capabilities=capabilities_of(made.get(ref)))
            for ref, (status, hives) in found.items()
        ]
        return models, unreachable

    @serves_http(CHAT)
    async def chat(self, request: web.Request, asked: ChatRequest) -> web.StreamResponse:
        """Answers a conversation."""
        return await self._answer(request, Chat(asked))

    @serves_http(COMPLETIONS)
    async def complete(self, request: web.Request, asked: CompletionRequest) -> web.StreamResponse:
        """Goes on with a text."""
        return await self._answer(request, Text(asked))

    @serves_http(EMBEDDINGS)
    async def embed(self, request: web.Request, asked: EmbeddingRequest) -> web.StreamResponse:
        """Makes vectors of texts."""
        return await self._answer(request, Vectors(asked))

    @serves_http(PREFLIGHT)
    async def may_ask(self, request: web.Request) -> web.Response:
        """Tells a browser whether its page may ask (`cors_origins`)."""
        return self.preflight(request)

    async def _answer(self, request: web.Request, form: Form | Vectors) -> web.StreamResponse:
        try:
            return await self._answer_to(request, form)
        except RbeeError as error:
            raise in_words_of(form.asked, error) from None

    async def _answer_to(self, request: web.Request, form: Form | Vectors) -> web.StreamResponse:
        asker = await asker_of(self, request, form.asked.model)
        form.asked.model = asker.ref
        with working(self, asker) as work:
            jobs = work.begin(form.jobs())
            began = jobs[0].created_at_ms // 1000
            who = Identity(f"{form.prefix}{jobs[0].job_id}", began, asker.model)
            if not isinstance(form, Vectors) and form.asked.stream:
                return await self._stream(request, Writer(form, who, asker), work)
            return await self._whole(form, work, who)

    async def _whole(self, form: Form | Vectors, work: Work, who: Identity) -> web.StreamResponse:
        tokens: list[list[Token]] = [[] for _ in work.tasks]
        vectors: list[list[bytes]] = [[] for _ in work.tasks]
        ends: dict[int, Done] = {}
        headers: dict[str, str] = {}
        async with contextlib.aclosing(work.told()) as told:
            async for news, _ in told:
                for index, event in news:
                    headers.update(warning_of(event))
                    if event.name == "token":
                        tokens[index].append(event.read(Token))
                    elif event.name == "vector":
                        vector = event.read(Vector).v
                        if isinstance(form, Vectors) and not vectors[index]:
                            form.check(vector)  # before others are made for nothing
                        vectors[index].append(vector)
                    elif event.name == "done":
                        ends[index] = event.read(Done)
                    else:
                        check(event)
        whole = [Told(tokens[i], ends[i], vectors[i]) for i in range(len(work.tasks))]
        answer = form.whole(who, whole)
        return web.Response(body=encode(answer), content_type="application/json", headers=headers)

    async def _stream(self, request: web.Request, writer: Writer, work: Work) -> web.StreamResponse:
        response = Stream(headers=STREAM_HEADERS)
        with contextlib.suppress(ConnectionError):  # the reader has left, and its jobs end with it
            await self._tell(request, response, writer, work)
        return response

    async def _tell(
        self, request: web.Request, response: Stream, writer: Writer, work: Work
    ) -> None:
        """Until there is a token, or patience ends, a failure still has a status of its own."""
        loop = asyncio.get_running_loop()
        patient_until = loop.time() + self.settings.stream_patience
        writer.may_remark(patient_until, self.settings.stream_comment)
        try:
            async with contextlib.aclosing(work.told(patient_until)) as told:
                async for news, is_last in told:
                    for index, event in news:
                        response.headers.update({} if response.prepared else warning_of(event))
                        writer.take(index, event)
                    writer.remark(loop.time())
                    if writer.pending and not is_last:
                        await send(request, response, writer.pending)
            writer.end()
        except RbeeError as error:
            if not response.prepared:
                raise
            writer.fail(error)
        await finish(request, response, writer.pending)


class Writer:
    """The events of one streamed answer, as bytes that wait to be sent.

    What is narrated is told as comments, for who has to wait: some as they come, and then rarely,
    as there are clients that leave after 300 lines without data; and without a blank line, which
    others take for an event.
    """

    def __init__(self, form: Form, who: Identity, asker: Asker) -> None:
        self._asker = asker
        self.pending: list[bytes] = []
        self._form = form
        self._who = who
        #: The answers of which there is a token.
        self.opened: set[int] = set()
        self._ends: dict[int, Done] = {}
        #: The newest comments that were not sent.
        self._comments: deque[bytes] = deque(maxlen=_MOST_COMMENTS)
        #: How many lines of comments were told, from when on one may be, and how often later.
        self._remarked = 0
        self._from = self._next = math.inf
        self._every = 0.0

    def may_remark(self, from_: float, every: float) -> None:
        """Comments are told from that time of the loop on, and after such silences (seconds)."""
        self._from = self._next = from_
        self._every = every

    def take(self, index: int, event: Event) -> None:
        """Takes over what a job tells. Raises the error in which it ended."""
        if event.name == "narration":
            self._comments.extend(_comment(event.read(Narration), self._asker.caller))
        elif event.name == "token":
            self._open(index)
            self._tell(self._form.piece(index, event.read(Token)))
        elif event.name == "done":
            self._open(index)
            done = self._ends[index] = event.read(Done)
            self._tell(self._form.ending(index, done))
        else:
            check(event)

    def remark(self, now: float) -> None:
        """Tells that it takes its time, where nothing else is told: what was narrated, or the
        newest of it once that was much already."""
        at_once = bool(self._comments) and self._remarked < _MOST_COMMENTS
        if self.pending:
            self._next = max(self._from, now + self._every)
        elif now >= (self._from if at_once else self._next):
            comments = list(self._comments) if at_once else list(self._comments)[-1:]
            self._comments.clear()
            self._remarked += len(comments)
            self.pending.append(b"".join(comments) or _STILL_HERE)
            self._next = now + self._every

    def _open(self, index: int) -> None:
        if not self.opened:
            # Nobody who had not to wait wants to know; who had, gets the rest with the answer.
            waited = b"".join(self._comments) if self._remarked else b""
            self.pending.extend([waited] if waited else [])
        self._comments.clear()
        if index not in self.opened:
            self.opened.add(index)
            self._tell(self._form.opening(index))

    def end(self) -> None:
        """Every answer is told."""
        options = self._form.asked.stream_options
        if options is not None and options.include_usage:
            ends = [self._ends[index] for index in sorted(self._ends)]
            self._add(self._form.usage(self._who, ends))
        self.pending.append(sse.DONE_FRAME)

    def fail(self, error: RbeeError) -> None:
        """The stream breaks off."""
        self._add(failed(self._asker.told(in_words_of(self._form.asked, error))))

    def _tell(self, choice: object | None) -> None:
        if choice is not None:
            self._add(self._form.told(self._who, choice))

    def _add(self, event: object) -> None:
        self.pending.append(b"data: %s\n\n" % encode(event))


def _comment(narration: Narration, caller: Caller | None) -> list[bytes]:
    """A line of narration as a comment of a stream; what a key's holder is not to know is none."""
    human = f"{narration.actor}: {shown(narration.human)}"
    if caller is not None:
        human = heard_by_key(narration, caller.model)
    return [f": {human}\n".encode()] if human else []


def _called(named: Iterable[AddName], models: Sequence[Model], key: KeyRow | None) -> list[Model]:
    """The names that people have given models, which a key's holder has for those that it sees."""
    by_ref = {model.id: model for model in models}
    seen = None if key is None else set(names_of(by_ref, key.rights).values())
    rows = []
    for each in named:
        there = by_ref.get(each.model_ref)
        if seen is None or each.model_ref in seen:
            status = there.status if there else "known"
            hives = there.hives if there and seen is None else []
            able = there.capabilities if there else []
            rows.append(Model(id=each.name, status=status, hives=hives, capabilities=able))
    return rows


def _seen_by(key: KeyRow, models: Sequence[Model]) -> list[Model]:
    """What the holder of a key sees of `models`: by the names that it uses, and on no machine."""
    by_ref = {model.id: model for model in models}
    return [
        msgspec.structs.replace(by_ref[ref], id=name, hives=[])
        for name, ref in names_of(by_ref, key.rights).items()
    ]
