"""Answers what is asked below ``/api``: each answer is an ordinary job."""

from __future__ import annotations

import abc
import contextlib

from aiohttp import web

from rbee.http.events import Event
from rbee.http.server import caller_of
from rbee.http.serving import serves_http
from rbee.queen.front.answering import Asker, asker_of, check, working
from rbee.queen.front.models import spellings
from rbee.queen.front.offer import Offer
from rbee.queen.front.streaming import gathered, stream
from rbee.queen.jobs import Job
from rbee.queen.ollama.errors import failed
from rbee.queen.ollama.inventory import Inventory, digest_of
from rbee.queen.ollama.mapping import (
    Chat,
    Form,
    Generate,
    Took,
    embedded,
    embedding_job,
    moment,
)
from rbee.queen.ollama.messages import (
    CHAT,
    COPY,
    CREATE,
    EMBED,
    EMBEDDINGS,
    GENERATE,
    PREFLIGHT,
    PS,
    PULL,
    PUSH,
    REMOVE,
    SEND_BLOB,
    SHOW,
    TAGS,
    VERSION,
    Blob,
    Embedded,
    OllamaChat,
    OllamaEmbed,
    OllamaEmbedOne,
    OllamaGenerate,
    OllamaPull,
    OllamaShow,
    OneEmbedded,
    Processes,
    Pulled,
    Shown,
    Tags,
    Version,
)
from rbee.queen.ollama.names import meant, spelled
from rbee.wire.errors import RbeeError, invalid, no_such
from rbee.wire.messages.basics import encode
from rbee.wire.messages.events import Done, Progress, Token
from rbee.wire.messages.models import Provisioned, PullModel
from rbee.wire.narration import now_ms
from rbee.wire.routes import JSON_LINES

#: Whose API this is: the first version with all that is served here.
_SPOKEN = "0.12.11"
_HEADERS = {"Content-Type": JSON_LINES}
#: What has a model answer by another name, or otherwise.
_NAMED = "rbee-keeper name NAME owner/repo gives one a name, with a system prompt and settings"
_PULLED = Pulled(status="success")


class Handlers(Offer):
    """Takes requests in and gives answers out."""

    @serves_http(VERSION)
    async def version(self, request: web.Request) -> Version:
        """Tells the version of ollama whose API is spoken."""
        return Version(version=_SPOKEN)

    @serves_http(TAGS)
    async def tags(self, request: web.Request) -> Tags:
        """Lists the models that can be asked, for an API key those that it may use."""
        return (await self._inventory(request)).tags()

    @serves_http(PS)
    async def running(self, request: web.Request) -> Processes:
        """Lists the models that are loaded, for an API key those that it may use."""
        return (await self._inventory(request)).running(now_ms(), self.settings.idle_worker)

    @serves_http(SHOW)
    async def show(self, request: web.Request, wanted: OllamaShow) -> Shown:
        """Tells of a model that can be asked."""
        asker = await self._asker(request, wanted.called)
        inventory = await self._inventory(request)
        name = inventory.names.get(asker.ref)
        if name is None:
            names = list(inventory.names.values())
            raise asker.worded(no_such("model", spelled(asker.ref), names, f"{TAGS} lists them"))
        return inventory.shown(asker.ref, name)

    @serves_http(CHAT)
    async def chat(self, request: web.Request, asked: OllamaChat) -> web.StreamResponse:
        """Answers a conversation."""
        return await self._answer(request, Chat(asked))

    @serves_http(GENERATE)
    async def generate(self, request: web.Request, asked: OllamaGenerate) -> web.StreamResponse:
        """Answers a prompt, or with `raw` goes on with a text."""
        return await self._answer(request, Generate(asked))

    @serves_http(EMBED)
    async def embed(self, request: web.Request, asked: OllamaEmbed) -> Embedded:
        """Makes vectors of texts."""
        return await self._embed(request, asked)

    @serves_http(EMBEDDINGS)
    async def embed_one(self, request: web.Request, asked: OllamaEmbedOne) -> OneEmbedded:
        """Makes a vector of a text."""
        one = OllamaEmbed(
            model=asked.model,
            options=asked.options,
            keep_alive=asked.keep_alive,
            input=asked.prompt,
        )
        vectors = (await self._embed(request, one)).embeddings
        return OneEmbedded(embedding=vectors[0] if vectors else [])

    @serves_http(PULL)
    async def pull_model(self, request: web.Request, wanted: OllamaPull) -> web.StreamResponse:
        """Has a model fetched, and tells how far that is; a key that may fetch none gets what is
        here already."""
        asker = await self._asker(request, wanted.called)
        with working(self, asker) as work:
            if asker.caller is None or asker.caller.may_fetch:
                work.follow(await self.pull(PullModel(model_ref=asker.ref)))
            pulling = _Pulling(asker)
            if wanted.stream is not False:
                return await stream(request, pulling, work, self.settings, _HEADERS)
            async with contextlib.aclosing(work.events()) as events:
                async for news, _ in events:
                    for _, event in news:
                        check(event)
        return web.Response(body=encode(_PULLED), content_type="application/json")

    @serves_http(CREATE)
    async def create(self, request: web.Request) -> None:
        """Refuses: no models are made here."""
        raise _not_here("makes no models", _NAMED)

    @serves_http(COPY)
    async def copy(self, request: web.Request) -> None:
        """Refuses: a model gets another name on the machine of the swarm."""
        raise _not_here("copies no models", _NAMED)

    @serves_http(PUSH)
    async def push(self, request: web.Request) -> None:
        """Refuses: nothing is sent to a registry."""
        raise _not_here("sends no models to a registry", "the hub takes them from who made them")

    @serves_http(REMOVE)
    async def remove(self, request: web.Request) -> None:
        """Refuses: a model is removed on the machine of the swarm."""
        raise _not_here("removes no models for callers", "rbee-keeper rm removes one")

    @serves_http(SEND_BLOB)
    async def take_blob(self, request: web.Request, wanted: Blob) -> None:
        """Refuses: no models are made here."""
        raise _not_here("takes no files of models", _NAMED)

    @serves_http(PREFLIGHT)
    async def may_ask(self, request: web.Request) -> web.Response:
        """Tells a browser whether its page may ask (`cors_origins`)."""
        return self.preflight(request)

    async def _inventory(self, request: web.Request) -> Inventory:
        key = caller_of(request)
        rights = self.keys.named(key).rights if key else None
        named = (await self.names.all()).values()
        return Inventory(await self.known(False), rights, named)

    async def _asker(self, request: web.Request, model: str) -> Asker:
        """Whose request it is, which names `model` as ollama's programs do."""
        if await self.names.find(*spellings(model)) is not None:
            return await asker_of(self, request, model)
        return await asker_of(self, request, meant(model))

    async def _answer(self, request: web.Request, form: Form) -> web.StreamResponse:
        asker = await self._asker(request, form.asked.model)
        with working(self, asker) as work:
            if form.unloads():
                if asker.caller is None:  # one key takes nothing from all others
                    await self.unload(asker.ref)
                form.model, form.created_at = form.asked.model, moment(now_ms())
                return web.Response(body=encode(form.unloaded()), content_type="application/json")
            wanted = form.job(asker.ref)
            if wanted.ctx is not None:
                # Who asks for more than a model was trained with gets that: beyond, it babbles.
                trained = (await self._inventory(request)).context_of(asker.ref)
                wanted.ctx = min(wanted.ctx, trained or wanted.ctx)
            (job,) = work.begin([wanted])
            form.model, form.created_at = form.asked.model, moment(job.created_at_ms)
            if form.asked.stream is not False:
                return await stream(request, _Answering(form, job), work, self.settings, _HEADERS)
            headers: dict[str, str] = {}
            (outcome,) = await gathered(work, headers)
        answer = encode(form.whole(outcome.tokens, _took(job, outcome.done)))
        return web.Response(body=answer, content_type="application/json", headers=headers)

    async def _embed(self, request: web.Request, asked: OllamaEmbed) -> Embedded:
        asker = await self._asker(request, asked.model)
        with working(self, asker) as work:
            (job,) = work.begin([embedding_job(asked, asker.ref)])
            (outcome,) = await gathered(work, {})
        return embedded(asked, asked.model, outcome.vectors, _took(job, outcome.done))


