"""The routes below ``/v1``, and who may call them from a browser.

What answers them is imported with the first request: its many messages are no part of a cold run.
"""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, NamedTuple

from aiohttp import web

from rbee.http.server import Answer, Route, caller_of
from rbee.queen.jobs import Job
from rbee.queen.keys import Keys
from rbee.wire import addresses
from rbee.wire.errors import RbeeError
from rbee.wire.messages.basics import Unreachable, encode
from rbee.wire.messages.jobs import JobRequest
from rbee.wire.messages.models import ClusterModelView
from rbee.wire.messages.workers import WorkerBeat
from rbee.wire.settings import Settings

if TYPE_CHECKING:
    from rbee.queen.openai.handlers import Handlers

#: The models of the hives that answer, the workers with their hives, and the hives that do not.
Known = tuple[list[ClusterModelView], list[tuple[str, WorkerBeat]], list[Unreachable]]
#: Tells it; with True, what sleeps is woken first.
AskKnown = Callable[[bool], Awaitable[Known]]
#: The workers with their hives, as they are known here.
Loaded = Callable[[], list[tuple[str, WorkerBeat]]]


class Caller(NamedTuple):
    """The holder of a key whose request was understood: the name of the key, what it calls the
    model, its reference, the machines that have that (None: any may be used), and whether it may be
    fetched."""

    key: str
    model: str
    ref: str
    holders: frozenset[str] | None
    may_fetch: bool


#: Makes a job of a request and the holder of a key; None: it came with the swarm's own token.
Begin = Callable[[JobRequest, Caller | None], Job]

_METHODS = "GET, POST, OPTIONS"
_EVERYBODY = "*"


class OpenAI:
    """What the queen offers to programs that speak OpenAI's API.

    `begin` makes a job of a request and its caller; `known` tells what models there are,
    `loaded` what of them runs; `keys` are there once the queen serves.
    """

    def __init__(
        self,
        settings: Settings,
        begin: Begin,
        known: AskKnown,
        loaded: Loaded,
        keys: Callable[[], Keys],
    ) -> None:
        self._settings = settings
        self._begin = begin
        self._known = known
        self._loaded = loaded
        self._keys = keys

    def routes(self) -> list[Route]:
        """Those below ``/v1``, with errors in OpenAI's form, and the document of what there is."""
        everything = addresses.V1 + "/{rest:(?s:.*)}"
        served = [
            Route("GET", addresses.V1_MODELS, lambda request: self._desk.models(request)),
            Route(
                "GET", addresses.V1_MODELS + "/{id:.+}", lambda request: self._desk.model(request)
            ),
            Route("POST", addresses.V1_CHAT, lambda request: self._desk.chat(request)),
            Route("POST", addresses.V1_COMPLETIONS, lambda request: self._desk.complete(request)),
            Route("POST", addresses.V1_EMBEDDINGS, lambda request: self._desk.embed(request)),
            Route("OPTIONS", everything, self._preflight, public=True),
            Route("*", everything, _unknown),
        ]
        document = Route("GET", addresses.OPENAPI, _document, keys=True)
        return [document, *(route._replace(failure=_failure, keys=True) for route in served)]

    async def allow_origin(self, request: web.Request, response: web.StreamResponse) -> None:
        """Lets pages of the origins in the settings read what ``/v1`` answers."""
        allowed = self._settings.cors_origins
        origin = request.headers.get("Origin")
        if origin is None or not request.path.startswith(addresses.V1):
            return
        if origin in allowed or _EVERYBODY in allowed:
            response.headers["Access-Control-Allow-Origin"] = origin
            response.headers["Vary"] = "Origin"

    async def _preflight(self, request: web.Request) -> Answer:
        wanted = request.headers.get("Access-Control-Request-Headers", "")
        headers = {"Access-Control-Allow-Methods": _METHODS, "Access-Control-Max-Age": "600"}
        if wanted:
            headers["Access-Control-Allow-Headers"] = wanted
        return web.Response(status=204, headers=headers if self._settings.cors_origins else None)

    @functools.cached_property
    def _desk(self) -> Handlers:
        from rbee.queen.openai.handlers import Handlers

        return Handlers(self._settings, self._begin, self._known, self._loaded, self._keys())


def _failure(request: web.Request, error: RbeeError) -> web.Response:
    from rbee.queen.openai.errors import failure, for_key

    return failure(for_key(error) if caller_of(request) else error)


async def _document(request: web.Request) -> Answer:
    from rbee.queen.openai.document import document

    return web.Response(body=encode(document()), content_type="application/json")


async def _unknown(request: web.Request) -> Answer:
    raise RbeeError(
        "not_found",
        f"{request.method} {request.path} is not served",
        f"GET {addresses.V1_MODELS}, "
        f"POST {addresses.V1_CHAT}, {addresses.V1_COMPLETIONS} or {addresses.V1_EMBEDDINGS}",
    )
