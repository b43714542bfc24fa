"""The lines of a conversation, as a person types them or as a pipe holds them."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from rbee.keeper.history import History
from rbee.keeper.screen import Screen
from rbee.keeper.streams import unreadable
from rbee.wire.errors import invalid
from rbee.wire.limits import LARGEST_INPUTS

#: What begins a message of several lines, and ends it.
BLOCK = '"""'
_SIGN, _WITHIN = "you> ", "...> "


class LineInput:
    """Messages of standard input: a line each, or what stands between two `BLOCK`.

    `interactive`: a person types them, who is shown a sign, may paste several lines as one, and
    finds what was typed before, also in other sessions, with the arrow keys.
    """

    def __init__(self, screen: Screen, history: History) -> None:
        self.interactive = sys.stdin.isatty()
        self._screen = screen
        self._on_screen = self.interactive and sys.stdout.isatty()
        self._history = history
        self._block: list[str] | None = None
        self._room = LARGEST_INPUTS
        if self._on_screen:
            import readline  # late: it is for people, and `input` edits lines once it is there

            self._typed_so_far = readline.get_line_buffer
            # Python turns it off for its own prompt, which takes one line at a time.
            readline.parse_and_bind("set enable-bracketed-paste on")
            for typed in history.lines():
                readline.add_history(typed)

    def __iter__(self) -> Iterator[str]:
        """Each message that is not blank, until the input ends.

        Ctrl+C on a line with something in it drops that line, and the lines before it that belong
        to it; on an empty one it is raised.
        """
        while True:
            try:
                with self._screen.held():
                    line = self._next()
                    line.encode()
            except EOFError:
                yield from self._last()
                return
            except UnicodeError:
                raise invalid(
                    "a line is no UTF-8 text",
                    "convert the input first, for example: iconv -f latin1 -t utf8 FILE",
                ) from None
            except OSError as error:
                raise unreadable(error) from None
            except KeyboardInterrupt:
                self._leave_line()
                if self._block is None and not (self._on_screen and self._typed_so_far()):
                    raise
                self._block = None
                continue
            if self._on_screen and line.strip():
                self._history.add(line)
            message = self._with_others(line.rstrip("\n"))
            if message is not None and message.strip():
                yield message.strip()

    def _with_others(self, line: str) -> str | None:
        """The message that is whole with this line; None: it goes on."""
        if self._block is None:
            if not line.lstrip().startswith(BLOCK):
                return line
            self._block, line = [], line.lstrip()[len(BLOCK) :]
            self._room = LARGEST_INPUTS
        self._room -= len(line) + 1
        if self._room < 0:
            raise invalid(
                f"a message is longer than {LARGEST_INPUTS} characters", "send shorter messages"
            )
        if not line.rstrip().endswith(BLOCK):
            self._block.append(line)
            return None
        self._block.append(line.rstrip()[: -len(BLOCK)])
        return "".join(self._last())

    def _last(self) -> Iterator[str]:
        """What was typed of a message of several lines."""
        lines, self._block = self._block or [], None
        if any(line.strip() for line in lines):
            yield "\n".join(lines)

    def _next(self) -> str:
        sign = _SIGN if self._block is None else _WITHIN
        if self._on_screen:
            try:
                return input(sign)
            except EOFError:
                self._leave_line()
                raise
        if self.interactive:  # stdout is a file: the sign must not get into it
            self._screen.ask(sign)
        line = sys.stdin.readline(LARGEST_INPUTS + 1)
        if not line:
            raise EOFError
        if len(line) > LARGEST_INPUTS:
            raise invalid(
                f"a line is longer than {LARGEST_INPUTS} characters", "send shorter lines"
            )
        return line

    def _leave_line(self) -> None:
        """What comes next does not begin behind the sign."""
        if self.interactive:
            self._screen.leave_question(on_stdout=self._on_screen)
