"""``rbee-keeper chat``: a conversation. The swarm is woken once and stays for all of it."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from typing import NamedTuple

from rbee.keeper import chat_files
from rbee.keeper.awake import AwakeQueen, awake_queen
from rbee.keeper.command import Terminated
from rbee.keeper.conversation import Conversation, command_in
from rbee.keeper.history import History
from rbee.keeper.job import JobRun, wanted_by
from rbee.keeper.line_input import BLOCK, LineInput
from rbee.keeper.options import MODEL, Options
from rbee.keeper.queen_target import QueenTarget
from rbee.keeper.screen import Screen
from rbee.keeper.streams import require_stdin
from rbee.keeper.traces import traced
from rbee.wire import narration
from rbee.wire.errors import RbeeError
from rbee.wire.messages.basics import decode
from rbee.wire.messages.events import Progress
from rbee.wire.messages.jobs import SUBMIT_JOB, JobRequest
from rbee.wire.model_ref import BUNDLED
from rbee.wire.narration import Narration
from rbee.wire.sse import Frame

_WELCOME = "type a line and Enter; /help lists what else there is, Ctrl+D ends"
_KEYS = {
    BLOCK: "begins and ends a message of several lines",
    "Ctrl+C": "stop the answer; on an empty line, end the chat",
}
#: What `/system` takes for no words at all.
_NOTHING = "none"
#: The lines that were typed, in the home.
_HISTORY = "chat-history"

#: Actions that every turn on a warm worker would narrate again; shown for the first turn only.
_ROUTINE = frozenset(
    line.action
    for line in (
        narration.REGISTERED,
        narration.WARM_WORKER,
        narration.INFER_CONNECTED,
        narration.INFER_DONE,
        narration.COUNTS,
    )
)
#: Errors after which the next line would fare no better.
_HOPELESS = (
    "queen_unreachable",
    "unauthorized",
    "hive_not_found",
    "answer_lost",
)


def chat(screen: Screen, where: QueenTarget, options: Options) -> int:
    """Answers line after line of standard input until it ends; returns the exit status.

    That is 0, or 1 where the lines came from a pipe and not all of them could be answered. Raises
    KeyboardInterrupt for Ctrl+C while no answer comes, and what no further line would mend.
    """
    require_stdin()
    conversation = Conversation(options)
    first = _complete(conversation.request(None), where)
    screen.say(narration.CHAT_START, model_ref=first.model_ref)
    if first.model_ref == BUNDLED:
        screen.say(narration.TEST_MODEL)
    with awake_queen(screen, where, wanted_by(first, where), first.model_ref) as queen:
        return _Chat(screen, where, queen, conversation).run()


def _complete(request: JobRequest, where: QueenTarget) -> JobRequest:
    """With what this machine adds to what was typed."""
    request.model_ref = request.model_ref or where.default_model
    request.hub_token = where.hub_token(request.model_ref)
    return request


class _Chat:
    """The turns of one conversation."""

    def __init__(
        self, screen: Screen, where: QueenTarget, queen: AwakeQueen, conversation: Conversation
    ) -> None:
        self._screen = screen
        self._where = where
        self._queen = queen
        self._conversation = conversation
        self._lines = LineInput(screen, History(where.home.path / _HISTORY))
        self._all_answered = True
        self._goes_on = True

    def run(self) -> int:
        if self._lines.interactive:
            self._screen.hint(_WELCOME)
        self._load_ahead()
        for line in self._lines:
            typed = command_in(line, COMMANDS)
            if typed is None:
                self._turn(line)
            else:
                self._obey(*typed)
            if not self._goes_on:
                break
        return 0 if self._lines.interactive or self._all_answered else 1

    def _obey(self, name: str, argument: str) -> None:
        command = COMMANDS.get(name)
        if command is None:
            self._screen.reply(f"{name} is no command\n{_help()}")
            return
        try:
            command.does(self, argument)
        except RbeeError as error:
            self._screen.error(error)
            self._all_answered = False

    def exit(self, _: str) -> None:
        self._goes_on = False

    def help(self, _: str) -> None:
        self._screen.reply(_help())

    def forget(self, _: str) -> None:
        self._conversation.turns.clear()
        self._screen.hint("the conversation is forgotten")

    def retry(self, _: str) -> None:
        self._turn(self._conversation.take_back())

    def model(self, ref: str) -> None:
        if ref:
            self._conversation.options["model"] = MODEL.read(ref)
            self._load_ahead()
        self._screen.reply(f"the model is {self._request(None).model_ref}")

    def system(self, text: str) -> None:
        if text:
            self._conversation.system = "" if text == _NOTHING else text
        current = self._conversation.system or "nothing"
        self._screen.reply(f"before the conversation the model is told: {current}")

    def set(self, words: str) -> None:
        self._screen.reply(self._conversation.set(words))

    def save(self, path: str) -> None:
        chat_files.save(path, self._conversation.saved())
        self._screen.reply(f"saved; /load {path} goes on with it")

    def load(self, path: str) -> None:
        self._conversation.go_on(chat_files.load(path))
        count = len(self._conversation.turns)
        self._screen.reply(f"the conversation goes on after {count} answers")

    def _request(self, text: str | None) -> JobRequest:
        return _complete(self._conversation.request(text), self._where)

    def _load_ahead(self) -> None:
        """Has the model loaded while a line is typed, and shows the narration of it afterwards.

        Errors are dropped: the line that needs the model meets them again, and reports them.
        """
        if not self._lines.interactive:
            return
        client, request = self._queen.another_client(), self._request(None)

        def load() -> None:
            with contextlib.suppress(RbeeError, BrokenPipeError):
                job = client.call(SUBMIT_JOB, request)
                for frames in client.events(job.events_url):
                    for frame in frames:
                        self._heard(frame)

        threading.Thread(target=load, name="load", daemon=True).start()

    def _heard(self, frame: Frame) -> None:
        if frame.event == "progress":
            self._screen.progress(decode(frame.data, Progress))
        elif frame.event == "narration":
            said = decode(frame.data, Narration)
            if said.action not in _ROUTINE:
                self._screen.narrate(said)

    def _is_for_a_person(self, error: RbeeError) -> bool:
        """Whether a person could mend it by naming another model; lines of a pipe cannot."""
        return error.code == "model_not_found" and not self._lines.interactive

    def _turn(self, text: str) -> None:
        """Asks and shows the answer; a stopped one is remembered as far as it came, a failed one
        not.

        Where the conversation no longer fits the context, its oldest turns are dropped.
        """
        self._queen.client.close()  # while a person thinks, the queen lets go of a connection
        while True:
            job = JobRun(self._screen, self._queen, narration.CUT_IN_CHAT)
            try:
                with traced(self._screen, "chat") as self._queen.client.trace:
                    job.run(self._request(text))
            except Terminated:
                raise
            except KeyboardInterrupt:
                self._screen.end_text()
                if not self._lines.interactive:
                    raise
            except RbeeError as error:
                self._screen.end_text()
                if error.code in _HOPELESS or self._is_for_a_person(error):
                    raise
                if error.code == "invalid_request" and "context" in error.details:
                    gone = self._conversation.let_go()
                    if gone:
                        self._screen.say(narration.TURNS_LEFT, count=gone)
                        continue
                    error.suggestion = "say less; a chat with --ctx has a larger context"
                self._screen.error(error)
                self._all_answered = False
                return
            break
        if job.text.strip():
            self._conversation.went_on(text, job.text, job.thought)
            self._screen.hush(_ROUTINE)


class Command(NamedTuple):
    """What a line with a slash does, and how `/help` tells of it."""

    does: Callable[[_Chat, str], None]
    argument: str
    help: str


COMMANDS = {
    "/new": Command(_Chat.forget, "", "forget the conversation"),
    "/retry": Command(_Chat.retry, "", "answer the last line anew"),
    "/model": Command(_Chat.model, "[REF]", "tell the model, or go on with another"),
    "/system": Command(_Chat.system, "[TEXT]", "tell what the model is told first, or change it"),
    "/set": Command(_Chat.set, "[NAME VALUE]", "tell how answers are made, or change it"),
    "/save": Command(_Chat.save, "FILE", "keep the conversation in a file"),
    "/load": Command(_Chat.load, "FILE", "go on with a conversation of a file"),
    "/exit": Command(_Chat.exit, "", "end the chat, as Ctrl+D does"),
    "/help": Command(_Chat.help, "", "this"),
}


def _help() -> str:
    typed = {f"{name} {each.argument}".strip(): each.help for name, each in COMMANDS.items()}
    width = max(map(len, typed))
    return "\n".join(f"{each.ljust(width)}  {about}" for each, about in {**typed, **_KEYS}.items())
