"""What keeps a machine from being reached over SSH, as an error that says what to type."""

from __future__ import annotations

from rbee.wire.errors import RbeeError


def ssh_failed(reason: str, message: str, suggestion: str, **details: object) -> RbeeError:
    """`ssh_failed` with this `details["reason"]`."""
    return RbeeError("ssh_failed", message, suggestion, {"reason": reason, **details})
