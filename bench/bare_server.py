"""An aiohttp server of a few lines: what a queen's heartbeats and jobs are measured against.

``python -m bench.bare_server`` prints its port and serves until it is ended. It decodes a
heartbeat into the same message and answers; it hands ``POST /relay`` on to the URL in its body.
"""

from __future__ import annotations

import asyncio

import aiohttp
import msgspec
from aiohttp import web

from rbee.wire.messages.hives import Heartbeat

_OK = b'{"status":"ok"}'
#: What is relayed to a worker, which reads it.
_ASKED = b'{"prompt":"hello"}'


async def _heartbeat(request: web.Request) -> web.Response:
    msgspec.json.decode(await request.read(), type=Heartbeat)
    return web.Response(body=_OK, content_type="application/json")


async def main() -> None:
    """Serves until this process is ended."""
    async with aiohttp.ClientSession() as session:

        async def relay(request: web.Request) -> web.Response:
            async with session.post(await request.text(), data=_ASKED) as answer:
                return web.Response(body=await answer.read(), content_type="application/json")

        app = web.Application()
        app.add_routes([web.post("/heartbeat", _heartbeat), web.post("/relay", relay)])
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0, backlog=4096).start()
        print(runner.addresses[0][1], flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
