"""Answers what is asked below ``/v1``: each answer is an ordinary job, or several."""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import AsyncGenerator, Sequence

from aiohttp import web

from rbee.http.events import STREAM_HEADERS, Event, Watch
from rbee.http.server import caller_of
from rbee.http.serving import serves_http
from rbee.queen.catalog import KeyRow
from rbee.queen.jobs import Job
from rbee.queen.openai.errors import failed, for_key
from rbee.queen.openai.heard import heard_by_key
from rbee.queen.openai.mapping import (
    Chat,
    Form,
    Identity,
    Text,
    Told,
    Vectors,
    model_ref_of,
    models_of,
)
from rbee.queen.openai.messages import (
    CHAT,
    COMPLETIONS,
    EMBEDDINGS,
    MODEL,
    MODELS,
    PREFLIGHT,
    Asked,
    ChatRequest,
    CompletionRequest,
    EmbeddingRequest,
    Model,
    Models,
    OneModel,
)
from rbee.queen.openai.routes import Caller, OpenAI
from rbee.queen.rights import granted, hub_ref, names_of, not_granted
from rbee.wire import sse
from rbee.wire.errors import ErrorBody, RbeeError, no_such
from rbee.wire.messages.basics import Unreachable, encode
from rbee.wire.messages.events import Done, Token, Vector
from rbee.wire.model_ref import BUNDLED
from rbee.wire.narration import Narration
from rbee.wire.shown import shown

_METHODS = "GET, POST, OPTIONS"


