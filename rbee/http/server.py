"""What every daemon is on its outside: a bound socket, routes behind a token, health."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import signal
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextvars import ContextVar
from typing import Any

from aiohttp import hdrs, web

from rbee import __version__
from rbee.http import bodies
from rbee.http.connection_limits import limits_of
from rbee.http.connections import LINGER_S, Connection, Connections
from rbee.http.encryption import Encryption, key_of
from rbee.http.events import STREAM_HEADERS
from rbee.http.heads import flaw_of, host_in, is_ours, mark_of
from rbee.http.operation import Operation
from rbee.http.serving import Served, serves, serves_http
from rbee.http.sockets import listen
from rbee.http.tables import Below, Read, Table
from rbee.http.unencrypted import is_from_elsewhere, may_be_answered
from rbee.process import journal
from rbee.process.descriptors import raise_limit
from rbee.wire import addresses, proof
from rbee.wire.errors import RbeeError, Refused, invalid, unforeseen
from rbee.wire.limits import LARGEST_BODY
from rbee.wire.messages.basics import HEALTH, OPENAPI, Health, decode_fields, encode
from rbee.wire.routes import NONE, Route, Who
from rbee.wire.settings import Settings
from rbee.wire.shown import require_name

_CALLER, _MARK = "caller", "mark"
#: The span that the request which is answered is a part of, in W3C's words; empty: it says none.
trace: ContextVar[str] = ContextVar("trace", default="")
#: How Anthropic's clients present a key, where they send no Authorization header.
_KEY_HEADER = "x-api-key"
_DEFAULTS = Settings()

#: Whose key an Authorization header presents; None: it is nobody's.
Recognise = Callable[[str], Awaitable[str | None]]
#: Looks at an answer whose headers are about to be sent.
BeforeSending = Callable[[web.Request, web.StreamResponse], Awaitable[None]]

_FOR_KEYS = " and ".join(addresses.FOR_CALLERS)
#: Bytes of a body that are buffered before it is read; that of a caller without a token never is.
_READ_AHEAD = 16 * 1024
#: How much of a name is shown to whoever sent it (characters).
_LONG_NAME = 80
#: How many turns of the event loop it takes until an accepted connection waits for its request.
_TURNS_TO_SETTLE = 8

log = logging.getLogger(__name__)


class Server:
    """One daemon's HTTP server. `stopping` is set by whatever asks it to leave."""

    def __init__(
        self,
        role: str,
        own: proof.Credential,
        recognise: Recognise | None = None,
        settings: Settings = _DEFAULTS,
        secret_of: Callable[[str], str | None] = lambda name: None,
        page_asks: Callable[[web.Request], bool] = lambda request: False,
        encryption: Encryption | None = None,
    ) -> None:
        """`own` is the secret that opens it; `recognise` knows the API keys, `secret_of` the
        secrets of those who report to it. Of `settings` those of requests count. `page_asks` tells
        whether its page asks, signed in; it raises what is wrong with who only seems to. With
        `encryption` it speaks TLS as well, and other machines have to, unless `plain_http` is set.
        """
        self.role = role
        self.instance = secrets.token_hex(8)
        self.stopping = asyncio.Event()
        #: Set by a signal: leave without waiting for work that could be cancelled.
        self.impatient = asyncio.Event()
        #: While it is not set, whoever asks for an answer waits.
        self.gate = asyncio.Event()
        self.gate.set()
        #: The `status` of health: ``ok``, or ``leaving`` once the end is certain.
        self.status = "ok"
        self.url = ""
        self.port = 0
        self._elsewhere: dict[str, tuple[str, socket.socket]] = {}
        self._own = own
        self._recognise = recognise
        self._secret_of = secret_of
        self._page_asks = page_asks
        self._encryption = encryption
        self._plain_http = settings.plain_http or encryption is None
        journal.escape_records()
        self._limits = limits_of(settings, raise_limit())
        self._large_bodies = bodies.LargeBodies()
        self._comment_every = settings.stream_comment
        #: Names that lead here, besides those of the machine.
        self._names = set(settings.allowed_hosts)
        self._app = web.Application()
        self._runner = web.AppRunner(self._app, handler_cancellation=True, shutdown_timeout=1.0)
        # A path may hold a line feed.
        everything = "/{path:(?s:.*)}"
        self._app.router.add_route("*", everything, self._answer, expect_handler=bodies.not_yet)

    def bind(self, host: str, port: int, *, upward: int = 0) -> None:
        """Binds and listens; port 0 takes any free one, `upward` tries that many ports above.

        From here on the port is this daemon's; who connects waits until it serves.
        Raises `port_in_use`.
        """
        self._listener = listen(host, port, upward if port else 0)
        self.port = self._listener.getsockname()[1]
        self.url = addresses.base_url(host, self.port)
        self._names.add(host)

    async def serve(
        self,
        handlers: Iterable[object],
        below: Sequence[Below] = (),
        before_sending: BeforeSending | None = None,
    ) -> None:
        """Begins to answer on the bound socket, with the methods that are bound to routes.

        The first of those `below` that is for a request answers it. `before_sending` is called with
        every answer before it goes out.
        """
        self._app.on_response_prepare.append(_mark)
        if before_sending is not None:
            self._app.on_response_prepare.append(before_sending)
        self._own_table = Table([self, *handlers], Who.OWNER, _failure, Refused)
        self._below = below
        await self._runner.setup()
        self._connections = Connections(self._limits, self._connection, self._encryption)
        self._connections.listen(self._listener)

    async def serve_also_on(self, host: str) -> str:
        """Answers on another address of this machine, too, on the same port where it is free.

        Returns the URL there. Raises `port_in_use` or `invalid_request`.
        """
        bound = self._listener.getsockname()[0]
        if bound in (host, "0.0.0.0", "::"):
            return addresses.base_url(host, self.port)
        if host not in self._elsewhere:
            try:
                listener = listen(host, self.port, 0)
            except RbeeError as error:
                if error.code != "port_in_use":
                    raise
                listener = listen(host, 0, 0)
            self._connections.listen(listener)
            url = addresses.base_url(host, listener.getsockname()[1])
            self._elsewhere[host] = url, listener
        return self._elsewhere[host][0]

    async def serve_no_more_on(self, host: str) -> None:
        """Takes back what `serve_also_on` has opened, if anything."""
        if host in self._elsewhere:
            _, listener = self._elsewhere.pop(host)
            self._connections.listen_no_more(listener)

    def stop_on_signals(self) -> None:
        """SIGTERM and SIGINT ask this daemon to leave; the second one, to leave at once."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._signalled)

    def _signalled(self) -> None:
        if self.impatient.is_set():
            leave(1)  # the lifelines of the children close with this process
        self.impatient.set()
        self.stopping.set()

    async def close(self) -> None:
        """Frees the port; streams that are still open get a second to end.

        A connection that was accepted just now is first given the turns of the loop it needs to
        begin waiting for its request; aiohttp would take it for a busy one and wait a second.
        """
        self._connections.close()
        for _ in range(_TURNS_TO_SETTLE):
            await asyncio.sleep(0)
        await self._runner.cleanup()

    @serves_http(HEALTH)
    async def health(self, request: web.Request) -> Health | web.Response:
        """Tells who answers here, and with `X-Rbee-Challenge` proves it."""
        health = Health(
            status=self.status, role=self.role, version=__version__, instance=self.instance
        )
        asked = request.headers.get(proof.CHALLENGE_HEADER)
        if asked is None or request.transport is None:
            return health
        proved = proof.answer(asked, _ends_of(request.transport), self._own, self._secret_of)
        headers = {} if proved is None else {proof.PROOF_HEADER: proved}
        return web.Response(body=encode(health), content_type="application/json", headers=headers)

    @serves(OPENAPI)
    async def document(self) -> dict[str, Any]:
        """Describes all these routes, as an OpenAPI document."""
        from rbee.http.openapi import document  # late: few ask

        tables = dict.fromkeys([self._own_table, *(each.load() for each in self._below)])
        return document(self.role, [(table.served, table.refused) for table in tables])

    def _connection(self, connections: Connections, source: str) -> Connection:
        return Connection(
            connections,
            source,
            manager=self._runner.server,
            loop=asyncio.get_running_loop(),
            access_log=None,
            # Bodies are unpacked by `bodies`, once it is known whose they are.
            auto_decompress=False,
            lingering_time=LINGER_S,
            read_bufsize=_READ_AHEAD,
        )

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        connection = request.protocol
        assert isinstance(connection, Connection)
        connection.asked()
        trace.set(request.headers.get(addresses.TRACE_HEADER, ""))
        table = self._table_of(request)
        try:
            self._refuse_nonsense(request)
            return await self._answer_by(table, request, connection)
        except RbeeError as error:
            return table.failure(request, error)
        except (web.HTTPException, ConnectionError):
            raise
        except Exception as error:
            log.exception("%s %s failed", request.method, request.path)
            return table.failure(request, unforeseen(error, self.role))

    async def _answer_by(
        self, table: Table, request: web.Request, connection: Connection
    ) -> web.StreamResponse:
        served, fields = await table.find(request)
        who = table.who if served is None else served.route.who
        if not self._plain_http and not request.secure:
            self._refuse_in_the_open(request, who, served)
        if who is not Who.ANYBODY:
            on_page = served is not None and served.route.on_page
            request[_CALLER] = await self._caller(request, who, on_page)
            connection.known_as(request[_CALLER])
        if served is None:
            raise RbeeError(
                "not_found",
                f"no route for {request.method} {request.path}",
                f"GET {OPENAPI.path} lists the routes",
            )
        route = served.route
        wanted = await self._wanted(request, route, fields, table.read)
        _require_speaker(caller_of(request), who, wanted)
        if route.begins_job:
            await self.gate.wait()
        answer = await served.handler(request, wanted)
        if isinstance(answer, web.StreamResponse):
            return answer
        if isinstance(answer, Operation) and request.method == hdrs.METH_HEAD:
            return web.Response(headers=STREAM_HEADERS)
        if isinstance(answer, Operation):
            return await answer.respond(request, self._comment_every)
        if answer is None:
            return web.Response(status=route.status if route.answer is NONE else 204)
        return web.Response(
            status=route.status, body=encode(answer), content_type="application/json"
        )

    async def _wanted(
        self, request: web.Request, route: Route[Any, Any], fields: dict[str, str], read: Read
    ) -> Any:
        """The request of a route. Raises `invalid_request`, and as `bodies.read` does."""
        if route.request is NONE:
            return None
        if route.has_body:
            body = await bodies.read(request, self._limits, self._large_bodies, route.largest)
            if route.with_pictures and len(body) > LARGEST_BODY:
                bodies.require_pictures(body)
            return read(body, route.request)
        for name, value in fields.items():
            require_name(value, name)
        return decode_fields({**request.query, **fields}, route.request)

    def _table_of(self, request: web.Request) -> Table:
        for each in self._below:
            if each.is_for(request):
                return each.load()
        return self._own_table

    def _refuse_nonsense(self, request: web.Request) -> None:
        """Raises what is wrong with the head of a request, whoever sends it."""
        flaw = flaw_of(request.raw_path, request.headers.items())
        if flaw:
            raise invalid(flaw, "send text, percent-encoded in an address")
        for host in (host_in(request.raw_path), request.headers.get("Host")):
            # What speaks HTTP/1.0 may name nobody; a browser always does.
            if host is None or is_ours(host, self._names, socket.gethostname()):
                continue
            raise _unknown_host(host, self.role)

    def _refuse_in_the_open(self, request: web.Request, who: Who, served: Served | None) -> None:
        """Raises `encryption_required`, or leads a browser to where it is encrypted, as far as
        another machine asks."""
        transport = request.transport
        if transport is None or not is_from_elsewhere(_ends_of(transport)):
            return
        is_health = served is not None and served.route is HEALTH
        if may_be_answered(who, is_health, request.headers.get(proof.CHALLENGE_HEADER)):
            return
        there = f"https://{request.headers.get('Host', '')}"
        if request.method == hdrs.METH_GET and "text/html" in request.headers.get("Accept", ""):
            raise web.HTTPPermanentRedirect(there + request.path_qs)
        raise RbeeError(
            "encryption_required",
            f"this {self.role} answers other machines by https:// alone",
            f"ask {there}; rbee-keeper certificate prints what has to be trusted there; or, on a "
            "network that is yours alone, set plain_http = true in her config.toml",
        )

    async def _caller(self, request: web.Request, who: Who, on_page: bool) -> str:
        """Whose request it is: the name of an API key, or empty for the token, and for the page of
        whoever has that."""
        header = request.headers.get(proof.TOKEN_HEADER)
        if header is None and _KEY_HEADER in request.headers:
            header = f"Bearer {request.headers[_KEY_HEADER]}"
        if header is None and on_page and self._page_asks(request):
            return ""
        if proof.accepts(header, self._own.secret):
            return ""
        name = request.headers.get(proof.NAME_HEADER, "")
        if who in _SPEAKERS and name:
            secret = self._secret_of(name)
            if secret is not None and proof.accepts(header, secret):
                return name
        if header is not None and self._recognise is not None:
            key_name = await self._recognise(header)
            if key_name is not None and who is Who.KEYS:
                return key_name
            if key_name is not None:
                raise RbeeError(
                    "unauthorized",
                    f"the key {key_name} opens what is below {_FOR_KEYS} alone",
                    "take the token: it is in the file RBEE_HOME/token",
                )
        if self.role != "queen":
            raise RbeeError(
                "unauthorized",
                f"this {self.role} wants a secret of its own in the Authorization header",
                "ask the queen: she speaks to hives and workers for you",
            )
        key = "a key that rbee-keeper add-key has made, or " if who is Who.KEYS else ""
        raise RbeeError(
            "unauthorized",
            f"this {self.role} wants its token in the Authorization header",
            f"{key}the token in the file RBEE_HOME/token of the machine the swarm was started on",
        )


def _ends_of(transport: asyncio.BaseTransport) -> proof.Ends:
    names = map(transport.get_extra_info, ("sockname", "peername"))
    return proof.Ends.of(*names, key=key_of(transport.get_extra_info("sslcontext")))


def caller_of(request: web.Request) -> str:
    """Whose request it is: the name of an API key or of a secret; empty for the server's own."""
    name: str = request.get(_CALLER, "")
    return name


