"""The routes below ``/v1``, and who may call them from a browser.

What answers them is imported with the first request: its many messages are no part of a cold run.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from aiohttp import web

from rbee.http.server import Table
from rbee.queen.jobs import Job
from rbee.queen.keys import Keys
from rbee.wire import addresses
from rbee.wire.messages.basics import Unreachable
from rbee.wire.messages.jobs import JobRequest
from rbee.wire.messages.models import ClusterModelView
from rbee.wire.messages.workers import WorkerBeat
from rbee.wire.routes import Who
from rbee.wire.settings import Settings

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

_EVERYBODY = "*"


class OpenAI(NamedTuple):
    """What the queen offers to programs that speak OpenAI's API.

    `begin` makes a job of a request and its caller; `known` tells what models there are,
    `loaded` what of them runs.
    """

    settings: Settings
    begin: Begin
    known: AskKnown
    loaded: Loaded
    keys: Keys

    def table(self) -> Table:
        """The routes below ``/v1``, with errors in OpenAI's form."""
        from rbee.queen.openai.errors import failure
        from rbee.queen.openai.handlers import Handlers
        from rbee.queen.openai.messages import Failed

        return Table([Handlers(*self)], Who.KEYS, failure, Failed)

    async def allow_origin(self, request: web.Request, response: web.StreamResponse) -> None:
        """Lets pages of the origins in the settings read what ``/v1`` answers."""
        allowed = self.settings.cors_origins
        origin = request.headers.get("Origin")
        if origin is None or not request.path.startswith(addresses.V1):
            return
        if origin in allowed or _EVERYBODY in allowed:
            response.headers["Access-Control-Allow-Origin"] = origin
            response.headers["Vary"] = "Origin"
