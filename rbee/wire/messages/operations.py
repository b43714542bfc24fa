"""What the queen does for a client that is no job."""

from __future__ import annotations

from rbee.wire.messages.basics import Started


class OperationStarted(Started, kw_only=True):
    """The queen does something that is no job; ends with a `done` of `HivesAwake` or a model."""

    operation_id: str
