"""The connections of one daemon: accepted within bounds, timed, and ended when they cost too much.

What aiohttp leaves open is done here. It waits for the head of a request, and for whoever reads an
answer, as long as they like; and asyncio, where no descriptor is left, tries a hundred times at
once and tells of each with a traceback. Which connection gives way is decided in `room`.
"""

from __future__ import annotations

import asyncio
import enum
import errno
import logging
import secrets
import socket
from collections.abc import Callable
from typing import Any

from aiohttp import web
from aiohttp.http_exceptions import BadHttpMessage

from rbee.http.connection_limits import Allowance, Stranger, who_gives_way
from rbee.http.encryption import Encryption
from rbee.process.tasks import End, spawn
from rbee.wire import addresses
from rbee.wire.errors import RbeeError, invalid
from rbee.wire.limits import LARGEST_BODY, LARGEST_INPUTS
from rbee.wire.messages.basics import encode

log = logging.getLogger(__name__)

#: Connections are accepted this many at a time, and what has come on those is read in between. More
#: at a time could fill the places for strangers before a client that sends its token at once has
#: been recognised.
_AT_ONCE = 16
#: How long nothing is accepted where the machine has no descriptor left, and none of ours to free.
_RETRY_S = 0.2
_EXHAUSTED = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
#: How often deadlines are looked at (seconds).
_LOOK_EVERY = 1.0
#: How long a stranger who was answered may think of another question: longer than the time between
#: two looks of a program that watches whether a daemon is well.
_STRANGER_IDLE_S = 15.0
#: How long what is still being sent of a body that nobody wants is thrown away, so that whoever
#: sends it gets to read why.
LINGER_S = 5.0
#: The head of a request is not larger than this (bytes): some eight full lines of the 8190 bytes
#: that aiohttp takes each. It takes a hundred of them, a megabyte from everybody who likes.
_LARGEST_HEAD = 64 * 1024
_HEAD_ENDS = b"\r\n\r\n"
#: The first byte of what a client of TLS sends, and of no request (RFC 8446, 5.1: a handshake).
_TLS_BEGINS = b"\x16"
_TOO_MUCH = invalid(
    f"the head of the request is larger than {_LARGEST_HEAD} bytes", "send fewer or shorter headers"
)
_NO_HTTP = invalid(
    "this is no HTTP/1.1 request, or one with a head that is too long",
    "speak HTTP/1.1 to this port",
)
_FAULT = RbeeError("internal", "the request could not be answered", "rbee-keeper logs tells why")


class _State(enum.Enum):
    WAITS = enum.auto()  #: Nothing of the next request has come.
    SENDS = enum.auto()  #: The head of a request is coming.
    SENT = enum.auto()  #: It is whole; whatever comes before it is taken up belongs to its body.
    ASKED = enum.auto()  #: A request is being answered.
    ENDS = enum.auto()  #: It was answered for the last time; the rest is thrown away.


