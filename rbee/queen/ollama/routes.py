"""The routes below ``/api``, and the one that tells ollama's clients that somebody is there.

What answers the former is imported with the first request: its many messages are no part of a cold
run.
"""

from __future__ import annotations

from aiohttp import web

from rbee.http.server import Table
from rbee.http.serving import serves_http
from rbee.queen.front.offer import Offer
from rbee.wire.routes import NONE, Route, Who

ROOT = Route("GET", "/", NONE, NONE, status=200, who=Who.ANYBODY)


def table(offer: Offer) -> Table:
    """The routes, with errors in ollama's form."""
    from rbee.queen.ollama.errors import failure
    from rbee.queen.ollama.handlers import Handlers
    from rbee.queen.ollama.messages import OllamaFailed

    return Table([Handlers(*offer)], Who.KEYS, failure, OllamaFailed)


class Presence:
    """Tells whoever looks for a server of ollama's kind that there is one."""

    @serves_http(ROOT)
    async def here(self, request: web.Request) -> web.Response:
        """Says that she runs, as clients of ollama ask before anything else."""
        return web.Response(text="rbee is running\n")
