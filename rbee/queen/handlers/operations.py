"""Operations: followed and dropped."""

from __future__ import annotations

from typing import NamedTuple

from aiohttp import web

from rbee.http.events import respond
from rbee.http.serving import serves, serves_http
from rbee.queen.operations import Operation, Operations
from rbee.wire.messages.basics import Named
from rbee.wire.messages.operations import CANCEL_OPERATION, OPERATION_EVENTS, OperationStarted
from rbee.wire.settings import Settings


class OperationHandlers(NamedTuple):
    """What is done with an operation, whatever began it."""

    operations: Operations
    settings: Settings

    @serves_http(OPERATION_EVENTS)
    async def follow(self, request: web.Request, wanted: Named) -> web.StreamResponse:
        """Tells the story of a machine that is added or woken, or a model that is fetched."""
        operation = self.operations.get(wanted.id)
        try:
            return await respond(
                request, operation.events, comment_every=self.settings.stream_comment
            )
        finally:
            if operation.events.readers == 0 and operation.task is not None:
                operation.task.cancel()  # everybody who waited for it has gone

    @serves(CANCEL_OPERATION)
    async def cancel(self, wanted: Named) -> None:
        """Drops an operation, and answers when it is over."""
        await self.operations.cancel(self.operations.get(wanted.id))


def begun(operation: Operation) -> OperationStarted:
    """What is answered where an operation was begun."""
    url = OPERATION_EVENTS.target(Named(id=operation.operation_id))
    return OperationStarted(operation_id=operation.operation_id, events_url=url)
