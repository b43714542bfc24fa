"""To whom the routes of a role are open: asked in this process, of a server that does no work."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Sequence
from typing import Any

import aiohttp
from aiohttp import web

from harness.rig import routes
from harness.rig.cluster import Cluster
from rbee.http.server import Server
from rbee.http.serving import serves_http
from rbee.http.tables import Below, Table
from rbee.queen.openai.errors import failure
from rbee.queen.openai.messages import Failed
from rbee.queen.page.handlers import Page
from rbee.queen.page.sessions import Sessions
from rbee.wire import addresses, proof
from rbee.wire.messages.basics import HEALTH, OPENAPI
from rbee.wire.messages.page import TOKEN_HEADER
from rbee.wire.routes import Route, Who

_TOKEN = "the token"
_KEY = "the key of a laptop"
_OF_HIVE = proof.hive_secret(_TOKEN, "attic")
_OF_WORKER = proof.worker_secret(_OF_HIVE, "worker-1")
_OWN = {
    "queen": proof.Credential(_TOKEN),
    "hive": proof.Credential(_OF_HIVE, proof.hive_name("attic")),
    "worker": proof.Credential(_OF_WORKER, proof.worker_name("worker-1")),
}
#: Those who report to a role, each with a secret that it knows by a name.
_REPORTERS = {"queen": _OWN["hive"], "hive": _OWN["worker"]}
_COOKIE = "rbee-8500"
_SESSIONS = Sessions()
#: Where a request says who speaks.
_BODIES = {
    "/heartbeat": {"hive_id": "attic", "timestamp": ""},
    "/heartbeat/workers": {"worker_id": "worker-1", "state": "ready"},
}


def open_to(caller: str, role: str) -> set[str]:
    """The routes of a role that `caller` is let in to, as ``GET /path``."""
    return asyncio.run(_ask_each(role, _headers(caller, role)))


def assert_open(found: set[str], role: str, told: str) -> None:
    """These and no others are open; ``every route``: all that the role serves."""
    every = {str(route) for route in routes.served(role)}
    expected = every if told == "every route" else set(told.split(", "))
    assert found == expected, found ^ expected


def documents(cluster: Cluster) -> dict[str, dict[str, Any]]:
    """What each role tells of its routes."""
    return {role: cluster.http("GET", role, OPENAPI.path).json() for role in routes.ROLES}


def assert_documented(documents: dict[str, dict[str, Any]]) -> None:
    """Each lists what its role serves, and nothing else."""
    for role, document in documents.items():
        assert_open(_listed(document["paths"]), role, "every route")


def _listed(paths: dict[str, dict[str, Any]]) -> set[str]:
    return {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}


async def _ask_each(role: str, headers: dict[str, str]) -> set[str]:
    page = Page(_COOKIE, _SESSIONS, lambda: None)
    server = Server(role, _OWN[role], _name_of_key, secret_of=_secret_of(role), page_asks=page.asks)
    server.bind("127.0.0.1", 0)
    # What two doors have at one path is asked once.
    served = list({str(each): each for each in routes.served(role)}.values())
    served = [each for each in served if each not in (HEALTH, OPENAPI)]
    theirs = {
        door: [each for each in served if each.path.startswith(f"{door}/")]
        for door in addresses.FOR_CALLERS
    }
    ours = [each for each in served if not any(each in those for those in theirs.values())]

    def foreign(door: str) -> Table:
        return Table([_stand_in(theirs[door])], Who.KEYS, failure, Failed)

    doors = [
        Below(door, functools.cache(functools.partial(foreign, door)))
        for door, those in theirs.items()
        if those
    ]
    await server.serve([_stand_in(ours)], doors)
    try:
        async with aiohttp.ClientSession(server.url, headers=headers) as session:
            return {
                str(route)
                for route in routes.served(role)
                if await _status(session, route) not in (401, 404)
            }
    finally:
        await server.close()


async def _status(session: aiohttp.ClientSession, route: Route[Any, Any]) -> int:
    body = _BODIES.get(route.path, {}) if route.has_body else None
    asked = session.request(route.method, routes.example(route), json=body)
    async with asked as answer:
        return answer.status


def _stand_in(served: Sequence[Route[Any, Any]]) -> object:
    """Answers each of these routes with nothing."""

    def bound(route: Route[Any, Any]) -> object:
        async def answer(_self: object, _request: web.Request, _wanted: Any = None) -> web.Response:
            return web.Response(status=204)

        bind: Callable[[object], object] = serves_http(route)
        return bind(answer)

    methods = {f"answer_{i}": bound(each) for i, each in enumerate(served)}
    return object.__new__(type("StandIn", (), methods))


def _headers(caller: str, role: str) -> dict[str, str]:
    if caller == "a stranger":
        return {}
    if caller == "its page, signed in":
        entered = _SESSIONS.enter(_SESSIONS.link())
        return {"Cookie": f"{_COOKIE}={entered.cookie}", TOKEN_HEADER: entered.token}
    if caller == "the holder of an API key":
        return proof.headers(proof.Credential(_KEY))
    if caller == "its owner":
        return proof.headers(_OWN[role])
    if caller == "who has the token of the swarm":
        return proof.headers(proof.Credential(_TOKEN))
    return proof.headers(_REPORTERS[role]._replace(reports=True))


async def _name_of_key(header: str) -> str | None:
    return "laptop" if proof.secret_in(header) == _KEY else None


def _secret_of(role: str) -> Callable[[str], str | None]:
    known = _REPORTERS.get(role)
    return lambda name: known.secret if known is not None and name == known.name else None
