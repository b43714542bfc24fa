"""An operation of the queen as the person who sent her sees it."""

from __future__ import annotations

import contextlib
from typing import TypeVar

from rbee.keeper.awake import AwakeQueen
from rbee.keeper.screen import Screen
from rbee.keeper.streams import UNREAD
from rbee.wire import sse
from rbee.wire.errors import ErrorBody, RbeeError
from rbee.wire.messages.basics import CANCEL_OPERATION, Named, OperationStarted, decode
from rbee.wire.messages.events import Progress
from rbee.wire.messages.hives import WAKE_HIVES, HivesAwake, WakeHives
from rbee.wire.narration import Narration
from rbee.wire.routes import Route

#: What a hive says is passed on as it is, and may be anything.
_NEWS = "what is told of it"

Q = TypeVar("Q")
S = TypeVar("S", bound=OperationStarted)
T = TypeVar("T")


def run_operation(
    screen: Screen, queen: AwakeQueen, route: Route[Q, S], wanted: Q, kind: type[T]
) -> T:
    """Sends the queen on an operation and shows it; what she brings back, as a `kind`.

    Raises the error it ended in. Ctrl+C has her drop it.
    """
    operation = queen.client.call(route, wanted)
    done: T | None = None
    try:
        for frames in queen.client.events(operation.events_url):
            for frame in frames:
                _show(screen, frame)
                if frame.event == "done":
                    done = decode(frame.data, kind, "what the queen brings back")
    except (KeyboardInterrupt, *UNREAD):
        queen.client.close()
        with contextlib.suppress(RbeeError):  # a queen that is gone has dropped it
            queen.client.call(CANCEL_OPERATION, Named(id=operation.operation_id))
        raise
    if done is None:
        raise RbeeError("queen_unreachable", "somebody puts the queen to sleep", "try again")
    return done


def wake_hives(screen: Screen, queen: AwakeQueen, node: str | None) -> HivesAwake:
    """Has the queen wake hive `node`, or all she knows. Raises what keeps one asleep."""
    wanted = WakeHives(node=node)
    return run_operation(screen, queen, WAKE_HIVES, wanted, HivesAwake)


def _show(screen: Screen, frame: sse.Frame) -> None:
    if frame.event == "narration":
        screen.narrate(decode(frame.data, Narration, _NEWS))
    elif frame.event == "progress":
        screen.progress(decode(frame.data, Progress, _NEWS))
    elif frame.event == "error":
        raise RbeeError.from_body(decode(frame.data, ErrorBody, _NEWS))
