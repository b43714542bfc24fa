"""Answers what is asked below ``/v1``: each answer is an ordinary job, or several."""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence

from aiohttp import web

from rbee.http.events import STREAM_HEADERS, change_of
from rbee.http.server import Answer, caller_of, read_body
from rbee.process.sabotage import sabotaged
from rbee.queen.jobs import Job
from rbee.queen.openai.errors import failed
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
    ChatRequest,
    CompletionRequest,
    EmbeddingRequest,
    Model,
    Models,
)
from rbee.queen.openai.routes import Known
from rbee.wire import addresses, sse
from rbee.wire.errors import ErrorBody, RbeeError, no_such
from rbee.wire.messages import (
    Done,
    JobRequest,
    Token,
    Unreachable,
    Vector,
    decode,
    encode,
)
from rbee.wire.narration import Narration
from rbee.wire.settings import Settings


class Desk:
    """Takes requests in and gives answers out; see `rbee.queen.openai.routes.OpenAI`."""

    def __init__(
        self,
        settings: Settings,
        begin: Callable[[JobRequest, str], Job],
        known: Callable[[], Awaitable[Known]],
    ) -> None:
        self._settings = settings
        self._begin = begin
        self._known = known

    async def models(self, request: web.Request) -> Models:
        """`GET /v1/models`."""
        models, unreachable = await self._all_models()
        return Models(data=models, unreachable=unreachable)

    async def model(self, request: web.Request) -> Model:
        """`GET /v1/models/{id}`."""
        ref = model_ref_of(request.match_info["id"])
        listed, unreachable = await self._all_models()
        models = {model.id: model for model in listed}
        if ref not in models:
            error = no_such("model", ref, models, f"GET {addresses.V1_MODELS} lists them")
            if unreachable:
                silent = ", ".join(each.hive_id for each in unreachable)
                error.message += f"; what is on {silent} is not known, since no answer came"
            raise error
        return models[ref]

    async def _all_models(self) -> tuple[list[Model], list[Unreachable]]:
        present, workers, unreachable = await self._known()
        found = models_of(present, workers)
        models = [
            Model(id=ref, status=status, hives=hives) for ref, (status, hives) in found.items()
        ]
        return models, unreachable

    async def chat(self, request: web.Request) -> Answer:
        """`POST /v1/chat/completions`."""
        return await self._answer(request, Chat(await read_body(request, ChatRequest)))

    async def complete(self, request: web.Request) -> Answer:
        """`POST /v1/completions`."""
        return await self._answer(request, Text(await read_body(request, CompletionRequest)))

    async def embed(self, request: web.Request) -> Answer:
        """`POST /v1/embeddings`."""
        return await self._answer(request, Vectors(await read_body(request, EmbeddingRequest)))

    async def _answer(self, request: web.Request, form: Form | Vectors) -> Answer:
        jobs: list[Job] = []
        try:
            for wanted in form.jobs():
                jobs.append(self._begin(wanted, caller_of(request)))
                jobs[-1].events.reader_came()
            if not isinstance(form, Vectors) and form.asked.stream:
                return await self._stream(request, form, jobs)
            return await self._whole(form, jobs)
        finally:
            # Nothing is awaited here: whoever is cancelled a second time would leave jobs behind.
            for job in jobs:
                job.events.reader_left()
                if job.task is not None and not sabotaged("queen:work-for-nobody"):
                    job.task.cancel()  # one that is over is left alone
                if isinstance(form, Vectors):
                    job.forget()

    async def _whole(self, form: Form | Vectors, jobs: Sequence[Job]) -> Answer:
        tokens: list[list[Token]] = [[] for _ in jobs]
        vectors: list[list[bytes]] = [[] for _ in jobs]
        ends: dict[int, Done] = {}
        async with contextlib.aclosing(self._told(jobs)) as told:
            async for news in told:
                for index, frame in news:
                    event = _understood(frame)
                    if isinstance(event, Token):
                        tokens[index].append(event)
                    elif isinstance(event, Vector):
                        vectors[index].append(event.v)
                    elif isinstance(event, Done):
                        ends[index] = event
        whole = [Told(tokens[i], ends[i], vectors[i]) for i in range(len(jobs))]
        answer = form.whole(_identity(form, jobs), whole)
        return web.Response(body=encode(answer), content_type="application/json")

    async def _stream(
        self, request: web.Request, form: Form, jobs: Sequence[Job]
    ) -> web.StreamResponse:
        response = _Stream(headers=STREAM_HEADERS)
        with contextlib.suppress(ConnectionError):  # the reader has left, and its jobs end with it
            await self._tell(request, response, form, jobs)
        return response

    async def _tell(
        self,
        request: web.Request,
        response: web.StreamResponse,
        form: Form,
        jobs: Sequence[Job],
    ) -> None:
        """Until there is a token, or patience ends, a failure still has a status of its own."""
        writer = _Writer(form, _identity(form, jobs))
        patient_until = asyncio.get_running_loop().time() + self._settings.stream_patience
        try:
            async with contextlib.aclosing(self._told(jobs, patient_until)) as told:
                async for news in told:
                    for index, frame in news:
                        writer.take(index, frame)
                    if not news:
                        writer.pending.append(sse.COMMENT)
                    if writer.begun or asyncio.get_running_loop().time() >= patient_until:
                        await _send(request, response, writer.pending)
            writer.end()
        except RbeeError as error:
            if not response.prepared:
                raise
            writer.fail(error)
        await _send(request, response, writer.pending)
        await response.write_eof()

    async def _told(
        self, jobs: Sequence[Job], patient_until: float = math.inf
    ) -> AsyncGenerator[list[tuple[int, sse.Frame]], None]:
        """What the jobs tell, as it comes, with the number of the job; nothing: it takes a while.

        Ends when all of them have. What a slow reader has not taken stays in the logs of the jobs
        alone.
        """
        loop = asyncio.get_running_loop()
        logs = [job.events for job in jobs]
        readers = [sse.FrameReader() for _ in jobs]
        read = [0] * len(jobs)
        while True:
            news = []
            for index, log in enumerate(logs):
                pending, read[index] = log.after(read[index])
                news += [(index, frame) for frame in readers[index].feed(pending)]
            if news:
                yield news
            elif all(log.closed for log in logs):
                return
            else:
                patience = patient_until - loop.time()
                longest = patience if patience > 0 else self._settings.stream_comment
                if not await change_of(logs, min(longest, self._settings.stream_comment)):
                    yield []


