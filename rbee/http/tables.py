"""Which handler serves a request: the routes of a daemon, and those that belong to others' APIs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple
from urllib.parse import unquote

import msgspec
from aiohttp import hdrs, web

from rbee.http.serving import Served, served_by
from rbee.wire.errors import RbeeError
from rbee.wire.messages.basics import decode
from rbee.wire.routes import Who

#: How an error is answered.
Failure = Callable[[web.Request, RbeeError], web.Response]
#: How a body becomes a request; raises `invalid_request`.
Read = Callable[[bytes, type[Any]], Any]


class Below(NamedTuple):
    """What is served at a path, and below it, in somebody else's words: what `load` gives with the
    first request for it. With a `header` it is for requests alone that have one of that name."""

    path: str
    load: Callable[[], Table]
    header: str = ""

    def is_for(self, request: web.Request) -> bool:
        """Whether a request is one of those."""
        is_there = f"{request.path}/".startswith(f"{self.path}/")
        return is_there and (not self.header or self.header in request.headers)


class Table:
    """Routes that belong together: their handlers, and what whoever misses them is told."""

    def __init__(
        self,
        handlers: Iterable[object],
        who: Who,
        failure: Failure,
        refused: type[msgspec.Struct],
        read: Read = decode,
    ) -> None:
        """`who` may learn that something is not served; `failure` is how errors look, `refused`
        their type; `read` makes requests of bodies."""
        self.served = [each for owner in handlers for each in served_by(owner)]
        self.who = who
        self.failure = failure
        self.refused = refused
        self.read = read
        self._router = web.UrlDispatcher()
        self._by_route = {}
        for each in self.served:
            for path in (each.route.path, *each.route.also):
                for name in each.route.with_slashes:
                    path = path.replace(f"{{{name}}}", f"{{{name}:(?s:.+)}}")
                added = self._router.add_route(each.route.method, path, _found)
                self._by_route[added] = each

    async def find(self, request: web.Request) -> tuple[Served | None, dict[str, str]]:
        """What serves a request, and the fields in its path; HEAD asks for what GET would get."""
        if request.method == hdrs.METH_HEAD:
            request = request.clone(method=hdrs.METH_GET)
        found = await self._router.resolve(request)
        # The router leaves %2F and %25 as they are, so that no name breaks a path.
        return self._by_route.get(found.route), {name: unquote(found[name]) for name in found}


async def _found(request: web.Request) -> web.StreamResponse:
    raise AssertionError("routes are looked up, and answered by their own handlers")
