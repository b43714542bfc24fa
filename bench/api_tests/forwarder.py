"""What stands before the queen: shows her the swarm's key, and asks for a model that is there."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from collections.abc import Sequence
from typing import Any

import aiohttp
from aiohttp import web

from harness.rig.ports import free_port

#: Headers that belong to one connection, or that are made anew.
_OF_A_CONNECTION = frozenset(
    {"host", "content-length", "transfer-encoding", "connection", "authorization", "x-api-key"}
)
_LARGEST = 64 * 2**20


class Forwarder:
    """Forwards to a queen in a thread of its own; use it as a context manager."""

    def __init__(
        self, queen: str, token: str, model: str, prefix: str = "", below: Sequence[str] = ()
    ) -> None:
        """`prefix` stands before each path at the queen; without one, before those `below`."""
        self.port = free_port()
        self._queen, self._token, self._model = queen, token, model
        self._prefix, self._below = prefix, below
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._stop: asyncio.Event

    def __enter__(self) -> Forwarder:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._begin(), self._loop).result(10)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)

    async def _begin(self) -> None:
        self._session = aiohttp.ClientSession()
        app = web.Application(client_max_size=_LARGEST)
        app.router.add_route("*", "/{rest:.*}", self._forward)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()

    async def _end(self) -> None:
        await self._runner.cleanup()
        await self._session.close()

    async def _forward(self, request: web.Request) -> web.StreamResponse:
        headers = {
            name: value
            for name, value in request.headers.items()
            if name.lower() not in _OF_A_CONNECTION
        }
        headers["Authorization"] = f"Bearer {self._token}"
        body = self._with_model(await request.read())
        prefix = "/v1" if request.path in self._below else self._prefix
        url = f"{self._queen}{prefix}{request.path_qs}"
        async with self._session.request(
            request.method, url, data=body, headers=headers, allow_redirects=False
        ) as answer:
            kept = {
                name: value
                for name, value in answer.headers.items()
                if name.lower() not in _OF_A_CONNECTION
            }
            response = web.StreamResponse(status=answer.status, headers=kept)
            with contextlib.suppress(ConnectionError):  # many tests leave in the middle
                await response.prepare(request)
                async for piece in answer.content.iter_any():
                    await response.write(piece)
                await response.write_eof()
            return response

    def _with_model(self, body: bytes) -> bytes:
        try:
            said: Any = json.loads(body)
        except ValueError:
            return body
        if not isinstance(said, dict):
            return body
        return json.dumps({**said, "model": self._model}).encode()
