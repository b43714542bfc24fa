"""How a person is told that a machine cannot be reached, and what to type then."""

from __future__ import annotations

from rbee.wire.errors import RbeeError


def refuse(reason: str, message: str, suggestion: str, **details: object) -> RbeeError:
    """`ssh_failed` with this `details["reason"]`."""
    return RbeeError("ssh_failed", message, suggestion, {"reason": reason, **details})
