"""One job as the person who waits for it sees it: its narration, its tokens, its end."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from rbee.keeper.awake import A_WORKER, NOTHING, AwakeQueen
from rbee.keeper.interrupt import interrupted_later
from rbee.keeper.queen_client import QueenClient
from rbee.keeper.queen_target import QueenTarget
from rbee.keeper.screen import Screen
from rbee.keeper.streams import UNREAD
from rbee.wire import narration, sse
from rbee.wire.errors import ErrorBody, RbeeError
from rbee.wire.messages.basics import Named, decode
from rbee.wire.messages.events import Done, Progress, Token
from rbee.wire.messages.jobs import CANCEL_JOB, SUBMIT_JOB, JobAccepted, JobRequest
from rbee.wire.narration import Line, Narration

#: What a worker says is passed on as it is, and may be anything.
_NEWS = "what is told of the job"


def wanted_by(request: JobRequest, where: QueenTarget) -> Sequence[str]:
    """What a woken queen may start ahead of a job: nothing where it runs elsewhere."""
    return NOTHING if request.node else (*A_WORKER, request.engine or where.settings.engine)


class JobRun:
    """Hands a job in and shows it.

    `text`, the `thought` before it and `done` are what has come of it so far.
    """

    def __init__(
        self, screen: Screen, queen: AwakeQueen, full: Line = narration.CUT_BY_CONTEXT
    ) -> None:
        """`full` is what is said of an answer that ends where the context does."""
        self.text = ""
        self.thought = ""
        self.done: Done | None = None
        self._screen = screen
        self._queen = queen
        self._full = full
        self._last_words: list[Narration] = []

    def run(self, request: JobRequest) -> None:
        """Until the job is over. Raises the error that it ended in.

        Ctrl+C cancels it, and so does an answer that nobody gets.
        """
        client = self._queen.client
        job: JobAccepted | None = None
        try:
            with interrupted_later():  # a job whose id is unknown is cancelled by nobody
                job = _handed_in(client, request)
            self._show(client, job.events_url)
        except (KeyboardInterrupt, *UNREAD):
            if job is not None:
                self._screen.say(narration.CANCELLING)
                client.close()
                with contextlib.suppress(RbeeError):  # a queen that is gone has cancelled it
                    client.call(CANCEL_JOB, Named(id=job.job_id))
            raise

    def _show(self, client: QueenClient, path: str) -> None:
        error: RbeeError | None = None
        for frames in client.events(path):
            tokens = [
                decode(frame.data, Token, _NEWS) for frame in frames if frame.event == "token"
            ]
            text = "".join(token.t for token in tokens)
            thought = "".join(token.thought for token in tokens)
            if thought:
                self.thought += thought
                self._screen.thought(thought)
            if text:
                self.text += text
                self._screen.text(text)
            for frame in frames:
                if frame.event != "token":
                    error = self._other(frame) or error
        if error is not None:
            raise error

    def _other(self, frame: sse.Frame) -> RbeeError | None:
        screen = self._screen
        if frame.event == "narration":
            said = decode(frame.data, Narration, _NEWS)
            if said.action == narration.INFER_DONE.action:
                self._last_words.append(said)  # shown after the end of the text
            else:
                screen.narrate(said)
        elif frame.event == "progress":
            screen.progress(decode(frame.data, Progress, _NEWS))
        elif frame.event == "error":
            error = RbeeError.from_body(decode(frame.data, ErrorBody, _NEWS))
            if error.code == "invalid_request" and "context" in error.details:
                error.suggestion += ", or ask for a larger context with --ctx"
            return error
        elif frame.event == "cancelled":
            return RbeeError("job_not_found", "somebody else has cancelled this job", "ask again")
        elif frame.event == "done":
            self.done = decode(frame.data, Done, _NEWS)
            screen.end_text()
            if self.thought and not self.text.strip():
                screen.warn(_nothing_but_thought(self.done))
            screen.done(self.done)
            for said in self._last_words:
                screen.narrate(said)
            screen.say(narration.COUNTS, **_counts(self.done))
            if self.done.context_full:
                screen.say(self._full, context=self.done.context_full)
            elif self.done.finish_reason == "length":
                screen.say(narration.CUT_BY_LIMIT, count=self.done.tokens_out)
        return None


def _handed_in(client: QueenClient, request: JobRequest) -> JobAccepted:
    try:
        return client.call(SUBMIT_JOB, request)
    except RbeeError as error:
        if error.code == "payload_too_large":  # in the words of who typed a prompt, not a body
            taken = "who takes 1 MiB with all that belongs to it"
            error.message = f"the prompt is too long for the queen, {taken}"
            error.suggestion = "send a shorter prompt"
            if request.pictures:
                error.message += ", and 16 MiB with its pictures, a third more than their files"
                error.suggestion = "send smaller pictures, or fewer"
        raise


def _nothing_but_thought(done: Done) -> str:
    """Why there is no answer, and what to type for one."""
    if done.finish_reason == "length":
        what = f"the thought took all {done.tokens_out} tokens, and there is no answer"
        return f"{what}; --max-tokens and --ctx allow more, --no-think answers at once"
    return "the model ended within its thought, and there is no answer; --no-think answers at once"


def _counts(done: Done) -> dict[str, object]:
    """What was read and written, when the first token came, and how fast the others."""
    pace = f", the first after {done.ttft_ms / 1000:.2f} s" if done.tokens_out else ""
    seconds = (done.duration_ms - done.ttft_ms) / 1000
    behind = done.tokens_out - 1
    if behind > 0 and seconds > 0:
        pace += f", {behind / seconds:.1f} tokens/s"
    return {"tokens_in": done.tokens_in, "tokens_out": done.tokens_out, "pace": pace}