class Connection(web.RequestHandler):
    """One connection, and who has turned out to be behind it."""

    def __init__(self, connections: Connections, source: str, **options: Any) -> None:
        super().__init__(**options)
        self._all = connections
        self.source = source
        #: The name of the key that was shown, empty for the token; None: nothing was.
        self.caller: str | None = None
        #: Set where it is ended; one that was not set up yet is then closed as soon as it is.
        self.unwanted = False
        #: What sets it up: waits for its first byte and, where that begins TLS, for its handshake.
        self.coming: asyncio.Task[None] | None = None
        self._state = _State.WAITS
        self._deadline: float | None = self._loop.time() + connections.limits.head
        self._received = 0
        self._seen = b""
        self._unread = 0
        self._stuck_since = 0.0

    @property
    def is_idle(self) -> bool:
        """Whether nobody would miss an answer if it went."""
        return self._state is not _State.ASKED

    def known_as(self, caller: str) -> None:
        """A token or a key was shown on it. Raises `queue_full` where the key has too many."""
        if self.caller != caller:
            self._all.recognised(self, caller)

    def asked(self) -> None:
        """A whole head has come, and is being answered."""
        self._state = _State.ASKED
        self._deadline = None

    def end(self) -> None:
        """Ends it now, whatever is in it."""
        self.unwanted = True
        if isinstance(self.transport, asyncio.WriteTransport):
            self.transport.abort()
        elif self.coming is not None:
            self.coming.cancel()

    def check_deadlines(self, now: float) -> None:
        """Ends it where its time is up, or where nobody reads what is told."""
        if self._deadline is not None and now >= self._deadline:
            self.end()
        elif not self.writing_paused or self.transport is None:
            self._unread = 0
        else:
            unread = self.transport.get_write_buffer_size()
            if unread != self._unread:
                self._unread, self._stuck_since = unread, now
            elif now - self._stuck_since >= self._patience():
                self.end()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It has begun."""
        super().connection_made(transport)
        if self.unwanted:
            self.end()

    def connection_lost(self, exc: BaseException | None) -> None:
        """It has ended."""
        self._all.left(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Something has come."""
        counts = self._state not in (_State.SENT, _State.ASKED)
        if data and counts and not self._may_come(data):
            return
        super().data_received(data)

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        """Sends an answer, or the rest of it."""
        is_last = self.caller is None and resp.status >= 400
        if is_last or not request.content.is_eof():
            # Closed where an unknown caller gets an error, or a part of the body was not read.
            resp.force_close()
        try:
            return await super().finish_response(request, resp, start_time)
        finally:
            self._answered(is_last=not resp.keep_alive)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """The answer to bytes that are no HTTP request, and to an exception of a handler."""
        if request.writer.output_size > 0:
            raise ConnectionError("it broke off in the middle of an answer")
        if status >= 500:
            log.error("a request failed", exc_info=exc)
        error = _FAULT if status >= 500 else _NO_HTTP
        response = web.Response(
            status=status,
            body=encode({"error": error.body()}),
            content_type="application/json",
            headers={addresses.REQUEST_HEADER: f"req_{secrets.token_hex(8)}"},
        )
        response.force_close()
        return response

    def log_exception(self, *args: Any, **kw: Any) -> None:
        """Logs exceptions of handlers, not the parsing errors of a peer that speaks no HTTP."""
        if not isinstance(kw.get("exc_info"), (BadHttpMessage, web.RequestPayloadError)):
            log.error(*args, **kw)

    def _may_come(self, data: bytes) -> bool:
        """Whether bytes that come while nothing is being answered are read."""
        if self._state is _State.ENDS:
            self._received += len(data)
            if self._received > (LARGEST_BODY if self.caller is None else 2 * LARGEST_INPUTS):
                self.end()
            return not self.unwanted
        if self._state is _State.WAITS:
            data = data.lstrip(b"\r\n")  # what may stand before a request
            self._state, self._received, self._seen = _State.SENDS, 0, b""
            self._deadline = self._loop.time() + self._all.limits.head
        self._received += len(data)
        if _HEAD_ENDS in self._seen + data:
            self._state = _State.SENT
        elif self._received > _LARGEST_HEAD:
            self._refuse()
            return False
        self._seen = data[1 - len(_HEAD_ENDS) :]
        return True

    def _refuse(self) -> None:
        """Answers what aiohttp would still take in, and reads no more of it."""
        if isinstance(self.transport, asyncio.WriteTransport):
            body = encode({"error": _TOO_MUCH.body()})
            self.transport.write(
                b"HTTP/1.1 431 Request Header Fields Too Large\r\nConnection: close\r\n"
                b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
                % (len(body), body)
            )
        self.close()
        self._answered(is_last=True)

    def _answered(self, *, is_last: bool) -> None:
        now = self._loop.time()
        self._received = 0
        if is_last:
            self._state = _State.ENDS
            self._deadline = now + LINGER_S + (0 if self.caller is None else self._patience())
        else:
            self._state = _State.WAITS
            self._deadline = now + _STRANGER_IDLE_S if self.caller is None else None

    def _patience(self) -> float:
        limits = self._all.limits
        return limits.head if self.caller is None else limits.stall


