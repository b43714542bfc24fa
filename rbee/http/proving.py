"""Connections of one daemon to others, each of them proved before anything is told on it."""

from __future__ import annotations

import asyncio
import os
import socket

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.client_reqrep import ClientRequest, ConnectionKey
from aiohttp.tracing import Trace

from rbee.process.deadline import timeout as within
from rbee.process.port_owner import believed
from rbee.wire import proof

#: The most of an answer to a challenge (bytes).
_LONGEST = 65536


class PeerNotProved(aiohttp.ClientError):
    """Who listens there does not know the secret."""


class ProvedRequest(ClientRequest):
    """A request that uses only connections which were proved for the very secret that it presents.

    Two hives may be said to be at one address. Without this, a connection that one of them has
    proved would be used to send the secret of the other.
    """

    @property
    def connection_key(self) -> ConnectionKey:
        """What connections are kept by."""
        key = super().connection_key
        return key._replace(
            proxy_headers_hash=hash((key.proxy_headers_hash, proof.presented(self.headers)))
        )


class ProvingConnector(aiohttp.BaseConnector):
    """Like aiohttp's own connectors; a connection is usable once the other side has proved itself.

    What a request presents (see `proof.presented`) is what has to be proved. One that presents
    nothing asks for no proof.
    """

    async def _create_connection(
        self, req: ClientRequest, traces: list[Trace], timeout: aiohttp.ClientTimeout
    ) -> ResponseHandler:
        credential = proof.presented(req.headers)
        try:
            async with within(timeout.sock_connect):
                connected = await self._connected(req.url.raw_host or "", req.url.port or 80)
            try:
                if credential.secret:
                    # Only reports have a limit here, as they are sent again; other requests notice
                    # a frozen peer by their own limits.
                    async with within(timeout.sock_connect if credential.reports else None):
                        await _proved(self._loop, connected, req.url.raw_authority, credential)
                _, protocol = await self._loop.create_connection(self._factory, sock=connected)
            except BaseException:
                connected.close()
                raise
        except asyncio.TimeoutError:
            raise
        except OSError as error:
            raise aiohttp.ClientConnectorError(req.connection_key, error) from error
        return protocol

    async def _connected(self, host: str, port: int) -> socket.socket:
        """Raises OSError, of the last address where a host has several."""
        failed: OSError = OSError(f"{host} has no address")
        try:
            # What is an address is not looked up, which takes a thread.
            addresses = socket.getaddrinfo(
                host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST
            )
        except socket.gaierror:
            addresses = await self._loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        for family, _, _, _, found in addresses:
            connected = socket.socket(family, socket.SOCK_STREAM)
            try:
                connected.setblocking(False)
                connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                await self._loop.sock_connect(connected, found)
                return connected
            except OSError as error:
                connected.close()
                failed = error
            except BaseException:
                connected.close()
                raise
        raise failed


async def _proved(
    loop: asyncio.AbstractEventLoop,
    connected: socket.socket,
    host: str,
    credential: proof.Credential,
) -> None:
    """Raises `PeerNotProved`, and ConnectionError where the other side hangs up."""
    nonce = os.urandom(16).hex()
    ends = proof.Ends.of(connected.getpeername(), connected.getsockname())
    await loop.sock_sendall(connected, proof.question(host, nonce, credential.name))
    answered = b""
    while (shown := proof.proof_in(answered)) is None:
        more = await loop.sock_recv(connected, _LONGEST)
        if not more:
            raise aiohttp.ServerDisconnectedError()
        answered += more
        if len(answered) > _LONGEST:
            raise PeerNotProved("it answers without an end")
    if not believed(shown, nonce, ends, credential):
        raise PeerNotProved("it does not know the secret")
