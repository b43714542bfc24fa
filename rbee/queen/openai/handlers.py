"""Answers what is asked below ``/v1``: each answer is an ordinary job, or several."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence

import msgspec
from aiohttp import web

from rbee.http.events import Event
from rbee.http.server import caller_of
from rbee.http.serving import serves_http
from rbee.queen.catalog import KeyRow
from rbee.queen.front.answering import asker_of, check, working
from rbee.queen.front.heard import heard_by_key
from rbee.queen.front.models import (
    as_told,
    capabilities_of,
    model_ref_of,
    models_of,
    seen_by,
    spellings,
)
from rbee.queen.front.offer import KeyHolder, Offer
from rbee.queen.front.streaming import gathered, stream
from rbee.queen.openai.asked import in_words_of
from rbee.queen.openai.errors import failed
from rbee.queen.openai.mapping import Chat, Form, Identity, Text, Vectors
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
from rbee.queen.rights import granted, not_granted
from rbee.wire import narration, sse
from rbee.wire.errors import RbeeError, no_such
from rbee.wire.messages.basics import Unreachable, encode
from rbee.wire.messages.events import Done, Token
from rbee.wire.messages.names import AddName
from rbee.wire.narration import Narration
from rbee.wire.shown import shown

#: A comment that goes before the next event: a blank line of its own would be one without data.
_STILL_HERE = b": still here\n"
#: How many comments are sent at once each.
_MOST_COMMENTS = 64


class Handlers(Offer):
    """Takes requests in and gives answers out."""

    @serves_http(MODELS)
    async def models(self, request: web.Request) -> Models:
        """Lists the models that can be asked, for an API key those that it may use."""
        models, unreachable = await self._all_models()
        key, named = caller_of(request), (await self.names.all()).values()
        if key:
            return Models(data=_called(models, named, self.keys.named(key)))
        return Models(data=_called(models, named, None), unreachable=unreachable)

    @serves_http(MODEL)
    async def model(self, request: web.Request, wanted: OneModel) -> Model:
        """Tells of a model that can be asked."""
        key, named = caller_of(request), await self.names.find(*spellings(wanted.id))
        wanted.id = as_told(wanted.id) if named is None else named.name
        row = self.keys.named(key) if key else None
        listed, unreachable = await self._all_models()
        for model in _called(listed, [named] if named is not None else [], row):
            if named is not None and model.id == named.name:
                return model
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
        for model in _called(models, [], key):
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
        refuse = self.settings.refuse_unknown_tools
        return await self._answer(request, Chat(asked, refuse_unknown=refuse))

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
            if not isinstance(form, Vectors) and form.left_out:
                jobs[0].say(narration.TOOLS_ELSEWHERE, names=", ".join(form.left_out))
            began = jobs[0].created_at_ms // 1000
            who = Identity(f"{form.prefix}{jobs[0].job_id}", began, asker.model)
            if not isinstance(form, Vectors) and form.asked.stream:
                writer = Writer(form, who, asker.caller)
                return await stream(request, writer, work, self.settings)
            headers: dict[str, str] = {}
            if isinstance(form, Vectors):
                outcomes = await gathered(work, headers, form.check)
            else:
                outcomes = await gathered(work, headers)
        answer = encode(form.whole(who, outcomes))
        return web.Response(body=answer, content_type="application/json", headers=headers)


class Writer:
    """The events of one streamed answer, as bytes that wait to be sent.

    What is narrated is told as comments, for who has to wait: some as they come, and then rarely,
    as there are clients that leave after 300 lines without data; and without a blank line, which
    others take for an event.
    """

    def __init__(self, form: Form, who: Identity, caller: KeyHolder | None) -> None:
        self._caller = caller
        self._form = form
        self._who = who
        #: The answers that have begun.
        self._opened: set[int] = set()
        self._ends: dict[int, Done] = {}
        options = form.asked.stream_options
        self._counts = options is not None and bool(options.continuous_usage_stats)
        #: How many tokens of each answer were written, where each piece tells that.
        self._written: dict[int, int] = {}
        #: The newest comments that were not sent.
        self._comments: deque[bytes] = deque(maxlen=_MOST_COMMENTS)
        #: How many lines of comments were told.
        self._remarked = 0

    def take(self, index: int, event: Event) -> list[bytes]:
        """See `front.streaming.Telling`."""
        if event.name == "narration":
            self._comments.extend(_comment(event.read(Narration), self._caller))
        elif event.name == "token":
            token = event.read(Token)
            opening = self._open(index)
            self._written[index] = token.i + 1
            return [*opening, *self._chunks(self._form.piece(index, token))]
        elif event.name == "done":
            done = self._ends[index] = event.read(Done)
            return [*self._open(index), *self._chunks(self._form.ending(index, done))]
        else:
            check(event)
        return []

    def wait(self, is_due: bool) -> list[bytes]:
        """What was narrated, or the newest of it once that was much already."""
        at_once = bool(self._comments) and self._remarked < _MOST_COMMENTS
        if not (at_once or is_due):
            return []
        comments = list(self._comments) if at_once else list(self._comments)[-1:]
        self._comments.clear()
        self._remarked += len(comments)
        return [b"".join(comments) or _STILL_HERE]

    def _open(self, index: int) -> list[bytes]:
        pieces: list[bytes] = []
        if not self._opened:
            # The comments that are left, where the caller has read some of them while it waited.
            waited = b"".join(self._comments) if self._remarked else b""
            pieces += [waited] if waited else []
        self._comments.clear()
        if index not in self._opened:
            self._opened.add(index)
            pieces += self._chunks(self._form.opening(index))
        return pieces

    def end(self) -> list[bytes]:
        """See `front.streaming.Telling`."""
        counts = []
        asked = self._form.asked
        options, counted = asked.stream_options, asked.usage is not None and asked.usage.include
        if counted or (options is not None and options.include_usage):
            ends = [self._ends[index] for index in sorted(self._ends)]
            counts = [_event(self._form.usage(self._who, ends))]
        return [*counts, sse.DONE_FRAME]

    def fail(self, error: RbeeError) -> list[bytes]:
        """See `front.streaming.Telling`."""
        return [_event(failed(in_words_of(self._form.asked, error)))]

    def _chunks(self, choice: object | None) -> list[bytes]:
        written = sum(self._written.values()) if self._counts else None
        return [] if choice is None else [_event(self._form.chunk(self._who, choice, written))]


def _event(event: object) -> bytes:
    return b"data: %s\n\n" % encode(event)


def _comment(narration: Narration, caller: KeyHolder | None) -> list[bytes]:
    """A line of narration as a comment of a stream; what a key's holder is not to know is none."""
    human = f"{narration.actor}: {shown(narration.human)}"
    if caller is not None:
        human = heard_by_key(narration, caller.model)
    return [f": {human}\n".encode()] if human else []


def _called(models: Sequence[Model], named: Iterable[AddName], key: KeyRow | None) -> list[Model]:
    """The models by what somebody calls them; a key's holder is told of no machine."""
    by_ref = {model.id: model for model in models}
    rows = []
    for name, ref in seen_by(key and key.rights, by_ref, named).items():
        there = by_ref.get(ref) or Model(id=ref, status="known", hives=[])
        hives = there.hives if key is None else []
        rows.append(msgspec.structs.replace(there, id=name, hives=hives))
    return rows
