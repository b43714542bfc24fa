"""``rbee-keeper infer``: phases 0 to 12 as the person at the terminal sees them."""

from __future__ import annotations

from rbee.keeper.awake import awake_queen
from rbee.keeper.job import JobRun, spare_for
from rbee.keeper.screen import Screen
from rbee.keeper.whereabouts import Whereabouts
from rbee.wire import narration as say_so
from rbee.wire.messages import JobRequest
from rbee.wire.model_ref import BUNDLED


def infer(screen: Screen, where: Whereabouts, request: JobRequest, *, keep_alive: bool) -> None:
    """Runs one job and shows it. Raises `RbeeError` with what went wrong.

    Ctrl+C cancels the job; a queen that was woken for it goes to sleep either way.
    """
    screen.say(say_so.INFER_START, model_ref=request.model_ref)
    if request.model_ref == BUNDLED:
        screen.say(say_so.TEST_MODEL)
    with awake_queen(screen, where, spare=spare_for(request, where)) as queen:
        JobRun(screen, queen).run(request)
        if keep_alive:
            queen.keep()
