"""Binds a row of the table of routes to what answers it.

A handler is a method that takes the request of its route, where that has one, and gives the answer;
mypy holds both against the row, and its docstring says for people what the route does. Of a stream
it gives the `Operation` that tells it. One that needs more of HTTP is bound by `serves_http`: it
gets the bare request before the other.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from typing import Any, NamedTuple, TypeVar, overload

from aiohttp import web

from rbee.wire.routes import NONE, Route

A = TypeVar("A")
Q = TypeVar("Q")
S = TypeVar("S")
H = TypeVar("H", bound=Callable[..., Any])

_Plain = Callable[[S], Awaitable[A]]
_Asked = Callable[[S, Q], Awaitable[A]]
_Http = Callable[[S, web.Request], Awaitable[A | web.StreamResponse]]
_HttpAsked = Callable[[S, web.Request, Q], Awaitable[A | web.StreamResponse]]

_BOUND = "_bound_to_route"


class Served(NamedTuple):
    """A route, what it does, and its handler: of a class one that still wants the instance."""

    route: Route[Any, Any]
    about: str
    handler: Callable[..., Awaitable[Any]]


@overload
def serves(route: Route[None, A]) -> Callable[[_Plain[S, A]], _Plain[S, A]]: ...
@overload
def serves(route: Route[Q, A]) -> Callable[[_Asked[S, Q, A]], _Asked[S, Q, A]]: ...
def serves(route: Route[Any, Any]) -> Callable[[H], H]:
    """Binds a method ``(self, wanted) -> answer``, or ``(self) -> answer``, to `route`."""
    return _bound(route, is_http=False)


@overload
def serves_http(route: Route[None, A]) -> Callable[[_Http[S, A]], _Http[S, A]]: ...
@overload
def serves_http(route: Route[Q, A]) -> Callable[[_HttpAsked[S, Q, A]], _HttpAsked[S, Q, A]]: ...
def serves_http(route: Route[Any, Any]) -> Callable[[H], H]:
    """Binds a method ``(self, request, wanted)``, or ``(self, request)``, to `route`."""
    return _bound(route, is_http=True)


def served_by(owner: object) -> Iterator[Served]:
    """What the methods of an object, or a class, are bound to; they take ``(request, wanted)``."""
    for name, method in vars(owner if isinstance(owner, type) else type(owner)).items():
        route, is_http = getattr(method, "__dict__", {}).get(_BOUND, (None, False))
        if route is not None:
            about = " ".join((method.__doc__ or "").split())
            yield Served(route, about, _adapted(getattr(owner, name), route, is_http))


def _bound(route: Route[Any, Any], *, is_http: bool) -> Callable[[H], H]:
    def bind(method: H) -> H:
        vars(method)[_BOUND] = route, is_http
        return method

    return bind


def _adapted(
    method: Callable[..., Awaitable[Any]], route: Route[Any, Any], is_http: bool
) -> Callable[[web.Request, Any], Awaitable[Any]]:
    wants = route.request is not NONE
    if is_http:
        return method if wants else lambda request, _: method(request)
    return (lambda _, wanted: method(wanted)) if wants else (lambda _, __: method())