class Handlers(OpenAI):
    """Takes requests in and gives answers out."""

    @serves_http(MODELS)
    async def models(self, request: web.Request) -> Models:
        """Lists the models that can be asked, for an API key those that it may use."""
        models, unreachable = await self._all_models()
        key = caller_of(request)
        if key:
            return Models(data=_seen_by(self.keys.named(key), models))
        return Models(data=models, unreachable=unreachable)

    @serves_http(MODEL)
    async def model(self, request: web.Request, wanted: OneModel) -> Model:
        """Tells of a model that can be asked."""
        key = caller_of(request)
        if key:
            return await self._model_for(self.keys.named(key), wanted.id)
        ref = model_ref_of(wanted.id)
        listed, unreachable = await self._all_models()
        models = {model.id: model for model in listed}
        if ref not in models:
            error = no_such("model", ref, models, f"{MODELS} lists them")
            if unreachable:
                silent = ", ".join(each.hive_id for each in unreachable)
                error.message += f"; what is on {silent} is not known, since no answer came"
            raise error
        return models[ref]

    async def _caller(self, request: web.Request, asked: Asked | EmbeddingRequest) -> Caller | None:
        """The holder of the key that a request came with; its model is a reference from now on.

        None: it came with the swarm's own token. Raises `model_not_found`.
        """
        name = caller_of(request)
        if not name:
            return None
        key = self.keys.named(name)
        loaded = models_of([], self.loaded())
        ref = str(hub_ref(asked.model) or "")
        if ref not in loaded or not key.rights.permit(ref):
            # Whatever was asked for, and whether it is there: that takes the same way.
            present, workers, _ = await self.known(True)
            loaded = models_of(present, workers)
        hives = {ref: those for ref, (_, those) in loaded.items()}
        found = granted(asked.model, hives, key.rights)
        asked.model = found.ref
        anywhere = found.may_fetch or found.ref == BUNDLED
        holders = None if anywhere else frozenset(hives.get(found.ref, ()))
        return Caller(name, found.name, found.ref, holders, found.may_fetch)

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
        models = [
            Model(id=ref, status=status, hives=hives) for ref, (status, hives) in found.items()
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
    async def preflight(self, request: web.Request) -> web.Response:
        """Tells a browser whether its page may ask (`cors_origins`)."""
        wanted = request.headers.get("Access-Control-Request-Headers", "")
        headers = {"Access-Control-Allow-Methods": _METHODS, "Access-Control-Max-Age": "600"}
        if wanted:
            headers["Access-Control-Allow-Headers"] = wanted
        return web.Response(status=204, headers=headers if self.settings.cors_origins else None)

    async def _answer(self, request: web.Request, form: Form | Vectors) -> web.StreamResponse:
        caller = await self._caller(request, form.asked)
        if caller is None:
            return await self._answer_with(request, form, None, [])
        jobs: list[Job] = []

        def end(why: RbeeError) -> None:
            for job in jobs:
                job.cancel(why)

        try:
            with self.keys.used(self.keys.named(caller.key), end):
                return await self._answer_with(request, form, caller, jobs)
        except RbeeError as error:
            raise for_key(error, caller.model, caller.ref) from None

    async def _answer_with(
        self, request: web.Request, form: Form | Vectors, caller: Caller | None, jobs: list[Job]
    ) -> web.StreamResponse:
        """Answers with jobs, which it begins and keeps in `jobs`."""
        try:
            for wanted in form.jobs():
                jobs.append(self.begin(wanted, caller))
                jobs[-1].events.reader_came()
            model = jobs[0].request.model_ref if caller is None else caller.model
            began = jobs[0].created_at_ms // 1000
            who = Identity(f"{form.prefix}{jobs[0].job_id}", began, model)
            if not isinstance(form, Vectors) and form.asked.stream:
                return await self._stream(request, _Writer(form, who, caller), jobs)
            return await self._whole(form, jobs, who)
        finally:
            # Nothing is awaited here: whoever is cancelled a second time would leave jobs behind.
            for job in jobs:
                job.events.reader_left()
                job.cancel()
                if isinstance(form, Vectors):
                    job.events.forget()  # they fill memory, and nobody asks for them again

    async def _whole(
        self, form: Form | Vectors, jobs: Sequence[Job], who: Identity
    ) -> web.StreamResponse:
        tokens: list[list[Token]] = [[] for _ in jobs]
        vectors: list[list[bytes]] = [[] for _ in jobs]
        ends: dict[int, Done] = {}
        async with contextlib.aclosing(self._told(jobs)) as told:
            async for news, _ in told:
                for index, event in news:
                    if event.name == "token":
                        tokens[index].append(event.read(Token))
                    elif event.name == "vector":
                        vectors[index].append(event.read(Vector).v)
                    elif event.name == "done":
                        ends[index] = event.read(Done)
                    else:
                        _check(event)
        whole = [Told(tokens[i], ends[i], vectors[i]) for i in range(len(jobs))]
        answer = form.whole(who, whole)
        return web.Response(body=encode(answer), content_type="application/json")

    async def _stream(
        self, request: web.Request, writer: _Writer, jobs: Sequence[Job]
    ) -> web.StreamResponse:
        response = _Stream(headers=STREAM_HEADERS)
        with contextlib.suppress(ConnectionError):  # the reader has left, and its jobs end with it
            await self._tell(request, response, writer, jobs)
        return response

    async def _tell(
        self, request: web.Request, response: _Stream, writer: _Writer, jobs: Sequence[Job]
    ) -> None:
        """Until there is a token, or patience ends, a failure still has a status of its own."""
        patient_until = asyncio.get_running_loop().time() + self.settings.stream_patience
        try:
            async with contextlib.aclosing(self._told(jobs, patient_until)) as told:
                async for news, is_last in told:
                    for index, event in news:
                        writer.take(index, event)
                    if not news:
                        writer.pending.append(sse.COMMENT)
                    late = asyncio.get_running_loop().time() >= patient_until
                    if (writer.opened or late) and not is_last:
                        await _send(request, response, writer.pending)
            writer.end()
        except RbeeError as error:
            if not response.prepared:
                raise
            writer.fail(error)
        if not response.prepared:
            await response.prepare(request)
        await response.write_eof(b"".join(writer.pending))

    async def _told(
        self, jobs: Sequence[Job], patient_until: float = math.inf
    ) -> AsyncGenerator[tuple[list[tuple[int, Event]], bool], None]:
        """What the jobs tell, as it comes, with the number of the job; nothing: it takes a while.

        Ends when all of them have, and says of the last of it that it is. What a slow reader has
        not taken stays in the logs of the jobs alone.
        """
        loop = asyncio.get_running_loop()
        logs = [job.events for job in jobs]
        read = [0] * len(jobs)
        with contextlib.closing(Watch(logs)) as watch:
            while True:
                news: list[tuple[int, Event]] = []
                for job in jobs:
                    if job.revoked is not None:
                        raise job.revoked  # what it has not read yet, it does not get
                for index, log in enumerate(logs):
                    for number, event in log.after(read[index]):
                        read[index] = number
                        news.append((index, event))
                is_last = all(log.closed and at >= log.last_id for log, at in zip(logs, read))
                if news:
                    yield news, is_last
                if is_last:
                    return
                if news:
                    continue
                patience = patient_until - loop.time()
                longest = patience if patience > 0 else math.inf
                if not await watch.news(min(longest, self.settings.stream_comment)):
                    yield [], False


class _Stream(web.StreamResponse):
    """Its head goes out together with the first piece: one packet less before the first token."""

    _send_headers_immediately = False


class _Writer:
    """The events of one streamed answer, as bytes that wait to be sent."""

    def __init__(self, form: Form, who: Identity, caller: Caller | None) -> None:
        self._caller = caller
        self.pending: list[bytes] = []
        self._form = form
        self._who = who
        #: The answers of which there is a token.
        self.opened: set[int] = set()
        self._ends: dict[int, Done] = {}

    def take(self, index: int, event: Event) -> None:
        """Takes over what a job tells. Raises the error in which it ended."""
        if event.name == "narration":
            self.pending.append(_comment(event.read(Narration), self._caller))
        elif event.name == "token":
            self._open(index)
            self._tell(self._form.piece(index, event.read(Token)))
        elif event.name == "done":
            self._open(index)
            done = self._ends[index] = event.read(Done)
            self._tell(self._form.ending(index, done))
        else:
            _check(event)

    def _open(self, index: int) -> None:
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
        caller = self._caller
        self._add(failed(error if caller is None else for_key(error, caller.model, caller.ref)))

    def _tell(self, choice: object | None) -> None:
        if choice is not None:
            self._add(self._form.told(self._who, choice))

    def _add(self, event: object) -> None:
        self.pending.append(b"data: %s\n\n" % encode(event))


def _check(event: Event) -> None:
    """Raises the error that an event tells."""
    if event.name == "error":
        raise RbeeError.from_body(event.read(ErrorBody))
    if event.name == "cancelled":
        raise RbeeError("queen_unreachable", "somebody has cancelled this job", "ask again")


async def _send(request: web.Request, response: web.StreamResponse, pending: list[bytes]) -> None:
    if not response.prepared:
        await response.prepare(request)
    if pending:
        piece = b"".join(pending)
        pending.clear()
        await response.write(piece)


def _comment(narration: Narration, caller: Caller | None) -> bytes:
    """A line of narration as a comment of a stream; what a key's holder is not to know is none."""
    if caller is not None:
        human = heard_by_key(narration, caller.model)
        return f": {human}\n\n".encode() if human else sse.COMMENT
    return f": {narration.actor}: {shown(narration.human)}\n\n".encode()


def _seen_by(key: KeyRow, models: Sequence[Model]) -> list[Model]:
    """What the holder of a key sees of `models`: by the names that it uses, and on no machine."""
    by_ref = {model.id: model for model in models}
    return [
        Model(id=name, status=by_ref[ref].status, hives=[])
        for name, ref in names_of(by_ref, key.rights).items()
    ]
