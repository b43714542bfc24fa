"""What the person sees: tokens, or the answer asked for, on stdout; everything else on stderr.

``--quiet`` silences narration, but that a full context has cut the answer; ``--json`` turns stderr
into one JSON event a line. A terminal gets narration dimmed, with ``--calm`` as one line that
changes, and a bar for downloads; a pipe gets plain lines. An answer that cannot be written is an
error; narration that cannot be is dropped, since the answer does not need it.

Nothing else in the keeper writes to a stream. What comes from elsewhere - names, errors, logs, what
a model writes - steers no terminal: it goes through `rbee.wire.shown`. The answer of a model is
data where stdout is no terminal, and stays there as the model wrote it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import threading
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from rbee.keeper.streams import AnswerLost, can_show, is_same_file, json_for
from rbee.wire import narration
from rbee.wire.errors import RbeeError
from rbee.wire.messages.basics import encode
from rbee.wire.messages.events import Progress
from rbee.wire.narration import Line, Narration, say, size
from rbee.wire.shown import ShownStream, columns_of, json_shown, shown, within

_BAR_WIDTH = 30
#: What a bar is made of: full and empty, as blocks or, where the terminal has none, as ASCII.
_BLOCKS = ("█", "░")
_SIGNS = ("#", ".")
_DIM, _PLAIN = "\033[2m", "\033[0m"
_LIGHT_ON_DARK = "\033[97;40m"
_CLEAR = "\033[H\033[J"
#: Actions of the keeper that ``--calm`` lets pass, with all that others tell, but for what
#: somebody has to know about the answer.
_PASSING = ("queen.", "infer.start", "infer.model", "chat.start", "hive.add", "swarm.kept")
_TOLD_ALOUD = frozenset(
    line.action
    for line in (
        narration.CPU_FALLBACK,
        narration.HIVE_IN_THE_OPEN,
        narration.HIVE_SKIPPED,
        narration.MACHINE_WAKES,
        narration.MACHINE_SUSPENDS,
        narration.MACHINE_STAYS,
        narration.TOOLS_LEFT_OUT,
        narration.TOOLS_ELSEWHERE,
        narration.UNREACHED,
    )
)
_SHOWN_BY_BAR = frozenset((narration.MODEL_PERCENT.action, narration.PROMPT_SO_FAR.action))


class Screen:
    """stdout and stderr of one command; safe to use from two threads."""

    def __init__(
        self,
        *,
        quiet: bool = False,
        as_json: bool = False,
        thoughts: bool | None = None,
        calm: bool = False,
    ) -> None:
        """`thoughts`: whether a model's are shown; None: to a person at a terminal alone. `calm`:
        narration is one line of a terminal."""
        self._quiet = quiet
        self.as_json = as_json
        self._bar = False
        self._mid_line = False
        self._hushed: frozenset[str] = frozenset()
        self._held: list[str] | None = None
        self._lock = threading.Lock()
        is_terminal = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        self._terminal = is_terminal and not as_json and not quiet
        self._calm = calm and self._terminal
        #: How many lines of narration were shown to stay.
        self.told = 0
        self._dims = is_terminal and not os.environ.get("NO_COLOR")
        self._deaf = False
        self._thoughts = thoughts
        if thoughts is None:
            self._thoughts = self._terminal and sys.stdout.isatty()
        self._thinking = False
        self._to_terminal = ShownStream() if sys.stdout.isatty() else None
        self._thought = ShownStream()

    def say(self, line: Line, **facts: object) -> None:
        """Narrates in the keeper's own voice."""
        self.narrate(say(line, facts))

    def narrate(self, said: Narration) -> None:
        """Shows a line of narration."""
        if self.as_json:
            self._event("narration", said)
        elif said.action not in self._hushed and (
            not self._quiet or said.action == narration.CUT_BY_CONTEXT.action
        ):
            if self._terminal and said.action in _SHOWN_BY_BAR:
                return
            if said.action == narration.ANSWER_SO_FAR.action and sys.stdout.isatty():
                return  # it would break the text, whose length can be seen anyway
            line = shown(f"{said.actor}: {said.human}")
            if self._calm and _passes(said):
                self._passing(line)
            else:
                self.told += 1
                self._line(line, dim=self._dims)

    @property
    def tells_all(self) -> bool:
        """Whether narration is shown to a person, each line to stay."""
        return self._terminal and not self._calm

    def grow_calm(self) -> None:
        """From now on narration is one line of a terminal."""
        self._calm = self._terminal

    def hush(self, actions: frozenset[str]) -> None:
        """From now on tells people nothing of these actions, nor that a stream has ended."""
        self._hushed = actions

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Keeps lines for people back: they would come into the line that is being typed."""
        with self._lock:
            self._held = []
        try:
            yield
        finally:
            with self._lock:
                held, self._held = self._held or [], None
            with self._lock:
                for line in held:
                    self._put(line)

    def progress(self, progress: Progress) -> None:
        """Shows how far something is."""
        if self.as_json:
            self._event("progress", progress)
        elif self._terminal and progress.total:
            rate = f" @ {_rate(progress)}" if progress.rate else ""
            with self._lock:
                if self._held is not None:
                    return  # it would overwrite the line that is being typed
                bar = bar_of(shown(progress.what), progress.done / progress.total, rate)
                self._tell(f"\r\033[K{bar}")
                self._bar = True

    def thought(self, text: str) -> None:
        """Shows what the model says to itself: on stderr, dimmed where that is a terminal."""
        if not self._thoughts:
            return
        if self.as_json:
            self._event("thought", {"t": text})
            return
        with self._lock:
            self._clear_bar()
            if not self._thinking:
                self._break_line()
                text = text.lstrip()
            self._thinking = self._thinking or bool(text)
            text = self._thought.feed(text)
            dim = self._dims and bool(text)
            self._tell(f"{_DIM}{text}{_PLAIN}" if dim else text)

    def _end_thought(self) -> None:
        """What follows a thought begins on a line of its own."""
        if self._thinking:
            self._thinking = False
            self._tell(self._thought.end() + "\n")

    def text(self, text: str) -> None:
        """Writes tokens, at once.

        Raises BrokenPipeError when nobody reads any more, and AnswerLost.
        """
        with self._lock:
            self._clear_bar()
            self._end_thought()
            if self._to_terminal is not None:
                text = self._to_terminal.feed(text)
            _write(text)
            self._mid_line = not text.endswith("\n")

    def answer(self, text: str) -> None:
        """Writes what was asked for to stdout, with a newline behind it: JSON, or lines for people.

        Raises as `text` does.
        """
        with self._lock:
            self._clear_bar()
            text = json_for(sys.stdout, text) if self.as_json else shown(text, multiline=True)
            _write(text + "\n")

    @property
    def has_page(self) -> bool:
        """Whether stdout is a terminal that a page can be drawn on."""
        return self._to_terminal is not None and os.environ.get("TERM") != "dumb"

    def page(self, text: str) -> None:
        """Draws a page over all that the terminal shows, as much of it as has room. Raises as
        `text` does."""
        columns, rows = shutil.get_terminal_size()
        lines = [within(shown(line), columns - 1) for line in text.split("\n")]
        with self._lock:
            _write(_CLEAR + "\n".join(lines[: rows - 1]) + "\n")

    def code(self, lines: Sequence[str]) -> None:
        """Draws a code for a camera: light blocks on a dark ground, whatever ground the terminal
        has, but where NO_COLOR is set. Raises as `text` does."""
        before, after = ("", "") if os.environ.get("NO_COLOR") else (_LIGHT_ON_DARK, _PLAIN)
        with self._lock:
            self._clear_bar()
            _write("".join(f"{before}{line}{after}\n" for line in lines))

    def result(self, value: object, text: str | None) -> None:
        """Writes what was asked for: `value` as JSON for programs, `text` for people; None: they
        have been told already. Raises as `text` does."""
        if self.as_json or text is not None:
            self.answer(encode(value).decode() if self.as_json else text or "")

    def ask(self, question: str) -> None:
        """Puts what a person is to answer before the cursor, on stderr."""
        with self._lock:
            self._clear_bar()
            self._tell(shown(question))

    def leave_question(self, *, on_stdout: bool = False) -> None:
        """What comes next does not begin behind a question that was not answered."""
        with self._lock:
            if on_stdout:
                _write("\n")
            else:
                self._tell("\n")

    def hint(self, text: str) -> None:
        """Says in plain words, to a person alone, what an empty answer means."""
        if not self.as_json and not self._quiet:
            self._line(text)

    def warn(self, text: str) -> None:
        """Says what a person, or whoever reads a script's log, has to know about the answer."""
        if self.as_json:
            self._event("warning", {"message": text})
        else:
            self._line(text)

    def reply(self, text: str) -> None:
        """Tells a person what they asked for in the middle of a conversation."""
        if not self.as_json:
            self._line(text)

    def end_text(self) -> None:
        """Ends the text with a newline, where it has none."""
        if self._to_terminal is not None:
            held = self._to_terminal.end()
            if held:
                _write(held)
        if self._mid_line:
            self.text("\n")

    def done(self, data: Any) -> None:
        """Tells that the stream ended as it should; programs the counts and times of it, too."""
        if self.as_json:
            self._event("done", data)
        elif not (self._quiet or self._hushed or self._calm):
            self._line("[DONE]")

    def error(self, error: RbeeError) -> None:
        """Tells what was wrong and what to type next."""
        if self.as_json:
            self._event("error", error.body())
            return
        with self._lock:
            self._clear_bar()
            self._break_line()
            log = error.details.get("log", [])
            self._tell(
                error_text(error.message, error.suggestion, log if isinstance(log, list) else [])
            )

    def close(self) -> None:
        """Nothing more is shown: what would have changed goes."""
        with self._lock:
            self._clear_bar()

    def _passing(self, line: str) -> None:
        """Shows a line in the place of the one before, where no answer has begun."""
        with self._lock:
            if self._held is not None or (self._mid_line and self._to_terminal is not None):
                return
            self._end_thought()
            columns = _columns()
            line = within(line, columns - 1) if columns else line
            self._tell(f"\r\033[K{_DIM}{line}{_PLAIN}" if self._dims else f"\r\033[K{line}")
            self._bar = True

    def _line(self, text: str, *, dim: bool = False) -> None:
        text = shown(text, multiline=True)
        if dim:
            text = f"{_DIM}{text}{_PLAIN}"
        with self._lock:
            if self._held is not None:
                self._held.append(text)
            else:
                self._put(text)

    def _put(self, line: str) -> None:
        self._clear_bar()
        self._break_line()
        self._tell(line + "\n")

    def _event(self, event: str, data: Any) -> None:
        line = json_shown(f'{{"event":"{event}","data":{encode(data).decode()}}}') + "\n"
        with self._lock:
            self._tell(json_for(sys.stderr, line))

    def _tell(self, text: str) -> None:
        """Writes to stderr, while that works.

        Raises BrokenPipeError, once, where whoever read it read the answer, too.
        """
        if self._deaf:
            return
        try:
            sys.stderr.write(text)
            sys.stderr.flush()
        except OSError as error:
            self._deaf = True
            if isinstance(error, BrokenPipeError) and is_same_file(sys.stdout, sys.stderr):
                raise

    def _clear_bar(self) -> None:
        if self._bar:
            self._tell("\r\033[K")
            self._bar = False

    def _break_line(self) -> None:
        """On a terminal that shows both, narration does not go on in the line of the text."""
        self._end_thought()
        if self._mid_line and sys.stdout.isatty():
            _write("\n")
            self._mid_line = False


