"""How long a model stays loaded behind a request, as clients of ollama say it. Pure."""

from __future__ import annotations

import re

from rbee.wire.errors import invalid
from rbee.wire.messages.jobs import LONGEST_IDLE

#: What Go calls a duration (https://pkg.go.dev/time#ParseDuration); a number alone is seconds.
_PART = re.compile(r"(\d{1,18}(?:\.\d{0,18})?|\.\d{1,18})(ns|us|µs|μs|ms|s|m|h)")
_DURATION = re.compile(rf"(?P<sign>[+-]?)(?P<parts>(?:{_PART.pattern}){{1,8}})")
_NUMBER = re.compile(r"[+-]?\d{1,18}(?:\.\d{0,18})?")
_SECONDS = {
    "ns": 1e-9,
    "us": 1e-6,
    "µs": 1e-6,
    "μs": 1e-6,
    "ms": 1e-3,
    "s": 1.0,
    "m": 60.0,
    "h": 3600.0,
}


def idle_seconds(said: str | float | None, field: str) -> float | None:
    """For how many seconds a model stays loaded when nobody asks it anything; None: nothing is
    said of it. What is negative is for ever. Raises `invalid_request` for what is no duration."""
    if said is None or said == "":
        return None
    seconds = said if isinstance(said, (int, float)) else _seconds_in(said.strip())
    if seconds is None:
        raise invalid(
            f"`{field}` is no duration",
            'send seconds, or "5m", "1h30m"; -1: for ever; 0: no longer than the answer takes',
            field=field,
        )
    return LONGEST_IDLE if seconds < 0 else min(float(seconds), LONGEST_IDLE)


def _seconds_in(text: str) -> float | None:
    if _NUMBER.fullmatch(text):
        return float(text)
    found = _DURATION.fullmatch(text)
    if found is None:
        return None
    seconds = sum(float(count) * _SECONDS[unit] for count, unit in _PART.findall(found["parts"]))
    return -seconds if found["sign"] == "-" else seconds
