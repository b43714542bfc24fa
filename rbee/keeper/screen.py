"""What the person sees: tokens, or the answer asked for, on stdout; everything else on stderr.

``--quiet`` silences narration, ``--json`` turns stderr into one JSON event a line. A terminal
gets a bar for downloads, a pipe gets plain lines.
"""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Iterator
from typing import Any

from rbee.process.sabotage import sabotaged
from rbee.wire import narration as say_so
from rbee.wire.errors import RbeeError
from rbee.wire.messages import Progress, encode
from rbee.wire.narration import Line, Narration, say, size

_BAR_WIDTH = 30
_DIM, _PLAIN = "\033[2m", "\033[0m"
_SHOWN_BY_BAR = frozenset((say_so.MODEL_PERCENT.action, say_so.PROMPT_SO_FAR.action))


class Screen:
    """stdout and stderr of one command; safe to use from two threads."""

    def __init__(
        self, *, quiet: bool = False, as_json: bool = False, thoughts: bool | None = None
    ) -> None:
        """`thoughts`: whether a model's are shown; None: to a person at a terminal alone."""
        self._quiet = quiet
        self._json = as_json
        self._bar = False
        self._mid_line = False
        self._hushed: frozenset[str] = frozenset()
        self._held: list[str] | None = None
        self._lock = threading.Lock()
        self._terminal = sys.stderr.isatty() and not as_json and not quiet
        self._thoughts = thoughts
        if thoughts is None:
            self._thoughts = self._terminal and sys.stdout.isatty()
        self._thinking = False

    def say(self, line: Line, **facts: object) -> None:
        """Narrates in the keeper's own voice."""
        self.narrate(say(line, facts))

    def narrate(self, narration: Narration) -> None:
        """Shows a line of narration."""
        if self._json:
            self._event("narration", narration)
        elif not self._quiet and narration.action not in self._hushed:
            if self._terminal and narration.action in _SHOWN_BY_BAR:
                return
            if narration.action == say_so.ANSWER_SO_FAR.action and sys.stdout.isatty():
                return  # it would cut the story in two, whose length can be seen
            self._line(f"{narration.actor}: {narration.human}")

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
            for line in held:
                self._line(line)

    def progress(self, progress: Progress) -> None:
        """Shows how far something is."""
        if self._json:
            self._event("progress", progress)
        elif self._terminal and progress.total:
            share = progress.done / progress.total
            filled = round(share * _BAR_WIDTH)
            bar = "█" * filled + "░" * (_BAR_WIDTH - filled)
            rate = f" @ {_rate(progress)}" if progress.rate else ""
            with self._lock:
                sys.stderr.write(f"\r\033[K{progress.what} {bar} {share:4.0%}{rate}")
                sys.stderr.flush()
                self._bar = True

    def thought(self, text: str) -> None:
        """Shows what the model says to itself: on stderr, dimmed where that is a terminal."""
        if not self._thoughts:
            return
        if self._json:
            self._event("thought", {"t": text})
            return
        with self._lock:
            self._clear_bar()
            if not self._thinking:
                self._break_line()
                text = text.lstrip()
            self._thinking = self._thinking or bool(text)
            dim = sys.stderr.isatty() and bool(text)
            sys.stderr.write(f"{_DIM}{text}{_PLAIN}" if dim else text)
            sys.stderr.flush()

    def _end_thought(self) -> None:
        """What follows a thought begins on a line of its own."""
        if self._thinking:
            self._thinking = False
            sys.stderr.write("\n")
            sys.stderr.flush()

    def text(self, text: str) -> None:
        """Writes tokens, at once. Raises BrokenPipeError when nobody reads any more."""
        out = sys.stderr if sabotaged("keeper:tokens-on-stderr") else sys.stdout
        with self._lock:
            self._clear_bar()
            self._end_thought()
            out.write(text)
            out.flush()
            self._mid_line = not text.endswith("\n")

    def answer(self, text: str) -> None:
        """Writes what was asked for to stdout, as it is, with a newline behind it."""
        with self._lock:
            self._clear_bar()
            sys.stdout.write(text + "\n")
            sys.stdout.flush()

    def hint(self, text: str) -> None:
        """Says in plain words, to a person alone, what an empty answer means."""
        if not self._json and not self._quiet:
            self._line(text)

    def warn(self, text: str) -> None:
        """Says what a person, or whoever reads a script's log, has to know about the answer."""
        if self._json:
            self._event("warning", {"message": text})
        else:
            self._line(text)

    def reply(self, text: str) -> None:
        """Tells a person what they asked for in the middle of a conversation."""
        if not self._json:
            self._line(text)

    def end_text(self) -> None:
        """Ends the text with a newline, where it has none."""
        if self._mid_line:
            self.text("\n")

    def mark_done(self) -> None:
        """Tells that the stream ended as it should."""
        if not self._json and not self._quiet and not self._hushed:
            self._line("[DONE]")

    def done(self, data: Any) -> None:
        """The counts and times of what is done, for programs."""
        if self._json:
            self._event("done", data)

    def error(self, error: RbeeError) -> None:
        """Tells what was wrong and what to type next."""
        if self._json:
            self._event("error", error.body())
            return
        with self._lock:
            self._clear_bar()
            self._break_line()
            sys.stderr.write(f"error: {error.message}\n")
            if error.suggestion:
                sys.stderr.write(f"  try: {error.suggestion}\n")
            for line in error.details.get("log", []):
                sys.stderr.write(f"  log: {line}\n")
            sys.stderr.flush()

    def _line(self, text: str) -> None:
        with self._lock:
            if self._held is not None:
                self._held.append(text)
                return
            self._clear_bar()
            self._break_line()
            sys.stderr.write(text + "\n")
            sys.stderr.flush()

    def _event(self, event: str, data: Any) -> None:
        with self._lock:
            sys.stderr.write(f'{{"event":"{event}","data":{encode(data).decode()}}}\n')
            sys.stderr.flush()

    def _clear_bar(self) -> None:
        if self._bar:
            sys.stderr.write("\r\033[K")
            self._bar = False

    def _break_line(self) -> None:
        """On a terminal that shows both, narration does not go on in the line of the story."""
        self._end_thought()
        if self._mid_line and sys.stdout.isatty():
            sys.stdout.write("\n")
            sys.stdout.flush()
            self._mid_line = False


def _rate(progress: Progress) -> str:
    if progress.what == "prompt":
        return f"{progress.rate:.0f} tokens/s"
    return f"{size(progress.rate)}/s"
