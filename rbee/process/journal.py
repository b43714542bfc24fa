"""What happens to a daemon that belongs to no job, one line each in its log."""

from __future__ import annotations

import sys
import time

from rbee.wire.narration import Narration


def write(narration: Narration) -> None:
    """Adds a line with the time of day to the log of this process, which is its stderr."""
    at = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(narration.at_ms / 1000))
    print(f"{at} {narration.actor}: {narration.human}", file=sys.stderr, flush=True)
