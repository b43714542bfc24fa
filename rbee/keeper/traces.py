"""The span of a command, where OpenTelemetry's variables ask for traces."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Iterator

from rbee.keeper.screen import Screen
from rbee.wire.errors import RbeeError

_KEEPER = "rbee-keeper"
#: By which whoever starts programs says which trace they belong to.
_VARIABLE = "TRACEPARENT"
#: How OpenTelemetry's variables begin.
_FAMILY = "OTEL_"


@contextlib.contextmanager
def traced(screen: Screen, name: str) -> Iterator[str]:
    """A span around what is done; gives what the queen is told of it, empty where nobody has asked
    for traces."""
    if not any(name.startswith(_FAMILY) for name in os.environ):
        yield ""
        return
    from rbee.process.traces import LAST_WORDS_S, MISSING, Traces, is_asked_for

    traces = None
    if is_asked_for(os.environ):
        try:
            traces = Traces()
        except ImportError:
            screen.warn(MISSING)
    if traces is None:
        yield ""
        return
    begun, failed = traces.begin(_KEEPER, name, os.environ.get(_VARIABLE, ""), _now()), ""
    try:
        yield begun.header
    except BaseException as error:
        failed = error.code if isinstance(error, RbeeError) else type(error).__name__
        raise
    finally:
        traces.end(begun, _now(), failed)
        sending = threading.Thread(target=traces.send, name="traces", daemon=True)
        sending.start()
        sending.join(LAST_WORDS_S)


def _now() -> float:
    return time.time() * 1000
