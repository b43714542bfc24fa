"""How one daemon speaks to another: typed requests, and streams of events that know their end."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar, overload

import aiohttp

from rbee.http.proving import PeerNotProved, ProvedRequest, ProvingConnector
from rbee.wire import addresses, proof, sse
from rbee.wire.errors import RbeeError, refusal
from rbee.wire.messages.basics import decode_answer, encode
from rbee.wire.routes import Route
from rbee.wire.settings import Settings

if TYPE_CHECKING:
    from rbee.http.streams import End

A = TypeVar("A")
Q = TypeVar("Q")

#: How often a stream is looked at within the time that its peer may be silent.
_LOOKS = 20

_NONE: Mapping[str, str] = {}
#: The status of a connection that is no HTTP any more.
SWITCHES = 101
#: The most that is read of an answer that is no stream (bytes): a machine that was added may have
#: become somebody else's. Lists of some 20,000 models fit.
_LONGEST_ANSWER = 16 * 1024 * 1024
#: Asks for the events in the answer itself, not for where they are.
_AS_EVENTS = {"Accept": sse.CONTENT_TYPE}


def open_session(settings: Settings) -> aiohttp.ClientSession:
    """The connections of one daemon to all its peers.

    Nothing is unpacked and no cookie is kept: none of ours sends any, and what does costs memory.
    """
    return aiohttp.ClientSession(
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=settings.connect_timeout),
        connector=ProvingConnector(limit=0),
        request_class=ProvedRequest,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
    )


class Peer:
    """Another daemon at an address. `name` is what errors call it, `unreachable` their code.

    It is told nothing before it has proved that it knows the secret of `credential`.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        url: str,
        credential: proof.Credential,
        name: str,
        unreachable: str = "hive_unreachable",
        correlation_id: str = "",
    ) -> None:
        self.url = url
        self.name = name
        self._session = session
        self._unreachable = unreachable
        self._headers = proof.headers(credential)
        if correlation_id:
            self._headers[addresses.CORRELATION_HEADER] = correlation_id

    @overload
    async def call(self, route: Route[None, A]) -> A: ...
    @overload
    async def call(self, route: Route[Q, A], wanted: Q) -> A: ...
    async def call(self, route: Route[Any, Any], wanted: Any = None) -> Any:
        """Asks for `wanted`. Raises the peer's error, or that it cannot be reached."""
        asked: dict[str, Any] = {"data": encode(wanted)} if route.has_body else {}
        async with self._connected(route.method, route.target(wanted), **asked) as response:
            return decode_answer(await self._read(response), route, self.name)

    async def stream(self, route: Route[Q, Any], wanted: Q) -> End:
        """A connection to it that carries bytes from now on. Raises as `call` does."""
        from rbee.http.streams import ASKS, Upgraded  # late: few models lie on several machines

        request = self._session.request(
            route.method,
            self.url + route.target(wanted),
            headers={**self._headers, **ASKS},
            allow_redirects=False,
        )
        try:
            response = await request
            if response.status == SWITCHES:
                return Upgraded(response)
            raise refusal(await self._read(response), response.status, self.name)
        except (aiohttp.ClientError, ConnectionError, asyncio.TimeoutError) as error:
            raise self._does_not_answer(_why(error)) from error

    async def events(
        self,
        path: str,
        body: Any = None,
        *,
        stall: float | None = None,
        on_open: Callable[[], object] | None = None,
    ) -> AsyncIterator[list[sse.Frame]]:
        """The events of a stream up to and without ``[DONE]``, all that arrived together at a time;
        a `body` is posted and begins it.

        `on_open` is called once the peer has begun to answer.
        Raises that it broke off when the stream closes before that, or when nothing comes for
        `stall` seconds, not even a comment.
        """
        asked = (
            self._connected("GET", path)
            if body is None
            else self._connected("POST", path, _AS_EVENTS, data=encode(body))
        )
        async with asked as response:
            if on_open is not None:
                on_open()
            reader = sse.FrameReader()
            chunks = response.content
            left = sse.LONGEST_STREAM
            with contextlib.closing(_Stall(chunks, stall)):
                while True:
                    try:
                        chunk = await chunks.readany()
                    except asyncio.TimeoutError:
                        what = f"{self.name} sent nothing for {stall:g} s, not even a sign of life"
                        raise self._failed(what, silent_s=stall) from None
                    except (aiohttp.ClientError, ConnectionError):
                        chunk = b""  # the peer was killed: its stream ends within a piece
                    if not chunk:
                        what = f"the stream of {self.name} broke off before its end"
                        raise self._failed(what, url=self.url + path)
                    left -= len(chunk)
                    if left < 0:
                        raise self.says_too_much(sse.LONGEST_STREAM)
                    frames = reader.feed(chunk)
                    if frames and frames[-1].is_done:
                        yield frames[:-1]
                        return
                    if frames:
                        yield frames

    @contextlib.asynccontextmanager
    async def _connected(
        self, method: str, path: str, headers: Mapping[str, str] = _NONE, **options: Any
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        if self._session.closed:  # this program is leaving, and has closed its connections
            raise self._does_not_answer("this program is leaving")
        try:
            async with self._session.request(
                method,
                self.url + path,
                headers={**self._headers, **headers},
                # A redirect would send the request on to a peer that has proved nothing.
                allow_redirects=False,
                **options,
            ) as response:
                if not 200 <= response.status < 300:
                    raise refusal(await self._read(response), response.status, self.name)
                yield response
        except (aiohttp.ClientError, ConnectionError, asyncio.TimeoutError) as error:
            raise self._does_not_answer(_why(error)) from error

    def _does_not_answer(self, why: str) -> RbeeError:
        return RbeeError(
            self._unreachable,
            f"{self.name} at {self.url} does not answer: {why}",
            "rbee-keeper status shows what is running",
            {"url": self.url},
        )

    async def _read(self, response: aiohttp.ClientResponse) -> bytes:
        """The whole body. Raises where it never ends."""
        read = bytearray()
        async for chunk in response.content.iter_any():
            read += chunk
            if len(read) > _LONGEST_ANSWER:
                raise self.says_too_much(_LONGEST_ANSWER)
        return bytes(read)

    def _failed(self, what: str, **details: object) -> RbeeError:
        log = self.name.split()[-1]  # the id of a worker or a hive; of a queen her role
        look = f"rbee-keeper logs {log} shows what happened there"
        return RbeeError(self._unreachable, what, look, details)

    def says_too_much(self, most: int) -> RbeeError:
        """What it says is longer than anything that it can have to say (bytes)."""
        what = f"{self.name} says more than {most} bytes, and was left alone"
        return self._failed(what, url=self.url)


class _Stall:
    """Breaks a stream off, with a TimeoutError, on which nothing comes for `longest` seconds.

    One timer looks now and then at what has come; one for each piece would cost as much as the
    piece.
    """

    def __init__(self, chunks: aiohttp.StreamReader, longest: float | None) -> None:
        self._loop = asyncio.get_running_loop()
        self._chunks = chunks
        self._seen = -1
        self._timer: asyncio.TimerHandle | None = None
        if longest is not None:
            self._every, self._longest = longest / _LOOKS, longest
            self._look()

    def close(self) -> None:
        """The stream has ended."""
        if self._timer is not None:
            self._timer.cancel()

    def _look(self) -> None:
        now, seen = self._loop.time(), self._chunks.total_bytes
        if seen != self._seen:
            self._seen, self._since = seen, now
        if now - self._since >= self._longest:
            self._chunks.set_exception(asyncio.TimeoutError())
        else:
            self._timer = self._loop.call_at(now + self._every, self._look)


def _why(error: Exception) -> str:
    """What kept a peer from answering, without the words of the HTTP library."""
    if isinstance(error, PeerNotProved):
        return f"who listens there is another program ({error}), and was told nothing"
    if isinstance(error, aiohttp.ClientConnectorError):
        return error.os_error.strerror or str(error.os_error)
    if isinstance(error, (aiohttp.ServerDisconnectedError, ConnectionError)):
        return "it hung up"
    if isinstance(error, asyncio.TimeoutError):
        return "it takes too long"
    return str(error) or type(error).__name__