def mark_for(request: web.Request) -> str:
    """What an answer can be spoken of by: the mark that its request has, or one of its own."""
    if _MARK not in request:
        given = mark_of(request.headers.get(addresses.REQUEST_HEADER, ""))
        request[_MARK] = given or f"req_{secrets.token_hex(8)}"
    mark: str = request[_MARK]
    return mark


def leave(status: int = 0) -> None:
    """Ends this process at once, its files flushed.

    Tearing the interpreter down would cost a cold run some 50 ms in each process and free
    nothing that the kernel does not free as well.
    """
    logging.shutdown()
    os._exit(status)


async def _mark(request: web.Request, response: web.StreamResponse) -> None:
    response.headers[addresses.REQUEST_HEADER] = mark_for(request)


#: Those who may report to this daemon, by what they tell of themselves.
_SPEAKERS: dict[Who, Callable[[Any], str]] = {
    Who.HIVE: lambda wanted: proof.hive_name(wanted.hive_id),
    Who.WORKER: lambda wanted: proof.worker_name(wanted.worker_id),
}


def _require_speaker(caller: str, who: Who, wanted: Any) -> None:
    """Raises `unauthorized` where somebody tells of somebody else."""
    own = _SPEAKERS[who](wanted) if who in _SPEAKERS else caller
    if caller not in ("", own):
        raise RbeeError(
            "unauthorized",
            f"{caller} cannot speak for {own}",
            f"each {own.partition(' ')[0]} has a secret of its own",
        )


def _unknown_host(host: str, role: str) -> RbeeError:
    shown = host if len(host) < _LONG_NAME else host[:_LONG_NAME] + "..."
    return RbeeError(
        "unknown_host",
        f"this {role} is not known as {shown!r}",
        "use the address of its machine, or let it have that name: "
        'allowed_hosts = ["NAME"] in its config.toml',
    )


def _failure(request: web.Request, error: RbeeError) -> web.Response:
    body = error.body(mark_of(request.headers.get(addresses.CORRELATION_HEADER, "")))
    retry = error.details.get("retry_after_s")
    return web.Response(
        status=error.http_status,
        body=encode({"error": body}),
        content_type="application/json",
        headers={"Retry-After": str(retry)} if retry is not None else None,
    )
