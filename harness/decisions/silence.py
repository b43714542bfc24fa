"""A peer whose stream falls silent, and whoever follows it, in this process."""

from __future__ import annotations

import asyncio
from typing import NamedTuple

from aiohttp import web

from rbee.http.client import Peer, open_session
from rbee.process.deadline import timeout
from rbee.wire import proof, sse
from rbee.wire.errors import RbeeError
from rbee.wire.settings import Settings

#: How long somebody waits for a stream that ought to be given up (seconds).
_PATIENCE_S = 10.0


class Followed(NamedTuple):
    """The events that came, and what was said of the end."""

    told: list[str]
    why: str


def told_of_silence(longest: float, comments: int) -> Followed:
    """Follows a peer that sends `comments`, a quarter of `longest` seconds apart, then an event,
    and then nothing.

    Raises TimeoutError where it is followed for ever.
    """
    return asyncio.run(_told_of_silence(longest, comments))


async def _told_of_silence(longest: float, comments: int) -> Followed:
    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": sse.CONTENT_TYPE})
        await response.prepare(request)
        for _ in range(comments):
            await asyncio.sleep(longest / 4)
            await response.write(sse.COMMENT)
        await response.write(sse.frame(1, "token", b"{}"))
        await asyncio.Event().wait()
        return response

    app = web.Application()
    app.router.add_get("/events", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.0, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    told: list[str] = []
    try:
        async with open_session(Settings()) as session, timeout(_PATIENCE_S):
            url = f"http://127.0.0.1:{runner.addresses[0][1]}"
            peer = Peer(session, url, proof.Credential(""), "worker w")
            async for frames in peer.events("/events", stall=longest):
                told += [frame.event for frame in frames]
    except RbeeError as error:
        return Followed(told, error.message)
    finally:
        await runner.cleanup()
    return Followed(told, "")
