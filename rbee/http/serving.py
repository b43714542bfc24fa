"""Binds a row of the table of routes to what answers it.

A handler is a method that takes the request of its route, where that has one, and gives the answer;
mypy holds both against the row. One that needs more of HTTP, or answers with a stream, is bound by
`serves_http` and gets the bare request before the other.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Any, NamedTuple, TypeVar, overload

from aiohttp import web

from rbee.wire.routes import NONE, Route

A = TypeVar("A")
Q = TypeVar("Q")
S = TypeVar("S")
H = TypeVar("H", bound=Callable[..., Any])

Bare = Callable[[S], Awaitable[A]]
Asked = Callable[[S, Q], Awaitable[A]]
OfHttp = Callable[[S, web.Request], Awaitable[A | web.StreamResponse]]
OfHttpAsked = Callable[[S, web.Request, Q], Awaitable[A | web.StreamResponse]]

_SERVED = "_served"


class Served(NamedTuple):
    """A route with its handler, which takes the bare request, and the request of the route."""

    route: Route[Any, Any]
    handler: Callable[[web.Request, Any], Awaitable[Any]]


@overload
def serves(route: Route[None, A]) -> Callable[[Bare[S, A]], Bare[S, A]]: ...
@overload
def serves(route: Route[Q, A]) -> Callable[[Asked[S, Q, A]], Asked[S, Q, A]]: ...
def serves(route: Route[Any, Any]) -> Callable[[H], H]:
    """Binds a method ``(self, wanted) -> answer``, or ``(self) -> answer``, to `route`."""
    return _bound(route, is_bare=False)


@overload
def serves_http(route: Route[None, A]) -> Callable[[OfHttp[S, A]], OfHttp[S, A]]: ...
@overload
def serves_http(route: Route[Q, A]) -> Callable[[OfHttpAsked[S, Q, A]], OfHttpAsked[S, Q, A]]: ...
def serves_http(route: Route[Any, Any]) -> Callable[[H], H]:
    """Binds a method ``(self, request, wanted)``, or ``(self, request)``, to `route`."""
    return _bound(route, is_bare=True)


def routes_of(*owners: type) -> list[Route[Any, Any]]:
    """The rows that the methods of these classes are bound to, in their order."""
    return [
        vars(method)[_SERVED][0]
        for owner in owners
        for method in vars(owner).values()
        if _SERVED in getattr(method, "__dict__", ())
    ]


def served_by(owners: Iterable[object]) -> list[Served]:
    """The same rows with the handlers of these instances."""
    found = []
    for owner in owners:
        for name, method in vars(type(owner)).items():
            if _SERVED in getattr(method, "__dict__", ()):
                route, is_bare = vars(method)[_SERVED]
                found.append(Served(route, _adapted(getattr(owner, name), route, is_bare)))
    return found


def _bound(route: Route[Any, Any], *, is_bare: bool) -> Callable[[H], H]:
    def bind(method: H) -> H:
        vars(method)[_SERVED] = route, is_bare
        return method

    return bind


def _adapted(
    method: Callable[..., Awaitable[Any]], route: Route[Any, Any], is_bare: bool
) -> Callable[[web.Request, Any], Awaitable[Any]]:
    wants = route.request is not NONE
    if is_bare:
        return method if wants else lambda request, _: method(request)
    return (lambda _, wanted: method(wanted)) if wants else (lambda _, __: method())
