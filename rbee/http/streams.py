"""A connection that stops being HTTP, and carries bytes both ways from then on.

Whoever asks for it has proved himself and was proved to, like with any other request: the route has
its row, and the port is the daemon's own. What comes at one end goes out at the other, no faster
than it is taken there; where either end ends, both do.
"""

from __future__ import annotations

import asyncio
import math
import socket
from collections.abc import Callable

import aiohttp
from aiohttp import web

from rbee.wire.messages.sides import PROTOCOL

#: The headers that ask for it.
ASKS = {"Connection": "Upgrade", "Upgrade": PROTOCOL}
_SWITCHES = (
    f"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: {PROTOCOL}\r\n\r\n"
)
#: What is sent before all else by whoever has asked.
_BEGIN = b"\n"


class End(asyncio.Protocol):
    """One end of a stream. `ended` is called once it is no more."""

    def __init__(self, ended: Callable[[Exception | None], object] = lambda _: None) -> None:
        self._ended = ended
        self._transport: asyncio.Transport | None = None
        self._other: End | None = None
        self.is_over = asyncio.Event()
        #: When it ended, by the clock of the loop; of two that are joined one ends the other.
        self.over_at = math.inf

    def take(self, transport: asyncio.Transport) -> None:
        """From now on this transport is a stream's."""
        self._transport = transport
        transport.pause_reading()  # until it is known where to
        transport.set_protocol(self)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A socket of our own."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.pause_reading()

    def join(self, other: End) -> None:
        """What comes here goes there, and the other way round."""
        self._other, other._other = other, self
        if self.is_over.is_set() or other.is_over.is_set():
            self.close()
            other.close()
            return
        for end in (self, other):
            assert end._transport is not None
            end._transport.resume_reading()

    def close(self) -> None:
        """Ends it, and the other end."""
        if self._transport is not None:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """Passes what has come on to the other end."""
        if self._other is not None and self._other._transport is not None:
            self._other._transport.write(data)

    def pause_writing(self) -> None:
        """It is not taken as fast as it comes."""
        if self._other is not None and self._other._transport is not None:
            self._other._transport.pause_reading()

    def resume_writing(self) -> None:
        """More is taken."""
        if self._other is not None and self._other._transport is not None:
            self._other._transport.resume_reading()

    def _is_over(self) -> None:
        self.over_at = asyncio.get_running_loop().time()
        self.is_over.set()

    def connection_lost(self, exc: Exception | None) -> None:
        """It has ended."""
        self._is_over()
        if self._other is not None:
            self._other.close()
        self._ended(exc)


async def end_of(opened: socket.socket) -> End:
    """The end of a stream that is a connected socket."""
    loop = asyncio.get_running_loop()
    opened.setblocking(False)
    _, end = await loop.create_connection(End, sock=opened)
    return end


async def carry(request: web.Request, other: End) -> None:
    """Makes the connection of a request the way to `other`; returns once that is over."""
    transport, handler = request.transport, request.protocol
    if not isinstance(transport, asyncio.Transport):
        other.close()
        return
    transport.write(_SWITCHES.encode())
    # The server counts its connections, and is told when this one ends.
    end = _ServerEnd(other, handler.connection_lost)
    end.take(transport)
    transport.resume_reading()
    try:
        await end.is_over.wait()
    finally:
        end.close()
        other.close()


class _ServerEnd(End):
    """The server's end of a stream that a client has asked for.

    Nothing is sent before the client has sent its first byte: what came earlier could be read by it
    as a part of the HTTP response.
    """

    def __init__(self, other: End, ended: Callable[[Exception | None], object]) -> None:
        super().__init__(ended)
        self._waits: End | None = other

    def data_received(self, data: bytes) -> None:
        """Something has come; the first byte says that the rest may go out."""
        if self._waits is not None:
            other, self._waits = self._waits, None
            self.join(other)
            data = data[len(_BEGIN) :]
        if data:
            super().data_received(data)


class Upgraded(End):
    """The client's end of a stream."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        super().__init__(lambda _: response.close())
        # It is kept: aiohttp closes the connection of a response that is garbage.
        connection = response.connection
        transport = connection.transport if connection is not None else None
        if isinstance(transport, asyncio.Transport):
            self.take(transport)
            transport.write(_BEGIN)
        else:
            self._is_over()
