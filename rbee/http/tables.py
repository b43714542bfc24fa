"""Which handler serves a request: the routes of a daemon, and those that belong to others' APIs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import unquote

import msgspec
from aiohttp import hdrs, web

from rbee.http.heads import plain_path
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

    def is_for(self, path: str, headers: Mapping[str, str]) -> bool:
        """Whether a request is one of those, by its `plain_path`."""
        is_there = f"{path}/".startswith(f"{self.path}/")
        return is_there and (not self.header or self.header in headers)


class Resolved(NamedTuple):
    """What serves a request, with the fields in its path; None: nothing does, but other methods
    may be `allowed` there."""

    served: Served | None
    fields: dict[str, str]
    allowed: Sequence[str]


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
        #: The paths that are served.
        self.paths = [path for each in self.served for path in (each.route.path, *each.route.also)]
        for each in self.served:
            for path in (each.route.path, *each.route.also):
                for name in each.route.with_slashes:
                    path = path.replace(f"{{{name}}}", f"{{{name}:(?s:.+)}}")
                added = self._router.add_route(each.route.method, path, _found)
                self._by_route[added] = each

    async def find(self, request: web.Request) -> Resolved:
        """What serves a request; HEAD asks for what GET would get.

        A path that leads nowhere is looked for without the slashes that it has too many: clients
        put it together of an address that a person has typed.
        """
        if request.method == hdrs.METH_HEAD:
            request = request.clone(method=hdrs.METH_GET)
        found = await self._resolved(request)
        path = request.rel_url.raw_path
        if found.served is None and not found.allowed and plain_path(path) != path:
            plain = request.rel_url.with_path(plain_path(path), encoded=True)
            found = await self._resolved(request.clone(rel_url=plain))
        return found

    async def _resolved(self, request: web.Request) -> Resolved:
        found = await self._router.resolve(request)
        allowed: set[str] = set()
        if isinstance(found.http_exception, web.HTTPMethodNotAllowed):
            allowed = set(found.http_exception.allowed_methods)
        if allowed <= {hdrs.METH_OPTIONS}:  # which is answered below a path, whatever is there
            allowed = set()
        if hdrs.METH_GET in allowed:
            allowed.add(hdrs.METH_HEAD)
        # The router leaves %2F and %25 as they are, so that no name breaks a path.
        fields = {name: unquote(found[name]) for name in found}
        return Resolved(self._by_route.get(found.route), fields, sorted(allowed))


async def _found(request: web.Request) -> web.StreamResponse:
    raise AssertionError("routes are looked up, and answered by their own handlers")