class Connections:
    """All connections of a server; it alone accepts and ends them."""

    def __init__(
        self,
        limits: Allowance,
        make: Callable[[Connections, str], Connection],
        encryption: Encryption | None = None,
    ) -> None:
        """`make` makes the protocol of a connection from an address. With `encryption` the same
        ports speak TLS to whoever begins with it."""
        self.limits = limits
        self._make = make
        self._encryption = encryption
        self._loop = asyncio.get_running_loop()
        self._listeners: list[socket.socket] = []
        #: Connections without and with a token or key, oldest first.
        self._strangers: dict[Connection, None] = {}
        self._known: dict[Connection, None] = {}
        self._resumes: asyncio.TimerHandle | None = None
        self._looks: asyncio.TimerHandle | None = None
        self._accepts = False

    def listen(self, listener: socket.socket) -> None:
        """Accepts connections on a socket that listens."""
        self._listeners.append(listener)
        self._accepts = True
        self._loop.add_reader(listener.fileno(), self._come, listener)

    def listen_no_more(self, listener: socket.socket) -> None:
        """Closes one of those sockets; who came by it stays."""
        self._listeners.remove(listener)
        self._loop.remove_reader(listener.fileno())
        listener.close()

    def close(self) -> None:
        """Accepts nobody any more, and frees the ports."""
        self._pause()
        for listener in self._listeners:
            listener.close()
        self._listeners.clear()
        for each in list(self._strangers):
            if each.transport is None:
                each.end()
        if self._looks is not None:
            self._looks.cancel()

    def recognised(self, connection: Connection, caller: str) -> None:
        """A stranger has shown the token, or a key. Raises `queue_full`; see
        `Allowance.of_a_key`."""
        count = sum(each.caller == caller for each in self._known)
        if caller and count >= self.limits.of_a_key and not self._drop(caller):
            raise RbeeError(
                "queue_full",
                f"the key {caller} has {self.limits.of_a_key} connections open",
                "close some, or use them again",
                {"retry_after_s": 1},
            )
        self._strangers.pop(connection, None)
        self._known[connection] = None
        connection.caller = caller

    def left(self, connection: Connection) -> None:
        """A connection has ended."""
        self._strangers.pop(connection, None)
        self._known.pop(connection, None)
        if not self._accepts and self._listeners:
            self._resume()

    def _come(self, listener: socket.socket) -> None:
        """Accepts waiting connections."""
        for _ in range(_AT_ONCE):
            if not self._has_room():
                self._pause()
                return
            try:
                accepted, address = listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                if error.errno not in _EXHAUSTED:
                    raise
                log.error("a connection waits: %s", error.strerror)
                self._let_one_go()
                self._pause(_RETRY_S)
                return
            accepted.setblocking(False)
            self._let_in(accepted, str(address[0]))

    def _let_in(self, accepted: socket.socket, source: str) -> None:
        connection = self._make(self, source)
        self._strangers[connection] = None
        if len(self._strangers) > self.limits.strangers:
            self._let_one_go()

        def ended(end: End) -> None:
            if end is not None:
                self.left(connection)
                accepted.close()

        connection.coming = spawn(self._connect(connection, accepted), "a connection", ended)
        if self._looks is None:
            self._looks = self._loop.call_later(_LOOK_EVERY, self._look)

    async def _connect(self, connection: Connection, accepted: socket.socket) -> None:
        options: dict[str, Any] = {}
        try:
            if self._encryption is not None and await self._first_byte(accepted) == _TLS_BEGINS:
                context = self._encryption.context(str(accepted.getsockname()[0]))
                options = {"ssl": context, "ssl_handshake_timeout": self.limits.head}
            await self._loop.connect_accepted_socket(lambda: connection, accepted, **options)
        except OSError as error:  # it was reset meanwhile, or what began like TLS is none
            # Else it holds itself, and the buffers of the handshake, until garbage is collected:
            # https://github.com/python/cpython/issues/109534
            error.with_traceback(None)
            self.left(connection)
            accepted.close()

    async def _first_byte(self, accepted: socket.socket) -> bytes:
        """What comes first, and stays to be read; empty where the other side hangs up."""
        while True:
            try:
                return accepted.recv(1, socket.MSG_PEEK)
            except (BlockingIOError, InterruptedError):
                await self._readable(accepted.fileno())

    async def _readable(self, descriptor: int) -> None:
        comes = asyncio.Event()
        self._loop.add_reader(descriptor, comes.set)
        try:
            await comes.wait()
        finally:
            self._loop.remove_reader(descriptor)

    def _has_room(self) -> bool:
        """Whether one more may come, once somebody who is idle has left for it."""
        most = self.limits.connections
        if len(self._strangers) + len(self._known) < most:
            return True
        return self._let_one_go() or self._drop(None)

    def _let_one_go(self) -> bool:
        """Ends the connection of a stranger; False: there is none."""
        strangers = list(self._strangers)
        if not strangers:
            return False
        going = strangers[
            who_gives_way([Stranger(each.source, not each.is_idle) for each in strangers])
        ]
        del self._strangers[going]
        going.end()
        return True

    def _drop(self, caller: str | None) -> bool:
        """Ends the oldest idle connection of a caller (None: of anybody); False: there is none."""
        for each in self._known:
            if each.is_idle and caller in (None, each.caller):
                del self._known[each]
                each.end()
                return True
        return False

    def _pause(self, seconds: float | None = None) -> None:
        """Accepts nobody for a while, or until somebody leaves."""
        self._accepts = False
        for listener in self._listeners:
            self._loop.remove_reader(listener.fileno())
        if self._resumes is not None:
            self._resumes.cancel()
            self._resumes = None
        if seconds is not None:
            self._resumes = self._loop.call_later(seconds, self._resume)

    def _resume(self) -> None:
        if not self._accepts:
            self._accepts = True
            for listener in self._listeners:
                self._loop.add_reader(listener.fileno(), self._come, listener)

    def _look(self) -> None:
        now = self._loop.time()
        everybody = [*self._strangers, *self._known]
        for each in everybody:
            each.check_deadlines(now)
        self._looks = self._loop.call_later(_LOOK_EVERY, self._look) if everybody else None
