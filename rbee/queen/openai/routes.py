"""The routes below ``/v1``.

What answers them is imported with the first request: its many messages are no part of a cold run.
"""

from __future__ import annotations

from rbee.http.tables import Table
from rbee.queen.front.offer import Offer
from rbee.wire.routes import Who


def table(offer: Offer) -> Table:
    """The routes, with errors in OpenAI's form."""
    from rbee.queen.front.fields import read
    from rbee.queen.openai.errors import failure
    from rbee.queen.openai.handlers import Handlers
    from rbee.queen.openai.messages import Failed
    from rbee.queen.openai.ranks import RankHandlers
    from rbee.queen.openai.responses.handlers import Responses
    from rbee.queen.openai.tokens import TokenHandlers

    served = [
        Handlers(*offer),
        Responses(offer),
        TokenHandlers(*offer),
        RankHandlers(*offer),
    ]
    return Table(served, Who.KEYS, failure, Failed, read)
