"""``rbee-keeper chat``: a conversation. The swarm is woken once and stays for all of it."""

from __future__ import annotations

import re
from collections.abc import Callable

from rbee.keeper.awake import AwakeQueen, awake_queen
from rbee.keeper.command import Terminated
from rbee.keeper.job import JobRun, wanted_by
from rbee.keeper.line_input import LineInput
from rbee.keeper.queen_target import QueenTarget
from rbee.keeper.screen import Screen
from rbee.keeper.streams import require_stdin
from rbee.wire import narration
from rbee.wire.errors import RbeeError
from rbee.wire.messages.inference import ChatMessage
from rbee.wire.messages.jobs import JobRequest
from rbee.wire.model_ref import BUNDLED

#: The job that asks for the next message of a conversation.
Ask = Callable[[list[ChatMessage]], JobRequest]

_WELCOME = "type a line and Enter; /help lists what else there is, Ctrl+D ends"
_HELP = """\
/new    forget the conversation
/exit   end the chat, as Ctrl+D does
/help   this
Ctrl+C  stop the answer; on an empty line, end the chat"""
_COMMAND = re.compile(r"/[a-z]+")

#: What every turn on a warm worker tells, and nobody needs twice.
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
    "model_not_found",
    "answer_lost",
)


class Conversation:
    """What was said, oldest first, behind what the model is told before it."""

    def __init__(self, system: str | None) -> None:
        self._before = [ChatMessage(role="system", content=system)] if system else []
        self._said: list[ChatMessage] = []

    def asked(self, text: str) -> list[ChatMessage]:
        """All messages, `text` as the user's last."""
        return [*self._before, *self._said, ChatMessage(role="user", content=text)]

    def went_on(self, text: str, answer: str, thought: str) -> None:
        """Remembers a turn."""
        self._said.append(ChatMessage(role="user", content=text))
        answered = ChatMessage(role="assistant", content=answer.strip(), thought=thought.strip())
        self._said.append(answered)

    def forget(self) -> None:
        """Begins anew."""
        self._said.clear()


def chat(screen: Screen, where: QueenTarget, ask: Ask, system: str | None) -> int:
    """Answers line after line of standard input until it ends; returns the exit status.

    That is 0, or 1 where the lines came from a pipe and not all of them could be answered. Raises
    KeyboardInterrupt for Ctrl+C while no answer comes, and what no further line would mend.
    """

    def asked(messages: list[ChatMessage]) -> JobRequest:
        request = ask(messages)
        request.model_ref = request.model_ref or where.default_model
        request.hub_token = where.hub_token(request.model_ref)
        return request

    require_stdin()
    first = asked([ChatMessage(role="user", content="")])
    screen.say(narration.CHAT_START, model_ref=first.model_ref)
    if first.model_ref == BUNDLED:
        screen.say(narration.TEST_MODEL)
    with awake_queen(screen, where, wanted_by(first, where)) as queen:
        return _Chat(screen, queen, asked, Conversation(system)).run()


class _Chat:
    """The turns of one conversation."""

    def __init__(
        self, screen: Screen, queen: AwakeQueen, ask: Ask, conversation: Conversation
    ) -> None:
        self._screen = screen
        self._queen = queen
        self._ask = ask
        self._conversation = conversation
        self._lines = LineInput(screen)
        self._all_answered = True

    def run(self) -> int:
        if self._lines.interactive:
            self._screen.hint(_WELCOME)
        for line in self._lines:
            if line == "/exit":
                break
            if _COMMAND.fullmatch(line):
                self._obey(line)
            else:
                self._turn(line)
        return 0 if self._lines.interactive or self._all_answered else 1

    def _obey(self, command: str) -> None:
        if command == "/new":
            self._conversation.forget()
            self._screen.hint("the conversation is forgotten")
        elif command == "/help":
            self._screen.reply(_HELP)
        else:
            self._screen.reply(f"{command} is no command\n{_HELP}")

    def _turn(self, text: str) -> None:
        """An answer; one that was stopped is remembered as far as it came, one that failed not."""
        self._queen.client.close()  # while a person thinks, the queen lets go of a connection
        job = JobRun(self._screen, self._queen, narration.CUT_IN_CHAT)
        request = self._ask(self._conversation.asked(text))
        try:
            job.run(request)
        except Terminated:
            raise
        except KeyboardInterrupt:
            self._screen.end_text()
            if not self._lines.interactive:
                raise
        except RbeeError as error:
            self._screen.end_text()
            if error.code in _HOPELESS:
                raise
            if error.code == "invalid_request" and "context" in error.details:
                error.suggestion = (
                    "/new forgets the conversation; a chat with --ctx has a larger context"
                )
            self._screen.error(error)
            self._all_answered = False
            return
        if job.text.strip():
            self._conversation.went_on(text, job.text, job.thought)
            self._screen.hush(_ROUTINE)
