"""The routes at ``/v1/messages``.

What answers them is imported with the first request: its many messages are no part of a cold run.
"""

from __future__ import annotations

from rbee.http.tables import Table
from rbee.queen.front.offer import Offer
from rbee.wire.routes import Who


def table(offer: Offer) -> Table:
    """The routes, with errors in Anthropic's form."""
    from rbee.queen.anthropic.errors import failure
    from rbee.queen.anthropic.handlers import Handlers
    from rbee.queen.anthropic.messages import AnthropicFailed
    from rbee.queen.front.fields import read

    return Table([Handlers(*offer)], Who.KEYS, failure, AnthropicFailed, read)
