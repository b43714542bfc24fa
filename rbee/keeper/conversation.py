"""What a chat knows: what was said, and how the next answer is asked for. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Literal, NamedTuple

import msgspec

from rbee.keeper.options import MODEL_OPTIONS, Options, asked_of
from rbee.wire.errors import RbeeError, invalid
from rbee.wire.messages.inference import ChatMessage
from rbee.wire.messages.jobs import JobRequest

#: What `/set` may set.
SETTABLE = ("ctx", "max_tokens", "seed", "temperature", "top_k", "top_p")
_OPTIONS = {option.name: option for option in MODEL_OPTIONS}
_COMMAND = re.compile(r"(/[a-z]+)(?:\s+(\S.*))?", re.DOTALL)


class Turn(msgspec.Struct):
    """What was asked, and what was answered."""

    asked: str
    answer: str
    thought: str = ""


class Saved(msgspec.Struct, kw_only=True):
    """A conversation as it is kept, in version 1 of this form."""

    rbee_chat: Literal[1]
    model: str = ""
    system: str = ""
    turns: list[Turn]


class Conversation:
    """Turns, oldest first, behind what the model is told before them; and the options by which the
    next answer is asked for."""

    def __init__(self, options: Options) -> None:
        self.options = dict(options)
        self.system: str = options["system"] or ""
        self.turns: list[Turn] = []

    def request(self, text: str | None) -> JobRequest:
        """Asks for the answer to `text`; None: counts the tokens so far, for which the model is
        loaded."""
        messages = [ChatMessage(role="system", content=self.system)] if self.system else []
        for turn in self.turns:
            messages.append(ChatMessage(role="user", content=turn.asked))
            messages.append(
                ChatMessage(role="assistant", content=turn.answer, thought=turn.thought)
            )
        messages.append(ChatMessage(role="user", content=text or ""))
        return JobRequest(**asked_of(self.options), messages=messages, count_only=text is None)

    def went_on(self, asked: str, answer: str, thought: str) -> None:
        """Remembers a turn."""
        self.turns.append(Turn(asked, answer.strip(), thought.strip()))

    def take_back(self) -> str:
        """Forgets the last turn; what was asked in it. Raises `invalid_request` without one."""
        if not self.turns:
            raise invalid("there is no answer yet", "type a line first")
        return self.turns.pop().asked

    def let_go(self) -> int:
        """Forgets the older half of the turns, at least one; how many.

        Half of them, as what follows is read anew by the model, which is not to happen with each
        turn from then on.
        """
        gone = (len(self.turns) + 1) // 2
        del self.turns[:gone]
        return gone

    def set(self, words: str) -> str:
        """Carries out `/set NAME [VALUE]`; what to reply. Raises `invalid_request`."""
        typed, _, value = words.partition(" ")
        name = typed.replace("-", "_")
        if not words:
            return "\n".join(self._value(each) for each in SETTABLE)
        if name not in SETTABLE:
            raise invalid(f"there is no {typed} to set", "/set lists what there is")
        try:
            self.options[name] = _OPTIONS[name].kind.read(value.strip()) if value else None
        except (ValueError, RbeeError):
            raise invalid(
                f"{value.strip()!r} is no {typed}", f"--help of chat tells what {typed} may be"
            ) from None
        return self._value(name)

    def _value(self, name: str) -> str:
        value = self.options[name]
        return f"{name.replace('_', '-')}: {'as the model has it' if value is None else value}"

    def saved(self) -> Saved:
        """The conversation as a file keeps it."""
        model = self.options["model"] or ""
        return Saved(rbee_chat=1, model=model, system=self.system, turns=self.turns)

    def go_on(self, saved: Saved) -> None:
        """Goes on with what was kept; the model stays."""
        self.system, self.turns = saved.system, saved.turns


class Typed(NamedTuple):
    """A command and its argument, which may be empty."""

    command: str
    argument: str


def command_in(line: str, known: Collection[str]) -> Typed | None:
    """The command that a line is; None: it is said to the model.

    A word behind a slash is one, be it `known` or mistyped; with more behind it only a known one,
    as a path may begin what is said.
    """
    found = _COMMAND.fullmatch(line)
    if found is None or (found[2] and found[1] not in known):
        return None
    return Typed(found[1], (found[2] or "").strip())