def _not_here(what: str, instead: str) -> RbeeError:
    return invalid(f"this server {what}; {instead}", "")


class _Telling(abc.ABC):
    """A `front.streaming.Telling` in lines, which tells nothing of silence."""

    def take(self, _index: int, event: Event) -> list[bytes]:
        """See `front.streaming.Telling`."""
        return list(map(_line, self.lines(event)))

    @abc.abstractmethod
    def lines(self, event: Event) -> list[object]:
        """The lines that an event is worth. Raises the error in which the work ended."""

    def wait(self, is_due: bool) -> list[bytes]:
        """See `front.streaming.Telling`."""
        return []

    def end(self) -> list[bytes]:
        """See `front.streaming.Telling`."""
        return []

    def fail(self, error: RbeeError) -> list[bytes]:
        """See `front.streaming.Telling`."""
        return [_line(failed(error))]


class _Answering(_Telling):
    """The lines of one streamed answer."""

    def __init__(self, form: Form, job: Job) -> None:
        self._form = form
        self._job = job

    def lines(self, event: Event) -> list[object]:
        """See `_Telling`."""
        form = self._form
        if event.name == "token":
            piece = form.piece(event.read(Token))
            return [] if piece is None else [piece]
        if event.name == "done":
            rest = form.rest()
            ending = form.ending(_took(self._job, event.read(Done)))
            return [ending] if rest is None else [rest, ending]
        check(event)
        return []


class _Pulling(_Telling):
    """The lines of a model that is fetched."""

    def __init__(self, asker: Asker) -> None:
        digest = digest_of(asker.ref, "")
        self._digest, self._status = f"sha256:{digest}", f"pulling {digest[:12]}"
        self._begun = False

    def lines(self, event: Event) -> list[object]:
        """See `_Telling`."""
        if event.name == "progress":
            far = event.read(Progress)
            return self._far(far.done, far.total)
        if event.name == "done":
            size = event.read(Provisioned).size_bytes
            return self._far(size, size)
        check(event)
        return []

    def end(self) -> list[bytes]:
        """See `front.streaming.Telling`."""
        return [_line(_PULLED)]

    def _far(self, done: int, total: int) -> list[object]:
        begin = [] if self._begun else [Pulled(status="pulling manifest")]
        self._begun = True
        return [*begin, Pulled(self._status, self._digest, total, done)]


def _took(job: Job, done: Done) -> Took:
    return Took(done, (job.finished_at_ms or now_ms()) - job.created_at_ms)


def _line(message: object) -> bytes:
    return encode(message) + b"\n"
