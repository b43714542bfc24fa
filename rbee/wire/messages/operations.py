"""What the queen does for a client that is no job."""

from __future__ import annotations

from rbee.wire.messages.basics import Named, Started
from rbee.wire.routes import NONE, Events, Route


class OperationStarted(Started, kw_only=True):
    """The queen does something that is no job; ends with a `done` of `HivesAwake` or a model."""

    operation_id: str


OPERATION_EVENTS = Route("GET", "/operations/{id}/events", Named, Events)
CANCEL_OPERATION = Route("DELETE", "/operations/{id}", Named, NONE)