class _Stream(web.StreamResponse):
    """Its head goes out together with the first piece: one packet less before the first token."""

    _send_headers_immediately = False


class _Writer:
    """The events of one streamed answer, as bytes that wait to be sent."""

    def __init__(self, form: Form, who: Identity) -> None:
        self.pending: list[bytes] = []
        #: Whether there is a token.
        self.begun = False
        self._form = form
        self._who = who
        self._opened: set[int] = set()
        self._ends: dict[int, Done] = {}

    def take(self, index: int, frame: sse.Frame) -> None:
        """Takes over what a job tells. Raises the error in which it ended."""
        event = _understood(frame)
        if isinstance(event, Narration) and not sabotaged("queen:silent-v1"):
            self.pending.append(f": {event.actor}: {event.human}\n\n".encode())
            return
        if event is None or isinstance(event, Narration):
            return
        self.begun = True
        if index not in self._opened:
            self._opened.add(index)
            self._add(self._form.opening(self._who, index))
        if isinstance(event, Token):
            self._add(self._form.piece(self._who, index, event))
        elif isinstance(event, Done):
            self._ends[index] = event
            self._add(self._form.ending(self._who, index, event))

    def end(self) -> None:
        """Every answer is told."""
        options = self._form.asked.stream_options
        if options is not None and options.include_usage:
            ends = [self._ends[index] for index in sorted(self._ends)]
            self._add(self._form.usage(self._who, ends))
        self.pending.append(sse.DONE_FRAME)

    def fail(self, error: RbeeError) -> None:
        """The stream breaks off."""
        self._add(failed(error))

    def _add(self, event: object | None) -> None:
        if event is not None:
            self.pending.append(b"data: %s\n\n" % encode(event))


def _understood(frame: sse.Frame) -> Token | Vector | Done | Narration | None:
    """What an event of a job says, where that matters here. Raises the error that it tells."""
    if frame.event == "token":
        return decode(frame.data, Token)
    if frame.event == "vector":
        return decode(frame.data, Vector)
    if frame.event == "done":
        return decode(frame.data, Done)
    if frame.event == "narration":
        return decode(frame.data, Narration)
    if frame.event == "error":
        raise RbeeError.from_body(decode(frame.data, ErrorBody))
    if frame.event == "cancelled":
        raise RbeeError("queen_unreachable", "somebody has cancelled this job", "ask again")
    return None


async def _send(request: web.Request, response: web.StreamResponse, pending: list[bytes]) -> None:
    if not response.prepared:
        await response.prepare(request)
    if pending:
        piece = b"".join(pending)
        pending.clear()
        await response.write(piece)


def _identity(form: Form | Vectors, jobs: Sequence[Job]) -> Identity:
    first = jobs[0]
    return Identity(
        f"{form.prefix}{first.job_id}", first.created_at_ms // 1000, first.request.model_ref
    )
