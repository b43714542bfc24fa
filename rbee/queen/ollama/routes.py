"""The routes below ``/api``.

What answers them is imported with the first request: its many messages are no part of a cold run.
"""

from __future__ import annotations

from rbee.http.tables import Table
from rbee.queen.front.offer import Offer
from rbee.wire.routes import Who


def table(offer: Offer) -> Table:
    """The routes, with errors in ollama's form."""
    from rbee.queen.ollama.errors import failure
    from rbee.queen.ollama.handlers import Handlers
    from rbee.queen.ollama.messages import OllamaFailed

    return Table([Handlers(*offer)], Who.KEYS, failure, OllamaFailed)
