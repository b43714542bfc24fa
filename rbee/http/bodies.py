"""The body of a request: read once its caller is known, bounded in size and in time.

A slow line is no fault: what is uploaded goes on as long as it moves.
"""

from __future__ import annotations

import asyncio
import zlib

from aiohttp import hdrs, web

from rbee.http.connection_limits import Allowance
from rbee.process.deadline import timeout
from rbee.wire.errors import RbeeError, invalid
from rbee.wire.limits import LARGE_BODIES, LARGEST_BODY

#: What a body has to bring on average (bytes per second): a tenth of the slowest telephone line
#: that anybody uses, and a body of a megabyte is in within a quarter of an hour.
_LEAST_RATE = 1024
#: The codings that are unpacked; what `zlib` calls their form.
_FORMS = {"gzip": 16 + zlib.MAX_WBITS, "x-gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
#: Of `Expect`.
_ASKS_FIRST = "100-continue"


class LargeBodies:
    """What a daemon holds of bodies while they come, above what every one of them may have."""

    def __init__(self) -> None:
        self._held = 0

    def grow(self, before: int, now: int) -> int:
        """Takes in that a body has grown, and returns its size.

        Raises `queue_full` where others have the room.
        """
        more = max(0, now - LARGEST_BODY) - max(0, before - LARGEST_BODY)
        if self._held + more > LARGE_BODIES:
            raise RbeeError(
                "queue_full",
                "too many large bodies are on their way",
                "try again in a moment, or send less at once",
                {"retry_after_s": 1},
            )
        self._held += more
        return now

    def let_go(self, size: int) -> None:
        """A body of this size is whole, or will not be."""
        self._held -= max(0, size - LARGEST_BODY)


async def read(request: web.Request, limits: Allowance, large: LargeBodies, most: int) -> bytes:
    """The body, unpacked, of at most so many bytes.

    Raises `payload_too_large`, `unsupported_encoding`, `invalid_request` for what is not what its
    headers say, `deadline_exceeded` for what does not move, and `queue_full` where there is no room
    for it now.
    """
    if (request.content_length or 0) > most:
        raise _too_large(most)
    packing = _Packing(request.headers.get(hdrs.CONTENT_ENCODING, "identity").strip().lower())
    if request.headers.get(hdrs.EXPECT, "").lower() == _ASKS_FIRST and request.body_exists:
        await request.writer.write(_CONTINUE)
        request.writer.output_size = 0  # the answer itself has not begun
    request.content.set_read_chunk_size(LARGEST_BODY)
    body = bytearray()
    received = held = 0
    loop = asyncio.get_running_loop()
    began = loop.time()
    try:
        while True:
            earned = limits.pause + received / _LEAST_RATE - (loop.time() - began)
            patience = min(earned, limits.pause)
            try:
                async with timeout(patience):
                    piece = await request.content.readany()
            except asyncio.TimeoutError:
                raise _halted(limits, received) from None
            except web.RequestPayloadError:
                raise _not_as_told() from None
            if not piece:
                return bytes(body + packing.rest())
            received += len(piece)
            body += packing.opened(piece, most - len(body), most)
            if received > most:
                raise _too_large(most)
            held = large.grow(held, len(body))
    finally:
        large.let_go(held)


def require_pictures(body: bytes) -> None:
    """Raises `payload_too_large` for what is larger than a body may be, its pictures aside."""
    from rbee.wire.pictures import size_beside  # late: few bodies are as large

    if size_beside(body) > LARGEST_BODY:
        raise _too_large(LARGEST_BODY)


async def not_yet(_request: web.Request) -> None:
    """Who asks before sending a body (``Expect``) is told once it is to be read."""


class _Packing:
    """Opens a body piece by piece, never more of it than may be."""

    def __init__(self, coding: str) -> None:
        if coding != "identity" and coding not in _FORMS:
            raise RbeeError(
                "unsupported_encoding",
                f"the body is packed as {coding!r}",
                "send plain JSON, or gzip",
            )
        self._unpacker = zlib.decompressobj(_FORMS[coding]) if coding in _FORMS else None

    def opened(self, piece: bytes, room: int, most: int) -> bytes:
        """What is in a piece. Raises `payload_too_large` where there is no `room` for it (bytes),
        of the `most` that a body may have."""
        if self._unpacker is None:
            return piece
        try:
            opened = self._unpacker.decompress(piece, room + 1)
        except zlib.error:
            raise _not_as_told() from None
        if len(opened) > room:
            raise _too_large(most)
        if self._unpacker.unused_data:
            raise _not_as_told()
        return opened

    def rest(self) -> bytes:
        """What comes out at the end: nothing, of a body that is whole."""
        if self._unpacker is not None and not self._unpacker.eof:
            raise _not_as_told()
        return b""


def _too_large(most: int) -> RbeeError:
    return RbeeError(
        "payload_too_large",
        f"the body is larger than {most} bytes",
        "send less at once",
        {"limit": most},
    )


def _not_as_told() -> RbeeError:
    return invalid("the body is not what its headers say", "send plain JSON")


def _halted(limits: Allowance, received: int) -> RbeeError:
    return RbeeError(
        "deadline_exceeded",
        f"the body did not come: {received} bytes of it are here",
        f"send it without pauses of {limits.pause:g} s, and {_LEAST_RATE} bytes a second or more",
        {"received": received},
    )