def error_text(message: str, suggestion: str, log: Iterable[object]) -> str:
    """An error as lines for people. What it quotes stays behind its own first word: none of its
    lines can be taken for one of somebody else."""
    lines = ["error: " + _within(message)]
    if suggestion:
        lines.append("  try: " + _within(suggestion))
    lines += [f"  log: {shown(str(line))}" for line in log]
    return "\n".join([*lines, ""])


def _within(text: str) -> str:
    return shown(text, multiline=True).rstrip("\n").replace("\n", "\n    ")


def bar_of(what: str, share: float, rate: str) -> str:
    """How far something is, in one line of this terminal: ``download ████░░  67% @ 1.2 MB/s``."""
    ending = f" {share:4.0%}{rate}"
    columns = _columns()
    room = (columns or 80) - 1 - columns_of(what) - 1 - len(ending)
    width = min(_BAR_WIDTH, max(0, room))
    full, empty = _BLOCKS if can_show(sys.stderr, "".join(_BLOCKS)) else _SIGNS
    filled = round(share * width)
    line = f"{what} {full * filled}{empty * (width - filled)}{ending}"
    return line if columns == 0 else within(line, columns - 1)


def _columns() -> int:
    """How wide this terminal is; 0, as one says that does not know."""
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns
    except OSError:
        return 0


def _passes(said: Narration) -> bool:
    """Whether ``--calm`` shows a line until the next one alone."""
    own = said.actor == narration.UP.actor
    return said.action.startswith(_PASSING) if own else said.action not in _TOLD_ALOUD


def _write(text: str) -> None:
    """To stdout, at once. Raises BrokenPipeError and AnswerLost."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise AnswerLost(error) from None


def _rate(progress: Progress) -> str:
    if progress.what == "prompt":
        return f"{progress.rate:.0f} tokens/s"
    return f"{size(progress.rate)}/s"
