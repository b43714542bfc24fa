"""Operations: followed and dropped."""

from __future__ import annotations

from aiohttp import web

from rbee.http.events import respond
from rbee.http.serving import serves, serves_http
from rbee.queen.operations import Operation, Operations
from rbee.wire.messages.basics import Named
from rbee.wire.messages.operations import CANCEL_OPERATION, OPERATION_EVENTS, OperationStarted
from rbee.wire.settings import Settings


class OperationHandlers:
    """What is done with an operation, whatever began it."""

    def __init__(self, operations: Operations, settings: Settings) -> None:
        self._operations = operations
        self._settings = settings

    @serves_http(OPERATION_EVENTS)
    async def follow(self, request: web.Request, wanted: Named) -> web.StreamResponse:
        """An operation that nobody reads any more is dropped."""
        operation = self._operations.get(wanted.id)
        try:
            return await respond(
                request, operation.events, comment_every=self._settings.stream_comment
            )
        finally:
            if operation.events.readers == 0 and operation.task is not None:
                operation.task.cancel()  # everybody who waited for it has gone

    @serves(CANCEL_OPERATION)
    async def cancel(self, wanted: Named) -> None:
        """Returns when the operation is over."""
        await self._operations.cancel(self._operations.get(wanted.id))


def begun(operation: Operation) -> OperationStarted:
    """What is answered where an operation was begun."""
    url = OPERATION_EVENTS.target(Named(id=operation.operation_id))
    return OperationStarted(operation_id=operation.operation_id, events_url=url)
