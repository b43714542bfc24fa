"""Windows, where commands for a queen elsewhere can be typed, and nothing else of rbee runs."""

from __future__ import annotations

import sys

from rbee.wire.errors import invalid


def refuse_on_windows() -> None:
    """Raises `invalid_request` there: what follows starts programs, or asks the system."""
    if sys.platform == "win32":
        raise invalid(
            "queens, hives and workers do not run on Windows",
            "name a queen that is awake elsewhere (--queen URL --token-file FILE), or use WSL",
        )
