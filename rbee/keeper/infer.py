"""``rbee-keeper infer``: phases 0 to 12 as the person at the terminal sees them."""

from __future__ import annotations

import contextlib

import msgspec

from rbee.keeper.awake import AwakeQueen, awake_queen
from rbee.keeper.queen_client import QueenClient
from rbee.keeper.screen import Screen
from rbee.keeper.whereabouts import Whereabouts
from rbee.wire import addresses, sse
from rbee.wire import narration as say_so
from rbee.wire.errors import ErrorBody, RbeeError
from rbee.wire.messages import Done, JobAccepted, JobRequest, Progress, Token
from rbee.wire.model_ref import BUNDLED
from rbee.wire.narration import Narration

_token = msgspec.json.Decoder(Token)


def infer(screen: Screen, where: Whereabouts, request: JobRequest, *, keep_alive: bool) -> None:
    """Runs one job and shows it. Raises `RbeeError` with what went wrong.

    Ctrl+C cancels the job; a queen that was woken for it goes to sleep either way.
    """
    screen.say(say_so.INFER_START, model_ref=request.model_ref)
    if request.model_ref == BUNDLED:
        screen.say(say_so.TEST_MODEL)
    spare = None if request.node else request.engine or where.settings.engine
    with awake_queen(screen, where, spare=spare) as queen:
        _run_job(screen, queen, request)
        if keep_alive:
            queen.keep()


def _run_job(screen: Screen, queen: AwakeQueen, request: JobRequest) -> None:
    job = queen.client.post(addresses.JOBS, request, JobAccepted)
    try:
        _JobScreen(screen).show(queen.client, job.events_url)
    except (KeyboardInterrupt, BrokenPipeError):
        screen.say(say_so.CANCELLING)
        queen.client.close()
        with contextlib.suppress(RbeeError):  # a queen that is gone has cancelled it
            queen.client.ask("DELETE", f"{addresses.JOBS}/{job.job_id}")
        raise


class _JobScreen:
    """Shows the events of one job."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._last_words: list[Narration] = []

    def show(self, client: QueenClient, path: str) -> None:
        """Until the stream ends. Raises the error that the job ended in."""
        error: RbeeError | None = None
        for frames in client.events(path):
            text = "".join(
                _token.decode(frame.data).t for frame in frames if frame.event == "token"
            )
            if text:
                self._screen.text(text)
            for frame in frames:
                if frame.event != "token":
                    error = self._other(frame) or error
        if error is not None:
            raise error

    def _other(self, frame: sse.Frame) -> RbeeError | None:
        screen = self._screen
        if frame.event == "narration":
            narration = msgspec.json.decode(frame.data, type=Narration)
            if narration.action == say_so.INFER_DONE.action:
                self._last_words.append(narration)  # said behind the mark that ends the tokens
            else:
                screen.narrate(narration)
        elif frame.event == "progress":
            screen.progress(msgspec.json.decode(frame.data, type=Progress))
        elif frame.event == "error":
            return RbeeError.from_body(msgspec.json.decode(frame.data, type=ErrorBody))
        elif frame.event == "cancelled":
            return RbeeError("job_not_found", "the job was cancelled", "ask again")
        elif frame.event == "done":
            screen.end_text()
            screen.done(msgspec.json.decode(frame.data, type=Done))
            screen.mark_done()
            for narration in self._last_words:
                screen.narrate(narration)
        return None
