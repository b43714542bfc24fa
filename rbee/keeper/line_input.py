"""The lines of a conversation, as a person types them or as a pipe holds them."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from rbee.keeper.screen import Screen
from rbee.keeper.streams import unreadable
from rbee.wire.errors import invalid

_SIGN = "you> "


class LineInput:
    """Lines of standard input. `interactive`: a person types them, who is shown a sign."""

    def __init__(self, screen: Screen) -> None:
        self.interactive = sys.stdin.isatty()
        self._screen = screen
        self._on_screen = self.interactive and sys.stdout.isatty()
        if self._on_screen:
            import readline  # late: it is for people, and `input` edits lines once it is there

            self._typed_so_far = readline.get_line_buffer

    def __iter__(self) -> Iterator[str]:
        """Each line that is not blank, until the input ends.

        Ctrl+C on a line with something in it drops that line; on an empty one it is raised.
        """
        while True:
            try:
                with self._screen.held():
                    line = self._next()
                    line.encode()
            except EOFError:
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
                if not self._on_screen or not self._typed_so_far():
                    raise
                continue
            if line.strip():
                yield line.strip()

    def _next(self) -> str:
        if self._on_screen:
            try:
                return input(_SIGN)
            except EOFError:
                self._leave_line()
                raise
        if self.interactive:  # stdout is a file: the sign must not get into it
            self._screen.ask(_SIGN)
        line = sys.stdin.readline()
        if not line:
            raise EOFError
        return line

    def _leave_line(self) -> None:
        """What comes next does not begin behind the sign."""
        if self.interactive:
            self._screen.leave_question(on_stdout=self._on_screen)
