"""What the queen offers to whatever speaks to her callers in their own words."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from aiohttp import web

from rbee.http.heads import plain_path
from rbee.queen.jobs import Job
from rbee.queen.keys import Keys
from rbee.queen.names import Names
from rbee.queen.tracked_task import TrackedTask
from rbee.wire import addresses
from rbee.wire.messages.basics import Unreachable
from rbee.wire.messages.jobs import JobRequest
from rbee.wire.messages.models import ClusterModelView, PullModel
from rbee.wire.messages.workers import WorkerBeat
from rbee.wire.settings import Settings

#: The models of the hives that answer, the workers with their hives, and the hives that do not.
Known = tuple[list[ClusterModelView], list[tuple[str, WorkerBeat]], list[Unreachable]]
#: Tells it; with True, what sleeps is woken first.
AskKnown = Callable[[bool], Awaitable[Known]]
#: The workers with their hives, as they are known here.
Loaded = Callable[[], list[tuple[str, WorkerBeat]]]


class KeyHolder(NamedTuple):
    """The holder of a key whose request was understood: the name of the key, what it calls the
    model, its reference, the machines that have that (None: any may be used), and whether it may be
    fetched."""

    key: str
    model: str
    ref: str
    holders: frozenset[str] | None
    may_fetch: bool


#: Makes a job of a request and the holder of a key; None: it came with the swarm's own token.
Begin = Callable[[JobRequest, KeyHolder | None], Job]
#: A job by its id, while it is kept.
Find = Callable[[str], Job | None]
#: Has the workers that hold a model, by its reference, unload it once nobody uses them.
Unload = Callable[[str], Awaitable[None]]
#: Has a model fetched; the operation that does it.
Pull = Callable[[PullModel], Awaitable[TrackedTask]]

_EVERYBODY = "*"
_EXPOSED = (addresses.REQUEST_HEADER, addresses.ANTHROPIC_REQUEST_HEADER, addresses.WARNING_HEADER)
_METHODS = "GET, POST, DELETE, OPTIONS"


class Offer(NamedTuple):
    """What there is for callers of all kinds.

    `begin` makes a job of a request and its caller; `known` tells what models there are,
    `loaded` what of them runs; `pull` has one fetched, `unload` unloaded; `job` finds one that was
    begun, while it is kept, and `names` are what people call models.
    """

    settings: Settings
    begin: Begin
    known: AskKnown
    loaded: Loaded
    keys: Keys
    pull: Pull
    unload: Unload
    job: Find
    names: Names

    def preflight(self, request: web.Request) -> web.Response:
        """Tells a browser whether its page may ask."""
        wanted = request.headers.get("Access-Control-Request-Headers", "")
        headers = {"Access-Control-Allow-Methods": _METHODS, "Access-Control-Max-Age": "600"}
        if wanted:
            headers["Access-Control-Allow-Headers"] = wanted
        return web.Response(status=204, headers=headers if self.settings.cors_origins else None)

    async def allow_origin(self, request: web.Request, response: web.StreamResponse) -> None:
        """Lets pages of the origins in the settings read what is answered to callers."""
        allowed = self.settings.cors_origins
        origin = request.headers.get("Origin")
        if origin is None or not plain_path(request.path).startswith(addresses.CALLED):
            return
        if origin in allowed or _EVERYBODY in allowed:
            response.headers["Access-Control-Allow-Origin"] = origin
            response.headers["Access-Control-Expose-Headers"] = ", ".join(_EXPOSED)
            response.headers["Vary"] = "Origin"
