"""What happens to a daemon that belongs to no job, one line each in its log."""

from __future__ import annotations

import logging
import sys
import time
import traceback
from typing import Any

from rbee.wire.narration import Narration
from rbee.wire.shown import shown


def write(narration: Narration) -> None:
    """Adds a line with the time of day to the log of this process, which is its stderr."""
    at = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(narration.at_ms / 1000))
    line = shown(f"{at} {narration.actor}: {narration.human}")
    print(line, file=sys.stderr, flush=True)


def escape_records() -> None:
    """From now on what is logged in this process takes one line, whatever it quotes, and the lines
    of a traceback stand below it, indented: none can be taken for the line of another record."""
    logging.setLogRecordFactory(record_of)


def record_of(*arguments: Any, **named: Any) -> logging.LogRecord:
    """A record as the library makes it, with what would forge a line of a log escaped."""
    record = logging.LogRecord(*arguments, **named)
    record.msg, record.args = shown(record.getMessage()), ()
    if record.exc_info and record.exc_info[0] is not None:
        below = shown("".join(traceback.format_exception(*record.exc_info)), multiline=True)
        # Formatters take what stands here for the traceback.
        record.exc_text = "\n".join(f"    {line}" for line in below.rstrip("\n").split("\n"))
    return record
